// averageMarginalEffects(), averageComparisons(): what a variable does to the mean response, averaged over rows.
import * as v from 'valibot';
import { sd } from '../../samplers/diagnostics/descriptive.js';
import { didYouMean, GlmmcError } from '../../samplers/errors.js';
import { between, checkOptions, count, describe } from '../../samplers/options.js';
import { digitsFor, printable, table as textTable } from '../../samplers/text.js';
import { type DataSource, type Table, toTable } from '../data/table.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import type { Fit } from '../estimate/fit.js';
import {
  type Averaged,
  Averages,
  type AverageTarget,
  LOG_SCALE,
  type Summary,
} from './marginal-effects/averages.js';

/** One average effect, with its interval. */
export interface MarginalEffect extends Summary {
  readonly variable: string;
  /** `dY/dx`, or what was compared with what. */
  readonly contrast: string;
}

/** Rows of average effects; as text, a table. */
export interface MarginalEffects extends ReadonlyArray<MarginalEffect> {
  /** The text that people read. */
  toString(): string;
}

/** What `averageMarginalEffects()` and `averageComparisons()` both take. */
export interface MarginalEffectOptions {
  /** `population` (default): means with the intercepts integrated out; `typical`: of the cluster with eps = 0. */
  readonly target?: AverageTarget;
  /** 0.95 */
  readonly level?: number;
  /** Posterior fits: at most so many draws are used, spread evenly (1000). */
  readonly draws?: number;
}

/** Options of `averageMarginalEffects()`. */
export interface AverageMarginalEffectOptions extends MarginalEffectOptions {
  /** Numeric columns; all that the formula uses as numbers where left out. */
  readonly variables?: readonly string[];
}

/** Options of `averageComparisons()`. */
export interface ComparisonOptions extends MarginalEffectOptions {
  /** The column that is set in all rows. */
  readonly variable: string;
  /** The two values it is set to. */
  readonly from: number | string | boolean;
  readonly to: number | string | boolean;
}

const common = {
  target: v.optional(v.picklist(['population', 'typical'], "'population' or 'typical'"), 'population'),
  level: v.optional(between(0, 1), 0.95),
  draws: v.optional(count(1), 1000),
};

/** Steps of the differences, in standard deviations of the column: the error is near its fourth power. */
const STEP = 1e-4;

/**
 * The average marginal effect of each numeric variable: the slope of the mean response in the variable, through all terms of
 * the formula that hold it, averaged over the rows of `data`. Slopes are differences of four points of the average
 * prediction, which is itself certified; errors by the delta method, or from the draws.
 *
 * Source: Williams (2012), Stata Journal 12; Arel-Bundock, Greifer, Heiss (2024), Journal of Statistical Software 111.
 * @param data the rows to average over, with the columns that the formula uses
 * @throws GlmmcError `bad-fit`, `unknown-option`, `bad-option`, `unknown-column`, and those of `design.apply`
 */
export function averageMarginalEffects(
  fit: Fit,
  data: DataSource,
  options: AverageMarginalEffectOptions = {},
): MarginalEffects {
  requireEstimatedFit('averageMarginalEffects()', fit);
  const { target, level, draws, variables } = checkOptions(
    'averageMarginalEffects()',
    { ...common, variables: v.optional(v.array(v.string('a column'), 'names of columns')) },
    options,
  );
  const rows = tableOf('averageMarginalEffects()', data);
  const averages = new Averages(fit, target, draws);
  const wanted = variables ?? numericVariables(fit, rows);
  const found = wanted.map((variable) => {
    const column = columnOf('averageMarginalEffects()', fit, rows, variable);
    if (!isNumeric(column)) {
      throw new GlmmcError(
        'bad-option',
        `averageMarginalEffects(): a slope needs a numeric column, found '${variable}' with categories; use averageComparisons()`,
      );
    }
    const h = STEP * (sd(column) || 1);
    const parts = [h, -h, 2 * h, -2 * h].map((step) =>
      averages.of({ ...rows, [variable]: Float64Array.from(column, (x) => x + step) }),
    );
    const weights = [8, -8, -1, 1].map((w) => w / (12 * h));
    const summary = averages.combine(
      parts,
      { value: (at) => at.reduce((sum, value, k) => sum + weights[k] * value, 0), slopes: () => weights },
      level,
    );
    return { variable, contrast: 'dY/dx', ...summary };
  });
  return dressed(found);
}

/**
 * Two average predictions with `variable` set to `from` and to `to` in all rows of `data`, everything else as it is
 * (standardisation, or g-computation), and what lies between them: the difference of means (risk difference), their ratio
 * (risk or rate ratio; for means above 0), and for probabilities the odds ratio of the averages, which is the marginal one and
 * nearer to 1 than exp(beta). Intervals of ratios are normal on the log scale.
 *
 * Source: Muller and MacLehose (2014), International Journal of Epidemiology 43.
 * @throws GlmmcError as `averageMarginalEffects`; `unseen-level` for a category that the fit does not know
 */
