// Effective sample sizes: how many independent draws would estimate a quantity as well as the chains do.
import { autocovariance } from './autocorrelation.js';
import { type Chains, mapDraws, pooled, rankNormalise, readChains, split, undiagnosable } from './chains.js';
import { checkProbability, mean, quantile, variance } from './descriptive.js';

/**
 * Effective sample size (ESS) of the rank-normalised draws: for the centre of the distribution. NaN where undefined; want 100 a
 * chain.
 *
 * Source: Vehtari, Gelman, Simpson, Carpenter, Buerkner (2021), Bayesian Analysis 16; `ess_bulk` of the R package posterior.
 * @throws GlmmcError `bad-chains`
 */
export function essBulk(chains: Chains): number {
  const values = readChains(chains);
  return undiagnosable(values) ? Number.NaN : ess(rankNormalise(split(values)));
}

/**
 * The smaller of the effective sample sizes for the 5% and the 95% quantile. NaN where undefined.
 *
 * Source: as `essBulk`; `ess_tail` of posterior.
 * @throws GlmmcError `bad-chains`
 */
export function essTail(chains: Chains): number {
  return Math.min(essQuantile(chains, 0.05), essQuantile(chains, 0.95));
}

/**
 * Effective sample size for the mean. NaN where undefined.
 *
 * Source: as `essBulk`; `ess_mean` of posterior.
 * @throws GlmmcError `bad-chains`
 */
export function essMean(chains: Chains): number {
  return ess(split(readChains(chains)));
}

/**
 * Effective sample size for the standard deviation: of |x - mean|. NaN where undefined.
 *
 * Source: as `essBulk`; `ess_sd` of posterior.
 * @throws GlmmcError `bad-chains`
 */
export function essSd(chains: Chains): number {
  const values = readChains(chains);
  const centre = mean(pooled(values));
  return ess(split(mapDraws(values, (value) => Math.abs(value - centre))));
}

/**
 * Effective sample size for the p-quantile: of the indicators x <= quantile. NaN where undefined.
 *
 * Source: as `essBulk`; `ess_quantile` of posterior.
 * @throws GlmmcError `bad-chains`, `bad-argument`
 */
export function essQuantile(chains: Chains, p: number): number {
  checkProbability(p);
  const values = readChains(chains);
  if (undiagnosable(values)) return Number.NaN;
  const all = pooled(values);
  // At p = 1 every indicator would be 1; posterior moves half a draw inwards.
  const threshold = quantile(all, p === 1 ? (all.length - 0.5) / all.length : p);
  return ess(split(mapDraws(values, (value) => (value <= threshold ? 1 : 0))));
}

/**
 * ESS of chains as they are: Geyer's initial monotone sequence over autocorrelations combined between chains, capped at
 * S log10 S. NaN where a draw is not finite, where all are equal, or below 3 draws a chain.
 * Source: Vehtari et al. (2021), section 3.2; `.ess` of the R package posterior.
 */
function ess(chains: readonly Float64Array[]): number {
  const n = chains[0].length;
  const m = chains.length;
  if (n < 3 || undiagnosable(chains)) return Number.NaN;
  const covariances = meanOf(chains.map(autocovariance));
  const within = (covariances[0] * n) / (n - 1);
  const total = covariances[0] + (m > 1 ? variance(chains.map(mean)) : 0);
  const correlation = (lag: number): number => 1 - (within - covariances[lag]) / total;

  const rho = new Float64Array(n + 1);
  let even = 1;
  let odd = correlation(1);
  rho[0] = even;
  rho[1] = odd;
  let last = 0;
  while (last < n - 5 && even + odd > 0) {
    last += 2;
    even = correlation(last);
    odd = correlation(last + 1);
    if (even + odd >= 0) {
      rho[last] = even;
      rho[last + 1] = odd;
    }
  }
  // The even lag beyond the last pair improves antithetic chains.
  if (even > 0) rho[last] = even;
  for (let lag = 2; lag <= last - 2; lag += 2) {
    const before = rho[lag - 2] + rho[lag - 1];
    if (rho[lag] + rho[lag + 1] > before) {
      rho[lag] = before / 2;
      rho[lag + 1] = before / 2;
    }
  }
  let sum = 0;
  // R's 1:0 counts the first lag: with no pair at all posterior still adds rho_0.
  for (let lag = 0; lag < Math.max(last, 1); lag++) sum += rho[lag];
  const size = m * n;
  return size / Math.max(-1 + 2 * sum + rho[last], 1 / Math.log10(size));
}

function meanOf(rows: readonly Float64Array[]): Float64Array {
  const result = new Float64Array(rows[0].length);
  for (const row of rows) for (let i = 0; i < row.length; i++) result[i] += row[i] / rows.length;
  return result;
}
