// What has a closed form for matched pairs: McNemar's tests, the conditional, the joint and the marginal log odds ratio.
import { chdtrc, incbet, incbi } from '../../../samplers/special.js';
import { halfWidth } from '../../inspect/predict/scale.js';
import type { PairCounts } from './counts.js';

/** McNemar's test of matched pairs, and its exact forms. */
export interface McNemar {
  /** (n10 - n01)^2 / (n10 + n01), on one degree of freedom. */
  readonly statistic: number;
  readonly pValue: number;
  /** Two-sided binomial test of n10 among the discordant pairs. */
  readonly exactPValue: number;
  /** The same with half the probability of what was seen, also where n10 = n01: 1 less half of it. */
  readonly midPValue: number;
}

/** Source: McNemar (1947), Psychometrika 12; mid-p: Fagerland, Lydersen, Laake (2013), BMC Medical Research Methodology 13. */
export function mcNemar({ n10, n01 }: PairCounts): McNemar {
  const n = n10 + n01;
  const least = Math.min(n10, n01);
  const statistic = n === 0 ? 0 : ((n10 - n01) * (n10 - n01)) / n;
  // P(X <= k) of a binomial with even odds.
  const below = (k: number): number => (k < 0 ? 0 : k >= n ? 1 : incbet(n - k, k + 1, 0.5));
  const tail = below(least);
  const beyond = below(least - 1);
  return {
    statistic,
    pValue: chdtrc(1, statistic),
    exactPValue: Math.min(1, 2 * tail),
    midPValue: n10 === n01 ? 1 - 0.5 * (tail - beyond) : tail + beyond,
  };
}

/** A log odds ratio with its interval. */
export interface LogOddsRatio {
  readonly estimate: number;
  readonly standardError: number;
  readonly lower: number;
  readonly upper: number;
}

function wald(estimate: number, standardError: number, level: number): LogOddsRatio {
  const half = halfWidth(level) * standardError;
  return { estimate, standardError, lower: estimate - half, upper: estimate + half };
}

/** log(n10 / n01): conditional maximum likelihood, with the exact (Clopper and Pearson 1934) interval beside Wald's. */
export function conditionalOdds(
  { n10, n01 }: PairCounts,
  level: number,
): LogOddsRatio & { readonly exactLower: number; readonly exactUpper: number } {
  const tail = (1 - level) / 2;
  const logOdds = (p: number): number => Math.log(p / (1 - p));
  return {
    ...wald(Math.log(n10 / n01), Math.sqrt(1 / n10 + 1 / n01), level),
    exactLower: n10 === 0 ? Number.NEGATIVE_INFINITY : logOdds(incbi(n10, n01 + 1, tail)),
    exactUpper: n01 === 0 ? Number.POSITIVE_INFINITY : logOdds(incbi(n10 + 1, n01, 1 - tail)),
  };
}

/** The difference of the logits of the two proportions, its error by the delta method with their covariance. */
export function marginalOdds({ n11, n10, n01, n00 }: PairCounts, level: number): LogOddsRatio {
  const n = n11 + n10 + n01 + n00;
  const one = (n11 + n10) / n;
  const zero = (n11 + n01) / n;
  const estimate = Math.log(one / (1 - one)) - Math.log(zero / (1 - zero));
  const covariance = (n11 / n - one * zero) / n / (one * (1 - one) * zero * (1 - zero));
  const variance = 1 / (n * one * (1 - one)) + 1 / (n * zero * (1 - zero)) - 2 * covariance;
  return wald(estimate, Math.sqrt(variance), level);
}
