// Statistics by which replications are held against data, for any family.
import { mean, sd } from '../../../samplers/diagnostics/descriptive.js';
import type { Model } from '../../model/model.js';

/** A number that a data set has; `y` in the order of the data's rows. */
export type TestStatistic = (y: Float64Array, model: Model) => number;

/**
 * Mean, sd, smallest, largest, share of zeros (for counts), and how far the means of clusters are apart; of
 * proportions where the response is successes of trials.
 */
export function builtInStatistics({ design, family }: Model): Record<string, TestStatistic> {
  const { trials, cluster, clusterLabels } = design;
  const scaled = (y: Float64Array): Float64Array =>
    trials ? y.map((value, r) => (trials[r] > 0 ? value / trials[r] : 0)) : y;
  const counts = ['binomial', 'poisson', 'negative-binomial'].includes(family.name) || family.counts;
  const sizes = new Float64Array(clusterLabels.length);
  for (const i of cluster) sizes[i]++;
  return {
    mean: (y) => mean(scaled(y)),
    sd: (y) => sd(scaled(y)),
    min: (y) => scaled(y).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    max: (y) => scaled(y).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
    ...(counts && {
      'share of zeros': (y: Float64Array) =>
        y.reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0) / y.length,
    }),
    'sd of cluster means': (y) => {
      const means = new Float64Array(sizes.length);
      scaled(y).forEach((value, r) => {
        means[cluster[r]] += value / sizes[cluster[r]];
      });
      return sd(means);
    },
  };
}
