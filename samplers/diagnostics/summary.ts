// The table of draws as users of Stan know it, with digits that follow the Monte Carlo error.
import { allChains, type Draws, requireDraws } from '../draws.js';
import { decimalsFor, formatNumber, printable, table } from '../text.js';
import { pooled } from './chains.js';
import { mad, mean, quantileSorted, sd, sorted } from './descriptive.js';
import { essBulk, essTail } from './ess.js';
import { mcseMean } from './mcse.js';
import { rhat } from './rhat.js';

/** One variable. Columns and definitions are those of posterior's `summarise_draws`, and the error of the mean. */
export interface SummaryRow {
  readonly variable: string;
  readonly mean: number;
  readonly median: number;
  readonly sd: number;
  readonly mad: number;
  readonly q5: number;
  readonly q95: number;
  readonly rhat: number;
  readonly ess_bulk: number;
  readonly ess_tail: number;
  readonly mcse_mean: number;
}

/** Rows in the order of the draws' variables; `toString` is the table that people read. */
export interface Summary extends ReadonlyArray<SummaryRow> {
  /** The text that people read. */
  toString(): string;
}

/** Summarises draws, variable by variable. Undefined numbers are NaN, printed '-'. @throws GlmmcError `bad-draws` */
export function summarizeDraws(draws: Draws): Summary {
  requireDraws('summarizeDraws()', draws);
  const rows = draws.variables.map((variable) => summarize(variable, allChains(draws, variable)));
  // Not enumerable: the summary is an array of plain rows for every other purpose.
  printable(rows, () => print(rows));
  return rows;
}

function summarize(variable: string, chains: readonly Float64Array[]): SummaryRow {
  const all = pooled(chains);
  const inOrder = sorted(all);
  return {
    variable,
    mean: mean(all),
    median: quantileSorted(inOrder, 0.5),
    sd: sd(all),
    mad: mad(all),
    q5: quantileSorted(inOrder, 0.05),
    q95: quantileSorted(inOrder, 0.95),
    rhat: rhat(chains),
    ess_bulk: essBulk(chains),
    ess_tail: essTail(chains),
    mcse_mean: mcseMean(chains),
  };
}

const header = [
  'variable',
  'mean',
  'median',
  'sd',
  'mad',
  'q5',
  'q95',
  'rhat',
  'ess_bulk',
  'ess_tail',
  'mcse_mean',
];

function print(rows: readonly SummaryRow[]): string {
  return table(
    header,
    rows.map((row) => {
      // Every column of a row has the decimals that the error of its mean supports; the error itself has one more.
      const decimals = row.mcse_mean > 0 ? decimalsFor(row.mcse_mean) : 2;
      const number = (value: number): string => formatNumber(value, decimals);
      return [
        row.variable,
        number(row.mean),
        number(row.median),
        number(row.sd),
        number(row.mad),
        number(row.q5),
        number(row.q95),
        formatNumber(row.rhat, row.rhat < 10 ? 3 : 1),
        formatNumber(row.ess_bulk, 0),
        formatNumber(row.ess_tail, 0),
        formatNumber(row.mcse_mean, decimals + 1),
      ];
    }),
  );
}
