// Covariances for proposals: reading what people give, and the triangular factor that turns noise into steps.
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { GlmmcError } from './errors.js';

/** A covariance as rows, as a flat row-major array, or as anything with ml-matrix's `to2DArray`. */
export type Covariance =
  | readonly ArrayLike<number>[]
  | Float64Array
  | readonly number[]
  | {
      /** The rows. */
      to2DArray(): number[][];
    };

/**
 * The lower triangular L with L L' = covariance, row-major d x d.
 * @throws GlmmcError `bad-option` where the covariance has another size, is not symmetric or not positive definite
 */
export function lowerFactor(owner: string, covariance: Covariance, dimension: number): Float64Array {
  const rows = readRows(owner, covariance, dimension);
  const matrix = new Matrix(rows);
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j < i; j++) {
      // ml-matrix refuses an asymmetry of one rounding error, people's matrices have a few.
      const size = Math.sqrt(Math.abs(rows[i][i] * rows[j][j]));
      if (!(Math.abs(rows[i][j] - rows[j][i]) <= 1e-10 * size)) throw refusal(owner, 'is not symmetric');
      const both = (rows[i][j] + rows[j][i]) / 2;
      matrix.set(i, j, both).set(j, i, both);
    }
  }
  // A singular matrix passes ml-matrix's own test now and then, with a zero or NaN on the diagonal of L.
  const decomposition = new CholeskyDecomposition(matrix);
  const lower = decomposition.lowerTriangularMatrix;
  const sound = lower.diagonal().every((x, i) => x > 1e-8 * Math.sqrt(rows[i][i]));
  if (!decomposition.isPositiveDefinite() || !sound) throw refusal(owner, 'is not positive definite');
  return Float64Array.from(lower.to1DArray());
}

function refusal(owner: string, reason: string): GlmmcError {
  return new GlmmcError(
    'bad-option',
    `${owner}: covariance must be a symmetric positive definite matrix, but it ${reason}`,
  );
}

function readRows(owner: string, covariance: Covariance, d: number): number[][] {
  let rows: number[][];
  if ('to2DArray' in covariance) rows = covariance.to2DArray();
  else if (isFlat(covariance)) {
    const flat = covariance;
    rows =
      flat.length === d * d
        ? Array.from({ length: d }, (_, i) => Array.from(flat.slice(i * d, (i + 1) * d)))
        : [];
  } else rows = Array.from(covariance, (row) => Array.from(row));
  if (rows.length !== d || rows.some((row) => row.length !== d || !row.every(Number.isFinite))) {
    throw new GlmmcError(
      'bad-option',
      `${owner}: covariance must be a ${d} x ${d} matrix of finite numbers (rows, or flat row-major)`,
    );
  }
  return rows;
}

function isFlat(
  value: readonly ArrayLike<number>[] | Float64Array | readonly number[],
): value is Float64Array | readonly number[] {
  return typeof value[0] === 'number';
}

/** out = shift + scale L z for lower triangular L, without allocation. `out` may be neither `shift` nor `z`. */
export function affine(
  shift: Float64Array,
  lower: Float64Array,
  z: Float64Array,
  scale: number,
  out: Float64Array,
): void {
  const d = z.length;
  for (let i = 0; i < d; i++) {
    let sum = 0;
    for (let j = 0; j <= i; j++) sum += lower[i * d + j] * z[j];
    out[i] = shift[i] + scale * sum;
  }
}

/** The squared length of L^-1 (x - mean), by forward substitution into `work`. */
export function mahalanobis(
  x: Float64Array,
  mean: Float64Array,
  lower: Float64Array,
  work: Float64Array,
): number {
  const d = x.length;
  let total = 0;
  for (let i = 0; i < d; i++) {
    let rest = x[i] - mean[i];
    for (let j = 0; j < i; j++) rest -= lower[i * d + j] * work[j];
    work[i] = rest / lower[i * d + i];
    total += work[i] * work[i];
  }
  return total;
}
