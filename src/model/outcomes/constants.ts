// Normalising constants that no parameter moves.
import { lgam } from '../../../samplers/special.js';

/** log n! */
export function logFactorial(n: number): number {
  return lgam(n + 1);
}

/** log of the binomial coefficient (n choose y). */
export function logBinomialCoefficient(y: number, n: number): number {
  return y === 0 || y === n ? 0 : lgam(n + 1) - lgam(y + 1) - lgam(n - y + 1);
}
