// What a step of the sweep is.
import type { Memory } from '../../../samplers/memory.js';
import type { Stream } from '../../../samplers/rng.js';

/** A transition that leaves the posterior invariant, changing some of the state in place. */
export interface GibbsStep {
  readonly name: string;
  /**
   * One transition; returns its acceptance probability (the mean, where there are several proposals), NaN where it was
   * not its turn.
   */
  update(rng: Stream): number;
  /** Ends all tuning; called once, before the first draw is kept. */
  freeze?(): void;
  /** Keeps what the step has learnt, or puts it back; absent where it learns nothing. */
  remember?(memory: Memory): void;
}
