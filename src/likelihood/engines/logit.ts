// The engine for binomial responses with the logit link: no exponential and no logarithm inside the loops over nodes.
import type { Clusters } from '../../model/clusters.js';
import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import { type EffectDerivatives, effectDerivatives, type RandomEffect } from '../../model/random-effect.js';
import { findMode } from '../mode.js';
import type { ClusterIntegral } from '../trapezoid.js';
import type { Accuracy, ClusterEngine, Derivatives } from './engine.js';
import { multiplyOdds, sumScores, sumSoftplus, sumWeightedSoftplus } from './logit-kernels.js';
import { LogitMoments } from './logit-moments.js';
import { LogitRows } from './logit-rows.js';
import { NODE_BLOCK, NodeGrid } from './node-grid.js';
import { ReducedDesign } from './reduced-design.js';

/** Odds beyond exp of this could overflow a product of eight; such clusters go to the general engine. */
const LARGEST_LOG_ODDS = 69;
/** A product of all of a cluster's 1 + E F is a number below exp of this. */
const LARGEST_LOG_PRODUCT = 690;

/** Products carried from node to node: exp(sigma z) and its ratio, the numerator of the weight and its two ratios. */
interface Along {
  /** The node they stand at, and the step they are for. */
  next: number;
  step: number;
  factor: number;
  ratio: number;
  numerator: number;
  growth: number;
  bend: number;
}

/** For log-concave, smooth F, symmetric about 0, whose z has a density free of sigma. */
export class LogitEngine implements ClusterEngine {
  /** Derivatives of the log integrand in z at the last point evaluated. */
  gradient = 0;
  curvature = 0;
  private readonly effect: RandomEffect;
  private readonly step: number;
  /** Standard deviation of z. */
  private readonly effectSd: number;
  private readonly isNormal: boolean;
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
  private gradientOnly = false;
  private readonly sums: Float64Array = new Float64Array(2);
  /** Per node of the grid: exp(sigma z), and the product over rows of 1 + E F, or its logarithm. */
  private factor: Float64Array = new Float64Array(0);
  private odds: Float64Array = new Float64Array(0);
  /** Weights come from products (few rows, one trial each, normal F), not from sums of logarithms. */
  private byProducts = false;
  private centre = 0;
  private centreOdds = 0;
  /** Where the products stand: see fillByProducts. */
  private readonly along: Along = { next: 0, step: 0, factor: 0, ratio: 0, numerator: 0, growth: 0, bend: 0 };
  private readonly fill = (grid: NodeGrid, from: number, to: number, step: number): void =>
    this.fillWeights(grid, from, to, step);

  /** @param general takes the clusters whose odds would leave the range of a product */
  constructor(model: Model, clusters: Clusters, general: ClusterEngine) {
    this.effect = model.randomEffect;
    this.step = model.family.outcome.step;
    this.effectSd = this.effect.standardDeviation({ beta: new Float64Array(0), sigma: 1 });
    this.isNormal = this.effect.name === 'normal';
    this.general = general;
    this.reduced = new ReducedDesign(clusters, false);
    this.rows = new LogitRows(clusters, this.reduced);
    this.moments = new LogitMoments(this.reduced, this.rows);
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
    derivatives: Derivatives,
    out: ClusterIntegral,
  ): void {
    const { grid, sigma, rows } = this;
    rows.load(cluster, this.beta);
    this.outOfRange = false;
    this.byGeneral = false;
    this.gradientOnly = derivatives === 'gradient' && sigma > 0;
    if (sigma === 0) {
      this.withoutIntercepts(derivatives, out);
      return;
    }
    const mode = findMode(this, start, accuracy.centring);
    const modeSd = 1 / Math.sqrt(-this.curvature);
    const step = accuracy.step * Math.min(modeSd, this.step / Math.max(sigma, 1e-300));
    const logIntegral = grid.integrate(this.fill, mode, step, accuracy.drop, tolerance);
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
    out.laplace = grid.logPeak + Math.log(modeSd) + 0.5 * Math.log(2 * Math.PI);
    if (derivatives === 'gradient') this.moments.score(grid, this.factor);
    else if (derivatives) this.moments.differentiate(grid, this.factor);
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
    const { reduced, rows } = this;
    if (this.byGeneral) this.general.addDerivatives(multiplicity, gradient, hessian);
    else if (this.gradientOnly) reduced.expandGradient(rows.cluster, multiplicity, gradient);
    else reduced.expand(rows.cluster, multiplicity, gradient, hessian);
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
    this.checkRange(rows.largestEta + sigma * z);
    sumScores(rows.odds, rows.won, rows.lost, rows.padded, Math.exp(sigma * z), sums);
    this.effect.derivatives(z, sigma, effectPart);
    this.gradient = sigma * sums[0] + effectPart.z;
    this.curvature = effectPart.zz - sigma * sigma * sums[1];
  }

