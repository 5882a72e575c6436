// What no parameter moves: log factorials, and the log densities of saturated models (Loader 2000).
import { stirlingRest } from '../../numeric/stirling.js';

const LOG_2PI = Math.log(2 * Math.PI);

/** Factorials that a double holds exactly. */
const FACTORIALS: readonly number[] = exactFactorials(18);

function exactFactorials(largest: number): number[] {
  const factorials = [1];
  for (let k = 1; k <= largest; k++) factorials.push(factorials[k - 1] * k);
  return factorials;
}

/** log y! for a whole number y >= 0. */
export function logFactorial(y: number): number {
  if (y < FACTORIALS.length) return Math.log(FACTORIALS[y]);
  return y * Math.log(y) - y + 0.5 * (LOG_2PI + Math.log(y)) + stirlingRest(y);
}

/** log of the Poisson density at y with mean y: what the best mean leaves. */
export function saturatedPoisson(y: number): number {
  return y === 0 ? 0 : -0.5 * (LOG_2PI + Math.log(y)) - stirlingRest(y);
}

/** log of the binomial density at y of n with probability y / n. */
export function saturatedBinomial(y: number, n: number): number {
  const failures = n - y;
  if (y === 0 || failures === 0) return 0;
  const spread = -0.5 * (LOG_2PI + Math.log(y) + Math.log(failures / n));
  return spread + stirlingRest(n) - stirlingRest(y) - stirlingRest(failures);
}

/** log of the binomial coefficient (n choose y). */
export function logBinomialCoefficient(y: number, n: number): number {
  const fewer = Math.min(y, n - y);
  if (fewer === 0) return 0;
  const share = fewer / n;
  return saturatedBinomial(fewer, n) - fewer * Math.log(share) - (n - fewer) * Math.log1p(-share);
}
