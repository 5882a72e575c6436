// Conditional maximum likelihood of the fixed side of a Rasch model, given the score of every random unit.
import { invertSymmetric } from '../../numeric/cholesky.js';
import { type Evaluation, maximise } from '../../numeric/newton.js';
import { SymmetricSums } from '../../numeric/symmetric-sums.js';
import type { Pattern } from './responses.js';

/** Locations of the fixed side that add up to 0 (easiness of items, ability of persons), with their covariance (k x k). */
export interface Locations {
  readonly value: Float64Array;
  readonly covariance: Float64Array;
  readonly logLik: number;
  readonly converged: boolean;
}

/** Estimates with the first location at 0, moved so that they add up to 0; covariances follow. */
export function centred(
  free: Float64Array,
  covariance: Float64Array | undefined,
): Pick<Locations, 'value' | 'covariance'> {
  const q = free.length;
  const k = q + 1;
  const value = new Float64Array(k);
  value.set(free, 1);
  const mean = value.reduce((sum, b) => sum + b, 0) / k;
  const wide = new Float64Array(k * k).fill(covariance ? 0 : Number.NaN);
  if (covariance) {
    for (let a = 0; a < q; a++) for (let b = 0; b < q; b++) wide[(a + 1) * k + b + 1] = covariance[a * q + b];
  }
  return { value: value.map((b) => b - mean), covariance: centredCovariance(wide, k) };
}

/** Covariance of differences to the mean of all. */
export function centredCovariance(covariance: Float64Array, k: number): Float64Array {
  const rows = new Float64Array(k);
  let all = 0;
  for (let a = 0; a < k; a++) {
    for (let b = 0; b < k; b++) rows[a] += covariance[a * k + b] / k;
    all += rows[a] / k;
  }
  return covariance.map((c, at) => c - rows[Math.floor(at / k)] - rows[at % k] + all);
}

const units = new Map<number, Float64Array>();

/** Unit vectors, one after another. */
function identity(size: number): Float64Array {
  let matrix = units.get(size);
  if (!matrix) {
    matrix = new Float64Array(size * size);
    for (let a = 0; a < size; a++) matrix[a * size + a] = 1;
    units.set(size, matrix);
  }
  return matrix;
}

/** The chance that each unit of a pattern is right given the score, for every score 0..units. */
export function chancesGivenScore(pattern: Pattern, locations: Float64Array): Float64Array[] {
  const size = pattern.units.length;
  const sums = new SymmetricSums(size, size, false);
  pattern.units.forEach((j, a) => {
    sums.add(locations[j], identity(size), a * size);
  });
  return Array.from({ length: size + 1 }, (_, score) => sums.mean.slice(score * size, (score + 1) * size));
}

/**
 *
 * Source: Andersen (1970), JRSS B 32; (1972), JRSS B 34.
 * @param patterns informative ones, their groups by rising score; @param k the number of fixed units
 */
export function conditionalEstimates(patterns: readonly Pattern[], k: number): Locations {
  const reused = new Map<string, SymmetricSums>();
  const at = (free: Float64Array): Evaluation => {
    const q = k - 1;
    let value = 0;
    const gradient = new Float64Array(q);
    const hessian = new Float64Array(q * q);
    for (const { units, groups } of patterns) {
      const size = units.length;
      const [least, most] = [groups[0].score, groups[groups.length - 1].score];
      const key = `${size} ${most}`;
      const pattern = reused.get(key) ?? new SymmetricSums(most, size);
      reused.set(key, pattern);
      pattern.clear();
      units.forEach((j, a) => {
        pattern.add(j === 0 ? 0 : free[j - 1], identity(size), a * size, least - (size - 1 - a));
      });
      for (const { score, members, right } of groups) {
        const n = members.length;
        value -= n * pattern.logSum[score];
        units.forEach((j, a) => {
          if (j === 0) return;
          value += right[j] * free[j - 1];
          gradient[j - 1] += right[j] - n * pattern.mean[score * size + a];
          for (let b = 0; b <= a; b++) {
            const other = units[b];
            if (other === 0) continue;
            const minus = n * pattern.covariance[(score * size + a) * size + b];
            hessian[(j - 1) * q + other - 1] -= minus;
            if (b < a) hessian[(other - 1) * q + j - 1] -= minus;
          }
        });
      }
    }
    return { value, gradient, hessian };
  };
  const { point, evaluation, converged } = maximise(at, new Float64Array(k - 1));
  const covariance = invertSymmetric(
    evaluation.hessian.map((h) => -h),
    k - 1,
  );
  return {
    ...centred(point, covariance),
    logLik: evaluation.value,
    converged: converged && covariance !== undefined,
  };
}
