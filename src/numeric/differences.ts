// Derivatives of a function from nine values on a line, with an estimate of what they can be trusted for.

/** Points of a stencil: f at -4h, -3h, ..., 4h. */
export const STENCIL_POINTS = 9;

/** Only the derivative of the Laplace approximation asks for the third derivative, and a few digits do there. */
const THIRD_COUNTS = 1e-3;

export interface Differences {
  first: number;
  second: number;
  third: number;
  /**
   * The largest error of the three, the third derivative's counted at a thousandth, relative to the largest of 1 and
   * their sizes; Infinity where not computable.
   */
  error: number;
}

/**
 * Central differences of order 8 (third derivative: 6) from nine values a distance `step` apart. The error is the
 * distance to the differences of order two less from the inner seven values, and what rounding of the values leaves.
 */
export function differentiate(values: Float64Array, step: number, out: Differences): void {
  const center = values[4];
  const odd1 = values[5] - values[3];
  const odd2 = values[6] - values[2];
  const odd3 = values[7] - values[1];
  const odd4 = values[8] - values[0];
  const even1 = values[5] - center + (values[3] - center);
  const even2 = values[6] - center + (values[2] - center);
  const even3 = values[7] - center + (values[1] - center);
  const even4 = values[8] - center + (values[0] - center);
  const cube = step * step * step;
  const first = ((4 / 5) * odd1 - odd2 / 5 + (4 / 105) * odd3 - odd4 / 280) / step;
  const second = ((8 / 5) * even1 - even2 / 5 + (8 / 315) * even3 - even4 / 560) / (step * step);
  const third = ((-61 / 30) * odd1 + (169 / 120) * odd2 - 0.3 * odd3 + (7 / 240) * odd4) / cube;
  const rough1 = (0.75 * odd1 - 0.15 * odd2 + odd3 / 60) / step;
  const rough2 = (1.5 * even1 - 0.15 * even2 + even3 / 90) / (step * step);
  const rough3 = (-1.625 * odd1 + odd2 - 0.125 * odd3) / cube;
  const rounding = (Number.EPSILON * Math.abs(center)) / (step * step);
  const errorInThird = Math.abs(third - rough3) + rounding / step;
  const error = Math.max(
    Math.abs(first - rough1),
    Math.abs(second - rough2) + rounding,
    THIRD_COUNTS * errorInThird,
  );
  const size = Math.max(1, Math.abs(first), Math.abs(second), Math.abs(third));
  out.first = first;
  out.second = second;
  out.third = third;
  out.error = Number.isFinite(error) ? error / size : Number.POSITIVE_INFINITY;
}
