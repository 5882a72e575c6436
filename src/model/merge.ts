// Equal clusters made one, with their weights added: the log-likelihood keeps all its digits and loses most of its cost.
import { sharedNumbers } from '../numeric/shared-arrays.js';
import type { Clusters } from './clusters.js';
import { mergeRows } from './merge-rows.js';
import type { Outcome } from './outcome.js';

export interface MergedClusters {
  /** The distinct clusters; `clusterWeights` holds the sums over those merged. */
  readonly distinct: Clusters;
  /** m: where each cluster went. */
  readonly memberOf: Int32Array;
}

/** Merging is looked for in this many clusters first; where they are all different, so are the others taken to be. */
const LOOK_AT = 2_000;
/** Constants of equal clusters differ by no more, relatively: they are sums over the same rows in another order. */
const ROUNDING = 1e-11;

/**
 * Merges equal rows inside clusters, then clusters whose rows (design, response, trials, weights, offset) are the same
 * numbers in the same order, of the same constant; with `excess` (Outcome.mergesResponses) also those that differ only in responses of the same
 * weighted sum. Each row of such a merged cluster has the mean response, and what is told of its log-likelihood is the
 * mean over its members.
 */
export function mergeClusters(original: Clusters, excess: Outcome['mergesResponses']): MergedClusters {
  const { count } = original;
  const clusters = mergeRows(original, excess);
  const rows = new ClusterRows(clusters, excess && original);
  const memberOf = new Int32Array(count);
  const kept: number[] = [];
  const byHash = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    if (i === LOOK_AT && kept.length === i) return { distinct: clusters, memberOf: identity(count) };
    const key = rows.hash(i);
    const candidates = byHash.get(key) ?? [];
    let place = candidates.find((k) => rows.same(kept[k], i));
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
  const distinct = { ...takeClusters(clusters, kept), clusterWeights };
  if (excess) averageMembers(clusters, memberOf, distinct, excess);
  return { distinct, memberOf };
}

function identity(count: number): Int32Array {
  const all = new Int32Array(count);
  for (let i = 0; i < count; i++) all[i] = i;
  return all;
}

/**
 * Gives the merged clusters their members' mean responses and constants, by weight; what the values are measured from is
 * not linear in the responses, and the constants make up for it.
 */
function averageMembers(
  clusters: Clusters,
  memberOf: Int32Array,
  distinct: Clusters,
  excess: NonNullable<Outcome['mergesResponses']>,
): void {
  const { count, starts, y, trials, weights, constants, clusterWeights } = clusters;
  // Clusters without any weight count for nothing, in any mean.
  const share = (i: number): number => {
    const total = distinct.clusterWeights[memberOf[i]];
    return total > 0 ? clusterWeights[i] / total : 0;
  };
  distinct.y.fill(0);
  distinct.constants.fill(0);
  for (let i = 0; i < count; i++) {
    const part = share(i);
    const to = distinct.starts[memberOf[i]] - starts[i];
    for (let r = starts[i]; r < starts[i + 1]; r++) distinct.y[to + r] += part * y[r];
  }
  for (let i = 0; i < count; i++) {
    const part = share(i);
    if (part === 0) continue;
    const to = distinct.starts[memberOf[i]] - starts[i];
    let constant = constants[i];
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      if (weights[r] > 0) constant -= weights[r] * excess(y[r], trials[r], distinct.y[to + r], trials[r]);
    }
    distinct.constants[memberOf[i]] += part * constant;
  }
}

