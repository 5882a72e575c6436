// Rows of single trials with the logit link: exp(eta + eps) = E F, one exponential a row and one a point.
import type { Outcome, RowDerivatives, Rows } from '../model/outcome.js';
import { binomialLogit } from '../model/outcomes/binomial-logit.js';
import type { RandomEffect } from '../model/random-effect.js';
import { exp } from '../numeric/exp.js';
import { isFilledWith } from '../numeric/is-filled.js';
import {
  divideByProducts,
  divideBySoftplus,
  loadPoints,
  loadRatios,
  loadRows,
  MOST_POINTS,
  MOST_ROWS,
  pointMu,
  pointV,
  pointWeight,
  pointZ,
  rowMu,
  rowV,
  rowZV,
  softplus as softplusAt,
  sumInformation,
  sumMeans,
  sumSoftplus,
} from './unit-logit-points.js';

/** A product of 1 + E F is turned into a logarithm when it passes this; 8 more factors below 1e30 still fit. */
const LARGE_PRODUCT = 1e60;
/** Odds beyond exp of this could overflow a product of eight: such points are for the outcome's own functions. */
const LARGEST_LOG_ODDS = 69;
/** Products of rows below exp of this leave weights in range, too. */
const LARGEST_LOG_RATIO = 600;
/** exp of more, or of less than minus this, is near the end of the numbers. */
const LARGEST_EXPONENT = 700;

/** Whether all rows are of one trial and weight 1, under the logit link. */
export function isUnitLogit(
  outcome: Outcome,
  { trials, weights }: Pick<Rows, 'trials' | 'weights'>,
): boolean {
  return outcome === binomialLogit && isFilledWith(trials, 1) && isFilledWith(weights, 1);
}

/** Weighted sums over points: per row of y - mu, of -mu (1 - mu) and of z times that, from index 0. */
export interface RowSums {
  readonly score: Float64Array;
  readonly curvature: Float64Array;
  readonly curvatureZ: Float64Array;
  /** Sums over the rows too: of z times the score, of z^2 times the curvature. */
  scoreZ: number;
  curvatureZZ: number;
}

/** The sums that an outcome gives, for such rows; NaN where a point is out of range. */
export class UnitLogit {
  private readonly rows: Rows;
  private readonly odds: Float64Array;
  private largestEta = 0;
  /** Whether every row's odds are a number with all its digits. */
  private inRange = false;

  constructor(rows: Rows) {
    this.rows = rows;
    this.odds = new Float64Array(rows.eta.length);
  }

  /** To be called when the linear predictors have changed. */
  update(): void {
    const { odds } = this;
    const { eta } = this.rows;
    let largest = Number.NEGATIVE_INFINITY;
    let smallest = Number.POSITIVE_INFINITY;
    for (let r = 0; r < eta.length; r++) {
      if (!(eta[r] <= largest)) largest = eta[r];
      if (!(eta[r] >= smallest)) smallest = eta[r];
      odds[r] = exp(eta[r]);
    }
    this.largestEta = largest;
    this.inRange = largest < LARGEST_LOG_ODDS && smallest > -LARGEST_EXPONENT;
  }

  private fits(eps: number): boolean {
    return this.inRange && this.largestEta + eps < LARGEST_LOG_ODDS && eps < LARGEST_EXPONENT;
  }

