// Columns of a design matrix that are linear combinations of the columns before them.
import { GlmmcError } from '../../samplers/errors.js';
import { columnExtents } from './extent.js';

/** A column's part outside the earlier ones, relative to its length, below which R's lm drops it. */
const tolerance = 1e-7;

/** A dependent column and the earlier independent columns that make it up; none where it is all zero. */
export interface Dependence {
  readonly column: number;
  readonly on: readonly number[];
}

/**
 * @param extent of each column, at least the largest |x|
 * @param among which rows of the data these are, for the message
 * @throws GlmmcError `rank-deficient`, naming the dependent columns of row-major x (n x p)
 */
export function requireFullRank(
  x: Float64Array,
  n: number,
  names: readonly string[],
  extent: Float64Array,
  among = '',
): void {
  const dependences = dependentColumns(x, n, names.length, extent);
  if (dependences.length === 0) return;
  const quote = (j: number): string => `'${names[j]}'`;
  const clauses = dependences.map(({ column, on }) =>
    on.length === 0
      ? `${quote(column)} is zero in every row`
      : `${quote(column)} is a linear combination of ${on.map(quote).join(', ')}`,
  );
  const plural = dependences.length > 1;
  const far = dependences.flatMap(({ column, on }) =>
    isOffCentre(x, n, names.length, column, on) ? [column] : [],
  );
  const centre = far.map((j) => `center(${names[j]})`).join(', ');
  const advice =
    far.length === 0
      ? `leave ${plural ? 'these terms' : 'that term'} out of the formula`
      : `too far from 0 for its spread to be told from the intercept: write ${centre} in the formula, or subtract something near the mean`;
  throw new GlmmcError(
    'rank-deficient',
    `the columns of the design must be linearly independent${among && ` ${among}`}, but ${clauses.join('; ')}; ${advice}`,
  );
}

/** Whether a column that counts as a multiple of a constant one does vary, only far from 0. */
function isOffCentre(x: Float64Array, n: number, p: number, column: number, on: readonly number[]): boolean {
  if (on.length !== 1) return false;
  const varies = (j: number): boolean => {
    for (let i = 1; i < n; i++) if (x[i * p + j] !== x[j]) return true;
    return false;
  };
  return varies(column) && !varies(on[0]!);
}

/** In order of columns; a quick Cholesky settles the clear cases, an orthogonal reduction the others. */
export function dependentColumns(
  x: Float64Array,
  n: number,
  p: number,
  extent: Float64Array = columnExtents(x, n, p),
): Dependence[] {
  if (p === 0 || isClearlyFullRank(x, n, p, extent)) return [];
  return orderedDependences(triangle(x, n, p, columnLengths(x, n, p)), p);
}

/** Largest absolute values first, so that the squares neither overflow nor vanish. */
function columnLengths(x: Float64Array, n: number, p: number): Float64Array {
  const largest = columnExtents(x, n, p);
  const squares = new Float64Array(p);
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < p; j++, at++) {
      const scaled = largest[j]! > 0 ? x[at]! / largest[j]! : 0;
      squares[j]! += scaled * scaled;
    }
  }
  return largest.map((size, j) => size * Math.sqrt(squares[j]!));
}

/** Of more rows than this, about so many are looked at first. */
const SOME_ROWS = 4_096;

/**
 * What lies outside the earlier columns can only grow with the rows: where some of them show enough of it, beside the
 * most that the columns' lengths over all rows can be, the others need not be multiplied out.
 */
function isClearlyFullRank(x: Float64Array, n: number, p: number, extent: Float64Array): boolean {
  if (n > 4 * SOME_ROWS) {
    const some = crossProducts(x, n, p, Math.floor(n / SOME_ROWS));
    const most = extent.map((size) => n * size * size);
    if (hasClearPivots(some, p, most)) return true;
  }
  const gram = crossProducts(x, n, p, 1);
  return hasClearPivots(
    gram,
    p,
    Float64Array.from({ length: p }, (_, j) => gram[j * p + j]!),
  );
}

/**
 * Whether the pivots of X'X (overwritten), which are the squared parts outside the earlier columns, are clearly above 0
 * beside the columns' squared lengths. With columns scaled to unit length they are good to about 1e-14.
 */
