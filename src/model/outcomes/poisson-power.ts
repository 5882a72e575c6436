// Poisson counts whose mean is a power of the linear predictor: the identity (1) and the square root (2) link.
import { halfDeviance } from '../../numeric/deviance.js';
import { integration } from '../combinations.js';
import type { Outcome } from '../outcome.js';
import { saturatedPoisson } from './constants.js';

/**
 * log f = y log mu - mu with mu = eta^power, measured from the saturated model's (minus half the deviance, so that
 * counts to 1e9 keep their digits). With the identity link the value is -Infinity where eta < 0; with the square root
 * every eta is possible, and where y > 0 the two modes +-sqrt(y) are parted by -Infinity at 0.
 */
export function poissonPower(link: 'identity' | 'sqrt'): Outcome {
  const power = link === 'identity' ? 1 : 2;
  const impossible = (u: number, y: number): boolean => (power === 1 && u < 0) || (u === 0 && y > 0);
  const logRatio = (u: number, y: number): number => {
    if (impossible(u, y)) return Number.NEGATIVE_INFINITY;
    const mu = power === 1 ? u : u * u;
    return -halfDeviance(y, 1, mu, power * Math.log(Math.abs(u)));
  };
  return {
    ...integration('poisson', link),
    constant: saturatedPoisson,
    value(rows, from, to, eps) {
      const { y, weights, eta } = rows;
      let sum = 0;
      for (let r = from; r < to; r++) sum += weights[r] * logRatio(eta[r] + eps, y[r]);
      return sum;
    },
    derivatives(rows, from, to, eps, _dispersion, out) {
      const { y, weights, eta } = rows;
      let sum = 0;
      for (let r = from; r < to; r++) {
        const u = eta[r] + eps;
        const w = weights[r];
        const possible = !impossible(u, y[r]);
        // y / u, without 0 / 0.
        const ratio = y[r] > 0 ? y[r] / u : 0;
        const slope = power === 1 ? ratio - 1 : 2 * (ratio - u);
        const curvature = power === 1 ? 0 : -2;
        sum += w * logRatio(u, y[r]);
        out.first[r - from] = possible ? w * slope : 0;
        out.second[r - from] = possible ? w * (curvature - (y[r] > 0 ? (power * ratio) / u : 0)) : 0;
      }
      return sum;
    },
    thirdDerivatives(rows, from, to, eps, _dispersion, out) {
      const { y, weights, eta } = rows;
      for (let r = from; r < to; r++) {
        const u = eta[r] + eps;
        const counts = y[r] > 0 && !impossible(u, y[r]);
        out.third[r - from] = counts ? (weights[r] * 2 * power * (y[r] / u)) / u / u : 0;
      }
    },
  };
}
