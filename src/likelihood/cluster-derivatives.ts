// Each cluster's own score and Hessian of the integrated log-likelihood: what a sum over clusters hides.
import { type MergedClusters, mergeClusters } from '../model/merge.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { mirror } from '../numeric/cholesky.js';
import { ClusterSweep, clusterSummaries } from './sweep.js';

/** Derivatives of one cluster, counted once, in the order (beta, sigma, dispersion). */
export interface ClusterDerivatives {
  readonly score: Float64Array;
  /** size x size, symmetric. */
  readonly hessian: Float64Array;
}

/**
 * By quadrature without error to speak of (near 1e-13). Clusters whose rows are the same numbers share their derivatives;
 * those that only share the sum of their responses do not: their scores in the coefficients differ.
 */
export function clusterDerivatives(model: Model, parameters: Parameters): readonly ClusterDerivatives[] {
  const { distinct, memberOf }: MergedClusters = mergeClusters(model.clusters, undefined);
  const counted = { ...distinct, clusterWeights: new Float64Array(distinct.count).fill(1) };
  const sweep = new ClusterSweep(model, counted, clusterSummaries(distinct.count));
  sweep.begin({ parameters, rule: { kind: 'plain' }, derivatives: true, every: 1 });
  const found = Array.from({ length: distinct.count }, (_, i): ClusterDerivatives => {
    const { gradient, hessian } = sweep.run(i, i + 1);
    mirror(hessian, sweep.size);
    return { score: gradient.slice(), hessian: hessian.slice() };
  });
  return Array.from(memberOf, (k) => found[k]);
}
