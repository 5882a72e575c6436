// One cluster left out, exactly: the evidence without it, or the maximum of the likelihood without it.
import { LARGEST_PARETO_K } from '../../../samplers/diagnostics/pareto.js';
import type { LikelihoodFit, PosteriorFit } from '../../estimate/fit.js';
import { fixedOf } from '../../estimate/fixed-of.js';
import { maximumLikelihood } from '../../estimate/maximum-likelihood.js';
import { type FixedParameters, ParameterSpace } from '../../estimate/parameter-space.js';
import type { Priors } from '../../estimate/priors.js';
import { quadraturePosterior } from '../../estimate/quadrature-posterior.js';
import { ClusterLogLikelihoods } from '../../likelihood/cluster-log-likelihoods.js';
import { MarginalLikelihood } from '../../likelihood/marginal-likelihood.js';
import { type Model, withClusterWeights } from '../../model/model.js';

/** A cluster's predictive density and the error of that number. */
export interface LeftOut {
  readonly elpd: number;
  readonly error: number;
  readonly converged: boolean;
}

/** The model with one copy of cluster i fewer. */
function without(model: Model, i: number): Model {
  const clusterWeights = model.clusters.clusterWeights.slice();
  clusterWeights[i] = Math.max(0, clusterWeights[i] - 1);
  return withClusterWeights(model, clusterWeights);
}

/** log p(y_i | y of the others) = log evidence of all - log evidence of the others, both by quadrature. */
export class EvidenceWithout {
  private readonly fit: PosteriorFit;
  private readonly pause: () => Promise<void>;
  private readonly priors: Priors;
  private readonly fixed: FixedParameters;
  private all: Promise<Evidence> | undefined;

  constructor(fit: PosteriorFit, pause: () => Promise<void>) {
    this.fit = fit;
    this.pause = pause;
    this.priors = explicitPriors(fit);
    this.fixed = fixedOf(fit);
  }

  async of(i: number): Promise<LeftOut> {
    this.all ??= this.evidence(this.fit.model);
    const [all, rest] = [await this.all, await this.evidence(without(this.fit.model, i))];
    return {
      elpd: all.logEvidence - rest.logEvidence,
      error: Math.hypot(all.logEvidenceError, rest.logEvidenceError),
      converged: all.k < LARGEST_PARETO_K && rest.k < LARGEST_PARETO_K,
    };
  }

  private evidence(model: Model): Promise<Evidence> {
    return quadraturePosterior(model, this.priors, { fixed: this.fixed, error: 0.01, pause: this.pause });
  }
}

interface Evidence {
  readonly logEvidence: number;
  readonly logEvidenceError: number;
  readonly k: number;
}

/** The priors that the fit had, defaults spelt out, so that what is left of the data does not change them. */
function explicitPriors({ priors, model }: PosteriorFit): Priors {
  const at = model.coefficientNames.indexOf('(Intercept)');
  const other = priors.beta.find((_, j) => j !== at);
  return {
    ...(other && { beta: other }),
    ...(at >= 0 && { intercept: priors.beta[at] }),
    sigma: priors.sigma,
    ...(priors.dispersion && { dispersion: priors.dispersion }),
  };
}

/** log L_i at the maximum of the likelihood of the others, by certified quadrature's rule: no Monte Carlo error. */
export async function maximumWithout(
  fit: LikelihoodFit,
  i: number,
  pause: () => Promise<void>,
): Promise<LeftOut> {
  const rest = without(fit.model, i);
  const space = new ParameterSpace(rest, fixedOf(fit));
  const likelihood = new MarginalLikelihood(rest);
  const options = { start: fit.parameters, pause };
  const { parameters, converged } = await maximumLikelihood(likelihood, space, { kind: 'plain' }, options);
  const out = new Float64Array(fit.model.clusterLabels.length);
  new ClusterLogLikelihoods(fit.model).evaluate(parameters, { kind: 'plain' }, out);
  return { elpd: out[i], error: 0, converged };
}

/** Log-likelihood below its maximum from which estimates are no longer taken for it. */
export const LARGEST_GAP = 0.01;

/**
 * Log-likelihood that the fit's estimates lack of the maximum, by the exact score and the fit's covariance; parameters without a
 * standard error (fixed, or a sigma of 0) are left out.
 */
export function gapToMaximum(fit: LikelihoodFit): number {
  const likelihood = new MarginalLikelihood(fit.model);
  likelihood.evaluate(fit.parameters, { kind: 'plain' }, 'gradient');
  const { gradient } = likelihood;
  const free = fit.estimates.flatMap(({ standardError }, k) => (standardError > 0 ? [k] : []));
  let sum = 0;
  for (const a of free) for (const b of free) sum += gradient[a] * fit.covariance.get(a, b) * gradient[b];
  return sum / 2;
}