  private fillWeights(grid: NodeGrid, from: number, to: number, step: number): void {
    this.reserve(grid.z.length);
    const { rows, sigma } = this;
    const logOdds = rows.largestEta + sigma * Math.max(grid.z[from], grid.z[to - 1]);
    this.checkRange(logOdds);
    const fits = rows.padded * (Math.max(0, logOdds) + Math.LN2) < LARGEST_LOG_PRODUCT;
    if (from === 0) this.byProducts = this.isNormal && rows.unit && fits && to - from === NODE_BLOCK;
    if (this.byProducts && fits) this.fillByProducts(grid, from, step);
    else this.fillByLogarithms(grid, from, to);
  }

  /**
   * Few rows, one trial each, normal F: exp(successes sigma z - z^2 / 2) has a logarithm quadratic along equally spaced
   * nodes, so from one block to the next it goes on by products; a side of a level begins with four exponentials.
   */
  private fillByProducts(grid: NodeGrid, from: number, step: number): void {
    const { sigma, rows, factor, odds, along } = this;
    const { z, weight } = grid;
    const first = z[from];
    if (from === 0) this.centre = first;
    if (from === 0 || along.next !== from || along.step !== step) {
      const slope = rows.successes * sigma;
      along.step = step;
      along.ratio = Math.exp(sigma * step);
      along.bend = Math.exp(-step * step);
      along.factor = Math.exp(sigma * first);
      along.numerator = Math.exp((first - this.centre) * (slope - 0.5 * (first + this.centre)));
      along.growth = Math.exp(step * (slope - first - 0.5 * step));
    }
    for (let k = from; k < from + NODE_BLOCK; k++) {
      factor[k] = along.factor;
      along.factor *= along.ratio;
    }
    multiplyOdds(rows.odds, rows.padded, factor, from, odds);
    if (from === 0) {
      this.centreOdds = odds[0];
      grid.logPeak =
        rows.linear +
        rows.successes * (sigma * first) -
        Math.log(odds[0]) +
        this.effect.logDensity(first, sigma);
    }
    for (let k = from; k < from + NODE_BLOCK; k++) {
      weight[k] = (along.numerator * this.centreOdds) / odds[k];
      along.numerator *= along.growth;
      along.growth *= along.bend;
    }
    along.next = from + NODE_BLOCK;
  }

  private fillByLogarithms(grid: NodeGrid, from: number, to: number): void {
    const { sigma, effect, rows, factor, odds: softplus } = this;
    const { z, weight } = grid;
    for (let k = from; k < to; k++) factor[k] = Math.exp(sigma * z[k]);
    if (rows.unit && to - from === NODE_BLOCK) sumSoftplus(rows.odds, rows.padded, factor, from, softplus);
    else sumWeightedSoftplus(rows.odds, rows.won, rows.lost, rows.padded, factor, from, to, softplus);
    for (let k = from; k < to; k++) {
      const value =
        rows.linear + rows.successes * (sigma * z[k]) - softplus[k] + effect.logDensity(z[k], sigma);
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
    this.odds = new Float64Array(length);
  }
}
