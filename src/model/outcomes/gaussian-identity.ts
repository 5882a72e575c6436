// Gaussian responses with the identity link; the dispersion is the residual variance.
import { integration } from '../combinations.js';
import type { Outcome } from '../outcome.js';

const LOG_2PI = Math.log(2 * Math.PI);

export const gaussianIdentity: Outcome = {
  ...integration('gaussian', 'identity'),
  constant: () => 0,
  value(rows, from, to, eps, dispersion) {
    const { y, weights, eta } = rows;
    const half = 0.5 / dispersion;
    const constant = -0.5 * (LOG_2PI + Math.log(dispersion));
    let sum = 0;
    for (let r = from; r < to; r++) {
      const residual = y[r] - eta[r] - eps;
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
      const residual = y[r] - eta[r] - eps;
      const w = weights[r];
      sum += w * (constant - 0.5 * precision * residual * residual);
      out.first[r - from] = w * precision * residual;
      out.second[r - from] = -w * precision;
    }
    return sum;
  },
  thirdDerivatives(_rows, from, to, _eps, _dispersion, out) {
    out.third.fill(0, 0, to - from);
  },
  dispersionDerivatives(rows, from, to, eps, dispersion, out) {
    const { y, weights, eta } = rows;
    const precision = 1 / dispersion;
    out.first = 0;
    out.second = 0;
    for (let r = from; r < to; r++) {
      const residual = y[r] - eta[r] - eps;
      const w = weights[r];
      const scaled = precision * residual * residual;
      out.first += 0.5 * w * precision * (scaled - 1);
      out.second += w * precision * precision * (0.5 - scaled);
      out.eta[r - from] = -w * precision * precision * residual;
      out.etaEta[r - from] = w * precision * precision;
    }
  },
  separable: {
    rise: (x, dx) => -dx * (x + 0.5 * dx),
    slope: (x) => -x,
    bend: () => -1,
    terms({ y, weights, eta }, from, to, dispersion, out) {
      const precision = 1 / dispersion;
      let weight = 0;
      let sum = 0;
      for (let r = from; r < to; r++) {
        weight += weights[r];
        sum += weights[r] * (y[r] - eta[r]);
      }
      // About their mean the residuals are small, however far the cluster is from 0.
      const mean = weight > 0 ? sum / weight : 0;
      out.shift = -mean;
      for (let r = from; r < to; r++) {
        const scaled = precision * weights[r];
        const residual = y[r] - eta[r] - mean;
        out.slope[r - from] = scaled * residual;
        out.coefficient[r - from] = scaled;
      }
      out.normaliser = -0.5 * weight * (LOG_2PI + Math.log(dispersion));
      out.normaliserFirst = -0.5 * weight * precision;
      out.normaliserSecond = 0.5 * weight * precision * precision;
    },
  },
};
