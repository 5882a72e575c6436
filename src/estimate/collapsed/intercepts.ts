// Each intercept given the parameters and the data, exactly: what a collapsed sampler adds to its draws.
import type { Memory } from '../../../samplers/memory.js';
import type { Stream } from '../../../samplers/rng.js';
import { ClusterPosteriors } from '../../likelihood/cluster-posterior.js';
import { LogitCluster } from '../../likelihood/engines/logit-cluster.js';
import { isHill, type Mode } from '../../likelihood/features.js';
import { Integrand } from '../../likelihood/integrand.js';
import { findPeak } from '../../likelihood/peak.js';
import { mergeClusters } from '../../model/merge.js';
import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import { LogConcaveDraws } from './log-concave-draws.js';

/**
 * Draws eps_1 .. eps_m given (beta, sigma, dispersion) and y. Clusters with equal rows (or of equal design and sum of
 * responses, with a canonical link) have the same density and share what it costs to prepare it. Log-concave densities
 * are drawn from by rejection; others by the inverse distribution function on the nodes of a certified sum, good to 1e-8
 * of a probability. A cluster whose weight is 0 says nothing: its intercept comes from its distribution.
 */
export class InterceptDraws {
  private readonly model: Model;
  private readonly integrand: Integrand;
  /** The same density in fewer operations, where there is such a form. */
  private readonly logit: LogitCluster | undefined;
  private readonly hat: LogConcaveDraws;
  private readonly grid: ClusterPosteriors;
  private readonly isHill: boolean;
  private readonly smooth: boolean;
  private readonly peak = (): Mode => findPeak(this.integrand, 0);
  /** Clusters that share the k-th density: members[starts[k] .. starts[k + 1] - 1]. */
  private readonly starts: Int32Array;
  private readonly members: Int32Array;
  private readonly silent: readonly number[];
  /** Where the middle of each density was last. */
  private readonly middle: Float64Array;

  constructor(model: Model) {
    const { distinct, memberOf } = mergeClusters(model.clusters, model.family.outcome.mergesResponses);
    const { clusterWeights } = model.clusters;
    this.model = model;
    this.integrand = new Integrand(model, distinct);
    const { family, randomEffect } = model;
    const isLogit = family.name === 'binomial' && family.link.name === 'logit';
    this.logit = isLogit && randomEffect.name === 'normal' ? new LogitCluster(distinct) : undefined;
    this.smooth = !randomEffect.kink;
    this.hat = new LogConcaveDraws(this.logit ?? this.integrand);
    this.grid = new ClusterPosteriors(this.integrand);
    this.isHill = isHill(this.integrand);
    this.middle = new Float64Array(distinct.count);
    const byDensity: number[][] = Array.from({ length: distinct.count }, () => []);
    const silent: number[] = [];
    memberOf.forEach((k, i) => {
      (clusterWeights[i] > 0 ? byDensity[k] : silent).push(i);
    });
    this.silent = silent;
    this.members = Int32Array.from(byDensity.flat());
    this.starts = new Int32Array(distinct.count + 1);
    byDensity.forEach((list, k) => {
      this.starts[k + 1] = this.starts[k] + list.length;
    });
  }

  /** Where the search for each middle starts decides the last bits of a draw. */
  remember(memory: Memory): void {
    memory.numbers(this.middle);
  }

  /** Writes eps_i to out[from + i stride]. */
  draw(stream: Stream, parameters: Parameters, out: Float64Array, from: number, stride: number): void {
    const { integrand, starts, members, silent, model } = this;
    const { sigma } = parameters;
    if (sigma === 0) {
      for (let i = 0; i < model.clusters.count; i++) out[from + i * stride] = 0;
      return;
    }
    integrand.setParameters(parameters);
    for (let k = 0; k < starts.length - 1; k++) {
      const draws = starts[k + 1] - starts[k];
      if (draws === 0) continue;
      integrand.select(k);
      if (this.prepared(k, draws, parameters)) {
        for (let a = starts[k]; a < starts[k + 1]; a++)
          out[from + members[a] * stride] = sigma * this.hat.draw(stream);
        continue;
      }
      const density = this.grid.of(k);
      for (let a = starts[k]; a < starts[k + 1]; a++)
        out[from + members[a] * stride] = sigma * density.quantile(stream.uniform());
    }
    for (const i of silent) out[from + i * stride] = sigma * model.randomEffect.draw(stream, sigma);
  }

  /** Whether there is a hat over density k. */
  private prepared(k: number, draws: number, { beta, sigma }: Parameters): boolean {
    const { hat, logit, integrand, isHill, smooth, peak } = this;
    if (!isHill) return false;
    logit?.load(k, beta, sigma);
    const middle = hat.prepare(logit ?? integrand, this.middle[k], draws, smooth, peak);
    if (Number.isNaN(middle)) return false;
    this.middle[k] = middle;
    return true;
  }
}
