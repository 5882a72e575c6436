// One cluster's part of the observed information by Louis's identity, for missing data that move with the parameters.
import { dot } from '../numeric/newton.js';
import type { Integrand } from './integrand.js';
import { ModeSlopes } from './mode-slopes.js';
import { ExpectedDerivatives } from './moments.js';
import { findPeak } from './peak.js';
import type { PointTable } from './unit-logit-points.js';

/** Points are taken in blocks of so many, fewer where the clusters are large: a table holds rows x points. */
const BLOCK = 256;
const LEAST_BLOCK = 8;
const MOST_TABLED = 1e6;

/**
 * Louis's identity, E[-D2] - Cov(D), holds for any choice of the missing data. With z itself the two terms nearly cancel
 * where the data say much about z, and their Monte Carlo noise is all that is left. Here the missing data are v in
 * z = v + sum_a (theta_a - theta0_a) b_a(v), b_a(v) = m_a + s_a t(v), t = (v - mode) / sd, with m_a and s_a the slopes
 * of the posterior's mode and curvature sd in theta_a: a parametrisation between the centred and the non-centred one
 * (Papaspiliopoulos, Roberts and Skold 2007) for each cluster by itself. A normal posterior of v then depends on theta no
 * more to first order, Cov(D) is 0, and nothing cancels. At theta0, z = v, and with g the log integrand
 *
 *   D_a = g_a + b_a g_z + b_a',   D2_ab = g_ab + b_a g_zb + b_b g_za + b_a b_b g_zz - b_a' b_b'.
 *
 * The expectation of D is that of g_a all the same (Stein's identity). At a corner of g, g_zz is no function: there the
 * missing data are z itself.
 */
export class TransportedMoments extends ExpectedDerivatives {
  private readonly slopes: ModeSlopes;
  private mode = 0;
  private spread = 1;
  /** D at the last point added, and the first and second moments of D about its value at the first. */
  readonly moved: Float64Array;
  private readonly center: Float64Array;
  private readonly sum: Float64Array;
  private readonly sumSquares: Float64Array;
  /** Sums of g_zz t^k, k = 0, 1, 2. */
  private readonly curvatures: Float64Array = new Float64Array(3);
  /** Sums of g_ztheta and of t g_ztheta for sigma and the dispersion; those for beta come from the sums per row. */
  private readonly mixed: Float64Array;
  private readonly mixedT: Float64Array;
  private first = true;
  /** Points of a block, and their D, parameter after parameter; w times a row of that, g_z and t. */
  private readonly block: number;
  private table: PointTable | undefined;
  private readonly pointScores: Float64Array;
  private readonly weighed: Float64Array;
  private readonly gradients: Float64Array;
  private readonly places: Float64Array;

  constructor(integrand: Integrand) {
    super(integrand);
    const { size } = this;
    this.slopes = new ModeSlopes(size);
    this.moved = new Float64Array(size);
    this.center = new Float64Array(size);
    this.sum = new Float64Array(size);
    this.sumSquares = new Float64Array(size * size);
    this.mixed = new Float64Array(size);
    this.mixedT = new Float64Array(size);
    const fitting = Math.floor(MOST_TABLED / integrand.clusters.largest);
    this.block = Math.min(BLOCK, Math.max(LEAST_BLOCK, fitting));
    this.pointScores = new Float64Array(size * this.block);
    this.weighed = new Float64Array(this.block);
    this.gradients = new Float64Array(this.block);
    this.places = new Float64Array(this.block);
  }

  /** Starts the selected cluster, whose integrand is highest near `near`. */
  start(near: number): void {
    const { integrand, slopes } = this;
    this.reset();
    this.mode = findPeak(integrand, near).z;
    integrand.evaluate(this.mode);
    const smooth = !integrand.effect.kink && integrand.curvature < 0;
    this.spread = smooth ? 1 / Math.sqrt(-integrand.curvature) : 1;
    if (smooth) slopes.compute(integrand, this.mode, this.spread);
    else slopes.clear();
  }

  override reset(): void {
    super.reset();
    this.sum.fill(0);
    this.sumSquares.fill(0);
    this.curvatures.fill(0);
    this.mixed.fill(0);
    this.mixedT.fill(0);
    this.first = true;
  }

