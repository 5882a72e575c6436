// Marginal likelihoods of one cluster by an integrator of its own: dense Gauss-Legendre panels in eps, nothing adaptive.
import { lgam, ndtr } from '../samplers/special.js';

/** log f(eps; sigma) of each effect, written out anew. */
export const effectDensities: Readonly<Record<string, (eps: number, sigma: number) => number>> = {
  normal: (e, s) => -0.5 * (e / s) ** 2 - Math.log(s) - 0.5 * Math.log(2 * Math.PI),
  t1: (e, s) => -Math.log(Math.PI * s) - Math.log1p((e / s) ** 2),
  t3: (e, s) => Math.log(2 / (Math.PI * Math.sqrt(3) * s)) - 2 * Math.log1p((e / s) ** 2 / 3),
  logistic: (e, s) => {
    const z = Math.abs(e / s);
    return -z - 2 * Math.log1p(Math.exp(-z)) - Math.log(s);
  },
  laplace: (e, s) => -Math.abs(e / s) - Math.log(2 * s),
  'log-gamma': (e, s) => {
    const a = 1 / (s * s);
    return a * Math.log(a) - lgam(a) + a * (e - Math.exp(e));
  },
  bridge: (e, s) => {
    const phi = 1 / Math.sqrt(1 + (3 * s * s) / Math.PI ** 2);
    // cosh y + cos(phi pi) = 2 sinh^2(y / 2) + 2 sin^2(pi (1 - phi) / 2), since both cosines may be near 1.
    const delta = (3 * s * s * phi * phi) / (Math.PI ** 2 * (1 + phi));
    const half = Math.abs(phi * e) / 2;
    const sum =
      (half > 300 ? 1 : 4 * Math.sinh(half) ** 2 * Math.exp(-2 * half)) +
      4 * Math.sin((Math.PI * delta) / 2) ** 2 * Math.exp(-2 * half);
    return Math.log(Math.sin(Math.PI * delta) / Math.PI) - 2 * half - Math.log(sum);
  },
};

/** log f(y | eta) of each outcome (for binomials of 1 trial; dispersion 0.7 where there is one), written out anew. */
export const outcomeDensities: Readonly<Record<string, (y: number, eta: number) => number>> = {
  'binomial-logit': (y, u) => {
    const v = y === 1 ? -u : u;
    return v > 0 ? -v - Math.log1p(Math.exp(-v)) : -Math.log1p(Math.exp(v));
  },
  'binomial-probit': (y, u) => {
    const v = y === 1 ? u : -u;
    if (v > 38) return 0;
    if (v > -5) return v > 0 ? Math.log1p(-ndtr(-v)) : Math.log(ndtr(v));
    // Mills' ratio by Laplace's continued fraction.
    let rest = 0;
    for (let k = 80; k >= 1; k--) rest = k / (rest - v);
    return -0.5 * v * v - 0.5 * Math.log(2 * Math.PI) - Math.log(rest - v);
  },
  'binomial-cloglog': (y, u) => (y === 0 ? -Math.exp(u) : Math.log(-Math.expm1(-Math.exp(u)))),
  'binomial-cauchit': (y, u) => Math.log(0.5 + Math.atan(y === 1 ? u : -u) / Math.PI),
  'poisson-log': (y, u) => y * u - Math.exp(u) - lgam(y + 1),
  'poisson-sqrt': (y, u) => (y === 0 ? 0 : 2 * y * Math.log(Math.abs(u))) - u * u - lgam(y + 1),
  'gaussian-identity': (y, u) => -0.5 * Math.log(2 * Math.PI * 0.7) - (y - u) ** 2 / 1.4,
  'gaussian-log': (y, u) => -0.5 * Math.log(2 * Math.PI * 0.7) - (y - Math.exp(u)) ** 2 / 1.4,
  'gamma-log': (y, u) => {
    const a = 1 / 0.7;
    return a * Math.log(a) - lgam(a) + (a - 1) * Math.log(y) - a * (u + y * Math.exp(-u));
  },
};

const POINTS = [
  0.1488743389816312, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845, 0.9739065285171717,
];
const WEIGHTS = [
  0.2955242247147529, 0.2692667193099963, 0.219086362515982, 0.1494513491505806, 0.0666713443086881,
];

/**
 * log of the integral over eps. Panels are no longer than a third of their distance to 0 and to every `centre`, nor than
 * 0.2 where |eps| < 60 or a centre is near.
 */
export function bruteForce(
  logLik: (eps: number) => number,
  logDensity: (eps: number) => number,
  smallest: number,
  centres: readonly number[],
): number {
  const edges = new Set<number>([0]);
  for (const c of [0, ...centres]) {
    for (const side of [-1, 1]) {
      for (let d = c === 0 ? smallest : 1e-3; d < 1e20; d *= 1.3) edges.add(c + side * d);
      for (let k = 0; k < 200; k++) edges.add(c + side * 0.2 * k);
    }
  }
  const sorted = [...edges].sort((a, b) => a - b);
  const values: number[] = [];
  const weights: number[] = [];
  for (let k = 1; k < sorted.length; k++) {
    const half = 0.5 * (sorted[k] - sorted[k - 1]);
    const middle = 0.5 * (sorted[k] + sorted[k - 1]);
    POINTS.forEach((x, j) => {
      for (const eps of [middle - half * x, middle + half * x]) {
        const value = logLik(eps) + logDensity(eps);
        if (!(value > Number.NEGATIVE_INFINITY)) continue;
        values.push(value);
        weights.push(half * WEIGHTS[j]);
      }
    });
  }
  const top = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return top + Math.log(values.reduce((sum, value, k) => sum + weights[k] * Math.exp(value - top), 0));
}
