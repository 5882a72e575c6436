// The last stage: draws frozen, Newton to the root of their score, more draws until the Monte Carlo error is small.
import type { Integrand } from '../../likelihood/integrand.js';
import type { Finding } from '../../model/finding.js';
import type { Parameters } from '../../model/parameters.js';
import { dot } from '../../numeric/newton.js';
import type { FitTask } from '../fit.js';
import { drawsFor, leastDraws, mostDraws } from '../monte-carlo/budget.js';
import { type ControlVariates, controlsFor } from './control-variates.js';
import { type DrawSet, drawAll, drawOrTrouble } from './e-step.js';
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
  /** Why there are no draws near it. */
  readonly trouble?: Finding;
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
  const most = mostDraws(task.model, settings.maxDraws);
  const least = leastDraws(previous, count);
  let perCluster = Math.min(most, Math.max(Math.min(least, FIRST_DRAWS), previous.perCluster));
  let parameters = start;
  let draws = previous;
  const nearEnough = Math.max(NEAR, NEAR_A_CLUSTER * Math.sqrt(count));
  let failures = 0;
  let known = hessian;
  for (let round = 1; ; round++) {
    await task.pause();
    integrand.setParameters(parameters);
    const previousDraws = draws;
    const tried = drawOrTrouble(() =>
      drawAll(settings.eStep, integrand, perCluster, `${task.seed}/polish`, round, previousDraws),
    );
    if ('trouble' in tried) {
      const last = withoutRoot(
        task,
        integrand,
        draws,
        controlsFor(draws, settings.controlVariates),
        parameters,
      );
      return { ...last, trouble: tried.trouble };
    }
    draws = tried.drawn;
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
      parameters: root?.parameters ?? parameters,
    });
    if (!near && (failures === MOST_FAILURES || round === MOST_ROUNDS)) {
      return withoutRoot(task, integrand, draws, controls, parameters);
    }
    // A search that did not end says nothing of where the maximum is.
    if (root) parameters = root.parameters;
    if (!root || !near) {
      // Far from where they were drawn the weights are poor, and so is their word on the error.
      if (!root) perCluster = Math.min(most, 2 * perCluster);
      continue;
    }
    const { enough, wanted } = drawsFor(root, settings.monteCarloError, least);
    if (enough || perCluster >= most || round === MOST_ROUNDS) {
      return { ...root, objective: expectedLogDensity(integrand, root.weighed), converged: true };
    }
    perCluster = Math.min(most, wanted);
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
