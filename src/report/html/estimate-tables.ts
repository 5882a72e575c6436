// Tables of estimates: of one fit, and of all strategies beside each other.
import { summarizeDraws } from '../../../samplers/diagnostics/summary.js';
import { digitsFor, formatNumber } from '../../../samplers/text.js';
import type { Comparison } from '../../compare/compare.js';
import { duration, gap, isMonteCarlo as isNoisy, small } from '../../compare/print.js';
import { type ComparisonRow, largest, largestZ } from '../../compare/row.js';
import type { LikelihoodFit, PosteriorFit } from '../../estimate/fit.js';
import { SUMMARY_HEADER, subset, summaryCells } from '../../estimate/posterior-summary.js';
import {
  estimateText,
  formatPValue,
  isMonteCarlo,
  normalPValue,
  readableError,
  standardErrorText,
  zText,
} from '../../estimate/summary.js';
import { confint } from '../../inspect/confint.js';
import { glance } from '../../inspect/glance.js';
import { type Html, html } from './markup.js';
import { dataTable } from './table.js';

/** Estimates with Wald intervals, and the information criteria below. @param id distinct in the page */
export function likelihoodTable(fit: LikelihoodFit, id: string): Html {
  const intervals = confint(fit, { method: 'wald' });
  const noisy = isMonteCarlo(fit);
  const p = fit.model.coefficientNames.length;
  const header = [
    ...['Parameter', 'Estimate', 'Std. error', '95% interval', 'z', 'p'],
    ...(noisy ? ['Monte Carlo error', 'Monte Carlo z'] : []),
  ];
  const z = (k: number): number => fit.estimates[k].value / fit.estimates[k].standardError;
  const tested = (k: number): boolean => k < p && fit.estimates[k].standardError > 0;
  const rows = fit.estimates.map((estimate, k) => {
    const { name, standardError, monteCarloError } = estimate;
    const { lower, upper } = intervals[k];
    const end = (x: number): string => digitsFor(x, readableError(standardError, monteCarloError) * 10);
    return [
      name,
      estimateText(fit, estimate),
      standardErrorText(fit, estimate),
      Number.isFinite(lower + upper) && standardError > 0 ? `${end(lower)} to ${end(upper)}` : '-',
      tested(k) ? z(k).toFixed(2).replace('-0.00', '0.00') : '',
      tested(k) ? formatPValue(normalPValue(z(k))) : '',
      ...(noisy
        ? [monteCarloError > 0 ? monteCarloError.toPrecision(2) : '-', zText(fit.landing?.z[k] ?? Number.NaN)]
        : []),
    ];
  });
  const { logLik, AIC, BIC } = glance(fit);
  return html`${dataTable({
    id,
    caption: `Estimates by ${fit.strategy}`,
    header,
    rows,
    csv: {
      header: ['parameter', 'estimate', 'std_error', 'lower', 'upper', 'monte_carlo_error'],
      rows: fit.estimates.map(({ name, value, standardError, monteCarloError }, k) => [
        ...[name, value, standardError, intervals[k].lower, intervals[k].upper, monteCarloError],
      ]),
    },
    note: 'Intervals by Wald’s rule, for sigma and the dispersion on the log scale.',
  })}<p>Log-likelihood ${formatNumber(logLik, 4)}, certified by quadrature to ${fit.logLikError.toExponential(1)}; AIC ${formatNumber(AIC, 2)}, BIC ${formatNumber(BIC, 2)}.</p>
`;
}

/** Posterior summaries of the parameters. */
export function posteriorTable(fit: PosteriorFit, id: string): Html {
  const draws = subset(
    fit.draws,
    fit.estimates.map(({ name }) => name),
  );
  const columns = ['mean', 'median', 'sd', 'q5', 'q95', 'rhat', 'ess_bulk', 'ess_tail', 'mcse_mean'] as const;
  return dataTable({
    id,
    caption: `Posterior by ${fit.strategy}`,
    header: ['Parameter', ...SUMMARY_HEADER.slice(1)],
    rows: summaryCells(draws, fit.fixed),
    csv: {
      header: ['parameter', ...columns],
      rows: summarizeDraws(draws).map((row) => [row.variable, ...columns.map((name) => row[name])]),
    },
    note: html`${fit.draws.chains} chains of ${fit.draws.iterations} draws. <code>rhat</code> compares the chains (below 1.01 is good); <code>ess</code> counts independent draws for the centre and the tails; <code>mcse_mean</code> is the Monte Carlo error of the mean.`,
  });
}

