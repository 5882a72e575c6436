// Counts from a stream: Poisson, binomial, negative binomial, exact in distribution at any size.
import { GlmmcError } from './errors.js';
import type { Stream } from './rng.js';
import { gamma, openUniform } from './variates.js';

/** From this mean on transformed rejection beats walking up from 0. */
const LARGE = 10;
const LOG_SQRT_2PI = 0.9189385332046728;

/**
 * A Poisson count (below mean 10 by inversion; above by transformed rejection, Hoermann 1993, algorithm PTRS).
 * @throws GlmmcError `bad-argument` unless mean is a finite number >= 0
 */
export function poisson(rng: Stream, mean: number): number {
  if (!(mean >= 0 && mean < Number.POSITIVE_INFINITY)) {
    throw new GlmmcError('bad-argument', `poisson: mean must be a finite number >= 0, found ${mean}`);
  }
  if (mean < LARGE) {
    let p = Math.exp(-mean);
    let u = rng.uniform();
    let k = 0;
    while (u >= p && p > 0) {
      u -= p;
      k++;
      p *= mean / k;
    }
    return k;
  }
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const logAlpha = Math.log(1.1239 + 1.1328 / (b - 3.4));
  const quick = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = rng.uniform() - 0.5;
    const v = openUniform(rng);
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= quick) return k;
    if (!(k >= 0) || (us < 0.013 && v > us)) continue;
    // log f(k) by Stirling's formula for (k + 1)!, in which nothing large is left to cancel.
    const next = k + 1;
    const logDensity =
      k * Math.log(mean / next) - 0.5 * Math.log(next) + (next - mean) - LOG_SQRT_2PI - stirlingTail(k);
    if (Math.log(v) + logAlpha - Math.log(a / (us * us) + b) <= logDensity) return k;
  }
}

/**
 * A binomial count (inversion, or transformed rejection where both means are 10 or more: Hoermann 1993, algorithm BTRS).
 * @param q 1 - p, where it is known to more digits than the difference has
 * @throws GlmmcError `bad-argument` unless trials is a whole number >= 0 and p a probability
 */
export function binomial(rng: Stream, trials: number, p: number, q: number = 1 - p): number {
  if (!(Number.isInteger(trials) && trials >= 0 && p >= 0 && q >= 0 && p <= 1 && q <= 1)) {
    throw new GlmmcError(
      'bad-argument',
      `binomial: expected a whole number of trials >= 0 and a probability, found ${trials} and ${p}`,
    );
  }
  if (p > q) return trials - smallBinomial(rng, trials, q, p);
  return smallBinomial(rng, trials, p, q);
}

/** For p <= 1/2. */
function smallBinomial(rng: Stream, n: number, p: number, q: number): number {
  if (n === 0 || p === 0) return 0;
  if (n === 1) return rng.uniform() < p ? 1 : 0;
  const odds = p / q;
  if (n * p < LARGE) {
    let u = rng.uniform();
    let weight = Math.exp(n * Math.log1p(-p));
    let k = 0;
    while (u >= weight && k < n) {
      u -= weight;
      k++;
      weight *= (odds * (n - k + 1)) / k;
    }
    return k;
  }
  const spread = Math.sqrt(n * p * q);
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const centre = n * p + 0.5;
  const quick = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * spread;
  const mode = Math.floor((n + 1) * p);
  for (;;) {
    const u = rng.uniform() - 0.5;
    const v = openUniform(rng);
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + centre);
    if (us >= 0.07 && v <= quick) return k;
    if (!(k >= 0 && k <= n)) continue;
    const bound =
      (mode + 0.5) * Math.log((mode + 1) / (odds * (n - mode + 1))) +
      (n + 1) * Math.log((n - mode + 1) / (n - k + 1)) +
      (k + 0.5) * Math.log((odds * (n - k + 1)) / (k + 1)) +
      stirlingTail(mode) +
      stirlingTail(n - mode) -
      stirlingTail(k) -
      stirlingTail(n - k);
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= bound) return k;
  }
}

/**
 * A negative binomial count of this mean and variance mean + mean^2 / size: a Poisson one whose mean is gamma distributed.
 * @throws GlmmcError `bad-argument`
 */
export function negativeBinomial(rng: Stream, mean: number, size: number): number {
  return poisson(rng, (mean * gamma(rng, size)) / size);
}

const TAILS = [
  0.08106146679532726, 0.04134069595540929, 0.02767792568499834, 0.02079067210376509, 0.01664469118982119,
  0.01387612882307075, 0.01189670994589177, 0.01041126526197209, 0.009255462182712733, 0.008330563433362871,
];

/** log k! less (k + 1/2) log(k + 1) - (k + 1) + log sqrt(2 pi). */
function stirlingTail(k: number): number {
  if (k < TAILS.length) return TAILS[k];
  const square = (k + 1) * (k + 1);
  return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1);
}
