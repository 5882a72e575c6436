// Poisson counts with the log link.
import type { Outcome } from '../outcome.js';
import { logFactorial } from './constants.js';

export const poissonLog: Outcome = {
  canonical: true,
  logConcave: true,
  step: 0.25,
  constant: (y) => -logFactorial(y),
  value(rows, from, to, eps) {
    const { y, weights, eta } = rows;
    let sum = 0;
    for (let r = from; r < to; r++) {
      const u = eta[r] + eps;
      sum += weights[r] * (y[r] * u - Math.exp(u));
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
      sum += w * (y[r] * u - mu);
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
    curve(x, out) {
      out.fill(Math.exp(x));
    },
    terms({ y, weights, eta }, from, to, _dispersion, out) {
      let shift = Number.NEGATIVE_INFINITY;
      for (let r = from; r < to; r++) shift = Math.max(shift, eta[r]);
      out.shift = shift;
      out.base = 0;
      for (let r = from; r < to; r++) {
        const slope = weights[r] * y[r];
        out.slope[r - from] = slope;
        out.coefficient[r - from] = -weights[r] * Math.exp(eta[r] - shift);
        out.base += slope * (eta[r] - shift);
      }
    },
  },
};