/** Every strategy on one yardstick. */
export function distanceTable({ rows }: Comparison): Html {
  const z = (row: ComparisonRow): string => (isNoisy(row) ? largestZ(row).toFixed(2) : '-');
  return dataTable({
    id: 'strategies',
    caption: 'How far from the exact answer',
    header: ['Strategy', 'Verdict', 'logLik', 'Δ logLik', 'diff/SE', '|z|', 'ESS/s', 'Time'],
    words: ['Verdict'],
    rows: rows.map((row) => [
      row.strategy,
      row.verdict,
      formatNumber(row.logLik, 4),
      gap(row.deltaLogLik),
      row.estimates.length > 0 ? small(largest(row.standardizedDifference)) : '-',
      z(row),
      row.essPerSecond === undefined ? '-' : formatNumber(row.essPerSecond, 0),
      duration(row.milliseconds),
    ]),
    csv: {
      header: [
        ...['strategy', 'verdict', 'log_lik', 'delta_log_lik', 'largest_difference', 'largest_z'],
        ...['ess_per_second', 'milliseconds'],
      ],
      rows: rows.map((row) => [
        ...[row.strategy, row.verdict, row.logLik, row.deltaLogLik, largest(row.standardizedDifference)],
        ...[largestZ(row), row.essPerSecond ?? Number.NaN, row.milliseconds],
      ]),
    },
    note: 'logLik is certified by quadrature at each estimate (draws: at the posterior mean); diff/SE is the largest distance from the reference in its standard errors, |z| the largest in Monte Carlo errors.',
  });
}

/** Parameters down, strategies across, each as value (standard error). */
export function sideBySide(comparison: Comparison): Html {
  const { reference, rows, posteriors } = comparison;
  const listed = rows.some(({ fit }) => fit === reference);
  const columns = [
    ...(listed ? [] : [{ name: `${reference.strategy} (reference)`, estimates: reference.estimates }]),
    ...rows.map(({ strategy, estimates }) => ({ name: strategy, estimates })),
    ...posteriors.map(({ posterior }, k) => ({
      name: `quadrature posterior${posteriors.length > 1 ? ` ${k + 1}` : ''}`,
      estimates: posterior.parameters.map(({ name, mean, sd, meanError }) => ({
        name,
        value: mean,
        standardError: sd,
        monteCarloError: meanError,
      })),
    })),
  ].filter(({ estimates }) => estimates.length > 0);
  const cell = (value: number, standardError: number, error: number): string => {
    if (standardError === 0) return `${value} (fixed)`;
    const digits = digitsFor(value, Math.max(standardError / 1000, error));
    return `${digits} (${digitsFor(standardError, standardError / 100)})`;
  };
  return dataTable({
    id: 'side-by-side',
    caption: 'Estimates by strategy',
    header: ['Parameter', ...columns.map(({ name }) => name)],
    rows: reference.estimates.map(({ name }, k) => [
      name,
      ...columns.map(({ estimates }) => {
        const { value, standardError, monteCarloError } = estimates[k];
        return cell(value, standardError, monteCarloError);
      }),
    ]),
    note: 'Value (standard error, or posterior standard deviation).',
    csv: {
      header: ['strategy', 'parameter', 'value', 'standard_error', 'monte_carlo_error'],
      rows: columns.flatMap(({ name: strategy, estimates }) =>
        estimates.map(({ name, value, standardError, monteCarloError }) => [
          ...[strategy, name, value, standardError, monteCarloError],
        ]),
      ),
    },
  });
}
