// The printed summary of a fit, laid out as users of glmer and Stan know it.

import { quantile } from '../../samplers/diagnostics/descriptive.js';
import { ndtr } from '../../samplers/special.js';
import { digitsFor, formatNumber, table, wrap } from '../../samplers/text.js';
import type { Finding } from '../model/finding.js';
import type { Model } from '../model/model.js';
import type { Fit, Landing, LikelihoodFit } from './fit.js';

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
    '',
    `Log-likelihood certified by quadrature to ${fit.logLikError.toExponential(1)}.`,
    ...(fit.landing ? landingLines(fit.landing) : []),
    ...findingLines(fit.findings),
  ].join('\n');
}

function informationTable(fit: LikelihoodFit): string {
  const parameters = fit.estimates.filter(({ standardError }) => standardError !== 0).length;
  const deviance = -2 * fit.logLik;
  const cells = [
    fit.logLik.toFixed(4),
    (deviance + 2 * parameters).toFixed(2),
    (deviance + parameters * Math.log(fit.model.observations)).toFixed(2),
    String(parameters),
  ];
  return table(['logLik', 'AIC', 'BIC', 'parameters'], [cells], { align: ['right'] });
}

function coefficientLines(fit: LikelihoodFit): string[] {
  const p = fit.model.coefficientNames.length;
  if (p === 0) return [];
  const rows = fit.estimates.slice(0, p).map(({ name, value, standardError, monteCarloError }) => {
    const z = value / standardError;
    const known = standardError > 0;
    return [
      name,
      digitsFor(value, monteCarloError),
      standardErrorText(fit, standardError),
      known ? z.toFixed(2) : '-',
      known ? formatPValue(normalPValue(z)) : '-',
      ...monteCarloColumn(fit, monteCarloError),
    ];
  });
  const header = ['', 'Estimate', 'Std. Error', 'z value', 'Pr(>|z|)', ...monteCarloHeader(fit)];
  return ['Coefficients:', table(header, rows), ''];
}

/** sigma, as a standard deviation and as glmer's variance, and the dispersion. */
function scaleLines(fit: LikelihoodFit): string[] {
  const { model } = fit;
  const { dispersion } = model.family;
  const rows = fit.estimates
    .slice(model.coefficientNames.length)
    .map(({ name, value, standardError, monteCarloError }) => [
      name,
      digitsFor(value, monteCarloError),
      standardErrorText(fit, standardError),
      name === 'sigma' ? digitsFor(value ** 2, 2 * value * monteCarloError) : '',
      ...monteCarloColumn(fit, monteCarloError),
    ]);
  return [
    `Scales (sigma: ${model.randomEffect.name} intercepts of ${model.clusterName}${dispersion ? `; dispersion: ${dispersion.meaning}` : ''}):`,
    table(['', 'Estimate', 'Std. Error', 'Variance', ...monteCarloHeader(fit)], rows),
  ];
}

/** Strategy, family, formula, sizes: the lines that open every summary. */
export function heading(fit: Fit): string {
  const { model } = fit;
  return [
    `${fit.converged ? '' : 'NOT CONVERGED. '}Random-intercept GLMM by ${fit.strategy}`,
    `  Family: ${model.family.name} (${model.family.link.name}), ${model.randomEffect.name} intercepts`,
    `  Formula: ${model.formula}`,
    `  Data: ${dataLine(model)}`,
  ].join('\n');
}

function dataLine(model: Model): string {
  const { starts, count } = model.clusters;
  const sizes = Array.from({ length: count }, (_, i) => starts[i + 1] - starts[i]);
  const [least, median, most] = [0, 0.5, 1].map((p) => formatNumber(quantile(sizes, p), 0));
  const rows =
    least === most
      ? `${most} ${most === '1' ? 'row' : 'rows'} each`
      : `${least} to ${most} rows, median ${median}`;
  return `${model.observations} rows, ${count} clusters by ${model.clusterName} (${rows})`;
}

function isMonteCarlo(fit: LikelihoodFit): boolean {
  return fit.estimates.some((estimate) => estimate.monteCarloError > 0);
}

function monteCarloHeader(fit: LikelihoodFit): string[] {
  return isMonteCarlo(fit) ? ['MC error'] : [];
}

function monteCarloColumn(fit: LikelihoodFit, error: number): string[] {
  return isMonteCarlo(fit) ? [error > 0 ? error.toPrecision(2) : '-'] : [];
}

/** Three significant digits; two where the information itself is a Monte Carlo average. */
function standardErrorText(fit: LikelihoodFit, standardError: number): string {
  return digitsFor(standardError, standardError / (isMonteCarlo(fit) ? 10 : 100));
}

function formatPValue(p: number): string {
  if (p < 2.2e-16) return '<2e-16';
  return p < 1e-3 ? p.toExponential(1) : p.toFixed(4);
}

function landingLines(landing: Landing): string[] {
  const { scoreTest } = landing;
  const k = Number.isNaN(landing.largestK) ? '' : `, largest Pareto k ${landing.largestK.toFixed(2)}`;
  return [
    `Held against the exact score: T = ${scoreTest.statistic.toFixed(2)} on ${scoreTest.df} df, p = ${formatPValue(scoreTest.pValue)};`,
    `log-likelihood still to gain: ${landing.logLikGap.toExponential(1)}.`,
    `${landing.draws} draws a cluster, smallest ESS ${landing.smallestEss.toFixed(0)}${k};`,
    `Monte Carlo error at most ${(100 * landing.largestErrorRatio).toPrecision(2)}% of a standard error.`,
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
