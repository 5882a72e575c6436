// The marginal log-likelihood: a sum over clusters of one-dimensional integrals, with derivatives and its own error.

import type { Clusters } from '../model/clusters.js';
import { type MergedClusters, mergeClusters, takeClusters } from '../model/merge.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { predictorUnit } from '../model/predictor-unit.js';
import { mirror } from '../numeric/cholesky.js';
import { CompensatedSum } from '../numeric/compensated-sum.js';
import { gaussHermite } from '../numeric/gauss-hermite.js';
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
  /** Posterior mean and sd of z; filled where derivatives were asked for. */
  readonly mean: Float64Array;
  readonly sd: Float64Array;
}

const ACCURACY = { certified: FINE, plain: FINE, medium: MEDIUM, rough: ROUGH };

/** Integrates cluster i into `out` and says which engine holds its moments. */
type IntegrateCluster = (i: number, out: ClusterIntegral) => ClusterEngine;

/** A marginal log-likelihood that remembers each cluster's mode from one evaluation to the next. */
export class MarginalLikelihood {
  readonly model: Model;
  /** Number of parameters: p coefficients, sigma, and the dispersion where the family has one. */
  readonly size: number;
  readonly clusters: ClusterSummaries;
  readonly gradient: Float64Array;
  /** size x size, symmetric. */
  readonly hessian: Float64Array;
  logLik: number = Number.NaN;
  error = 0;
  private readonly all: Clusters;
  private done: { parameters: Parameters; rule: Rule; derivatives: Derivatives } | undefined;
  private readonly merged: MergedClusters;
  private readonly distinct: ClusterSummaries;
  private readonly general: GeneralEngine;
  private readonly engine: ClusterEngine;

  /** @param clusters the model's own, or some of them */
  constructor(model: Model, clusters: Clusters = model.clusters) {
    this.model = model;
    this.all = clusters;
    this.merged = mergeClusters(clusters, model.family.outcome.canonical);
    this.general = new GeneralEngine(model, this.merged.distinct);
    this.engine = chooseEngine(model, this.merged.distinct, this.general);
    this.size = this.general.moments.size;
    this.gradient = new Float64Array(this.size);
    this.hessian = new Float64Array(this.size * this.size);
    this.distinct = summaries(this.merged.distinct.count);
    this.clusters = this.isMerged() ? summaries(clusters.count) : this.distinct;
  }

  private isMerged(): boolean {
    return this.merged.distinct !== this.all;
  }

  /** The likelihood of every k-th distinct cluster, weighted k times: near the whole where there are thousands. */
  part(k: number): MarginalLikelihood {
    const { distinct } = this.merged;
    const taken = Array.from({ length: Math.ceil(distinct.count / k) }, (_, i) => i * k);
    const clusters = takeClusters(distinct, taken);
    const clusterWeights = clusters.clusterWeights.map((weight) => weight * k);
    return new MarginalLikelihood(this.model, { ...clusters, clusterWeights });
  }

  /** Number of distinct clusters, each integrated once. */
  get distinctClusters(): number {
    return this.merged.distinct.count;
  }

  /**
   * Evaluates at `parameters`, filling `logLik`, `error` and `clusters`; with `derivatives` also `gradient` and
   * `hessian`, in the order (beta, sigma, dispersion). For the adaptive rule both are those of the approximation
   * itself, the Hessian by differences of the gradient.
   */
  evaluate(parameters: Parameters, rule: Rule, derivatives: Derivatives): number {
    if (this.isDone(parameters, rule, derivatives)) return this.logLik;
    this.accumulate(parameters, rule, derivatives);
    this.done = { parameters: { ...parameters, beta: parameters.beta.slice() }, rule, derivatives };
    if (derivatives && rule.kind === 'adaptive') this.differenceHessian(parameters, rule);
    return this.logLik;
  }

