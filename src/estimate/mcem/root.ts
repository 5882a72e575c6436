// The root of the Monte Carlo score of frozen draws, by Newton, with Louis's information and the errors there.
import type { Integrand } from '../../likelihood/integrand.js';
import type { Parameters } from '../../model/parameters.js';
import { choleskyInPlace, choleskySolve, forwardSolve } from '../../numeric/cholesky.js';
import { dot } from '../../numeric/newton.js';
import type { FitTask } from '../fit.js';
import { covarianceOf } from '../likelihood-fit.js';
import type { ParameterSpace } from '../parameter-space.js';
import type { ControlVariates } from './control-variates.js';
import type { DrawSet } from './e-step.js';
import type { McemSettings } from './mcem.js';
import { monteCarloScore, scoreByWeights, scoreWithError } from './monte-carlo-score.js';
import { type WeighedDraws, weigh } from './weigh.js';

export interface Root {
  readonly parameters: Parameters;
  readonly hessian: Float64Array;
  readonly covariance: Float64Array;
  readonly scoreCovariance: Float64Array;
  readonly errors: Float64Array;
  readonly ratio: number;
  /** The largest relative Monte Carlo error of a standard error. */
  readonly varianceRatio: number;
  /** At the parameters that errors and information were found at: these, to all that they can tell. */
  readonly weighed: WeighedDraws;
}

const MOST_STEPS = 25;
/** Newton's first end: the next step this small a part of the Monte Carlo error asked for, or what `STILL_A_CLUSTER` says. */
const SMALL_STEP = 2e-3;
/** Its last: what is left of the score, squared in units of its own Monte Carlo error. The draws may be that good. */
const SMALL_REMAINDER = 1e-4;
/** Steps from the first end to the last. */
const MOST_LAST_STEPS = 6;
/** Information and errors still stand after moves as short as this in the standard errors that one cluster would give. */
const STILL_A_CLUSTER = 1e-4;
/** After a step longer than this, in standard errors or in those that one cluster would give, the information is computed anew. */
const LONG_STEP = 0.1;
const LONG_STEP_A_CLUSTER = 0.01;

/**
 * Newton on the frozen draws' score; the information of one step serves the next while the steps are short. It ends
 * where what is left of the score is little beside the score's own Monte Carlo error, which control variates can make
 * much smaller than was asked for. Undefined where the search leads nowhere.
 * @param roughHessian near that at the start; absent where it has to be computed
 */
export async function findRoot(
  task: FitTask,
  settings: Pick<McemSettings, 'monteCarloError'>,
  integrand: Integrand,
  draws: DrawSet,
  controls: ControlVariates,
  start: Parameters,
  roughHessian?: Float64Array,
): Promise<Root | undefined> {
  const { space } = task;
  let parameters = start;
  const oneCluster = Math.sqrt(integrand.clusters.count);
  const longStep = Math.max(LONG_STEP, LONG_STEP_A_CLUSTER * oneCluster);
  const still = draws.exact ? 0 : STILL_A_CLUSTER * oneCluster;
  const shortStep = Math.max(SMALL_STEP * settings.monteCarloError, 0.5 * still);
  let near = false;
  let lastLength = 0;
  let hessian = roughHessian;
  for (let step = 0; step < MOST_STEPS && !near; step++) {
    await task.pause();
    integrand.setParameters(parameters);
    let score: Float64Array;
    if (hessian) score = scoreByWeights(integrand, draws, controls);
    else ({ score, hessian } = monteCarloScore(integrand, weigh(integrand, draws, controls)));
    const move = newtonMove(space, parameters, score, hessian);
    // Without positive definite information the draws' score cannot be trusted either: the caller redraws.
    if (!move) return undefined;
    parameters = move.parameters;
    // Chord steps shrink geometrically, so that the next one is foreseen once there have been two.
    const next = move.length * Math.min(1, move.length / lastLength);
    near = next < shortStep;
    lastLength = move.length;
    if (move.length > longStep) hessian = undefined;
  }
  const inverse = near && hessian && covarianceOf(space, hessian, false);
  if (!inverse) return undefined;
  for (let step = 0; ; ) {
    await task.pause();
    integrand.setParameters(parameters);
    const weighed = weigh(integrand, draws, controls);
    const found = scoreWithError(integrand, weighed, controls, inverse);
    const covariance = covarianceOf(space, found.hessian, false);
    if (!covariance) return undefined;
    let { score } = found;
    let moved = 0;
    while (moved <= still && step < MOST_LAST_STEPS) {
      if (!(remainder(space, score, found.covariance) > SMALL_REMAINDER)) break;
      step++;
      const move = newtonMove(space, parameters, score, found.hessian);
      if (!move) return undefined;
      parameters = move.parameters;
      moved += move.length;
      integrand.setParameters(parameters);
      if (moved <= still) score = scoreByWeights(integrand, draws, controls);
    }
    // From further on nothing of what was found is the root's.
    if (moved > still) continue;
    const errors = draws.exact
      ? new Float64Array(space.names.length)
      : monteCarloErrors(covariance, found.covariance, space.names.length);
    return {
      parameters,
      hessian: found.hessian,
      covariance,
      scoreCovariance: found.covariance,
      errors,
      ratio: largestRatio(task, errors, covariance),
      varianceRatio: 0.5 * largestRatio(task, found.varianceErrors, covariance, 1),
      weighed,
    };
  }
}

