// Coefficients on coordinates of their own: centred, uncorrelated and of unit scale at the pooled fit.
import { choleskyInPlace } from '../../numeric/cholesky.js';
import type { GibbsState } from '../gibbs/state.js';

/** beta = centre + L^-T b for the free coefficients. */
export interface Whitening {
  /** The centre, all coefficients, those held fixed at their values. */
  readonly beta: Float64Array;
  /** L, q x q lower triangle: L L' is the information about the free coefficients at the centre, priors included. */
  readonly factor: Float64Array;
}

/**
 * From the state of a chain at the centre, intercepts at 0. A diagonal metric sees no correlations, so covariates far from
 * 0 or related to each other would make long trajectories; a linear map changes the density by a constant alone.
 */
export function whiten(state: GibbsState): Whitening {
  const { freeBeta, x, clusters, second, priors } = state;
  const q = freeBeta.length;
  const information = new Float64Array(q * q);
  for (let r = 0; r < clusters.rows; r++) {
    // Of links that are not log-concave some rows have the wrong sign.
    const weight = second[r] < 0 ? -second[r] : 0;
    if (!Number.isFinite(weight)) continue;
    for (let k = 0; k < q; k++) {
      const weighted = weight * x[r * q + k];
      for (let l = 0; l <= k; l++) information[k * q + l] += weighted * x[r * q + l];
    }
  }
  const beta = state.beta.slice();
  for (let k = 0; k < q; k++) {
    information[k * (q + 1)] -= priors.beta[freeBeta[k]].secondDerivative(beta[freeBeta[k]]);
  }
  const factor = information.slice();
  if (choleskyInPlace(factor, q)) return { beta, factor };
  // Nearly collinear columns under a flat prior: scales alone.
  factor.fill(0);
  for (let k = 0; k < q; k++) factor[k * (q + 1)] = Math.sqrt(Math.max(information[k * (q + 1)], 1e-12));
  return { beta, factor };
}
