// Gamma responses with the log link; the dispersion phi is 1 / shape, the squared coefficient of variation.
import { log1pMinus } from '../../numeric/deviance.js';
import { stirlingRest, stirlingRestCurvature, stirlingRestSlope } from '../../numeric/stirling.js';
import { integration } from '../combinations.js';
import type { Outcome } from '../outcome.js';

const LOG_2PI = Math.log(2 * Math.PI);

/** a log a - a - log Gamma(a): what is left of a response at its mean, but for 1 / y; no digits cancel for large a. */
function normaliser(a: number): number {
  return 0.5 * (Math.log(a) - LOG_2PI) - stirlingRest(a);
}

/** Its first two derivatives in phi = 1 / a: d/d phi = -a^2 d/d a, d2/d phi2 = a^4 d2/d a2 + 2 a^3 d/d a. */
function normaliserSlopes(a: number): readonly [first: number, second: number] {
  const first = 0.5 / a - stirlingRestSlope(a);
  const second = -0.5 / (a * a) - stirlingRestCurvature(a);
  return [-a * a * first, a * a * (a * a * second + 2 * a * first)];
}

/** log q - q + 1 <= 0 from log q and q - 1, q = y / mu: minus half the unit deviance. */
function logRatio(logQ: number, excess: number): number {
  return Math.abs(logQ) < 0.5 ? log1pMinus(excess) : logQ - excess;
}

// log f = N(a) + a (log q - q + 1) - log y, q = y exp(-eta), a = 1 / phi.
export const gammaLog: Outcome = {
  ...integration('gamma', 'log'),
  constant: (y) => -Math.log(y),
  value(rows, from, to, eps, dispersion) {
    const { y, weights, eta } = rows;
    const a = 1 / dispersion;
    const constant = normaliser(a);
    let sum = 0;
    for (let r = from; r < to; r++) {
      const logQ = Math.log(y[r]) - eta[r] - eps;
      sum += weights[r] * (constant + a * logRatio(logQ, Math.expm1(logQ)));
    }
    return sum;
  },
  derivatives(rows, from, to, eps, dispersion, out) {
    const { y, weights, eta } = rows;
    const a = 1 / dispersion;
    const constant = normaliser(a);
    let sum = 0;
    for (let r = from; r < to; r++) {
      const logQ = Math.log(y[r]) - eta[r] - eps;
      const excess = Math.expm1(logQ);
      const w = weights[r];
      sum += w * (constant + a * logRatio(logQ, excess));
      out.first[r - from] = w * a * excess;
      out.second[r - from] = -w * a * Math.exp(logQ);
    }
    return sum;
  },
  thirdDerivatives(rows, from, to, eps, dispersion, out) {
    for (let r = from; r < to; r++) {
      out.third[r - from] = (rows.weights[r] * rows.y[r] * Math.exp(-rows.eta[r] - eps)) / dispersion;
    }
  },
  dispersionDerivatives(rows, from, to, eps, dispersion, out) {
    const { y, weights, eta } = rows;
    const a = 1 / dispersion;
    const [first, second] = normaliserSlopes(a);
    out.first = 0;
    out.second = 0;
    for (let r = from; r < to; r++) {
      const logQ = Math.log(y[r]) - eta[r] - eps;
      const excess = Math.expm1(logQ);
      const ratio = logRatio(logQ, excess);
      const w = weights[r];
      out.first += w * (first - a * a * ratio);
      out.second += w * (second + 2 * a * a * a * ratio);
      out.eta[r - from] = -w * a * a * excess;
      out.etaEta[r - from] = w * a * a * Math.exp(logQ);
    }
  },
  separable: {
    rise: (x, dx) => Math.exp(-x) * Math.expm1(-dx),
    slope: (x) => -Math.exp(-x),
    bend: (x) => Math.exp(-x),
    terms({ y, weights, eta }, from, to, dispersion, out) {
      const a = 1 / dispersion;
      let shift = Number.POSITIVE_INFINITY;
      for (let r = from; r < to; r++) shift = Math.min(shift, eta[r] - Math.log(y[r]));
      out.shift = shift;
      let weight = 0;
      for (let r = from; r < to; r++) {
        const scaled = weights[r] * a;
        out.slope[r - from] = -scaled;
        out.coefficient[r - from] = -scaled * Math.exp(shift - eta[r] + Math.log(y[r]));
        weight += weights[r];
      }
      const [first, second] = normaliserSlopes(a);
      out.normaliser = weight * normaliser(a);
      out.normaliserFirst = weight * first;
      out.normaliserSecond = weight * second;
    },
  },
};
