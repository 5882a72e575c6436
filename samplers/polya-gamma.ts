// Polya-Gamma variates: exact for whole b up to 3, beyond that to a stated error that no chain can see.
import { GlmmcError } from './errors.js';
import { tanh } from './power.js';
import type { Stream } from './rng.js';
import { exponential, gamma, normal } from './variates.js';

/** Sums of PG(1, c) up to this b; they cost more than the series beyond it. */
const LARGEST_SUM = 3;
/** Where Devroye's two envelopes of the density meet, and the inverse of its root. */
const MEET = 0.64;
const ROOT = 1.25;
/** 4 Phi(-1 / sqrt(t)): the mass below `MEET` of the left envelope at c = 0. */
const LEFT_MASS = 0.42259909466742107;
/** Below 1 - a_1 for every x. */
const QUICK = 0.994;
/** From Z = 1/t on an inverse Gaussian of mean 1/Z is mostly below t. */
const LARGE_Z = 1 / MEET;
/** From b exp(-c) below this on PG(b, c) is an inverse Gaussian. */
const GAUSSIAN_BELOW = 1e-9;
/** Gamma variables drawn of the series: this many, and this many more for a unit of c / (2 pi). */
const TERMS = 3;
const TERMS_PER_UNIT = 2;
/** Below this b there are SMALL / b more of them. */
const SMALL = 4;
/** Terms that are summed one by one before the integral takes over. */
const SUMMED = 8;
const TWO_PI_SQUARED = 2 * Math.PI * Math.PI;

/**
 * A draw from PG(b, c) of Polson, Scott and Windle (2013), density proportional to exp(-c^2 x / 2) p(x | b, 0).
 * Whole b <= 3: exact, a sum of PG(1, c). Other b: PG(b, c) is a series of gamma variables (their equation 2); its first
 * terms are drawn, and what remains of it is one gamma variable, shifted, with the mean, the variance and the third moment of
 * the remainder. The distribution function is off by less than 1e-6, from b = 20 on by less than 1e-7 (bounds by the
 * characteristic functions, in the tests). Where b exp(-|c|) < 1e-9 it is an inverse Gaussian, off by less than that.
 * @param b a number >= 0 (0 gives 0) @param c any finite number
 * @throws GlmmcError `bad-argument`
 */
export function polyaGamma(rng: Stream, b: number, c: number): number {
  if (!(b >= 0 && b < Number.POSITIVE_INFINITY && Number.isFinite(c))) {
    throw new GlmmcError(
      'bad-argument',
      `polyaGamma: b must be a number >= 0 and c finite, found ${b}, ${c}`,
    );
  }
  if (b === 0) return 0;
  const size = Math.abs(c);
  if (b <= LARGEST_SUM && Number.isInteger(b)) {
    let sum = polyaGammaOne(rng, size);
    for (let k = 1; k < b; k++) sum += polyaGammaOne(rng, size);
    return sum;
  }
  // E exp(-t X) = (cosh(c/2) / cosh(s/2))^b, s^2 = c^2 + 2t, is that of the inverse Gaussian but for a factor between 1 and
  // (1 + exp(-c))^b.
  if (b * Math.exp(-size) < GAUSSIAN_BELOW) return 0.25 * b * b * inverseGaussian(rng, 2 / (b * size));
  return series(rng, b, size / (2 * Math.PI));
}

/**
 * PG(1, c) for c >= 0, exactly: J*(1, Z) / 4, Z = c / 2, by Devroye's alternating series. Its envelope right of t is
 * (pi / 2) exp(-K x), K = pi^2 / 8 + Z^2 / 2; left of it twice the Levy density times exp(-Z^2 x / 2), which is taken by
 * rejection from the truncated Levy for small Z and from the inverse Gaussian for large Z: both masses are elementary, so
 * that no normal distribution function is needed.
 */
function polyaGammaOne(rng: Stream, c: number): number {
  const z = 0.5 * c;
  const rate = (Math.PI * Math.PI) / 8 + 0.5 * z * z;
  const right = (Math.PI / (2 * rate)) * Math.exp(-rate * MEET);
  const large = z >= LARGE_Z;
  const left = large ? 2 * Math.exp(-z) : LEFT_MASS;
  for (;;) {
    let x: number;
    let step: number;
    if (rng.uniform() * (left + right) < right) {
      x = MEET + exponential(rng) / rate;
      step = -0.5 * Math.PI * Math.PI * x;
    } else {
      if (large) {
        x = inverseGaussian(rng, 1 / z);
        if (x > MEET) continue;
      } else {
        x = truncatedLevy(rng);
        if (rng.uniform() >= Math.exp(-0.5 * z * z * x)) continue;
      }
      step = -2 / x;
    }
    if (seriesAccepts(rng, step)) return 0.25 * x;
  }
}

