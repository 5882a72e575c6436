// What the Gibbs samplers can be told.
import * as v from 'valibot';
import { checkOptions, count } from '../../../samplers/options.js';
import type { ChainSettings } from '../chains/chain.js';
import { checkPriors, type Priors } from '../priors.js';

/** Options of `gibbs()`, `polyaGamma()` and `albertChib()`. */
export interface GibbsOptions {
  /** Independent chains (4). */
  readonly chains?: number;
  /** Sweeps of each chain that are thrown away, in which it finds its way and tunes its proposals (1000). */
  readonly warmup?: number;
  /** Draws kept of each chain, after thinning (1000). */
  readonly draws?: number;
  /** Every thin-th sweep is kept (1). */
  readonly thin?: number;
  /** What is left out has its default: see `Priors`. */
  readonly priors?: Priors;
}

/** Checks them and fills in the defaults. @throws GlmmcError `unknown-option`, `bad-option` */
export function readGibbsOptions(
  owner: string,
  options: GibbsOptions,
): { readonly settings: ChainSettings; readonly priors: Priors } {
  const { priors, ...settings } = checkOptions(
    owner,
    {
      chains: v.optional(count(1), 4),
      warmup: v.optional(count(0), 1000),
      draws: v.optional(count(1), 1000),
      thin: v.optional(count(1), 1),
      priors: v.optional(v.any(), {}),
    },
    options,
  );
  return { settings, priors: checkPriors(priors) };
}