/** These clusters alone, in the order given. */
export function takeClusters(clusters: Clusters, taken: readonly number[]): Clusters {
  const { starts, columns } = clusters;
  const takenStarts = new Int32Array(taken.length + 1);
  taken.forEach((i, k) => {
    takenStarts[k + 1] = takenStarts[k] + starts[i + 1] - starts[i];
  });
  const rows = takenStarts[taken.length];
  const copy = <T extends Float64Array | Int32Array>(source: T, width: number, out: T): T => {
    for (let k = 0, at = 0; k < taken.length; k++) {
      const end = starts[taken[k] + 1] * width;
      for (let from = starts[taken[k]] * width; from < end; from++) out[at++] = source[from];
    }
    return out;
  };
  const gather = (source: Float64Array, width: number): Float64Array =>
    copy(source, width, sharedNumbers(rows * width));
  const perCluster = (source: Float64Array): Float64Array => Float64Array.from(taken, (i) => source[i]);
  return {
    ...clusters,
    count: taken.length,
    rows,
    starts: takenStarts,
    order: copy(clusters.order, 1, new Int32Array(rows)),
    x: gather(clusters.x, columns),
    y: gather(clusters.y, 1),
    trials: gather(clusters.trials, 1),
    weights: gather(clusters.weights, 1),
    offset: gather(clusters.offset, 1),
    clusterWeights: perCluster(clusters.clusterWeights),
    constants: perCluster(clusters.constants),
  };
}

/** The numbers that make a cluster what it is. */
class ClusterRows {
  private readonly starts: Int32Array;
  /** One number a row, and the design. */
  private readonly perRow: readonly Float64Array[];
  private readonly x: Float64Array;
  private readonly columns: number;
  /** What stands for the responses where these may differ: their weighted sums, each known once it has been asked for. */
  private readonly sums: Float64Array | undefined;
  private readonly responses: Clusters;
  /** Constants of the clusters, where they too must be the same: rows that SQL merged may stand for different ones. */
  private readonly constants: Float64Array | undefined;

  /** @param original before their rows were merged, where responses may differ */
  constructor(clusters: Clusters, original: Clusters | undefined) {
    const { y, trials, weights, offset, x, columns, starts, single } = clusters;
    this.starts = starts;
    this.x = x;
    this.columns = columns;
    this.perRow = [offset, ...(original ? [] : [y]), ...(single ? [] : [trials, weights])];
    this.sums = original && new Float64Array(clusters.count);
    this.responses = original ?? clusters;
    this.constants = original ? undefined : clusters.constants;
  }

  /** FNV-1a over the bits of cluster i. */
  hash(i: number): number {
    const { starts, columns, x, perRow, sums } = this;
    let hash = 0x811c9dc5;
    const mix = (array: Float64Array, from: number, to: number): void => {
      const words = new Uint32Array(array.buffer, array.byteOffset + 8 * from, 2 * (to - from));
      for (let k = 0; k < words.length; k++) hash = Math.imul(hash ^ words[k], 0x01000193);
    };
    mix(x, starts[i] * columns, starts[i + 1] * columns);
    for (const array of perRow) mix(array, starts[i], starts[i + 1]);
    if (sums) {
      sums[i] = this.sumResponses(i);
      mix(sums, i, i + 1);
    }
    return hash;
  }

  /** From the cluster's own rows: sums of merged ones would have been through a division. */
  private sumResponses(i: number): number {
    const { starts, weights, y } = this.responses;
    let sum = 0;
    for (let r = starts[i]; r < starts[i + 1]; r++) sum += weights[r] * y[r];
    return sum;
  }

  /** Of clusters that have been hashed. */
  same(a: number, b: number): boolean {
    const { starts, columns, x, perRow, sums, constants } = this;
    const length = starts[a + 1] - starts[a];
    if (starts[b + 1] - starts[b] !== length) return false;
    if (sums && sums[a] !== sums[b]) return false;
    if (
      constants &&
      !(Math.abs(constants[a] - constants[b]) <= ROUNDING * Math.max(1, Math.abs(constants[a])))
    ) {
      return false;
    }
    const equal = (array: Float64Array, width: number): boolean => {
      const fromA = starts[a] * width;
      const fromB = starts[b] * width;
      for (let k = 0; k < length * width; k++) if (array[fromA + k] !== array[fromB + k]) return false;
      return true;
    };
    return perRow.every((array) => equal(array, 1)) && equal(x, columns);
  }
}
