// The Monte Carlo error of SAEM's estimate: the noise of one step carried through all of them.
import type { Integrand } from '../../likelihood/integrand.js';
import type { Parameters } from '../../model/parameters.js';
import type { FitTask } from '../fit.js';
import { covarianceOf } from '../likelihood-fit.js';
import { ControlVariates, controlsFor } from '../mcem/control-variates.js';
import { DrawSet, drawAll, drawOrTrouble, type EStep } from '../mcem/e-step.js';
import { mStep } from '../mcem/m-step.js';
import { monteCarloScore, scoreWithError } from '../mcem/monte-carlo-score.js';
import { largestRatio } from '../mcem/root.js';
import { largestParetoK, type WeighedDraws, weigh } from '../mcem/weigh.js';

/** M-steps by as few draws as SAEM's own, whose scatter is the noise of one step. */
const BATCHES = 150;
/** The EM map's slope is a difference over this many standard errors either way. */
const DIFFERENCE = 0.25;
const LEAST_DRAWS = 1000;

/** One SAEM step about the estimate in the free coordinates: theta <- J (mean of past theta) + noise. */
export interface StepLaw {
  /** q x q: the Jacobian of the EM map, and the covariance of one step's noise. */
  readonly jacobian: Float64Array;
  readonly noise: Float64Array;
  /** Observed information (negative) in all natural parameters, and its inverse. */
  readonly hessian: Float64Array;
  readonly covariance: Float64Array;
  readonly smallestEss: number;
  readonly largestK: number;
  readonly standardErrorError: number;
}

/** Measures that law by draws frozen at the estimate; undefined without positive definite information. */
export async function measureStep(
  task: FitTask,
  settings: { readonly eStep: EStep; readonly draws: number; readonly expanded: boolean },
  integrand: Integrand,
  parameters: Parameters,
  direction: Float64Array | undefined,
  previous: DrawSet,
  round: number,
): Promise<StepLaw | undefined> {
  const { space } = task;
  const q = space.free.length;
  const perCluster = Math.max(LEAST_DRAWS, BATCHES * settings.draws);
  integrand.setParameters(parameters);
  const tried = drawOrTrouble(() =>
    drawAll(settings.eStep, integrand, perCluster, `${task.seed}/saem-error`, round, previous),
  );
  if ('trouble' in tried) return undefined;
  const frozen = tried.drawn;
  const controls = controlsFor(frozen, true);
  const size = space.names.length;
  const there = weigh(integrand, frozen, controls);
  const { hessian } = monteCarloScore(integrand, there);
  const covariance = covarianceOf(space, hessian, false);
  if (!covariance) return undefined;
  const { varianceErrors } = scoreWithError(integrand, there, controls, covariance);
  const map = (at: Parameters, draws: WeighedDraws, by: ControlVariates): Float64Array =>
    space.pack(mStep(integrand, space, at, draws, by, direction, settings.expanded).parameters);
  await task.pause();

  const batch = settings.draws;
  const count = Math.floor(perCluster / batch);
  const few = new ControlVariates(batch, false, false);
  const steps: Float64Array[] = [];
  for (let b = 0; b < count && b < BATCHES; b++) {
    integrand.setParameters(parameters);
    steps.push(map(parameters, weigh(integrand, part(frozen, b * batch, batch), few), few));
  }
  const noise = scatter(steps, q);
  const center = space.pack(parameters);
  const jacobian = new Float64Array(q * q);
  for (let k = 0; k < q; k++) {
    await task.pause();
    const h =
      (DIFFERENCE * Math.sqrt(covariance[space.free[k] * size + space.free[k]])) / slope(task, parameters, k);
    const [up, down] = [h, -h].map((step) => {
      const at = space.unpack(
        center.map((value, l) => (l === k ? value + step : value)),
        parameters,
      );
      integrand.setParameters(at);
      // Where EM is slow 1 - J is small, and the noise of plain averages would drown it.
      return map(at, weigh(integrand, frozen, controls), controls);
    });
    for (let l = 0; l < q; l++) jacobian[l * q + k] = (up[l] - down[l]) / (2 * h);
  }
  integrand.setParameters(parameters);
  return {
    jacobian,
    noise,
    hessian,
    covariance,
    smallestEss: there.smallestEss,
    largestK: largestParetoK(there),
    standardErrorError: 0.5 * largestRatio(task, varianceErrors, covariance, 1),
  };
}

