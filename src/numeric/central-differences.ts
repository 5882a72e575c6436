// Derivatives by central differences of high order, for functions given by their values alone.

/** First three derivatives of f at x from seven points h apart; errors of order h^6, h^6 and h^4. */
export function centralDerivatives(
  f: (x: number) => number,
  x: number,
  h: number,
): readonly [number, number, number] {
  const [f0, f1, g1, f2, g2, f3, g3] = [0, h, -h, 2 * h, -2 * h, 3 * h, -3 * h].map((d) => f(x + d));
  return [
    (45 * (f1 - g1) - 9 * (f2 - g2) + (f3 - g3)) / (60 * h),
    (270 * (f1 + g1) - 27 * (f2 + g2) + 2 * (f3 + g3) - 490 * f0) / (180 * h * h),
    (-13 * (f1 - g1) + 8 * (f2 - g2) - (f3 - g3)) / (8 * h * h * h),
  ];
}
