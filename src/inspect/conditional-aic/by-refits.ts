// Degrees of freedom of counts and single trials: what each fitted value would be had its own response been another.
import { type Fit, fit, type LikelihoodFit, originOf } from '../../estimate/fit.js';
import { Integrand } from '../../likelihood/integrand.js';
import { findPeak } from '../../likelihood/peak.js';
import { mergeClusters } from '../../model/merge.js';
import { type Model, withResponse } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';

/** The linear predictor of every row, in the order of the clusters, each intercept at its mode given the data. */
export function predictorsAtModes(model: Model, parameters: Parameters): Float64Array {
  const integrand = new Integrand(model);
  integrand.setParameters(parameters);
  const { starts, count } = model.clusters;
  const eta = integrand.rows.eta.slice();
  for (let i = 0; i < count && parameters.sigma > 0; i++) addMode(integrand, i, eta, starts);
  return eta;
}

function addMode(integrand: Integrand, i: number, eta: Float64Array, starts: Int32Array): void {
  integrand.select(i);
  const eps = integrand.sigma * findPeak(integrand, 0).z;
  for (let r = starts[i]; r < starts[i + 1]; r++) eta[r] += eps;
}

/** The refits, and what came of them. */
export interface PenaltyByRefits {
  readonly degrees: number;
  readonly failed: number;
}

/**
 * Poisson (log): sum of y (log mu(y) - log mu(y - e_r)), unbiased for the covariance of log mu and y whatever the predictor.
 * Single trials (logit): sum of mu (1 - mu) (eta(y_r = 1) - eta(y_r = 0)). One refit a row by the fit's own strategy, for Poisson where y > 0;
 * rows alike of clusters alike share it.
 * Source: Saefken, Kneib, van Waveren and Greven (2014), EJS 8; Efron (2004), JASA 99.
 */
export async function degreesByRefits(
  result: LikelihoodFit,
  eta: Float64Array,
  signal: AbortSignal | undefined,
): Promise<PenaltyByRefits> {
  const { model } = result;
  const { clusters, family } = model;
  const { starts, order, y, clusterWeights } = clusters;
  const counts = family.name === 'poisson';
  const { memberOf } = mergeClusters(clusters, undefined);
  const { x, offset, columns } = clusters;
  const known = new Map<string, number>();
  let degrees = 0;
  let failed = 0;
  for (let i = 0; i < clusters.count; i++) {
    if (clusterWeights[i] === 0) continue;
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      if (counts && y[r] === 0) continue;
      // Clusters alike may have their rows in another order.
      const key = `${memberOf[i]} ${y[r]} ${offset[r]} ${x.subarray(r * columns, (r + 1) * columns)}`;
      let term = known.get(key);
      if (term === undefined) {
        const other = counts ? y[r] - 1 : 1 - y[r];
        const moved = await predictorWith(result, i, r, order[r], other, signal);
        if (moved === undefined) failed++;
        const change = Math.sign(y[r] - other) * (eta[r] - (moved ?? Number.NaN));
        const mu = family.link.inverse(eta[r]);
        term = (counts ? y[r] : mu * (1 - mu)) * change;
        known.set(key, term);
      }
      degrees += clusterWeights[i] * term;
    }
  }
  return { degrees, failed };
}

/** The linear predictor of sorted row r of cluster i in a fit with another response there; undefined where that failed. */
async function predictorWith(
  result: LikelihoodFit,
  i: number,
  r: number,
  row: number,
  response: number,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const { model, parameters: start, seed } = result;
  const { strategy, fixed } = originOf(result)!;
  const y = model.design.y.slice();
  y[row] = response;
  const changed = withResponse(model, y);
  const again: Fit = await fit(changed, strategy, { seed, fixed, start, ...(signal && { signal }) });
  if (!again.converged) return undefined;
  const integrand = new Integrand(changed);
  integrand.setParameters(again.parameters);
  const eta = integrand.rows.eta.slice();
  if (again.parameters.sigma > 0) addMode(integrand, i, eta, changed.clusters.starts);
  return eta[r];
}
