// Powers and tanh with the same bits on every engine measured: versions of V8 differ in Math.pow, ** and Math.tanh.

/**
 * x^a for x >= 0, within some |a log x| units in the last place. Math.pow, and `**` with it, differs in one value in ten
 * between Node 20 and Chromium 150; Math.exp and Math.log do not. Squares by `** 2` are exact everywhere.
 */
export function power(x: number, a: number): number {
  return Math.exp(a * Math.log(x));
}

/** x^n for whole n, by repeated squaring. */
export function wholePower(x: number, n: number): number {
  let result = 1;
  for (let left = Math.abs(n), square = x; left > 0; left = Math.floor(left / 2), square *= square) {
    if (left % 2 === 1) result *= square;
  }
  return n < 0 ? 1 / result : result;
}

/** Hyperbolic tangent, through expm1. */
export function tanh(x: number): number {
  if (x > 20) return 1;
  if (x < -20) return -1;
  const growth = Math.expm1(2 * x);
  return growth / (growth + 2);
}