  /** Whether the points eps = sigma z of first .. end-1 are in range. */
  serves(sigma: number, z: Float64Array, first: number, end: number): boolean {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = first; k < end; k++) if (!(z[k] <= largest)) largest = z[k];
    return this.fits(sigma * largest);
  }

  /** The values at points eps = sigma z, first .. end-1, which are in range. */
  valueAll(
    from: number,
    to: number,
    sigma: number,
    z: Float64Array,
    out: Float64Array,
    first: number,
    end: number,
  ): void {
    const { odds } = this;
    const { y, eta } = this.rows;
    let constant = 0;
    let successes = 0;
    for (let r = from; r < to; r++) {
      constant += y[r] * eta[r];
      successes += y[r];
    }
    for (let place = first; place < end; place += MOST_POINTS) {
      const count = Math.min(MOST_POINTS, end - place);
      loadPoints(z, undefined, place, count, sigma);
      for (let r = from; r < to; r += MOST_ROWS) {
        const rows = Math.min(MOST_ROWS, to - r);
        loadRows(odds, r, rows);
        sumSoftplus(rows, count, this.largestLog(sigma, count));
      }
      for (let k = 0; k < count; k++) {
        out[place + k] = constant + successes * sigma * pointZ[k] - softplusAt[k];
      }
    }
  }

  /** No log of 1 + E F at the points loaded is larger. */
  private largestLog(sigma: number, count: number): number {
    let largest = pointZ[0];
    for (let k = 1; k < count; k++) if (pointZ[k] > largest) largest = pointZ[k];
    return Math.LN2 + Math.max(0, this.largestEta + sigma * largest);
  }

  /**
   * Adds to `out` the first derivatives at all points with weights target / proposal, target the integrand, as they are
   * weighed against the one at z = `mode`.
   * @returns the sum of the weights; NaN, with nothing added, where a point is out of range
   */
  addRatios(
    from: number,
    to: number,
    sigma: number,
    effect: RandomEffect,
    z: Float64Array,
    logProposal: Float64Array,
    first: number,
    end: number,
    mode: number,
    out: Pick<RowSums, 'score' | 'scoreZ'>,
  ): number {
    let largest = mode;
    for (let k = first; k < end; k++) if (!(z[k] <= largest)) largest = z[k];
    if (!this.fits(sigma * largest)) return Number.NaN;
    const largestLog = Math.LN2 + Math.max(0, this.largestEta + sigma * largest);
    const inLogs = !((to - from) * largestLog < LARGEST_LOG_RATIO);
    const { odds } = this;
    const { y } = this.rows;
    let successes = 0;
    for (let r = from; r < to; r++) successes += y[r];
    const slope = sigma * successes;
    const offset =
      softplus(odds, from, to, exp(sigma * mode)) - slope * mode - effect.logDensity(mode, sigma);
    let total = 0;
    let scoreZ = 0;
    for (let place = first; place < end; place += MOST_POINTS) {
      const count = Math.min(MOST_POINTS, end - place);
      loadRatios(z, logProposal, place, count, sigma, slope, offset, effect, inLogs);
      for (let r = from; r < to; r += MOST_ROWS) {
        const rows = Math.min(MOST_ROWS, to - r);
        loadRows(odds, r, rows);
        if (inLogs) sumSoftplus(rows, count, largestLog);
        else divideByProducts(rows, count);
      }
      if (inLogs) divideBySoftplus(count);
      for (let r = from; r < to; r += MOST_ROWS) {
        const rows = Math.min(MOST_ROWS, to - r);
        if (to - from > MOST_ROWS) loadRows(odds, r, rows);
        sumMeans(rows, count);
        for (let k = 0; k < rows; k++) out.score[r - from + k] -= rowMu[k];
      }
      for (let k = 0; k < count; k++) {
        total += pointWeight[k];
        scoreZ += pointWeight[k] * pointZ[k] * (successes - pointMu[k]);
      }
    }
    out.scoreZ += scoreZ;
    for (let r = from; r < to; r++) out.score[r - from] += total * y[r];
    return total;
  }

  /** Adds the weighted first derivatives at points first .. end-1, which are in range, to `out`; all derivatives if `both`. */
  addPoints(
    from: number,
    to: number,
    sigma: number,
    z: Float64Array,
    weights: Float64Array,
    first: number,
    end: number,
    out: RowSums,
    both: boolean,
  ): void {
    const { y } = this.rows;
    let successes = 0;
    for (let r = from; r < to; r++) successes += y[r];
    let scoreZ = 0;
    let curvatureZZ = 0;
    for (let place = first; place < end; place += MOST_POINTS) {
      const count = Math.min(MOST_POINTS, end - place);
      loadPoints(z, weights, place, count, sigma);
      for (let r = from; r < to; r += MOST_ROWS) {
        this.addRows(r, Math.min(MOST_ROWS, to - r), count, out, r - from, both);
      }
      for (let k = 0; k < count; k++) {
        const weightZ = pointWeight[k] * pointZ[k];
        scoreZ += weightZ * (successes - pointMu[k]);
        curvatureZZ -= weightZ * pointZ[k] * pointV[k];
      }
    }
    out.scoreZ += scoreZ;
    if (both) out.curvatureZZ += curvatureZZ;
  }

  /** The same of a block of rows at the points loaded, but for the sums over rows, which are left per point. */
  addRows(
    from: number,
    rows: number,
    count: number,
    out: Omit<RowSums, 'scoreZ' | 'curvatureZZ'>,
    at: number,
    both: boolean,
  ): void {
    const { odds } = this;
    const { y } = this.rows;
    loadRows(odds, from, rows);
    if (both) sumInformation(rows, count);
    else sumMeans(rows, count);
    let total = 0;
    for (let k = 0; k < count; k++) total += pointWeight[k];
    for (let r = 0; r < rows; r++) out.score[at + r] += total * y[from + r] - rowMu[r];
    if (!both) return;
    for (let r = 0; r < rows; r++) {
      out.curvature[at + r] -= rowV[r];
      out.curvatureZ[at + r] -= rowZV[r];
    }
  }

  value(from: number, to: number, eps: number): number {
    if (!this.fits(eps)) return Number.NaN;
    const { y, eta } = this.rows;
    return linear(y, eta, from, to, eps) - softplus(this.odds, from, to, Math.exp(eps));
  }

  derivatives(from: number, to: number, eps: number, out: RowDerivatives): number {
    if (!this.fits(eps)) return Number.NaN;
    const { y, eta } = this.rows;
    const f = Math.exp(eps);
    slopes(this.odds, y, from, to, f, out.first, out.second);
    return linear(y, eta, from, to, eps) - softplus(this.odds, from, to, f);
  }
}

function linear(y: Float64Array, eta: Float64Array, from: number, to: number, eps: number): number {
  let sum = 0;
  for (let r = from; r < to; r++) sum += y[r] * (eta[r] + eps);
  return sum;
}

/** sum of log(1 + E F) */
function softplus(odds: Float64Array, from: number, to: number, f: number): number {
  let product = 1;
  let sum = 0;
  for (let start = from; start < to; start += 8) {
    const end = start + 8 < to ? start + 8 : to;
    for (let r = start; r < end; r++) product *= 1 + odds[r] * f;
    if (product > LARGE_PRODUCT) {
      sum += Math.log(product);
      product = 1;
    }
  }
  return sum + Math.log(product);
}

/** y (1 - mu) - (1 - y) mu, so that no digits cancel when mu is near 0 or 1, and -mu (1 - mu). */
function slopes(
  odds: Float64Array,
  y: Float64Array,
  from: number,
  to: number,
  f: number,
  first: Float64Array,
  second: Float64Array,
): void {
  for (let r = from; r < to; r++) {
    const t = odds[r] * f;
    const tail = 1 / (1 + t);
    const mu = t * tail;
    first[r - from] = y[r] * tail - (1 - y[r]) * mu;
    second[r - from] = -mu * tail;
  }
}
