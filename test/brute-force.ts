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
  leaning: (e, s) => {
    const z = e / s;
    const v = (z * (2 + s)) / (1 + s);
    const soft = v > 0 ? Math.log1p(Math.exp(-v)) : Math.log1p(Math.exp(v)) - v;
    return Math.log(2 / s) - 0.5 * z * z - 0.5 * Math.log(2 * Math.PI) - soft;
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
  'binomial-log': (y, u) => (y === 1 ? u : Math.log(-Math.expm1(u))),
  'poisson-log': (y, u) => y * u - Math.exp(u) - lgam(y + 1),
  'poisson-identity': (y, u) => (y === 0 ? 0 : y * Math.log(u)) - u - lgam(y + 1),
  'poisson-sqrt': (y, u) => (y === 0 ? 0 : 2 * y * Math.log(Math.abs(u))) - u * u - lgam(y + 1),
  'negative-binomial-log': (y, u) => {
    const theta = 0.7;
    const soft = u > 0 ? u + Math.log1p(theta * Math.exp(-u)) : Math.log(theta + Math.exp(u));
    return lgam(y + theta) - lgam(theta) - lgam(y + 1) + theta * Math.log(theta) + y * u - (y + theta) * soft;
  },
  'gaussian-identity': (y, u) => -0.5 * Math.log(2 * Math.PI * 0.7) - (y - u) ** 2 / 1.4,
  'gaussian-log': (y, u) => -0.5 * Math.log(2 * Math.PI * 0.7) - (y - Math.exp(u)) ** 2 / 1.4,
  'gamma-log': (y, u) => gammaDensity(y, u, y * Math.exp(-u)),
  'gamma-inverse': (y, u) => gammaDensity(y, -Math.log(u), y * u),
  'gamma-identity': (y, u) => gammaDensity(y, Math.log(u), y / u),
  'custom-geometric': (y, u) =>
    y * u - (y + 1) * (u > 0 ? u + Math.log1p(Math.exp(-u)) : Math.log1p(Math.exp(u))),
  'custom-logistic': (y, u) => {
    const v = Math.abs(y - u) / 0.7;
    return -v - 2 * Math.log1p(Math.exp(-v)) - Math.log(0.7);
  },
};

/** log density of a gamma response from log mu and y / mu, at dispersion 0.7. */
function gammaDensity(y: number, logMu: number, ratio: number): number {
  const a = 1 / 0.7;
  return a * Math.log(a) - lgam(a) + (a - 1) * Math.log(y) - a * (logMu + ratio);
}

const POINTS = [
  0.1488743389816312, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845, 0.9739065285171717,
];
const WEIGHTS = [
  0.2955242247147529, 0.2692667193099963, 0.219086362515982, 0.1494513491505806, 0.0666713443086881,
];

/** The log of an integral over eps: see `bruteForces`. */
export function bruteForce(
  logLik: (eps: number) => number,
  logDensity: (eps: number) => number,
  smallest: number,
  centres: readonly number[],
): number {
  return bruteForces(logLik, [logDensity], smallest, centres)[0];
}

/**
 * The logs of the integrals over eps of one likelihood under several densities. Panels are no longer than a third of their
 * distance to 0 and to every `centre`, nor than 0.2 where |eps| < 60 or a centre is near.
 */
export function bruteForces(
  logLik: (eps: number) => number,
  logDensities: readonly ((eps: number) => number)[],
  smallest: number,
  centres: readonly number[],
): number[] {
  const edges = new Set<number>([0]);
  for (const c of [0, ...centres]) {
    for (const side of [-1, 1]) {
      for (let d = c === 0 ? smallest : 1e-3; d < 1e20; d *= 1.3) edges.add(c + side * d);
      for (let k = 0; k < 200; k++) edges.add(c + side * 0.2 * k);
    }
  }
  const sorted = [...edges].sort((a, b) => a - b);
  const points: number[] = [];
  const weights: number[] = [];
  for (let k = 1; k < sorted.length; k++) {
    const half = 0.5 * (sorted[k] - sorted[k - 1]);
    const middle = 0.5 * (sorted[k] + sorted[k - 1]);
    POINTS.forEach((x, j) => {
      points.push(middle - half * x, middle + half * x);
      weights.push(half * WEIGHTS[j], half * WEIGHTS[j]);
    });
  }
  const logLiks = points.map(logLik);
  return logDensities.map((logDensity) => {
    const values = points.map((eps, k) => logLiks[k] + logDensity(eps));
    // Where a factor is 0, or both are infinite, there is no mass.
    const top = values.reduce((a, b) => (b > a ? b : a), Number.NEGATIVE_INFINITY);
    let sum = 0;
    values.forEach((value, k) => {
      if (value > Number.NEGATIVE_INFINITY) sum += weights[k] * Math.exp(value - top);
    });
    return top + Math.log(sum);
  });
}
