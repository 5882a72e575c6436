// One column of a CSV file as its cells come: numbers in a typed array, text with each distinct one kept once.

const special: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Inf', Infinity],
  ['+Inf', Infinity],
  ['-Inf', -Infinity],
]);

/** Beyond so many distinct texts a column is taken for one of names that do not come again. */
const MOST_SHARED = 1_000_000;

export class CsvColumn {
  rows = 0;
  /** Cells before the first text had been numbers, whose text is gone: the file must be read again for them. */
  mustReread = false;
  private numbers: Float64Array | undefined;
  private texts: (string | null)[] | undefined;
  private shared = new Map<string, string>();
  /** Whether a cell so far was more than missing. */
  private filled = false;

  /** @param text that the column is known to be text */
  constructor(text: boolean) {
    if (text) this.texts = [];
    else this.numbers = new Float64Array(64);
  }

  push(cell: string): void {
    const row = this.rows++;
    const missing = cell === '' || cell === 'NA';
    if (this.texts !== undefined) {
      this.texts.push(missing ? null : this.share(cell));
      return;
    }
    if (this.mustReread) return;
    const value = missing ? Number.NaN : toNumber(cell);
    if (value === undefined) {
      this.turnIntoText(cell, row);
      return;
    }
    if (!missing) this.filled = true;
    if (row === this.numbers!.length) {
      const larger = new Float64Array(2 * row);
      larger.set(this.numbers!);
      this.numbers = larger;
    }
    this.numbers![row] = value;
  }

  /** All cells: numbers, NaN missing, or text, null missing. */
  finish(): Float64Array | (string | null)[] {
    if (this.texts !== undefined) return this.texts;
    const { numbers, rows } = this;
    // A copy gives back what was reserved beyond the rows, a view would not.
    return numbers!.length === rows ? numbers! : numbers!.slice(0, rows);
  }

  private turnIntoText(cell: string, row: number): void {
    this.numbers = undefined;
    if (this.filled) {
      this.mustReread = true;
      return;
    }
    this.texts = new Array(row).fill(null);
    this.texts.push(this.share(cell));
  }

  /** The same text once; a piece of a larger text would keep all of that in memory. */
  private share(cell: string): string {
    const known = this.shared.get(cell);
    if (known !== undefined) return known;
    const own = ownString(cell);
    if (this.shared.size < MOST_SHARED) this.shared.set(own, own);
    return own;
  }
}

/** A string of its own, not a view into the text that it was cut from. */
function ownString(cell: string): string {
  return decoder.decode(encoder.encode(cell));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Whether a whole number in digits is another one as a double: an identifier, which is text. */
function losesDigits(text: string, value: number): boolean {
  const digits = text.trim();
  return /^[+-]?\d+$/.test(digits) && BigInt(digits.replace('+', '')) !== BigInt(value);
}

/** A decimal number, NaN of spaces alone (they were in quotes), or undefined; `0x10` and the like, and identifiers of too many digits, stay text. */
function toNumber(text: string): number | undefined {
  const value = Number(text);
  if (Number.isNaN(value)) return special.get(text);
  if (value === 0 && text.trim() === '') return Number.NaN;
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER && losesDigits(text, value)) return undefined;
  const second = text.charCodeAt(1) | 32;
  return text.charCodeAt(0) === 48 && (second === 120 || second === 98 || second === 111) ? undefined : value;
}
