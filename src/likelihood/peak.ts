// The highest point of one cluster's integrand, whatever its shape, and how wide the hill there is.
import type { Mode } from './features.js';
import type { Integrand } from './integrand.js';
import { findModes } from './modes.js';

/**
 * The highest mode of the selected cluster's integrand. The only mode of a smooth log-concave one is climbed to from
 * `start`; of others all modes are found. The width is the curvature sd, or the half-width where the curvature says
 * nothing, as at a corner.
 */
export function findPeak(integrand: Integrand, start: number): Mode {
  return highest(findModes(integrand, start));
}

/** The highest of some modes. */
export function highest(modes: readonly Mode[]): Mode {
  return modes.reduce((best, mode) => (mode.value > best.value ? mode : best));
}
