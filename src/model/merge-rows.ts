// Equal rows inside a cluster made one, with their weights added: the likelihood keeps its digits at a part of its cost.
import { isFilledWith } from '../numeric/is-filled.js';
import { sharedNumbers } from '../numeric/shared-arrays.js';
import type { Clusters } from './clusters.js';
import type { Outcome } from './outcome.js';

/** Merging is looked for in this many rows first, and in no more than some of each cluster. */
const LOOK_AT = 4_096;
const LOOK_AT_OF_CLUSTER = 1_024;
/** The part of the rows that must at most be left for merging to be worth its while. */
const MOST_LEFT = 0.8;
/** The same for single trials of weight 1, for which there are loops that are faster than those for merged rows. */
const MOST_LEFT_OF_SINGLE = 0.25;

/**
 * Merges rows of a cluster that have the same design, offset, response and trials, whose log densities are then the same
 * functions of every parameter; with `excess` (Outcome.mergesResponses) also those that differ in their responses, which
 * get their mean, the cluster's constant making up for the difference. Merged rows stand in the order of their numbers.
 * The clusters themselves come back where little would be saved, which a look at some of the rows tells.
 */
export function mergeRows(clusters: Clusters, excess: Outcome['mergesResponses']): Clusters {
  const known = excess ? ofMeans : ofEqualRows;
  let merged = known.get(clusters);
  if (!merged) {
    merged = merge(clusters, excess);
    known.set(clusters, merged);
  }
  return merged;
}

/** What came of the clusters of models that are still about, with `excess` (a model has one family) and without. */
const ofMeans = new WeakMap<Clusters, Clusters>();
const ofEqualRows = new WeakMap<Clusters, Clusters>();

function merge(clusters: Clusters, excess: Outcome['mergesResponses']): Clusters {
  const { count, rows, starts } = clusters;
  const groups = new RowGroups(clusters, excess !== undefined);
  const most = excess && clusters.single ? MOST_LEFT_OF_SINGLE : MOST_LEFT;
  if (!(partLeft(clusters, groups) <= most)) return clusters;
  // Of each row, the merged one that it goes to; of each merged row, one of its members.
  const placeOf = new Int32Array(rows);
  const member = new Int32Array(Math.floor(most * rows) + 1);
  const mergedStarts = new Int32Array(count + 1);
  let left = 0;
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const size = groups.find(starts[i], starts[i + 1]);
    if (left + size > member.length) return clusters;
    const rank = groups.ranks();
    for (let k = 0; k < size; k++) member[left + rank[k]] = groups.first[k];
    for (let r = starts[i]; r < starts[i + 1]; r++) placeOf[r] = left + rank[groups.groupOf[r - starts[i]]];
    left += size;
    largest = Math.max(largest, size);
    mergedStarts[i + 1] = left;
  }
  return addUp(clusters, placeOf, member.subarray(0, left), mergedStarts, largest, excess);
}

/** Distinct rows over rows, in clusters taken at equal distances. */
function partLeft({ count, rows, starts }: Clusters, groups: RowGroups): number {
  const typical = Math.min(rows / count, LOOK_AT_OF_CLUSTER);
  const step = Math.max(1, Math.floor((count * typical) / LOOK_AT));
  let seen = 0;
  let distinct = 0;
  for (let i = 0; i < count && seen < LOOK_AT; i += step) {
    const to = Math.min(starts[i + 1], starts[i] + LOOK_AT_OF_CLUSTER);
    distinct += groups.find(starts[i], to);
    seen += to - starts[i];
  }
  return distinct / seen;
}

/** The merged rows: weights added, responses and trials averaged by weight where they may differ. */
function addUp(
  clusters: Clusters,
  placeOf: Int32Array,
  member: Int32Array,
  starts: Int32Array,
  largest: number,
  excess: Outcome['mergesResponses'],
): Clusters {
  const { columns, x, count } = clusters;
  const rows = member.length;
  const gather = (source: Float64Array): Float64Array => {
    const out = sharedNumbers(rows);
    for (let k = 0; k < rows; k++) out[k] = source[member[k]];
    return out;
  };
  const merged = {
    ...clusters,
    rows,
    starts,
    largest,
    order: Int32Array.from(member, (r) => clusters.order[r]),
    x: sharedNumbers(rows * columns),
    y: gather(clusters.y),
    trials: gather(clusters.trials),
    offset: gather(clusters.offset),
    weights: sharedNumbers(rows),
    constants: sharedNumbers(count),
    // Rows were merged, and their weights added.
    single: false,
  };
  for (let k = 0, at = 0; k < rows; k++) {
    const base = member[k] * columns;
    for (let j = 0; j < columns; j++) merged.x[at++] = x[base + j];
  }
  const { weights } = merged;
  for (let r = 0; r < clusters.rows; r++) weights[placeOf[r]] += clusters.weights[r];
  merged.constants.set(clusters.constants);
  if (excess) averageRows(clusters, placeOf, merged, excess);
  return merged;
}

