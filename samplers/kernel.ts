// What a target and a kernel are: a kernel is one transition, `(rng, state) -> [state, info]`; the loop is in run.ts.
import { GlmmcError } from './errors.js';
import type { Memory } from './memory.js';
import { describe } from './options.js';
import type { Stream } from './rng.js';

/** A density to sample from. */
export interface Target {
  /** Length of a position. */
  readonly dimension: number;
  /** Log density up to a constant. -Infinity is outside the support; NaN and +Infinity are errors. */
  logDensity(x: Float64Array): number;
  /** Writes the gradient to `out` and returns the log density, for samplers that use one. */
  gradient?(x: Float64Array, out: Float64Array): number;
  /** One name per coordinate; x1, x2, ... where absent. */
  readonly names?: readonly string[];
}

/** What the next step needs. A kernel never changes a state that it was given. */
export interface State {
  readonly position: Float64Array;
  readonly logDensity: number;
}

/** What a person needs to judge the step. */
export interface Info {
  /** Whether the step moved. */
  readonly accepted: boolean;
  /** Probability in [0, 1] that the proposal had of being accepted; 1 for kernels that always move. */
  readonly acceptance: number;
}

/** One transition that leaves a distribution invariant. Only the first three members are needed. */
export interface Kernel<S = State, I = Info> {
  readonly name: string;
  /** The state at a position. @throws GlmmcError `bad-init` where the density there is 0 */
  init(position: Float64Array): S;
  /** The next state, and what happened on the way. */
  step(rng: Stream, state: S): readonly [S, I];
  /** Names of what a kept draw records; where absent, those of the positions handed to `init`. */
  readonly variables?: readonly string[];
  /** Writes a kept draw, one number per variable; where absent, the state's `position`. */
  record?(state: S, out: Float64Array): void;
  /** Length of the positions that `init` takes; where absent, `run` must be given `init`. */
  readonly dimension?: number;
  /** A tuner for one chain's warm-up of the given length; a kernel without it needs no tuning. */
  adapt?(warmup: number): Adaptation<S, I>;
}

/** The tuning of one chain. During warm-up it steps in the kernel's place; `frozen` gives the kernel for kept draws. */
export interface Adaptation<S = State, I = Info> {
  /** The next state, as the kernel's own `step` gives it; what is tuned learns from it. */
  step(rng: Stream, state: S): readonly [S, I];
  /** The kernel as it is tuned now, which learns no more. */
  frozen(): Kernel<S, I>;
  /** Keeps what has been learnt, or puts it back; absent where a tuner cannot. */
  remember?(memory: Memory): void;
}

/**
 * The log density at x.
 * @throws GlmmcError `broken-density` where it is NaN or +Infinity, with the position
 */
export function evaluate(target: Target, x: Float64Array): number {
  const value = target.logDensity(x);
  if (Number.isNaN(value) || value === Number.POSITIVE_INFINITY) throw brokenDensity(value, x);
  return value;
}

/** The error for a log density that is NaN or +Infinity at x. */
export function brokenDensity(value: number, x: Float64Array): GlmmcError {
  const shown = Array.from(x.subarray(0, 8), (coordinate) => String(coordinate)).join(', ');
  return new GlmmcError(
    'broken-density',
    `the log density must be a number or -Infinity, found ${value} at (${shown}${x.length > 8 ? ', ...' : ''})`,
  );
}

/**
 * The state at a position, copied, for kernels whose state is position and log density.
 * @throws GlmmcError `bad-init` for a wrong length or a density of 0, `broken-density`
 */
export function initialState(target: Target, position: ArrayLike<number>): State {
  if (position.length !== target.dimension) {
    throw new GlmmcError(
      'bad-init',
      `init: expected a position of length ${target.dimension}, found ${position.length}`,
    );
  }
  const copy = Float64Array.from(position);
  const logDensity = evaluate(target, copy);
  if (logDensity === Number.NEGATIVE_INFINITY) {
    throw new GlmmcError(
      'bad-init',
      `init: the density is 0 at (${copy.join(', ')}); start inside the support`,
    );
  }
  return { position: copy, logDensity };
}

/** The names of a target's coordinates: its own, or x1, x2, ... @throws GlmmcError `bad-target` */
export function targetNames(target: Target): readonly string[] {
  if (typeof target !== 'object' || target === null) {
    throw new GlmmcError(
      'bad-target',
      `expected a target { dimension, logDensity(x) }, found ${describe(target)}`,
    );
  }
  const { dimension, names } = target;
  if (!Number.isInteger(dimension) || dimension < 1) {
    throw new GlmmcError(
      'bad-target',
      `a target's dimension must be a whole number >= 1, found ${dimension}`,
    );
  }
  if (typeof target.logDensity !== 'function') {
    throw new GlmmcError('bad-target', 'a target needs a function logDensity(x)');
  }
  if (names !== undefined && names.length !== dimension) {
    throw new GlmmcError(
      'bad-target',
      `a target of dimension ${dimension} needs as many names, found ${names.length}`,
    );
  }
  return names ?? Array.from({ length: dimension }, (_, i) => `x${i + 1}`);
}
