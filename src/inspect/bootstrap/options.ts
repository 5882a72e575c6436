// Options that every bootstrap takes, and their checks.
import * as v from 'valibot';
import { GlmmcError } from '../../../samplers/errors.js';
import { abortSignal, anySeed, count, listener } from '../../../samplers/options.js';
import { DEFAULT_SEED, type LikelihoodFit, originOf, type Progress } from '../../estimate/fit.js';
import type { Again } from './replicate.js';

/** What every bootstrap takes: `bootstrap()`, and those of `confint()` and `likelihoodRatio()`. */
export interface ReplicationOptions {
  /** Data sets (1000). */
  readonly replications?: number;
  readonly seed?: number | string;
  /** Threads to work on (1); the numbers do not depend on it. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  /** Told of the replications that are done. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * A folder that takes replications as they are finished (of Node alone): after an abort, or an end of the program, the same
   * call goes on from there. More replications may be asked for later.
   */
  readonly checkpoint?: string;
}

/** Entries of `checkOptions` for `ReplicationOptions`, and what they make of options. */
export interface ReplicationEntries {
  readonly replications: v.GenericSchema<number | undefined, number>;
  readonly seed: v.GenericSchema<number | string | undefined, number | string>;
  readonly workers: v.GenericSchema<number | undefined, number>;
  readonly signal: v.GenericSchema<AbortSignal | undefined>;
  readonly onProgress: v.GenericSchema<((progress: Progress) => void) | undefined>;
  readonly checkpoint: v.GenericSchema<string | undefined>;
}
export type Checked<Entries> = {
  readonly [Name in keyof Entries]: Entries[Name] extends v.GenericSchema<infer _, infer Out> ? Out : never;
};

export function replicationEntries(): ReplicationEntries {
  return {
    replications: v.optional(count(2), 1000),
    seed: v.optional(anySeed(), DEFAULT_SEED),
    workers: v.optional(count(1), 1),
    signal: v.optional(abortSignal()),
    onProgress: v.optional(listener<Progress>()),
    checkpoint: v.optional(v.pipe(v.string('a folder'), v.minLength(1, 'a folder'))),
  };
}

/** A fit as a replication makes it again. @throws GlmmcError `bad-fit` for a copy */
export function againOf(owner: string, result: LikelihoodFit): Again {
  const origin = originOf(result);
  if (!origin) {
    throw new GlmmcError(
      'bad-fit',
      `${owner} takes a fit as fit() returned it, found a copy, which does not know its strategy; pass the fit itself`,
    );
  }
  const { strategy, fixed } = origin;
  return { model: result.model, strategy, fixed, start: result.parameters };
}
