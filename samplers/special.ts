// Special functions of cephes, ready to call: compiled before the first call, and silent where the answer underflows.
import * as cephes from 'cephes';

// Its module form compiles WebAssembly in the background; without this the first call fails.
await cephes.compiled;
// That promise resolves while Node drains V8's background tasks, and what follows it would run inside that drain: a
// compile job that then needs a garbage collection waits for the main thread, which waits for the job, for ever
// (nodejs/node issue 54918: one run in twelve hung on a busy machine). A timer goes on from the event loop instead.
await new Promise<void>((resolve) => setTimeout(resolve, 0));

export { incbet, incbi, lgam, ndtr, ndtri, psi, stdtr, stdtri } from 'cephes';

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

/** Upper tail of Snedecor's F with (df1, df2) degrees of freedom, through the incomplete beta function. */
export function fdtrc(df1: number, df2: number, x: number): number {
  if (!(x > 0)) return Number.isNaN(x) ? x : 1;
  return cephes.incbet(df2 / 2, df1 / 2, df2 / (df2 + df1 * x));
}
