// Predictions of a likelihood fit: at the estimates, with errors by the delta method.
import type { LikelihoodFit } from '../../estimate/fit.js';
import { addCovariance, type ClusterNodes, clusterNodes } from '../../likelihood/cluster-nodes.js';
import { Integrand } from '../../likelihood/integrand.js';
import { PopulationMeans } from '../../likelihood/population-mean.js';
import { DeltaMethod } from '../delta.js';
import { linearPredictor, type PredictionRows } from './rows.js';
import { carryOver, halfWidth, type Prediction } from './scale.js';

/** What is predicted of a row: for its own cluster, for a typical one (eps = 0), or over all clusters. */
export type PredictionTarget = 'cluster' | 'typical' | 'population';
/** Where predictions are: on the scale of the linear predictor, or of the mean. */
export type PredictionScale = 'link' | 'response';

/** A value with its gradient in (beta, sigma, dispersion), and a variance that no estimation takes away. */
interface Moving {
  readonly value: number;
  readonly gradient: Float64Array;
  readonly spread: number;
}

/** Predicts rows one by one; population means are worked out once each, and so are clusters whose rows come together. */
export class DeltaPredictions {
  readonly means: PopulationMeans;
  private readonly fit: LikelihoodFit;
  private readonly rows: PredictionRows;
  private readonly delta: DeltaMethod;
  private readonly integrand: Integrand;
  private last: { readonly cluster: number; readonly nodes: ClusterNodes } | undefined;
  private readonly p: number;
  private effectMoments: readonly [mean: number, variance: number, meanSlope: number] | undefined;

  constructor(fit: LikelihoodFit, rows: PredictionRows) {
    const { model, parameters } = fit;
    this.fit = fit;
    this.rows = rows;
    this.delta = new DeltaMethod(fit);
    this.means = new PopulationMeans(model, parameters);
    this.integrand = new Integrand(model);
    this.integrand.setParameters(parameters);
    this.p = parameters.beta.length;
  }

  predict(
    r: number,
    target: PredictionTarget,
    scale: PredictionScale,
    level: number | undefined,
  ): Prediction {
    const { link } = this.fit.model.family;
    const onLink = this.onLink(r, target);
    const linkError = this.errorOf(onLink);
    if (scale === 'link') return withInterval(onLink.value, linkError, level);
    const moving = this.onResponse(r, target, onLink);
    const estimate = moving.value;
    const standardError = this.errorOf(moving);
    if (level === undefined) return { estimate, standardError };
    const z = halfWidth(level);
    const carried = carryOver(link, onLink.value - z * linkError, onLink.value + z * linkError);
    return { estimate, standardError, ...carried };
  }

  private errorOf({ gradient, spread }: Moving): number {
    return Math.sqrt(this.delta.variance(gradient) + spread);
  }

  /** `factor` x in the places of beta, 0 elsewhere. */
  private alongRow(r: number, factor: number): Float64Array {
    const gradient = new Float64Array(this.delta.size);
    for (let j = 0; j < this.p; j++) gradient[j] = factor * this.rows.x[r * this.p + j];
    return gradient;
  }

  private onLink(r: number, target: PredictionTarget): Moving {
    const eta = linearPredictor(this.rows, this.fit.parameters.beta, r);
    const gradient = this.alongRow(r, 1);
    if (target === 'typical') return { value: eta, gradient, spread: 0 };
    if (target === 'population') {
      const { link } = this.fit.model.family;
      if (link.name === 'identity') return this.shifted(eta, gradient, this.momentsOfEffect(), 0);
      if (Number.isNaN(eta)) return { value: eta, gradient: this.alongRow(r, Number.NaN), spread: 0 };
      const { value, slope, sigmaSlope } = this.means.predictorAt(eta);
      const along = this.alongRow(r, slope);
      along[this.p] = sigmaSlope;
      return { value, gradient: along, spread: 0 };
    }
    const { sigma } = this.fit.parameters;
    const i = this.rows.cluster[r];
    if (sigma === 0) return { value: eta, gradient, spread: 0 };
    if (i < 0) {
      const moments = this.momentsOfEffect();
      return this.shifted(eta, gradient, moments, moments[1]);
    }
    const { posterior } = this.nodesOf(i);
    posterior.slope.forEach((slope, a) => {
      gradient[a] += sigma * slope;
    });
    gradient[this.p] += posterior.mean;
    return { value: eta + sigma * posterior.mean, gradient, spread: (sigma * posterior.sd) ** 2 };
  }

