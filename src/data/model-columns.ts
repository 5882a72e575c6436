// The columns of the design matrix: which levels of which factors each stands for, as R's model.matrix decides.

import { GlmmcError } from '../../samplers/errors.js';
import { sharedNumbers } from '../numeric/shared-arrays.js';
import type { Term } from './terms.js';
import type { Variable } from './variables.js';

/** What a column multiplies: numbers, or the indicator of one level. */
type Part = { readonly values: Float64Array } | { readonly codes: Int32Array; readonly level: number };

export interface ModelColumn {
  readonly name: string;
  /** The product of these; none for the intercept. */
  readonly parts: readonly Part[];
}

/**
 * Treatment contrasts, or an indicator for every level where a factor's margin is not in the model
 * (R's rule, `TermCode` and `modelmatrix` in R's src/library/stats/src/model.c).
 * @throws GlmmcError `one-level` where contrasts of a single level are asked for
 */
export function modelColumns(
  variables: readonly Variable[],
  terms: readonly Term[],
  intercept: boolean,
): ModelColumn[] {
  const columns: ModelColumn[] = intercept ? [{ name: '(Intercept)', parts: [] }] : [];
  // Without an intercept the first factor of the first term that has one takes its place.
  const first = intercept ? -1 : terms.findIndex((term) => term.some((v) => variables[v]!.kind === 'factor'));
  terms.forEach((term, t) => {
    let substitute = t === first;
    let products: ModelColumn[] = [{ name: '', parts: [] }];
    for (const v of term) {
      const variable = variables[v]!;
      const full = variable.kind === 'factor' && (substitute || !hasMargin(terms, t, v));
      if (variable.kind === 'factor') substitute = false;
      const coded = codeVariable(variable, full);
      // The first variable of a term runs fastest.
      products = coded.flatMap((right) => products.map((left) => multiply(left, right)));
    }
    columns.push(...products);
  });
  return columns;
}

/** The term without `v` is empty or part of an earlier term. */
function hasMargin(terms: readonly Term[], t: number, v: number): boolean {
  const rest = terms[t]!.filter((other) => other !== v);
  return rest.length === 0 || terms.slice(0, t).some((term) => rest.every((other) => term.includes(other)));
}

function codeVariable(variable: Variable, full: boolean): ModelColumn[] {
  if (variable.kind === 'numbers') {
    return variable.values.map((values, j) => ({ name: variable.names[j]!, parts: [{ values }] }));
  }
  const { codes, levels } = variable.factor;
  if (!full && levels.length < 2) {
    throw new GlmmcError(
      'one-level',
      `${variable.name} must have at least two levels in the rows kept, found '${levels[0]}' alone; leave it out`,
    );
  }
  return levels
    .map((level, k) => ({ name: `${variable.name}${level}`, parts: [{ codes, level: k }] }))
    .slice(full ? 0 : 1);
}

function multiply(left: ModelColumn, right: ModelColumn): ModelColumn {
  return {
    name: left.parts.length === 0 ? right.name : `${left.name}:${right.name}`,
    parts: [...left.parts, ...right.parts],
  };
}

/** The columns at the rows given, as one row-major matrix; a missing category gives NaN. */
export function fillMatrix(columns: readonly ModelColumn[], rows: Int32Array): Float64Array {
  const p = columns.length;
  const x = sharedNumbers(rows.length * p);
  // A block of rows at a time, so that its part of the matrix stays near while column after column is filled in.
  for (let from = 0; from < rows.length; from += BLOCK) {
    const block = rows.subarray(from, from + BLOCK);
    const into = x.subarray(from * p, (from + block.length) * p);
    columns.forEach(({ parts }, j) => {
      const [first, ...rest] = parts;
      if (first && 'values' in first) writeNumbers(into, j, p, first.values, block);
      else writeOnes(into, j, p);
      for (const part of first && 'values' in first ? rest : parts) {
        if ('values' in part) multiplyNumbers(into, j, p, part.values, block);
        else multiplyIndicator(into, j, p, part.codes, part.level, block);
      }
    });
  }
  return x;
}

const BLOCK = 512;

function writeOnes(x: Float64Array, j: number, p: number): void {
  for (let at = j; at < x.length; at += p) x[at] = 1;
}

function writeNumbers(x: Float64Array, j: number, p: number, values: Float64Array, rows: Int32Array): void {
  for (let i = 0, at = j; i < rows.length; i++, at += p) x[at] = values[rows[i]!]!;
}

function multiplyNumbers(
  x: Float64Array,
  j: number,
  p: number,
  values: Float64Array,
  rows: Int32Array,
): void {
  for (let i = 0, at = j; i < rows.length; i++, at += p) x[at]! *= values[rows[i]!]!;
}

function multiplyIndicator(
  x: Float64Array,
  j: number,
  p: number,
  codes: Int32Array,
  level: number,
  rows: Int32Array,
): void {
  for (let i = 0, at = j; i < rows.length; i++, at += p) {
    const code = codes[rows[i]!]!;
    if (code === level) continue;
    // Not 0 times what is there: that would give -0, or NaN for NaN in another column of the same row.
    x[at] = code < 0 || Number.isNaN(x[at]!) ? Number.NaN : 0;
  }
}
