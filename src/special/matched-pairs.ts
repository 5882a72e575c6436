// matchedPairs(): a binary response of both members of many pairs, by the mixed model, by conditioning, and by McNemar.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { abortSignal, between, checkOptions } from '../../samplers/options.js';
import { digitsFor, printable, table, wrap } from '../../samplers/text.js';
import type { DataSource } from '../data/table.js';
import { fit, type LikelihoodFit } from '../estimate/fit.js';
import { quadrature } from '../estimate/quadrature.js';
import { findingLines, formatPValue } from '../estimate/summary.js';
import { confint } from '../inspect/confint.js';
import { type LikelihoodRatio, likelihoodRatio } from '../inspect/likelihood-ratio.js';
import { halfWidth } from '../inspect/predict/scale.js';
import { isObject, whatIs } from '../model/arguments.js';
import { binomial } from '../model/family.js';
import type { Finding } from '../model/finding.js';
import { glmm } from '../model/model.js';
import { withoutLaplace } from './findings.js';
import {
  conditionalOdds,
  type LogOddsRatio,
  type McNemar,
  marginalOdds,
  mcNemar,
} from './matched-pairs/closed-forms.js';
import { type PairColumns, type PairCounts, readCounts, readPairs } from './matched-pairs/counts.js';

export type { LogOddsRatio, McNemar, PairCounts };

/** Options of `matchedPairs()`: the columns of a table of members, and the level. */
export interface MatchedPairsOptions extends Partial<PairColumns> {
  /** 0.95 */
  readonly level?: number;
  readonly signal?: AbortSignal;
}

/** What `matchedPairs()` gives: the same pairs by the mixed model, by conditioning, and by McNemar. */
export interface MatchedPairs {
  readonly counts: PairCounts;
  /** What x = 1 and x = 0 are. */
  readonly labels: readonly [one: string, zero: string];
  /** What a success is, as `column = value`; undefined where counts were given. */
  readonly success: string | undefined;
  /** The mixed model, logit P(success) = alpha + beta x + eps of the pair; undefined where it has no finite maximum, as `why` says. */
  readonly glmm:
    | (LogOddsRatio & {
        readonly profileLower: number;
        readonly profileUpper: number;
        readonly sigma: number;
        readonly logLik: number;
        /** Of sigma = 0. */
        readonly test: LikelihoodRatio;
        readonly fit: LikelihoodFit;
      })
    | undefined;
  /** log(n10 / n01), with Wald's and the exact interval. */
  readonly conditional: LogOddsRatio & { readonly exactLower: number; readonly exactUpper: number };
  /** Joint maximum likelihood with one intercept a pair: twice the conditional estimate, however many pairs there are. */
  readonly joint: { readonly estimate: number };
  /** Of the two proportions themselves, over all pairs. */
  readonly marginal: LogOddsRatio;
  readonly mcnemar: McNemar;
  /** Whether the mixed model's estimate is the conditional one, and why. */
  readonly agree: boolean;
  readonly why: string;
  readonly level: number;
  readonly findings: readonly Finding[];
  /** The text that people read. */
  toString(): string;
}

/**
 * Two responses a pair, one under x = 1 and one under x = 0 (before and after, case and control, two raters): what the mixed model, the
 * conditional likelihood and McNemar's test make of them.
 *
 * Where n11 n00 > n10 n01 responses of a pair agree more than chance has it, the mixed model fits all four proportions, and its
 * estimate and standard error are the conditional ones, log(n10 / n01) and sqrt(1/n10 + 1/n01). Otherwise sigma = 0 and it
 * is an ordinary logistic regression. Only n10 and n01 enter the conditional estimate and McNemar's test, which is its score test.
 *
 * Source: Neuhaus, Kalbfleisch, Hauck (1994), Canadian Journal of Statistics 22; Agresti (2002), sections 10.1 and 10.2; Andersen (1980).
 * @param data the four counts `{ n11, n10, n01, n00 }`, or a table of one row a member with `{ response, exposure, pair }`
 * @throws GlmmcError `unknown-option`, `bad-option`, `unknown-column`, `bad-pairs`; `no-information` where no pair disagrees; rejects
 *   with the signal's reason
 */
