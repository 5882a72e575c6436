// Densities on the line by Gauss-Legendre panels in asinh z: moments, and quantiles by inversion.

const LIMIT = 44;
const PANELS = 704;
const WIDTH = (2 * LIMIT) / PANELS;
/** Five-point Gauss-Legendre on (0, 1). */
const POINTS = [-0.906179845938664, -0.5384693101056831, 0, 0.5384693101056831, 0.906179845938664].map(
  (x) => 0.5 + 0.5 * x,
);
const WEIGHTS = [
  0.23692688505618908, 0.47862867049936647, 0.5688888888888889, 0.47862867049936647, 0.23692688505618908,
].map((w) => 0.5 * w);

/** Integral of f(z) over asinh z from `from` to `from + width`. */
function panel(f: (z: number) => number, from: number, width: number): number {
  let sum = 0;
  for (let k = 0; k < POINTS.length; k++) {
    const t = from + width * POINTS[k];
    const value = f(Math.sinh(t));
    // 0 times an overflow is 0 here.
    if (value !== 0) sum += WEIGHTS[k] * value * Math.cosh(t);
  }
  return width * sum;
}

/**
 * Integral of f over the line, |z| < 6e18. Good to 1e-12 for functions with structure at scale 1 about 0, smooth but for
 * corners at 0, and tails down to 1 / z^2; not adaptive.
 */
export function integrateLine(f: (z: number) => number): number {
  let sum = 0;
  for (let k = 0; k < PANELS; k++) sum += panel(f, -LIMIT + k * WIDTH, WIDTH);
  return sum;
}

/** Quantiles of a density: its distribution function over the panels is tabulated once. */
export class InverseDistribution {
  private readonly density: (z: number) => number;
  /** Probability below each panel's left end; one more at the end. */
  private readonly below: Float64Array;

  constructor(density: (z: number) => number) {
    this.density = density;
    this.below = new Float64Array(PANELS + 1);
    for (let k = 0; k < PANELS; k++) {
      this.below[k + 1] = this.below[k] + panel(density, -LIMIT + k * WIDTH, WIDTH);
    }
    const total = this.below[PANELS];
    for (let k = 0; k <= PANELS; k++) this.below[k] /= total;
  }

  /** The z with probability p below it, by Newton kept inside the panel by bisection. */
  quantile(p: number): number {
    const { below, density } = this;
    let low = 0;
    let high = PANELS;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (below[middle] <= p) low = middle;
      else high = middle;
    }
    const start = -LIMIT + low * WIDTH;
    let left = 0;
    let right = WIDTH;
    let t = 0.5 * WIDTH;
    for (let step = 0; step < 60; step++) {
      const gap = below[low] + panel(density, start, t) - p;
      if (gap > 0) right = t;
      else left = t;
      const slope = density(Math.sinh(start + t)) * Math.cosh(start + t);
      let next = t - gap / slope;
      if (!(next > left && next < right)) next = 0.5 * (left + right);
      const done = Math.abs(next - t) < 1e-14;
      t = next;
      if (done) break;
    }
    return Math.sinh(start + t);
  }
}
