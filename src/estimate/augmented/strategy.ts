// What polyaGamma() and albertChib() share: what they refuse, the run, and the finding where augmentation mixes slowly.
import { mean } from '../../../samplers/diagnostics/descriptive.js';
import { allChains, type Draws } from '../../../samplers/draws.js';
import { GlmmcError } from '../../../samplers/errors.js';
import type { Finding } from '../../model/finding.js';
import type { Model } from '../../model/model.js';
import { runChains } from '../chains/run.js';
import type { PosteriorFit, Strategy } from '../fit.js';
import { type GibbsOptions, readGibbsOptions } from '../gibbs/options.js';
import { finishPosteriorFit } from '../posterior-fit.js';
import { plainPriors, resolvePriors } from '../priors.js';
import { type AugmentationName, augmentedChains } from './chains.js';

/** A sampler by latent variables for binomial responses with one link. */
export interface Augmentation {
  readonly name: AugmentationName;
  /** 'polyaGamma()' */
  readonly owner: string;
  readonly link: string;
  /** The strategy of the same kind for another link, as advice. */
  readonly sibling: string;
  /** Expected information of one trial in eta, without and with the latent variable known. */
  readonly observed: (eta: number) => number;
  readonly complete: (eta: number) => number;
  /** Further refusals. @throws GlmmcError */
  readonly require?: (model: Model) => void;
}

/** @throws GlmmcError `unknown-option`, `bad-option` */
export function augmented(kind: Augmentation, options: GibbsOptions): Strategy<PosteriorFit> {
  const { name, owner } = kind;
  const { settings, priors: given } = readGibbsOptions(owner, options);
  return {
    name,
    settings: { ...settings, priors: plainPriors(given) },
    resumable: true,
    async run(task) {
      const { model, space } = task;
      requireBinomial(kind, model);
      kind.require?.(model);
      const priors = resolvePriors(model, given, space.fixed);
      await task.pause();
      const make = augmentedChains({ ...task, priors }, name);
      const { draws, findings } = await runChains(task, priors, settings, make, { sampler: name });
      const slow = space.free.length > 0 ? imbalance(kind, model, draws) : [];
      return finishPosteriorFit({ name, settings: { ...settings } }, task, {
        draws,
        priors,
        findings: [...slow, ...findings],
      });
    },
  };
}

/** @throws GlmmcError `unsupported-family`, `unsupported-effect` */
function requireBinomial({ owner, link, sibling }: Augmentation, { family, randomEffect }: Model): void {
  if (family.name !== 'binomial' || family.link.name !== link) {
    throw new GlmmcError(
      'unsupported-family',
      `${owner} works by latent variables that binomial responses with the ${link} link have, found ${family.name} with the ${family.link.name} link; use gibbs(), which serves every family and link${family.name === 'binomial' ? `, or ${sibling}` : ''}`,
    );
  }
  if (randomEffect.name !== 'normal') {
    throw new GlmmcError(
      'unsupported-effect',
      `${owner} draws coefficients and intercepts jointly from a normal distribution, which normal() intercepts alone allow, found ${randomEffect.name}; use ${randomEffect.points ? 'quadrature()' : 'gibbs()'}`,
    );
  }
}

/** Below this share of the complete data's information a draw is worth less than a ninth of an independent one. */
const LEAST_SHARE = 0.2;

/**
 * The share of the complete data's information that the responses hold. One less this share is the rate of convergence of
 * data augmentation (Liu 1994) and the correlation of one draw with the next where nothing else is known; intercepts,
 * priors and rescaling only help. The share goes to 0 where successes or failures are few among many trials (Johndrow,
 * Smith, Pillai and Dunson 2019, Journal of the American Statistical Association 114).
 */
function imbalance(kind: Augmentation, model: Model, draws: Draws): Finding[] {
  const { clusters, coefficientNames, clusterLabels } = model;
  const { starts, x, y, trials, weights, clusterWeights, offset, columns } = clusters;
  const average = (name: string): number => mean(allChains(draws, name).map((chain) => mean(chain)));
  const beta = coefficientNames.map(average);
  let observed = 0;
  let complete = 0;
  let successes = 0;
  let all = 0;
  clusterLabels.forEach((label, i) => {
    const eps = average(`eps[${label}]`);
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      let eta = offset[r] + eps;
      for (let j = 0; j < columns; j++) eta += x[r * columns + j] * beta[j];
      const weight = weights[r] * clusterWeights[i];
      observed += weight * trials[r] * kind.observed(eta);
      complete += weight * trials[r] * kind.complete(eta);
      successes += weight * y[r];
      all += weight * trials[r];
    }
  });
  const share = observed / complete;
  if (!(share < LEAST_SHARE)) return [];
  const size = draws.chains * draws.iterations;
  const rarer = Math.min(successes, all - successes);
  const what = successes <= all - successes ? 'successes' : 'failures';
  return [
    {
      code: 'imbalance',
      severity: 'warning',
      message: `${kind.owner} mixes slowly here: ${rarer} of ${all} trials are ${what}, and the responses hold a share of ${share.toPrecision(2)} of the information that its latent variables would. Draws of coefficients may be correlated by as much as ${(1 - share).toFixed(2)} from one to the next, and ${size} of them be worth some ${Math.ceil((share / (2 - share)) * size)}.`,
      advice:
        'Use gibbs(), whose proposals do not depend on the balance, or go by the effective sample sizes.',
    },
  ];
}
