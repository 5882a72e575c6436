// Heidelberger and Welch's diagnostic: is the chain stationary, from where, and is its mean known well enough?
import { mean } from './descriptive.js';
import { readChain, spectrum0 } from './spectrum.js';

/** What the test found. `mean`, `halfwidth` are NaN where no part of the chain passed for stationary. */
export interface HeidelbergerWelch {
  /** Whether some part from `start` on passes the Cramer-von Mises test at 5%. */
  readonly stationary: boolean;
  /** First kept draw, counted from 1 as in coda; NaN where not stationary. */
  readonly start: number;
  /** p-value of the last test made. */
  readonly pValue: number;
  readonly mean: number;
  /** Half the width of the 95% interval of the mean. */
  readonly halfwidth: number;
  /** Whether the half-width is at most a tenth of the mean. */
  readonly passed: boolean;
}

/**
 * Drops the first 0%, 10%, ... 50% of the chain until the rest passes for stationary, then judges the half-width of the
 * mean's interval. As in coda the spectrum for the tests comes from the second half.
 *
 * Source: Heidelberger and Welch (1983), Operations Research 31; coda's `heidel.diag`.
 * @throws GlmmcError `bad-chains` below 20 draws
 */
export function heidelbergerWelch(chain: ArrayLike<number>): HeidelbergerWelch {
  const x = readChain('heidelbergerWelch', chain, 20);
  const n = x.length;
  // Also where a window would leave the broken draw out.
  if (!x.every(Number.isFinite)) return notStationary(Number.NaN);
  const spectrum = spectrum0(x.subarray(windowStart(n / 2)));
  let probability = Number.NaN;
  for (let tenth = 0; 1 + (tenth * n) / 10 <= n / 2; tenth++) {
    const first = windowStart(1 + (tenth * n) / 10);
    const rest = x.subarray(first);
    probability = cramerVonMises(bridge(rest, spectrum));
    if (probability < 0.95) {
      const halfwidth = 1.96 * Math.sqrt(spectrum0(rest) / rest.length);
      const centre = mean(rest);
      const passed = Math.abs(halfwidth / centre) <= 0.1;
      return { stationary: true, start: first + 1, pValue: 1 - probability, mean: centre, halfwidth, passed };
    }
  }
  return notStationary(1 - probability);
}

function notStationary(pValue: number): HeidelbergerWelch {
  const unknown = Number.NaN;
  return { stationary: false, start: unknown, pValue, mean: unknown, halfwidth: unknown, passed: false };
}

/** Index from 0 of the first draw at or after `start`, counted from 1. */
function windowStart(start: number): number {
  // A count such as 0.1 * 30 + 1 misses a whole number by rounding.
  return Math.max(0, Math.ceil(start - 1e-5 * start) - 1);
}

/** The integral of the squared Brownian bridge of cumulated deviations. */
function bridge(x: Float64Array, spectrum: number): number {
  const n = x.length;
  const centre = mean(x);
  let walk = 0;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    walk += x[i] - centre;
    sum += walk * walk;
  }
  return sum / (n * spectrum) / n;
}

/**
 * Limiting distribution function of the Cramer-von Mises statistic.
 * Source: Csorgo and Faraway (1996), equation 1.3; coda's `pcramer`, with its cut of terms below e^-u = 1e-5.
 */
function cramerVonMises(q: number): number {
  let sum = 0;
  // Gamma(k + 1/2) / (k! sqrt pi), from k = 0.
  let ratio = 1;
  for (let k = 0; k < 4; k++) {
    const u = (4 * k + 1) ** 2 / (16 * q);
    if (!(u > -Math.log(1e-5))) {
      sum += ((ratio * Math.sqrt(4 * k + 1)) / (Math.PI * Math.sqrt(q))) * Math.exp(-u) * besselK(0.25, u);
    }
    ratio *= (k + 0.5) / (k + 1);
  }
  return sum;
}

/** K_nu(x) = integral of exp(-x cosh t) cosh(nu t) over t > 0: the trapezoid rule has full precision here. */
function besselK(nu: number, x: number): number {
  const step = 0.05;
  let sum = Math.exp(-x) / 2;
  for (let t = step; ; t += step) {
    const term = Math.exp(-x * Math.cosh(t)) * Math.cosh(nu * t);
    sum += term;
    if (!(term > 1e-18 * sum)) return step * sum;
  }
}