  override add(z: number, weight: number): void {
    super.add(z, weight);
    this.computeScore(z);
    const { integrand, size, columns, moved, center, sum, sumSquares, curvatures, mixed, mixedT } = this;
    const { gradient, curvature, sigma, scoreSum, curvatureSum, effectPart, dispersionPart } = integrand;
    const t = (z - this.mode) / this.spread;
    for (let a = 0; a < size; a++) {
      const s = this.slopes.spread[a];
      moved[a] = this.score[a] + (this.slopes.mode[a] + s * t) * gradient + s / this.spread;
    }
    if (this.first) {
      center.set(moved);
      this.first = false;
    }
    for (let a = 0; a < size; a++) {
      const d = weight * (moved[a] - center[a]);
      sum[a] += d;
      for (let b = 0; b <= a; b++) sumSquares[a * size + b] += d * (moved[b] - center[b]);
    }
    curvatures[0] += weight * curvature;
    curvatures[1] += weight * t * curvature;
    curvatures[2] += weight * t * t * curvature;
    const bySigma = weight * (scoreSum + z * sigma * curvatureSum + effectPart.zSigma);
    mixed[columns] += bySigma;
    mixedT[columns] += t * bySigma;
    if (size === columns + 1) return;
    let byDispersion = 0;
    for (let k = 0; k < integrand.to - integrand.from; k++) byDispersion += dispersionPart.eta[k];
    byDispersion *= weight * sigma;
    mixed[columns + 1] += byDispersion;
    mixedT[columns + 1] += t * byDispersion;
  }

  /**
   * Evaluates and adds all points: the same sums, by blocks where the integrand has a way to.
   * @param scores receives the complete-data scores, points x size
   */
  addAll(z: Float64Array, weights: Float64Array, scores?: Float64Array): void {
    const { integrand, size, block } = this;
    const simple = !this.hasDispersion && integrand.effect.scaleFamily;
    for (let from = 0; from < z.length; from += block) {
      const points = z.subarray(from, from + block);
      const own = weights.subarray(from, from + block);
      const out = scores?.subarray(from * size, (from + points.length) * size);
      if (simple && this.addBlock(points, own, out)) continue;
      for (let k = 0; k < points.length; k++) {
        integrand.evaluate(points[k]);
        this.add(points[k], own[k]);
        out?.set(this.score, k * size);
      }
    }
  }

  private addBlock(z: Float64Array, weights: Float64Array, out: Float64Array | undefined): boolean {
    const { integrand, block, size } = this;
    this.table ??= {
      first: new Float64Array(block * integrand.clusters.largest),
      scores: new Float64Array(block),
      curvatures: new Float64Array(block),
    };
    const sums = { score: this.rowScore, curvature: this.rowCurvature, curvatureZ: this.rowCurvatureZ };
    if (!integrand.fillPoints(z, weights, sums, this.table)) return false;
    this.sumPoints(z, weights, this.table);
    this.scorePoints(z, this.table);
    const { pointScores } = this;
    const n = z.length;
    for (let a = 0; out && a < size; a++) {
      for (let k = 0; k < n; k++) out[k * size + a] = pointScores[a * n + k];
    }
    this.movePoints(weights);
    return true;
  }

  /** What of the sums needs only each point's sums over its rows. */
  private sumPoints(z: Float64Array, weights: Float64Array, { scores, curvatures }: PointTable): void {
    const { integrand, columns, gradients, places, mode, spread, mixed, mixedT } = this;
    const { sigma, effect, effectPart } = integrand;
    let [c0, c1, c2] = this.curvatures;
    for (let k = 0; k < z.length; k++) {
      const weight = weights[k];
      const point = z[k];
      effect.derivatives(point, sigma, effectPart);
      const t = (point - mode) / spread;
      const curvature = weight * (sigma * sigma * curvatures[k] + effectPart.zz);
      const bySigma = weight * (scores[k] + point * sigma * curvatures[k] + effectPart.zSigma);
      places[k] = t;
      gradients[k] = sigma * scores[k] + effectPart.z;
      this.weight += weight;
      this.sigmaScore += weight * (point * scores[k] + effectPart.sigma);
      this.sigmaSigma += weight * (point * point * curvatures[k] + effectPart.sigmaSigma);
      c0 += curvature;
      c1 += t * curvature;
      c2 += t * t * curvature;
      mixed[columns] += bySigma;
      mixedT[columns] += t * bySigma;
    }
    this.curvatures[0] = c0;
    this.curvatures[1] = c1;
    this.curvatures[2] = c2;
  }

  /** The complete-data scores of scale families, into `pointScores`. */
  private scorePoints(z: Float64Array, { first, scores }: PointTable): void {
    const { integrand, columns, pointScores } = this;
    const { from, to } = integrand;
    const { x } = integrand.clusters;
    const n = z.length;
    pointScores.fill(0, 0, columns * n);
    for (let j = 0; j < columns; j++) {
      const base = j * n;
      let constant = true;
      for (let r = from; r < to; r++) constant &&= x[r * columns + j] === x[from * columns + j];
      if (constant) {
        const value = x[from * columns + j];
        for (let k = 0; k < n; k++) pointScores[base + k] = value * scores[k];
        continue;
      }
      for (let r = from; r < to; r++) {
        const value = x[r * columns + j];
        const place = (r - from) * n;
        for (let k = 0; k < n; k++) pointScores[base + k] += value * first[place + k];
      }
    }
    for (let k = 0; k < n; k++) pointScores[columns * n + k] = z[k] * scores[k];
  }

