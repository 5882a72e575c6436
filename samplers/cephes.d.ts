// Types of the functions we use of cephes, whose own declarations its package.json "exports" hides.
declare module 'cephes' {
  /** Resolves when the functions may be called; see special.ts. */
  export const compiled: Promise<void>;
  /** Complementary error function. */
  export function erfc(x: number): number;
  /** Standard normal distribution function. */
  export function ndtr(x: number): number;
  /** Standard normal quantile. */
  export function ndtri(p: number): number;
  /** log |Gamma(x)| */
  export function lgam(x: number): number;
  /** Digamma. */
  export function psi(x: number): number;
  /** Regularised incomplete beta function I_x(a, b). */
  export function incbet(a: number, b: number, x: number): number;
  /** Inverse of `incbet` in x. */
  export function incbi(a: number, b: number, y: number): number;
  /** Upper tail of the chi-square distribution with df degrees of freedom. */
  export function chdtrc(df: number, x: number): number;
  /** Distribution function of Student's t with k degrees of freedom (k whole). */
  export function stdtr(k: number, t: number): number;
  /** Student's t quantile. */
  export function stdtri(k: number, p: number): number;
  /** Regularised lower incomplete gamma function. */
  export function igam(a: number, x: number): number;
  /** Regularised upper incomplete gamma function. */
  export function igamc(a: number, x: number): number;
}