function hasClearPivots(gram: Float64Array, p: number, squares: Float64Array): boolean {
  const length = Array.from({ length: p }, (_, j) => Math.sqrt(gram[j * p + j]!));
  for (let j = 0; j < p; j++) {
    const least = (1e-8 * squares[j]!) / gram[j * p + j]!;
    for (let k = 0; k <= j; k++) {
      let sum = gram[j * p + k]! / length[j]! / length[k]!;
      for (let l = 0; l < k; l++) sum -= gram[j * p + l]! * gram[k * p + l]!;
      if (k < j) gram[j * p + k] = sum / gram[k * p + k]!;
      // Written so that NaN, from a zero column or an overflow, is not clear.
      else if (!(sum > least)) return false;
      else gram[j * p + j] = Math.sqrt(sum);
    }
  }
  return true;
}

/** Lower triangle of X'X over every `stride`-th row. */
function crossProducts(x: Float64Array, n: number, p: number, stride: number): Float64Array {
  const gram = new Float64Array(p * p);
  for (let i = 0; i < n; i += stride) {
    const at = i * p;
    for (let j = 0; j < p; j++) {
      const value = x[at + j]!;
      if (value !== 0) for (let k = 0; k <= j; k++) gram[j * p + k]! += value * x[at + k]!;
    }
  }
  return gram;
}

/** R of the QR decomposition of the scaled columns, column-major p x p: Householder, block of rows by block. */
function triangle(x: Float64Array, n: number, p: number, length: Float64Array): Float64Array {
  const blockRows = 256;
  const r = new Float64Array(p * p);
  const block = new Float64Array(blockRows * p);
  for (let start = 0; start < n; start += blockRows) {
    const rows = Math.min(blockRows, n - start);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < p; j++) {
        const value = x[(start + i) * p + j]!;
        block[j * blockRows + i] = length[j]! > 0 ? value / length[j]! : 0;
      }
    }
    for (let j = 0; j < p; j++) reflect(r, block, p, blockRows, rows, j);
  }
  return r;
}

/** One reflection, which zeroes column j of the block into the diagonal of R. */
function reflect(
  r: Float64Array,
  block: Float64Array,
  p: number,
  stride: number,
  rows: number,
  j: number,
): void {
  const own = j * stride;
  let squares = 0;
  for (let i = 0; i < rows; i++) squares += block[own + i]! ** 2;
  if (squares === 0) return;
  const diagonal = r[j * p + j]!;
  const head = diagonal + (diagonal < 0 ? -1 : 1) * Math.sqrt(diagonal * diagonal + squares);
  const factor = 2 / (head * head + squares);
  for (let k = j; k < p; k++) {
    const other = k * stride;
    let dot = head * r[k * p + j]!;
    for (let i = 0; i < rows; i++) dot += block[own + i]! * block[other + i]!;
    dot *= factor;
    r[k * p + j]! -= dot * head;
    // Column j itself is the reflection's vector: it is used up, not updated.
    if (k > j) for (let i = 0; i < rows; i++) block[other + i]! -= dot * block[own + i]!;
  }
}

/** Gram-Schmidt, twice, over the columns of R (each of length 1 or 0) in their order. */
function orderedDependences(r: Float64Array, p: number): Dependence[] {
  const basis: Float64Array[] = [];
  const independent: number[] = [];
  // coordinates[k]: column independent[k] in terms of the basis.
  const coordinates: number[][] = [];
  const found: Dependence[] = [];
  for (let j = 0; j < p; j++) {
    const rest = r.slice(j * p, (j + 1) * p);
    const inBasis = basis.map(() => 0);
    for (let pass = 0; pass < 2; pass++) {
      basis.forEach((q, k) => {
        const dot = q.reduce((sum, value, i) => sum + value * rest[i]!, 0);
        inBasis[k]! += dot;
        for (let i = 0; i < p; i++) rest[i]! -= dot * q[i]!;
      });
    }
    const size = Math.hypot(...rest);
    if (size >= tolerance) {
      basis.push(rest.map((value) => value / size));
      coordinates.push([...inBasis, size]);
      independent.push(j);
    } else {
      const weights = backSubstitute(coordinates, inBasis);
      found.push({ column: j, on: independent.filter((_, k) => Math.abs(weights[k]!) > 1e-6) });
    }
  }
  return found;
}

function backSubstitute(columns: readonly (readonly number[])[], target: readonly number[]): number[] {
  const weights = [...target];
  for (let k = columns.length - 1; k >= 0; k--) {
    weights[k]! /= columns[k]![k]!;
    for (let l = 0; l < k; l++) weights[l]! -= weights[k]! * columns[k]![l]!;
  }
  return weights;
}
