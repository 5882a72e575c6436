// Rows of intervals with their findings, as text too: what every way to an interval ends in.
import { didYouMean, GlmmcError } from '../../../samplers/errors.js';
import { digitsFor, table, wrap } from '../../../samplers/text.js';
import type { Fit } from '../../estimate/fit.js';
import { findingLines } from '../../estimate/summary.js';
import type { Finding } from '../../model/finding.js';

/** The interval of one estimate. */
export interface Interval {
  readonly name: string;
  readonly lower: number;
  readonly upper: number;
  /** Monte Carlo errors of the ends, where they are quantiles of replications. */
  readonly lowerError?: number;
  readonly upperError?: number;
}

/** Rows in the order of the estimates; `findings` and `toString` stand beside them. */
export interface Intervals extends ReadonlyArray<Interval> {
  readonly findings: readonly Finding[];
  /** The text that people read. */
  toString(): string;
}

/** @param note what is printed below the table */
export function intervals(rows: Interval[], findings: readonly Finding[], note?: string): Intervals {
  const withErrors = rows.some(({ lowerError }) => lowerError !== undefined);
  const text = (): string =>
    [
      table(
        ['', 'lower', 'upper', ...(withErrors ? ['MC error', 'MC error'] : [])],
        rows.map(({ name, lower, upper, lowerError = 0, upperError = 0 }) => {
          const width = Number.isFinite(upper - lower) ? (upper - lower) / 40 : 0;
          const limits = [digitsFor(lower, width), digitsFor(upper, width)];
          if (!withErrors) return [name, ...limits];
          return [name, ...limits, lowerError.toPrecision(2), upperError.toPrecision(2)];
        }),
      ),
      ...(note === undefined ? [] : ['', ...wrap(note)]),
      ...findingLines(findings),
    ].join('\n');
  return Object.defineProperties(rows, {
    findings: { value: findings, enumerable: false },
    toString: { value: text, enumerable: false },
  }) as unknown as Intervals;
}

/** Indices of the estimates asked for, all of them where nothing is said. @throws GlmmcError `bad-option` */
export function wantedEstimates({ estimates }: Fit, names: readonly string[] | undefined): number[] {
  const all = estimates.map(({ name }) => name);
  if (!names) return all.map((_, k) => k);
  return names.map((name) => {
    const k = all.indexOf(name);
    if (k >= 0) return k;
    throw new GlmmcError(
      'bad-option',
      `confint(): parameters must be names of estimates, found '${name}'${didYouMean(name, all)}`,
    );
  });
}
