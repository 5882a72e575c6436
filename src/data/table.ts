// Tables: columns, row objects or Arrow-shaped data in, columns of equal length out.
import { GlmmcError } from '../../samplers/errors.js';

/** Columns of equal length by name; `NaN` and `null` are missing. */
export type Table = Readonly<
  Record<string, ArrayLike<number> | readonly (number | string | boolean | null)[]>
>;

/** What is asked of an Arrow table; apache-arrow's `Table` has this shape, and no dependency on it is needed. */
export interface ArrowShaped {
  readonly schema: { readonly fields: readonly { readonly name: string }[] };
  readonly numRows: number;
  /** The column of this name, null without one. */
  getChild(name: string): {
    /** The cell of a row, counted from 0. */
    get(index: number): unknown;
  } | null;
}

/** Columns, an array of row objects (all with the same keys), or an Arrow-shaped table. */
export type DataSource = Table | readonly object[] | ArrowShaped;

type Column = Table[string];
type Cell = number | string | boolean | null;

/**
 * The columns of `source`. Columns given as columns are returned as they are, typed arrays never copied;
 * columns of rows and of Arrow tables are read when first asked for. BigInt becomes number (beyond 2^53 it is refused), undefined missing.
 * @throws GlmmcError `bad-data` (not a table, or a cell that is neither number, text nor boolean),
 * `ragged-data`, `empty-data`, `inexact-integer`
 */
export function toTable(source: DataSource): Table {
  if (Array.isArray(source)) return fromRows(source);
  if (typeof source !== 'object' || source === null || ArrayBuffer.isView(source)) throw notATable(source);
  if (typeof (source as { then?: unknown }).then === 'function') {
    throw new GlmmcError('bad-data', 'the data are a promise: await them first, as in `await readCsv(path)`');
  }
  return isArrow(source) ? fromArrow(source) : fromColumns(source as Readonly<Record<string, unknown>>);
}

/** The number of rows of a table. */
export function rowCount(table: Table): number {
  const first = Object.keys(table)[0];
  return first === undefined ? 0 : table[first]!.length;
}

function fromColumns(columns: Readonly<Record<string, unknown>>): Table {
  const names = Object.keys(columns);
  let converted = false;
  const entries = names.map((name): [string, Column] => {
    const column = columns[name];
    if (column instanceof BigInt64Array || column instanceof BigUint64Array) {
      converted = true;
      return [name, Float64Array.from(column, (value: bigint, row: number) => exact(value, name, row))];
    }
    if (!isArrayLike(column)) {
      throw new GlmmcError(
        'bad-data',
        `column '${name}' must be an array, found ${describe(column)}; data are columns of equal length, an array of row objects, or an Arrow table`,
      );
    }
    return [name, column];
  });
  const first = entries[0];
  for (const [name, column] of entries) {
    if (column.length !== first![1].length) {
      throw new GlmmcError(
        'ragged-data',
        `columns must have equal lengths: '${first![0]}' has ${first![1].length} values, '${name}' has ${column.length}`,
      );
    }
  }
  requireRows(first?.[1].length ?? 0, names);
  return converted ? Object.fromEntries(entries) : (columns as Table);
}

function fromRows(rows: readonly unknown[]): Table {
  if (rows.length > 0 && rows.every(isArrayLike)) {
    throw new GlmmcError(
      'bad-data',
      'the data are an array of arrays: give columns by name, { y: [...], x: [...] }, or row objects',
    );
  }
  const first = rows[0];
  const names = isRow(first) ? Object.keys(first) : [];
  rows.forEach((row, i) => {
    if (!isRow(row)) {
      throw new GlmmcError('bad-data', `row ${i + 1} must be an object, found ${describe(row)}`);
    }
    const absent = names.find((name) => !Object.hasOwn(row, name));
    if (absent !== undefined) {
      throw new GlmmcError('ragged-data', `row ${i + 1} has no '${absent}'; write null where it is missing`);
    }
    const keys = Object.keys(row);
    if (keys.length !== names.length) {
      const extra = keys.find((key) => !names.includes(key));
      throw new GlmmcError('ragged-data', `row ${i + 1} has '${extra}', which row 1 has not`);
    }
  });
  requireRows(rows.length, names);
  const objects = rows as readonly Readonly<Record<string, unknown>>[];
  return lazyTable(names, rows.length, (name) => (i) => objects[i]![name]);
}

