// The report of a meta-analysis in 80 columns.
import { digitsFor, formatNumber, table, wrap } from '../../../samplers/text.js';
import { findingLines, formatPValue } from '../../estimate/summary.js';
import { halfWidth } from '../../inspect/predict/scale.js';
import { logit } from '../../model/link.js';
import type { MetaAnalysis } from '../meta-analysis.js';

type Shown = Omit<MetaAnalysis, 'toString'>;

const MODELS: Readonly<Record<string, string>> = {
  'log odds': 'Binomial-normal: events are binomial, the log odds of a study is normal about the pooled one.',
  'log rate': 'Poisson-normal: events are Poisson, the log rate of a study is normal about the pooled one.',
  'log odds ratio':
    'Binomial-normal: events are binomial, one treatment effect, the log odds of a study are normal.',
  'log rate ratio':
    'Poisson-normal: events are Poisson, one treatment effect, the log rates of a study are normal.',
  hypergeometric:
    'Hypergeometric-normal: given all events of a study those of its treated arm are noncentral hypergeometric, its log odds ratio normal about the pooled one.',
  'conditional-binomial':
    'Binomial-normal: given all events of a study those of its treated arm are binomial, its log rate ratio normal about the pooled one.',
};

export function metaAnalysisText(analysis: Shown): string {
  const { measure, model, arms, studies, notes, findings } = analysis;
  const what = arms ? `${measure}, ${arms[1]} against ${arms[0]}` : measure;
  return [
    ...wrap(`Meta-analysis of ${studies.length} studies: ${what}`),
    ...wrap(MODELS[model === 'random-study' ? measure : model]),
    '',
    ...effectLines(analysis),
    '',
    ...heterogeneityLines(analysis),
    '',
    ...studyLines(analysis),
    '',
    ...notes.flatMap((note) => wrap(note, '- ', '  ')),
    ...findingLines(findings),
  ].join('\n');
}

/** The transformation of the effect that is read, and its name. */
function readAs(measure: Shown['measure']): readonly [name: string, of: (x: number) => number] {
  if (measure === 'log odds') return ['proportion', logit.inverse];
  return [measure.slice('log '.length), Math.exp];
}

function effectLines({ measure, pooled, common, prediction, twoStep, level }: Shown): string[] {
  const [name, of] = readAs(measure);
  // All rows to the digits of the pooled effect; where that is not known to one unit, the others still are.
  const se = Math.min(pooled.standardError / 40, 0.1);
  const row = (label: string, estimate: number, error: number, lower: number, upper: number): string[] => {
    const number = (x: number): string => digitsFor(x, se);
    const read = (x: number): string => digitsFor(of(x), Math.abs(of(x + se) - of(x - se)) / 2);
    return [
      label,
      number(estimate),
      number(error),
      number(lower),
      number(upper),
      read(estimate),
      read(lower),
      read(upper),
    ];
  };
  const { estimate, standardError } = pooled;
  const commonRow = (at: NonNullable<Shown['common']>): string[] => {
    const half = halfWidth(level) * at.standardError;
    return row('exact, tau = 0', at.estimate, at.standardError, at.estimate - half, at.estimate + half);
  };
  const rows = [
    row('exact, Wald', estimate, standardError, pooled.lower, pooled.upper),
    row('exact, profile', estimate, Number.NaN, pooled.profileLower, pooled.profileUpper),
    ...(common ? [commonRow(common)] : []),
    row('two-step', twoStep.estimate, twoStep.standardError, twoStep.lower, twoStep.upper),
    ...(Number.isNaN(prediction.df)
      ? []
      : [row('in a new study', estimate, Number.NaN, prediction.lower, prediction.upper)]),
  ];
  const apart = (estimate - twoStep.estimate) / standardError;
  return [
    table(['', 'pooled', 'SE', 'lower', 'upper', name, 'lower', 'upper'], rows),
    ...wrap(
      `${formatNumber(100 * level, 0)}% intervals. The exact estimate is ${Math.abs(apart).toFixed(2)} of its standard errors ${apart < 0 ? 'below' : 'above'} the two-step one (DerSimonian and Laird).`,
    ),
    ...(Number.isNaN(pooled.pValue) ? [] : [`No effect (Wald): p ${formatPValue(pooled.pValue)}`]),
  ];
}

function heterogeneityLines({ heterogeneity, twoStep }: Shown): string[] {
  const { of, tau, lower, upper, test } = heterogeneity;
  const width = Number.isFinite(upper - lower) ? (upper - lower) / 40 : 0.01;
  const number = (x: number): string => digitsFor(x, width);
  return [
    `Between studies, sd of the ${of} (tau):`,
    table(
      ['', 'tau', 'lower', 'upper', 'test of tau = 0'],
      [
        [
          'exact, profile',
          number(tau),
          number(lower),
          number(upper),
          `likelihood ratio ${test.statistic.toFixed(2)}, p ${formatPValue(test.pValue)}`,
        ],
        [
          of === 'effect' ? 'two-step' : 'two-step (of the effect)',
          number(twoStep.tau),
          '-',
          '-',
          `Q ${twoStep.q.toFixed(2)} on ${twoStep.df} df, p ${formatPValue(twoStep.pValue)}`,
        ],
      ],
    ),
    `I^2 of the two-step method: ${formatNumber(100 * twoStep.iSquared, 1)}%`,
  ];
}

function studyLines({ studies, heterogeneity, twoStep, measure }: Shown): string[] {
  const weight = new Map(twoStep.studies.map((study, i) => [study, twoStep.weights[i]]));
  return [
    table(
      ['study', measure, 'SE', 'weight', heterogeneity.of === 'effect' ? 'shrunken' : 'baseline', 'SE'],
      studies.map((row) => [
        row.study,
        formatNumber(row.raw, 2) + (row.corrected ? '*' : ''),
        formatNumber(row.rawStandardError, 2),
        weight.has(row.study) ? `${formatNumber(100 * weight.get(row.study)!, 1)}%` : '-',
        formatNumber(row.shrunken, 2),
        formatNumber(row.shrunkenStandardError, 2),
      ]),
    ),
    ...(studies.some(({ corrected }) => corrected) ? ['* 1/2 added to the cells, one being 0'] : []),
  ];
}
