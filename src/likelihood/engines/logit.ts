// The engine for binomial responses with the logit link: no exponential and no logarithm inside the loops over nodes.
import type { Clusters } from '../../model/clusters.js';
import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import { type EffectDerivatives, effectDerivatives, type RandomEffect } from '../../model/random-effect.js';
import { findMode } from '../mode.js';
import type { ClusterIntegral } from '../trapezoid.js';
import { type Accuracy, type ClusterEngine, type Derivatives, FINE, LONG_WALK } from './engine.js';
import { LogitCluster } from './logit-cluster.js';
import { logOfProduct, sumScores, sumSoftplus, sumWeightedRises } from './logit-kernels.js';
import { LogitMoments } from './logit-moments.js';
import { LogitRows } from './logit-rows.js';
import { NODE_BLOCK, NodeGrid } from './node-grid.js';
import { ReducedDesign } from './reduced-design.js';
import { SmallLogit } from './small-logit/small-logit.js';

/** Odds beyond exp of this could overflow a product of eight; such clusters go to the general engine. */
const LARGEST_LOG_ODDS = 69;

/** For normal F: z has mean 0 and variance 1. */
export class LogitEngine implements ClusterEngine {
  /** Derivatives of the log integrand in z at the last point evaluated. */
  gradient = 0;
  curvature = 0;
  private readonly effect: RandomEffect;
  private readonly step: number;
  private readonly general: ClusterEngine;
  private readonly rows: LogitRows;
  private readonly reduced: ReducedDesign;
  private readonly moments: LogitMoments;
  private readonly small: SmallLogit;
  private readonly grouped: LogitCluster;
  private bySmall = false;
  private cluster = 0;
  private readonly grid = new NodeGrid();
  private readonly effectPart: EffectDerivatives = effectDerivatives();
  private beta: Float64Array = new Float64Array(0);
  private sigma = 0;
  private outOfRange = false;
  private byGeneral = false;
  private gradientOnly = false;
  private readonly sums: Float64Array = new Float64Array(2);
  /** Per node of the grid: exp(sigma z), and the sum over rows of log(1 + E F). */
  private factor: Float64Array = new Float64Array(0);
  private softplus: Float64Array = new Float64Array(0);
  private centre = 0;
  private centreEffect = 0;
  private readonly fill = (grid: NodeGrid, from: number, to: number): void =>
    this.fillWeights(grid, from, to);

  /** @param general takes the clusters whose odds would leave the range of a product, or whose mode is too wide */
  constructor(model: Pick<Model, 'family' | 'randomEffect'>, clusters: Clusters, general: ClusterEngine) {
    this.effect = model.randomEffect;
    this.step = model.family.outcome.step;
    this.general = general;
    this.reduced = new ReducedDesign(clusters, false);
    this.rows = new LogitRows(clusters, this.reduced);
    this.moments = new LogitMoments(this.reduced, this.rows);
    this.grouped = new LogitCluster(clusters);
    this.small = new SmallLogit(clusters, this.reduced, this.step, this.rows.unit);
  }

  setParameters(parameters: Parameters): void {
    this.beta = parameters.beta;
    this.sigma = parameters.sigma;
    this.general.setParameters(parameters);
    this.small.setParameters(parameters.beta, parameters.sigma);
  }

  integrate(
    cluster: number,
    start: number,
    accuracy: Accuracy,
    tolerance: number,
    derivatives: Derivatives,
    out: ClusterIntegral,
  ): void {
    const { grid, sigma, rows } = this;
    this.cluster = cluster;
    this.outOfRange = false;
    this.byGeneral = false;
    this.gradientOnly = derivatives === 'gradient' && sigma > 0;
    this.bySmall = this.small.integrate(cluster, start, accuracy, tolerance, derivatives, out);
    if (this.bySmall) return;
    const coarse = !derivatives && accuracy !== FINE && tolerance === Number.POSITIVE_INFINITY;
    if (coarse && this.grouped.integrate(cluster, this.beta, sigma, start, accuracy, this.step, out)) return;
    rows.load(cluster, this.beta);
    if (sigma === 0) {
      this.withoutIntercepts(derivatives, out);
      return;
    }
    const mode = findMode(this, start, accuracy.centring);
    const modeSd = 1 / Math.sqrt(-this.curvature);
    const step = accuracy.step * Math.min(modeSd, this.step / Math.max(sigma, 1e-300));
    const logIntegral =
      modeSd < LONG_WALK * step
        ? grid.integrate(this.fill, mode, step, accuracy.drop, tolerance)
        : Number.NaN;
    if (this.outOfRange || Number.isNaN(logIntegral)) {
      this.byGeneral = true;
      this.general.integrate(cluster, start, accuracy, tolerance, derivatives, out);
      return;
    }
    out.logIntegral = logIntegral;
    out.error = grid.error;
    out.nodes = grid.count;
    out.mode = mode;
    out.modeSd = modeSd;
    out.laplace = grid.logPeak + Math.log(modeSd) + 0.5 * Math.log(2 * Math.PI);
    if (derivatives === 'gradient') this.moments.score(grid, this.factor, accuracy.drop);
    else if (derivatives) this.moments.differentiate(grid, this.factor, accuracy.drop, sigma);
  }