/** Whether U < 1 - a_1 + a_2 - ..., a_n = (2n + 1) exp(step n (n + 1)): the density over its envelope. */
function seriesAccepts(rng: Stream, step: number): boolean {
  const u = rng.uniform();
  // On either side of `MEET` a_1 is at most 3 exp(-4 / t) = 0.0058.
  if (u < QUICK) return true;
  let sum = 1;
  for (let n = 1; ; n++) {
    const term = (2 * n + 1) * Math.exp(step * n * (n + 1));
    if (n % 2 === 1) {
      sum -= term;
      if (u <= sum) return true;
    } else {
      sum += term;
      if (u > sum) return false;
    }
  }
}

/** 1 / N^2 given that it is below `MEET`: a normal given that it is above 1.25 (Devroye 1986, chapter 9). */
function truncatedLevy(rng: Stream): number {
  for (;;) {
    const e = exponential(rng);
    if (MEET * e * e > 2 * exponential(rng)) continue;
    const root = ROOT + e / ROOT;
    return 1 / (root * root);
  }
}

/** An inverse Gaussian of mean `mean` and shape 1 (Michael, Schucany and Haas 1976). */
function inverseGaussian(rng: Stream, mean: number): number {
  const n = normal(rng);
  const w = 0.5 * mean * n * n;
  // mean (1 + w - sqrt(2 w + w^2)), as a quotient, in which nothing cancels.
  const x = mean / (1 + w + Math.sqrt(w * (2 + w)));
  return rng.uniform() * (mean + x) <= mean ? x : (mean * mean) / x;
}

/** sum_k g_k / (2 pi^2 ((k - 1/2)^2 + a^2)), g_k ~ Gamma(b, 1): the first terms, and one gamma variable for the rest. */
function series(rng: Stream, b: number, a: number): number {
  const drawn = termsDrawn(b, a);
  let sum = 0;
  for (let k = 1; k <= drawn; k++) sum += gamma(rng, b) / ((k - 0.5) * (k - 0.5) + a * a);
  remainder(b, a, rest);
  return (sum + rest.shift + rest.scale * gamma(rng, rest.shape)) / TWO_PI_SQUARED;
}

/** A gamma variable of this shape, times `scale`, plus `shift`. */
export interface ShiftedGamma {
  shape: number;
  scale: number;
  shift: number;
}
const rest: ShiftedGamma = { shape: 1, scale: 1, shift: 0 };

/** How many terms of the series are drawn, a = c / (2 pi). */
export function termsDrawn(b: number, a: number): number {
  return TERMS + Math.ceil(TERMS_PER_UNIT * a + (b < SMALL ? SMALL / b : 0));
}

/**
 * The gamma variable that stands for sum_k g_k / ((k - 1/2)^2 + a^2) over k > termsDrawn(b, a). With S_r the sums of
 * ((k - 1/2)^2 + a^2)^-r over these k, the cumulants of the sum are b S_1, b S_2, 2 b S_3.
 */
export function remainder(b: number, a: number, out: ShiftedGamma): void {
  const drawn = termsDrawn(b, a);
  const last = drawn + SUMMED;
  const a2 = a * a;
  // All of S_1 is known: an error in the mean would count sqrt(b) times.
  let s1 = a > 0 ? (Math.PI / (2 * a)) * tanh(Math.PI * a) : 0.5 * Math.PI * Math.PI;
  for (let k = 1; k <= drawn; k++) s1 -= 1 / ((k - 0.5) * (k - 0.5) + a2);
  let s2 = 0;
  let s3 = 0;
  for (let k = drawn + 1; k <= last; k++) {
    const d = 1 / ((k - 0.5) * (k - 0.5) + a2);
    s2 += d * d;
    s3 += d * d * d;
  }
  // Beyond: the midpoint rule backwards, the integral from `last` on (a series in v = (a / last)^2) and f'(last) / 24.
  const d = 1 / (last * last + a2);
  const v = a2 / (last * last);
  const cube = 1 / (last * last * last);
  s2 += cube * (1 / 3 - v * (2 / 5 - v * (3 / 7 - v * (4 / 9)))) - (last * d * d * d) / 6;
  s3 += (cube / (last * last)) * (1 / 5 - v * (3 / 7 - v * (6 / 9))) - (last * d * d * d * d) / 4;
  out.scale = s3 / s2;
  out.shape = (b * s2 * s2 * s2) / (s3 * s3);
  out.shift = b * (s1 - (s2 * s2) / s3);
}
