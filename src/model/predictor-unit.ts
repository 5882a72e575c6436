// The scale on which intercepts and steps are large or small.
import type { Model } from './model.js';

/** Square roots of counts reach this many units before the unit grows with them. */
const LARGE_ROOT = 30;

/**
 * One unit of the linear predictor: the residual sd for an identity link, 1 for the others; more with square roots of
 * large counts, among which intercepts of hundreds are ordinary.
 */
export function predictorUnit(
  model: Model,
  { dispersion = 1 }: { readonly dispersion?: number | undefined },
): number {
  const { name } = model.family.link;
  if (name === 'sqrt') return Math.max(1, Math.sqrt(mean(model.clusters.y)) / LARGE_ROOT);
  return name === 'identity' ? Math.sqrt(dispersion) : 1;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
