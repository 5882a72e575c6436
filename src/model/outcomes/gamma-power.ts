// Gamma responses whose mean is eta or 1 / eta, possible for eta > 0; the dispersion phi is 1 / shape.
import { log1pMinus } from '../../numeric/deviance.js';
import { stirlingRest, stirlingRestCurvature, stirlingRestSlope } from '../../numeric/stirling.js';
import { integration } from '../combinations.js';
import type { Outcome, Rows } from '../outcome.js';

const LOG_2PI = Math.log(2 * Math.PI);

/**
 * log f = -log y + a log a - lgamma(a) - a - a (q - 1 - log q) with q = y / mu and a = 1 / phi. What depends on a alone
 * is log(a / 2 pi) / 2 - delta(a) by Stirling's formula; the bracket is half the unit deviance.
 */
export function gammaPower(link: 'inverse' | 'identity'): Outcome {
  const inverse = link === 'inverse';
  const deviance = inverse ? inverseDeviance : identityDeviance;
  // u times the first, u^2 times the second and u^3 times the third derivative of log q - q.
  const slope = (y: number, u: number): number => (inverse ? 1 - y * u : (y - u) / u);
  const curvature = (y: number, u: number): number => (inverse ? -1 : 1 - (2 * y) / u);
  const bend = (y: number, u: number): number => (inverse ? 2 : (6 * y) / u - 2);

  const value = (rows: Rows, from: number, to: number, eps: number, dispersion: number): number => {
    const { y, weights, eta } = rows;
    const a = 1 / dispersion;
    const constant = 0.5 * (Math.log(a) - LOG_2PI) - stirlingRest(a);
    let sum = 0;
    for (let r = from; r < to; r++) {
      const u = eta[r] + eps;
      sum += weights[r] * (u > 0 ? constant - a * deviance(y[r], u) : Number.NEGATIVE_INFINITY);
    }
    return sum;
  };

  return {
    ...integration('gamma', link),
    constant: (y) => -Math.log(y),
    value,
    derivatives(rows, from, to, eps, dispersion, out) {
      const { y, weights, eta } = rows;
      for (let r = from; r < to; r++) {
        const u = eta[r] + eps;
        const w = weights[r] / dispersion;
        out.first[r - from] = u > 0 ? (w * slope(y[r], u)) / u : 0;
        out.second[r - from] = u > 0 ? (w * curvature(y[r], u)) / u / u : 0;
      }
      return value(rows, from, to, eps, dispersion);
    },
    thirdDerivatives(rows, from, to, eps, dispersion, out) {
      const { y, weights, eta } = rows;
      for (let r = from; r < to; r++) {
        const u = eta[r] + eps;
        out.third[r - from] = u > 0 ? ((weights[r] / dispersion) * bend(y[r], u)) / u / u / u : 0;
      }
    },
    dispersionDerivatives(rows, from, to, eps, dispersion, out) {
      const { y, weights, eta } = rows;
      const a = 1 / dispersion;
      // d/d phi = -a^2 d/d a, d2/d phi2 = a^4 d2/d a2 + 2 a^3 d/d a
      const constantA = 0.5 / a - stirlingRestSlope(a);
      const secondA = -0.5 - a * a * stirlingRestCurvature(a);
      out.first = 0;
      out.second = 0;
      for (let r = from; r < to; r++) {
        const u = eta[r] + eps;
        const w = weights[r] * a * a;
        const firstA = u > 0 ? constantA - deviance(y[r], u) : 0;
        out.first -= w * firstA;
        out.second += u > 0 ? w * (secondA + 2 * a * firstA) : 0;
        out.eta[r - from] = u > 0 ? (-w * slope(y[r], u)) / u : 0;
        out.etaEta[r - from] = u > 0 ? (-w * curvature(y[r], u)) / u / u : 0;
      }
    },
  };
}

// q - 1 - log q of q = y u and q = y / u, where q may underflow.

function inverseDeviance(y: number, u: number): number {
  const excess = y * u - 1;
  return excess > -0.5 ? -log1pMinus(excess) : excess - Math.log(y) - Math.log(u);
}

function identityDeviance(y: number, u: number): number {
  const excess = (y - u) / u;
  return excess > -0.5 ? -log1pMinus(excess) : excess - Math.log(y) + Math.log(u);
}
