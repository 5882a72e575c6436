// Gamma responses with the log link; the dispersion phi is 1 / shape, the squared coefficient of variation.
import { lgam, psi } from '../../../samplers/special.js';
import { trigamma } from '../../numeric/trigamma.js';
import type { Outcome } from '../outcome.js';

// log f = a log a - lgamma(a) + (a - 1) log y - a (eta + y exp(-eta)), a = 1 / phi.
export const gammaLog: Outcome = {
  canonical: false,
  logConcave: true,
  step: 0.25,
  constant: (y) => -Math.log(y),
  value(rows, from, to, eps, dispersion) {
    const { y, weights, eta } = rows;
    const a = 1 / dispersion;
    const constant = a * Math.log(a) - lgam(a);
    let sum = 0;
    for (let r = from; r < to; r++) {
      const u = eta[r] + eps;
      sum += weights[r] * (constant + a * (Math.log(y[r]) - u - y[r] * Math.exp(-u)));
    }
    return sum;
  },
  derivatives(rows, from, to, eps, dispersion, out) {
    const { y, weights, eta } = rows;
    const a = 1 / dispersion;
    const constant = a * Math.log(a) - lgam(a);
    let sum = 0;
    for (let r = from; r < to; r++) {
      const u = eta[r] + eps;
      const ratio = y[r] * Math.exp(-u);
      const w = weights[r];
      sum += w * (constant + a * (Math.log(y[r]) - u - ratio));
      out.first[r - from] = w * a * (ratio - 1);
      out.second[r - from] = -w * a * ratio;
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
    // d/d phi = -a^2 d/d a, d2/d phi2 = a^4 d2/d a2 + 2 a^3 d/d a
    const constantA = Math.log(a) + 1 - psi(a);
    const secondA = a - a * a * trigamma(a);
    out.first = 0;
    out.second = 0;
    for (let r = from; r < to; r++) {
      const u = eta[r] + eps;
      const ratio = y[r] * Math.exp(-u);
      const w = weights[r];
      const firstA = constantA + Math.log(y[r]) - u - ratio;
      out.first -= w * a * a * firstA;
      out.second += w * a * a * (secondA + 2 * a * firstA);
      out.eta[r - from] = -w * a * a * (ratio - 1);
      out.etaEta[r - from] = w * a * a * ratio;
    }
  },
  separable: {
    curve(x, out) {
      const e = Math.exp(-x);
      out[0] = e;
      out[1] = -e;
      out[2] = e;
    },
    terms({ y, weights, eta }, from, to, dispersion, out) {
      const a = 1 / dispersion;
      let shift = Number.POSITIVE_INFINITY;
      for (let r = from; r < to; r++) shift = Math.min(shift, eta[r] - Math.log(y[r]));
      out.shift = shift;
      out.base = 0;
      let weight = 0;
      for (let r = from; r < to; r++) {
        const scaled = weights[r] * a;
        // log y - u = -(eta - log y - shift) - x
        const away = eta[r] - Math.log(y[r]) - shift;
        out.slope[r - from] = -scaled;
        out.coefficient[r - from] = -scaled * Math.exp(-away);
        out.base -= scaled * away;
        weight += weights[r];
      }
      const first = weight * (Math.log(a) + 1 - psi(a));
      const second = weight * (1 / a - trigamma(a));
      out.normaliser = weight * (a * Math.log(a) - lgam(a));
      // d/d phi = -a^2 d/d a, d2/d phi2 = a^4 d2/d a2 + 2 a^3 d/d a
      out.normaliserFirst = -a * a * first;
      out.normaliserSecond = a ** 4 * second + 2 * a ** 3 * first;
      out.base += out.normaliser;
    },
  },
};
