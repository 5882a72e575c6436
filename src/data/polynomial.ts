// Orthogonal polynomials in a column, as R's poly().
import { GlmmcError } from '../../samplers/errors.js';

/** The recurrence: `alpha` of each degree, and the squared norms of the monic polynomials of degree 0..k. */
export interface PolynomialBasis {
  readonly alpha: Float64Array;
  readonly norm2: Float64Array;
}

/**
 * Learns the basis of degree k from the values that are not missing
 * (three-term recurrence; Kennedy and Gentle 1980, pp. 343-4, the source R cites).
 * @throws GlmmcError `bad-poly` where there are not more than k distinct values
 */
export function learnPolynomial(x: Float64Array, k: number, name: string): PolynomialBasis {
  const distinct = new Set<number>();
  for (let i = 0; i < x.length && distinct.size <= k; i++) if (!Number.isNaN(x[i])) distinct.add(x[i]!);
  if (distinct.size <= k) {
    throw new GlmmcError(
      'bad-poly',
      `${name} needs more than ${k} distinct values, found ${distinct.size}; use a lower degree`,
    );
  }
  const alpha = new Float64Array(k);
  const norm2 = new Float64Array(k + 1);
  let before = new Float64Array(x.length);
  let current = new Float64Array(x.length).fill(1);
  for (let degree = 0; degree <= k; degree++) {
    let sum = 0;
    for (let i = 0; i < x.length; i++) if (!Number.isNaN(x[i])) sum += current[i]! * current[i]!;
    norm2[degree] = sum;
    if (degree === k) break;
    alpha[degree] = weightedMean(x, current, sum);
    [before, current] = [current, nextPolynomial(x, alpha, norm2, degree, before, current)];
  }
  return { alpha, norm2 };
}

/** Columns of degree 1..k at x, each of unit length over the data the basis was learnt from. */
export function polynomialColumns(x: Float64Array, basis: PolynomialBasis): Float64Array[] {
  const { alpha, norm2 } = basis;
  const columns: Float64Array[] = [];
  let before = new Float64Array(x.length);
  let current = new Float64Array(x.length).fill(1);
  for (let degree = 0; degree < alpha.length; degree++) {
    [before, current] = [current, nextPolynomial(x, alpha, norm2, degree, before, current)];
    const length = Math.sqrt(norm2[degree + 1]!);
    const column = new Float64Array(x.length);
    for (let i = 0; i < x.length; i++) column[i] = current[i]! / length;
    columns.push(column);
  }
  return columns;
}

/** sum x p^2 / sum p^2, in two passes so that a large mean of x costs no digits. */
function weightedMean(x: Float64Array, p: Float64Array, norm2: number): number {
  let first = 0;
  for (let i = 0; i < x.length; i++) if (!Number.isNaN(x[i])) first += x[i]! * p[i]! * p[i]!;
  const guess = first / norm2;
  let rest = 0;
  for (let i = 0; i < x.length; i++) if (!Number.isNaN(x[i])) rest += (x[i]! - guess) * p[i]! * p[i]!;
  return guess + rest / norm2;
}

function nextPolynomial(
  x: Float64Array,
  alpha: Float64Array,
  norm2: Float64Array,
  degree: number,
  before: Float64Array,
  current: Float64Array,
): Float64Array<ArrayBuffer> {
  const ratio = degree === 0 ? 0 : norm2[degree]! / norm2[degree - 1]!;
  const centre = alpha[degree]!;
  const next = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) next[i] = (x[i]! - centre) * current[i]! - ratio * before[i]!;
  return next;
}
