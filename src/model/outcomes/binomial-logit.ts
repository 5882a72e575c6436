// Binomial counts with the logit link: the canonical pair, in one exponential and one logarithm a row.
import type { Outcome } from '../outcome.js';
import { logBinomialCoefficient } from './constants.js';

export const binomialLogit: Outcome = {
  canonical: true,
  logConcave: true,
  step: 0.5,
  constant: logBinomialCoefficient,
  value(rows, from, to, eps) {
    const { y, trials, weights, eta } = rows;
    let sum = 0;
    for (let r = from; r < to; r++) {
      const u = eta[r] + eps;
      const e = Math.exp(-Math.abs(u));
      const softplus = (u > 0 ? u : 0) + Math.log1p(e);
      sum += weights[r] * (y[r] * u - trials[r] * softplus);
    }
    return sum;
  },
  derivatives(rows, from, to, eps, _dispersion, out) {
    const { y, trials, weights, eta } = rows;
    const { first, second } = out;
    let sum = 0;
    for (let r = from; r < to; r++) {
      const u = eta[r] + eps;
      const e = Math.exp(-Math.abs(u));
      const tail = 1 / (1 + e);
      const mu = u > 0 ? tail : e * tail;
      const w = weights[r];
      const n = trials[r];
      sum += w * (y[r] * u - n * ((u > 0 ? u : 0) + Math.log1p(e)));
      // y - n mu as (y - n) (1 - nu) + ..., so that no digits cancel when mu is near 1.
      first[r - from] = u > 0 ? w * (y[r] - n + n * e * tail) : w * (y[r] - n * mu);
      second[r - from] = -w * n * e * tail * tail;
    }
    return sum;
  },
  thirdDerivatives(rows, from, to, eps, _dispersion, out) {
    const { trials, weights, eta } = rows;
    for (let r = from; r < to; r++) {
      const u = eta[r] + eps;
      const e = Math.exp(-Math.abs(u));
      const tail = 1 / (1 + e);
      const oneLessTwoMu = (u > 0 ? -1 : 1) * (1 - e) * tail;
      out.third[r - from] = -weights[r] * trials[r] * e * tail * tail * oneLessTwoMu;
    }
  },
};
