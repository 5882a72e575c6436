// A sensitivity analysis as text for a terminal of 80 columns.
import { digitsFor, formatNumber, table, wrap } from '../../../samplers/text.js';
import { familyText } from '../../estimate/summary.js';
import type { Finding } from '../../model/finding.js';
import { largest } from '../row.js';
import type { Sensitivity } from '../sensitivity.js';
import type { SensitivityRow } from './row.js';

const LINE = 80;

export function printSensitivity(sensitivity: Sensitivity): string {
  const { model, seed, strategy, rows } = sensitivity;
  const { family, observations, clusterLabels, clusterName } = model;
  const fitted = rows.filter(({ fit }) => fit);
  return [
    [
      'Sensitivity to the distribution of the intercepts',
      ...wrap(model.formula, '  ', '    '),
      ...wrap(
        `${familyText(family)}; ${observations} rows, ${clusterLabels.length} clusters by ${clusterName}; ${strategy}, seed ${seed}`,
        '  ',
        '    ',
      ),
    ].join('\n'),
    overview(fitted),
    ...rows
      .filter(({ refused }) => refused)
      .map(({ distribution, refused }) =>
        wrap(`${distribution} is refused: ${refused!.message} [${refused!.code}]`, '', '  ').join('\n'),
      ),
    coefficients(fitted),
    ...slopes(fitted),
    ...moved(fitted),
    legend(fitted),
    ...findings(sensitivity),
  ].join('\n\n');
}

function overview(rows: readonly SensitivityRow[]): string {
  const unit = rows[0].fit!.estimates[rows[0].shift.length].standardError / 100;
  const draws = rows.some(({ aic }) => Number.isNaN(aic));
  return table(
    ['', 'logLik', draws ? 'delta' : 'dAIC', 'sd', 'diff/SE', 'mean', 'Spearman', 'Kendall'],
    rows.map((row, k) => [
      row.converged ? row.distribution : `${row.distribution} (!)`,
      formatNumber(row.logLik, 4),
      formatNumber(draws ? row.deltaLogLik : row.deltaAic, 2),
      digitsFor(row.standardDeviation, unit > 0 ? unit : Math.abs(row.standardDeviation) / 1000),
      k === 0 ? '-' : largest(row.shift).toFixed(3),
      digitsFor(row.populationMean, Math.abs(row.populationMean) / 1000),
      k === 0 ? '-' : formatNumber(row.spearman, 4),
      k === 0 ? '-' : formatNumber(row.kendall, 4),
    ]),
  );
}

function coefficients(rows: readonly SensitivityRow[]): string {
  const [first] = rows;
  const unit = (k: number): number => {
    const { standardError, value } = first.estimates[k];
    return standardError > 0 ? standardError / 100 : Math.abs(value) / 1000;
  };
  const p = first.shift.length;
  const others = first.estimates.flatMap(({ name }, k) => (k === p ? [] : [{ name, k }]));
  const body = others.map(({ name, k }) => [
    name,
    ...rows.map(({ estimates }) => digitsFor(estimates[k].value, unit(k))),
  ]);
  return `Estimates, of a cluster\n\n${chunks(rows, body)}`;
}

function slopes(rows: readonly SensitivityRow[]): string[] {
  const body = rows[0].averageSlopes.map(({ name, value }, k) => [
    name,
    ...rows.map((row) => digitsFor(row.averageSlopes[k].value, Math.abs(value) / 1000)),
  ]);
  return body.length === 0 ? [] : [`Average slopes of the mean, of the population\n\n${chunks(rows, body)}`];
}

/** As many columns as a line holds, then the next ones. */
function chunks(rows: readonly SensitivityRow[], body: readonly (readonly string[])[]): string {
  const texts: string[] = [];
  for (let from = 0; from < rows.length; ) {
    const cut = (to: number): string =>
      table(
        ['', ...rows.slice(from, to).map(({ distribution }) => distribution)],
        body.map(([name, ...cells]) => [name, ...cells.slice(from, to)]),
      );
    let to = rows.length;
    while (
      to > from + 1 &&
      cut(to)
        .split('\n')
        .some((line) => line.length > LINE)
    )
      to--;
    texts.push(cut(to));
    from = to;
  }
  return texts.join('\n\n');
}

function moved(rows: readonly SensitivityRow[]): string[] {
  const lines = rows.flatMap((row) =>
    row.moved.length === 0
      ? []
      : wrap(
          `${row.distribution}: ${row.moved.map(({ cluster, from, to }) => `${cluster} from ${from} to ${to}`).join(', ')}`,
          '  ',
          '    ',
        ),
  );
  return lines.length === 0 ? [] : [['Clusters that change place most', ...lines].join('\n')];
}

function legend(rows: readonly SensitivityRow[]): string {
  const [{ distribution }] = rows;
  return [
    ['sd', 'standard deviation of the intercepts'],
    ['diff/SE', `largest move of a coefficient from ${distribution}, in its standard errors`],
    ['mean', 'mean response over the rows, intercepts integrated out'],
    [
      'Spearman',
      `correlation of the order of the clusters with that under ${distribution}; Kendall the same`,
    ],
  ]
    .flatMap(([name, text]) => wrap(text, name.padEnd(10), ' '.repeat(10)))
    .join('\n');
}

const MARKS: Readonly<Record<Finding['severity'], string>> = { note: '- ', warning: '! ', error: '!! ' };

/** Warnings and errors of the fits, and what is said of all. */
function findings({ rows, findings: own }: Sensitivity): string[] {
  const lines = [
    ...own.flatMap(({ severity, code, message }) => wrap(`${message} [${code}]`, MARKS[severity], '  ')),
    ...rows.flatMap(({ distribution, findings: found }) =>
      found
        .filter(({ severity }) => severity !== 'note')
        .flatMap(({ severity, code, message }) =>
          wrap(`${distribution}: ${message} [${code}]`, MARKS[severity], '  '),
        ),
    ),
  ];
  return lines.length === 0 ? [] : [['Findings (! warning, !! error)', '', ...lines].join('\n')];
}
