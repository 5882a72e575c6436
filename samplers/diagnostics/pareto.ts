// Pareto-smoothed importance sampling: the tail of the weights, its shape k-hat, and smoothed weights.
import { GlmmcError } from '../errors.js';
import { isConstant } from './descriptive.js';

/** Smoothed log weights (largest shifted to 0, not normalised), the shape of their tail, and what they are worth. */
export interface Psis {
  readonly logWeights: Float64Array;
  /** Below `threshold` the weighted means can be trusted; NaN where it cannot be computed. */
  readonly k: number;
  readonly tailLength: number;
  /** Effective sample size: rEff over the sum of the squared normalised weights; NaN where a log weight is NaN. */
  readonly ess: number;
  /** min(1 - 1 / log10 S, 0.7), S the number of weights. */
  readonly threshold: number;
}

/** Above this the error of a weighted mean can no longer be told from the draws, however many they are. */
export const LARGEST_PARETO_K = 0.7;

/** The largest Pareto k that so many draws can bear: min(1 - 1 / log10 S, 0.7) (Vehtari et al. 2024, section 3.2.4). */
export function paretoThreshold(draws: number): number {
  return Math.min(1 - 1 / Math.log10(draws), LARGEST_PARETO_K);
}

/**
 * k-hat of importance weights: the shape of the generalised Pareto tail of exp(logWeights).
 * NaN where a log weight is NaN or +Infinity, where the tail is constant, or below 6 weights. -Infinity is a weight of 0.
 *
 * Source: Vehtari, Simpson, Gelman, Yao, Gabry (2024), JMLR 25; `pareto_khat` of the R package posterior.
 * @param rEff relative efficiency of the draws, ESS / S; 1 for independent draws
 * @throws GlmmcError `bad-argument` unless rEff > 0
 */
export function paretoK(logWeights: ArrayLike<number>, rEff = 1): number {
  return tailOf(logWeights, rEff)?.k ?? Number.NaN;
}

/**
 * Pareto-smoothed importance sampling: replaces the largest weights by the expected order statistics of the generalised
 * Pareto distribution fitted to them, truncated at the largest raw weight. Where k-hat is NaN nothing is smoothed.
 *
 * Source: Vehtari, Simpson, Gelman, Yao, Gabry (2024), JMLR 25, algorithm 1; `psis` of the R package loo.
 * @param rEff relative efficiency of the draws, ESS / S; 1 for independent draws
 * @throws GlmmcError `bad-argument` unless rEff > 0
 */
export function psis(logWeights: ArrayLike<number>, rEff = 1): Psis {
  const smoothed = smoothTail(logWeights, rEff);
  const { logWeights: x } = smoothed;
  const top = x.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let sum = 0;
  let squares = 0;
  for (const value of x) {
    const weight = Math.exp(value - top);
    sum += weight;
    squares += weight * weight;
  }
  return { ...smoothed, ess: (rEff * sum * sum) / squares, threshold: paretoThreshold(x.length) };
}

function smoothTail(
  logWeights: ArrayLike<number>,
  rEff: number,
): Pick<Psis, 'logWeights' | 'k' | 'tailLength'> {
  const x = Float64Array.from(logWeights);
  const found = tailOf(x, rEff);
  const largest = x.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (!found) return { logWeights: x, k: Number.NaN, tailLength: 0 };
  const { k, sigma, length, lowest, cutoff } = found;
  for (let i = 0; i < x.length; i++) x[i] -= largest;
  if (Number.isFinite(k)) {
    const tail = [...x.keys()]
      .filter((i) => x[i] >= lowest)
      .sort((a, b) => x[a] - x[b])
      .slice(-length);
    for (let i = 0; i < length; i++) {
      const p = (i + 0.5) / length;
      x[tail[i]] = Math.min(0, Math.log(cutoff + gpdQuantile(p, k, sigma)));
    }
  }
  return { logWeights: x, k, tailLength: length };
}

