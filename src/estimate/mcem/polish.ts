// The last stage: draws frozen, Newton to the root of their score, more draws until the Monte Carlo error is small.
import type { Integrand } from '../../likelihood/integrand.js';
import type { Parameters } from '../../model/parameters.js';
import { choleskyInPlace, choleskySolve } from '../../numeric/cholesky.js';
import type { FitTask } from '../fit.js';
import { covarianceOf } from '../likelihood-fit.js';
import type { ParameterSpace } from '../parameter-space.js';
import { ControlVariates } from './control-variates.js';
import { type DrawSet, drawAll } from './e-step.js';
import type { McemSettings } from './mcem.js';
import { monteCarloScore, scoreOnly } from './monte-carlo-score.js';
import { type WeighedDraws, weigh } from './weigh.js';

export interface Polished {
  readonly parameters: Parameters;
  /** Louis's Hessian at the estimate. */
  readonly hessian: Float64Array;
  readonly scoreCovariance: Float64Array;
  /** Monte Carlo error of each estimate. */
  readonly errors: Float64Array;
  /** The largest of them in units of its standard error. */
  readonly ratio: number;
  readonly weighed: WeighedDraws;
  /** Q at the estimate: the expected log density of data and intercepts, constants included. */
  readonly objective: number;
  readonly converged: boolean;
}

/** Rounds of drawing, and Newton steps in each. */
const MOST_ROUNDS = 20;
/** Rounds without a root, each with twice the draws, after which there is none to be found. */
const MOST_FAILURES = 4;
const MOST_STEPS = 25;
/** Newton ends when the step is this small a part of the Monte Carlo error asked for. */
const SMALL_STEP = 1e-3;
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
    const moved = distance(task, parameters, root);
    // A search that did not end says nothing of where the maximum is.
    if (root.converged) parameters = root.parameters;
    const errors = monteCarloErrors(root.covariance, root.scoreCovariance, task.space.names.length);
    const ratio = largestRatio(task, errors, root.covariance);
    task.onProgress({
      stage: 'polish',
      done: round,
      detail: { draws: perCluster, errorRatio: ratio, sigma: parameters.sigma },
    });
    const near = root.converged && moved < NEAR;
    const effective = draws.dependent ? root.weighed.smallestEss / LEAST_EFFECTIVE : 1;
    const enough = ratio <= settings.monteCarloError && perCluster >= LEAST_DRAWS && effective >= 1;
    if (!root.converged) failures++;
    if (
      (near && (enough || perCluster >= mostDraws)) ||
      failures === MOST_FAILURES ||
      round === MOST_ROUNDS
    ) {
      return {
        parameters,
        hessian: root.hessian,
        scoreCovariance: root.scoreCovariance,
        errors,
        ratio,
        weighed: root.weighed,
        objective: expectedLogDensity(integrand, root.weighed),
        converged: near,
      };
    }
    if (!near) {
      // Far from where they were drawn the weights are poor, and so is their word on the error.
      if (!root.converged) perCluster = Math.min(mostDraws, 2 * perCluster);
      continue;
    }
    const wanted = perCluster * 1.3 * Math.max((ratio / settings.monteCarloError) ** 2, 1 / effective);
    perCluster = Math.min(
      mostDraws,
      Math.ceil(Math.max(LEAST_DRAWS, 1.5 * perCluster, Math.min(wanted, 100 * perCluster))),
    );
  }
}

/** sum_i c_i (sum_k P_ik log f(y_i, z_ik) + constant_i) at the parameters that the draws were last weighed at. */
function expectedLogDensity(integrand: Integrand, { set, logTarget, calibrated }: WeighedDraws): number {
  const { count, clusterWeights, constants } = integrand.clusters;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const values = set.of(logTarget, i);
    const weights = set.of(calibrated, i);
    let mean = constants[i];
    for (let k = 0; k < values.length; k++) mean += weights[k] * values[k];
    sum += clusterWeights[i] * mean;
  }
  return sum;
}

interface Root {
  readonly parameters: Parameters;
  readonly hessian: Float64Array;
  readonly covariance: Float64Array;
  readonly scoreCovariance: Float64Array;
  readonly weighed: WeighedDraws;
  readonly converged: boolean;
}

/** Newton on the frozen draws' score; the information of one step serves the next while the steps are short. */
async function findRoot(
  task: FitTask,
  settings: McemSettings,
  integrand: Integrand,
  draws: DrawSet,
  controls: ControlVariates,
  start: Parameters,
): Promise<Root> {
  const { space } = task;
  let parameters = start;
  let converged = false;
  let hessian: Float64Array | undefined;
  for (let step = 0; step < MOST_STEPS && !converged; step++) {
    await task.pause();
    integrand.setParameters(parameters);
    const weighed = weigh(integrand, draws, controls);
    let score: Float64Array;
    if (hessian) score = scoreOnly(integrand, weighed);
    else ({ score, hessian } = monteCarloScore(integrand, weighed, controls, false));
    const move = newtonMove(space, parameters, score, hessian);
    // Without positive definite information the draws' score cannot be trusted either: the caller redraws.
    if (!move) break;
    parameters = move.parameters;
    converged = move.length < SMALL_STEP * settings.monteCarloError;
    if (move.length > LONG_STEP) hessian = undefined;
  }
  integrand.setParameters(parameters);
  const weighed = weigh(integrand, draws, controls);
  const final = monteCarloScore(integrand, weighed, controls, true);
  const size = space.names.length;
  return {
    parameters,
    hessian: final.hessian,
    covariance: covarianceOf(space, final.hessian, false) ?? new Float64Array(size * size).fill(Number.NaN),
    scoreCovariance: final.covariance,
    weighed,
    converged,
  };
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

function largestRatio(task: FitTask, errors: Float64Array, covariance: Float64Array): number {
  const size = errors.length;
  return Math.max(...task.space.free.map((k) => errors[k] / Math.sqrt(covariance[k * size + k])));
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
