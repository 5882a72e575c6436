// What moves a point of the collapsed posterior: one transition, and where it stands.
import type { Memory } from '../../../samplers/memory.js';
import type { Stream } from '../../../samplers/rng.js';

export interface CollapsedChain {
  /** Free coordinates, overwritten by `step`. */
  readonly point: Float64Array;
  /** The log posterior density there. */
  readonly value: number;
  /** Names of the kinds of step, in the order of the sums below. */
  readonly kinds: readonly string[];
  /** Sums of acceptance probabilities, and steps, of each kind; the caller may reset them. */
  readonly accepted: Float64Array;
  readonly steps: Float64Array;
  step(stream: Stream): void;
  /** The end of warm-up: nothing is tuned from here on. */
  freeze(): void;
  /** Keeps where the chain is and what it has learnt, or puts it back. */
  remember(memory: Memory): void;
}