  /** Whether the last evaluation already answers this one. */
  private isDone(parameters: Parameters, rule: Rule, derivatives: Derivatives): boolean {
    const { done } = this;
    return (
      done !== undefined &&
      (done.derivatives === derivatives || done.derivatives === true) &&
      sameRule(done.rule, rule) &&
      sameParameters(done.parameters, parameters)
    );
  }

  private accumulate(parameters: Parameters, rule: Rule, derivatives: Derivatives): void {
    const { gradient, hessian, distinct: clusters } = this;
    const { clusterWeights, constants, count } = this.merged.distinct;
    gradient.fill(0);
    hessian.fill(0);
    const integrate =
      rule.kind === 'adaptive' || rule.kind === 'gauss-hermite'
        ? this.byNodes(parameters, rule, derivatives)
        : this.byEngine(parameters, rule, derivatives);
    const total = new CompensatedSum();
    let error = 0;
    const out: ClusterIntegral = { logIntegral: 0, error: 0, nodes: 0, mode: 0, modeSd: 0, laplace: 0 };
    for (let i = 0; i < count; i++) {
      const weight = clusterWeights[i];
      const engine = integrate(i, out);
      const value = out.logIntegral + constants[i];
      clusters.logLik[i] = value;
      clusters.laplace[i] = out.laplace + constants[i];
      clusters.error[i] = out.error;
      clusters.nodes[i] = out.nodes;
      clusters.mode[i] = out.mode;
      clusters.modeSd[i] = out.modeSd;
      if (derivatives === true) {
        clusters.mean[i] = engine.meanZ();
        clusters.sd[i] = engine.sdZ();
      }
      total.add(weight * value);
      // The sums themselves are rounded.
      error += weight * (out.error + Number.EPSILON * Math.abs(value));
    }
    mirror(hessian, this.size);
    this.logLik = total.value;
    this.error = error;
    if (this.isMerged()) this.expand();
  }

  /** Integrates a cluster by the nested rule, adding its derivatives to the sums. */
  private byEngine(
    parameters: Parameters,
    rule: Extract<Rule, { kind: keyof typeof ACCURACY }>,
    derivatives: Derivatives,
  ): IntegrateCluster {
    const { engine, gradient, hessian, distinct: clusters } = this;
    const { clusterWeights, constants, count } = this.merged.distinct;
    engine.setParameters(parameters);
    const accuracy = ACCURACY[rule.kind];
    const share = rule.kind === 'certified' ? rule.tolerance / (2 * count) : Number.POSITIVE_INFINITY;
    return (i, out) => {
      const weight = clusterWeights[i];
      // Half of max(tolerance, 1e-13 |l|), shared out; at most the last bits of this cluster's own value.
      const floor = 5e-14 * Math.abs(clusters.logLik[i] || constants[i]);
      const tolerance = Math.max(share / Math.max(weight, 1), floor);
      engine.integrate(i, clusters.mode[i], accuracy, tolerance, derivatives, out);
      if (derivatives) engine.addDerivatives(weight, gradient, hessian);
      return engine;
    };
  }

  /** Integrates a cluster by a Gauss-Hermite rule, adding the derivatives of the approximation to the sums. */
  private byNodes(
    parameters: Parameters,
    rule: Extract<Rule, { nodes: number }>,
    derivatives: Derivatives,
  ): IntegrateCluster {
    const { general, gradient, hessian, distinct: clusters } = this;
    const { clusterWeights } = this.merged.distinct;
    const { integrand, moments } = general;
    integrand.setParameters(parameters);
    const nodes = gaussHermite(rule.nodes);
    const adaptive = rule.kind === 'adaptive' ? new AdaptiveRule(integrand, moments, nodes) : undefined;
    return (i, out) => {
      integrand.select(i);
      if (adaptive) {
        adaptive.integrate(clusters.mode[i], derivatives ? gradient : undefined, clusterWeights[i], out);
      } else {
        integrateAtFixedNodes(integrand, derivatives ? moments : undefined, nodes, out);
        if (derivatives) general.addDerivatives(clusterWeights[i], gradient, hessian);
      }
      return general;
    };
  }

