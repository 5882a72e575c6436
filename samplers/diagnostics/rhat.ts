// Convergence by comparing chains: R-hat of today (rank-normalised, split, folded) and of 1992.
import { GlmmcError } from '../errors.js';
import { type Chains, mapDraws, pooled, rankNormalise, readChains, split, undiagnosable } from './chains.js';
import { mean, median, variance } from './descriptive.js';

/**
 * Rank-normalised split R-hat, the larger of bulk and folded; converged chains give less than 1.01.
 * NaN where a draw is not finite, where all are equal, or below 4 draws a chain; Infinity where chains stand still
 * at different values.
 *
 * Source: Vehtari, Gelman, Simpson, Carpenter, Buerkner (2021), Bayesian Analysis 16, section 4; `rhat` of posterior.
 * @param chains one array per chain, of equal length; one chain will do
 * @throws GlmmcError `bad-chains`
 */
export function rhat(chains: Chains): number {
  const values = readChains(chains);
  if (undiagnosable(values)) return Number.NaN;
  const centre = median(pooled(values));
  const folded = mapDraws(values, (value) => Math.abs(value - centre));
  return Math.max(compare(rankNormalise(split(values))), compare(rankNormalise(split(folded))));
}

/** sqrt((B / W + n - 1) / n). */
function compare(chains: readonly Float64Array[]): number {
  if (undiagnosable(chains)) return Number.NaN;
  const n = chains[0].length;
  const between = n * variance(chains.map(mean));
  const within = mean(chains.map(variance));
  return Math.sqrt((between / within + n - 1) / n);
}

/**
 * The potential scale reduction factor of Gelman and Rubin with the degrees-of-freedom correction of Brooks and Gelman:
 * the point estimate of coda's `gelman.diag` without its dropping of first halves. NaN where undefined.
 *
 * Source: Gelman and Rubin (1992), Statistical Science 7; Brooks and Gelman (1998), section 3.
 * @param chains two or more, of equal length
 * @throws GlmmcError `bad-chains`
 */
export function potentialScaleReduction(chains: Chains): number {
  const values = readChains(chains);
  if (values.length < 2) {
    throw new GlmmcError(
      'bad-chains',
      'potentialScaleReduction compares chains: expected two or more, found one',
    );
  }
  if (undiagnosable(values)) return Number.NaN;
  const n = values[0].length;
  const m = values.length;
  const variances = values.map(variance);
  const means = values.map(mean);
  const within = mean(variances);
  const between = n * variance(means);
  const centre = mean(means);
  const varianceOfWithin = variance(variances) / m;
  const varianceOfBetween = (2 * between ** 2) / (m - 1);
  // coda's cov(s2, means^2) - 2 centre cov(s2, means), without the cancellation.
  const joint =
    (n / m) *
    covariance(
      variances,
      means.map((x) => (x - centre) ** 2),
    );
  const share = 1 + 1 / m;
  const total = ((n - 1) * within) / n + (share * between) / n;
  const varianceOfTotal =
    ((n - 1) ** 2 * varianceOfWithin + share ** 2 * varianceOfBetween + 2 * (n - 1) * share * joint) / n ** 2;
  const df = (2 * total ** 2) / varianceOfTotal;
  return Math.sqrt(((df + 3) / (df + 1)) * ((n - 1) / n + (share / n) * (between / within)));
}

function covariance(x: readonly number[], y: readonly number[]): number {
  const cx = mean(x);
  const cy = mean(y);
  return x.reduce((sum, value, i) => sum + (value - cx) * (y[i] - cy), 0) / (x.length - 1);
}