  /** At sigma = 0 the likelihood does not depend on z, whose posterior is F itself. */
  private withoutIntercepts(derivatives: Derivatives, out: ClusterIntegral): void {
    const { grid, rows } = this;
    const { slots, size, gradient, hessian } = this.reduced;
    grid.single(this.fill);
    const logLik = grid.logPeak - this.effect.logDensity(0, 0);
    out.logIntegral = logLik;
    out.error = 0;
    out.nodes = 1;
    out.mode = 0;
    out.modeSd = 1;
    out.laplace = logLik;
    if (!derivatives) return;
    this.moments.differentiate(grid, this.factor, FINE.drop, 0);
    // The score in sigma is z S, its derivative -z^2 V, and E[z] = 0, E[z^2] = 1.
    sumScores(rows.odds, rows.won, rows.lost, rows.padded, 1, this.sums);
    hessian[slots * size + slots] = gradient[0] ** 2 - this.sums[1];
    this.moments.sd = 1;
  }

  addDerivatives(multiplicity: number, gradient: Float64Array, hessian: Float64Array): void {
    const { reduced, cluster } = this;
    if (this.byGeneral) this.general.addDerivatives(multiplicity, gradient, hessian);
    else if (this.gradientOnly) reduced.expandGradient(cluster, multiplicity, gradient);
    else reduced.expand(cluster, multiplicity, gradient, hessian);
  }

  meanZ(): number {
    if (this.byGeneral) return this.general.meanZ();
    return this.bySmall ? this.small.mean : this.moments.mean;
  }

  sdZ(): number {
    if (this.byGeneral) return this.general.sdZ();
    return this.bySmall ? this.small.sd : this.moments.sd;
  }

  /** For the search of the mode. */
  evaluate(z: number): void {
    const { sigma, sums, effectPart, rows } = this;
    this.checkRange(rows.largestEta + sigma * z);
    sumScores(rows.odds, rows.won, rows.lost, rows.padded, Math.exp(sigma * z), sums);
    this.effect.derivatives(z, sigma, effectPart);
    this.gradient = sigma * sums[0] + effectPart.z;
    this.curvature = effectPart.zz - sigma * sigma * sums[1];
  }

  private fillWeights(grid: NodeGrid, from: number, to: number): void {
    this.reserve(grid.z.length);
    const { sigma, effect, rows, factor, softplus } = this;
    const { z, weight } = grid;
    this.checkRange(rows.largestEta + sigma * Math.max(z[from], z[to - 1]));
    const effectAt = (k: number): number => effect.logDensity(z[k], sigma);
    for (let k = from; k < to; k++) factor[k] = Math.exp(sigma * z[k]);
    if (!rows.unit) {
      if (from === 0) {
        this.centre = z[0];
        this.centreEffect = effectAt(0);
        grid.logPeak = rows.centre(sigma * z[0]) + this.centreEffect;
      }
      const { centre, centreEffect } = this;
      for (let k = from; k < to; k++) weight[k] = Math.expm1(sigma * (z[k] - centre));
      const { odds, won, lost, mu, softplus: atCentre, padded } = rows;
      sumWeightedRises(odds, won, lost, mu, atCentre, padded, factor, weight, from, to, softplus);
      for (let k = from; k < to; k++) {
        const rise = rows.successes * (sigma * (z[k] - centre)) - softplus[k];
        weight[k] = Math.exp(rise + effectAt(k) - centreEffect);
      }
      return;
    }
    if (to - from < NODE_BLOCK) softplus[from] = logOfProduct(rows.odds, rows.padded, factor[from]);
    else sumSoftplus(rows.odds, rows.padded, factor, from, softplus);
    for (let k = from; k < to; k++) {
      const value = rows.linear + rows.successes * (sigma * z[k]) - softplus[k] + effectAt(k);
      if (k === 0) grid.logPeak = value;
      weight[k] = Math.exp(value - grid.logPeak);
    }
  }

  private checkRange(logOdds: number): void {
    // Written so that NaN is out of range too.
    if (!(logOdds < LARGEST_LOG_ODDS && this.rows.largestEta < LARGEST_LOG_ODDS)) this.outOfRange = true;
  }

  private reserve(length: number): void {
    if (this.factor.length >= length) return;
    const factor = new Float64Array(length);
    factor.set(this.factor);
    this.factor = factor;
    this.softplus = new Float64Array(length);
  }
}
