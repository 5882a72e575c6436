// The printed summary of a fit, laid out as users of glmer and Stan know it.

import { quantile } from '../../samplers/diagnostics/descriptive.js';
import { ndtr } from '../../samplers/special.js';
import { alignPoints, decimalsFor, digitsFor, formatNumber, table, wrap } from '../../samplers/text.js';
import { placesAndMasses } from '../model/effects/point-masses.js';
import type { Family } from '../model/family.js';
import type { Finding } from '../model/finding.js';
import { countedRows, type Model } from '../model/model.js';
import { isQuasiLikelihood } from './arguments.js';
import type { Estimate, Fit, Landing, LikelihoodFit, ScoreTest } from './fit.js';
import { parameterCount } from './parameter-count.js';

/** Two-sided p-value of a standard normal z. */
export function normalPValue(z: number): number {
  return 2 * ndtr(-Math.abs(z));
}

export function likelihoodSummary(fit: LikelihoodFit): string {
  return [
    heading(fit),
    '',
    informationTable(fit),
    '',
    ...coefficientLines(fit),
    ...scaleLines(fit),
    ...massLines(fit),
    '',
    ...objectiveLines(fit),
    Number.isNaN(fit.logLik)
      ? 'No marginal log-likelihood: some parameters have no estimate.'
      : `Log-likelihood certified by quadrature to ${fit.logLikError.toExponential(1)}, ${nodesText(fit)} a cluster.`,
    ...(fit.landing ? landingLines(fit, fit.landing) : []),
    ...findingLines(fit.findings),
  ].join('\n');
}

/** What laplace() and the rules of few nodes maximised: the log-likelihood that other programs print for them. */
function nodesText({ nodes }: LikelihoodFit): string {
  let least = nodes[0];
  let most = nodes[0];
  for (const count of nodes) {
    least = Math.min(least, count);
    most = Math.max(most, count);
  }
  if (least === most) return most === 1 ? '1 node' : `${most} nodes`;
  return `${least} to ${most} nodes`;
}

function objectiveLines(fit: LikelihoodFit): string[] {
  const { estimates, objective, logLik, logLikError } = fit;
  const deterministic = estimates.every(({ monteCarloError }) => monteCarloError === 0);
  if (!deterministic || Math.abs(objective - logLik) <= Math.max(1e-8, 10 * logLikError)) return [];
  const what = isQuasiLikelihood(fit)
    ? "the working normal model's log-likelihood, which compares with no other"
    : fit.strategy === 'fixed-effects'
      ? "the log-likelihood with one coefficient a cluster (glm's logLik)"
      : "the approximation's log-likelihood (glmer's logLik)";
  return wrap(`Maximised: ${formatNumber(objective, 4)}, ${what}.`);
}

function informationTable(fit: LikelihoodFit): string {
  const parameters = parameterCount(fit);
  const deviance = -2 * fit.logLik;
  const cells = [
    formatNumber(fit.logLik, 4),
    formatNumber(deviance + 2 * parameters, 2),
    formatNumber(deviance + parameters * Math.log(countedRows(fit.model)), 2),
    String(parameters),
  ];
  return table(['logLik', 'AIC', 'BIC', 'parameters'], [cells], { align: ['right'] });
}

function coefficientLines(fit: LikelihoodFit): string[] {
  const p = fit.model.coefficientNames.length;
  if (p === 0) return [];
  const rows = fit.estimates.slice(0, p).map((estimate) => {
    const { name, value, standardError } = estimate;
    const z = value / standardError;
    const known = standardError > 0;
    return [
      name,
      estimateText(fit, estimate),
      standardErrorText(fit, estimate),
      known ? z.toFixed(2) : '-',
      known ? formatPValue(normalPValue(z)) : '-',
      ...monteCarloColumn(fit, estimate),
    ];
  });
  const header = ['', 'Estimate', 'Std. Error', 'z value', 'Pr(>|z|)', ...monteCarloHeader(fit)];
  return ['Coefficients:', table(header, aligned(rows)), ''];
}

