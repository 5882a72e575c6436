// Equal clusters made one, with their weights added: the log-likelihood keeps all its digits and loses most of its cost.
import type { Clusters } from './clusters.js';

export interface MergedClusters {
  /** The distinct clusters; `clusterWeights` holds the sums over those merged. */
  readonly distinct: Clusters;
  /** m: where each cluster went. */
  readonly memberOf: Int32Array;
}

/** Merges clusters whose rows (design, response, trials, weights, offset) are the same numbers in the same order. */
export function mergeClusters(clusters: Clusters): MergedClusters {
  const { count } = clusters;
  const perRow = [clusters.y, clusters.trials, clusters.weights, clusters.offset];
  const memberOf = new Int32Array(count);
  const kept: number[] = [];
  const byHash = new Map<number, number[]>();
  const hash = clusterHash(clusters, perRow);
  for (let i = 0; i < count; i++) {
    const key = hash(i);
    const candidates = byHash.get(key) ?? [];
    let place = candidates.find((k) => sameRows(clusters, perRow, kept[k], i));
    if (place === undefined) {
      place = kept.push(i) - 1;
      candidates.push(place);
      byHash.set(key, candidates);
    }
    memberOf[i] = place;
  }
  if (kept.length === count) return { distinct: clusters, memberOf };

  const clusterWeights = new Float64Array(kept.length);
  for (let i = 0; i < count; i++) clusterWeights[memberOf[i]] += clusters.clusterWeights[i];
  return { distinct: { ...takeClusters(clusters, kept), clusterWeights }, memberOf };
}

/** These clusters alone, in the order given. */
export function takeClusters(clusters: Clusters, taken: readonly number[]): Clusters {
  const { starts, columns } = clusters;
  const takenStarts = new Int32Array(taken.length + 1);
  taken.forEach((i, k) => {
    takenStarts[k + 1] = takenStarts[k] + starts[i + 1] - starts[i];
  });
  const rows = takenStarts[taken.length];
  const gather = (source: Float64Array, width: number): Float64Array => {
    const out = new Float64Array(rows * width);
    taken.forEach((i, k) => {
      out.set(source.subarray(starts[i] * width, starts[i + 1] * width), takenStarts[k] * width);
    });
    return out;
  };
  const order = new Int32Array(rows);
  taken.forEach((i, k) => {
    order.set(clusters.order.subarray(starts[i], starts[i + 1]), takenStarts[k]);
  });
  const perCluster = (source: Float64Array): Float64Array => Float64Array.from(taken, (i) => source[i]);
  return {
    ...clusters,
    count: taken.length,
    rows,
    starts: takenStarts,
    order,
    x: gather(clusters.x, columns),
    y: gather(clusters.y, 1),
    trials: gather(clusters.trials, 1),
    weights: gather(clusters.weights, 1),
    offset: gather(clusters.offset, 1),
    clusterWeights: perCluster(clusters.clusterWeights),
    constants: perCluster(clusters.constants),
  };
}

/** FNV-1a over the bits of a cluster's numbers. */
function clusterHash(clusters: Clusters, perRow: readonly Float64Array[]): (i: number) => number {
  const bits = (array: Float64Array): Uint32Array =>
    new Uint32Array(array.buffer, array.byteOffset, 2 * array.length);
  const x = bits(clusters.x);
  const others = perRow.map(bits);
  const { starts, columns } = clusters;
  return (i) => {
    let hash = 0x811c9dc5;
    const mix = (words: Uint32Array, from: number, to: number): void => {
      for (let w = from; w < to; w++) hash = Math.imul(hash ^ words[w], 0x01000193);
    };
    mix(x, 2 * starts[i] * columns, 2 * starts[i + 1] * columns);
    for (const words of others) mix(words, 2 * starts[i], 2 * starts[i + 1]);
    return hash;
  };
}

function sameRows(clusters: Clusters, perRow: readonly Float64Array[], a: number, b: number): boolean {
  const { starts, columns, x } = clusters;
  const length = starts[a + 1] - starts[a];
  if (starts[b + 1] - starts[b] !== length) return false;
  const same = (array: Float64Array, width: number): boolean => {
    const fromA = starts[a] * width;
    const fromB = starts[b] * width;
    for (let k = 0; k < length * width; k++) if (array[fromA + k] !== array[fromB + k]) return false;
    return true;
  };
  return perRow.every((array) => same(array, 1)) && same(x, columns);
}