export async function matchedPairs(
  data: PairCounts | DataSource,
  options: MatchedPairsOptions = {},
): Promise<MatchedPairs> {
  const { level, signal, ...columns } = checkOptions(
    'matchedPairs()',
    {
      response: v.optional(v.string('the name of a column')),
      exposure: v.optional(v.string('the name of a column')),
      pair: v.optional(v.string('the name of a column')),
      level: v.optional(between(0, 1), 0.95),
      signal: v.optional(abortSignal()),
    },
    options,
  );
  const fromData = Object.values(columns).some((name) => name !== undefined);
  if (!fromData && !(isObject(data) && 'n11' in data)) {
    throw new GlmmcError(
      'bad-option',
      `matchedPairs() takes the four counts { n11, n10, n01, n00 }, or a table together with { response, exposure, pair }, found ${whatIs(data)} alone`,
    );
  }
  const { counts, labels, success, findings } = fromData
    ? readPairs(data as DataSource, columns)
    : readCounts(data);
  const { n11, n10, n01, n00 } = counts;
  if (n10 + n01 === 0) {
    throw new GlmmcError(
      'no-information',
      n11 + n00 === 0
        ? 'matchedPairs() learns from the pairs that disagree, found no pair with both members; each pair has one row for either exposure, with the same value in its pair column'
        : `matchedPairs() learns from the pairs that disagree, found none among ${n11 + n00}: nothing tells the two members apart; gather more pairs`,
    );
  }
  const mixed = n10 > 0 && n01 > 0 ? await mixedModel(counts, level, signal) : undefined;
  const conditional = conditionalOdds(counts, level);
  const answer: Omit<MatchedPairs, 'toString'> = {
    counts,
    labels,
    success,
    glmm: mixed,
    conditional,
    joint: { estimate: 2 * conditional.estimate },
    marginal: marginalOdds(counts, level),
    mcnemar: mcNemar(counts),
    agree: mixed?.fit.converged === true && n11 * n00 >= n10 * n01,
    why: whyOf(counts, mixed?.fit),
    level,
    findings: [...findings, ...withoutLaplace(mixed?.fit.findings ?? [])],
  };
  return printable(answer, () => print(answer));
}

/** Pairs alike are one cluster with their number as its weight. */
async function mixedModel(
  { n11, n10, n01, n00 }: PairCounts,
  level: number,
  signal: AbortSignal | undefined,
): Promise<NonNullable<MatchedPairs['glmm']>> {
  const patterns = [
    { one: 1, zero: 1, pairs: n11 },
    { one: 1, zero: 0, pairs: n10 },
    { one: 0, zero: 1, pairs: n01 },
    { one: 0, zero: 0, pairs: n00 },
  ];
  const rows = patterns
    .filter(({ pairs }) => pairs > 0)
    .flatMap(({ one, zero, pairs }) => [
      { pattern: `${one}${zero}`, y: one, x: 1, pairs },
      { pattern: `${one}${zero}`, y: zero, x: 0, pairs },
    ]);
  const model = glmm('y ~ x + (1 | pattern)', rows, { family: binomial(), clusterWeights: 'pairs' });
  const abort = signal ? { signal } : {};
  const result = await fit(model, quadrature(), abort);
  const none = await fit(model, quadrature(), { ...abort, fixed: { sigma: 0 } });
  const [limits] = await confint(result, { method: 'profile', level, parameters: ['x'], ...abort });
  const { value: estimate, standardError } = result.estimates[1];
  const half = halfWidth(level) * standardError;
  return {
    estimate,
    standardError,
    lower: estimate - half,
    upper: estimate + half,
    profileLower: limits.lower,
    profileUpper: limits.upper,
    sigma: result.parameters.sigma,
    logLik: result.logLik,
    test: likelihoodRatio(none, result),
    fit: result,
  };
}

