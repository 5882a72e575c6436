// The long-run covariance of a multivariate chain: n times the covariance of its mean.
import { GlmmcError } from '../errors.js';

/** A long-run covariance: the mean of n rows has covariance `covariance / n`. */
export interface BatchMeans {
  /** Row-major d x d. */
  readonly covariance: Float64Array;
  /** Mean of the rows used, length d. */
  readonly mean: Float64Array;
  readonly batches: number;
  readonly batchSize: number;
}

/**
 * Long-run covariance by non-overlapping batch means: b / (a - 1) times the sum of squares of a batch means of size b.
 * Rows before the first whole batch are left out. Independent rows may take `batchSize` 1, the sample covariance.
 *
 * Source: Chen and Seila (1987); Vats, Flegal, Jones (2019), equation 5.
 * @param series row-major n x d
 * @param dimension d
 * @param batchSize rows a batch; default floor(sqrt(n))
 * @throws GlmmcError `bad-argument` for sizes that do not fit, or fewer than two batches
 */
export function batchMeansCovariance(
  series: Float64Array,
  dimension: number,
  batchSize: number = Math.floor(Math.sqrt(series.length / dimension)),
): BatchMeans {
  const d = dimension;
  const n = series.length / d;
  if (!Number.isInteger(d) || d < 1 || !Number.isInteger(n)) {
    throw new GlmmcError(
      'bad-argument',
      `batchMeansCovariance: ${series.length} numbers are no whole number of rows of ${d}`,
    );
  }
  const batches = Math.floor(n / batchSize);
  if (!Number.isInteger(batchSize) || batchSize < 1 || batches < 2) {
    throw new GlmmcError(
      'bad-argument',
      `batchMeansCovariance: ${n} rows do not make two batches of ${batchSize}`,
    );
  }
  const skipped = n - batches * batchSize;
  const means = new Float64Array(batches * d);
  const mean = new Float64Array(d);
  for (let b = 0; b < batches; b++) {
    for (let t = 0; t < batchSize; t++) {
      const row = (skipped + b * batchSize + t) * d;
      for (let j = 0; j < d; j++) means[b * d + j] += series[row + j] / batchSize;
    }
    for (let j = 0; j < d; j++) mean[j] += means[b * d + j] / batches;
  }
  const covariance = new Float64Array(d * d);
  for (let b = 0; b < batches; b++) {
    for (let i = 0; i < d; i++) {
      const deviation = (means[b * d + i] - mean[i]) * (batchSize / (batches - 1));
      for (let j = 0; j < d; j++) covariance[i * d + j] += deviation * (means[b * d + j] - mean[j]);
    }
  }
  return { covariance, mean, batches, batchSize };
}
