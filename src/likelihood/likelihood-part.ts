// Some of the clusters, weighted up to stand for all of them.
import type { Clusters } from '../model/clusters.js';
import { takeClusters } from '../model/merge.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import type { Derivatives } from './engines/engine.js';
import type { MarginalLikelihood } from './marginal-likelihood.js';
import type { Rule } from './sweep.js';

/** What a search for the maximum asks: of the likelihood, or of a part of it. */
export type Searchable = Pick<
  MarginalLikelihood,
  'model' | 'size' | 'logLik' | 'gradient' | 'hessian' | 'startClusters' | 'evaluate'
>;

/** Clusters that a start is found from, whose own error is then less than that of its one step. */
const ENOUGH_TO_START = 1_000;

/**
 * The likelihood of every k-th distinct cluster, weighted k times: near the whole where there are thousands. It is evaluated
 * in the whole's own arrays, on its threads: what the one has told is overwritten when the other is evaluated.
 */
export class LikelihoodPart implements Searchable {
  readonly model: Model;
  readonly size: number;
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
  private readonly whole: MarginalLikelihood;
  private readonly every: number;

  constructor(whole: MarginalLikelihood, every: number) {
    this.model = whole.model;
    this.size = whole.size;
    this.gradient = whole.gradient;
    this.hessian = whole.hessian;
    this.whole = whole;
    this.every = every;
  }

  get logLik(): number {
    return this.whole.logLik;
  }

  get startClusters(): Clusters {
    const all = this.whole.distinctClusters;
    const step = this.every * Math.ceil(all.count / this.every / ENOUGH_TO_START);
    const taken = Array.from({ length: Math.ceil(all.count / step) }, (_, i) => i * step);
    return takeClusters(all, taken);
  }

  evaluate(parameters: Parameters, rule: Rule, derivatives: Derivatives): number {
    return this.whole.evaluate(parameters, rule, derivatives, this.every);
  }
}
