// The engine for binomial responses with the logit link: no exponential and no logarithm inside the loops over nodes.
import type { Clusters } from '../../model/clusters.js';
import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import { type EffectDerivatives, effectDerivatives, type RandomEffect } from '../../model/random-effect.js';
import { findMode } from '../mode.js';
import type { ClusterIntegral } from '../trapezoid.js';
import type { Accuracy, ClusterEngine } from './engine.js';
import { sumScores, sumSoftplus, sumWeightedSoftplus } from './logit-kernels.js';
import { LogitMoments } from './logit-moments.js';
import { LogitRows } from './logit-rows.js';
import { NODE_BLOCK, NodeGrid } from './node-grid.js';
import { ReducedDesign } from './reduced-design.js';

/** Odds beyond exp of this could overflow a product of eight; such clusters go to the general engine. */
const LARGEST_LOG_ODDS = 69;

/** For log-concave, smooth F, symmetric about 0, whose z has a density free of sigma. */
export class LogitEngine implements ClusterEngine {
  /** Derivatives of the log integrand in z at the last point evaluated. */
  gradient = 0;
  curvature = 0;
  private readonly effect: RandomEffect;
  private readonly step: number;
  /** Standard deviation of z. */
  private readonly effectSd: number;
  private readonly general: ClusterEngine;
  private readonly rows: LogitRows;
  private readonly reduced: ReducedDesign;
  private readonly moments: LogitMoments;
  private readonly grid = new NodeGrid();
  private readonly effectPart: EffectDerivatives = effectDerivatives();
  private beta: Float64Array = new Float64Array(0);
  private sigma = 0;
  private outOfRange = false;
  private byGeneral = false;
  private readonly sums: Float64Array = new Float64Array(2);
  /** Per node of the grid: exp(sigma z), and the sum over rows of log(1 + E F). */
  private factor = new Float64Array(0);
  private softplus = new Float64Array(0);
  private readonly logIntegrand = (grid: NodeGrid, from: number, to: number): void =>
    this.evaluateNodes(grid, from, to);

  /** @param general takes the clusters whose odds would leave the range of a product */
  constructor(model: Model, clusters: Clusters, general: ClusterEngine) {
    this.effect = model.randomEffect;
    this.step = model.family.outcome.step;
    this.effectSd = this.effect.standardDeviation({ beta: new Float64Array(0), sigma: 1 });
    this.general = general;
    this.rows = new LogitRows(clusters);
    this.reduced = new ReducedDesign(clusters, false);
    this.moments = new LogitMoments(clusters, this.reduced, this.rows);
  }

  setParameters(parameters: Parameters): void {
    this.beta = parameters.beta;
    this.sigma = parameters.sigma;
    this.general.setParameters(parameters);
  }

  integrate(
    cluster: number,
    start: number,
    accuracy: Accuracy,
    tolerance: number,
    derivatives: boolean,
    out: ClusterIntegral,
  ): void {
    const { grid, sigma, rows } = this;
    rows.load(cluster, this.beta);
    this.outOfRange = false;
    this.byGeneral = false;
    if (sigma === 0) return this.withoutIntercepts(derivatives, out);
    const mode = findMode(this, start, accuracy.centring);
    const modeSd = 1 / Math.sqrt(-this.curvature);
    const step = accuracy.step * Math.min(modeSd, this.step / Math.max(sigma, 1e-300));
    const logIntegral = grid.integrate(this.logIntegrand, mode, step, accuracy.drop, tolerance);
    if (this.outOfRange) {
      this.byGeneral = true;
      this.general.integrate(cluster, start, accuracy, tolerance, derivatives, out);
      return;
    }
    out.logIntegral = logIntegral;
    out.error = grid.error;
    out.nodes = grid.count;
    out.mode = mode;
    out.modeSd = modeSd;
    out.laplace = grid.value[0] + Math.log(modeSd) + 0.5 * Math.log(2 * Math.PI);
    if (derivatives) this.moments.differentiate(grid, this.factor);
  }

  /** At sigma = 0 the likelihood does not depend on z, whose posterior is F itself. */
  private withoutIntercepts(derivatives: boolean, out: ClusterIntegral): void {
    const { grid, rows } = this;
    const { slots, size, gradient, hessian } = this.reduced;
    grid.z[0] = 0;
    grid.weight[0] = 1;
    grid.count = 1;
    grid.confirmed = 1;
    this.evaluateNodes(grid, 0, 1);
    const logLik = grid.value[0] - this.effect.logDensity(0, 0);
    out.logIntegral = logLik;
    out.error = 0;
    out.nodes = 1;
    out.mode = 0;
    out.modeSd = this.effectSd;
    out.laplace = logLik;
    if (!derivatives) return;
    this.moments.differentiate(grid, this.factor);
    // The score in sigma is z S, its derivative -z^2 V: E[z] = 0 for F symmetric about 0.
    sumScores(rows.odds, rows.won, rows.lost, rows.padded, 1, this.sums);
    hessian[slots * size + slots] = this.effectSd ** 2 * (gradient[0] ** 2 - this.sums[1]);
    this.moments.sd = this.effectSd;
  }

  addDerivatives(multiplicity: number, gradient: Float64Array, hessian: Float64Array): void {
    if (this.byGeneral) this.general.addDerivatives(multiplicity, gradient, hessian);
    else this.reduced.expand(this.rows.cluster, multiplicity, gradient, hessian);
  }

  meanZ(): number {
    return this.byGeneral ? this.general.meanZ() : this.moments.mean;
  }

  sdZ(): number {
    return this.byGeneral ? this.general.sdZ() : this.moments.sd;
  }

  /** For the search of the mode. */
  evaluate(z: number): void {
    const { sigma, sums, effectPart, rows } = this;
    this.checkRange(sigma * z);
    sumScores(rows.odds, rows.won, rows.lost, rows.padded, Math.exp(sigma * z), sums);
    this.effect.derivatives(z, sigma, effectPart);
    this.gradient = sigma * sums[0] + effectPart.z;
    this.curvature = effectPart.zz - sigma * sigma * sums[1];
  }

  private evaluateNodes(grid: NodeGrid, from: number, to: number): void {
    const { sigma, effect, rows } = this;
    this.reserve(grid.z.length);
    const { factor, softplus } = this;
    const { z, value } = grid;
    for (let k = from; k < to; k++) {
      const eps = sigma * z[k];
      this.checkRange(eps);
      factor[k] = Math.exp(eps);
    }
    if (rows.unit && to - from === NODE_BLOCK) sumSoftplus(rows.odds, rows.padded, factor, from, softplus);
    else sumWeightedSoftplus(rows.odds, rows.won, rows.lost, rows.padded, factor, from, to, softplus);
    for (let k = from; k < to; k++) {
      value[k] = rows.linear + rows.successes * (sigma * z[k]) - softplus[k] + effect.logDensity(z[k], sigma);
    }
  }

  private checkRange(eps: number): void {
    const { largestEta } = this.rows;
    // Written so that NaN is out of range too.
    if (!(largestEta + eps < LARGEST_LOG_ODDS && largestEta < LARGEST_LOG_ODDS)) this.outOfRange = true;
  }

  private reserve(length: number): void {
    if (this.factor.length >= length) return;
    const factor = new Float64Array(length);
    factor.set(this.factor);
    this.factor = factor;
    this.softplus = new Float64Array(length);
  }
}
