// Binomial counts with any link whose log mu and log(1 - mu) come with their derivatives.
import { halfDeviance } from '../../numeric/deviance.js';
import { integration } from '../combinations.js';
import type { ProbabilityLink } from '../link.js';
import type { Outcome } from '../outcome.js';
import { saturatedBinomial } from './constants.js';

/**
 * log f = y log mu + (n - y) log(1 - mu), each log with three derivatives from the link. The value is measured from
 * the saturated model's, minus half the deviance, so that trials to 1e9 keep their digits (Loader 2000).
 */
export function binomialOutcome(link: ProbabilityLink): Outcome {
  const success = new Float64Array(4);
  const failure = new Float64Array(4);
  return {
    ...integration('binomial', link.name),
    constant: saturatedBinomial,
    value(rows, from, to, eps) {
      const { y, trials, weights, eta } = rows;
      let sum = 0;
      for (let r = from; r < to; r++) {
        const u = eta[r] + eps;
        sum += weights[r] * logRatio(y[r], trials[r], link.logMu(u), link.logOneMinusMu(u));
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
        sum += w * logRatio(s, trials[r], success[0], failure[0]);
        // 0 times the derivative of what cannot happen is 0.
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

/** log of the binomial likelihood at mu over that at y / n. */
function logRatio(y: number, n: number, logMu: number, logOneMinusMu: number): number {
  const failures = n - y;
  if (failures === 0) return n === 0 ? 0 : n * logMu;
  if (y === 0) return n * logOneMinusMu;
  return -(
    halfDeviance(y, n, Math.exp(logMu), logMu) +
    halfDeviance(failures, n, Math.exp(logOneMinusMu), logOneMinusMu)
  );
}
