// The scale on which intercepts and steps are large or small.
import type { Model } from './model.js';

/** One unit of the linear predictor: the residual sd for an identity link, 1 for the others. */
export function predictorUnit(
  model: Model,
  { dispersion = 1 }: { readonly dispersion?: number | undefined },
): number {
  return model.family.link.name === 'identity' ? Math.sqrt(dispersion) : 1;
}
