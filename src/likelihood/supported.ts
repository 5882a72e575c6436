// What an approximation asks of the intercepts' distribution: said before any work starts.
import { GlmmcError } from '../../samplers/errors.js';
import type { Model } from '../model/model.js';

/**
 * Curvature at a mode means nothing where the density has a corner.
 * @throws GlmmcError `unsupported-effect`
 */
export function requireSmooth(owner: string, model: Model): void {
  const { randomEffect } = model;
  requireDensity(owner, model);
  if (!randomEffect.kink) return;
  throw new GlmmcError(
    'unsupported-effect',
    `${owner} works by the curvature at each cluster's mode, and the density of ${randomEffect.name} intercepts has a corner there; use quadrature() without a rule, which integrates either side of it to a certified error, or gibbs()`,
  );
}

/**
 * Places and masses are estimated by quadrature() alone.
 * @throws GlmmcError `unsupported-effect`
 */
export function requireDensity(owner: string, { randomEffect }: Model): void {
  if (!randomEffect.points) return;
  throw new GlmmcError(
    'unsupported-effect',
    `${owner} needs intercepts with a density, found ${randomEffect.name}, whose places and masses are to be estimated; use quadrature(), which does that`,
  );
}
