// The numbers that a chain's next step depends on, written out and read back in one and the same order.
import { GlmmcError } from './errors.js';

/** Goes through numbers, to keep them or to put back what was kept: whoever has a state has one method for both. */
export interface Memory {
  /** Keeps the number and returns it; or returns what was kept in its place. */
  number(value: number): number;
  /** The same for a yes or no. */
  flag(value: boolean): boolean;
  /** Keeps the entries, or overwrites them. */
  numbers(values: Float64Array): void;
}

/** Keeps. */
export class MemoryWriter implements Memory {
  private kept: Float64Array = new Float64Array(256);
  private count = 0;

  number(value: number): number {
    this.reserve(1);
    this.kept[this.count++] = value;
    return value;
  }

  flag(value: boolean): boolean {
    this.number(value ? 1 : 0);
    return value;
  }

  numbers(values: Float64Array): void {
    this.reserve(values.length);
    this.kept.set(values, this.count);
    this.count += values.length;
  }

  /** What was kept, in its order: a view, good until more is kept. */
  get values(): Float64Array {
    return this.kept.subarray(0, this.count);
  }

  private reserve(more: number): void {
    if (this.count + more <= this.kept.length) return;
    const larger = new Float64Array(2 * (this.count + more));
    larger.set(this.values);
    this.kept = larger;
  }
}

/** Puts back. */
export class MemoryReader implements Memory {
  private readonly values: Float64Array;
  private at = 0;

  constructor(values: Float64Array) {
    this.values = values;
  }

  number(): number {
    return this.take(1)[0];
  }

  flag(): boolean {
    return this.number() === 1;
  }

  numbers(values: Float64Array): void {
    values.set(this.take(values.length));
  }

  /** Whether everything that was kept has been put back. */
  get finished(): boolean {
    return this.at === this.values.length;
  }

  private take(count: number): Float64Array {
    const from = this.at;
    this.at += count;
    if (this.at > this.values.length) {
      throw new GlmmcError(
        'bad-memory',
        `a state of ${this.values.length} numbers is too short for this chain`,
      );
    }
    return this.values.subarray(from, this.at);
  }
}
