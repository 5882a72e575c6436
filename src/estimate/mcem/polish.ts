// The last stage: draws frozen, Newton to the root of their score, more draws until the Monte Carlo error is small.
import type { Integrand } from '../../likelihood/integrand.js';
import type { Parameters } from '../../model/parameters.js';
import { choleskyInPlace, choleskySolve, forwardSolve } from '../../numeric/cholesky.js';
import { dot } from '../../numeric/newton.js';
import type { FitTask } from '../fit.js';
import { covarianceOf } from '../likelihood-fit.js';
import type { ParameterSpace } from '../parameter-space.js';
import { ControlVariates } from './control-variates.js';
import { type DrawSet, drawAll } from './e-step.js';
import type { McemSettings } from './mcem.js';
import { monteCarloScore, type ScoreWithError, scoreOnly, scoreWithError } from './monte-carlo-score.js';
import { type WeighedDraws, weigh } from './weigh.js';

export interface Polished {
  readonly parameters: Parameters;
  /** Q at them: the expected log density of data and intercepts, constants included. */
  readonly objective: number;
  /** Louis's Hessian there. */
  readonly hessian: Float64Array;
  readonly scoreCovariance: Float64Array;
  /** Monte Carlo error of each estimate; NaN where no root was found. */
  readonly errors: Float64Array;
  /** The largest of them in units of its standard error. */
  readonly ratio: number;
  readonly weighed: WeighedDraws;
  /** Whether `parameters` are a root of the score of draws made near it. */
  readonly converged: boolean;
}

/** Rounds of drawing, and Newton steps in each. */
const MOST_ROUNDS = 20;
/** Rounds without a root, each with twice the draws, after which there is none to be found. */
const MOST_FAILURES = 4;
const MOST_STEPS = 25;
/** Newton's first end: a step this small a part of the Monte Carlo error asked for. */
const SMALL_STEP = 1e-3;
/** Its last: what is left of the score, squared in units of its own Monte Carlo error. The draws may be that good. */
const SMALL_REMAINDER = 1e-4;
/** Steps from the first end to the last. */
const MOST_LAST_STEPS = 6;
/** After a step longer than this, in standard errors, the information is computed anew. */
const LONG_STEP = 0.1;
/** Frozen draws serve parameters this near to where they were drawn, in standard errors. */
const NEAR = 0.3;
/** The first round only comes near; few draws will do. */
const FIRST_DRAWS = 200;
/** Fewest draws a cluster behind a final answer: the control variates' coefficients and the error itself need them. */
const LEAST_DRAWS = 1000;
/** Of a chain as many must be effective: the error of fewer, by batch means, is too small. */
const LEAST_EFFECTIVE = 1000;
/** Memory: all clusters' draws stand in arrays of this many numbers at the most. */
const MOST_NUMBERS = 5e7;
/** Relative Monte Carlo error that a standard error may have. */
const STANDARD_ERROR_ERROR = 0.01;

export async function polish(
  task: FitTask,
  settings: McemSettings,
  integrand: Integrand,
  start: Parameters,
  previous: DrawSet,
): Promise<Polished> {
  const { count } = task.model.clusters;
  const mostDraws = Math.max(100, Math.min(settings.maxDraws, Math.floor(MOST_NUMBERS / count)));
  let perCluster = Math.min(mostDraws, Math.max(FIRST_DRAWS, previous.perCluster));
  let parameters = start;
  let draws = previous;
  let failures = 0;
  for (let round = 1; ; round++) {
    await task.pause();
    integrand.setParameters(parameters);
    draws = drawAll(settings.eStep, integrand, perCluster, `${task.seed}/polish`, round, draws);
    const controls = new ControlVariates(perCluster, settings.controlVariates);
    const root = await findRoot(task, settings, integrand, draws, controls, parameters);
    const moved = root ? distance(task, parameters, root) : Number.NaN;
    const near = moved < NEAR;
    if (!root) failures++;
    task.onProgress({
      stage: 'polish',
      done: round,
      detail: {
        draws: perCluster,
        errorRatio: root?.ratio ?? Number.NaN,
        sigma: root?.parameters.sigma ?? parameters.sigma,
      },
    });
    if (!near && (failures === MOST_FAILURES || round === MOST_ROUNDS)) {
      return withoutRoot(task, integrand, draws, controls, parameters);
    }
    // A search that did not end says nothing of where the maximum is.
    if (root) parameters = root.parameters;
    if (!root || !near) {
      // Far from where they were drawn the weights are poor, and so is their word on the error.
      if (!root) perCluster = Math.min(mostDraws, 2 * perCluster);
      continue;
    }
    const excess = Math.max(
      (root.ratio / settings.monteCarloError) ** 2,
      (root.varianceRatio / STANDARD_ERROR_ERROR) ** 2,
      draws.dependent ? LEAST_EFFECTIVE / root.weighed.smallestEss : 0,
    );
    const enough = excess <= 1 && perCluster >= LEAST_DRAWS;
    if (enough || perCluster >= mostDraws || round === MOST_ROUNDS) {
      return { ...root, objective: expectedLogDensity(integrand, root.weighed), converged: true };
    }
    const wanted = perCluster * 1.3 * excess;
    perCluster = Math.min(
      mostDraws,
      Math.ceil(Math.max(LEAST_DRAWS, 1.5 * perCluster, Math.min(wanted, 100 * perCluster))),
    );
  }
}

