// The Monte Carlo covariance of a weighted mean of draws, independent or not.
import { batchMeansCovariance } from '../../../samplers/diagnostics/batch-means.js';
import { power } from '../../../samplers/power.js';

/**
 * Covariance (size x size) of sum_k P_k r_k, for rows r_k whose weighted mean is 0. Independent draws: sum P_k^2 r r'.
 * A chain: batch means of the series count P_k r_k, with batches wider than the usual square root, since many clusters
 * share out the noise and what is left is bias.
 * @param series count x size; overwritten
 */
export function longRunVariance(
  series: Float64Array,
  size: number,
  weights: Float64Array,
  dependent: boolean,
): Float64Array {
  const count = weights.length;
  for (let k = 0; k < count; k++) {
    for (let a = 0; a < size; a++) series[k * size + a] *= count * weights[k];
  }
  const { covariance } = batchMeansCovariance(series, size, dependent ? Math.floor(power(count, 0.6)) : 1);
  return covariance.map((value) => value / count);
}
