// likelihoodRatio(): two nested fits compared, with the right distribution where sigma = 0 is what is tested.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { checkOptions } from '../../samplers/options.js';
import { chdtrc } from '../../samplers/special.js';
import { printable, wrap } from '../../samplers/text.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import type { Fit, LikelihoodFit } from '../estimate/fit.js';
import { parameterCount } from '../estimate/parameter-count.js';
import { findingLines, formatPValue } from '../estimate/summary.js';
import { isObject } from '../model/arguments.js';
import type { Finding } from '../model/finding.js';
import type { ReplicationOptions } from './bootstrap/options.js';
import { ratiosUnderNull } from './likelihood-ratio/by-bootstrap.js';
import { isZeroByDecree, requireNested, requireSameData } from './likelihood-ratio/nested.js';

/** What `likelihoodRatio()` gives without a bootstrap. */
export interface LikelihoodRatio {
  /** 2 (l of the alternative - l of the null), >= 0. */
  readonly statistic: number;
  /** Parameters that the null lacks. */
  readonly df: number;
  /** NaN where the distribution of the statistic is not known, as the note then says. */
  readonly pValue: number;
  /** What the p-value was referred to. */
  readonly note: string;
  /** The text that people read. */
  toString(): string;
}

/** The same with the distribution of the statistic drawn from the null: `pValue` is by that. */
export interface BootstrapLikelihoodRatio extends LikelihoodRatio {
  /** Monte Carlo error of `pValue`. */
  readonly pValueError: number;
  /** What likelihoodRatio() says without replications; NaN where that distribution is not known. */
  readonly referredPValue: number;
  /** The statistic in every replication that both models could be fitted to. */
  readonly statistics: Float64Array;
  /** Replications that one of the models could not be fitted to. */
  readonly failures: number;
  readonly findings: readonly Finding[];
}

/** Options of `likelihoodRatio()`. */
export interface LikelihoodRatioOptions {
  /** Data sets drawn from the null, both models fitted to each. */
  readonly bootstrap?: ReplicationOptions;
}

/** Log-likelihood by which an alternative may come short of its null for want of digits or Monte Carlo error. */
const SHORTFALL = 0.05;
/** What was maximised may differ from the likelihood by this before the estimate is called another's. */
const OTHER_OBJECTIVE = 1e-4;

/**
 * The likelihood-ratio test of `nullFit` within `alternative`, from the certified log-likelihoods. Where the null holds sigma
 * at 0 (`fixed: { sigma: 0 }`), which is the end of its range, half of the distribution has a degree of freedom fewer: the
 * 50:50 chi-bar-squared, whose p-value for sigma alone is P(chi^2_1 > T) / 2, and 1 for T = 0. The same holds for Poisson
 * within negative binomial responses (1 / theta = 0).
 *
 * With `bootstrap` (a promise) the statistic is referred to those of data sets drawn from the null, to which both models are
 * fitted as they were to the data: p = (1 + #{T* >= T}) / (B + 1), which holds also where no reference is known, and few
 * clusters make the chi-square a poor one. Seeds, workers and checkpoints as for bootstrap().
 *
 * Source: Self and Liang (1987), JASA 82, case 5; Stram and Lee (1994), Biometrics 50; Davison and Hinkley (1997), section 4.2.
 * @throws GlmmcError `bad-fit`; `different-data` for fits to other rows, responses or weights; `not-nested`, with the reason;
 *   `unknown-option`, `bad-option`; with `bootstrap` also `bad-weights`, `no-draws` and those of its checkpoint
 */
