// ranef(): what a fit says of every cluster's intercept.
import { digitsFor, printable, table } from '../../samplers/text.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import type { Fit } from '../estimate/fit.js';
import { type InterceptScore, interceptScores } from './ranef/scores.js';

/** One cluster's intercept eps_i, on the scale of the linear predictor. */
export interface RandomIntercept extends Omit<InterceptScore, 'low' | 'high'> {
  /** 5% and 95% points of the distribution that `sd` belongs to. */
  readonly q5: number;
  readonly q95: number;
  /** Place of `mean` among the clusters, 1 the lowest; ties share the mean of their places. */
  readonly rank: number;
}

/** Rows in the order of `model.clusterLabels`; `toString` is the table that people read. */
export interface RandomIntercepts extends ReadonlyArray<RandomIntercept> {
  /** The text that people read. */
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
 * The shrinkage is Var(eps_i | y) / Var(eps), the share of the intercepts' variance that the data leave: in the Gaussian
 * model by which a cluster's own mean residual is pulled towards 0 (Morris 1983, JASA 78).
 *
 * From a posterior fit, the moments and quantiles of the draws. They have no mode without smoothing, so it is NaN.
 * @throws GlmmcError `bad-fit`
 */
export function ranef(fit: Fit): RandomIntercepts {
  requireEstimatedFit('ranef()', fit);
  const rows = interceptScores(fit, 0.05, 0.95);
  const ranks = averageRanks(rows.map((row) => row.mean));
  const ranked = rows.map(({ low, high, ...row }, i) => ({ ...row, q5: low, q95: high, rank: ranks[i] }));
  return printable(ranked, () => print(ranked));
}

/** Ranks from 1; equal values share the mean of their places. */
export function averageRanks(values: readonly number[]): number[] {
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
    ['cluster', 'mean', 'mode', 'sd', 'sdTotal', 'shrinkage', 'q5', 'q95', 'rank'],
    rows.map((row) => [
      row.cluster,
      number(row, row.mean),
      number(row, row.mode),
      number(row, row.sd),
      number(row, row.sdTotal),
      row.shrinkage.toFixed(2),
      number(row, row.q5),
      number(row, row.q95),
      String(row.rank),
    ]),
  );
}
