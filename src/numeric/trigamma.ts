// The trigamma function, the second derivative of log Gamma.

/** psi'(x) for x > 0: upward recurrence to x >= 12, then the asymptotic series (Abramowitz and Stegun 6.4.12). */
export function trigamma(x: number): number {
  let shifted = x;
  let sum = 0;
  while (shifted < 12) {
    sum += 1 / (shifted * shifted);
    shifted++;
  }
  const q = 1 / (shifted * shifted);
  const series = q * (1 / 6 - q * (1 / 30 - q * (1 / 42 - q * (1 / 30 - q * (5 / 66 - (q * 691) / 2730)))));
  return sum + 1 / shifted + q / 2 + series / shifted;
}
