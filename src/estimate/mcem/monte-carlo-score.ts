// The Monte Carlo score and observed information at given parameters, and the error of both.

import { DrawMoments } from '../../likelihood/draw-moments.js';
import type { Integrand } from '../../likelihood/integrand.js';
import { TransportedMoments } from '../../likelihood/transported-moments.js';
import { mirror } from '../../numeric/cholesky.js';
import { dot } from '../../numeric/newton.js';
import type { ControlVariates } from './control-variates.js';
import type { DrawSet } from './e-step.js';
import { ErrorSum } from './error-sum.js';
import { calibrate, type WeighedDraws, weigh } from './weigh.js';

export interface MonteCarloScore {
  /** sum_i c_i E[D], natural parameters. */
  readonly score: Float64Array;
  /** Louis's Hessian, size x size. */
  readonly hessian: Float64Array;
}

export interface ScoreWithError extends MonteCarloScore {
  /** Monte Carlo covariance of `score`, size x size. */
  readonly covariance: Float64Array;
  /** Monte Carlo error of the inverse information's diagonal. */
  readonly varianceErrors: Float64Array;
}

/** No Monte Carlo error is taken to be below this part of a standard error. */
const ROUNDING = 1e-7;
/** So many clusters tell the error of the information for all; fewer where their draws are many, but no fewer than these. */
const ENOUGH_CLUSTERS = 200;
const ENOUGH_DRAWS = 3e5;
const LEAST_CLUSTERS = 50;

/** The Monte Carlo score alone, at less than half the price. */
export function scoreOnly(integrand: Integrand, draws: WeighedDraws): Float64Array {
  const moments = new DrawMoments(integrand);
  const { count, clusterWeights } = integrand.clusters;
  const { z, perCluster } = draws.set;
  const score = new Float64Array(moments.size);
  for (let i = 0; i < count; i++) {
    integrand.select(i);
    moments.addAllScores(z, draws.calibrated, i * perCluster, (i + 1) * perCluster);
    moments.addScore(clusterWeights[i], score);
  }
  return score;
}

/** The same by the draws' weights at the integrand's parameters, which are kept only where they have to be. */
export function scoreByWeights(integrand: Integrand, set: DrawSet, controls: ControlVariates): Float64Array {
  const moments = new DrawMoments(integrand);
  const score = new Float64Array(moments.size);
  if (controls.plain && addRatios(integrand, set, moments, score)) return score;
  return scoreOnly(integrand, weigh(integrand, set, controls));
}

/** Adds the score where weights need not be kept; false where some cluster has no fast way. */
function addRatios(integrand: Integrand, set: DrawSet, moments: DrawMoments, score: Float64Array): boolean {
  const { count, clusterWeights } = integrand.clusters;
  const { z, logProposal, mode, perCluster } = set;
  for (let i = 0; i < count; i++) {
    integrand.select(i);
    if (!moments.addRatios(z, logProposal, i * perCluster, (i + 1) * perCluster, mode[i])) return false;
    moments.addScore(clusterWeights[i], score);
  }
  return true;
}

/** The Monte Carlo score and Louis's information. The draws must have been weighed at the integrand's parameters. */
export function monteCarloScore(integrand: Integrand, draws: WeighedDraws): MonteCarloScore {
  const moments = new TransportedMoments(integrand);
  const { size } = moments;
  const score = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  const { count, clusterWeights } = integrand.clusters;
  for (let i = 0; i < count; i++) {
    integrand.select(i);
    moments.start(draws.set.mode[i]);
    moments.addAll(draws.set.of(draws.set.z, i), draws.set.of(draws.calibrated, i));
    moments.addScore(clusterWeights[i], score);
    moments.addHessian(clusterWeights[i], hessian);
  }
  mirror(hessian, size);
  return { score, hessian };
}

/**
 * The same with the error of both: by the scatter of the draws' own scores, and of their own terms of the information
 * along the columns of `inverse`, the inverse information or one near it (d I^-1 = -I^-1 dI I^-1).
 */
