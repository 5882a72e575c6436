// One thread's way through the clusters: integrates a range of them and adds up value, error and derivatives.
import type { Clusters } from '../model/clusters.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { CompensatedSum } from '../numeric/compensated-sum.js';
import { gaussHermite } from '../numeric/gauss-hermite.js';
import { sharedIntegers, sharedNumbers } from '../numeric/shared-arrays.js';
import { AdaptiveRule } from './adaptive.js';
import { chooseEngine } from './engines/choose.js';
import { type ClusterEngine, type Derivatives, FINE, MEDIUM, ROUGH } from './engines/engine.js';
import { GeneralEngine } from './engines/general.js';
import { integrateAtFixedNodes } from './fixed-nodes.js';
import type { ClusterIntegral } from './trapezoid.js';

/**
 * How each cluster is integrated. `plain` is the certified rule without the refinement that certifies it (error near
 * 1e-13); `medium` and `rough` are the same with fewer nodes (1e-8 and 1e-5), for the first steps of a search.
 */
export type Rule =
  | { readonly kind: 'certified'; readonly tolerance: number }
  | { readonly kind: 'plain' }
  | { readonly kind: 'medium' }
  | { readonly kind: 'rough' }
  | { readonly kind: 'adaptive'; readonly nodes: number }
  | { readonly kind: 'gauss-hermite'; readonly nodes: number };

const ACCURACY = { certified: FINE, plain: FINE, medium: MEDIUM, rough: ROUGH };

/**
 * Per cluster, at the last parameters evaluated (z scale, where eps = sigma z). Of clusters merged for the equal sums of
 * their responses, `logLik` and `laplace` are means over the members; their difference is that of each.
 */
export interface ClusterSummaries {
  readonly logLik: Float64Array;
  readonly laplace: Float64Array;
  readonly error: Float64Array;
  readonly nodes: Int32Array;
  readonly mode: Float64Array;
  readonly modeSd: Float64Array;
  /** Posterior mean and sd of z; filled where the Hessian was asked for. */
  readonly mean: Float64Array;
  readonly sd: Float64Array;
}

/** Room for them, shared between threads where the clusters are not few. */
export function clusterSummaries(count: number): ClusterSummaries {
  const numbers = (): Float64Array => sharedNumbers(count, FEW_CLUSTERS);
  return {
    logLik: numbers(),
    laplace: numbers(),
    error: numbers(),
    nodes: sharedIntegers(count, FEW_CLUSTERS),
    mode: numbers(),
    modeSd: numbers(),
    mean: numbers(),
    sd: numbers(),
  };
}

const FEW_CLUSTERS = 100;

/** What one evaluation is to do. */
export interface SweepTask {
  readonly parameters: Parameters;
  readonly rule: Rule;
  readonly derivatives: Derivatives;
  /** Every so manieth cluster alone, weighted so many times; 1 for all of them. */
  readonly every: number;
}

/** Sums over a range of clusters. */
export class SweepSums {
  logLik = 0;
  error = 0;
  readonly gradient: Float64Array;
  /** Lower triangle. */
  readonly hessian: Float64Array;

  constructor(size: number) {
    this.gradient = new Float64Array(size);
    this.hessian = new Float64Array(size * size);
  }
}

/** Integrates cluster i, which counts `weight` times, into `out` and says which engine holds its moments. */
type IntegrateCluster = (i: number, weight: number, out: ClusterIntegral) => ClusterEngine;

export class ClusterSweep {
  /** Number of parameters: p coefficients, sigma, and the dispersion where the family has one. */
  readonly size: number;
  private readonly clusters: Clusters;
  private readonly summaries: ClusterSummaries;
  private readonly general: GeneralEngine;
  private readonly engine: ClusterEngine;
  private readonly sums: SweepSums;
  private readonly out: ClusterIntegral = {
    logIntegral: 0,
    error: 0,
    nodes: 0,
    mode: 0,
    modeSd: 0,
    laplace: 0,
  };
  private derivatives: Derivatives = false;
  private every = 1;
  private integrateCluster: IntegrateCluster = () => this.engine;

