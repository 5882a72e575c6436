// The parameters of a likelihood fit that have an error of their own, and how far the fit is from the likelihood's maximum.
import { GlmmcError } from '../../samplers/errors.js';
import { isQuasiLikelihood } from '../estimate/arguments.js';
import type { Fit, LikelihoodFit } from '../estimate/fit.js';
import { fixedOf } from '../estimate/fixed-of.js';
import { type HeldParameters, ParameterSpace } from '../estimate/parameter-space.js';
import type { ClusterDerivatives } from '../likelihood/cluster-derivatives.js';
import { requireDensity } from '../likelihood/supported.js';
import type { Finding } from '../model/finding.js';
import { gapToMaximum, LARGEST_GAP } from './elpd/leave-out.js';

/**
 * A likelihood fit whose estimate is a root of the clusters' scores.
 * @param instead what to do with a posterior fit
 * @throws GlmmcError `bad-fit`, `unsupported-effect`
 */
export function requireScores(owner: string, fit: Fit, instead: string): asserts fit is LikelihoodFit {
  if (fit.kind !== 'likelihood') {
    throw new GlmmcError(
      'bad-fit',
      `${owner} works by the scores of the likelihood at its maximum, and takes a likelihood fit, found a posterior fit; ${instead}`,
    );
  }
  if (isQuasiLikelihood(fit)) {
    throw new GlmmcError(
      'bad-fit',
      `${owner} works by the scores of the likelihood, of which the estimates of ${fit.strategy} are no root: they solve other equations; fit by quadrature()`,
    );
  }
  requireDensity(owner, fit.model);
}

/** The free parameters, a sigma on its boundary and a theta without bound held where they are. */
export function estimatedSpace(fit: LikelihoodFit): ParameterSpace {
  const { parameters, findings, model } = fit;
  const held: HeldParameters = {
    ...fixedOf(fit),
    ...(parameters.sigma === 0 && { sigma: 0 }),
    ...(findings.some(({ code }) => code === 'theta-unbounded') && { dispersion: parameters.dispersion! }),
  };
  return new ParameterSpace(model, held);
}

/** The observed information of these parameters, `free`, in their natural scale: the clusters' sum, by their weights. */
export function observedInformation(
  { model, estimates }: LikelihoodFit,
  free: readonly number[],
  derivatives: readonly ClusterDerivatives[],
): Float64Array {
  const q = free.length;
  const information = new Float64Array(q * q);
  const { clusterWeights } = model.clusters;
  derivatives.forEach(({ hessian }, i) => {
    free.forEach((k, a) => {
      free.forEach((l, b) => {
        information[a * q + b] -= clusterWeights[i] * hessian[k * estimates.length + l];
      });
    });
  });
  return information;
}

/** Whether sigma was estimated, and at 0. */
export function sigmaAtBoundary({ parameters, fixed }: LikelihoodFit): boolean {
  return parameters.sigma === 0 && !fixed.includes('sigma');
}

/**
 * The finding of a fit that is not at the maximum of the likelihood, as Monte Carlo and approximate ones are not; none where it is.
 * @param consequence goes on from "the maximum of the log-likelihood"
 */
export function offMaximumFindings(fit: LikelihoodFit, consequence: string, advice: string): Finding[] {
  const gap = gapToMaximum(fit);
  if (gap < LARGEST_GAP) return [];
  return [
    {
      code: 'off-maximum',
      severity: 'warning',
      message: `The estimates of ${fit.strategy} lie ${gap.toPrecision(2)} below the maximum of the log-likelihood${consequence}`,
      advice,
    },
  ];
}

/** What keeps `estimatedSpace` from having all that was estimated, and from being that of a maximum. */
export function estimatedFindings(owner: string, fit: LikelihoodFit): Finding[] {
  const findings: Finding[] = [];
  if (sigmaAtBoundary(fit)) {
    findings.push({
      code: 'sigma-boundary',
      severity: 'note',
      message:
        'sigma is estimated at 0, the end of its range, where its score need not be 0: it is taken as known, and the rest is told with sigma held at 0.',
      advice: "confint(fit, { method: 'profile' }) says how large sigma may still be.",
      where: ['sigma'],
    });
  }
  if (fit.findings.some(({ code }) => code === 'theta-unbounded')) {
    findings.push({
      code: 'theta-unbounded',
      severity: 'note',
      message: 'The likelihood rises with theta for ever: it is taken as known.',
      advice: 'Use poisson(), the limit.',
      where: ['dispersion'],
    });
  }
  const consequence = ", so that the clusters' scores do not add up to 0 there.";
  return [...findings, ...offMaximumFindings(fit, consequence, `Use ${owner} on a fit by quadrature().`)];
}
