// Distribution functions of the families, both tails with all their digits: what quantile residuals are read off.
import { gammaLower, gammaUpper, incbet, ndtr } from '../../../samplers/special.js';
import type { Family } from '../../model/family.js';

/** P(Y < y), P(Y <= y), P(Y > y), P(Y >= y) of a response with mean `mu` (of one trial). */
export type Tails = (y: number, mu: number, trials: number, dispersion: number, out: Float64Array) => void;

function set(out: Float64Array, below: number, upTo: number, above: number, from: number): void {
  out[0] = below;
  out[1] = upTo;
  out[2] = above;
  out[3] = from;
}

const TAILS: Readonly<Record<string, Tails>> = {
  binomial(y, mu, n, _dispersion, out) {
    const rest = 1 - mu;
    if (n === 0) set(out, 0, 1, 0, 1);
    else if (n === 1) set(out, y === 0 ? 0 : rest, y === 0 ? rest : 1, y === 0 ? mu : 0, y === 0 ? 1 : mu);
    else {
      set(
        out,
        y > 0 ? incbet(n - y + 1, y, rest) : 0,
        y < n ? incbet(n - y, y + 1, rest) : 1,
        y < n ? incbet(y + 1, n - y, mu) : 0,
        y > 0 ? incbet(y, n - y + 1, mu) : 1,
      );
    }
  },
  poisson(y, mu, _trials, _dispersion, out) {
    const [below, from] = y > 0 ? [gammaUpper(y, mu), gammaLower(y, mu)] : [0, 1];
    set(out, below, gammaUpper(y + 1, mu), gammaLower(y + 1, mu), from);
  },
  'negative-binomial'(y, mu, _trials, theta, out) {
    const share = mu === Number.POSITIVE_INFINITY ? 1 : mu / (theta + mu);
    const rest = theta / (theta + mu);
    const [below, from] = y > 0 ? [incbet(theta, y, rest), incbet(y, theta, share)] : [0, 1];
    set(out, below, incbet(theta, y + 1, rest), incbet(y + 1, theta, share), from);
  },
  gaussian(y, mu, _trials, variance, out) {
    // A log link's mean may overflow.
    const distance = Math.max(-40, Math.min(40, (y - mu) / Math.sqrt(variance)));
    const [lower, upper] = [ndtr(distance), ndtr(-distance)];
    set(out, lower, lower, upper, upper);
  },
  gamma(y, mu, _trials, phi, out) {
    const [shape, x] = [1 / phi, y / (phi * mu)];
    const [lower, upper] = [gammaLower(shape, x), gammaUpper(shape, x)];
    set(out, lower, lower, upper, upper);
  },
};

/** Undefined for a family of which a density is all that is known. */
export function tailsOf(family: Family): Tails | undefined {
  const tails = Object.hasOwn(TAILS, family.name) ? TAILS[family.name] : undefined;
  const theta = family.given?.theta;
  if (!tails || theta === undefined) return tails;
  return (y, mu, trials, _dispersion, out) => tails(y, mu, trials, theta, out);
}
