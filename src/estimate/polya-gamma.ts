// polyaGamma(): the posterior of binomial models with the logit link by Polya-Gamma augmentation.
import { tanh } from '../../samplers/power.js';

import { augmented } from './augmented/strategy.js';
import type { PosteriorFit, Strategy } from './fit.js';
import type { GibbsOptions } from './gibbs/options.js';
import { told } from './telling.js';

/**
 * Draws from the posterior of (beta, sigma, eps_1 .. eps_m) of a binomial model with the logit link and normal intercepts
 * (Polson, Scott and Windle 2013). A sweep draws one Polya-Gamma variable per row, exactly for up to three trials and to
 * within 1e-6 in distribution for more; then sigma with coefficients and intercepts integrated out, the coefficients with
 * the intercepts integrated out, and the intercepts; then all of them are rescaled by one factor with the Polya-Gamma
 * variables integrated out (Liu and Sabatti 2000). Nothing is rejected and nothing tuned but the widths of slices. Any
 * weights are served. A finding (`imbalance`) says where it mixes slowly by nature.
 * @throws GlmmcError `unknown-option`, `bad-option`; from fit() `unsupported-family`, `unsupported-effect`, `bad-option` for
 *   priors that the model has no parameter for, `bad-cluster-weights`
 */
export function polyaGamma(options: GibbsOptions = {}): Strategy<PosteriorFit> {
  const strategy = augmented(
    {
      name: 'polya-gamma',
      owner: 'polyaGamma()',
      link: 'logit',
      sibling: 'albertChib() for probit',
      observed: (eta) => 0.25 / Math.cosh(0.5 * eta) ** 2,
      // The mean of PG(1, eta).
      complete: (eta) => (Math.abs(eta) < 1e-4 ? 0.25 : tanh(0.5 * eta) / (2 * eta)),
    },
    options,
  );
  return told(strategy, 'polyaGamma', options);
}