function averageRows(
  clusters: Clusters,
  placeOf: Int32Array,
  merged: Clusters,
  excess: NonNullable<Outcome['mergesResponses']>,
): void {
  const { starts, y, trials, weights, count } = clusters;
  const successes = new Float64Array(merged.rows);
  const total = new Float64Array(merged.rows);
  for (let r = 0; r < clusters.rows; r++) {
    successes[placeOf[r]] += weights[r] * y[r];
    total[placeOf[r]] += weights[r] * trials[r];
  }
  for (let k = 0; k < merged.rows; k++) {
    // Rows without any weight count for nothing: those of one member serve.
    if (!(merged.weights[k] > 0)) continue;
    merged.y[k] = successes[k] / merged.weights[k];
    merged.trials[k] = total[k] / merged.weights[k];
  }
  for (let i = 0; i < count; i++) {
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      if (!(weights[r] > 0)) continue;
      const k = placeOf[r];
      merged.constants[i] -= weights[r] * excess(y[r], trials[r], merged.y[k], merged.trials[k]);
    }
  }
}

/** Finds the equal rows of one cluster after another; nothing is allocated after construction. */
class RowGroups {
  /** Of each row of the cluster, its group; of each group, its first row. */
  readonly groupOf: Int32Array;
  readonly first: Int32Array;
  private size = 0;
  private readonly rank: Int32Array;
  /** Groups plus one by hash, 0 where there is none. */
  private readonly slots: Int32Array;
  /** The design's columns that are not the same number in every row, and the row's other numbers of that kind. */
  private readonly varying: Int32Array;
  private readonly x: Float64Array;
  private readonly xWords: Uint32Array;
  private readonly columns: number;
  private readonly others: readonly Float64Array[];
  private readonly words: readonly Uint32Array[];

  constructor(clusters: Clusters, anyResponse: boolean) {
    const { largest, x, columns, y, offset, trials, single } = clusters;
    this.groupOf = new Int32Array(largest);
    this.first = new Int32Array(largest);
    this.rank = new Int32Array(largest);
    this.slots = new Int32Array(slotsFor(largest));
    this.x = x;
    this.xWords = wordsOf(x);
    this.columns = columns;
    this.varying = columnsThatVary(clusters);
    const others = [offset, ...(anyResponse ? [] : [y]), ...(single ? [] : [trials])];
    this.others = others
      .filter((of) => !isFilledWith(of, of[0]))
      .map((of) => (of === trials && anyResponse ? trials.map(trialClass) : of));
    this.words = this.others.map(wordsOf);
  }

  /** Groups the rows from .. to - 1 of one cluster; returns the number of groups. */
  find(from: number, to: number): number {
    const { slots, first, groupOf } = this;
    const mask = slotsFor(to - from) - 1;
    slots.fill(0, 0, mask + 1);
    let size = 0;
    for (let r = from; r < to; r++) {
      let slot = this.hash(r) & mask;
      while (slots[slot] !== 0 && !this.same(first[slots[slot] - 1], r)) slot = (slot + 1) & mask;
      if (slots[slot] === 0) {
        first[size] = r;
        slots[slot] = ++size;
      }
      groupOf[r - from] = slots[slot] - 1;
    }
    this.size = size;
    return size;
  }

  /** The place of each group last found in the order of their numbers, so that clusters of the same rows look the same. */
  ranks(): Int32Array {
    const { first, rank, size } = this;
    const order = Array.from({ length: size }, (_, k) => k).sort((a, b) => this.compare(first[a], first[b]));
    for (let place = 0; place < size; place++) rank[order[place]] = place;
    return rank;
  }

  /** After FNV-1a, a number at a time, high bits folded in at the end. */
  private hash(r: number): number {
    const { xWords, columns, varying, words } = this;
    let hash = 0x811c9dc5;
    for (let k = 0; k < varying.length; k++) {
      const at = 2 * (r * columns + varying[k]);
      hash = Math.imul(hash ^ xWords[at] ^ (xWords[at + 1] >>> 3), 0x01000193);
    }
    for (let k = 0; k < words.length; k++) {
      hash = Math.imul(hash ^ words[k][2 * r] ^ (words[k][2 * r + 1] >>> 3), 0x01000193);
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
    return hash ^ (hash >>> 16);
  }

  private same(a: number, b: number): boolean {
    const { x, columns, varying, others } = this;
    for (let k = 0; k < others.length; k++) if (others[k][a] !== others[k][b]) return false;
    for (let k = 0; k < varying.length; k++) {
      if (x[a * columns + varying[k]] !== x[b * columns + varying[k]]) return false;
    }
    return true;
  }

  private compare(a: number, b: number): number {
    const { x, columns, varying, others } = this;
    for (const j of varying) {
      const difference = x[a * columns + j] - x[b * columns + j];
      if (difference !== 0) return difference;
    }
    for (const of of others) if (of[a] !== of[b]) return of[a] - of[b];
    return 0;
  }
}

/** A power of 2, at least twice as many. */
function slotsFor(rows: number): number {
  return 2 ** Math.ceil(Math.log2(2 * Math.max(rows, 1)));
}

function wordsOf(array: Float64Array): Uint32Array {
  return new Uint32Array(array.buffer, array.byteOffset, 2 * array.length);
}

/** The design's columns that have more than one value: within some cluster, or from one to the next. */
function columnsThatVary({ x, columns, count, starts, varying }: Clusters): Int32Array {
  const varies = (j: number): boolean => {
    if (varying.includes(j)) return true;
    for (let i = 1; i < count; i++) if (x[starts[i] * columns + j] !== x[j]) return true;
    return false;
  };
  return Int32Array.from(Array(columns).keys()).filter(varies);
}

/**
 * Values of single trials are measured from 0 and others from the saturated model's, so that the one must not become the
 * other by averaging: rows of two trials or more count as one kind.
 */
function trialClass(trials: number): number {
  return Math.min(trials, 2);
}
