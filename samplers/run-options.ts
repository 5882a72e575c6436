// What a run can be told, and what it tells.
import * as v from 'valibot';
import type { Draws } from './draws.js';
import { checkOptions, count } from './options.js';
import type { Init } from './start.js';

/** How far a run is: `done` of `total` steps over all chains. */
export interface RunProgress {
  readonly stage: 'warmup' | 'sampling';
  readonly done: number;
  readonly total: number;
  /** The `chain` at work (from 0), and its mean `acceptance` since the stage began. */
  readonly detail: Readonly<{ chain: number; acceptance: number }>;
}

/** Settings of `run`; `I` is what the kernel's steps say of themselves. */
export interface RunOptions<I = unknown> {
  /** Same seed, same numbers, to the last bit; default 1. */
  readonly seed?: number | string;
  /** Number of chains, >= 1; default 4. */
  readonly chains?: number;
  /** Steps of tuning and forgetting per chain, >= 0, not kept; default 1000. */
  readonly warmup?: number;
  /** Kept draws per chain, after thinning, >= 1; default 1000. */
  readonly draws?: number;
  /** Steps per kept draw, >= 1; default 1. */
  readonly thin?: number;
  /** Default: uniform on (-2, 2) in each coordinate, tried up to 100 times for a density above 0. */
  readonly init?: Init;
  /** Stops the run: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called every 20 ms or so, and at the end of each chain. */
  readonly onProgress?: (progress: RunProgress) => void;
  /** Called with what each step after warm-up said of itself, such as its energy, and the chain's number (from 0). */
  readonly onStep?: (info: I, chain: number) => void;
  /** Awaited every 20 ms or so in place of a turn of the event loop; a rejection ends the run. */
  readonly pause?: () => Promise<void>;
}

/** The settings of a run with their defaults filled in. */
export type RunSettings = Readonly<{
  seed: number | string;
  chains: number;
  warmup: number;
  draws: number;
  thin: number;
}>;

/** Draws, with what the steps said of themselves. */
export interface Run extends Draws {
  /** Name of the kernel. */
  readonly kernel: string;
  readonly settings: RunSettings;
  /** Mean acceptance probability of the steps after warm-up, one per chain; NaN where the kernel does not tell. */
  readonly acceptance: Float64Array;
}

/**
 * Checks the options and fills in the defaults.
 * @throws GlmmcError `bad-option`, `unknown-option`
 */
export function readRunOptions<I>(options: RunOptions<I>): RunSettings {
  const { seed, chains, warmup, draws, thin } = checkOptions('run()', entries, options);
  return { seed, chains, warmup, draws, thin };
}

const entries = {
  seed: v.optional(v.union([v.number(), v.string()], 'a finite number or a non-empty string'), 1),
  chains: v.optional(count(1), 4),
  warmup: v.optional(count(0), 1000),
  draws: v.optional(count(1), 1000),
  thin: v.optional(count(1), 1),
  init: v.optional(v.any()),
  signal: v.optional(v.instance(AbortSignal, 'an AbortSignal')),
  onProgress: v.optional(v.function('a function')),
  onStep: v.optional(v.function('a function')),
  pause: v.optional(v.function('a function')),
};
