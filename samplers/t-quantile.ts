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
  const sine = 2 * p - 1;
  if (Math.abs(sine) < CENTRAL) {
    // F(t) = 1/2 + w (3 - w^2) / 4 with w = t / sqrt(4 + t^2), where sin 3a = 3 sin a - 4 sin^3 a.
    const w = 2 * Math.sin(Math.asin(sine) / 3);
    return (2 * w) / Math.sqrt(1 - w * w);
  }
  const root = Math.sqrt(alpha);
  // cos(a / 3) / cos(a) - 1, a = acos(root), as a product: near the median the difference would cancel.
  const a = Math.atan2(1 - 2 * tail, root);
  return side * 2 * Math.sqrt((2 * Math.sin((2 * a) / 3) * Math.sin(a / 3)) / root);
}

/** Up to this 2 p - 1 nothing cancels for 4 degrees of freedom. */
const CENTRAL = 0.9;
const SMALLEST_TAIL = 2 ** -54;