  /** Gives every cluster the summaries of the distinct one it was merged into. */
  private expand(): void {
    const { memberOf } = this.merged;
    for (const name of Object.keys(this.clusters) as (keyof ClusterSummaries)[]) {
      const from = this.distinct[name];
      const to = this.clusters[name];
      for (let i = 0; i < to.length; i++) to[i] = from[memberOf[i]];
    }
  }

  /** Central differences of the exact gradient, Richardson-extrapolated once: good to about 1e-10 relative. */
  private differenceHessian(parameters: Parameters, rule: Rule): void {
    const { size, logLik, error } = this;
    const gradient = this.gradient.slice();
    const hessian = new Float64Array(size * size);
    const slope = (a: number, step: number): Float64Array => {
      this.accumulate(shifted(parameters, a, step), rule, true);
      const up = this.gradient.slice();
      this.accumulate(shifted(parameters, a, -step), rule, true);
      return up.map((value, b) => (value - this.gradient[b]) / (2 * step));
    };
    const scales = parameterScales(this.model, parameters);
    for (let a = 0; a < size; a++) {
      const step = 2e-3 * scales[a];
      const wide = slope(a, step);
      const narrow = slope(a, step / 2);
      for (let b = 0; b < size; b++) {
        const value = (4 * narrow[b] - wide[b]) / 3;
        hessian[a * size + b] += value / 2;
        hessian[b * size + a] += value / 2;
      }
    }
    this.accumulate(parameters, rule, false);
    this.gradient.set(gradient);
    this.hessian.set(hessian);
    this.logLik = logLik;
    this.error = error;
  }
}

function sameRule(a: Rule, b: Rule): boolean {
  const detail = (rule: Rule): number =>
    'nodes' in rule ? rule.nodes : 'tolerance' in rule ? rule.tolerance : 0;
  return a.kind === b.kind && detail(a) === detail(b);
}

function sameParameters(a: Parameters, b: Parameters): boolean {
  return (
    a.sigma === b.sigma &&
    a.dispersion === b.dispersion &&
    a.beta.every((value, j) => value === b.beta[j]) &&
    (a.shape ?? []).every((value, j) => value === b.shape?.[j])
  );
}

/** The parameters with the a-th of (beta, sigma, dispersion) moved by `step`. */
function shifted(parameters: Parameters, a: number, step: number): Parameters {
  const p = parameters.beta.length;
  if (a === p) return { ...parameters, sigma: parameters.sigma + step };
  if (a === p + 1) return { ...parameters, dispersion: parameters.dispersion! + step };
  const beta = parameters.beta.slice();
  beta[a] += step;
  return { ...parameters, beta };
}

/** A change of each parameter that moves the linear predictor (or its own scale) by about one unit. */
function parameterScales(model: Model, parameters: Parameters): Float64Array {
  const { x, rows, columns } = model.clusters;
  const unit = predictorUnit(model, parameters);
  const scales = new Float64Array(columns + 2);
  for (let j = 0; j < columns; j++) {
    let square = 0;
    for (let r = 0; r < rows; r++) square += x[r * columns + j] ** 2;
    scales[j] = unit / Math.sqrt(square / rows);
  }
  scales[columns] = Math.max(parameters.sigma, 0.1 * unit);
  scales[columns + 1] = parameters.dispersion ?? 1;
  return scales;
}

function summaries(count: number): ClusterSummaries {
  const perCluster = (): Float64Array => new Float64Array(count);
  return {
    logLik: perCluster(),
    laplace: perCluster(),
    error: perCluster(),
    nodes: new Int32Array(count),
    mode: perCluster(),
    modeSd: perCluster(),
    mean: perCluster(),
    sd: perCluster(),
  };
}
