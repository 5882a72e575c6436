// The distribution of a likelihood ratio under the null, by fits of both models to data drawn from the null.
import { checkOptions } from '../../../samplers/options.js';
import type { LikelihoodFit } from '../../estimate/fit.js';
import type { Finding } from '../../model/finding.js';
import { failureFinding } from '../bootstrap/findings.js';
import { againOf, type ReplicationOptions, replicationEntries } from '../bootstrap/options.js';
import { runReplications } from '../bootstrap/run.js';

export interface RatioReplications {
  /** (1 + replications as large as the statistic) / (replications + 1): valid for any number of them. */
  readonly pValue: number;
  /** Monte Carlo error of the p-value, sqrt(p (1 - p) / (replications + 1)). */
  readonly pValueError: number;
  /** The ratio in every replication that both models could be fitted to. */
  readonly statistics: Float64Array;
  readonly failures: number;
  readonly findings: readonly Finding[];
}

/** Ratios that differ by less are the same: both 0, say, but for the last digits of two log-likelihoods. */
const SAME = 1e-7;

export async function ratiosUnderNull(
  nullFit: LikelihoodFit,
  alternative: LikelihoodFit,
  statistic: number,
  options: ReplicationOptions,
): Promise<RatioReplications> {
  const { seed, replications, ...how } = checkOptions(
    'likelihoodRatio(): bootstrap',
    { ...replicationEntries() },
    options,
  );
  const owner = 'likelihoodRatio() with bootstrap';
  const fits = [againOf(owner, nullFit), againOf(owner, alternative)];
  const plan = { type: 'parametric', fits, tells: 'logLik', seed } as const;
  const { values, findings } = await runReplications(owner, plan, { replications, ...how });
  const pairs = values.filter((pair) => pair !== undefined);
  const statistics = Float64Array.from(pairs, ([below, above]) => Math.max(0, 2 * (above - below)));
  const asLarge = statistics.filter((value) => value >= statistic - SAME).length;
  const pValue = (1 + asLarge) / (statistics.length + 1);
  const failures = replications - statistics.length;
  return {
    pValue,
    pValueError: Math.sqrt((pValue * (1 - pValue)) / (statistics.length + 1)),
    statistics,
    failures,
    findings: [...findings, ...failureFinding(failures, replications)],
  };
}
