// Whole clusters drawn with replacement, told by how often each was drawn: no row is copied.
import { GlmmcError } from '../../../samplers/errors.js';
import type { Stream } from '../../../samplers/rng.js';

/** How often each cluster is in one resample. */
export type ClusterDraws = (stream: Stream) => Float64Array;

/**
 * As many clusters as there are, each time any of them with the same probability. A cluster of weight w stands for w clusters alike:
 * w times as likely to be drawn, and counted in the number of draws as w.
 * @throws GlmmcError `bad-weights` where a weight is no whole number, so that it counts no clusters
 */
export function clusterDraws(owner: string, weights: Float64Array): ClusterDraws {
  const fraction = weights.find((w) => !Number.isInteger(w));
  if (fraction !== undefined) {
    throw new GlmmcError(
      'bad-weights',
      `${owner} with type 'cluster' draws whole clusters, and takes a cluster weight as the number of clusters alike: expected whole numbers in clusterWeights, found ${fraction}; give the clusters themselves, or use sandwich()`,
    );
  }
  const upTo = new Float64Array(weights.length);
  let total = 0;
  weights.forEach((w, i) => {
    total += w;
    upTo[i] = total;
  });
  return (stream) => {
    const drawn = new Float64Array(weights.length);
    for (let d = 0; d < total; d++) drawn[placeOf(upTo, Math.floor(stream.uniform() * total))]++;
    return drawn;
  };
}

/** The first place whose running total is above `at`. */
function placeOf(upTo: Float64Array, at: number): number {
  let low = 0;
  let high = upTo.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (upTo[middle] > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