export function averageComparisons(fit: Fit, data: DataSource, options: ComparisonOptions): MarginalEffects {
  requireEstimatedFit('averageComparisons()', fit);
  const value = v.union([v.number(), v.string(), v.boolean()], 'a number, a text or a boolean');
  const { target, level, draws, variable, from, to } = checkOptions(
    'averageComparisons()',
    { ...common, variable: v.string('the name of a column'), from: value, to: value },
    options,
  );
  const rows = tableOf('averageComparisons()', data);
  const column = columnOf('averageComparisons()', fit, rows, variable);
  if (isNumeric(column)) requireNumbers(variable, [from, to]);
  const averages = new Averages(fit, target, draws);
  const at = (to: number | string | boolean): Averaged =>
    averages.of({
      ...rows,
      [variable]: isNumeric(column)
        ? new Float64Array(column.length).fill(Number(to))
        : new Array<number | string | boolean>(column.length).fill(to),
    });
  const parts = [at(from), at(to)];
  const { link } = fit.model.family;
  const ofMeans = {
    apply: link.apply,
    inverse: link.inverse,
    slope: (mu: number) => 1 / link.derivative(link.apply(mu)),
  };
  const odds = (p: number): number => p / (1 - p);
  const row = (contrast: string, how: Parameters<Averages['combine']>[1]): MarginalEffect => ({
    variable,
    contrast,
    ...averages.combine(parts, how, level),
  });
  const positive = link.name !== 'identity';
  return dressed([
    row(`mean at ${from}`, { value: ([a]) => a, slopes: () => [1, 0], scale: ofMeans }),
    row(`mean at ${to}`, { value: ([, b]) => b, slopes: () => [0, 1], scale: ofMeans }),
    row(`difference ${to} - ${from}`, { value: ([a, b]) => b - a, slopes: () => [-1, 1] }),
    ...(positive
      ? [
          row(`ratio ${to} / ${from}`, {
            value: ([a, b]) => b / a,
            slopes: ([a, b]) => [-b / (a * a), 1 / a],
            scale: LOG_SCALE,
          }),
        ]
      : []),
    ...(fit.model.family.name === 'binomial'
      ? [
          row(`odds ratio ${to} / ${from}`, {
            value: ([a, b]) => odds(b) / odds(a),
            slopes: ([a, b]) => [-odds(b) / (a * a), 1 / (odds(a) * (1 - b) ** 2)],
            scale: LOG_SCALE,
          }),
        ]
      : []),
  ]);
}

/** What a numeric column is set to: numbers, also as text, and booleans as 0 and 1. @throws GlmmcError `bad-option` */
function requireNumbers(variable: string, values: readonly (number | string | boolean)[]): void {
  const odd = values.find((value) => value === '' || !Number.isFinite(Number(value)));
  if (odd === undefined) return;
  throw new GlmmcError(
    'bad-option',
    `averageComparisons(): column '${variable}' is numeric, so from and to must be finite numbers, found ${describe(odd)}`,
  );
}

function tableOf(owner: string, data: DataSource): Table {
  if (data !== undefined) return toTable(data);
  throw new GlmmcError(
    'bad-data',
    `${owner} takes the data whose rows it averages over as its second argument, found none; a model does not keep its table, so give it again`,
  );
}

/** @throws GlmmcError `unknown-column`, also for one that the model has no use for: its effect is 0 by assumption */
function columnOf(owner: string, { model }: Fit, table: Table, name: string): Table[string] {
  const column = table[name];
  const used = model.design.covariates.map((covariate) => covariate.name);
  if (column !== undefined) {
    if (used.includes(name)) return column;
    throw new GlmmcError(
      'unknown-column',
      `${owner}: the formula does not use the column '${name}', so that the model gives it no effect; it uses ${used.join(', ') || 'none'}`,
    );
  }
  throw new GlmmcError(
    'unknown-column',
    `${owner}: no column '${name}'${didYouMean(name, Object.keys(table))}`,
  );
}

function isNumeric(column: Table[string]): column is ArrayLike<number> {
  for (let r = 0; r < column.length; r++) if (typeof column[r] !== 'number') return false;
  return true;
}

/** Columns of numbers that move the linear predictor, but for those whose numbers are categories. */
function numericVariables({ model }: Fit, table: Table): string[] {
  const before = model.design.apply(table);
  return Object.keys(table).filter((name) => {
    const column = table[name];
    if (!isNumeric(column)) return false;
    try {
      const step = STEP * (sd(column) || 1);
      const after = model.design.apply({ ...table, [name]: Float64Array.from(column, (x) => x + step) });
      const same = (a: Float64Array | undefined, b: Float64Array | undefined): boolean =>
        a === b || (a !== undefined && b !== undefined && a.every((value, k) => Object.is(value, b[k])));
      return !same(before.x, after.x) || !same(before.offset, after.offset);
    } catch (error) {
      if (error instanceof GlmmcError && error.code === 'unseen-level') return false;
      throw error;
    }
  });
}

function dressed(rows: MarginalEffect[]): MarginalEffects {
  const number = (row: MarginalEffect, value: number): string => digitsFor(value, row.standardError / 10);
  const text = (): string =>
    textTable(
      ['', '', 'Estimate', 'Std. Error', 'lower', 'upper'],
      rows.map((row) => [
        row.variable,
        row.contrast,
        ...[row.estimate, row.standardError, row.lower, row.upper].map((value) => number(row, value)),
      ]),
      { align: ['left', 'left', 'right', 'right', 'right', 'right'] },
    );
  return printable(rows, text);
}
