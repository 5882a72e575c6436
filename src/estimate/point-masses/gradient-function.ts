// The gradient function of nonparametric maximum likelihood: what a further mass at some place would gain.
import type { Mixture, MixturePoint } from './mixture.js';

/** The place where a new mass gains most per unit of mass, and how much. */
export interface Best {
  readonly place: number;
  readonly gain: number;
}

const GRID = 240;
const REFINEMENTS = 40;

/**
 * sup over e of D(e) = sum_i c_i {f(y_i | e) / f(y_i) - 1} - lambda e, where f(y_i) is the mixture's and lambda the price of
 * mean 0 (near 0 with an intercept, which takes up any mean). At the nonparametric maximum it is 0; and no distribution
 * of the intercepts gains more than it in log-likelihood, the other parameters held (Lindsay 1983, theorem 4.1).
 * `mixture` stands evaluated at `point`.
 */
export function bestNewPlace(mixture: Mixture, point: MixturePoint, unit: number): Best {
  const { integrand, clusterLogLik, total } = mixture;
  const { count, clusterWeights, columns } = integrand.clusters;
  const k = point.places.length;
  let lambda = 0;
  for (let j = 0; j < k; j++) lambda += mixture.gradient[columns + j];
  integrand.setParameters({ beta: point.beta, sigma: 1, dispersion: point.dispersion });
  const gain = (place: number): number => {
    let sum = -total - lambda * place;
    for (let i = 0; i < count; i++) {
      if (clusterWeights[i] === 0) continue;
      integrand.select(i);
      sum += clusterWeights[i] * Math.exp(integrand.value(place) - clusterLogLik[i]);
    }
    return Number.isNaN(sum) ? Number.NEGATIVE_INFINITY : sum;
  };
  const reach = 8 * unit;
  const low = Math.min(...point.places) - reach;
  const high = Math.max(...point.places) + reach;
  const step = (high - low) / GRID;
  let best: Best = { place: 0, gain: Number.NEGATIVE_INFINITY };
  for (let s = 0; s <= GRID; s++) {
    const place = low + s * step;
    const value = gain(place);
    if (value > best.gain) best = { place, gain: value };
  }
  // Golden section around the best of the grid.
  const ratio = (Math.sqrt(5) - 1) / 2;
  let from = best.place - step;
  let to = best.place + step;
  for (let r = 0; r < REFINEMENTS; r++) {
    const left = to - ratio * (to - from);
    const right = from + ratio * (to - from);
    if (gain(left) > gain(right)) to = right;
    else from = left;
  }
  const place = 0.5 * (from + to);
  const value = gain(place);
  return value > best.gain ? { place, gain: value } : best;
}
