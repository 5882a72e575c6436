// Which rows are kept: those without a missing value in any column that is used.
import { GlmmcError } from '../../samplers/errors.js';
import { sharedNumbers } from '../numeric/shared-arrays.js';
import type { Columns } from './column.js';

export interface KeptRows {
  /** Indices in the data, increasing. */
  readonly kept: Int32Array;
  readonly dropped: number;
  /** The columns whose missing values dropped rows. */
  readonly droppedBy: readonly string[];
}

/**
 * Drops rows with a missing value in any of `used`, then refuses infinite numbers in the rest of them
 * (`weights` apart, which have an error of their own).
 * @throws GlmmcError `no-rows` where none is left, `non-finite` with column and row
 */
export function keepCompleteRows(
  columns: Columns,
  used: readonly string[],
  weights: readonly (string | undefined)[],
): KeptRows {
  const n = columns.rows;
  const missing = new Uint8Array(n);
  const droppedBy: string[] = [];
  const suspect: string[] = [];
  for (const name of used) {
    const column = columns.get(name);
    const before = droppedBy.length;
    if (column.kind === 'numbers') {
      if (areFinite(column.values)) continue;
      if (!weights.includes(name)) suspect.push(name);
      if (markNaN(missing, column.values)) droppedBy.push(name);
    } else if (markNegative(missing, column.factor.codes)) droppedBy.push(name);
    if (droppedBy.length > before && missing.every((flag) => flag === 1)) {
      throw new GlmmcError(
        'no-rows',
        `no row is left: each has a missing value in ${droppedBy.map((by) => `'${by}'`).join(' or ')}; leave out the column, or fill in its values`,
      );
    }
  }
  let count = n;
  if (droppedBy.length > 0) for (let i = 0; i < n; i++) count -= missing[i]!;
  const kept = new Int32Array(count);
  for (let i = 0, k = 0; k < count; i++) if (missing[i] === 0) kept[k++] = i;
  for (const name of suspect) {
    const column = columns.get(name);
    if (column.kind === 'numbers') requireFinite(column.values, kept, `column '${name}'`);
  }
  return { kept, dropped: n - count, droppedBy };
}

/** Whether no number is missing or infinite: x - x is 0 for all others. One pass without a branch, as most data need. */
function areFinite(values: Float64Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! - values[i]!;
  return sum === 0;
}

// Two loops, not one with a callback: over millions of rows the calls would take longer than the rest.
function markNaN(missing: Uint8Array, values: Float64Array): boolean {
  let any = false;
  for (let i = 0; i < missing.length; i++) {
    if (Number.isNaN(values[i]!)) {
      missing[i] = 1;
      any = true;
    }
  }
  return any;
}

function markNegative(missing: Uint8Array, codes: Int32Array): boolean {
  let any = false;
  for (let i = 0; i < missing.length; i++) {
    if (codes[i]! < 0) {
      missing[i] = 1;
      any = true;
    }
  }
  return any;
}

/** @throws GlmmcError `non-finite`, naming `what` and the first row (from 1) */
export function requireFinite(values: Float64Array, kept: Int32Array, what: string): void {
  if (areFinite(values)) return;
  for (let i = 0; i < kept.length; i++) {
    const value = values[kept[i]!]!;
    if (!Number.isFinite(value)) {
      throw new GlmmcError(
        'non-finite',
        `${what} must be finite, found ${value} in row ${kept[i]! + 1} of the data; correct the row or leave it out`,
      );
    }
  }
}

/** The values of the kept rows, in a new array that threads can share. */
export function gather(values: Float64Array, kept: Int32Array): Float64Array {
  const result = sharedNumbers(kept.length);
  if (kept.length === values.length) result.set(values);
  else for (let i = 0; i < kept.length; i++) result[i] = values[kept[i]!]!;
  return result;
}
