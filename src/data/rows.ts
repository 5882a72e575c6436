// Which rows are kept: those without a missing value in any column that is used.
import { GlmmcError } from '../../samplers/errors.js';
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
  for (const name of used) {
    const column = columns.get(name);
    const before = droppedBy.length;
    if (column.kind === 'numbers') {
      if (mark(missing, column.values, Number.isNaN)) droppedBy.push(name);
    } else if (mark(missing, column.factor.codes, (code) => code < 0)) droppedBy.push(name);
    if (droppedBy.length > before && missing.every((flag) => flag === 1)) {
      throw new GlmmcError(
        'no-rows',
        `no row is left: each has a missing value in ${droppedBy.map((by) => `'${by}'`).join(' or ')}; leave out the column, or fill in its values`,
      );
    }
  }
  let count = 0;
  for (let i = 0; i < n; i++) count += 1 - missing[i]!;
  const kept = new Int32Array(count);
  for (let i = 0, k = 0; i < n; i++) if (missing[i] === 0) kept[k++] = i;
  for (const name of used) {
    const column = columns.get(name);
    if (column.kind === 'numbers' && !weights.includes(name))
      requireFinite(column.values, kept, `column '${name}'`);
  }
  return { kept, dropped: n - count, droppedBy };
}

function mark(
  missing: Uint8Array,
  values: ArrayLike<number>,
  isMissing: (value: number) => boolean,
): boolean {
  let any = false;
  for (let i = 0; i < missing.length; i++) {
    if (isMissing(values[i]!)) {
      missing[i] = 1;
      any = true;
    }
  }
  return any;
}

/** @throws GlmmcError `non-finite`, naming `what` and the first row (from 1) */
export function requireFinite(values: Float64Array, kept: Int32Array, what: string): void {
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

/** The values of the kept rows, in a new array. */
export function gather(values: Float64Array, kept: Int32Array): Float64Array {
  if (kept.length === values.length) return values.slice();
  const result = new Float64Array(kept.length);
  for (let i = 0; i < kept.length; i++) result[i] = values[kept[i]!]!;
  return result;
}
