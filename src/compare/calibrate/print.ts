// A calibration as text for a terminal of 80 columns.
import { digitsFor, formatNumber, table, wrap } from '../../../samplers/text.js';
import { familyText, findingLines } from '../../estimate/summary.js';
import type { Calibration } from '../calibrate.js';
import type { CalibratedParameter, CalibrationRow, Coverage } from './tally.js';

/** Names above this length get a line of their own. */
const LONGEST_NAME = 17;
/** Monte Carlo errors from which on a bias or a coverage is marked. */
export const MARKED = 3;

export function printCalibration(calibration: Calibration): string {
  const { model, replications, seed, rows, findings } = calibration;
  const { family, randomEffect } = model;
  return [
    [
      `Calibration on ${replications} simulated data sets, seed ${seed}`,
      ...wrap(model.formula, '  ', '    '),
      ...wrap(
        `${familyText(family)}, ${randomEffect.name} intercepts; ${model.observations} rows, ${model.clusterLabels.length} clusters by ${model.clusterName}`,
        '  ',
        '    ',
      ),
    ].join('\n'),
    ...rows.map(printRow),
    legend(rows),
    ...(findings.length > 0 ? [findingLines(findings).slice(1).join('\n')] : []),
  ].join('\n\n');
}

function printRow(row: CalibrationRow): string {
  const { strategy, replications, failures, failureCodes, unsettled, milliseconds, parameters } = row;
  const time =
    milliseconds < 999.5 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
  const reasons = Object.entries(failureCodes)
    .map(([code, times]) => `${code} ${times}`)
    .join(', ');
  const failed = failures === 0 ? 'none failed' : `${failures} failed (${reasons})`;
  return [
    ...wrap(
      `${strategy}: ${replications} fits of ${time}, ${failed}${unsettled === 0 ? '' : `, ${unsettled} unsettled`}`,
      '',
      '  ',
    ),
    table(
      ['', 'truth', 'bias', '(error)', '', 'sd', 'mean SE', '90%', '95%', '', 'rmse'],
      parameters.flatMap(line),
    ),
    ...without(parameters, replications - failures),
  ].join('\n');
}

function line(parameter: CalibratedParameter): string[][] {
  const { name, truth, bias, biasError, sd, meanStandardError, rmse, coverage } = parameter;
  const unit = (sd > 0 ? sd : Math.abs(truth)) / 100;
  const number = (value: number): string => digitsFor(value, unit);
  const biased = Math.abs(bias) > MARKED * (biasError > 0 ? biasError : 0);
  const missed = coverage.some(isOff);
  const cells = [
    number(truth),
    number(bias),
    biasError > 0 ? `(${digitsFor(biasError, biasError / 10)})` : '-',
    biased ? '*' : '',
    number(sd),
    number(meanStandardError),
    ...coverage.map(({ value }) => formatNumber(100 * value, 1)),
    missed ? '*' : '',
    number(rmse),
  ];
  if (name.length <= LONGEST_NAME) return [[name, ...cells]];
  return [
    [name, ...cells.map(() => '')],
    ['', ...cells],
  ];
}

function isOff({ level, value, error }: Coverage): boolean {
  return Math.abs(value - level) > MARKED * error;
}

/** Parameters that some fits say nothing of. */
function without(parameters: readonly CalibratedParameter[], fits: number): string[] {
  return parameters.flatMap(({ name, fits: finite, coverage: [{ intervals }] }) => {
    if (finite < fits) return wrap(`${name}: no estimate in ${fits - finite} of ${fits} fits`, '  ', '    ');
    if (intervals < fits)
      return wrap(`${name}: no interval in ${fits - intervals} of ${fits} fits`, '  ', '    ');
    return [];
  });
}

/** What the columns mean, and how sure the coverages are. */
function legend(rows: readonly CalibrationRow[]): string {
  const errors = rows.flatMap(({ parameters }) =>
    parameters.flatMap(({ coverage }) => coverage.map(({ error }) => error)).filter((error) => error > 0),
  );
  const most = errors.length > 0 ? ` (error at most ${(100 * Math.max(...errors)).toFixed(1)})` : '';
  return [
    ['bias', 'mean estimate less truth, with its Monte Carlo error'],
    ['sd', 'of the estimates, beside which their mean standard error stands'],
    ['90%, 95%', `how often intervals of these levels hold the truth${most}`],
    ['*', `more than ${MARKED} Monte Carlo errors off: a bias, a coverage`],
  ]
    .flatMap(([name, text]) => wrap(text, name.padEnd(10), ' '.repeat(10)))
    .join('\n');
}
