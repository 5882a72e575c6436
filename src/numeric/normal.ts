// The normal distribution where its tails matter: log Phi and the inverse Mills ratio.
import { erfc, ndtri } from '../../samplers/special.js';

export const LOG_SQRT_2PI: number = 0.5 * Math.log(2 * Math.PI);

/** log Phi(x), with relative accuracy in both tails. */
export function logNormalCdf(x: number): number {
  if (x > 0) return Math.log1p(-0.5 * erfc(x * Math.SQRT1_2));
  if (x > -5) return Math.log(0.5 * erfc(-x * Math.SQRT1_2));
  return -0.5 * x * x - LOG_SQRT_2PI - Math.log(-x + millsRest(-x));
}

/** phi(x) / Phi(x), the inverse Mills ratio. */
export function inverseMills(x: number): number {
  if (x > -5) return Math.exp(-0.5 * x * x - LOG_SQRT_2PI - logNormalCdf(x));
  return -x + millsRest(-x);
}

/** phi(x) / Phi(x) + x, without the cancellation of the two for large negative x. */
export function inverseMillsExcess(x: number): number {
  return x > -5 ? inverseMills(x) + x : millsRest(-x);
}

/** 1/(t + 2/(t + 3/(t + ...))), so that phi(t) / (1 - Phi(t)) = t + this (Laplace's continued fraction), t >= 5. */
function millsRest(t: number): number {
  let rest = 0;
  for (let k = 60; k >= 1; k--) rest = k / (t + rest);
  return rest;
}

/** The standard normal quantile. */
export function normalQuantile(p: number): number {
  return ndtri(p);
}
