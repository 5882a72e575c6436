// simulate(): new responses on the model's own design, from parameters that somebody gives.
import * as v from 'valibot';
import { anySeed, checkOptions, count } from '../../samplers/options.js';
import { rng } from '../../samplers/rng.js';
import { checkParameters } from '../likelihood/marginal.js';
import { requireModel } from '../model/arguments.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { ResponseDraws } from '../model/response-draws.js';
import { DEFAULT_SEED } from './fit.js';

/** Options of `simulate()`. */
export interface SimulateOptions {
  readonly seed?: number | string;
  /** Data sets (1). */
  readonly draws?: number;
}

/**
 * New responses: each time new intercepts from F(., sigma), then a response for every row, for every family and distribution of
 * intercepts. One array a draw, in the order of the data's rows (those that were used); counts of successes for binomial
 * data. Draw k does not depend on how many are asked for.
 * @throws GlmmcError `bad-model`, `unknown-option`, `bad-option`, `bad-parameters`; `bad-weights` for a model with weights,
 *   `no-draws` for a custom family without `draw`
 */
export function simulate(
  model: Model,
  parameters: Parameters,
  options: SimulateOptions = {},
): Float64Array[] {
  requireModel('simulate()', model);
  const { seed, draws } = checkOptions(
    'simulate()',
    { seed: v.optional(anySeed(), DEFAULT_SEED), draws: v.optional(count(1), 1) },
    options,
  );
  checkParameters(model, parameters);
  const responses = new ResponseDraws('simulate()', model);
  const root = rng(seed).stream('simulate');
  const eps = new Float64Array(model.clusterLabels.length);
  return Array.from({ length: draws }, (_, k) => {
    const stream = root.stream(`draw:${k}`);
    return responses.responses(stream, parameters, responses.intercepts(stream, parameters, eps));
  });
}
