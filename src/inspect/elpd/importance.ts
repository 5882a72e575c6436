// Leaving a cluster out by importance: the posterior's draws, weighted to what they would be without it.
import { pooled } from '../../../samplers/diagnostics/chains.js';
import { mean } from '../../../samplers/diagnostics/descriptive.js';
import { essMean } from '../../../samplers/diagnostics/ess.js';
import { psis } from '../../../samplers/diagnostics/pareto.js';

/** A cluster's predictive density from its log-likelihood at every draw. */
export interface ImportanceElpd {
  readonly elpd: number;
  readonly pLoo: number;
  readonly k: number;
  /** Delta-method Monte Carlo error of `elpd`. */
  readonly error: number;
}

/**
 * log of the mean of exp(logLik) under the posterior without the cluster: draws weighted by exp(-logLik), Pareto-smoothed.
 *
 * Source: Vehtari, Gelman, Gabry (2017), equations 10 and 22; R's loo, but for the error, which loo carries through quantiles.
 * @param chains the cluster's log-likelihood at every draw, by chain
 */
export function importance(chains: readonly Float64Array[]): ImportanceElpd {
  const logLik = pooled(chains);
  const size = logLik.length;
  const top = logLik.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const density = logLik.map((value) => Math.exp(value - top));
  const ess = essMean(chains.map((chain) => chain.map((value) => Math.exp(value - top))));
  const rEff = ess > 0 ? ess / size : 1;
  const { logWeights, k } = psis(
    logLik.map((value) => -value),
    rEff,
  );
  const total = logWeights.reduce((sum, w) => sum + Math.exp(w), 0);
  let expected = 0;
  logWeights.forEach((w, s) => {
    expected += (Math.exp(w) / total) * density[s];
  });
  let variance = 0;
  logWeights.forEach((w, s) => {
    variance += ((Math.exp(w) / total) * (density[s] - expected)) ** 2;
  });
  const elpd = top + Math.log(expected);
  return {
    elpd,
    pLoo: top + Math.log(mean(density)) - elpd,
    k,
    error: Math.sqrt(variance / rEff) / expected,
  };
}