  constructor(
    model: Pick<Model, 'family' | 'randomEffect'>,
    clusters: Clusters,
    summaries: ClusterSummaries,
  ) {
    this.clusters = clusters;
    this.summaries = summaries;
    this.general = new GeneralEngine(model, clusters);
    this.engine = chooseEngine(model, clusters, this.general);
    this.size = this.general.moments.size;
    this.sums = new SweepSums(this.size);
  }

  /** Makes ready for one evaluation. */
  begin({ parameters, rule, derivatives, every }: SweepTask): void {
    this.derivatives = derivatives;
    this.every = every;
    this.integrateCluster =
      rule.kind === 'adaptive' || rule.kind === 'gauss-hermite'
        ? this.byNodes(parameters, rule)
        : this.byEngine(parameters, rule);
  }

  /** Integrates those of clusters from .. to-1 that are asked for; the sums returned are overwritten by the next call. */
  run(from: number, to: number): SweepSums {
    const { clusters, summaries, out, sums, derivatives, every } = this;
    const { clusterWeights, constants } = clusters;
    sums.gradient.fill(0);
    sums.hessian.fill(0);
    sums.error = 0;
    const total = new CompensatedSum();
    for (let i = Math.ceil(from / every) * every; i < to; i += every) {
      const weight = every * clusterWeights[i];
      const engine = this.integrateCluster(i, weight, out);
      const value = out.logIntegral + constants[i];
      summaries.logLik[i] = value;
      summaries.laplace[i] = out.laplace + constants[i];
      summaries.error[i] = out.error;
      summaries.nodes[i] = out.nodes;
      summaries.mode[i] = out.mode;
      summaries.modeSd[i] = out.modeSd;
      if (derivatives === true) {
        summaries.mean[i] = engine.meanZ();
        summaries.sd[i] = engine.sdZ();
      }
      total.add(weight * value);
      // The sums themselves are rounded.
      sums.error += weight * (out.error + Number.EPSILON * Math.abs(value));
    }
    sums.logLik = total.value;
    return sums;
  }

  /** Integrates a cluster by the nested rule, adding its derivatives to the sums. */
  private byEngine(
    parameters: Parameters,
    rule: Extract<Rule, { kind: keyof typeof ACCURACY }>,
  ): IntegrateCluster {
    const { engine, sums, summaries, derivatives } = this;
    const { constants, count } = this.clusters;
    engine.setParameters(parameters);
    const accuracy = ACCURACY[rule.kind];
    const share = rule.kind === 'certified' ? rule.tolerance / (2 * count) : Number.POSITIVE_INFINITY;
    return (i, weight, out) => {
      // Half of max(tolerance, 1e-13 |l|), shared out; at most the last bits of this cluster's own value.
      const floor = 5e-14 * Math.abs(summaries.logLik[i] || constants[i]);
      const tolerance = Math.max(share / Math.max(weight, 1), floor);
      engine.integrate(i, summaries.mode[i], accuracy, tolerance, derivatives, out);
      if (derivatives) engine.addDerivatives(weight, sums.gradient, sums.hessian);
      return engine;
    };
  }

  /** Integrates a cluster by a Gauss-Hermite rule, adding the derivatives of the approximation to the sums. */
  private byNodes(parameters: Parameters, rule: Extract<Rule, { nodes: number }>): IntegrateCluster {
    const { general, sums, summaries, derivatives } = this;
    const { integrand, moments } = general;
    integrand.setParameters(parameters);
    const nodes = gaussHermite(rule.nodes);
    const adaptive = rule.kind === 'adaptive' ? new AdaptiveRule(integrand, moments, nodes) : undefined;
    return (i, weight, out) => {
      integrand.select(i);
      if (adaptive) {
        const gradient = derivatives ? sums.gradient : undefined;
        adaptive.integrate(summaries.mode[i], gradient, weight, out);
      } else {
        integrateAtFixedNodes(integrand, derivatives ? moments : undefined, nodes, out);
        if (derivatives) general.addDerivatives(weight, sums.gradient, sums.hessian);
      }
      return general;
    };
  }
}