  /** From the scores to D about its value at the first point, and its moments. */
  private movePoints(weights: Float64Array): void {
    const { size, pointScores, weighed, gradients, places, spread, slopes, center, sum, sumSquares } = this;
    const n = weights.length;
    for (let a = 0; a < size; a++) {
      const base = a * n;
      const m = slopes.mode[a];
      const s = slopes.spread[a];
      const shift = s / spread;
      if (this.first) center[a] = pointScores[base] + (m + s * places[0]) * gradients[0] + shift;
      const origin = shift - center[a];
      let total = 0;
      for (let k = 0; k < n; k++) {
        const d = pointScores[base + k] + (m + s * places[k]) * gradients[k] + origin;
        pointScores[base + k] = d;
        weighed[k] = weights[k] * d;
        total += weighed[k];
      }
      sum[a] += total;
      for (let b = 0; b <= a; b++) {
        let product = 0;
        for (let k = 0; k < n; k++) product += weighed[k] * pointScores[b * n + k];
        sumSquares[a * size + b] += product;
      }
    }
    this.first = false;
  }

  /**
   * c' D2 c at the last point added, z.
   * @param shift x' c_beta of each row of the cluster
   */
  secondAlong(z: number, c: Float64Array, shift: Float64Array): number {
    const { integrand, columns, size, slopes, spread } = this;
    const { from, to, row, sigma, scoreSum, effectPart, dispersionPart, curvature } = integrand;
    const bySigma = c[columns];
    const byDispersion = size > columns + 1 ? c[columns + 1] : 0;
    let second = bySigma * bySigma * effectPart.sigmaSigma;
    let mixed = bySigma * (scoreSum + effectPart.zSigma);
    for (let k = 0; k < to - from; k++) {
      const change = shift[k] + z * bySigma;
      second += row.second[k] * change * change;
      mixed += sigma * row.second[k] * change;
      if (byDispersion === 0) continue;
      second += 2 * byDispersion * dispersionPart.eta[k] * change;
      mixed += byDispersion * sigma * dispersionPart.eta[k];
    }
    if (byDispersion !== 0) second += byDispersion * byDispersion * dispersionPart.second;
    const stretch = dot(slopes.spread, c);
    const b = dot(slopes.mode, c) + (stretch * (z - this.mode)) / spread;
    return second + 2 * b * mixed + b * b * curvature - (stretch / spread) ** 2;
  }

  /** Adds `multiplicity` times E[D2] + Cov(D) of the cluster to the lower triangle of `hessian`. */
  addHessian(multiplicity: number, hessian: Float64Array): void {
    this.addSecond(multiplicity, hessian);
    this.mixWithBeta();
    const { size, sum, sumSquares, curvatures, mixed, mixedT, weight, spread } = this;
    const { mode: m, spread: s } = this.slopes;
    const scale = multiplicity / weight;
    for (let a = 0; a < size; a++) {
      for (let b = 0; b <= a; b++) {
        const transported =
          m[a] * mixed[b] +
          s[a] * mixedT[b] +
          m[b] * mixed[a] +
          s[b] * mixedT[a] +
          m[a] * m[b] * curvatures[0] +
          (m[a] * s[b] + s[a] * m[b]) * curvatures[1] +
          s[a] * s[b] * curvatures[2] -
          (weight * s[a] * s[b]) / (spread * spread);
        const covariance = sumSquares[a * size + b] - (sum[a] * sum[b]) / weight;
        hessian[a * size + b] += scale * (transported + covariance);
      }
    }
  }

  private mixWithBeta(): void {
    const { integrand, columns, mode, spread, rowCurvature, rowCurvatureZ, mixed, mixedT } = this;
    const { from, to, sigma } = integrand;
    const { x } = integrand.clusters;
    mixed.fill(0, 0, columns);
    mixedT.fill(0, 0, columns);
    for (let r = from; r < to; r++) {
      const curvature = sigma * rowCurvature[r - from];
      const curvatureT = (sigma * rowCurvatureZ[r - from] - mode * curvature) / spread;
      for (let j = 0; j < columns; j++) {
        mixed[j] += curvature * x[r * columns + j];
        mixedT[j] += curvatureT * x[r * columns + j];
      }
    }
  }
}
