// A comparison as text for a terminal of 80 columns.
import { alignPoints, digitsFor, formatNumber, table, wrap } from '../../samplers/text.js';
import type { Estimate, Fit } from '../estimate/fit.js';
import { familyText, readableError } from '../estimate/summary.js';
import type { Finding } from '../model/finding.js';
import type { Comparison, PosteriorYardstick } from './compare.js';
import { ownedFindings } from './owned-findings.js';
import {
  type ComparisonRow,
  LARGEST_DIFFERENCE,
  LARGEST_ERROR,
  LARGEST_GAP,
  LARGEST_Z,
  largest,
  largestZ,
} from './row.js';

/** Estimates beside their reference, distances from it, what the columns mean, and what else there is to say. */
export function printComparison(comparison: Comparison): string {
  return [
    heading(comparison),
    ...likelihoodEstimates(comparison),
    ...comparison.posteriors.map(posteriorEstimates),
    `How far from the reference\n\n${distances(comparison)}`,
    legend(comparison),
    ...findings(comparison),
  ].join('\n\n');
}

function heading({ model, seed }: Comparison): string {
  const { family, randomEffect, observations, clusterLabels, clusterName } = model;
  return [
    ...wrap(model.formula, '', '  '),
    ...wrap(
      `${familyText(family)}, ${randomEffect.name} intercepts; ` +
        `${observations} rows, ${clusterLabels.length} clusters by ${clusterName}; seed ${seed}`,
      '',
      '  ',
    ),
  ].join('\n');
}

function likelihoodEstimates({ rows, reference }: Comparison): string[] {
  const others = rows.filter(({ fit }) => fit?.kind === 'likelihood' && fit !== reference);
  const title = 'Maximum likelihood: estimate (standard error), then the other estimates';
  const unit = (k: number): number => reference.estimates[k].standardError;
  const shown = (fit: Fit) =>
    fit.estimates.map(({ name, value, monteCarloError }, k) =>
      fit.fixed.includes(name) ? String(value) : digitsFor(value, readableError(unit(k), monteCarloError)),
    );
  const first = withSpread(
    shown(reference),
    reference.estimates.map(({ name, standardError }) =>
      reference.fixed.includes(name) ? 'fixed' : spread(standardError, 0),
    ),
  );
  const columns = others.map(({ fit }) => alignPoints(shown(fit!)));
  const names = [`${reference.strategy}`, ...others.map((row) => row.strategy)];
  return [`${title}\n\n${estimateTable(reference.estimates, names, [first, ...columns])}`];
}

function posteriorEstimates({ posterior, rows }: PosteriorYardstick): string {
  const first = withSpread(
    posterior.parameters.map(({ mean, meanError, sd }) =>
      sd === 0 ? String(mean) : digitsFor(mean, readableError(sd, meanError)),
    ),
    posterior.parameters.map(({ sd, sdError }) => (sd === 0 ? 'fixed' : spread(sd, sdError))),
  );
  const columns = rows.map(({ estimates, fit }) =>
    withSpread(
      estimates.map(({ name, value, monteCarloError }) =>
        fit?.fixed.includes(name) ? String(value) : digitsFor(value, monteCarloError),
      ),
      estimates.map(({ name, standardError, monteCarloError }) =>
        fit?.fixed.includes(name) ? 'fixed' : spread(standardError, monteCarloError),
      ),
    ),
  );
  const names = ['quadrature(posterior)', ...rows.map((row) => row.strategy)];
  return [
    'Posterior: mean (standard deviation)',
    estimateTable(posterior.parameters, names, [first, ...columns]),
    wrap(`Priors: ${posterior.priors}`, '', '  ').join('\n'),
  ].join('\n\n');
}

/** `1.23 (0.456)`, the points of both numbers below those of the other rows. */
function withSpread(values: readonly string[], spreads: readonly string[]): string[] {
  const left = alignPoints(values);
  const right = alignPoints(spreads);
  const cells = left.map((value, k) => `${value} (${right[k].trimEnd()})`);
  const blanks = right.map((text) => text.length - text.trimEnd().length);
  return cells.map((cell, k) => cell + ' '.repeat(blanks[k]));
}

/** Parameters down, strategies across; a name such as `mcem(importance)` takes two lines of heading. */
function estimateTable(
  parameters: readonly Pick<Estimate, 'name'>[],
  names: readonly string[],
  columns: readonly (readonly string[])[],
): string {
  const heads = names.map(splitName);
  const body = parameters.map(({ name }, k) => [name, ...columns.map((column) => column[k])]);
  if (heads.every(([, detail]) => detail === '')) return table(['', ...names], body);
  // A one-line name stands on the lower line, next to its numbers.
  const upper = heads.map(([name, detail]) => (detail === '' ? '' : name));
  const lower = heads.map(([name, detail]) => (detail === '' ? name : detail));
  return table(['', ...upper], [['', ...lower], ...body]);
}

