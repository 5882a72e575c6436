// One cluster's part of the observed information by Louis's identity, for missing data that move with the parameters.
import { dot } from '../numeric/newton.js';
import { ReducedDesign } from './engines/reduced-design.js';
import type { Integrand } from './integrand.js';
import { ModeSlopes } from './mode-slopes.js';
import { ExpectedDerivatives } from './moments.js';
import { findPeak } from './peak.js';
import {
  addRowScores,
  copyScores,
  curvatureSums,
  finishScores,
  MOST_SCORES,
  mixedSums,
  moveScores,
  scoreProducts,
  scoreSums,
  startCluster,
  startScores,
  sumCurvatures,
  sumScoreProducts,
  sums,
  weighedScores,
  weighScores,
} from './point-scores.js';
import type { RowSums } from './unit-logit.js';
import { loadPoints, MOST_POINTS, MOST_ROWS, pointZ } from './unit-logit-points.js';

/** Per point: derivatives in z of the effect's log density. */
const effectZ = new Float64Array(MOST_POINTS);
const effectZZ = new Float64Array(MOST_POINTS);

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
  /** Where there is a fast way: the slots, that of each parameter, and what its column is there. */
  private readonly reduced: ReducedDesign | undefined;
  private readonly slot: Int32Array;
  private readonly factor: Float64Array;
  private readonly rowSums: RowSums;

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
    this.slot = new Int32Array(size);
    this.factor = new Float64Array(size).fill(1);
    this.rowSums = {
      score: this.rowScore,
      curvature: this.rowCurvature,
      curvatureZ: this.rowCurvatureZ,
      scoreZ: 0,
      curvatureZZ: 0,
    };
    if (this.hasDispersion || !integrand.effect.scaleFamily || !integrand.unitLogit) return;
    const reduced = new ReducedDesign(integrand.clusters, false);
    if (reduced.size > MOST_SCORES) return;
    this.reduced = reduced;
    reduced.varying.forEach((j, k) => {
      this.slot[j] = 1 + k;
    });
    this.slot[this.columns] = reduced.slots;
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

  /** The same with z itself for the missing data: exact for the weights as they are, whatever they are. */
  startPlain(): void {
    this.reset();
    this.mode = 0;
    this.spread = 1;
    this.slopes.clear();
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
   * @param replicated receives their weighted sums over each of so many equal parts of the points, parts x size
   */
  addAll(z: Float64Array, weights: Float64Array, scores?: Float64Array, replicated?: Float64Array): void {
    const { integrand, size, reduced, score } = this;
    replicated?.fill(0);
    const each = replicated ? (z.length * size) / replicated.length : z.length;
    if (reduced && integrand.hasFastWay(z, 0, z.length)) {
      this.addBlocks(z, weights, reduced, scores, replicated, each);
      return;
    }
    for (let k = 0; k < z.length; k++) {
      integrand.evaluate(z[k]);
      this.add(z[k], weights[k]);
      scores?.set(score, k * size);
      const part = Math.floor(k / each) * size;
      for (let a = 0; replicated && a < size; a++) replicated[part + a] += weights[k] * score[a];
    }
  }

  private addBlocks(
    z: Float64Array,
    weights: Float64Array,
    { varying, slots }: ReducedDesign,
    scores: Float64Array | undefined,
    replicated: Float64Array | undefined,
    each: number,
  ): void {
    const { integrand, columns, size, slot, factor, rowSums, mode, spread } = this;
    const { from, to, sigma, clusters } = integrand;
    const { x, y } = clusters;
    let constant = 0;
    for (let j = 0; j < columns; j++) {
      if (slot[j] !== 0) continue;
      factor[j] = x[from * columns + j];
      if (factor[j] !== 0) constant = j;
    }
    startCluster(x, y, from, to, columns, varying);
    for (let first = 0; first < z.length; first += MOST_POINTS) {
      const count = Math.min(MOST_POINTS, z.length - first);
      loadPoints(z, weights, first, count, sigma);
      startScores(slots, count);
      for (let r = from; r < to; r += MOST_ROWS) {
        const rows = Math.min(MOST_ROWS, to - r);
        integrand.addRows(r, rows, count, rowSums);
        addRowScores(x, r, rows, columns, varying, count);
      }
      finishScores(slots, count);
      for (let a = 0; scores && a < size; a++)
        copyScores(slot[a], factor[a], count, scores, first * size + a, size);
      if (replicated) this.addReplicated(replicated, each, first, count);
      this.fillEffect(count);
      sumCurvatures(sigma, mode, spread, effectZ, effectZZ, count);
      for (let a = 0; a <= slots; a++) {
        // Of the columns that stand for the slot any tells how mode and spread move.
        const j = a === 0 ? constant : a < slots ? varying[a - 1] : columns;
        const share = a === 0 && slot[j] === 0 && factor[j] !== 0 ? 1 / factor[j] : a === 0 ? 0 : 1;
        moveScores(a, share * this.slopes.mode[j], share * this.slopes.spread[j], count, first === 0);
      }
      sumScoreProducts(slots + 1, count);
    }
    this.weight = sums.weight;
    this.sigmaScore = sums.sigma;
    this.sigmaSigma = sums.sigmaSigma;
    this.curvatures.set(curvatureSums);
    this.mixed[columns] = mixedSums[0];
    this.mixedT[columns] = mixedSums[1];
    for (let a = 0; a < size; a++) {
      this.sum[a] = factor[a] * scoreSums[slot[a]];
      for (let b = 0; b <= a; b++) {
        const row = Math.max(slot[a], slot[b]);
        const column = Math.min(slot[a], slot[b]);
        this.sumSquares[a * size + b] = factor[a] * factor[b] * scoreProducts[row * MOST_SCORES + column];
      }
    }
  }

  /** The effect's derivatives at the points loaded. */
  private fillEffect(count: number): void {
    const { effect, effectPart, sigma } = this.integrand;
    if (effect.name === 'normal') {
      for (let k = 0; k < count; k++) {
        effectZ[k] = -pointZ[k];
        effectZZ[k] = -1;
      }
      return;
    }
    for (let k = 0; k < count; k++) {
      effect.derivatives(pointZ[k], sigma, effectPart);
      effectZ[k] = effectPart.z;
      effectZZ[k] = effectPart.zz;
    }
  }

  /** Adds each part's weighted scores at the points loaded, which are the cluster's from `first` on. */
  private addReplicated(replicated: Float64Array, each: number, first: number, count: number): void {
    const { size, slot, factor } = this;
    for (let k = 0; k < count; ) {
      const part = Math.floor((first + k) / each);
      const end = Math.min(count, (part + 1) * each - first);
      weighScores(k, end, this.reduced!.slots + 1);
      for (let a = 0; a < size; a++) replicated[part * size + a] += factor[a] * weighedScores[slot[a]];
      k = end;
    }
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