/** sigma, as a standard deviation and as glmer's variance, and the dispersion. */
function scaleLines(fit: LikelihoodFit): string[] {
  const { model } = fit;
  const { dispersion } = model.family;
  const rows = fit.estimates.slice(model.coefficientNames.length).map((estimate) => {
    const { name, value, standardError, monteCarloError } = estimate;
    return [
      name,
      estimateText(fit, estimate),
      standardErrorText(fit, estimate),
      name === 'sigma'
        ? digitsFor(value ** 2, 2 * value * readableError(standardError, monteCarloError))
        : '',
      ...monteCarloColumn(fit, estimate),
    ];
  });
  return [
    ...wrap(
      `Scales (sigma: ${model.randomEffect.name} intercepts of ${model.clusterName}${dispersion ? `; dispersion: ${dispersion.meaning}` : ''}):`,
    ),
    table(['', 'Estimate', 'Std. Error', 'Variance', ...monteCarloHeader(fit)], aligned(rows)),
  ];
}

/** Where the intercepts are point masses: places in rising order, to the digits of sigma, and the masses there. */
function massLines({ parameters, estimates, model }: LikelihoodFit): string[] {
  if (!parameters.shape) return [];
  const [places, masses] = placesAndMasses(parameters.shape);
  const { standardError, monteCarloError } = estimates[model.coefficientNames.length];
  const error = readableError(standardError, monteCarloError);
  const rows = Array.from(places, (place, j) => [
    String(j + 1),
    formatNumber(place, error > 0 ? decimalsFor(error) : PLACE_DECIMALS),
    formatNumber(masses[j], MASS_DECIMALS),
  ]);
  return [
    '',
    'Point masses (intercepts on the scale of the linear predictor):',
    table(['', 'Place', 'Mass'], aligned(rows)),
  ];
}

const PLACE_DECIMALS = 4;
const MASS_DECIMALS = 4;

/** Name and link, and a theta that was given. */
export function familyText({ name, link, given = {} }: Family): string {
  const values = Object.entries(given).map(([parameter, value]) => `, ${parameter} = ${value} given`);
  return `${name} (${link.name}${values.join('')})`;
}

/** Strategy, family, formula, sizes: the lines that open every summary. */
export function heading(fit: Fit): string {
  const { model } = fit;
  return [
    `${fit.converged ? '' : 'NOT CONVERGED. '}Random-intercept GLMM by ${fit.strategy}`,
    `  Family: ${familyText(model.family)}, ${model.randomEffect.name} intercepts`,
    ...wrap(`Formula: ${model.formula}`, '  ', '    '),
    ...wrap(`Data: ${dataLine(model)}`, '  ', '    '),
  ].join('\n');
}

/** Rows, clusters and their sizes, in one line. */
export function dataLine(model: Model): string {
  const { starts, count } = model.clusters;
  const sizes = Array.from({ length: count }, (_, i) => starts[i + 1] - starts[i]);
  const [least, median, most] = [0, 0.5, 1].map((p) => formatNumber(quantile(sizes, p), 0));
  const rows =
    least === most
      ? `${most} ${most === '1' ? 'row' : 'rows'} each`
      : `${least} to ${most} rows, median ${median}`;
  return `${model.observations} rows, ${count} clusters by ${model.clusterName} (${rows})`;
}

/** Whether the estimates have Monte Carlo errors. */
export function isMonteCarlo(fit: LikelihoodFit): boolean {
  return fit.estimates.some((estimate) => estimate.monteCarloError > 0);
}

function monteCarloHeader(fit: LikelihoodFit): string[] {
  if (!isMonteCarlo(fit)) return [];
  return fit.landing ? ['MC error', 'MC z'] : ['MC error'];
}

function monteCarloColumn(fit: LikelihoodFit, { name, monteCarloError: error }: Estimate): string[] {
  if (!isMonteCarlo(fit)) return [];
  const cells = [error > 0 ? error.toPrecision(2) : '-'];
  const z = fit.landing?.z[fit.estimates.findIndex((estimate) => estimate.name === name)];
  if (z !== undefined) cells.push(zText(z));
  return cells;
}

/** A z value; '-' where there is none. */
export function zText(z: number): string {
  if (Number.isNaN(z)) return '-';
  return Math.abs(z) > 1000 ? z.toExponential(1) : z.toFixed(2);
}

/** An estimate is shown to this fraction of its standard error, where its Monte Carlo error is below that. */
const READABLE = 1000;

