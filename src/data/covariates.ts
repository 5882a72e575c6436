// What a model remembers of the columns that its terms use: enough to ask for predictions on sensible new rows.
import type { Columns } from './column.js';
import { columnsIn, type Node } from './formula-tree.js';

/** A column of the data on the right of the formula, over the rows that were used. */
export type Covariate = {
  readonly name: string;
  /** Whether a term uses it, or the offset alone. */
  readonly inTerms: boolean;
} & (
  | {
      readonly kind: 'numbers';
      readonly lowest: number;
      readonly highest: number;
      readonly mean: number;
      /** Its values in rising order, where they are `MOST_VALUES` or fewer. */
      readonly values: readonly number[] | undefined;
    }
  | {
      /** Categories: text, booleans, and numbers inside `factor()`. */
      readonly kind: 'levels';
      /** As cells of a table. */
      readonly levels: readonly (number | string | boolean)[];
      readonly mostCommon: number | string | boolean;
    }
);

/** More values than this are not listed. */
const MOST_VALUES = 12;

/**
 * Sums up the columns of `terms`, then those that stand in `offsets` alone, in the order of the formula.
 * @param kept the rows that were used
 */
export function summariseCovariates(
  terms: readonly Node[],
  offsets: readonly Node[],
  columns: Columns,
  kept: Int32Array,
): Covariate[] {
  const used = new Set<string>();
  const categorical = new Set<string>();
  for (const node of terms) {
    columnsIn(node, used);
    if (node.kind === 'call' && node.name === 'factor') columnsIn(node, categorical);
  }
  const all = new Set(used);
  for (const node of offsets) columnsIn(node, all);
  return [...all].map((name) => {
    const head = { name, inTerms: used.has(name) };
    const column = columns.get(name);
    if (column.kind !== 'numbers' || categorical.has(name))
      return { ...head, ...levels(name, columns, kept) };
    return { ...head, ...numbers(column.values, kept) };
  });
}

function numbers(
  column: Float64Array,
  kept: Int32Array,
): Pick<Extract<Covariate, { kind: 'numbers' }>, 'kind' | 'lowest' | 'highest' | 'mean' | 'values'> {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  let sum = 0;
  const values: number[] = [];
  for (const row of kept) {
    const value = column[row];
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
    sum += value;
    if (values.length <= MOST_VALUES && !values.includes(value)) values.push(value);
  }
  return {
    kind: 'numbers',
    lowest,
    highest,
    mean: sum / kept.length,
    values: values.length <= MOST_VALUES ? values.sort((a, b) => a - b) : undefined,
  };
}

function levels(
  name: string,
  columns: Columns,
  kept: Int32Array,
): Pick<Extract<Covariate, { kind: 'levels' }>, 'kind' | 'levels' | 'mostCommon'> {
  const { codes, levels: labels } = columns.factor(name);
  const counts = new Float64Array(labels.length);
  for (const row of kept) counts[codes[row]]++;
  const { kind } = columns.get(name);
  const cell = (label: string): number | string | boolean =>
    kind === 'numbers' ? Number(label) : kind === 'boolean' ? label === 'TRUE' : label;
  const present = labels.filter((_, code) => counts[code] > 0);
  return {
    kind: 'levels',
    levels: present.map(cell),
    mostCommon: cell(labels[counts.indexOf(counts.reduce((most, count) => Math.max(most, count), 0))]),
  };
}
