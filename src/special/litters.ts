// litters(): overdispersed proportions by the mixed model and by the beta-binomial regression, side by side.
import * as v from 'valibot';
import { abortSignal, checkOptions } from '../../samplers/options.js';
import { chdtrc } from '../../samplers/special.js';
import { digitsFor, formatNumber, printable, table, wrap } from '../../samplers/text.js';
import { fit, type LikelihoodFit } from '../estimate/fit.js';
import { quadrature } from '../estimate/quadrature.js';
import { findingLines, formatPValue } from '../estimate/summary.js';
import { PairExpectations } from '../likelihood/pair-moments.js';
import type { Finding } from '../model/finding.js';
import type { Model } from '../model/model.js';
import { type BetaBinomial, betaBinomial } from './beta-binomial.js';
import { withoutLaplace } from './findings.js';

/** Litters of the same covariates. */
export interface LitterGroup {
  /** Values of the model's columns, in the order of its coefficients. */
  readonly covariates: readonly number[];
  readonly litters: number;
  readonly successes: number;
  readonly trials: number;
  /** Mean over litters, intraclass correlation on the response scale, and what it makes of the variance of a litter of average size. */
  readonly glmm: GroupMoments;
  readonly betaBinomial: GroupMoments;
}

/** Mean, intraclass correlation and inflation of the variance in one group of litters. */
export interface GroupMoments {
  readonly mean: number;
  readonly icc: number;
  /** 1 + (n - 1) icc: the variance of a proportion in units of the binomial one. */
  readonly inflation: number;
}

/** What `litters()` gives: both models, and what compares between them. */
export interface Litters {
  readonly glmm: LikelihoodFit;
  readonly betaBinomial: BetaBinomial;
  readonly binomialLogLik: number;
  /** Log-likelihood of the mixed model less that of the beta-binomial; both have every constant and as many parameters. */
  readonly difference: number;
  /** Tests of no overdispersion, sigma = 0 and rho = 0: half of the mass of the reference is at 0. */
  readonly tests: Readonly<
    Record<'glmm' | 'betaBinomial', { readonly statistic: number; readonly pValue: number }>
  >;
  readonly groups: readonly LitterGroup[];
  readonly findings: readonly Finding[];
  /** The text that people read. */
  toString(): string;
}

/**
 * Litter studies: proportions of litters (plates, hospitals) that vary more than binomial chance. The mixed model puts a normal
 * intercept into the linear predictor of each litter, the beta-binomial a beta distribution about its mean. Their likelihoods compare
 * (same data, every constant, as many parameters). Their coefficients do not: those of the mixed model are effects within a litter, those of
 * the beta-binomial on the mean of all. What does compare are means, intraclass correlations and inflations, by group of litters:
 * the mixed model's correlation moves with the mean, the beta-binomial's is one.
 *
 * Source: Williams (1975), Biometrics 31; Crowder (1978), Applied Statistics 27.
 * @param model binomial responses, covariates that do not vary within clusters; see betaBinomial()
 * @throws GlmmcError `unknown-option`, `bad-option` and those of betaBinomial(); rejects with the signal's reason
 */
