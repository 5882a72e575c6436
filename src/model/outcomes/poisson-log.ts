// Poisson counts with the log link.
import { halfDeviance } from '../../numeric/deviance.js';
import { integration } from '../combinations.js';
import type { Outcome } from '../outcome.js';
import { saturatedPoisson } from './constants.js';

/**
 * log f = y eta - exp(eta), measured from the saturated model's (minus half the deviance), so that counts to 1e9 keep
 * their digits (Loader 2000).
 */
export const poissonLog: Outcome = {
  ...integration('poisson', 'log'),
  mergesResponses: (y, _trials, mean) => halfDeviance(y, 1, mean, Math.log(mean)),
  constant: saturatedPoisson,
  value(rows, from, to, eps) {
    const { y, weights, eta } = rows;
    let sum = 0;
    for (let r = from; r < to; r++) {
      const u = eta[r] + eps;
      sum -= weights[r] * halfDeviance(y[r], 1, Math.exp(u), u);
    }
    return sum;
  },
  derivatives(rows, from, to, eps, _dispersion, out) {
    const { y, weights, eta } = rows;
    let sum = 0;
    for (let r = from; r < to; r++) {
      const u = eta[r] + eps;
      const mu = Math.exp(u);
      const w = weights[r];
      sum -= w * halfDeviance(y[r], 1, mu, u);
      out.first[r - from] = w * (y[r] - mu);
      out.second[r - from] = -w * mu;
    }
    return sum;
  },
  thirdDerivatives(rows, from, to, eps, _dispersion, out) {
    for (let r = from; r < to; r++) {
      out.third[r - from] = -rows.weights[r] * Math.exp(rows.eta[r] + eps);
    }
  },
  separable: {
    rise: (x, dx) => Math.exp(x) * Math.expm1(dx),
    slope: Math.exp,
    bend: Math.exp,
    terms({ y, weights, eta }, from, to, _dispersion, out) {
      let shift = Number.NEGATIVE_INFINITY;
      for (let r = from; r < to; r++) shift = Math.max(shift, eta[r]);
      out.shift = shift;
      for (let r = from; r < to; r++) {
        out.slope[r - from] = weights[r] * y[r];
        out.coefficient[r - from] = -weights[r] * Math.exp(eta[r] - shift);
      }
    },
  },
};