  private shifted(
    eta: number,
    gradient: Float64Array,
    [mean, , slope]: readonly [number, number, number],
    spread: number,
  ): Moving {
    gradient[this.p] += slope;
    return { value: eta + mean, gradient, spread };
  }

  private onResponse(r: number, target: PredictionTarget, onLink?: Moving): Moving {
    const { link } = this.fit.model.family;
    const { sigma } = this.fit.parameters;
    if (onLink && (target === 'typical' || sigma === 0)) {
      const slope = link.derivative(onLink.value);
      const value = link.inverse(onLink.value);
      return { value, gradient: onLink.gradient.map((d) => slope * d), spread: 0 };
    }
    const eta = linearPredictor(this.rows, this.fit.parameters.beta, r);
    const i = this.rows.cluster[r];
    if (target === 'population' || i < 0) {
      if (Number.isNaN(eta)) return { value: eta, gradient: this.alongRow(r, Number.NaN), spread: 0 };
      const { mean, slope, sigmaSlope } = this.means.at(eta);
      const gradient = this.alongRow(r, slope);
      gradient[this.p] = sigmaSlope;
      return { value: mean, gradient, spread: target === 'cluster' ? this.means.variance(eta) : 0 };
    }
    return this.ofKnownCluster(eta, r, i);
  }

  /** E[mu | y_i] over the cluster's own intercept: its gradient is E[d mu] + Cov(mu, score). */
  private ofKnownCluster(eta: number, r: number, i: number): Moving {
    const { link } = this.fit.model.family;
    const { sigma } = this.fit.parameters;
    const nodes = this.nodesOf(i);
    const { z, weights } = nodes;
    const mu = z.map((at) => link.inverse(eta + sigma * at));
    let mean = 0;
    let slope = 0;
    let slopeZ = 0;
    for (let k = 0; k < z.length; k++) {
      const d = weights[k] * link.derivative(eta + sigma * z[k]);
      mean += weights[k] * mu[k];
      slope += d;
      slopeZ += d * z[k];
    }
    let spread = 0;
    for (let k = 0; k < z.length; k++) spread += weights[k] * (mu[k] - mean) ** 2;
    const gradient = this.alongRow(r, slope);
    gradient[this.p] = slopeZ;
    addCovariance(nodes, mu, mean, gradient);
    return { value: mean, gradient, spread };
  }

  /** Kept until another cluster is asked for: all of them would fill the memory. */
  private nodesOf(cluster: number): ClusterNodes {
    if (this.last?.cluster !== cluster) this.last = { cluster, nodes: clusterNodes(this.integrand, cluster) };
    return this.last.nodes;
  }

  /** Mean and variance of eps over clusters, and how the mean moves with sigma. */
  private momentsOfEffect(): readonly [number, number, number] {
    if (this.effectMoments) return this.effectMoments;
    const { model, parameters } = this.fit;
    const { randomEffect } = model;
    const sd = randomEffect.standardDeviation(parameters);
    let moments: readonly [number, number, number] = [0, sd * sd, 0];
    if (!randomEffect.symmetric && parameters.sigma > 0) {
      const out = new Float64Array(2);
      const terms = 2;
      this.means.expectation.expect(
        terms,
        (node, to) => {
          const weight = Math.exp(node.logWeight);
          to[0] = weight * node.eps;
          to[1] = weight * (node.z + node.eps * node.sigmaSlope);
        },
        out,
      );
      moments = [out[0], sd * sd, out[1]];
    } else if (randomEffect.tailDf <= 1 && parameters.sigma > 0) {
      moments = [Number.NaN, Number.POSITIVE_INFINITY, Number.NaN];
    }
    this.effectMoments = moments;
    return moments;
  }
}

function withInterval(estimate: number, standardError: number, level: number | undefined): Prediction {
  if (level === undefined) return { estimate, standardError };
  const half = halfWidth(level) * standardError;
  return { estimate, standardError, lower: estimate - half, upper: estimate + half };
}
