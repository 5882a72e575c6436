// The columns that a formula names, each as numbers or as categories, with its missing values marked.
import { didYouMean, GlmmcError } from '../../samplers/errors.js';
import { type Factor, factorOfLabels, factorOfNumbers, valueLabel } from './factor.js';
import { rowCount, type Table, toCell } from './table.js';

/** Numbers, NaN missing; or categories, code -1 missing. */
export type Column =
  | { readonly kind: 'numbers'; readonly name: string; readonly values: Float64Array }
  | { readonly kind: 'text' | 'boolean'; readonly name: string; readonly factor: Factor };

/** A table seen column by column; each is classified once, when first asked for. */
export interface Columns {
  readonly rows: number;
  readonly names: readonly string[];
  has(name: string): boolean;
  /** @throws GlmmcError `unknown-column` with the nearest name, `bad-data` */
  get(name: string): Column;
  /** The column as categories, numbers in numeric order. */
  factor(name: string): Factor;
}

/** The columns of a table. */
export function columnsOf(table: Table): Columns {
  const rows = rowCount(table);
  const names = Object.keys(table);
  const read = new Map<string, Column>();
  const factors = new Map<string, Factor>();
  const has = (name: string): boolean => Object.hasOwn(table, name);
  const get = (name: string): Column => {
    let column = read.get(name);
    if (column === undefined) {
      if (!has(name)) {
        throw new GlmmcError('unknown-column', `no column '${name}' in the data${didYouMean(name, names)}`);
      }
      column = classify(name, table[name]!);
      read.set(name, column);
    }
    return column;
  };
  const factor = (name: string): Factor => {
    const column = get(name);
    if (column.kind !== 'numbers') return column.factor;
    let found = factors.get(name);
    if (found === undefined) {
      found = factorOfNumbers(column.values);
      factors.set(name, found);
    }
    return found;
  };
  return { rows, names, has, get, factor };
}

function classify(name: string, cells: Table[string]): Column {
  if (cells instanceof Float64Array) return { kind: 'numbers', name, values: cells };
  if (ArrayBuffer.isView(cells)) {
    return { kind: 'numbers', name, values: Float64Array.from(cells as ArrayLike<number>) };
  }
  const n = cells.length;
  const values = new Float64Array(n);
  let booleans = 0;
  let missing = 0;
  for (let i = 0; i < n; i++) {
    const cell = toCell(cells[i], name, i);
    if (typeof cell === 'number') values[i] = cell;
    else if (cell === null) values[i] = Number.NaN;
    else if (typeof cell === 'boolean') booleans++;
    else return { kind: 'text', name, factor: factorOfLabels(labels(name, cells)) };
    if (Number.isNaN(values[i])) missing++;
  }
  if (booleans === 0) return { kind: 'numbers', name, values };
  if (booleans + missing < n) return { kind: 'text', name, factor: factorOfLabels(labels(name, cells)) };
  const codes = Int32Array.from({ length: n }, (_, i) =>
    cells[i] === true ? 1 : cells[i] === false ? 0 : -1,
  );
  return { kind: 'boolean', name, factor: { codes, levels: ['FALSE', 'TRUE'] } };
}

function labels(name: string, cells: Table[string]): (string | null)[] {
  return Array.from({ length: cells.length }, (_, i) => {
    const cell = toCell(cells[i], name, i);
    return cell === null || Number.isNaN(cell) ? null : valueLabel(cell);
  });
}
