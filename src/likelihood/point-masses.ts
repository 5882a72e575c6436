// The integral under point masses: a finite sum, exact.
import { placesAndMasses } from '../model/effects/point-masses.js';
import type { Integrand } from './integrand.js';
import type { ClusterIntegral, Collect } from './trapezoid.js';

/**
 * Sums the selected cluster's likelihood over the places. Derivatives in sigma are those of stretching all places
 * (eps = sigma z with z held), the masses held.
 */
export function sumOverPoints(integrand: Integrand, moments: Collect, out: ClusterIntegral): void {
  const { sigma } = integrand;
  const [places, masses] = placesAndMasses(integrand.shape!);
  const z = places.map((place) => (sigma > 0 ? place / sigma : 0));
  let top = Number.NEGATIVE_INFINITY;
  let mode = 0;
  const values = z.map((at, j) => {
    const value = masses[j] > 0 ? Math.log(masses[j]) + integrand.value(at) : Number.NEGATIVE_INFINITY;
    if (value > top) {
      top = value;
      mode = at;
    }
    return value;
  });
  moments?.reset();
  let sum = 0;
  values.forEach((value, j) => {
    const weight = Math.exp(value - top);
    sum += weight;
    if (!moments || !(weight > 0)) return;
    integrand.evaluate(z[j]);
    moments.add(z[j], weight);
  });
  out.logIntegral = top + Math.log(sum);
  out.error = 0;
  out.nodes = places.length;
  out.mode = mode;
  out.modeSd = Number.NaN;
  out.laplace = Number.NaN;
}
