// The coefficients c with X c = 1, along which the intercepts' mean and the coefficients are exchangeable.
import { choleskyInPlace, choleskySolve } from '../numeric/cholesky.js';
import type { Model } from './model.js';

/**
 * c (length p) with X c = 1 in every row, using only the coefficients `free` (indices); undefined where 1 is not in
 * their span. With an intercept c is its unit vector; with a full set of item or group dummies, ones.
 */
export function constantDirection(model: Model, free: readonly number[]): Float64Array | undefined {
  const { x, rows, columns } = model.clusters;
  const q = free.length;
  if (q === 0) return undefined;
  const matrix = new Float64Array(q * q);
  const solution = new Float64Array(q);
  for (let r = 0; r < rows; r++) {
    for (let a = 0; a < q; a++) {
      const xa = x[r * columns + free[a]];
      solution[a] += xa;
      for (let b = 0; b <= a; b++) matrix[a * q + b] += xa * x[r * columns + free[b]];
    }
  }
  if (!choleskyInPlace(matrix, q)) return undefined;
  choleskySolve(matrix, q, solution);
  for (let r = 0; r < rows; r++) {
    let sum = 0;
    for (let a = 0; a < q; a++) sum += x[r * columns + free[a]] * solution[a];
    if (Math.abs(sum - 1) > 1e-8) return undefined;
  }
  const direction = new Float64Array(columns);
  free.forEach((j, a) => {
    // Exact where the truth is a whole number, as with an intercept or dummies.
    const whole = Math.round(solution[a]);
    direction[j] = Math.abs(solution[a] - whole) < 1e-8 ? whole : solution[a];
  });
  return direction;
}
