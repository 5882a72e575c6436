// The printed summary of posterior draws, laid out as users of Stan know it.
import { type SummaryRow, summarizeDraws } from '../../samplers/diagnostics/summary.js';
import type { Draws } from '../../samplers/draws.js';
import { decimalsFor, formatNumber, table, wrap } from '../../samplers/text.js';
import type { PosteriorFit } from './fit.js';
import type { ResolvedPriors } from './priors.js';
import { findingLines, heading } from './summary.js';

/** The parameters, not the intercepts: those are in `ranef(fit)` and in the draws. */
export function posteriorSummary(
  fit: PosteriorFit,
  priors: ResolvedPriors,
  acceptance: Readonly<Record<string, number>> | undefined,
): string {
  const { draws, estimates } = fit;
  const { warmup, thin } = fit.settings as { warmup?: number; thin?: number };
  const size = draws.chains * draws.iterations;
  const rates = Object.entries(acceptance ?? {}).filter(([, rate]) => rate < 1);
  return [
    heading(fit),
    `  Priors: ${priors.text}`,
    `  Draws: ${size} (${draws.chains} ${draws.chains === 1 ? 'chain' : 'chains'} of ${draws.iterations}` +
      `${warmup === undefined ? '' : ` after ${warmup} of warm-up`}${thin && thin > 1 ? `, every ${thin}th kept` : ''})`,
    '',
    rows(
      subset(
        draws,
        estimates.map(({ name }) => name),
      ),
    ),
    '',
    ...(rates.length > 0
      ? wrap(`Accepted: ${rates.map(([name, rate]) => `${name} ${(100 * rate).toFixed(0)}%`).join(', ')}.`)
      : []),
    ...wrap(
      'rhat compares the chains (below 1.01 is good); ess_* count independent draws for the centre and the tails; ' +
        'mcse_mean is the Monte Carlo error of the mean.',
    ),
    ...findingLines(fit.findings),
  ].join('\n');
}

function rows(draws: Draws): string {
  const summary = summarizeDraws(draws);
  return table(
    ['', 'mean', 'mcse_mean', 'sd', 'q5', 'median', 'q95', 'ess_bulk', 'ess_tail', 'rhat'],
    summary.map(row),
  );
}

function row(summary: SummaryRow): string[] {
  const { mcse_mean: error } = summary;
  // Digits follow the error of the mean; the error itself has one more.
  const decimals = error > 0 ? decimalsFor(error) : 4;
  const number = (value: number): string => formatNumber(value, decimals);
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

function subset(draws: Draws, variables: readonly string[]): Draws {
  return { ...draws, variables };
}