/** A standard deviation with the digits its error supports, three at most. */
function spread(value: number, error: number): string {
  return digitsFor(value, Math.max(error, value / 100));
}

/** `mcem(importance)` as its two parts. */
function splitName(name: string): [string, string] {
  const at = name.indexOf('(');
  return at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at)];
}

/** Names above this length get a second line in the table of distances. */
const LONGEST_NAME = 18;

function distances({ rows }: Comparison): string {
  const monteCarlo = rows.some(isMonteCarlo);
  const sampled = rows.some((row) => row.essPerSecond !== undefined);
  const header = [
    ...['', 'logLik', 'delta', 'diff/SE'],
    ...(monteCarlo ? ['|z|'] : []),
    ...(sampled ? ['ESS/s'] : []),
    ...['time', 'verdict'],
  ];
  const body = rows.flatMap((row) => {
    const [name, detail] = row.strategy.length > LONGEST_NAME ? splitName(row.strategy) : [row.strategy, ''];
    const line = [
      name,
      formatNumber(row.logLik, 4),
      gap(row.deltaLogLik),
      row.estimates.length > 0 ? small(largest(row.standardizedDifference)) : '-',
      ...(monteCarlo ? [isMonteCarlo(row) ? largestZ(row).toFixed(2) : '-'] : []),
      ...(sampled ? [row.essPerSecond === undefined ? '-' : formatNumber(row.essPerSecond, 0)] : []),
      duration(row.milliseconds),
      row.verdict,
    ];
    return detail === '' ? [line] : [line, [`  ${detail}`, ...line.slice(1).map(() => '')]];
  });
  const align = header.map((name) => (name === '' || name === 'verdict' ? 'left' : 'right'));
  return table(header, body, { align });
}

/** Whether the row's estimates have Monte Carlo errors. */
export function isMonteCarlo(row: ComparisonRow): boolean {
  return row.estimates.some(({ monteCarloError }) => monteCarloError > 0);
}

/** A difference of log-likelihoods; what is below their certified error is 0. */
export function gap(value: number): string {
  if (Number.isNaN(value)) return '-';
  if (Math.abs(value) < 1e-8) return '0';
  return Math.abs(value) < 1e-3 ? value.toExponential(1) : value.toPrecision(2).replace('e+', 'e');
}

/** A distance in standard errors; '-' where it is infinite. */
export function small(value: number): string {
  if (value === Infinity) return '-';
  if (value < 1e-6) return '0';
  return value < 0.001 ? '<0.001' : value.toFixed(3);
}

/** Milliseconds as people say them. */
export function duration(milliseconds: number): string {
  return milliseconds < 999.5 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** What the columns mean and the rules of the verdict. */
function legend({ rows }: Comparison): string {
  const monteCarlo = rows.some(isMonteCarlo);
  const sampled = rows.some((row) => row.essPerSecond !== undefined);
  const draws = (text: string): string => (sampled ? text : '');
  const chance = (text: string): string => (monteCarlo ? text : '');
  const lines: [string, string, string][] = [
    [
      'logLik',
      '',
      `certified, at the estimate${draws(' (draws: at the posterior mean)')}; delta: less the reference's`,
    ],
    ['diff/SE', '', "largest distance from the reference, in the reference's standard errors"],
    ['|z|', '', chance(`largest distance in Monte Carlo errors${draws(' (draws: of means and sds)')}`)],
    ['ESS/s', '', draws('effective draws a second of the slowest parameter, warm-up included')],
    ['verdict', 'failed', `no fit, not converged, an error below${chance(`, or |z| >= ${LARGEST_Z}`)}`],
    [
      '',
      'approximate',
      [
        `diff/SE > ${LARGEST_DIFFERENCE}${chance(' without Monte Carlo error')}`,
        `|delta| > ${LARGEST_GAP}${draws(' (not draws)')}`,
        ...(monteCarlo ? [`Monte Carlo error > ${LARGEST_ERROR} SE`] : []),
      ].join(', or '),
    ],
    ['', 'agrees', 'the rest'],
  ];
  return lines
    .filter(([, , text]) => text !== '')
    .flatMap(([name, verdict, text]) => {
      const margin = verdict === '' ? 9 : 22;
      return wrap(text, `${name.padEnd(9)}${verdict.padEnd(margin - 9)}`, ' '.repeat(margin));
    })
    .join('\n');
}

/** Each finding once, with the strategies it is of. */
function findings(comparison: Comparison): string[] {
  const owned = ownedFindings(comparison);
  if (owned.length === 0) return [];
  const lines = owned.flatMap(({ finding, names }) =>
    wrap(`${names.join(', ')}: ${finding.message} [${finding.code}]`, MARKS[finding.severity], '  '),
  );
  return [`Findings (! warning, !! error)\n\n${lines.join('\n')}`];
}

const MARKS: Readonly<Record<Finding['severity'], string>> = { note: '- ', warning: '! ', error: '!! ' };
