// Descriptive statistics over simple-statistics, typed for any array of numbers, and R's quantile.
import * as statistics from 'simple-statistics';
import { GlmmcError } from '../errors.js';

/** simple-statistics works on every array-like of numbers, but its types ask for `number[]`. */
function plain(x: ArrayLike<number>): number[] {
  return x as number[];
}

/** Arithmetic mean (compensated sum); NaN where empty. */
export function mean(x: ArrayLike<number>): number {
  return x.length === 0 ? Number.NaN : statistics.mean(plain(x));
}

/** Sample variance, divisor n - 1; NaN below two values, exactly 0 where all are equal. */
export function variance(x: ArrayLike<number>): number {
  if (x.length < 2) return Number.NaN;
  // The mean of equal values can miss them by a rounding error.
  return range(x) === 0 ? 0 : statistics.sampleVariance(plain(x));
}

/** Sample standard deviation, divisor n - 1. */
export function sd(x: ArrayLike<number>): number {
  return Math.sqrt(variance(x));
}

/** The middle value, or the mean of the two middle ones; NaN where empty or where a value is NaN. */
export function median(x: ArrayLike<number>): number {
  return quantileSorted(sorted(x), 0.5);
}

/** Median absolute deviation times 1.4826, as R's `mad`: for a normal it estimates the standard deviation. */
export function mad(x: ArrayLike<number>): number {
  const centre = median(x);
  return 1.4826 * median(Float64Array.from(x, (value) => Math.abs(value - centre)));
}

/** A sorted copy; NaN last. */
export function sorted(x: ArrayLike<number>): Float64Array {
  return (x instanceof Float64Array ? x.slice() : Float64Array.from(x)).sort();
}

/** The p-quantile by linear interpolation: R's type 7. @throws GlmmcError `bad-argument` unless 0 <= p <= 1 */
export function quantile(x: ArrayLike<number>, p: number): number {
  return quantileSorted(sorted(x), p);
}

/** As `quantile`, of values sorted already. The index is rounded as R rounds it: indicators x <= q depend on that. */
export function quantileSorted(x: Float64Array, p: number): number {
  checkProbability(p);
  const n = x.length;
  if (n === 0 || Number.isNaN(x[n - 1])) return Number.NaN;
  const index = 1 + (n - 1) * p;
  const below = Math.floor(index);
  const low = x[below - 1];
  const high = x[Math.min(below, n - 1)];
  const part = index - below;
  return part === 0 || low === high ? low : (1 - part) * low + part * high;
}

/** @throws GlmmcError `bad-argument` unless 0 <= p <= 1 */
export function checkProbability(p: number): void {
  if (!(p >= 0 && p <= 1)) {
    throw new GlmmcError('bad-argument', `a probability must be from 0 to 1, found ${p}`);
  }
}

/** Whether all values are equal, up to the tolerance that the R package posterior allows. */
export function isConstant(x: ArrayLike<number>): boolean {
  return range(x) < Number.EPSILON;
}

function range(x: ArrayLike<number>): number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < x.length; i++) {
    low = Math.min(low, x[i]);
    high = Math.max(high, x[i]);
  }
  return high - low;
}
