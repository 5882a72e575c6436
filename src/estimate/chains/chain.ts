// What a chain of a posterior sampler is to the loop that runs it, whichever thread that is on.
import type { Memory } from '../../../samplers/memory.js';
import type { Stream } from '../../../samplers/rng.js';
import type { FitTask } from '../fit.js';
import type { ResolvedPriors } from '../priors.js';

/** One chain: a point that moves. `R` is what its kept steps tell, plain data that can be sent to another thread. */
export interface PosteriorChain<R = unknown> {
  /** One transition; returns its acceptance probability, NaN where it has none. */
  step(stream: Stream): number;
  /** The end of warm-up, called once before the first step that counts: nothing is tuned from here on. */
  freeze(): void;
  /** Writes the point as a row of the draws, one number per variable. */
  record(out: Float64Array): void;
  /** What the steps since `freeze` said of themselves. */
  report(): R;
  /** Keeps all that the steps to come and the report depend on, or puts it back, to the last bit. */
  remember(memory: Memory): void;
}

/**
 * Makes chain number `chain` at its start. All that is random comes from `stream`, and no chain shares memory that its
 * steps write to: then its numbers do not depend on the other chains, nor on the thread.
 */
export type MakeChain<R = unknown> = (stream: Stream, chain: number) => PosteriorChain<R>;

/** What every sampler knows of the problem. */
export interface Problem extends Pick<FitTask, 'model' | 'space' | 'start'> {
  readonly priors: ResolvedPriors;
}

/** Lengths of a run. */
export interface ChainSettings {
  readonly chains: number;
  readonly warmup: number;
  readonly draws: number;
  readonly thin: number;
}
