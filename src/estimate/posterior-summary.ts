// The printed summary of posterior draws, laid out as users of Stan know it.
import { type SummaryRow, summarizeDraws } from '../../samplers/diagnostics/summary.js';
import type { Draws } from '../../samplers/draws.js';
import { alignPoints, decimalsFor, digitsFor, formatNumber, table, wrap } from '../../samplers/text.js';
import type { PosteriorFit } from './fit.js';
import type { ResolvedPriors } from './priors.js';
import { findingLines, heading } from './summary.js';

/** The parameters, not the intercepts: those are in `ranef(fit)` and in the draws. */
export function posteriorSummary(
  fit: PosteriorFit,
  priors: ResolvedPriors,
  acceptance: Readonly<Record<string, number>> | undefined,
  notes: readonly string[] = [],
): string {
  const { draws, estimates } = fit;
  const { warmup, thin } = fit.settings as { warmup?: number; thin?: number };
  const size = draws.chains * draws.iterations;
  const rates = Object.entries(acceptance ?? {}).filter(([, rate]) => rate < 1);
  return [
    heading(fit),
    ...wrap(`Priors: ${priors.text}`, '  ', '    '),
    `  Draws: ${size} (${draws.chains} ${draws.chains === 1 ? 'chain' : 'chains'} of ${draws.iterations}` +
      `${warmup === undefined ? '' : ` after ${warmup} of warm-up`}${thin && thin > 1 ? `, one in ${thin} kept` : ''})`,
    '',
    rows(
      subset(
        draws,
        estimates.map(({ name }) => name),
      ),
      fit.fixed,
    ),
    '',
    ...(rates.length > 0
      ? wrap(`Accepted: ${rates.map(([name, rate]) => `${name} ${(100 * rate).toFixed(0)}%`).join(', ')}.`)
      : []),
    ...wrap(
      'rhat compares the chains (below 1.01 is good); ess_* count independent draws for the centre and the tails; ' +
        'mcse_mean is the Monte Carlo error of the mean.',
    ),
    ...notes.flatMap((note) => wrap(note)),
    ...findingLines(fit.findings),
  ].join('\n');
}

/** Numbers in the digits their rows support, points below each other. What is held fixed has its value alone. */
function rows(draws: Draws, fixed: readonly string[]): string {
  const lines = summaryCells(draws, fixed);
  const columns = SUMMARY_HEADER.map((_, j) => lines.map((line) => line[j]));
  const aligned = columns.map((cells, j) => (j === 0 ? cells : alignPoints(cells)));
  return table(
    SUMMARY_HEADER,
    lines.map((_, i) => aligned.map((cells) => cells[i])),
  );
}

/** The columns of a summary of draws as it is printed. */
export const SUMMARY_HEADER: readonly string[] = [
  ...['', 'mean', 'mcse_mean', 'sd', 'q5', 'median', 'q95', 'ess_bulk', 'ess_tail', 'rhat'],
];

/** A line a variable, in the digits that its Monte Carlo error supports. */
export function summaryCells(draws: Draws, fixed: readonly string[]): string[][] {
  return summarizeDraws(draws).map((summary) => {
    if (!fixed.includes(summary.variable)) return row(summary);
    return SUMMARY_HEADER.map((_, j) => [summary.variable, String(summary.mean), 'fixed'][j] ?? '-');
  });
}

function row(summary: SummaryRow): string[] {
  const { mcse_mean: error } = summary;
  // Digits follow the error of the mean; the error itself has one more.
  const decimals = decimalsFor(error);
  // What never moves, held fixed or stuck, has no error to go by.
  const number = (value: number): string => (error > 0 ? formatNumber(value, decimals) : digitsFor(value, 0));
  return [
    summary.variable,
    number(summary.mean),
    error > 0 ? formatNumber(error, decimals + 1) : '-',
    summary.sd > 0 ? number(summary.sd) : '-',
    number(summary.q5),
    number(summary.median),
    number(summary.q95),
    formatNumber(summary.ess_bulk, 0),
    formatNumber(summary.ess_tail, 0),
    formatNumber(summary.rhat, 3),
  ];
}

/** Some variables of the draws. */
export function subset(draws: Draws, variables: readonly string[]): Draws {
  return { ...draws, variables };
}