/** The error to whose size a number is shown; 0 where nothing is known of it. */
export function readableError(standardError: number, monteCarloError: number): number {
  const readable = standardError > 0 && standardError < Infinity ? standardError / READABLE : 0;
  return Math.max(readable, monteCarloError);
}

/** An estimate with the digits that its errors leave worth reading. */
export function estimateText(fit: LikelihoodFit, estimate: Estimate): string {
  const { name, value, standardError, monteCarloError } = estimate;
  // A value that somebody gave has the digits it was given.
  if (fit.fixed.includes(name)) return String(value);
  return digitsFor(value, readableError(standardError, monteCarloError));
}

/** Rows with the decimal points of every column but the first below each other. */
function aligned(rows: readonly (readonly string[])[]): string[][] {
  const columns = (rows[0] ?? []).map((_, j) => rows.map((row) => row[j]));
  const straight = columns.map((cells, j) => (j === 0 ? cells : alignPoints(cells)));
  return rows.map((_, i) => straight.map((cells) => cells[i]));
}

/** Three significant digits; two where the information itself is a Monte Carlo average. */
export function standardErrorText(fit: LikelihoodFit, { name, standardError }: Estimate): string {
  if (fit.fixed.includes(name)) return 'fixed';
  return digitsFor(standardError, standardError / (isMonteCarlo(fit) ? 10 : 100));
}

/** A p-value; '-' where there is none. */
export function formatPValue(p: number): string {
  if (Number.isNaN(p)) return '-';
  if (p < 2.2e-16) return '<2e-16';
  return p < 1e-3 ? p.toExponential(1) : p.toFixed(4);
}

/** The score test with its reference distribution and p-value, as a clause. */
export function scoreTestText({
  statistic,
  df,
  pValue,
  denominatorDf,
}: Omit<ScoreTest, 'reference'>): string {
  const size = statistic > 1000 ? digitsFor(statistic, statistic / 100) : formatNumber(statistic, 2);
  const p = formatPValue(pValue);
  const law =
    denominatorDf === undefined ? `on ${df} df` : `(Hotelling's, F on ${df} and ${denominatorDf} df)`;
  return `T = ${size} ${law}, p ${p.startsWith('<') ? `< ${p.slice(1)}` : `= ${p}`}`;
}

function landingLines(fit: LikelihoodFit, landing: Landing): string[] {
  const { scoreTest, logLik, standardErrorError } = landing;
  const verdict = `${landing.landed ? 'LANDED' : 'NOT LANDED'}, by the exact score and information at the estimates:`;
  const gap = `  log-likelihood still to gain ${landing.logLikGap.toExponential(1)}.`;
  if (scoreTest.reference === 'none') {
    return [verdict, gap, `  E-step by quadrature, ${landing.draws} nodes a cluster: no Monte Carlo error.`];
  }
  const k = Number.isNaN(landing.largestK) ? '' : `, largest Pareto k ${landing.largestK.toFixed(2)}`;
  const largest = Math.max(...landing.z.filter((z) => !Number.isNaN(z)).map(Math.abs));
  const percent = (part: number): string => `${(100 * part).toPrecision(2)}%`;
  return [
    verdict,
    `  ${scoreTestText(scoreTest)}; largest |MC z| ${zText(largest)};`,
    gap,
    '  MC z: distance from the exact maximum, in Monte Carlo errors.',
    ...(logLik
      ? [
          `  Log-likelihood by importance sampling ${formatNumber(logLik.value, 4)}, MC error ${logLik.error.toPrecision(2)}, MC z ${zText((logLik.value - fit.logLik) / logLik.error)}.`,
        ]
      : []),
    `  ${landing.draws} draws a cluster, smallest ESS ${landing.smallestEss.toFixed(0)}${k}.`,
    `  MC error of an estimate at most ${percent(landing.largestErrorRatio)} of its standard error;`,
    `  MC error of a standard error at most ${percent(standardErrorError)} of it.`,
  ];
}

export function findingLines(findings: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  return [
    '',
    ...findings.flatMap(({ severity, code, message, advice }) => [
      ...wrap(`${severity} [${code}] ${message}`, '', '  '),
      ...wrap(advice, '  ', '  '),
    ]),
  ];
}
