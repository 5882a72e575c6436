// What is known of each cluster's intercept: by the integrand at the estimates, or by draws.
import { pooled } from '../../../samplers/diagnostics/chains.js';
import { mean, quantileSorted, sd, sorted } from '../../../samplers/diagnostics/descriptive.js';
import { allChains } from '../../../samplers/draws.js';
import type { Fit, LikelihoodFit, PosteriorFit } from '../../estimate/fit.js';
import { ClusterPosteriors } from '../../likelihood/cluster-posterior.js';
import { Integrand } from '../../likelihood/integrand.js';
import { DeltaMethod } from '../delta.js';

/** One cluster's intercept eps_i, on the scale of the linear predictor. */
export interface InterceptScore {
  readonly cluster: string;
  /** E[eps_i | y]: the empirical Bayes score of a likelihood fit. */
  readonly mean: number;
  /** Where the density of eps_i given y is highest (glmer's "conditional mode"); NaN for draws. */
  readonly mode: number;
  /** Curvature sd at the mode; NaN for draws. */
  readonly modeSd: number;
  /** sd of eps_i given y, the parameters held at their estimates (for draws they vary, and this equals `sdTotal`). */
  readonly sd: number;
  /** The same with the parameters' uncertainty added. */
  readonly sdTotal: number;
  /** Var(eps_i | y) / Var(eps): 1 where the data say nothing of the cluster, near 0 where they say all. */
  readonly shrinkage: number;
  /** The points asked for of the distribution that `sd` belongs to. */
  readonly low: number;
  readonly high: number;
}

/** Rows in the order of `model.clusterLabels`, with the quantiles `low` and `high` (probabilities). */
export function interceptScores(fit: Fit, low: number, high: number): InterceptScore[] {
  return fit.kind === 'likelihood' ? fromLikelihood(fit, low, high) : fromDraws(fit, low, high);
}

function fromLikelihood(fit: LikelihoodFit, low: number, high: number): InterceptScore[] {
  const { model, parameters } = fit;
  const { sigma } = parameters;
  if (sigma === 0) {
    const zero = { mean: 0, mode: 0, modeSd: 0, sd: 0, sdTotal: 0, shrinkage: 1, low: 0, high: 0 };
    return model.clusterLabels.map((cluster) => ({ cluster, ...zero }));
  }
  const integrand = new Integrand(model);
  integrand.setParameters(parameters);
  const posteriors = new ClusterPosteriors(integrand);
  const p = model.coefficientNames.length;
  const delta = new DeltaMethod(fit);
  const whole = model.randomEffect.standardDeviation(parameters);
  return model.clusterLabels.map((cluster, i) => {
    const posterior = posteriors.of(i);
    // eps = sigma z: the slope of its mean is that of z, times sigma, and E[z] for sigma itself.
    const slope = posterior.slope.map((value, a) => sigma * value + (a === p ? posterior.mean : 0));
    const sd = sigma * posterior.sd;
    return {
      cluster,
      mean: sigma * posterior.mean,
      mode: sigma * posterior.mode,
      modeSd: sigma * posterior.modeSd,
      sd,
      sdTotal: Math.sqrt(sd * sd + delta.variance(slope)),
      shrinkage: (sd / whole) ** 2,
      low: sigma * posterior.quantile(low),
      high: sigma * posterior.quantile(high),
    };
  });
}

function fromDraws(fit: PosteriorFit, low: number, high: number): InterceptScore[] {
  const { randomEffect, clusterLabels } = fit.model;
  // The intercepts' variance, averaged over the draws of sigma as the variance of a cluster's own intercept is.
  const whole = mean(
    pooled(allChains(fit.draws, 'sigma')).map(
      (sigma) => randomEffect.standardDeviation({ ...fit.parameters, sigma }) ** 2,
    ),
  );
  return clusterLabels.map((cluster) => {
    const draws = pooled(allChains(fit.draws, `eps[${cluster}]`));
    const inOrder = sorted(draws);
    const spread = sd(draws);
    return {
      cluster,
      mean: mean(draws),
      mode: Number.NaN,
      modeSd: Number.NaN,
      sd: spread,
      sdTotal: spread,
      // At sigma held at 0 as of a likelihood fit: the data move nothing.
      shrinkage: whole === 0 ? 1 : (spread * spread) / whole,
      low: quantileSorted(inOrder, low),
      high: quantileSorted(inOrder, high),
    };
  });
}
