// Aligned plain-text tables, and numbers with no more digits than their error supports.

/** Significant digits of a number without Monte Carlo error. */
const SIGNIFICANT = 5;
/** No number shows more significant digits than this, however small its error. */
const MOST_SIGNIFICANT = 8;

/** How a column stands: to the left or to the right. */
export type Align = 'left' | 'right';

/** Settings of `table`: `align` per column (the first left, others right), `width` in characters (80). */
export interface TableOptions {
  readonly align?: readonly Align[];
  readonly width?: number;
}

/**
 * A table as text: columns two spaces apart, one where that makes it fit, else in blocks that repeat the first column.
 * Lines carry no trailing space; the text does not end in a newline.
 * @param header the column names
 * @param rows each as long as the header
 */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): string {
  const width = options.width ?? 80;
  const lines = [header, ...rows];
  const widths = header.map((_, j) => Math.max(...lines.map((line) => length(line[j] ?? ''))));
  const block = (columns: readonly number[], gap: string): string =>
    lines
      .map((line) =>
        columns
          .map((j) => pad(line[j] ?? '', widths[j], options.align?.[j] ?? (j === 0 ? 'left' : 'right')))
          .join(gap)
          .trimEnd(),
      )
      .join('\n');
  const all = header.map((_, j) => j);
  const total = widths.reduce((sum, w) => sum + w, 0);
  if (total + 2 * (all.length - 1) <= width) return block(all, '  ');
  if (total + (all.length - 1) <= width) return block(all, ' ');
  return balanced(widths, width)
    .map((columns) => block(columns, '  '))
    .join('\n\n');
}

/** Blocks of about equal width: the narrowest page that needs no more of them. */
function balanced(widths: readonly number[], width: number): number[][] {
  let best = blocks(widths, width);
  for (let narrower = width - 1; narrower > 0; narrower--) {
    const candidate = blocks(widths, narrower);
    if (candidate.length > best.length) break;
    best = candidate;
  }
  return best;
}

/** Column numbers of each block, every block led by column 0. */
function blocks(widths: readonly number[], width: number): number[][] {
  const result: number[][] = [];
  let current = [0];
  let used = widths[0];
  for (let j = 1; j < widths.length; j++) {
    if (current.length > 1 && used + 2 + widths[j] > width) {
      result.push(current);
      current = [0];
      used = widths[0];
    }
    current.push(j);
    used += 2 + widths[j];
  }
  result.push(current);
  return result;
}

/** Length in characters, not in UTF-16 units. */
function length(text: string): number {
  return [...text].length;
}

function pad(text: string, width: number, align: Align): string {
  const space = ' '.repeat(Math.max(0, width - length(text)));
  return align === 'left' ? text + space : space + text;
}

/**
 * `value` with the digits that its Monte Carlo `error` supports: the last digit shown is about the size of the error.
 * 1.23456 with error 0.012 is '1.23', with 0.4 '1.2'; 2849 with 31 is '2850'. Error 0 (or NaN) gives 5 significant digits.
 */
export function digitsFor(value: number, error: number): string {
  if (!Number.isFinite(value) || value === 0)
    return formatNumber(value, value === 0 ? decimalsFor(error) : 0);
  const size = Math.floor(Math.log10(Math.abs(value)));
  const known = error > 0 && error < Number.POSITIVE_INFINITY;
  const wanted = known ? decimalsFor(error) : Math.max(0, SIGNIFICANT - 1 - size);
  const decimals = Math.min(wanted, Math.max(0, MOST_SIGNIFICANT - 1 - size));
  // Far from 1 the leading zeros, or the digits before the point, would say nothing.
  if (size < -5 && decimals > 6) return exponential(value, Math.max(0, size + decimals));
  if (size > 9) {
    const digits = known ? size + wanted : SIGNIFICANT - 1;
    return exponential(value, Math.max(0, Math.min(digits, MOST_SIGNIFICANT - 1)));
  }
  return formatNumber(value, decimals);
}

/** Decimals at which the last digit is about the size of `error`, below 0 from 10 on; 0 where it is 0, NaN or infinite. */
export function decimalsFor(error: number): number {
  if (!(error > 0) || error === Number.POSITIVE_INFINITY) return 0;
  // Never -0.
  return Math.min(15, 0 - Math.floor(Math.log10(error) + 1e-12));
}

/**
 * `value` with fixed decimals; -1 rounds to tens, -2 to hundreds. NaN is '-', infinities 'Inf' and '-Inf', and no zero has
 * a minus sign.
 */
export function formatNumber(value: number, decimals: number): string {
  if (Number.isNaN(value)) return '-';
  if (!Number.isFinite(value)) return value > 0 ? 'Inf' : '-Inf';
  if (Math.abs(value) >= 1e15) return exponential(value, SIGNIFICANT - 1);
  const unit = 10 ** Math.max(0, -decimals);
  const text = (Math.round(value / unit) * unit).toFixed(0);
  return decimals > 0 ? unsigned(value.toFixed(decimals)) : unsigned(text);
}

/** The same text without the minus sign of a zero. */
function unsigned(text: string): string {
  return /^-[0.]*$/.test(text) ? text.slice(1) : text;
}

/** 1.2346e-7, as R and JavaScript print it, without the plus of a positive exponent. */
function exponential(value: number, decimals: number): string {
  return value.toExponential(decimals).replace('e+', 'e');
}

/**
 * The cells of a column padded on the right, so that the decimal points of plain numbers stand below each other; a dash,
 * a word or a power of ten stays at the right edge.
 */
export function alignPoints(cells: readonly string[]): string[] {
  const plain = cells.map((cell) => /^-?\d+(\.\d+)?$/.test(cell));
  const tails = cells.map((cell, k) =>
    plain[k] && cell.includes('.') ? cell.length - cell.indexOf('.') : 0,
  );
  const longest = Math.max(0, ...tails);
  return cells.map((cell, k) => (plain[k] ? cell + ' '.repeat(longest - tails[k]) : cell));
}

/** Characters of a printed line. */
const LINE_WIDTH = 80;

/** `text` in lines of at most 80 characters, the first after `first`, the others after `rest`. */
export function wrap(text: string, first = '', rest = ''): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > LINE_WIDTH) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}

/**
 * `answer` with `text` for its toString(). Not enumerable: for every other purpose it is the plain object or the rows that it
 * was.
 */
export function printable<T extends object>(answer: T, text: () => string): T & { toString(): string } {
  return Object.defineProperty(answer, 'toString', { value: text, enumerable: false });
}
