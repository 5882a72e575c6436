// Quantiles of Student's t where they have a closed form.

/**
 * The quantile at 0 < p < 1 of Student's t with 1, 2 or 4 degrees of freedom. Near either end it is the tail that is
 * computed, without cancellation. p = 0 or 1 is taken for the nearest number inside.
 * Source: Shaw (2006), Sampling Student's T distribution, section 2.2.
 */
export function tQuantile(p: number, df: 1 | 2 | 4): number {
  const side = p < 0.5 ? -1 : 1;
  const tail = Math.max(side < 0 ? p : 1 - p, SMALLEST_TAIL);
  if (df === 1) return side / Math.tan(Math.PI * tail);
  const alpha = 4 * tail * (1 - tail);
  if (df === 2) return (side * (1 - 2 * tail) * Math.SQRT2) / Math.sqrt(alpha);
  const root = Math.sqrt(alpha);
  // cos(a / 3) / cos(a) - 1, a = acos(root), as a product: near the median the difference would cancel.
  const a = Math.atan2(1 - 2 * tail, root);
  return side * 2 * Math.sqrt((2 * Math.sin((2 * a) / 3) * Math.sin(a / 3)) / root);
}

const SMALLEST_TAIL = 2 ** -54;