function whyOf({ n11, n10, n01, n00 }: PairCounts, result: LikelihoodFit | undefined): string {
  const sides = `n11 n00 = ${n11 * n00} and n10 n01 = ${n10 * n01}`;
  if (n10 === 0 || n01 === 0) {
    return `${n10 + n01 === 1 ? 'The one pair that disagrees does so' : `All ${n10 + n01} pairs that disagree do so`} the same way: neither the mixed model nor the conditional likelihood has a finite maximum. The exact interval and McNemar's exact test remain.`;
  }
  if (n11 * n00 > n10 * n01 && !result?.converged) {
    return `So few pairs disagree that the search for sigma ended before the maximum of the mixed model, at which it would agree with the conditional likelihood (${sides}).`;
  }
  if (n11 * n00 > n10 * n01) {
    return `They agree: ${sides}, so members of a pair are more alike than strangers, the mixed model with its three parameters fits the three free proportions exactly, and its estimate and standard error are the conditional ones.`;
  }
  if (n11 * n00 === n10 * n01) {
    return `They agree in the estimate: ${sides}, so responses of a pair are independent and sigma = 0. The standard errors differ: the conditional one pays for not knowing that.`;
  }
  return `They differ: ${sides}, so members of a pair are no more alike than strangers. The mixed model can only make them alike, so sigma = 0, and it is the ordinary logistic regression, whose estimate is the marginal log odds ratio; the error of that allows for pairs that differ, the mixed model's does not.`;
}

function print(answer: Omit<MatchedPairs, 'toString'>): string {
  const {
    counts,
    labels,
    success,
    glmm: mixed,
    conditional,
    joint,
    marginal,
    mcnemar,
    why,
    level,
    findings,
  } = answer;
  const [one, zero] = labels;
  const { n11, n10, n01, n00 } = counts;
  const row = (label: string, { estimate, standardError, lower, upper }: LogOddsRatio): string[] => {
    const error = Number.isFinite(conditional.standardError) ? conditional.standardError / 100 : 0;
    return [
      label,
      ...[estimate, standardError, lower, upper].map((x) => digitsFor(x, error)),
      digitsFor(Math.exp(estimate), Math.exp(estimate) * error),
    ];
  };
  const bare = (estimate: number, lower = Number.NaN, upper = Number.NaN): LogOddsRatio => ({
    estimate,
    standardError: Number.NaN,
    lower,
    upper,
  });
  return [
    ...wrap(
      `${n11 + n10 + n01 + n00} matched pairs, ${one} against ${zero}${success ? `; 1 is ${success}` : ''}`,
    ),
    table(
      ['', `${zero}: 1`, `${zero}: 0`],
      [
        [`${one}: 1`, String(n11), String(n10)],
        [`${one}: 0`, String(n01), String(n00)],
      ],
    ),
    '',
    table(
      ['log odds ratio', 'estimate', 'SE', 'lower', 'upper', 'odds ratio'],
      [
        ...(mixed
          ? [
              row('mixed model', mixed),
              row('  profile', bare(mixed.estimate, mixed.profileLower, mixed.profileUpper)),
            ]
          : []),
        row('conditional', conditional),
        row('  exact', bare(conditional.estimate, conditional.exactLower, conditional.exactUpper)),
        row('joint (biased)', bare(joint.estimate)),
        row('marginal', marginal),
      ],
    ),
    `Intervals of level ${level}.`,
    ...(mixed
      ? wrap(
          `sigma ${mixed.sigma.toFixed(4)}, log-likelihood ${mixed.logLik.toFixed(4)}; sigma = 0: ratio ${mixed.test.statistic.toFixed(2)}, p ${formatPValue(mixed.test.pValue)}`,
        )
      : []),
    ...wrap(
      `McNemar: chi-square ${mcnemar.statistic.toFixed(3)} on 1 df, p ${formatPValue(mcnemar.pValue)}; exact p ${formatPValue(mcnemar.exactPValue)}, mid-p ${formatPValue(mcnemar.midPValue)}`,
    ),
    '',
    ...wrap(`Mixed model and conditional likelihood: ${why}`),
    ...wrap(
      'Joint: one intercept a pair, all estimated; the estimate is twice the conditional one, however many pairs (Neyman and Scott 1948).',
    ),
    ...wrap('Marginal: of the two proportions, over all pairs; the others are within a pair.'),
    ...findingLines(findings),
  ].join('\n');
}
