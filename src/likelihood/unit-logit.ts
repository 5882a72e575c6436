// Rows of single trials with the logit link: exp(eta + eps) = E F, one exponential a row and one a point.
import type { Outcome, RowDerivatives, Rows } from '../model/outcome.js';
import { binomialLogit } from '../model/outcomes/binomial-logit.js';
import { isFilledWith } from '../numeric/is-filled.js';
import {
  type PairSums,
  type PointTable,
  sumSoftplusAt,
  twoRowsAt,
  twoRowsInto,
} from './unit-logit-points.js';

/** A product of 1 + E F is turned into a logarithm when it passes this; 8 more factors below 1e30 still fit. */
const LARGE_PRODUCT = 1e60;
/** Odds beyond exp of this could overflow a product of eight: such points are for the outcome's own functions. */
const LARGEST_LOG_ODDS = 69;
/** exp of more, or of less than minus this, is near the end of the numbers. */
const LARGEST_EXPONENT = 700;

/** Whether all rows are of one trial and weight 1, under the logit link. */
export function isUnitLogit(
  outcome: Outcome,
  { trials, weights }: Pick<Rows, 'trials' | 'weights'>,
): boolean {
  return outcome === binomialLogit && isFilledWith(trials, 1) && isFilledWith(weights, 1);
}

/** The sums that an outcome gives, for such rows; NaN where a point is out of range. */
export class UnitLogit {
  private readonly rows: Rows;
  private readonly odds: Float64Array;
  private largestEta = 0;
  /** Whether every row's odds are a number with all its digits. */
  private inRange = false;
  /** Per point: exp(eps), and room. */
  private factor: Float64Array = new Float64Array(0);
  private products: Float64Array = new Float64Array(0);

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
      odds[r] = Math.exp(eta[r]);
    }
    this.largestEta = largest;
    this.inRange = largest < LARGEST_LOG_ODDS && smallest > -LARGEST_EXPONENT;
  }

  private fits(eps: number): boolean {
    return this.inRange && this.largestEta + eps < LARGEST_LOG_ODDS && eps < LARGEST_EXPONENT;
  }

  /** exp(sigma z) of every point; false where one is out of range. */
  private load(sigma: number, z: Float64Array): boolean {
    if (this.factor.length < z.length) {
      this.factor = new Float64Array(z.length);
      this.products = new Float64Array(z.length);
    }
    const { factor } = this;
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < z.length; k++) {
      const eps = sigma * z[k];
      if (!(eps <= largest)) largest = eps;
      factor[k] = Math.exp(eps);
    }
    return this.fits(largest);
  }

  /** The values at all points eps = sigma z; false, with nothing done, where one is out of range. */
  valueAll(from: number, to: number, sigma: number, z: Float64Array, out: Float64Array): boolean {
    if (!this.load(sigma, z)) return false;
    sumSoftplusAt(this.odds, from, to, this.factor, z.length, this.products, out);
    this.finish(from, to, sigma, z, out);
    return true;
  }

  /** From the sums of log(1 + E F) to the values. */
  private finish(from: number, to: number, sigma: number, z: Float64Array, out: Float64Array): void {
    const { y, eta } = this.rows;
    let constant = 0;
    let successes = 0;
    for (let r = from; r < to; r++) {
      constant += y[r] * eta[r];
      successes += y[r];
    }
    for (let k = 0; k < z.length; k++) out[k] = constant + successes * sigma * z[k] - out[k];
  }

  /**
   * Adds the weighted derivatives at all points to `out`, per row from index 0, and writes the values to `values`; false,
   * with nothing done, where a point is out of range.
   */
  addPoints(
    from: number,
    to: number,
    sigma: number,
    z: Float64Array,
    weights: Float64Array,
    out: PairSums,
    values: Float64Array,
  ): boolean {
    if (!this.load(sigma, z)) return false;
    const { odds, factor, products } = this;
    const { y } = this.rows;
    products.fill(1, 0, z.length);
    values.fill(0, 0, z.length);
    for (let r = from; r < to; r += 2) {
      const pair = r + 1 < to;
      twoRowsAt(odds, y, r, pair, factor, z, weights, z.length, r - from, out, products, values);
    }
    for (let k = 0; k < z.length; k++) values[k] += Math.log(products[k]);
    this.finish(from, to, sigma, z, values);
    return true;
  }

  /** The same derivatives, and each point's own in `table`, over what was there. */
  fillPoints(
    from: number,
    to: number,
    sigma: number,
    z: Float64Array,
    weights: Float64Array,
    out: Pick<PairSums, 'score' | 'curvature' | 'curvatureZ'>,
    table: PointTable,
  ): boolean {
    if (!this.load(sigma, z)) return false;
    const { odds, factor } = this;
    const { y } = this.rows;
    table.scores.fill(0, 0, z.length);
    table.curvatures.fill(0, 0, z.length);
    for (let r = from; r < to; r += 2) {
      const pair = r + 1 < to;
      twoRowsInto(odds, y, r, pair, factor, z, weights, z.length, r - from, out, table);
    }
    return true;
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
