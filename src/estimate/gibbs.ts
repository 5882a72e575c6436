// gibbs(): the posterior by Gibbs sampling with Metropolis-Hastings steps over (beta, sigma, every intercept).
import * as v from 'valibot';
import { checkOptions, count } from '../../samplers/options.js';
import { requireDensity } from '../likelihood/supported.js';
import type { PosteriorFit, Strategy } from './fit.js';
import { sampleChains } from './gibbs/run.js';
import { finishPosteriorFit } from './posterior-fit.js';
import { checkPriors, type Priors, plainPriors, resolvePriors } from './priors.js';

export interface GibbsOptions {
  /** Independent chains (4). */
  readonly chains?: number;
  /** Sweeps of each chain that are thrown away, in which it finds its way and tunes its proposals (1000). */
  readonly warmup?: number;
  /** Draws kept of each chain, after thinning (1000). */
  readonly draws?: number;
  /** Every thin-th sweep is kept (1). */
  readonly thin?: number;
  /** What is left out has the default of `resolvePriors`. */
  readonly priors?: Priors;
}

/**
 * Draws from the posterior of (beta, sigma, dispersion, eps_1 .. eps_m). A sweep draws each intercept by a Newton
 * proposal, then interweaves two parametrisations (Yu and Meng 2011): sigma, and the coefficients of whatever is constant
 * within clusters, with eps held; (beta, sigma) jointly by a weighted-least-squares proposal (Gamerman 1997) with
 * z = eps / sigma held; then the dispersion.
 * @throws GlmmcError `unknown-option`, `bad-option`; from fit() `bad-option` for priors that the model has no parameter
 *   for, `bad-cluster-weights`, `unsupported-effect`
 */
export function gibbs(options: GibbsOptions = {}): Strategy<PosteriorFit> {
  const known = checkOptions(
    'gibbs()',
    {
      chains: v.optional(count(1), 4),
      warmup: v.optional(count(0), 1000),
      draws: v.optional(count(1), 1000),
      thin: v.optional(count(1), 1),
      priors: v.optional(v.any(), {}),
    },
    options,
  );
  const { chains, warmup, draws, thin } = known;
  const given = checkPriors(known.priors);
  const settings = { chains, warmup, draws, thin };
  const strategy: Strategy<PosteriorFit> = {
    name: 'gibbs',
    settings: { ...settings, priors: plainPriors(given) },
    async run(task) {
      requireDensity('gibbs()', task.model);
      const priors = resolvePriors(task.model, given, task.space.fixed);
      await task.pause();
      const { draws, acceptance } = await sampleChains(task, priors, settings);
      return finishPosteriorFit({ name: 'gibbs', settings }, task, { draws, acceptance, priors });
    },
  };
  return strategy;
}
