// What an approximation asks of the intercepts' distribution: said before any work starts.
import { GlmmcError } from '../../samplers/errors.js';
import type { Model } from '../model/model.js';

/**
 * Curvature at a mode means nothing where the density has a corner.
 * @throws GlmmcError `unsupported-effect`
 */
export function requireSmooth(owner: string, { randomEffect }: Model): void {
  if (!randomEffect.kink) return;
  throw new GlmmcError(
    'unsupported-effect',
    `${owner} works by the curvature at each cluster's mode, and the density of ${randomEffect.name} intercepts has a corner there; use quadrature(), whose certified rule integrates it`,
  );
}