function fromArrow(source: ArrowShaped): Table {
  const names = source.schema.fields.map((field) => field.name);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new GlmmcError('duplicate-columns', `two columns of the Arrow table are called '${repeated}'`);
  }
  requireRows(source.numRows, names);
  return lazyTable(names, source.numRows, (name) => {
    const child = source.getChild(name);
    if (child === null || child === undefined) {
      throw new GlmmcError(
        'bad-data',
        `the Arrow table names a column '${name}' but getChild('${name}') gives none`,
      );
    }
    const whole = wholeDoubles(child, source.numRows);
    return whole ?? ((i) => child.get(i));
  });
}

/** A 64-bit float vector without nulls is taken whole; other types may be stored otherwise than `get` says. */
function wholeDoubles(child: object, rows: number): Float64Array | undefined {
  const vector = child as { nullCount?: unknown; toArray?: () => unknown };
  if (vector.nullCount !== 0 || typeof vector.toArray !== 'function') return undefined;
  const values = vector.toArray();
  return values instanceof Float64Array && values.length === rows ? values : undefined;
}

/** A table whose columns are read when first asked for, so that unused ones cost and refuse nothing. */
function lazyTable(
  names: readonly string[],
  rows: number,
  open: (name: string) => Float64Array | ((row: number) => unknown),
): Table {
  const table: Record<string, Column> = {};
  for (const name of names) {
    let column: Column | undefined;
    const get = (): Column => {
      if (column === undefined) {
        const opened = open(name);
        column = typeof opened === 'function' ? readColumn(name, rows, opened) : opened;
      }
      return column;
    };
    Object.defineProperty(table, name, { enumerable: true, get });
  }
  return table;
}

/** Numbers (missing as NaN) where every cell is a number or missing, else the cells as they are. */
function readColumn(name: string, rows: number, get: (row: number) => unknown): Column {
  const numbers = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const cell = toCell(get(i), name, i);
    if (cell === null) numbers[i] = Number.NaN;
    else if (typeof cell === 'number') numbers[i] = cell;
    else return Array.from({ length: rows }, (_, row) => toCell(get(row), name, row));
  }
  return numbers;
}

/** @throws GlmmcError `inexact-integer` */
function exact(value: bigint, column: string, row: number): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new GlmmcError(
    'inexact-integer',
    `column '${column}', row ${row + 1}: ${value} is beyond 2^53, where numbers lose their last digits; make text of identifiers`,
  );
}

/** One cell as number, text, boolean or null. @throws GlmmcError `bad-data` for anything else, `inexact-integer` */
export function toCell(value: unknown, column: string, row: number): Cell {
  switch (typeof value) {
    case 'number':
    case 'string':
    case 'boolean':
      return value;
    case 'bigint':
      return exact(value, column, row);
    case 'undefined':
      return null;
    default:
      if (value === null) return null;
      throw new GlmmcError(
        'bad-data',
        `column '${column}', row ${row + 1}: a cell must be a number, text, boolean or null, found ${describe(value)}`,
      );
  }
}

function requireRows(rows: number, names: readonly string[]): void {
  if (names.length > 0 && rows > 0) return;
  const found = names.length > 0 ? `columns ${names.join(', ')} without rows` : 'none';
  throw new GlmmcError('empty-data', `the data must have at least one column and one row, found ${found}`);
}

function isArrow(source: object): source is ArrowShaped {
  const table = source as Partial<ArrowShaped>;
  return (
    typeof table.getChild === 'function' &&
    typeof table.numRows === 'number' &&
    Array.isArray(table.schema?.fields)
  );
}

function isArrayLike(value: unknown): value is Column {
  return (
    Array.isArray(value) ||
    (ArrayBuffer.isView(value) && 'length' in value) ||
    (typeof value === 'object' &&
      value !== null &&
      typeof (value as { length?: unknown }).length === 'number')
  );
}

function isRow(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notATable(source: unknown): GlmmcError {
  const advice = typeof source === 'string' ? '; read a file by `await readCsv(path)`' : '';
  return new GlmmcError(
    'bad-data',
    `the data must be columns of equal length, an array of row objects, or an Arrow table, found ${describe(source)}${advice}`,
  );
}

function describe(value: unknown): string {
  if (typeof value === 'string')
    return `the text '${value.length > 40 ? `${value.slice(0, 40)}...` : value}'`;
  if (value instanceof Date) return 'a date; turn it into a number first';
  if (ArrayBuffer.isView(value)) return 'a single typed array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
