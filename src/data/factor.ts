// Categorical values: codes into an ordered list of levels.
import { GlmmcError } from '../../samplers/errors.js';
import { labelText } from './number-text.js';

/** `codes[i]` indexes `levels`; -1 is missing. */
export interface Factor {
  readonly codes: Int32Array;
  readonly levels: readonly string[];
}

/** The label of one categorical value, as R prints it: TRUE, FALSE, numbers in full. */
export function valueLabel(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  return typeof value === 'number' ? labelText(value) : value;
}

/** Order by code point (JavaScript's own order is by UTF-16 unit). */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] !== b[i]) {
      // Where the units differ inside a surrogate pair, its code point starts one unit earlier or here.
      return pointAt(a, i) - pointAt(b, i);
    }
  }
  return a.length - b.length;
}

function pointAt(text: string, i: number): number {
  const unit = text.charCodeAt(i);
  if (unit >= 0xdc00 && unit <= 0xdfff && i > 0) return text.codePointAt(i - 1)!;
  return text.codePointAt(i)!;
}

/** Numbers as categories in numeric order, NaN missing; numbers with the same label are one level. */
export function factorOfNumbers(values: ArrayLike<number>): Factor {
  const n = values.length;
  const first = new Map<number, number>();
  const codes = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    // Rows mostly come cluster by cluster.
    if (i > 0 && value === values[i - 1]) {
      codes[i] = codes[i - 1]!;
      continue;
    }
    if (Number.isNaN(value)) {
      codes[i] = -1;
      continue;
    }
    let code = first.get(value);
    if (code === undefined) {
      code = first.size;
      first.set(value, code);
    }
    codes[i] = code;
  }
  const found = [...first.keys()];
  const order = found.map((_, code) => code).sort((a, b) => found[a]! - found[b]!);
  const levels: string[] = [];
  const rank = new Int32Array(found.length);
  for (const code of order) {
    const label = labelText(found[code]!);
    // Neighbours that agree to 15 digits print alike, and are one level, as in R.
    if (levels[levels.length - 1] !== label) levels.push(label);
    rank[code] = levels.length - 1;
  }
  return { codes: recode(codes, rank), levels };
}

/** Labels as categories in code-point order, null missing. */
export function factorOfLabels(labels: readonly (string | null)[]): Factor {
  const first = new Map<string, number>();
  const codes = new Int32Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label === null) {
      codes[i] = -1;
      continue;
    }
    let code = first.get(label);
    if (code === undefined) {
      code = first.size;
      first.set(label, code);
    }
    codes[i] = code;
  }
  const found = [...first.keys()];
  const levels = found.toSorted(byCodePoint);
  const place = new Map(levels.map((level, k) => [level, k]));
  return {
    codes: recode(
      codes,
      Int32Array.from(found, (label) => place.get(label)!),
    ),
    levels,
  };
}

/** The factor with the levels that occur among `rows` alone, in the order of `order` where given. */
export function keepLevels(factor: Factor, rows: Int32Array, order?: readonly string[]): Factor {
  const present = new Uint8Array(factor.levels.length);
  for (let i = 0; i < rows.length; i++) {
    const code = factor.codes[rows[i]!]!;
    if (code >= 0) present[code] = 1;
  }
  const kept = factor.levels.filter((_, code) => present[code] === 1);
  const levels = order === undefined ? kept : order.filter((level) => kept.includes(level));
  return matchLevels(factor, levels);
}

/** The factor recoded to other levels; what is not among them becomes missing. */
export function matchLevels(factor: Factor, levels: readonly string[]): Factor {
  const place = new Map(levels.map((level, k) => [level, k]));
  const rank = Int32Array.from(factor.levels, (level) => place.get(level) ?? -1);
  return { codes: recode(factor.codes, rank), levels };
}

/**
 * The order asked for by the option `levels`, as labels.
 * @throws GlmmcError `bad-levels` where a level repeats or one in the data (`found`) is not listed
 */
export function levelOrder(
  column: string,
  asked: readonly (string | number | boolean)[],
  found: readonly string[],
): string[] {
  const order = asked.map(valueLabel);
  const repeated = order.find((level, k) => order.indexOf(level) !== k);
  if (repeated !== undefined) {
    throw new GlmmcError('bad-levels', `levels of '${column}': '${repeated}' is listed twice`);
  }
  const unlisted = found.find((level) => !order.includes(level));
  if (unlisted !== undefined) {
    throw new GlmmcError(
      'bad-levels',
      `levels of '${column}' must list every level in the data: '${unlisted}' is not among ${order.join(', ')}`,
    );
  }
  return order;
}

function recode(codes: Int32Array, rank: Int32Array): Int32Array {
  const result = new Int32Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    result[i] = code < 0 ? -1 : rank[code]!;
  }
  return result;
}
