// gibbs(): the posterior by Gibbs sampling with Metropolis-Hastings steps over (beta, sigma, every intercept).
import { requireDensity } from '../likelihood/supported.js';
import type { PosteriorFit, Strategy } from './fit.js';
import { type GibbsOptions, readGibbsOptions } from './gibbs/options.js';
import { sampleChains } from './gibbs/run.js';
import { finishPosteriorFit } from './posterior-fit.js';
import { plainPriors, resolvePriors } from './priors.js';
import { told } from './telling.js';

export type { GibbsOptions } from './gibbs/options.js';

/**
 * Draws from the posterior of (beta, sigma, dispersion, eps_1 .. eps_m). A sweep draws each intercept by a Newton
 * proposal, then interweaves two parametrisations (Yu and Meng 2011): sigma, and the coefficients of whatever is constant
 * within clusters, with eps held; (beta, sigma) jointly by a weighted-least-squares proposal (Gamerman 1997) with
 * z = eps / sigma held; then the dispersion.
 * @throws GlmmcError `unknown-option`, `bad-option`; from fit() `bad-option` for priors that the model has no parameter
 *   for, `bad-cluster-weights`, `unsupported-effect`
 */
export function gibbs(options: GibbsOptions = {}): Strategy<PosteriorFit> {
  const { settings, priors: given } = readGibbsOptions('gibbs()', options);
  const strategy: Strategy<PosteriorFit> = {
    name: 'gibbs',
    settings: { ...settings, priors: plainPriors(given) },
    resumable: true,
    async run(task) {
      requireDensity('gibbs()', task.model);
      const priors = resolvePriors(task.model, given, task.space.fixed);
      await task.pause();
      const sampled = await sampleChains(task, priors, settings);
      return finishPosteriorFit({ name: 'gibbs', settings: { ...settings } }, task, { ...sampled, priors });
    },
  };
  return told(strategy, 'gibbs', options);
}
