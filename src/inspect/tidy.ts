// tidy(): a fit's estimates as rows with the column names of R's broom and broom.mixed.

import * as v from 'valibot';
import { quantileSorted, sorted } from '../../samplers/diagnostics/descriptive.js';
import { allChains } from '../../samplers/draws.js';
import { between, checkOptions } from '../../samplers/options.js';
import { ndtri } from '../../samplers/special.js';
import { digitsFor, formatNumber, printable, table } from '../../samplers/text.js';
import { requireFit } from '../estimate/arguments.js';
import type { Estimate, Fit } from '../estimate/fit.js';
import { formatPValue, normalPValue } from '../estimate/summary.js';

/** Columns as broom.mixed names them, and `mc.error`, which is this package's. */
export interface TidyRow {
  /** `fixed` for coefficients, `ran_pars` for scales. */
  readonly effect: 'fixed' | 'ran_pars';
  /** The cluster column, or `Residual`; null for coefficients, and for a dispersion that is no scale. */
  readonly group: string | null;
  /**
   * The coefficient; `sd__(Intercept)` for the intercepts' sd; `sd__Observation` for the residual one; `theta` of a negative
   * binomial, `dispersion` of a custom family.
   */
  readonly term: string;
  readonly estimate: number;
  readonly 'std.error': number;
  /** estimate / std.error of a coefficient; NaN for scales (0 is their boundary) and for draws. */
  readonly statistic: number;
  readonly 'p.value': number;
  readonly 'conf.low': number;
  readonly 'conf.high': number;
  readonly 'mc.error': number;
}

/** Rows in the fit's order. */
export interface TidyRows extends ReadonlyArray<TidyRow> {
  /** The text that people read. */
  toString(): string;
}

/** Options of `tidy()`. */
export interface TidyOptions {
  /** Of the intervals (default 0.95). */
  readonly level?: number;
}

/**
 * One row an estimate, in the fit's order. Standard deviations stand in place of variances: the dispersion of a
 * gaussian or gamma family is given as its square root, by the delta method; theta, which is no scale, as it is. Intervals of a likelihood fit are Wald's,
 * on the log scale for standard deviations; those of a posterior fit are quantiles of the draws. What is held fixed has
 * its value at both ends.
 * @throws GlmmcError `bad-fit`, `unknown-option`, `bad-option`
 */
export function tidy(fit: Fit, options: TidyOptions = {}): TidyRows {
  requireFit('tidy()', fit);
  const { level } = checkOptions('tidy()', { level: v.optional(between(0, 1), 0.95) }, options);
  const p = fit.model.coefficientNames.length;
  const scaled = fit.model.family.variance?.scaled === true;
  const rows = fit.estimates.map((estimate, k) => {
    const fixed = k < p;
    const rooted = scaled && estimate.name === 'dispersion';
    const shown = rooted ? squareRoot(estimate) : estimate;
    const statistic = fixed && fit.kind === 'likelihood' ? shown.value / shown.standardError : Number.NaN;
    const [low, high] = interval(fit, estimate, shown, { fixed, rooted, level });
    return {
      effect: fixed ? ('fixed' as const) : ('ran_pars' as const),
      ...label(fit, estimate.name, fixed),
      estimate: shown.value,
      'std.error': shown.standardError,
      statistic,
      'p.value': normalPValue(statistic),
      'conf.low': low,
      'conf.high': high,
      'mc.error': shown.monteCarloError,
    };
  });
  return printable(rows, () => print(rows));
}

function label(fit: Fit, name: string, fixed: boolean): Pick<TidyRow, 'group' | 'term'> {
  if (fixed) return { group: null, term: name };
  if (name === 'sigma') return { group: fit.model.clusterName, term: 'sd__(Intercept)' };
  const { family } = fit.model;
  if (family.variance?.scaled) return { group: 'Residual', term: 'sd__Observation' };
  return { group: null, term: family.name === 'negative-binomial' ? 'theta' : 'dispersion' };
}

/** A variance told as its standard deviation. */
function squareRoot(estimate: Estimate): Estimate {
  const value = Math.sqrt(estimate.value);
  const slope = 1 / (2 * value);
  return {
    name: estimate.name,
    value,
    standardError: slope * estimate.standardError,
    monteCarloError: slope * estimate.monteCarloError,
  };
}

function interval(
  fit: Fit,
  estimate: Estimate,
  shown: Estimate,
  { fixed, rooted, level }: { readonly fixed: boolean; readonly rooted: boolean; readonly level: number },
): [number, number] {
  const tail = (1 - level) / 2;
  if (fit.kind === 'posterior') {
    const all = sorted(allChains(fit.draws, estimate.name).flatMap((chain) => [...chain]));
    const told = rooted ? all.map(Math.sqrt) : all;
    return [quantileSorted(told, tail), quantileSorted(told, 1 - tail)];
  }
  const { value, standardError } = shown;
  if (fit.fixed.includes(estimate.name)) return [value, value];
  const z = ndtri(1 - tail);
  if (fixed) return [value - z * standardError, value + z * standardError];
  const factor = Math.exp((z * standardError) / value);
  return [value / factor, value * factor];
}

function print(rows: readonly TidyRow[]): string {
  const number = (row: TidyRow, value: number): string => digitsFor(value, row['std.error'] / 100);
  return table(
    ['term', 'group', 'estimate', 'std.error', 'statistic', 'p.value', 'conf.low', 'conf.high'],
    rows.map((row) => [
      row.term,
      row.group ?? '',
      number(row, row.estimate),
      number(row, row['std.error']),
      formatNumber(row.statistic, 2),
      formatPValue(row['p.value']),
      number(row, row['conf.low']),
      number(row, row['conf.high']),
    ]),
    { align: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right'] },
  );
}
