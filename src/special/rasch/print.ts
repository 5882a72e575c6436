// The report of a Rasch model in 80 columns.
import { formatNumber, table, wrap } from '../../../samplers/text.js';
import { findingLines, formatPValue } from '../../estimate/summary.js';
import type { Rasch, ScoreEstimate } from '../rasch.js';

type Shown = Omit<Rasch, 'toString'>;

/** Where curves are printed. */
const THETAS = [-3, -2, -1, 0, 1, 2, 3] as const;

export function raschText(answer: Shown): string {
  const { sides, right, fixed, random, conditional, marginal, notes, findings } = answer;
  const answers = fixed.reduce((sum, { answered }) => sum + answered, 0);
  return [
    ...wrap(
      `Rasch model: ${answers} answers (right: ${right}), ${fixed.length} ${sides.fixed} fixed, ${random.length} ${sides.random} random`,
    ),
    '',
    ...fixedLines(answer),
    ...wrap(
      `Log-likelihoods: conditional ${conditional.logLik.toFixed(4)}, marginal ${marginal.fit.logLik.toFixed(4)}, joint ${answer.joint.logLik.toFixed(4)} (of different things)`,
    ),
    '',
    ...andersenLines(answer),
    '',
    ...scoreLines(answer),
    '',
    ...curveLines(answer),
    '',
    ...notes.flatMap((note) => wrap(note, '- ', '  ')),
    ...findingLines(findings),
  ].join('\n');
}

function estimateText({ value, standardError }: ScoreEstimate): string {
  return Number.isFinite(value)
    ? `${formatNumber(value, 3)} (${formatNumber(standardError, 3)})`
    : formatNumber(value, 0);
}

function fixedLines({ fixed, sides }: Shown): string[] {
  return [
    `${sides.fixed === 'items' ? 'Easiness (difficulty is minus it)' : 'Ability'}, with standard errors`,
    table(
      [sides.fixed.slice(0, -1), 'right', 'conditional', 'marginal', 'joint', 'infit', 'z', 'outfit', 'z'],
      fixed.map((row) => [
        row.label,
        `${formatNumber((100 * row.right) / row.answered, 0)}%`,
        estimateText(row.conditional),
        estimateText(row.marginal),
        formatNumber(row.joint.value, 3),
        formatNumber(row.infit, 2),
        formatNumber(row.infitZ, 1),
        formatNumber(row.outfit, 2),
        formatNumber(row.outfitZ, 1),
      ]),
    ),
  ];
}

function andersenLines({ andersen }: Shown): string[] {
  const { groups, statistic, df, pValue, note } = andersen;
  if (Number.isNaN(statistic)) return wrap(`Andersen's test: none. ${note}`);
  const labels = groups.map(({ label, members }) => `${label} (${members})`).join(', ');
  return wrap(
    `Andersen's test of one set of locations for all scores: ${statistic.toFixed(3)} on ${df} df, p ${formatPValue(pValue)}; groups ${labels}`,
  );
}

function scoreLines({ scores, sides }: Shown): string[] {
  return [
    `Scores of ${sides.random} that answered all, with standard errors`,
    table(
      ['score', sides.random, 'ML', 'weighted', 'EAP (sd)'],
      scores.map(({ score, count, ml, wle, eap }) => [
        String(score),
        String(count),
        estimateText(ml),
        estimateText(wle),
        estimateText(eap),
      ]),
    ),
  ];
}

function curveLines(answer: Shown): string[] {
  const information = answer.information(THETAS);
  const expected = THETAS.map((theta) =>
    answer.fixed.reduce((sum, { label }) => sum + answer.curve(label, [theta])[0], 0),
  );
  return [
    'The test as a whole',
    table(
      ['theta', ...THETAS.map(String)],
      [
        ['expected score', ...expected.map((x) => formatNumber(x, 2))],
        ['information', ...Array.from(information, (x) => formatNumber(x, 2))],
        ['standard error', ...Array.from(information, (x) => formatNumber(1 / Math.sqrt(x), 2))],
      ],
    ),
  ];
}