/** s' S^-1 s of the score that is left; 0 where S is singular and cannot tell. */
function remainder(space: ParameterSpace, score: Float64Array, covariance: Float64Array): number {
  const { free, names } = space;
  const q = free.length;
  const factor = Float64Array.from(
    { length: q * q },
    (_, k) => covariance[free[Math.floor(k / q)] * names.length + free[k % q]],
  );
  if (!choleskyInPlace(factor, q)) return 0;
  const standardised = Float64Array.from(free, (k) => score[k]);
  forwardSolve(factor, q, standardised);
  return dot(standardised, standardised);
}

/** One Newton step in the free coordinates, no longer than 1 in log sigma and log dispersion, and its length in standard errors. */
export function newtonMove(
  space: ParameterSpace,
  parameters: Parameters,
  score: Float64Array,
  hessian: Float64Array,
): { readonly parameters: Parameters; readonly length: number } | undefined {
  const local = space.chain(parameters, 0, score, hessian);
  const q = space.free.length;
  const factor = local.hessian.map((value) => -value);
  if (!choleskyInPlace(factor, q)) return undefined;
  const move = local.gradient.slice();
  choleskySolve(factor, q, move);
  const square = move.reduce((sum, value, k) => sum + value * local.gradient[k], 0);
  const longestLog = Math.max(
    1,
    ...move.filter((_, k) => space.free[k] >= parameters.beta.length).map(Math.abs),
  );
  const point = space.pack(parameters).map((value, k) => value + move[k] / longestLog);
  return { parameters: space.unpack(point, parameters), length: Math.sqrt(Math.max(0, square)) };
}

/** Square roots of the diagonal of I^-1 S I^-1. */
export function monteCarloErrors(
  covariance: Float64Array,
  scoreCovariance: Float64Array,
  size: number,
): Float64Array {
  const errors = new Float64Array(size);
  for (let a = 0; a < size; a++) {
    let variance = 0;
    for (let b = 0; b < size; b++) {
      for (let c = 0; c < size; c++) {
        variance += covariance[a * size + b] * scoreCovariance[b * size + c] * covariance[c * size + a];
      }
    }
    errors[a] = Math.sqrt(Math.max(0, variance));
  }
  return errors;
}

/** The largest of the free parameters' errors, by the `power` of their standard errors that the errors are on the scale of. */
export function largestRatio(
  task: FitTask,
  errors: Float64Array,
  covariance: Float64Array,
  power: 0.5 | 1 = 0.5,
): number {
  const size = errors.length;
  return Math.max(
    ...task.space.free.map(
      (k) => errors[k] / (power === 1 ? covariance[k * size + k] : Math.sqrt(covariance[k * size + k])),
    ),
  );
}