/** Some of the draws of every cluster. */
function part(frozen: DrawSet, from: number, count: number): DrawSet {
  const clusters = frozen.mode.length;
  const set = new DrawSet(clusters, count, frozen.dependent);
  for (let i = 0; i < clusters; i++) {
    set.of(set.z, i).set(frozen.of(frozen.z, i).subarray(from, from + count));
    set.of(set.logProposal, i).set(frozen.of(frozen.logProposal, i).subarray(from, from + count));
  }
  set.mode.set(frozen.mode);
  set.spread.set(frozen.spread);
  return set;
}

/** d natural / d free coordinate, k-th free one. */
export function slope({ space }: FitTask, parameters: Parameters, k: number): number {
  const p = parameters.beta.length;
  if (space.free[k] < p) return 1;
  return space.free[k] === p ? parameters.sigma : parameters.dispersion!;
}

function scatter(points: readonly Float64Array[], q: number): Float64Array {
  const mean = new Float64Array(q);
  for (const point of points) for (let a = 0; a < q; a++) mean[a] += point[a] / points.length;
  const out = new Float64Array(q * q);
  for (const point of points) {
    for (let a = 0; a < q; a++) {
      for (let b = 0; b < q; b++) {
        out[a * q + b] += ((point[a] - mean[a]) * (point[b] - mean[b])) / (points.length - 1);
      }
    }
  }
  return out;
}

/**
 * Covariance of the estimate (free coordinates) after `exploration` steps with gamma = 1 and `smoothing` ones with 1/k. To
 * first order the k-th estimate of the second phase is J u_k + n_k, with u_k the mean of the estimates that its draws were
 * made at and n_k that of the noise: u_(k+1) = u_k + (J u_k + n_k - u_k) / (k + 1), n_(k+1) = n_k + (noise - n_k) / (k + 1).
 * Where EM is slow (an eigenvalue of J above 1/2) this falls more slowly than 1/k, and is reported as it is.
 */
export function carriedNoise(
  { jacobian, noise }: StepLaw,
  exploration: number,
  smoothing: number,
): Float64Array {
  const q = Math.sqrt(jacobian.length);
  let uu = new Float64Array(q * q);
  for (let t = 0; t < exploration; t++) uu = sum(sandwich(jacobian, uu, q), noise, 1, 1);
  let un = new Float64Array(q * q);
  let nn: Float64Array = noise.slice();
  const carry = jacobian.slice();
  for (let k = 1; k < smoothing; k++) {
    // A = (k + J) / (k + 1) carries u; n enters by 1 / (k + 1).
    for (let a = 0; a < q; a++) {
      for (let b = 0; b < q; b++) carry[a * q + b] = (jacobian[a * q + b] + (a === b ? k : 0)) / (k + 1);
    }
    const share = 1 / (k + 1);
    const moved = product(carry, un, q);
    uu = sum(
      sum(sandwich(carry, uu, q), nn, 1, share * share),
      sum(moved, transpose(moved, q), share, share),
      1,
      1,
    );
    un = sum(moved, nn, 1 - share, share * (1 - share));
    nn = sum(nn, noise, (1 - share) ** 2, share * share);
  }
  const cross = product(jacobian, un, q);
  return sum(sum(sandwich(jacobian, uu, q), nn, 1, 1), sum(cross, transpose(cross, q), 1, 1), 1, 1);
}

function product(a: Float64Array, b: Float64Array, q: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(q * q);
  for (let i = 0; i < q; i++) {
    for (let k = 0; k < q; k++) for (let j = 0; j < q; j++) out[i * q + j] += a[i * q + k] * b[k * q + j];
  }
  return out;
}

function transpose(a: Float64Array, q: number): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: q * q }, (_, k) => a[(k % q) * q + Math.floor(k / q)]);
}

/** A B A'. */
function sandwich(a: Float64Array, b: Float64Array, q: number): Float64Array<ArrayBuffer> {
  return product(product(a, b, q), transpose(a, q), q);
}

function sum(a: Float64Array, b: Float64Array, scaleA: number, scaleB: number): Float64Array<ArrayBuffer> {
  return Float64Array.from(a, (value, k) => scaleA * value + scaleB * b[k]);
}