export function likelihoodRatio(nullFit: Fit, alternative: Fit): LikelihoodRatio;
export function likelihoodRatio(
  nullFit: Fit,
  alternative: Fit,
  options: { readonly bootstrap: ReplicationOptions },
): Promise<BootstrapLikelihoodRatio>;
export function likelihoodRatio(
  nullFit: Fit,
  alternative: Fit,
  options?: LikelihoodRatioOptions,
): LikelihoodRatio | Promise<BootstrapLikelihoodRatio>;
export function likelihoodRatio(
  nullFit: Fit,
  alternative: Fit,
  options: LikelihoodRatioOptions = {},
): LikelihoodRatio | Promise<BootstrapLikelihoodRatio> {
  const { bootstrap } = checkOptions(
    'likelihoodRatio()',
    {
      bootstrap: v.optional(
        v.custom<ReplicationOptions>(isObject, 'options such as { replications: 1000, seed: 1 }'),
      ),
    },
    options,
  );
  requireEstimatedFit('likelihoodRatio()', nullFit);
  if (alternative === undefined) {
    throw new GlmmcError(
      'bad-fit',
      'likelihoodRatio() takes two fits, the null and then the alternative, found one; fit the null with a term fewer, or with { fixed: { sigma: 0 } }',
    );
  }
  requireEstimatedFit('likelihoodRatio()', alternative);
  if (nullFit.kind !== 'likelihood' || alternative.kind !== 'likelihood') {
    throw new GlmmcError(
      'bad-fit',
      'likelihoodRatio() takes two likelihood fits, found a posterior fit, which is no maximum; compare posterior fits by elpd() or by the log evidence of quadraturePosterior()',
    );
  }
  requireSameData(nullFit, alternative);
  requireNested(nullFit, alternative);
  const df = parameterCount(alternative) - parameterCount(nullFit);
  if (df < 1) {
    throw new GlmmcError(
      'not-nested',
      `likelihoodRatio(null, alternative) takes an alternative with more parameters than its null, found ${parameterCount(alternative)} and ${parameterCount(nullFit)}; is the order right?`,
    );
  }
  const gain = alternative.logLik - nullFit.logLik;
  if (!(gain > -SHORTFALL)) {
    throw new GlmmcError(
      'not-nested',
      `likelihoodRatio(): the alternative contains the null and so fits at least as well, found log-likelihoods ${alternative.logLik} and ${nullFit.logLik}; look at the findings of both fits, or fit them by quadrature()`,
    );
  }
  const statistic = Math.max(0, 2 * gain);
  const { pValue, notes } = refer(nullFit, alternative, statistic, df);
  // Monte Carlo strategies are held against the exact score, and say in their own findings how that went.
  const rough = [nullFit, alternative].filter(
    ({ landing, objective, logLik }) => !landing && !(Math.abs(objective - logLik) < OTHER_OBJECTIVE),
  );
  if (rough.length > 0) {
    notes.push(
      `${[...new Set(rough.map(({ strategy }) => strategy))].join(' and ')} maximised something else than the likelihood, so the statistic is off by what the estimates lack to the maximum`,
    );
  }
  const referred = { statistic, df, pValue, note: `${notes.join('; ')}.` };
  if (bootstrap) return byReplications(nullFit, alternative, referred, bootstrap);
  const advice = 'Give likelihoodRatio() { bootstrap: { ... } } for a p-value by data drawn from the null.';
  const answer = Number.isNaN(pValue) ? { ...referred, note: `${referred.note} ${advice}` } : referred;
  return printable(answer, () => print(answer));
}

async function byReplications(
  nullFit: LikelihoodFit,
  alternative: LikelihoodFit,
  referred: Omit<LikelihoodRatio, 'toString'>,
  options: ReplicationOptions,
): Promise<BootstrapLikelihoodRatio> {
  const { statistic } = referred;
  const found = await ratiosUnderNull(nullFit, alternative, statistic, options);
  const { length } = found.statistics;
  const { pValue } = referred;
  const without = Number.isNaN(pValue)
    ? 'Without them there is none'
    : `Without them p = ${formatPValue(pValue)}`;
  const note = `Referred to ${length} data sets drawn from the null: p = (1 + those with a ratio as large) / ${length + 1}, Monte Carlo error ${found.pValueError.toPrecision(2)}. ${without}: ${referred.note}`;
  const answer = { ...referred, ...found, referredPValue: pValue, note };
  return printable(answer, () => [print(answer), ...findingLines(found.findings)].join('\n'));
}

function refer(
  nullFit: LikelihoodFit,
  alternative: LikelihoodFit,
  statistic: number,
  df: number,
): { readonly pValue: number; readonly notes: string[] } {
  const sigmaTested = isZeroByDecree(nullFit) && !alternative.fixed.includes('sigma');
  const thetaTested = nullFit.model.family.name !== alternative.model.family.name;
  const { randomEffect } = alternative.model;
  const unknown = (why: string): { readonly pValue: number; readonly notes: string[] } => ({
    pValue: Number.NaN,
    notes: [why],
  });
  if (
    randomEffect.points &&
    (sigmaTested || nullFit.parameters.shape?.length !== alternative.parameters.shape?.length)
  ) {
    return unknown('The number of point masses has no chi-square distribution');
  }
  if (sigmaTested && thetaTested) {
    return unknown('Two parameters are at the ends of their ranges at once, sigma = 0 and 1 / theta = 0');
  }
  if (sigmaTested && randomEffect.tailDf <= 2) {
    return unknown('Intercepts without a variance have no chi-bar-squared distribution at sigma = 0');
  }
  if (sigmaTested || thetaTested) {
    const what = sigmaTested ? 'sigma = 0' : '1 / theta = 0';
    const below = df === 1 ? '0 (a point mass)' : `${df - 1}`;
    return {
      pValue: statistic === 0 ? 1 : 0.5 * (tail(df, statistic) + tail(df - 1, statistic)),
      notes: [
        `${what} is the end of its range, so the reference is the 50:50 mixture of chi-square with ${below} and ${df} degrees of freedom`,
      ],
    };
  }
  const notes = [`Referred to chi-square with ${df} degree${df === 1 ? '' : 's'} of freedom`];
  if (nullFit.parameters.sigma === 0 && !nullFit.fixed.includes('sigma')) {
    notes.push('sigma is estimated at 0 under the null, where this is an approximation');
  }
  return { pValue: tail(df, statistic), notes };
}

/** P(chi-square > x); with 0 degrees of freedom all mass is at 0. */
function tail(df: number, x: number): number {
  return df === 0 ? (x > 0 ? 0 : 1) : chdtrc(df, x);
}

function print({ statistic, df, pValue, note }: Omit<LikelihoodRatio, 'toString'>): string {
  const first = `Likelihood ratio ${statistic.toFixed(4)} on ${df} df, p = ${formatPValue(pValue)}`;
  return [first, ...wrap(note)].join('\n');
}
