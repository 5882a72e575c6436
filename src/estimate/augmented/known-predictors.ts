// What the linear predictors hold that no free parameter moves.
import type { GibbsState } from '../gibbs/state.js';

/** Per row: the offset and the share of the coefficients that are held. */
export function knownPredictors({ clusters, beta, freeBeta }: GibbsState): Float64Array {
  const known = clusters.offset.slice();
  const isFree = new Set(freeBeta);
  for (let j = 0; j < beta.length; j++) {
    if (isFree.has(j)) continue;
    for (let r = 0; r < clusters.rows; r++) known[r] += clusters.x[r * beta.length + j] * beta[j];
  }
  return known;
}
