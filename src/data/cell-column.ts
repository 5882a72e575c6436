// One column filled from pieces of typed values, as Parquet and Arrow files hold them: numbers, or text and booleans.
import { GlmmcError } from '../../samplers/errors.js';

/** What becomes of whole numbers beyond 2^53, which a double cannot tell from their neighbours. */
export type BigIntegers = 'refuse' | 'text';

type Cell = number | string | boolean | null;

/** NaN is a missing number, null a missing text or boolean. */
export class CellColumn {
  private readonly source: string;
  private readonly name: string;
  private readonly rows: number;
  private readonly bigIntegers: BigIntegers;
  private readonly divisor: number;
  private readonly wholeDecimals: boolean;
  private numbers: Float64Array | undefined;
  private cells: Cell[] | undefined;

  /**
   * @param source what the column is of, for messages
   * @param divisor what its numbers are divided by: ticks a second, say
   * @param wholeDecimals whether they were decimals without a fraction, whose last digits may be gone by now
   */
  constructor(
    source: string,
    name: string,
    rows: number,
    bigIntegers: BigIntegers,
    divisor: number = 1,
    wholeDecimals: boolean = false,
  ) {
    this.source = source;
    this.name = name;
    this.rows = rows;
    this.bigIntegers = bigIntegers;
    this.divisor = divisor;
    this.wholeDecimals = wholeDecimals;
  }

  /** @throws GlmmcError `inexact-integer`, `unreadable-column` for values that are none of the kinds of a table */
  put(at: number, values: ArrayLike<unknown>): void {
    if (
      this.cells === undefined &&
      this.divisor === 1 &&
      !this.wholeDecimals &&
      values instanceof Float64Array
    ) {
      this.numbers ??= new Float64Array(this.rows);
      this.numbers.set(values, at);
      return;
    }
    for (let i = 0; i < values.length; i++) this.putOne(at + i, values[i]);
  }

  finish(): Float64Array | Cell[] {
    return this.cells ?? this.numbers ?? new Float64Array(this.rows).fill(Number.NaN);
  }

  private putOne(row: number, value: unknown): void {
    switch (typeof value) {
      case 'number':
        this.putNumber(row, value);
        break;
      case 'bigint':
        if (this.divisor !== 1 || (value >= -MOST && value <= MOST)) this.putNumber(row, Number(value));
        else if (this.bigIntegers === 'text') this.asCells(row)[row] = String(value);
        else throw this.inexact(row, value);
        break;
      case 'string':
      case 'boolean':
        this.asCells(row)[row] = value;
        break;
      default:
        if (value !== null && value !== undefined) throw this.unreadable(row);
        if (this.cells) this.cells[row] = null;
        else this.putNumber(row, Number.NaN);
    }
  }

  private putNumber(row: number, value: number): void {
    if (this.wholeDecimals && Math.abs(value) > Number.MAX_SAFE_INTEGER) throw this.lost(row, value);
    if (this.cells) {
      // Of a column that has turned to text, the numbers too are told by theirs.
      this.cells[row] = Number.isNaN(value) ? null : String(value);
      return;
    }
    this.numbers ??= new Float64Array(this.rows);
    this.numbers[row] = value / this.divisor;
  }

  /** The cells, those before `row` taken over from the numbers so far. */
  private asCells(row: number): Cell[] {
    if (this.cells) return this.cells;
    const { numbers } = this;
    this.cells = new Array<Cell>(this.rows).fill(null);
    if (numbers) {
      for (let i = 0; i < row; i++) if (!Number.isNaN(numbers[i])) this.cells[i] = String(numbers[i]);
    }
    this.numbers = undefined;
    return this.cells;
  }

  private inexact(row: number, value: bigint): GlmmcError {
    return new GlmmcError(
      'inexact-integer',
      `${this.source}: column '${this.name}', row ${row + 1}: ${value} is beyond 2^53, where numbers lose their last digits; read such columns as text by { bigIntegers: 'text' }, which is right for identifiers`,
    );
  }

  private lost(row: number, value: number): GlmmcError {
    return new GlmmcError(
      'inexact-integer',
      `${this.source}: column '${this.name}', row ${row + 1}: a decimal near ${value} is beyond 2^53, where numbers lose their last digits; write such columns as text where the file is made, or leave them out by { columns: [...] }`,
    );
  }

  private unreadable(row: number): GlmmcError {
    return new GlmmcError(
      'unreadable-column',
      `${this.source}: column '${this.name}', row ${row + 1}: expected a number, text or a boolean, found a list, a record or bytes; leave the column out by { columns: [...] }`,
    );
  }
}

const MOST = BigInt(Number.MAX_SAFE_INTEGER);
