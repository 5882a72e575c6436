// Gaussian responses with the log link: a mean > 0, an additive error; the dispersion is the residual variance.
import { integration } from '../combinations.js';
import type { Outcome } from '../outcome.js';

const LOG_2PI = Math.log(2 * Math.PI);

export const gaussianLog: Outcome = {
  ...integration('gaussian', 'log'),
  constant: () => 0,
  value(rows, from, to, eps, dispersion) {
    const { y, weights, eta } = rows;
    const half = 0.5 / dispersion;
    const constant = -0.5 * (LOG_2PI + Math.log(dispersion));
    let sum = 0;
    for (let r = from; r < to; r++) {
      const residual = y[r] - Math.exp(eta[r] + eps);
      sum += weights[r] * (constant - half * residual * residual);
    }
    return sum;
  },
  derivatives(rows, from, to, eps, dispersion, out) {
    const { y, weights, eta } = rows;
    const precision = 1 / dispersion;
    const constant = -0.5 * (LOG_2PI + Math.log(dispersion));
    let sum = 0;
    for (let r = from; r < to; r++) {
      const mu = Math.exp(eta[r] + eps);
      const residual = y[r] - mu;
      const w = weights[r];
      sum += w * (constant - 0.5 * precision * residual * residual);
      out.first[r - from] = w * precision * mu * residual;
      out.second[r - from] = w * precision * mu * (residual - mu);
    }
    return sum;
  },
  thirdDerivatives(rows, from, to, eps, dispersion, out) {
    const { y, weights, eta } = rows;
    for (let r = from; r < to; r++) {
      const mu = Math.exp(eta[r] + eps);
      out.third[r - from] = (weights[r] * mu * (y[r] - 4 * mu)) / dispersion;
    }
  },
  dispersionDerivatives(rows, from, to, eps, dispersion, out) {
    const { y, weights, eta } = rows;
    const precision = 1 / dispersion;
    out.first = 0;
    out.second = 0;
    for (let r = from; r < to; r++) {
      const mu = Math.exp(eta[r] + eps);
      const residual = y[r] - mu;
      const w = weights[r];
      const scaled = precision * residual * residual;
      out.first += 0.5 * w * precision * (scaled - 1);
      out.second += w * precision * precision * (0.5 - scaled);
      out.eta[r - from] = -w * precision * precision * mu * residual;
      out.etaEta[r - from] = -w * precision * precision * mu * (residual - mu);
    }
  },
};
