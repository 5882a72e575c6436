// Joint maximum likelihood of a Rasch model: both sides as coefficients, the random one profiled out score by score.
import { invertSymmetric } from '../../numeric/cholesky.js';
import { type Evaluation, maximise } from '../../numeric/newton.js';
import { centred, type Locations } from './conditional.js';
import type { Pattern } from './responses.js';
import { chanceAt, maximumLikelihoodScore } from './scores.js';

/**
 * Random units that answered the same with the same score share their estimate, so that only groups are profiled. Those with all
 * or none right are left out: their own estimates are infinite. The estimates are inconsistent as random units are added: with k fixed
 * units they are too far apart by about k / (k - 1), for two exactly by 2.
 *
 * Source: Andersen (1973), British J. of Mathematical and Statistical Psychology 26; Wright and Douglas (1977), Applied Psychological Measurement 1.
 * @param patterns informative ones; @param k the number of fixed units
 */
export function jointEstimates(patterns: readonly Pattern[], k: number): Locations {
  const q = k - 1;
  const at = (free: Float64Array): Evaluation => {
    let value = 0;
    const gradient = new Float64Array(q);
    const hessian = new Float64Array(q * q);
    for (const { units, groups } of patterns) {
      const locations = units.map((j) => (j === 0 ? 0 : free[j - 1]));
      for (const { score, members, right } of groups) {
        const n = members.length;
        const ability = maximumLikelihoodScore(score, locations).value;
        const chances = locations.map((b) => chanceAt(ability, b));
        const information = chances.map((p) => p * (1 - p));
        const total = information.reduce((sum, w) => sum + w, 0);
        value += n * score * ability;
        units.forEach((j, a) => {
          const eta = ability + locations[a];
          value += right[j] * locations[a] - n * (Math.max(eta, 0) + Math.log1p(Math.exp(-Math.abs(eta))));
          if (j === 0) return;
          gradient[j - 1] += right[j] - n * chances[a];
          hessian[(j - 1) * q + j - 1] -= n * information[a];
          units.forEach((other, b) => {
            // What the ability's following the locations gives back.
            if (other > 0) hessian[(j - 1) * q + other - 1] += (n * information[a] * information[b]) / total;
          });
        });
      }
    }
    return { value, gradient, hessian };
  };
  const { point, evaluation, converged } = maximise(at, new Float64Array(q));
  const covariance = invertSymmetric(
    evaluation.hessian.map((h) => -h),
    q,
  );
  return {
    ...centred(point, covariance),
    logLik: evaluation.value,
    converged: converged && covariance !== undefined,
  };
}
