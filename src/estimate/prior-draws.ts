// Parameters drawn from the priors of a model.
import type { Stream } from '../../samplers/rng.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import type { ResolvedPriors } from './priors.js';

/** Coefficients, then sigma, then the dispersion where the family has one. */
export function drawFromPriors(model: Model, priors: ResolvedPriors, stream: Stream): Parameters {
  const beta = Float64Array.from(priors.beta, (prior) => prior.draw(stream));
  const sigma = priors.sigma.draw(stream);
  const { dispersion } = priors;
  return {
    beta,
    sigma,
    ...(model.family.dispersion && dispersion && { dispersion: dispersion.draw(stream) ** 2 }),
  };
}
