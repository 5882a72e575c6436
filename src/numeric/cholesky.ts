// Cholesky factors of small symmetric matrices in typed arrays (row-major, q x q), without allocation.

/**
 * Replaces the lower triangle of `a` by its Cholesky factor L, A = L L'; the upper triangle is not read.
 * Returns false, leaving `a` partly overwritten, where A is not positive definite.
 */
export function choleskyInPlace(a: Float64Array, q: number): boolean {
  for (let j = 0; j < q; j++) {
    let pivot = a[j * q + j];
    for (let k = 0; k < j; k++) pivot -= a[j * q + k] * a[j * q + k];
    if (!(pivot > 0) || pivot === Number.POSITIVE_INFINITY) return false;
    const root = Math.sqrt(pivot);
    a[j * q + j] = root;
    for (let i = j + 1; i < q; i++) {
      let sum = a[i * q + j];
      for (let k = 0; k < j; k++) sum -= a[i * q + k] * a[j * q + k];
      a[i * q + j] = sum / root;
    }
  }
  return true;
}

/** Solves L x = b in place. */
export function forwardSolve(factor: Float64Array, q: number, b: Float64Array): void {
  for (let i = 0; i < q; i++) {
    let sum = b[i];
    for (let k = 0; k < i; k++) sum -= factor[i * q + k] * b[k];
    b[i] = sum / factor[i * q + i];
  }
}

/** Solves L' x = b in place. */
export function backwardSolve(factor: Float64Array, q: number, b: Float64Array): void {
  for (let i = q - 1; i >= 0; i--) {
    let sum = b[i];
    for (let k = i + 1; k < q; k++) sum -= factor[k * q + i] * b[k];
    b[i] = sum / factor[i * q + i];
  }
}

/** Solves L L' x = b in place. */
export function choleskySolve(factor: Float64Array, q: number, b: Float64Array): void {
  forwardSolve(factor, q, b);
  backwardSolve(factor, q, b);
}

/** A pivot of a matrix with unit diagonal below this is its rounding. */
const ROUNDING = 1e-14;

/** The inverse of a symmetric positive definite matrix, or undefined where it is not positive definite beyond rounding. */
export function invertSymmetric(a: Float64Array, q: number): Float64Array | undefined {
  // Unit diagonal first, so that columns on very different scales cost no digits.
  const scale = Float64Array.from({ length: q }, (_, i) => 1 / Math.sqrt(a[i * q + i]));
  const factor = Float64Array.from(a, (value, k) => value * scale[Math.floor(k / q)] * scale[k % q]);
  if (!choleskyInPlace(factor, q)) return undefined;
  for (let i = 0; i < q; i++) if (factor[i * q + i] ** 2 < ROUNDING) return undefined;
  const inverse = new Float64Array(q * q);
  const column = new Float64Array(q);
  for (let j = 0; j < q; j++) {
    column.fill(0);
    column[j] = 1;
    choleskySolve(factor, q, column);
    for (let i = 0; i < q; i++) inverse[i * q + j] = column[i] * scale[i] * scale[j];
  }
  return inverse;
}

/** Copies the lower triangle of a q x q matrix to the upper one. */
export function mirror(a: Float64Array, q: number): void {
  for (let i = 0; i < q; i++) for (let j = 0; j < i; j++) a[j * q + i] = a[i * q + j];
}
