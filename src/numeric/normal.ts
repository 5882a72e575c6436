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

/** q^2 + m q - 1 of m = phi(x) / Phi(x), q = m + x: the third derivative of log Phi over m, about 2 / x^4 far out. */
export function inverseMillsBend(x: number): number {
  if (x > -2) {
    const m = inverseMills(x);
    const q = m + x;
    return q * q + m * q - 1;
  }
  // With q = 1/(t + r2), r2 = 2/(t + r3), ... all that cancels can be taken out.
  const t = -x;
  const r5 = continuedFraction(t, 5);
  const r4 = 4 / (t + r5);
  const r3 = 3 / (t + r4);
  const q = 1 / (t + 2 / (t + r3));
  return (2 * q * q * (t + 3 * r3 - 2 * r4)) / ((t + r3) ** 2 * (t + r4));
}

/** 1/(t + 2/(t + 3/(t + ...))), so that phi(t) / (1 - Phi(t)) = t + this (Laplace's continued fraction). */
function millsRest(t: number): number {
  return continuedFraction(t, 1);
}

/** k/(t + (k+1)/(t + (k+2)/(t + ...))), to the last bits for t >= 2. */
function continuedFraction(t: number, first: number): number {
  let rest = 0;
  for (let k = t < 5 ? 200 : 60; k >= first; k--) rest = k / (t + rest);
  return rest;
}

/** The standard normal quantile. */
export function normalQuantile(p: number): number {
  // cephes throws at both ends.
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p === 1) return Number.POSITIVE_INFINITY;
  return ndtri(p);
}