/** The tail of the weights: how many, the least of them (log), what they are measured from, and what was fitted. */
interface Tail {
  readonly length: number;
  readonly lowest: number;
  readonly cutoff: number;
  readonly k: number;
  readonly sigma: number;
}

/** Of log weights less the largest; undefined where they have no tail. */
function tailOf(logWeights: ArrayLike<number>, rEff: number): Tail | undefined {
  if (!(rEff > 0)) throw new GlmmcError('bad-argument', `psis: rEff must be a number > 0, found ${rEff}`);
  // The constructor copies typed arrays at once, `from` one by one.
  const sorted = new Float64Array(logWeights).sort();
  const size = sorted.length;
  // NaN sorts last.
  const largest = sorted[size - 1];
  if (!Number.isFinite(largest) || isConstant([sorted[0], largest])) return undefined;
  const length = Math.max(5, lengthOfTail(size, rEff));
  if (length >= size) return undefined;
  const lowest = sorted[size - length] - largest;
  const below = sorted[size - length - 1] - largest;
  if (isConstant([lowest, 0])) {
    return { length, lowest, cutoff: Number.NaN, k: Number.NaN, sigma: Number.NaN };
  }
  const cutoff = Math.exp(below === lowest ? below - Number.EPSILON : below);
  const tail = sorted.subarray(size - length);
  return { length, lowest, cutoff, ...gpdFit(tail.map((value) => Math.exp(value - largest) - cutoff)) };
}

/** Vehtari et al. (2024), appendix H, rounded up as in loo. */
function lengthOfTail(size: number, rEff: number): number {
  return Math.ceil(Math.min(0.2 * size, 3 * Math.sqrt(size / rEff)));
}

function gpdQuantile(p: number, k: number, sigma: number): number {
  const exponential = -Math.log1p(-p);
  return k === 0 ? sigma * exponential : (sigma * Math.expm1(k * exponential)) / k;
}

/**
 * Shape k and scale of a generalised Pareto distribution with location 0, by the profile posterior mean over a grid,
 * then k drawn towards 1/2 with the weight of 10 observations.
 *
 * Source: Zhang and Stephens (2009), Technometrics 51, section 4; `gpdfit` of the R package posterior.
 * @param x sorted upwards
 */
export function gpdFit(x: Float64Array): { k: number; sigma: number } {
  const n = x.length;
  const points = 30 + Math.floor(Math.sqrt(n));
  const quartile = x[Math.floor(n / 4 + 0.5) - 1];
  // Ties from the smallest value to the first quartile are far from any Pareto tail.
  if (!(quartile > x[0])) return { k: Number.NaN, sigma: Number.NaN };
  // Every theta is below 1 / x_n.
  const meanLog = (theta: number): number => sumLog(x, theta) / n;
  const theta = Float64Array.from({ length: points }, (_, j) => {
    return 1 / x[n - 1] + (1 - Math.sqrt(points / (j + 0.5))) / 3 / quartile;
  });
  const profile = theta.map((t) => {
    const k = meanLog(t);
    return n * (Math.log(-t / k) - k - 1);
  });
  const top = profile.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = profile.map((value) => Math.exp(value - top));
  const total = weights.reduce((a, b) => a + b, 0);
  const best = theta.reduce((sum, t, j) => sum + (t * weights[j]) / total, 0);
  const k = meanLog(best);
  const shrunk = (k * n + 5) / (n + 10);
  // The fit breaks down on tails heavier than any Pareto.
  return Number.isNaN(shrunk)
    ? { k: Number.POSITIVE_INFINITY, sigma: Number.NaN }
    : { k: shrunk, sigma: -k / best };
}

/** sum log(1 - theta x), by products of so many that none leaves the range of the numbers. */
function sumLog(x: Float64Array, theta: number): number {
  let sum = 0;
  let product = 1;
  for (let i = 0; i < x.length; i++) {
    product *= 1 - theta * x[i];
    if (product < LARGE && product > 1 / LARGE) continue;
    sum += Math.log(product);
    product = 1;
  }
  return sum + Math.log(product);
}

const LARGE = 1e150;
