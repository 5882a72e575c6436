// The log-likelihood by importance sampling, with its Monte Carlo error: the draws' own word on what quadrature certifies.
import type { Integrand } from '../../likelihood/integrand.js';
import type { EStep } from './e-step.js';
import type { WeighedDraws } from './weigh.js';

/**
 * sum_i c_i log((1/M) sum_k f(y_i, z_ik) / q_i(z_ik)) at the parameters that the draws were last weighed at; its error from
 * the scatter of the weights, c_i^2 (sum_k P_ik^2 - 1/M) a cluster. Undefined for E-steps whose proposal density is not
 * known with its constant.
 */
export function importanceLogLik(
  eStep: EStep,
  integrand: Integrand,
  { set, logTarget, base }: WeighedDraws,
): { readonly value: number; readonly error: number } | undefined {
  if (!eStep.logNormalizer) return undefined;
  const { count, clusterWeights, constants } = integrand.clusters;
  let value = 0;
  let variance = 0;
  for (let i = 0; i < count; i++) {
    integrand.select(i);
    const target = set.of(logTarget, i);
    const proposal = set.of(set.logProposal, i);
    const weights = set.of(base, i);
    let highest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < target.length; k++) highest = Math.max(highest, target[k] - proposal[k]);
    let sum = 0;
    let squares = 0;
    for (let k = 0; k < target.length; k++) {
      sum += Math.exp(target[k] - proposal[k] - highest);
      squares += weights[k] * weights[k];
    }
    const logMean = highest + Math.log(sum / target.length) - eStep.logNormalizer(integrand, set.spread[i]);
    value += clusterWeights[i] * (logMean + constants[i]);
    variance += clusterWeights[i] ** 2 * Math.max(0, squares - 1 / target.length);
  }
  return { value, error: Math.sqrt(variance) };
}
