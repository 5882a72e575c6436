// Special functions of cephes, ready to call: compiled before the first call, and silent where the answer underflows.
import * as cephes from 'cephes';

// Its module form compiles WebAssembly in the background; without this the first call fails.
await cephes.compiled;

export { incbi, lgam, ndtr, ndtri, psi, stdtri } from 'cephes';

/** Complementary error function; cephes throws where it underflows. */
export function erfc(x: number): number {
  return x > 26.5 ? 0 : cephes.erfc(x);
}

/** Upper tail of chi-square with df degrees of freedom; cephes throws where it underflows. */
export function chdtrc(df: number, x: number): number {
  if (!(x > 0)) return Number.isNaN(x) ? x : 1;
  const a = df / 2;
  const logTerm = a * Math.log(x / 2) - x / 2 - cephes.lgam(a);
  if (logTerm < -700) return x > df ? 0 : 1;
  return cephes.chdtrc(df, x);
}
