// Standard normals given that they lie in an interval, however far out in a tail it is.
import { GlmmcError } from './errors.js';
import type { Stream } from './rng.js';
import { exponential, normal } from './variates.js';

/** Below this bound plain rejection takes fewer draws than the exponential envelope. */
const PLAIN = 0.45;
/** A two-sided interval shorter than this many lengths of decay is served by uniform proposals. */
const SHORT = 1.5;

/**
 * A standard normal given that it is above `lower` (Robert 1995, Statistics and Computing 5): plain rejection for small
 * bounds, an exponential envelope of the best rate for large ones. Exact for every bound; -Infinity gives the normal.
 */
export function normalAbove(rng: Stream, lower: number): number {
  if (lower < PLAIN) {
    for (;;) {
      const x = normal(rng);
      if (x > lower) return x;
    }
  }
  const rate = 0.5 * (lower + Math.sqrt(lower * lower + 4));
  for (;;) {
    const x = lower + exponential(rng) / rate;
    const miss = x - rate;
    if (2 * exponential(rng) >= miss * miss) return x;
  }
}

/**
 * A standard normal given that it lies between `lower` and `upper`; either may be infinite.
 * @throws GlmmcError `bad-argument` unless lower < upper
 */
export function truncatedNormal(rng: Stream, lower: number, upper: number): number {
  if (!(lower < upper)) {
    throw new GlmmcError(
      'bad-argument',
      `truncatedNormal: lower must be below upper, found ${lower} and ${upper}`,
    );
  }
  if (upper <= 0) return -between(rng, -upper, -lower);
  if (lower >= 0) return between(rng, lower, upper);
  // 0 is inside: the density is highest there, and plain rejection does unless the interval is short.
  return upper - lower > SHORT ? plain(rng, lower, upper) : uniform(rng, lower, upper, 0);
}

/** For 0 <= lower < upper. */
function between(rng: Stream, lower: number, upper: number): number {
  if ((upper - lower) * Math.max(lower, 1) < SHORT) return uniform(rng, lower, upper, lower);
  for (;;) {
    const x = normalAbove(rng, lower);
    if (x < upper) return x;
  }
}

function plain(rng: Stream, lower: number, upper: number): number {
  for (;;) {
    const x = normal(rng);
    if (x > lower && x < upper) return x;
  }
}

/** Uniform proposals, accepted by the density over that at `mode`, the largest in the interval. */
function uniform(rng: Stream, lower: number, upper: number, mode: number): number {
  for (;;) {
    const x = lower + rng.uniform() * (upper - lower);
    if (2 * exponential(rng) >= (x - mode) * (x + mode)) return x;
  }
}
