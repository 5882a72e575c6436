// Log-gamma intercepts, conjugate to Poisson counts with the log link.
import { lgam, psi } from '../../../samplers/special.js';
import { gamma, logGamma as logGammaVariate, normal } from '../../../samplers/variates.js';
import { LOG_SQRT_2PI } from '../../numeric/normal.js';
import { trigamma } from '../../numeric/trigamma.js';
import type { RandomEffect } from '../random-effect.js';

/**
 * eps = log G, G ~ Gamma(a, a) with mean 1 and variance 1 / a, a = 1 / sigma^2. With Poisson-log the marginal is the
 * negative binomial of each cluster's total. sigma is not the standard deviation of eps, which is sqrt(trigamma(a)).
 *
 * With x = sigma z, log f(z) = c(sigma) - (e^x - 1 - x) / sigma^2, c = -log sqrt(2 pi) - R(a), R the remainder of
 * Stirling's series for log Gamma(a): everything that grows as sigma goes to 0 has been cancelled by hand, and the
 * limit is the standard normal.
 */
export function logGamma(): RandomEffect {
  return LOG_GAMMA;
}

/** What depends on sigma alone, for the nodes of many integrals at one sigma: c and its first two derivatives. */
const shape = { sigma: -1, constant: 0, slope: 0, curvature: 0 };

function setShape(sigma: number): void {
  if (sigma === shape.sigma) return;
  shape.sigma = sigma;
  shape.constant = constant(sigma);
  shape.slope = constantSlope(sigma);
  shape.curvature = constantCurvature(sigma);
}

const LOG_GAMMA: RandomEffect = {
  name: 'log-gamma',
  symmetric: false,
  scaleFamily: false,
  logConcave: true,
  tails: 'exponential',
  tailDf: Number.POSITIVE_INFINITY,
  kink: false,
  smoothAtZero: true,
  // The density turns where a e^x = 1, if that is not a matter of the tail.
  center: (sigma) => (sigma > 1 ? (2 * Math.log(sigma)) / sigma : 0),
  step: (sigma) => 0.25 / sigma,
  logDensity(z, sigma) {
    const x = sigma * z;
    setShape(sigma);
    return shape.constant - z * z * secondRest(x);
  },
  derivatives(z, sigma, out) {
    const x = sigma * z;
    const e = Math.exp(x);
    setShape(sigma);
    out.z = -z * firstRest(x);
    out.zz = -e;
    out.zzz = -sigma * e;
    // d/d sigma of h / sigma^2, h = e^x - 1 - x, is (x h' - 2 h) / sigma^3, whose numerator is of order x^3.
    const rest = thirdRest(x);
    out.sigma = shape.slope - z * z * z * rest;
    out.sigmaSigma = shape.curvature - z * z * z * z * thirdRestSlope(x, rest);
    out.zSigma = -z * z * firstRestSlope(x);
    out.zzSigma = -z * e;
  },
  draw(rng, sigma) {
    const a = 1 / (sigma * sigma);
    if (a > 1e16) return normal(rng);
    // For large shapes the two logs would cancel.
    return (a > 100 ? Math.log(gamma(rng, a) / a) : logGammaVariate(rng, a) - Math.log(a)) / sigma;
  },
  standardDeviation: ({ sigma }) => (sigma === 0 ? 0 : Math.sqrt(trigamma(1 / (sigma * sigma)))),
};

/** Below this |x| the quotients are summed as series, of which 24 terms reach the last bit. */
const SERIES = 1.5;
const TERMS = 24;

/** Coefficients c(k) / k! of x^(k - from), k = from, from + 1, ... */
function coefficients(from: number, c: (k: number) => number): Float64Array {
  let factorial = 1;
  for (let k = 2; k < from; k++) factorial *= k;
  return Float64Array.from({ length: TERMS }, (_, j) => {
    factorial *= from + j;
    return c(from + j) / factorial;
  });
}

const SECOND = coefficients(2, () => 1);
const FIRST_SLOPE = coefficients(2, (k) => k - 1);
const THIRD = coefficients(3, (k) => k - 2);
const THIRD_SLOPE = coefficients(4, (k) => (k - 2) * (k - 3));

function horner(c: Float64Array, x: number): number {
  let sum = 0;
  for (let j = TERMS - 1; j >= 0; j--) sum = sum * x + c[j];
  return sum;
}

/** (e^x - 1) / x */
function firstRest(x: number): number {
  return x === 0 ? 1 : Math.expm1(x) / x;
}

/** (e^x - 1 - x) / x^2 */
function secondRest(x: number): number {
  return Math.abs(x) < SERIES ? horner(SECOND, x) : (Math.expm1(x) - x) / (x * x);
}

/** d/dx of `firstRest`: (x e^x - e^x + 1) / x^2 */
function firstRestSlope(x: number): number {
  return Math.abs(x) < SERIES ? horner(FIRST_SLOPE, x) : ((x - 1) * Math.exp(x) + 1) / (x * x);
}

/** ((x - 2) e^x + x + 2) / x^3 */
function thirdRest(x: number): number {
  return Math.abs(x) < SERIES ? horner(THIRD, x) : ((x - 2) * Math.exp(x) + x + 2) / (x * x * x);
}

/** Its derivative, `rest` being its value. */
function thirdRestSlope(x: number, rest: number): number {
  if (Math.abs(x) < SERIES) return horner(THIRD_SLOPE, x);
  return ((x - 1) * Math.exp(x) + 1) / (x * x * x) - (3 * rest) / x;
}

/** Above this shape Stirling's series reaches the last bit. */
const STIRLING = 12;

/** -log sqrt(2 pi) - R(a), R(a) = log Gamma(a) - (a - 1/2) log a + a - log sqrt(2 pi). */
function constant(sigma: number): number {
  const s2 = sigma * sigma;
  const a = 1 / s2;
  if (a < STIRLING) return (a - 0.5) * Math.log(a) - a - lgam(a);
  const q = s2 * s2;
  return (
    -LOG_SQRT_2PI -
    s2 * (1 / 12 - q * (1 / 360 - q * (1 / 1260 - q * (1 / 1680 - q * (1 / 1188 - (q * 691) / 360360)))))
  );
}

function constantSlope(sigma: number): number {
  const s2 = sigma * sigma;
  const a = 1 / s2;
  if (a < STIRLING) return 2 * stirlingSlope(a) * (a / sigma);
  const q = s2 * s2;
  return (
    -2 *
    sigma *
    (1 / 12 - q * (3 / 360 - q * (5 / 1260 - q * (7 / 1680 - q * (9 / 1188 - (q * 11 * 691) / 360360)))))
  );
}

function constantCurvature(sigma: number): number {
  const s2 = sigma * sigma;
  const a = 1 / s2;
  if (a < STIRLING) {
    // d a / d sigma = -2 a / sigma, d2 a / d sigma2 = 6 a^2.
    const second = trigamma(a) - 1 / a - 0.5 / (a * a);
    return -(second * 4 * a * a * a + stirlingSlope(a) * 6 * a * a);
  }
  const q = s2 * s2;
  return (
    -2 *
    (1 / 12 -
      q *
        ((3 * 5) / 360 -
          q *
            ((5 * 9) / 1260 - q * ((7 * 13) / 1680 - q * ((9 * 17) / 1188 - (q * 11 * 21 * 691) / 360360)))))
  );
}

/** R'(a) */
function stirlingSlope(a: number): number {
  return psi(a) - Math.log(a) + 0.5 / a;
}
