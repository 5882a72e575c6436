// Population means of many linear predictors at once, by a polynomial through few of them.
import type { PopulationMeans } from '../../likelihood/population-mean.js';

/** Degrees tried before the means are worked out one by one. */
const DEGREES: readonly number[] = [8, 16, 32, 64];
/** Largest coefficient of the last quarter that ends the search, on the scale of the link. */
const SMALL = 1e-8;

/**
 * g(E[g^-1(eta + eps)]) - eta, g the link, as a Chebyshev series on [low, high], g the link: bounded and smooth where the mean itself may run
 * over many orders of magnitude. Undefined where so few terms do not do, or some mean is at an end of its range.
 *
 * Source: Trefethen (2013), Approximation Theory and Approximation Practice, chapters 3 and 8.
 * @returns the mean on the scale of the link as a function of eta in [low, high]
 */
export function tabulatedMeans(
  means: PopulationMeans,
  low: number,
  high: number,
): ((eta: number) => number) | undefined {
  const middle = 0.5 * (low + high);
  const half = 0.5 * (high - low) || 1;
  for (const degree of DEGREES) {
    const points = Array.from({ length: degree + 1 }, (_, k) => Math.cos((Math.PI * k) / degree));
    const values = points.map((x) => {
      const eta = middle + half * x;
      return means.predictorAt(eta).value - eta;
    });
    if (!values.every(Number.isFinite)) return undefined;
    const coefficients = chebyshevCoefficients(values);
    const last = coefficients.slice(Math.floor(0.75 * degree));
    if (last.every((c) => Math.abs(c) < SMALL)) {
      return (eta) => eta + clenshaw(coefficients, (eta - middle) / half);
    }
  }
  return undefined;
}

/** Of the polynomial through values at cos(pi k / n), k = 0..n. */
function chebyshevCoefficients(values: readonly number[]): Float64Array {
  const n = values.length - 1;
  return Float64Array.from({ length: n + 1 }, (_, j) => {
    let sum = 0;
    for (let k = 0; k <= n; k++) {
      const end = k === 0 || k === n ? 0.5 : 1;
      sum += end * values[k] * Math.cos((Math.PI * j * k) / n);
    }
    return ((j === 0 || j === n ? 1 : 2) * sum) / n;
  });
}

function clenshaw(coefficients: Float64Array, x: number): number {
  let b1 = 0;
  let b2 = 0;
  for (let j = coefficients.length - 1; j > 0; j--) {
    const b = coefficients[j] + 2 * x * b1 - b2;
    b2 = b1;
    b1 = b;
  }
  return coefficients[0] + x * b1 - b2;
}
