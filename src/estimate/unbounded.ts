// Whether the likelihood has no maximum because it rises for ever as sigma and the coefficients grow together.
import type { MarginalLikelihood } from '../likelihood/marginal-likelihood.js';
import type { Rule } from '../likelihood/sweep.js';
import type { Parameters } from '../model/parameters.js';
import { predictorUnit } from '../model/predictor-unit.js';
import type { ParameterSpace } from './parameter-space.js';

/** From this many units of the linear predictor on, sigma is worth the question. */
const SUSPICIOUS = 10;
/** Falls of the log-likelihood below this part of it are rounding's, or the rule's. */
const ROUNDING = 1e-8;

/**
 * Where clusters are nearly all of one kind, the likelihood tends to a limit from below as sigma grows and the coefficients
 * grow in proportion. Asked of `parameters`: does it rise, doubling after doubling, until sigma is `largest` units?
 * Below a finite maximum it does not. Costs a few evaluations.
 */
export function risesForEver(
  likelihood: MarginalLikelihood,
  space: ParameterSpace,
  rule: Rule,
  parameters: Parameters,
  largest: number,
): boolean {
  const unit = predictorUnit(likelihood.model, parameters);
  if (space.fixed.sigma !== undefined || !(parameters.sigma >= SUSPICIOUS * unit)) return false;
  let last = likelihood.evaluate(parameters, rule, false);
  for (let scale = 2; parameters.sigma * scale < 2 * largest * unit; scale *= 2) {
    const beta = parameters.beta.map((value) => scale * value);
    const farther = space.hold({ ...parameters, beta, sigma: scale * parameters.sigma });
    const value = likelihood.evaluate(farther, rule, false);
    if (!(value >= last - ROUNDING * Math.abs(last))) return false;
    last = value;
  }
  return true;
}