export function scoreWithError(
  integrand: Integrand,
  draws: WeighedDraws,
  controls: ControlVariates,
  inverse: Float64Array,
): ScoreWithError {
  const moments = new TransportedMoments(integrand);
  const { size } = moments;
  const { count, clusterWeights } = integrand.clusters;
  const { set } = draws;
  const score = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  const scatter = new ErrorSum(set, size);
  const informationScatter = Array.from({ length: size }, () => new ErrorSum(set, 1));
  const series = new Float64Array(set.perCluster * size);
  const replicated = set.replicates > 0 ? new Float64Array(set.replicates * size) : undefined;
  const along = Array.from(
    { length: size },
    (_, a) => new InformationAlong(integrand, set.perCluster, inverse, a),
  );
  const enough = Math.max(LEAST_CLUSTERS, Math.min(ENOUGH_CLUSTERS, ENOUGH_DRAWS / set.perCluster));
  const stride = Math.max(1, Math.floor(count / enough));
  const squares = (step: number): number => {
    let sum = 0;
    for (let i = 0; i < count; i += step) sum += clusterWeights[i] ** 2;
    return sum;
  };
  for (let i = 0; i < count; i++) {
    integrand.select(i);
    moments.start(set.mode[i]);
    const directions = i % stride === 0 ? along : NONE;
    for (const direction of directions) direction.start();
    const z = set.of(set.z, i);
    const calibrated = set.of(draws.calibrated, i);
    if (directions === NONE && replicated) {
      moments.addAll(z, calibrated, undefined, replicated);
      moments.addScore(clusterWeights[i], score);
      moments.addHessian(clusterWeights[i], hessian);
      centerReplicates(replicated, calibrated, size);
      scatter.addReplicated(clusterWeights[i], replicated);
      continue;
    }
    if (directions === NONE) moments.addAll(z, calibrated, series);
    for (let k = 0; directions !== NONE && k < z.length; k++) {
      integrand.evaluate(z[k]);
      moments.add(z[k], calibrated[k]);
      series.set(moments.score, k * size);
      for (const direction of directions) direction.add(moments, z[k], k);
    }
    moments.addScore(clusterWeights[i], score);
    moments.addHessian(clusterWeights[i], hessian);
    const base = set.of(draws.base, i);
    calibrate(draws, i, controls);
    for (let a = 0; a < size; a++) controls.residuals(series, size, a, base);
    scatter.add(clusterWeights[i], series, base);
    directions.forEach((direction, a) => {
      controls.residuals(direction.terms(base), 1, 0, base);
      informationScatter[a].add(clusterWeights[i], direction.values, base);
    });
  }
  const covariance = scatter.covariance();
  // Where the control variates leave nothing (Gaussian responses), rounding is the error that remains.
  for (let a = 0; a < size; a++) covariance[a * size + a] += ROUNDING ** 2 * Math.abs(hessian[a * size + a]);
  mirror(hessian, size);
  const share = squares(1) / squares(stride);
  const varianceErrors = Float64Array.from(informationScatter, (one) =>
    Math.sqrt(share * one.covariance()[0]),
  );
  return { score, hessian, covariance, varianceErrors };
}

/** From sums over each replicate of weight times score to those about the weighted mean; the weights' sum is 1. */
function centerReplicates(sums: Float64Array, weights: Float64Array, size: number): void {
  const replicates = sums.length / size;
  const each = weights.length / replicates;
  for (let a = 0; a < size; a++) {
    let mean = 0;
    for (let r = 0; r < replicates; r++) mean += sums[r * size + a];
    for (let r = 0; r < replicates; r++) {
      let weight = 0;
      for (let k = r * each; k < (r + 1) * each; k++) weight += weights[k];
      sums[r * size + a] -= mean * weight;
    }
  }
}

const NONE: readonly InformationAlong[] = [];

/** One cluster's draws' terms of the information along a column c of the inverse: c' D2 c + (c' (D - E[D]))^2. */
class InformationAlong {
  readonly values: Float64Array;
  private readonly integrand: Integrand;
  private readonly direction: Float64Array;
  private readonly shift: Float64Array;
  private readonly scores: Float64Array;

  constructor(integrand: Integrand, perCluster: number, inverse: Float64Array, column: number) {
    const size = Math.sqrt(inverse.length);
    this.integrand = integrand;
    this.values = new Float64Array(perCluster);
    this.scores = new Float64Array(perCluster);
    this.direction = Float64Array.from({ length: size }, (_, b) => inverse[b * size + column]);
    this.shift = new Float64Array(integrand.clusters.largest);
  }

  /** Starts the integrand's selected cluster. */
  start(): void {
    const { shift, direction } = this;
    const { from, to, clusters } = this.integrand;
    const { x, columns } = clusters;
    for (let r = from; r < to; r++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += x[r * columns + j] * direction[j];
      shift[r - from] = sum;
    }
  }

  /** Draw k, z, just added to `moments`. */
  add(moments: TransportedMoments, z: number, k: number): void {
    this.values[k] = moments.secondAlong(z, this.direction, this.shift);
    this.scores[k] = dot(moments.moved, this.direction);
  }

  /** The terms of all draws, weighed by `weights`. */
  terms(weights: Float64Array): Float64Array {
    const { values, scores } = this;
    const mean = dot(weights, scores);
    for (let k = 0; k < values.length; k++) values[k] += (scores[k] - mean) ** 2;
    return values;
  }
}
