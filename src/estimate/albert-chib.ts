// albertChib(): the posterior of binomial models with the probit link by latent normal variables.
import { GlmmcError } from '../../samplers/errors.js';
import type { Model } from '../model/model.js';
import { LOG_SQRT_2PI, logNormalCdf } from '../numeric/normal.js';
import { augmented } from './augmented/strategy.js';
import type { PosteriorFit, Strategy } from './fit.js';
import type { GibbsOptions } from './gibbs/options.js';
import { told } from './telling.js';

/** A sweep over as many latent variables takes about 50 ms. */
const MOST_TRIALS = 1e6;

/**
 * Draws from the posterior of (beta, sigma, eps_1 .. eps_m) of a binomial model with the probit link and normal intercepts
 * (Albert and Chib 1993). A sweep draws one latent normal per trial, rescales them all (Liu and Wu 1999), then draws sigma
 * with coefficients and intercepts integrated out, the coefficients with the intercepts integrated out, and the
 * intercepts. A finding (`imbalance`) says where it mixes slowly by nature.
 * @throws GlmmcError `unknown-option`, `bad-option`; from fit() `unsupported-family`, `unsupported-effect`,
 *   `too-many-trials` above 1e6 trials, `bad-weights` where weights make parts of trials, `bad-option` for priors that the
 *   model has no parameter for, `bad-cluster-weights`
 */
export function albertChib(options: GibbsOptions = {}): Strategy<PosteriorFit> {
  const strategy = augmented(
    {
      name: 'albert-chib',
      owner: 'albertChib()',
      link: 'probit',
      sibling: 'polyaGamma() for logit',
      observed: (eta) => Math.exp(-eta * eta - 2 * LOG_SQRT_2PI - logNormalCdf(eta) - logNormalCdf(-eta)),
      complete: () => 1,
      require: requireTrials,
    },
    options,
  );
  return told(strategy, 'albertChib', options);
}

/** @throws GlmmcError `bad-weights`, `too-many-trials` */
function requireTrials({ clusters, clusterLabels }: Model): void {
  const { starts, y, trials, weights, clusterWeights } = clusters;
  let all = 0;
  for (let i = 0; i < clusters.count; i++) {
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      if (!Number.isInteger(weights[r] * trials[r]) || !Number.isInteger(weights[r] * y[r])) {
        throw new GlmmcError(
          'bad-weights',
          `albertChib() draws one latent variable for every trial, so weights times successes and weights times trials must be whole numbers; a row of cluster '${clusterLabels[i]}' has ${weights[r] * y[r]} of ${weights[r] * trials[r]}; use gibbs()`,
        );
      }
      all += clusterWeights[i] * weights[r] * trials[r];
    }
  }
  if (all <= MOST_TRIALS) return;
  throw new GlmmcError(
    'too-many-trials',
    `albertChib() draws one latent variable for every trial in every sweep, at most ${MOST_TRIALS} of them, found ${all} trials; use gibbs(), whose cost does not grow with trials, or polyaGamma() with the logit link`,
  );
}
