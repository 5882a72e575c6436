// From coefficients of clusters to the parameters of the model: intercept and sigma as their mean and spread.
import { constantDirection } from '../../model/constant-direction.js';
import type { Model } from '../../model/model.js';
import type { RandomEffect } from '../../model/random-effect.js';
import type { Identified } from './identified.js';
import type { ProfileLikelihood } from './profile.js';

/** One cluster's own coefficient. */
export interface ClusterCoefficient {
  readonly cluster: string;
  /**
   * On the scale of the linear predictor, less the mean of all that are finite where that is the intercept; Infinity or
   * -Infinity where all rows are of one kind, NaN where none has any weight.
   */
  readonly value: number;
  /** NaN where the value is not finite. */
  readonly standardError: number;
}

export interface Assembled {
  /** Columns whose coefficients are not identified. */
  readonly unidentified: readonly number[];
  /** NaN in these. */
  readonly beta: Float64Array;
  readonly sigma: number;
  /** In the order of the estimates. */
  readonly covariance: Float64Array;
  readonly coefficients: readonly ClusterCoefficient[];
}

/** Coefficients that differ by less are the same. */
const ROUNDING = 1e-12;

/**
 * The convention that the clusters' coefficients have mean 0, those being counted that are finite, makes an intercept of what no row
 * tells; where more than that is not told, all that is moved by it is NaN.
 * @param at coefficients with those of columns that are not kept at 0, or where they are held
 * @param v covariance of the kept coefficients and the dispersion
 */
export function assemble(
  model: Model,
  profile: ProfileLikelihood,
  { kept, directions }: Identified,
  free: readonly number[],
  at: Float64Array,
  v: Float64Array,
): Assembled {
  const { clusters, coefficientNames, clusterLabels } = model;
  const { alpha, information, pull, informs, ends } = profile;
  const p = coefficientNames.length;
  const q = kept.length + (model.family.dispersion ? 1 : 0);
  const size = p + 1 + (q - kept.length);
  const constant = directions.length === 1 ? constantDirection(model, free) : undefined;
  const unidentified =
    directions.length === 0 || constant ? [] : free.filter((j) => directions.some((one) => one[j] !== 0));

  // Means over the clusters that inform, each as often as its weight says.
  let count = 0;
  let mean = 0;
  let own = 0;
  const pulled = new Float64Array(q);
  for (let i = 0; i < alpha.length; i++) {
    if (!informs[i]) continue;
    const c = clusters.clusterWeights[i];
    count += c;
    mean += c * alpha[i];
    own += c / information[i];
    for (let a = 0; a < q; a++) pulled[a] += c * pull[i * q + a];
  }
  mean = constant ? mean / count : 0;
  own /= count * count;
  for (let a = 0; a < q; a++) pulled[a] /= count;
  let squares = 0;
  for (let i = 0; i < alpha.length; i++) {
    if (informs[i]) squares += clusters.clusterWeights[i] * (alpha[i] - mean) ** 2;
  }
  const spread = Math.sqrt(squares / (count - (constant ? 1 : 0)));
  const sd = spread > ROUNDING * Math.max(1, Math.abs(mean)) ? spread : 0;

  const beta = at.map((value, j) =>
    unidentified.includes(j) ? Number.NaN : value + mean * (constant?.[j] ?? 0),
  );
  // Slopes of every estimate in what was estimated; the mean of the coefficients falls by `pulled`.
  const slopes = new Float64Array(size * q);
  kept.forEach((j, a) => {
    slopes[j * q + a] = 1;
  });
  if (q > kept.length) slopes[(p + 1) * q + kept.length] = 1;
  if (constant) {
    for (let j = 0; j < p; j++) for (let a = 0; a < q; a++) slopes[j * q + a] -= constant[j] * pulled[a];
  }
  const covariance = sandwich(slopes, v, size, q);
  if (constant) {
    for (let j = 0; j < p; j++) {
      for (let k = 0; k < p; k++) covariance[j * size + k] += constant[j] * constant[k] * own;
    }
  }
  for (const without of [p, ...unidentified]) {
    for (let k = 0; k < size; k++) {
      covariance[without * size + k] = Number.NaN;
      covariance[k * size + without] = Number.NaN;
    }
  }
  const coefficients = clusterLabels.map((cluster, i): ClusterCoefficient => {
    if (!informs[i]) {
      return { cluster, value: ends[i], standardError: Number.NaN };
    }
    const apart = Float64Array.from({ length: q }, (_, a) => pull[i * q + a] - (constant ? pulled[a] : 0));
    const others = sandwich(apart, v, 1, q)[0];
    const alone = constant ? (1 - 2 / count) / information[i] + own : 1 / information[i];
    return { cluster, value: alpha[i] - mean, standardError: Math.sqrt(others + alone) };
  });
  const sigma = unidentified.length > 0 ? Number.NaN : scaleOf(model.randomEffect, sd);
  return { unidentified, beta, sigma, covariance, coefficients };
}

/** J V J' of J (size x q, row-major). */
function sandwich(j: Float64Array, v: Float64Array, size: number, q: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let k = 0; k < size; k++) {
    for (let l = 0; l < size; l++) {
      let sum = 0;
      for (let a = 0; a < q; a++)
        for (let b = 0; b < q; b++) sum += j[k * q + a] * v[a * q + b] * j[l * q + b];
      out[k * size + l] = sum;
    }
  }
  return out;
}

/** The sigma at which intercepts have this standard deviation. */
export function scaleOf(effect: RandomEffect, sd: number): number {
  const at = (sigma: number): number => effect.standardDeviation({ beta: new Float64Array(0), sigma });
  if (sd === 0) return 0;
  if (effect.scaleFamily) return sd / at(1);
  let [low, high] = [0, 1];
  while (at(high) < sd) [low, high] = [high, 2 * high];
  for (let step = 0; step < 100; step++) {
    const middle = 0.5 * (low + high);
    if (at(middle) < sd) low = middle;
    else high = middle;
  }
  return 0.5 * (low + high);
}
