// The Monte Carlo covariance of a sum over clusters of weighted means of draws, however the draws are scattered.
import type { DrawSet } from './e-step.js';
import { longRunVariance } from './long-run.js';

/**
 * Independent draws and chains: the clusters' own variances add up. Replicates: each is a whole estimate, so that the
 * sums over clusters of every replicate are computed, and their scatter is the error (Owen 1997, section 2: randomised
 * quasi-Monte Carlo). Quadrature nodes have none.
 */
export class ErrorSum {
  private readonly set: DrawSet;
  private readonly size: number;
  private readonly total: Float64Array;
  /** Sums over clusters, replicate after replicate. */
  private readonly replicated: Float64Array;

  constructor(set: DrawSet, size: number) {
    this.set = set;
    this.size = size;
    this.total = new Float64Array(size * size);
    this.replicated = new Float64Array(set.replicates * size);
  }

  /**
   * Adds a cluster's weighted mean, `multiplicity` times over (a merged cluster's draws are shared by all that it stands
   * for, so its error counts by the square).
   * @param series draws x size, with weighted means 0; overwritten
   */
  add(multiplicity: number, series: Float64Array, weights: Float64Array): void {
    const { set, size, total, replicated } = this;
    if (set.exact) return;
    if (set.replicates === 0) {
      const part = longRunVariance(series, size, weights, set.dependent);
      for (let a = 0; a < total.length; a++) total[a] += multiplicity * multiplicity * part[a];
      return;
    }
    const each = weights.length / set.replicates;
    for (let r = 0; r < set.replicates; r++) {
      for (let k = r * each; k < (r + 1) * each; k++) {
        const weight = multiplicity * set.replicates * weights[k];
        for (let a = 0; a < size; a++) replicated[r * size + a] += weight * series[k * size + a];
      }
    }
  }

  /** The same of replicates by what each has of the weighted sum, replicate after replicate: replicates x size. */
  addReplicated(multiplicity: number, sums: Float64Array): void {
    const { set, replicated } = this;
    for (let k = 0; k < replicated.length; k++) replicated[k] += multiplicity * set.replicates * sums[k];
  }

  /** size x size */
  covariance(): Float64Array {
    const { set, size, total, replicated } = this;
    const { replicates } = set;
    if (replicates === 0) return total;
    total.fill(0);
    // The replicates' mean is 0: so are the clusters' weighted means.
    const share = 1 / (replicates * (replicates - 1));
    for (let r = 0; r < replicates; r++) {
      for (let a = 0; a < size; a++) {
        for (let b = 0; b < size; b++) {
          total[a * size + b] += share * replicated[r * size + a] * replicated[r * size + b];
        }
      }
    }
    return total;
  }
}
