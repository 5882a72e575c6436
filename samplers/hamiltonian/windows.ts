// When warm-up learns the metric, and from which draws: windows that double in length, as Stan's.
import type { Memory } from '../memory.js';

/** Lengths for warm-ups of 150 steps or more: a beginning and an end that tune the step alone, and the first window. */
const BEGINNING = 75;
const END = 50;
const FIRST = 25;
/** Shorter warm-ups tune the step alone. */
const SHORTEST = 20;

/**
 * The steps (counted from 1) after which a window ends, in order, and the first step that belongs to one. Windows
 * double; the last one takes what would be too short for another. Source: Stan Reference Manual, HMC algorithm
 * parameters, automatic parameter tuning.
 */
export function metricWindows(warmup: number): { readonly first: number; readonly ends: readonly number[] } {
  if (warmup < SHORTEST) return { first: Number.POSITIVE_INFINITY, ends: [] };
  const short = warmup < BEGINNING + FIRST + END;
  const beginning = short ? Math.floor(0.15 * warmup) : BEGINNING;
  const last = warmup - (short ? Math.floor(0.1 * warmup) : END);
  const ends: number[] = [];
  let length = short ? last - beginning : FIRST;
  for (let from = beginning; from < last; length *= 2) {
    const end = from + length + 2 * length > last ? last : from + length;
    ends.push(end);
    from = end;
  }
  return { first: beginning + 1, ends };
}

/** Variances of a stream of vectors (Welford 1962). */
export class VarianceAdapter {
  private count = 0;
  private readonly mean: Float64Array;
  private readonly squares: Float64Array;

  constructor(dimension: number) {
    this.mean = new Float64Array(dimension);
    this.squares = new Float64Array(dimension);
  }

  update(x: Float64Array): void {
    const { mean, squares } = this;
    const n = ++this.count;
    for (let i = 0; i < x.length; i++) {
      const delta = x[i] - mean[i];
      mean[i] += delta / n;
      squares[i] += delta * (x[i] - mean[i]);
    }
  }

  remember(memory: Memory): void {
    this.count = memory.number(this.count);
    memory.numbers(this.mean);
    memory.numbers(this.squares);
  }

  /**
   * Writes the variances over `metric` and forgets the draws. As in Stan, five draws' weight is on a thousandth; here of
   * the variance held before, not of 1, so that it goes away whatever the unit of a coordinate.
   */
  learn(metric: Float64Array): void {
    const n = this.count;
    if (n > 1) {
      for (let i = 0; i < metric.length; i++) {
        const variance = this.squares[i] / (n - 1);
        metric[i] = (n * variance + 5 * 1e-3 * metric[i]) / (n + 5);
      }
    }
    this.count = 0;
    this.mean.fill(0);
    this.squares.fill(0);
  }
}