/** What the draws made at `parameters` say there, where no root was found. */
function withoutRoot(
  task: FitTask,
  integrand: Integrand,
  draws: DrawSet,
  controls: ControlVariates,
  parameters: Parameters,
): Polished {
  integrand.setParameters(parameters);
  const weighed = weigh(integrand, draws, controls);
  const size = task.space.names.length;
  const { score, hessian, covariance } = scoreWithError(integrand, weighed, controls, new Float64Array(size * size));
  return {
    parameters,
    objective: expectedLogDensity(integrand, weighed),
    hessian,
    scoreCovariance: covariance,
    errors: score.map(() => Number.NaN),
    ratio: Number.NaN,
    weighed,
    converged: false,
  };
}

/** sum_i c_i sum_k P_ik log f(y_i, z_ik), less the clusters' constants. */
function expectedLogDensity(integrand: Integrand, draws: WeighedDraws): number {
  const { count, clusterWeights } = integrand.clusters;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const weights = draws.set.of(draws.calibrated, i);
    const logTarget = draws.set.of(draws.logTarget, i);
    total += clusterWeights[i] * dot(weights, logTarget);
  }
  return total;
}

interface Root {
  readonly parameters: Parameters;
  readonly hessian: Float64Array;
  readonly covariance: Float64Array;
  readonly scoreCovariance: Float64Array;
  readonly errors: Float64Array;
  readonly ratio: number;
  /** The largest relative Monte Carlo error of a standard error. */
  readonly varianceRatio: number;
  readonly weighed: WeighedDraws;
}

/**
 * Newton on the frozen draws' score; the information of one step serves the next while the steps are short. It ends
 * where what is left of the score is little beside the score's own Monte Carlo error, which control variates can make
 * much smaller than was asked for. Undefined where the search leads nowhere.
 */
async function findRoot(
  task: FitTask,
  settings: McemSettings,
  integrand: Integrand,
  draws: DrawSet,
  controls: ControlVariates,
  start: Parameters,
): Promise<Root | undefined> {
  const { space } = task;
  let parameters = start;
  let near = false;
  let hessian: Float64Array | undefined;
  for (let step = 0; step < MOST_STEPS && !near; step++) {
    await task.pause();
    integrand.setParameters(parameters);
    const weighed = weigh(integrand, draws, controls);
    let score: Float64Array;
    if (hessian) score = scoreOnly(integrand, weighed);
    else ({ score, hessian } = monteCarloScore(integrand, weighed));
    const move = newtonMove(space, parameters, score, hessian);
    // Without positive definite information the draws' score cannot be trusted either: the caller redraws.
    if (!move) return undefined;
    parameters = move.parameters;
    near = move.length < SMALL_STEP * settings.monteCarloError;
    if (move.length > LONG_STEP) hessian = undefined;
  }
  const inverse = near && hessian && covarianceOf(space, hessian, false);
  if (!inverse) return undefined;
  for (let step = 0; ; step++) {
    await task.pause();
    integrand.setParameters(parameters);
    const weighed = weigh(integrand, draws, controls);
    const found = scoreWithError(integrand, weighed, controls, inverse);
    const covariance = covarianceOf(space, found.hessian, false);
    const move = newtonMove(space, parameters, found.score, found.hessian);
    if (!covariance || !move) return undefined;
    if (remainder(space, found) > SMALL_REMAINDER && step < MOST_LAST_STEPS) {
      parameters = move.parameters;
      continue;
    }
    const errors = monteCarloErrors(covariance, found.covariance, space.names.length);
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
function remainder(space: ParameterSpace, { score, covariance }: ScoreWithError): number {
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
function newtonMove(
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
function monteCarloErrors(
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
function largestRatio(task: FitTask, errors: Float64Array, covariance: Float64Array, power = 0.5): number {
  const size = errors.length;
  return Math.max(...task.space.free.map((k) => errors[k] / covariance[k * size + k] ** power));
}

/** The largest move of a parameter, in standard errors; NaN (so: not near) where there are none. */
function distance(task: FitTask, from: Parameters, root: Root): number {
  const { space } = task;
  const size = space.names.length;
  const natural = (parameters: Parameters): number[] => [
    ...parameters.beta,
    parameters.sigma,
    parameters.dispersion ?? 0,
  ];
  const before = natural(from);
  const after = natural(root.parameters);
  return Math.max(
    ...space.free.map((k) => Math.abs(after[k] - before[k]) / Math.sqrt(root.covariance[k * size + k])),
  );
}
