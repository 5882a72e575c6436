// refit(): the same strategy, with the same settings, on another response.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { abortSignal, anySeed, checkOptions, count, describe } from '../../samplers/options.js';
import { requireFit } from '../estimate/arguments.js';
import { type Fit, fit, originOf } from '../estimate/fit.js';
import { checkResponse, withResponse } from '../model/model.js';

/** Options of `refit()`. */
export interface RefitOptions {
  /** That of the fit where left out. */
  readonly seed?: number | string;
  readonly workers?: number;
  readonly signal?: AbortSignal;
}

/**
 * Fits the model again with `newResponse` in place of the data's: same design, strategy, settings, and parameters held fixed.
 * Default priors that look at the response look at the new one. With simulate() it makes the parametric bootstrap and
 * checks of a design.
 * @param newResponse a number for every row that was used, in the order of the data (as simulate() gives them); successes for
 *   binomial counts, 0 and 1 for the levels of a text response
 * @throws GlmmcError `bad-fit`, `bad-response`, `constant-response`, `unknown-option`, `bad-option`; rejects with the signal's reason
 */
export async function refit<F extends Fit>(
  result: F,
  newResponse: ArrayLike<number>,
  options: RefitOptions = {},
): Promise<F> {
  requireFit('refit()', result);
  const known = checkOptions(
    'refit()',
    {
      seed: v.optional(anySeed(), result.seed),
      workers: v.optional(count(1), 1),
      signal: v.optional(abortSignal()),
    },
    options,
  );
  const origin = originOf(result);
  if (!origin) {
    throw new GlmmcError(
      'bad-fit',
      'refit() takes a fit as fit() returned it, found a copy, which does not know its strategy; pass the fit itself',
    );
  }
  const { model } = result;
  const length = isList(newResponse) ? newResponse.length : undefined;
  if (length !== model.design.rows) {
    throw new GlmmcError(
      'bad-response',
      `refit() takes one number for each of the ${model.design.rows} rows that were used, found ${length ?? describe(newResponse)}`,
    );
  }
  const y = Float64Array.from(newResponse);
  checkResponse(model.family, { ...model.design, y });
  const { strategy, fixed } = origin;
  const { signal, seed, workers } = known;
  const again = await fit(withResponse(model, y), strategy, {
    seed,
    fixed,
    workers,
    ...(signal && { signal }),
  });
  // The strategy is the one that made `result`, so it makes the same kind.
  return again as F;
}

function isList(value: unknown): value is ArrayLike<number> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);
}
