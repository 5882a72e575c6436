// Binomial counts with any link whose log mu and log(1 - mu) come with their derivatives.
import type { ProbabilityLink } from '../link.js';
import type { Outcome } from '../outcome.js';
import { logBinomialCoefficient } from './constants.js';

/** log f = y log mu + (n - y) log(1 - mu), each log with three derivatives from the link. */
export function binomialOutcome(link: ProbabilityLink): Outcome {
  const success = new Float64Array(4);
  const failure = new Float64Array(4);
  return {
    canonical: false,
    logConcave: link.logConcave,
    step: link.step,
    constant: logBinomialCoefficient,
    value(rows, from, to, eps) {
      const { y, trials, weights, eta } = rows;
      let sum = 0;
      for (let r = from; r < to; r++) {
        const u = eta[r] + eps;
        const s = y[r];
        const f = trials[r] - s;
        // 0 log 0 = 0
        const term = (s > 0 ? s * link.logMu(u) : 0) + (f > 0 ? f * link.logOneMinusMu(u) : 0);
        sum += weights[r] * term;
      }
      return sum;
    },
    derivatives(rows, from, to, eps, _dispersion, out) {
      const { y, trials, weights, eta } = rows;
      let sum = 0;
      for (let r = from; r < to; r++) {
        link.logJets(eta[r] + eps, success, failure);
        const w = weights[r];
        const s = y[r];
        const f = trials[r] - s;
        sum += w * ((s > 0 ? s * success[0] : 0) + (f > 0 ? f * failure[0] : 0));
        out.first[r - from] = w * ((s > 0 ? s * success[1] : 0) + (f > 0 ? f * failure[1] : 0));
        out.second[r - from] = w * ((s > 0 ? s * success[2] : 0) + (f > 0 ? f * failure[2] : 0));
      }
      return sum;
    },
    thirdDerivatives(rows, from, to, eps, _dispersion, out) {
      const { y, trials, weights, eta } = rows;
      for (let r = from; r < to; r++) {
        link.logJets(eta[r] + eps, success, failure);
        const s = y[r];
        const f = trials[r] - s;
        out.third[r - from] = weights[r] * ((s > 0 ? s * success[3] : 0) + (f > 0 ? f * failure[3] : 0));
      }
    },
  };
}
