// Slice sampling (Neal 2003): a univariate step that needs no tuning, and a kernel that takes it coordinate by coordinate.
import * as v from 'valibot';
import { GlmmcError } from './errors.js';
import {
  type Adaptation,
  evaluate,
  initialState,
  type Kernel,
  type State,
  type Target,
  targetNames,
} from './kernel.js';
import { checkOptions } from './options.js';
import type { Stream } from './rng.js';

/** Steps out at most this often in all: an improper density must end in an error or a wide draw, not in a hang. */
const MOST_STEPS = 1000;

/**
 * One transition that leaves the density of a single variable invariant: stepping out and shrinkage.
 * No allocation. -Infinity is outside the support; the width sets the cost, not the correctness.
 *
 * Source: Neal (2003), Slice sampling, Annals of Statistics 31, figures 3 and 5.
 * @param x0 the current value, of positive density
 * @param logDensity log density up to a constant
 * @param width first guess at the size of the slice, > 0
 * @param logDensity0 the log density at x0 where it is known already; it is evaluated otherwise
 * @returns the next value
 * @throws GlmmcError `broken-density` where the log density is NaN or +Infinity, or -Infinity at x0; `bad-argument`
 */
export function sliceStep(
  rng: Stream,
  x0: number,
  logDensity: (x: number) => number,
  width: number,
  logDensity0?: number,
): number {
  if (!(width > 0 && width < Number.POSITIVE_INFINITY)) {
    throw new GlmmcError('bad-argument', `slice: width must be a number > 0, found ${width}`);
  }
  const here = logDensity0 ?? value(logDensity, x0);
  if (here === Number.NEGATIVE_INFINITY) {
    throw new GlmmcError('broken-density', `slice: the density is 0 at the current point ${x0}`);
  }
  const level = here + Math.log1p(-rng.uniform());
  let left = x0 - width * rng.uniform();
  let right = left + width;
  // The budget is shared at random between the sides, without which stopping early would not be reversible.
  let leftSteps = Math.floor(MOST_STEPS * rng.uniform());
  let rightSteps = MOST_STEPS - 1 - leftSteps;
  while (leftSteps-- > 0 && value(logDensity, left) > level) left -= width;
  while (rightSteps-- > 0 && value(logDensity, right) > level) right += width;
  for (;;) {
    const x = left + rng.uniform() * (right - left);
    // The slice can be a single double wide: x0 itself always belongs to it.
    if (x === x0 || value(logDensity, x) >= level) return x;
    if (x < x0) left = x;
    else right = x;
  }
}

function value(logDensity: (x: number) => number, x: number): number {
  const result = logDensity(x);
  if (Number.isNaN(result) || result === Number.POSITIVE_INFINITY) {
    throw new GlmmcError('broken-density', `the log density is ${result} at ${x}`);
  }
  return result;
}

/** Settings of `slice`. */
export interface SliceOptions {
  /** First guess at the size of a slice, > 0: one number, or one per coordinate. Where absent: 1, tuned in warm-up. */
  readonly width?: number | ArrayLike<number>;
}

/**
 * Slice sampling of each coordinate in turn, in order: one step of the kernel is one sweep. It always moves.
 *
 * Source: Neal (2003), section 4.
 * @throws GlmmcError `bad-target`, `bad-option`, `unknown-option`; from steps `broken-density`
 */
export function slice(target: Target, options: SliceOptions = {}): Kernel {
  const variables = targetNames(target);
  checkOptions('slice()', { width: v.optional(v.any()) }, options);
  const d = target.dimension;
  const given = options.width;
  const widths = typeof given === 'object' ? Float64Array.from(given) : new Float64Array(d).fill(given ?? 1);
  if (widths.length !== d || !widths.every((w) => w > 0 && w < Number.POSITIVE_INFINITY)) {
    throw new GlmmcError('bad-option', `slice(): width must be a number > 0, or ${d} of them`);
  }
  return sweep(target, variables, widths, given === undefined);
}

function sweep(target: Target, variables: readonly string[], widths: Float64Array, tunable: boolean): Kernel {
  const step = sweepStep(target);
  return {
    name: 'slice',
    variables,
    dimension: target.dimension,
    init: (position) => initialState(target, position),
    step: (rng, state) => [step(rng, state, widths), { accepted: true, acceptance: 1 }],
    ...(tunable && { adapt: (warmup: number) => tuneWidths(target, variables, widths, warmup) }),
  };
}

/** One sweep. The line through the point is one function made once: the univariate step allocates nothing. */
function sweepStep(target: Target): (rng: Stream, state: State, widths: Float64Array) => State {
  let x: Float64Array;
  let i = 0;
  let last = 0;
  const alongLine = (value: number): number => {
    x[i] = value;
    last = evaluate(target, x);
    return last;
  };
  return (rng, state, widths) => {
    x = state.position.slice();
    let logDensity = state.logDensity;
    for (i = 0; i < x.length; i++) {
      const before = x[i];
      const next = sliceStep(rng, before, alongLine, widths[i], logDensity);
      if (next !== before) logDensity = last;
      x[i] = next;
    }
    return { position: x, logDensity };
  };
}

/** Widths of three mean jumps, near the size of a typical slice, from the later half of warm-up. */
function tuneWidths(
  target: Target,
  variables: readonly string[],
  start: Float64Array,
  warmup: number,
): Adaptation {
  const step = sweepStep(target);
  const widths = start.slice();
  const travelled = new Float64Array(widths.length);
  let done = 0;
  let counted = 0;
  const setWidths = (): void => {
    for (let i = 0; i < widths.length; i++) {
      if (travelled[i] > 0) widths[i] = (3 * travelled[i]) / counted;
    }
  };
  return {
    step(rng, state) {
      const next = step(rng, state, widths);
      for (let i = 0; i < widths.length; i++) {
        travelled[i] += Math.abs(next.position[i] - state.position[i]);
      }
      done++;
      counted++;
      if (done === Math.floor(warmup / 10) || done === Math.floor(warmup / 2)) {
        setWidths();
        travelled.fill(0);
        counted = 0;
      }
      return [next, { accepted: true, acceptance: 1 }];
    },
    frozen() {
      if (counted > 0) setWidths();
      return sweep(target, variables, widths, false);
    },
  };
}
