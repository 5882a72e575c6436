// Monte Carlo standard errors of a mean, a standard deviation and a quantile.
import { incbi } from '../special.js';
import { type Chains, mapDraws, pooled, readChains } from './chains.js';
import { mean, sd, sorted } from './descriptive.js';
import { essMean, essQuantile } from './ess.js';

/** Monte Carlo standard error of the mean: sd / sqrt(ESS of the mean). NaN where undefined. @throws GlmmcError `bad-chains` */
export function mcseMean(chains: Chains): number {
  return sd(pooled(readChains(chains))) / Math.sqrt(essMean(chains));
}

/**
 * Standard error of the standard deviation, sqrt((m4 - m2^2) / (4 m2 ESS)), by the ESS of (x - mean)^2 and central
 * moments; no normality assumed. NaN where undefined.
 *
 * Source: Kenney and Keeping (1951); `mcse_sd` of the R package posterior.
 * @throws GlmmcError `bad-chains`
 */
export function mcseSd(chains: Chains): number {
  const values = readChains(chains);
  const centre = mean(pooled(values));
  const squares = mapDraws(values, (value) => (value - centre) ** 2);
  const all = pooled(squares);
  const m2 = mean(all);
  const m4 = mean(all.map((value) => value * value));
  return Math.sqrt((m4 - m2 * m2) / essMean(squares) / m2 / 4);
}

/**
 * Standard error of the p-quantile: half the width between the order statistics at the 16% and 84% points of
 * Beta(ESS p + 1, ESS (1 - p) + 1). NaN where undefined.
 *
 * Source: Vehtari et al. (2021), section 4.4; `mcse_quantile` of the R package posterior.
 * @throws GlmmcError `bad-chains`, `bad-argument`
 */
export function mcseQuantile(chains: Chains, p: number): number {
  const ess = essQuantile(chains, p);
  return quantileError(sorted(pooled(readChains(chains))), p, ess);
}

/** The same of sorted draws that are worth `ess` independent ones: all of them, where they are independent. */
export function quantileError(x: Float64Array, p: number, ess: number): number {
  if (Number.isNaN(ess) || x.length === 0) return Number.NaN;
  const size = x.length;
  const a = ess * p + 1;
  const b = ess * (1 - p) + 1;
  const low = x[Math.max(Math.floor(incbi(a, b, 0.1586553) * size), 1) - 1];
  const high = x[Math.min(Math.ceil(incbi(a, b, 0.8413447) * size), size) - 1];
  return (high - low) / 2;
}
