// How alike two orders of the same things are.
import { mean } from '../../../samplers/diagnostics/descriptive.js';

/** Spearman's correlation of two lists of ranks (ties at the mean of their places); NaN where one has no order. */
export function spearman(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return aa > 0 && bb > 0 ? Math.max(-1, Math.min(1, ab / Math.sqrt(aa * bb))) : Number.NaN;
}

/**
 * Kendall's tau-b: pairs in the same order less pairs in the opposite one, over the root of the pairs that each list orders; NaN where one
 * orders none. In n log n steps: sorted by one list, the exchanges that sort the other are counted (Knight 1966, JASA 61).
 */
export function kendall(a: readonly number[], b: readonly number[]): number {
  const n = a.length;
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[i] - a[j] || b[i] - b[j]);
  const second = Float64Array.from(order, (i) => b[i]);
  const tiedA = tiedPairs(order, (i, j) => a[i] === a[j]);
  const tiedBoth = tiedPairs(order, (i, j) => a[i] === a[j] && b[i] === b[j]);
  const exchanges = sortCounting(second, new Float64Array(n), 0, n);
  const tiedB = tiedPairs(
    Array.from({ length: n }, (_, i) => i),
    (i, j) => second[i] === second[j],
  );
  const all = (n * (n - 1)) / 2;
  const ordered = (all - tiedA) * (all - tiedB);
  return ordered > 0 ? (all - tiedA - tiedB + tiedBoth - 2 * exchanges) / Math.sqrt(ordered) : Number.NaN;
}

/** Pairs of equals, which stand next to each other. */
function tiedPairs(order: readonly number[], same: (i: number, j: number) => boolean): number {
  let pairs = 0;
  let run = 0;
  for (let k = 1; k < order.length; k++) {
    run = same(order[k - 1], order[k]) ? run + 1 : 0;
    pairs += run;
  }
  return pairs;
}

/** Merge sort of values[from .. to - 1]; the number of pairs that stood in the wrong order. */
function sortCounting(values: Float64Array, room: Float64Array, from: number, to: number): number {
  if (to - from < 2) return 0;
  const middle = (from + to) >> 1;
  let count = sortCounting(values, room, from, middle) + sortCounting(values, room, middle, to);
  for (let i = from, j = middle, k = from; k < to; k++) {
    if (j >= to || (i < middle && values[i] <= values[j])) room[k] = values[i++];
    else {
      count += middle - i;
      room[k] = values[j++];
    }
  }
  values.set(room.subarray(from, to), from);
  return count;
}
