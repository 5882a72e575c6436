// The last stage: draws frozen, Newton to the root of their score, more draws until the Monte Carlo error is small.
import type { Integrand } from '../../likelihood/integrand.js';
import type { Parameters } from '../../model/parameters.js';
import { dot } from '../../numeric/newton.js';
import type { FitTask } from '../fit.js';
import { type ControlVariates, controlsFor } from './control-variates.js';
import { type DrawSet, drawAll } from './e-step.js';
import type { McemSettings } from './mcem.js';
import { scoreWithError } from './monte-carlo-score.js';
import { findRoot, type Root } from './root.js';
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
  /** The largest relative Monte Carlo error of a standard error. */
  readonly varianceRatio: number;
  readonly weighed: WeighedDraws;
  /** Whether `parameters` are a root of the score of draws made near it. */
  readonly converged: boolean;
}

/** Rounds of drawing. */
const MOST_ROUNDS = 20;
/** Rounds without a root, each with twice the draws, after which there is none to be found. */
const MOST_FAILURES = 4;
/**
 * Frozen draws serve parameters this near to where they were drawn: so many standard errors, or so many of those that one
 * cluster by itself would give. The latter is what the weights feel.
 */
const NEAR = 0.3;
const NEAR_A_CLUSTER = 0.03;
/** The first round only comes near; few draws will do. */
const FIRST_DRAWS = 200;
/**
 * Fewest draws a cluster behind a final answer: the error itself needs them, and the control variates' coefficients. Of
 * many clusters the noise of both averages out. A lattice of so many points a replicate tells its error by replicates (of 4
 * points sigma's z had sd 1.8 over 40 seeds on 10000 clusters of 4 rows, of 6 points 1.13).
 */
const LEAST_DRAWS = 1000;
const LEAST_DRAWS_OF_MANY = 100;
const LEAST_DRAWS_IN_ALL = 50_000;
const LEAST_POINTS = 6;
const MOST_LEAST_POINTS = 16;
const LEAST_POINTS_IN_ALL = 200;
/** Of a chain as many must be effective: the error of fewer, by batch means, is too small. */
export const LEAST_EFFECTIVE = 1000;
/** Memory: all clusters' draws stand in arrays of this many numbers at the most. */
export const MOST_NUMBERS = 5e7;
/** Relative Monte Carlo error that a standard error may have. */
const STANDARD_ERROR_ERROR = 0.01;

/** @param hessian a Hessian at the start, however rough, that saves computing one */
export async function polish(
  task: FitTask,
  settings: McemSettings,
  integrand: Integrand,
  start: Parameters,
  previous: DrawSet,
  hessian?: Float64Array,
): Promise<Polished> {
  const { count } = task.model.clusters;
  const mostDraws = Math.max(100, Math.min(settings.maxDraws, Math.floor(MOST_NUMBERS / count)));
  const least = leastDraws(previous, count);
  let perCluster = Math.min(mostDraws, Math.max(Math.min(least, FIRST_DRAWS), previous.perCluster));
  let parameters = start;
  let draws = previous;
  const nearEnough = Math.max(NEAR, NEAR_A_CLUSTER * Math.sqrt(count));
  let failures = 0;
  let known = hessian;
  for (let round = 1; ; round++) {
    await task.pause();
    integrand.setParameters(parameters);
    draws = drawAll(settings.eStep, integrand, perCluster, `${task.seed}/polish`, round, draws);
    const controls = controlsFor(draws, settings.controlVariates);
    const root = await findRoot(task, settings, integrand, draws, controls, parameters, known);
    known = undefined;
    const moved = root ? distance(task, parameters, root) : Number.NaN;
    const near = moved < nearEnough;
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
    const enough = draws.exact || (excess <= 1 && perCluster >= least);
    if (enough || perCluster >= mostDraws || round === MOST_ROUNDS) {
      return { ...root, objective: expectedLogDensity(integrand, root.weighed), converged: true };
    }
    const wanted = perCluster * 1.3 * excess;
    perCluster = Math.min(
      mostDraws,
      Math.ceil(Math.max(least, 1.5 * perCluster, Math.min(wanted, 100 * perCluster))),
    );
  }
}

export function leastDraws({ dependent, replicates }: DrawSet, clusters: number): number {
  if (replicates > 0) {
    const points = Math.max(LEAST_POINTS, Math.ceil(LEAST_POINTS_IN_ALL / clusters));
    return replicates * Math.min(MOST_LEAST_POINTS, points);
  }
  if (dependent) return LEAST_DRAWS;
  return Math.min(LEAST_DRAWS, Math.max(LEAST_DRAWS_OF_MANY, Math.ceil(LEAST_DRAWS_IN_ALL / clusters)));
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
  const { score, hessian, covariance } = scoreWithError(
    integrand,
    weighed,
    controls,
    new Float64Array(size * size),
  );
  return {
    parameters,
    objective: expectedLogDensity(integrand, weighed),
    hessian,
    scoreCovariance: covariance,
    errors: score.map(() => Number.NaN),
    ratio: Number.NaN,
    varianceRatio: Number.NaN,
    weighed,
    converged: false,
  };
}

/** sum_i c_i (sum_k P_ik log f(y_i, z_ik) + constant_i) at the parameters that the draws were last weighed at. */
export function expectedLogDensity(
  integrand: Integrand,
  { set, logTarget, calibrated }: WeighedDraws,
): number {
  const { count, clusterWeights, constants } = integrand.clusters;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += clusterWeights[i] * (constants[i] + dot(set.of(calibrated, i), set.of(logTarget, i)));
  }
  return sum;
}

/** The largest move of a parameter, in standard errors; NaN (so: not near) where there are none. */
export function distance(
  task: FitTask,
  from: Parameters,
  root: Pick<Root, 'parameters' | 'covariance'>,
): number {
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
