// ranef(): what a fit says of every cluster's intercept.
import { mean, quantileSorted, sd, sorted } from '../../samplers/diagnostics/descriptive.js';
import { allChains } from '../../samplers/draws.js';
import { digitsFor, table } from '../../samplers/text.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import type { Fit, LikelihoodFit, PosteriorFit } from '../estimate/fit.js';
import { ClusterPosteriors } from '../likelihood/cluster-posterior.js';
import { Integrand } from '../likelihood/integrand.js';
import { DeltaMethod } from './delta.js';

/** One cluster's intercept eps_i, on the scale of the linear predictor. */
export interface RandomIntercept {
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
  /** 5% and 95% points of the distribution that `sd` belongs to. */
  readonly q5: number;
  readonly q95: number;
  /** Place of `mean` among the clusters, 1 the lowest; ties share the mean of their places. */
  readonly rank: number;
}

/** Rows in the order of `model.clusterLabels`; `toString` is the table that people read. */
export interface RandomIntercepts extends ReadonlyArray<RandomIntercept> {
  toString(): string;
}

/**
 * The clusters' intercepts.
 *
 * From a likelihood fit, empirical Bayes: the distribution of eps_i given y_i at the estimated parameters, integrated
 * numerically. `sdTotal` adds the delta-method term for those being estimates (Kass and Steffey 1989):
 * sdTotal^2 = sd^2 + J V J', with V the fit's covariance and J = d E[eps_i | y_i] / d theta. At sigma = 0 every
 * intercept is 0 and known to be (sds 0): that is the model, not the state of knowledge.
 *
 * From a posterior fit, the moments and quantiles of the draws. They have no mode without smoothing, so it is NaN.
 * @throws GlmmcError `bad-fit`
 */
export function ranef(fit: Fit): RandomIntercepts {
  requireEstimatedFit('ranef()', fit);
  const rows = fit.kind === 'likelihood' ? fromLikelihood(fit) : fromDraws(fit);
  const ranks = averageRanks(rows.map((row) => row.mean));
  const ranked = rows.map((row, i) => ({ ...row, rank: ranks[i] }));
  // Not enumerable: for every other purpose this is an array of plain rows.
  Object.defineProperty(ranked, 'toString', { value: () => print(ranked), enumerable: false });
  return ranked;
}

type Unranked = Omit<RandomIntercept, 'rank'>;

function fromLikelihood(fit: LikelihoodFit): Unranked[] {
  const { model, parameters } = fit;
  const { sigma } = parameters;
  if (sigma === 0) {
    const zero = { mean: 0, mode: 0, modeSd: 0, sd: 0, sdTotal: 0, q5: 0, q95: 0 };
    return model.clusterLabels.map((cluster) => ({ cluster, ...zero }));
  }
  const integrand = new Integrand(model);
  integrand.setParameters(parameters);
  const posteriors = new ClusterPosteriors(integrand);
  const p = model.coefficientNames.length;
  const delta = new DeltaMethod(fit);
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
      q5: sigma * posterior.quantile(0.05),
      q95: sigma * posterior.quantile(0.95),
    };
  });
}

function fromDraws(fit: PosteriorFit): Unranked[] {
  return fit.model.clusterLabels.map((cluster) => {
    const draws = Float64Array.from(allChains(fit.draws, `eps[${cluster}]`).flatMap((chain) => [...chain]));
    const inOrder = sorted(draws);
    const spread = sd(draws);
    return {
      cluster,
      mean: mean(draws),
      mode: Number.NaN,
      modeSd: Number.NaN,
      sd: spread,
      sdTotal: spread,
      q5: quantileSorted(inOrder, 0.05),
      q95: quantileSorted(inOrder, 0.95),
    };
  });
}

/** Ranks from 1; equal values share the mean of their places. */
function averageRanks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const ranks = new Array<number>(values.length).fill(0);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    for (let k = from; k < to; k++) ranks[order[k]] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

function print(rows: readonly RandomIntercept[]): string {
  // Two decimals below the smallest spread: more would not be read.
  const number = (row: RandomIntercept, value: number): string => digitsFor(value, row.sdTotal / 100);
  return table(
    ['cluster', 'mean', 'mode', 'sd', 'sdTotal', 'q5', 'q95', 'rank'],
    rows.map((row) => [
      row.cluster,
      number(row, row.mean),
      number(row, row.mode),
      number(row, row.sd),
      number(row, row.sdTotal),
      number(row, row.q5),
      number(row, row.q95),
      String(row.rank),
    ]),
  );
}
