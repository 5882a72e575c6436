// Draws as ArviZ's groups: `arviz.from_dict(**json)` in Python is an InferenceData.
import { type Draws, requireDraws } from '../../samplers/draws.js';

/** One group: by variable, by chain, by draw. Plain numbers, for `JSON.stringify`. */
export type ArvizGroup = Readonly<Record<string, readonly (readonly number[])[]>>;

/** The arguments of ArviZ's `from_dict`. */
export interface ArvizData {
  /** Every parameter and intercept, under the name it has in the draws. */
  readonly posterior: ArvizGroup;
  /** `lp` (the draws' `lp__`), and of Stan's own columns those that ArviZ knows, by its names. */
  readonly sample_stats: ArvizGroup;
  readonly coords: { readonly chain: readonly number[]; readonly draw: readonly number[] };
  /** The dimensions of each variable: chain and draw. */
  readonly dims: Readonly<Record<string, readonly ['chain', 'draw']>>;
}

/** Stan's columns about the sampler, and what ArviZ calls them. */
const STATS: Readonly<Record<string, string>> = {
  lp__: 'lp',
  accept_stat__: 'acceptance_rate',
  stepsize__: 'step_size',
  treedepth__: 'tree_depth',
  n_leapfrog__: 'n_steps',
  divergent__: 'diverging',
  energy__: 'energy',
};

/**
 * The draws as ArviZ takes them: `{ posterior: { variable: [chain][draw] }, sample_stats: { lp: [chain][draw] }, coords, dims }`,
 * chains and draws counted from 0. Write it as JSON and read it by `arviz.from_dict(**json.load(file))`.
 * @throws GlmmcError `bad-draws`
 */
export function toArviz(draws: Draws): ArvizData {
  requireDraws('toArviz()', draws);
  const chains = Array.from({ length: draws.chains }, (_, c) => c);
  const posterior: Record<string, number[][]> = {};
  const stats: Record<string, number[][]> = {};
  const dims: Record<string, readonly ['chain', 'draw']> = {};
  for (const variable of draws.variables) {
    const stat = Object.hasOwn(STATS, variable) ? STATS[variable] : undefined;
    const values = chains.map((c) => Array.from(draws.chain(variable, c)));
    if (stat === undefined) posterior[variable] = values;
    else stats[stat] = values;
    dims[stat ?? variable] = ['chain', 'draw'];
  }
  return {
    posterior,
    sample_stats: stats,
    coords: { chain: chains, draw: Array.from({ length: draws.iterations }, (_, t) => t) },
    dims,
  };
}
