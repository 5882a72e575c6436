// Binomial counts with the logit link: the canonical pair, in one exponential and one logarithm a row.
import { halfDeviance } from '../../numeric/deviance.js';
import { integration } from '../combinations.js';
import type { Outcome } from '../outcome.js';
import { saturatedBinomial } from './constants.js';

/** Half the deviance of y of n from the share of the mean, for two trials or more. */
function excess(y: number, n: number, meanY: number, meanN: number): number {
  if (n === 0 || n === 1) return 0;
  const [mu, nu] = [meanY / meanN, (meanN - meanY) / meanN];
  return halfDeviance(y, n, mu, Math.log(mu)) + halfDeviance(n - y, n, nu, Math.log(nu));
}

/**
 * y log mu + (n - y) log(1 - mu) less the saturated kernel, that is minus half the deviance, so that trials to 1e9 keep
 * their digits (Loader 2000). With u = eta, e = exp(-|u|), softplus = log(1 + exp(u)).
 */
function logRatio(y: number, n: number, u: number, e: number, softplus: number): number {
  if (n === 1) return y * u - softplus;
  const tail = 1 / (1 + e);
  const [mu, nu] = u > 0 ? [tail, e * tail] : [e * tail, tail];
  return -(halfDeviance(y, n, mu, u - softplus) + halfDeviance(n - y, n, nu, -softplus));
}

/** For y of n and a row's linear predictor: the value that the outcome's `value` sums. */
export function logitLogRatio(y: number, n: number, u: number): number {
  const e = Math.exp(-Math.abs(u));
  return logRatio(y, n, u, e, (u > 0 ? u : 0) + Math.log1p(e));
}

export const binomialLogit: Outcome = {
  ...integration('binomial', 'logit'),
  mergesResponses: excess,
  constant: saturatedBinomial,
  value(rows, from, to, eps) {
    const { y, trials, weights, eta } = rows;
    let sum = 0;
    for (let r = from; r < to; r++) sum += weights[r] * logitLogRatio(y[r], trials[r], eta[r] + eps);
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
      const w = weights[r];
      const n = trials[r];
      sum += w * logRatio(y[r], n, u, e, (u > 0 ? u : 0) + Math.log1p(e));
      // y (1 - mu) - (n - y) mu, so that no digits cancel when mu is near 0 or 1.
      first[r - from] = w * tail * (u > 0 ? y[r] * e - (n - y[r]) : y[r] - (n - y[r]) * e);
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
