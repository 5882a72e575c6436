// The stopping rule of Booth and Hobert (1999): the parameters' relative change stays small.
import * as v from 'valibot';
import { count, positive } from '../../../samplers/options.js';
import type { Parameters } from '../../model/parameters.js';

/** When EM ends by the parameters' relative change (Booth and Hobert 1999). */
export interface RelativeChangeOptions {
  /** EM ends where max |new - old| / (|old| + delta1) over the parameters (delta1 default 0.001) ... */
  readonly delta1?: number;
  /** ... is below this (default 0.002) ... */
  readonly delta2?: number;
  /** ... this many times running (default 3), for by Monte Carlo error it is so now and then. */
  readonly times?: number;
}

/** The options of the rule, for the sizes that end by it. */
export const relativeChangeOptions: {
  readonly [K in keyof RelativeChangeOptions]-?: v.OptionalSchema<v.GenericSchema<number>, number>;
} = {
  delta1: v.optional(positive(), 0.001),
  delta2: v.optional(positive(), 0.002),
  times: v.optional(count(1), 3),
};

/** The rule at work: told of every step, in order. Source: Booth and Hobert (1999), section 5. */
export class RelativeChange {
  private readonly options: Required<RelativeChangeOptions>;
  private calm = 0;

  constructor(options: Required<RelativeChangeOptions>) {
    this.options = options;
  }

  /** Whether EM has ended with this step. */
  ends(previous: Parameters, proposed: Parameters): boolean {
    const { delta1, delta2, times } = this.options;
    const before = flat(previous);
    const largest = flat(proposed).reduce(
      (most, value, k) => Math.max(most, Math.abs(value - before[k]) / (Math.abs(before[k]) + delta1)),
      0,
    );
    this.calm = largest < delta2 ? this.calm + 1 : 0;
    return this.calm >= times;
  }
}

function flat({ beta, sigma, dispersion = 0 }: Parameters): number[] {
  return [...beta, sigma, dispersion];
}
