// Each cluster's own integrated log-likelihood, constants included: what a sum over clusters hides.
import { mergeClusters } from '../model/merge.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { type ClusterSummaries, ClusterSweep, clusterSummaries, type Rule } from './sweep.js';

/**
 * log of the integral of f(y_i | eps) dF(eps), per cluster. Clusters whose rows are the same numbers share an integral; those
 * that only share the sum of their responses do not, since their constants differ.
 */
export class ClusterLogLikelihoods {
  private readonly memberOf: Int32Array;
  private readonly summaries: ClusterSummaries;
  private readonly sweep: ClusterSweep;
  private readonly distinct: number;

  constructor(model: Model) {
    const { distinct, memberOf } = mergeClusters(model.clusters, undefined);
    this.memberOf = memberOf;
    this.distinct = distinct.count;
    this.summaries = clusterSummaries(distinct.count);
    this.sweep = new ClusterSweep(model, distinct, this.summaries);
  }

  /** Writes the log-likelihood of cluster i, counted once whatever its weight, to out[from + i stride]. */
  evaluate(parameters: Parameters, rule: Rule, out: Float64Array, from = 0, stride = 1): void {
    this.sweep.begin({ parameters, rule, derivatives: false, every: 1 });
    this.sweep.run(0, this.distinct);
    this.memberOf.forEach((k, i) => {
      out[from + i * stride] = this.summaries.logLik[k];
    });
  }
}