export async function litters(
  model: Model,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Litters> {
  const { signal } = checkOptions('litters()', { signal: v.optional(abortSignal()) }, options);
  const beta = betaBinomial(model);
  const abort = signal ? { signal } : {};
  const result = await fit(model, quadrature(), abort);
  const none = await fit(model, quadrature(), { ...abort, fixed: { sigma: 0 } });
  const test = (logLik: number) => {
    const statistic = Math.max(0, 2 * (logLik - none.logLik));
    return { statistic, pValue: statistic === 0 ? 1 : chdtrc(1, statistic) / 2 };
  };
  const answer: Omit<Litters, 'toString'> = {
    glmm: result,
    betaBinomial: beta,
    binomialLogLik: none.logLik,
    difference: result.logLik - beta.logLik,
    tests: { glmm: test(result.logLik), betaBinomial: test(beta.logLik) },
    groups: groupsOf(model, result, beta),
    // Both say the same of rows that were dropped and of separation.
    findings: [
      ...withoutLaplace(result.findings),
      ...beta.findings.filter(({ code }) => result.findings.every((other) => other.code !== code)),
    ],
  };
  return printable(answer, () => print(answer));
}

function groupsOf(model: Model, { parameters }: LikelihoodFit, { beta, rho }: BetaBinomial): LitterGroup[] {
  const { count, starts, columns: p, x, offset, y, trials, clusterWeights } = model.clusters;
  const groups = new Map<string, { row: number; litters: number; successes: number; trials: number }>();
  for (let i = 0; i < count; i++) {
    const row = starts[i];
    const key = [...x.subarray(row * p, (row + 1) * p), offset[row]].join(' ');
    const group = groups.get(key) ?? { row, litters: 0, successes: 0, trials: 0 };
    group.litters += clusterWeights[i];
    for (let r = row; r < starts[i + 1]; r++) {
      group.successes += clusterWeights[i] * y[r];
      group.trials += clusterWeights[i] * trials[r];
    }
    groups.set(key, group);
  }
  const moments = new PairExpectations(model, parameters);
  return [...groups.values()].map(({ row, ...group }) => {
    const covariates = [...x.subarray(row * p, (row + 1) * p)];
    const eta = (b: Float64Array): number =>
      covariates.reduce((sum, value, a) => sum + value * b[a], offset[row]);
    const at = eta(parameters.beta);
    const { mean1, covariance } = moments.at(at, at);
    const icc = covariance[0] / (mean1[0] * (1 - mean1[0]));
    const inflation = (correlation: number): number => 1 + (group.trials / group.litters - 1) * correlation;
    return {
      covariates,
      ...group,
      glmm: { mean: mean1[0], icc, inflation: inflation(icc) },
      betaBinomial: { mean: model.family.link.inverse(eta(beta)), icc: rho, inflation: inflation(rho) },
    };
  });
}

/** More groups than these are told by their number: with a continuous covariate every litter is one. */
const MOST_GROUPS = 20;

function print(answer: Omit<Litters, 'toString'>): string {
  const { glmm, betaBinomial: beta, binomialLogLik, difference, tests, groups, findings } = answer;
  const { coefficientNames, clusterLabels, clusterName, formula } = glmm.model;
  const cell = ({ value, standardError }: { value: number; standardError: number }): string =>
    `${digitsFor(value, standardError / 100)} (${digitsFor(standardError, standardError / 100)})`;
  const p = coefficientNames.length;
  const better = Math.abs(difference).toFixed(4);
  return [
    ...wrap(`${clusterLabels.length} litters (${clusterName}): ${formula}`),
    '',
    table(
      ['', 'mixed model', 'beta-binomial'],
      [
        ...coefficientNames.map((name, k) => [name, cell(glmm.estimates[k]), cell(beta.estimates[k])]),
        ['sigma', cell(glmm.estimates[p]), '-'],
        ['rho', '-', cell(beta.estimates[p])],
      ],
    ),
    '',
    table(
      ['', 'logLik', 'ratio to binomial', 'p'],
      [
        ['binomial', binomialLogLik.toFixed(4), '-', '-'],
        [
          'mixed model',
          glmm.logLik.toFixed(4),
          tests.glmm.statistic.toFixed(3),
          formatPValue(tests.glmm.pValue),
        ],
        [
          'beta-binomial',
          beta.logLik.toFixed(4),
          tests.betaBinomial.statistic.toFixed(3),
          formatPValue(tests.betaBinomial.pValue),
        ],
      ],
    ),
    ...wrap(
      `p of the 50:50 mixture of 0 and chi-square with 1 df. The ${difference >= 0 ? 'mixed model' : 'beta-binomial'} fits better by ${better} log units, with as many parameters.`,
    ),
    '',
    ...groupLines(groups, coefficientNames),
    '',
    ...wrap(
      'Coefficients of the mixed model are within a litter, those of the beta-binomial of the mean over litters, nearer to 0. Means, intraclass correlations (ICC, of two members of a litter) and inflations (the variance of a litter of average size over the binomial one) compare.',
    ),
    ...findingLines(findings),
  ].join('\n');
}

function groupLines(groups: readonly LitterGroup[], names: readonly string[]): string[] {
  const shown = names.flatMap((name, k) => (name === '(Intercept)' || name.includes(':') ? [] : [k]));
  if (groups.length > MOST_GROUPS) return [`${groups.length} groups of litters, in \`groups\`.`];
  return [
    table(
      [
        ...shown.map((k) => names[k]),
        'litters',
        'raw',
        'mean',
        'ICC',
        'inflation',
        'mean (bb)',
        'ICC (bb)',
        'inflation (bb)',
      ],
      groups.map(({ covariates, litters: count, successes, trials, glmm, betaBinomial: beta }) => [
        ...shown.map((k) => String(Number(covariates[k].toPrecision(4)))),
        String(count),
        formatNumber(successes / trials, 3),
        ...[glmm, beta].flatMap(({ mean, icc, inflation }) => [
          formatNumber(mean, 3),
          formatNumber(icc, 4),
          formatNumber(inflation, 2),
        ]),
      ]),
    ),
  ];
}
