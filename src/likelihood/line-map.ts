// A change of variable z(q) whose steps are small where an integrand has structure and grow with the distance from it.

/** Room for features of a cluster: its modes, the effect's own structure, the ends of the outcome's transitions. */
const MOST_FEATURES = 24;
/** Beyond the last feature steps grow by a factor e every so many units of q: polynomial tails end soon. */
const STRETCH = 3;
const MARGIN = 6;
const MOST_STEPS = 60;

/**
 * With features at m_k of width w_k, T = sum_k asinh((x - m_k) / w_k), so that equal steps in T are about w_k near m_k and
 * proportional to |x - m_k| away from it: the density of points follows every scale at once, and T is analytic in a
 * strip that the widths decide. A stretch [low, high] that has structure of size `unit` throughout adds a box to the
 * density of points. On the whole line x = z; on a half-line from 0 x = |z| = s exp(p - exp(-p)), which resolves the
 * corner at 0 doubly exponentially (Takahasi and Mori 1974), and p is added to T.
 * T(x) = r(q), r(q) = q between the features and exponential beyond.
 */
export class LineMap {
  /** At the last q located: z, |dz / dq|, and the derivative of that in q. */
  z = 0;
  slope = 0;
  bend = 0;
  /** q at the outermost features (at the corner: -Infinity). */
  first = 0;
  last = 0;
  /** 0 for the whole line, else the side of the half-line: z falls as q grows where it is -1. */
  side = 0;
  private scale = 1;
  private readonly centers: Float64Array = new Float64Array(MOST_FEATURES);
  private readonly widths: Float64Array = new Float64Array(MOST_FEATURES);
  private count = 0;
  /** Of all features, those left out for steps that are small enough included. */
  private low = 0;
  private high = 0;
  private boxLow = 0;
  private boxHigh = 0;
  private boxUnit = 0;
  /** The base coordinate (z or p) at the last q. */
  private base = 0;
  private anchorBase = 0;
  private total = 0;
  private density = 1;
  private densitySlope = 0;

  /** Starts anew. @param scale of the integrand at the corner, for half-lines */
  reset(side: number, scale: number): void {
    this.side = side;
    this.scale = scale;
    this.count = 0;
    this.boxUnit = 0;
    this.base = 0;
    this.low = Number.POSITIVE_INFINITY;
    this.high = Number.NEGATIVE_INFINITY;
  }

  /** Adds a feature at z, unless the steps there are small enough as it is. Add narrow ones first. */
  addFeature(z: number, width: number): void {
    const x = this.side < 0 ? -z : z;
    if (this.side !== 0 && !(x > 0)) return;
    if (!(width > 0 && Number.isFinite(width) && Number.isFinite(x))) return;
    this.low = Math.min(this.low, x);
    this.high = Math.max(this.high, x);
    if (this.count === MOST_FEATURES) return;
    for (let k = 0; k < this.count; k++) {
      if (Math.hypot(this.widths[k], x - this.centers[k]) < 2 * width) return;
    }
    this.centers[this.count] = x;
    this.widths[this.count++] = width;
  }

  /** Structure of size `unit` all the way from `low` to `high` (on a half-line: the part that lies on it). */
  addBox(low: number, high: number, unit: number): void {
    const from = this.side === 0 ? low : Math.max(0, this.side > 0 ? low : -high);
    const to = this.side < 0 ? -low : high;
    if (!(to - from > 2 * unit)) return;
    this.boxLow = from;
    this.boxHigh = to;
    this.boxUnit = unit;
  }

  /** To be called when all features are in. */
  seal(): void {
    if (this.count === 0 && this.side === 0) this.addFeature(0, 1);
    this.last = this.valueAt(this.side === 0 ? this.high : Math.max(this.high, this.scale));
    this.first = this.side === 0 ? this.valueAt(this.low) : Number.NEGATIVE_INFINITY;
  }

  /** Makes walks start near z (near, not at: the stretch is left out), and returns the q there. */
  anchor(z: number): number {
    const x = this.side < 0 ? -z : z;
    const q = this.valueAt(this.side === 0 ? x : Math.max(x, 0.3 * this.scale));
    this.anchorBase = this.base;
    return q;
  }

  /** Back to the anchor: `locate` works its way from the last q located. */
  rewind(): void {
    this.base = this.anchorBase;
  }

  private valueAt(x: number): number {
    this.base = this.side === 0 ? x : baseOf(x / this.scale);
    this.compute(this.base);
    return this.total;
  }

  /** T, its slope and the slope of that, in the base coordinate. */
  private compute(base: number): void {
    const { side, centers, widths, count, boxUnit } = this;
    let x = base;
    let dx = 1;
    let ddx = 0;
    let total = 0;
    let density = 0;
    let densitySlope = 0;
    if (side !== 0) {
      const e = Math.exp(-base);
      x = this.scale * Math.exp(base - e);
      dx = x * (1 + e);
      ddx = dx * (1 + e) - x * e;
    }
    for (let k = 0; k < count; k++) {
      const d = x - centers[k];
      const w = widths[k];
      const inverse = 1 / Math.sqrt(d * d + w * w);
      total += Math.asinh(d / w);
      density += inverse;
      densitySlope -= d * inverse * inverse * inverse;
    }
    if (boxUnit > 0) {
      const a = (x - this.boxLow) / boxUnit;
      const b = (x - this.boxHigh) / boxUnit;
      const ea = Math.exp(-Math.abs(a));
      const eb = Math.exp(-Math.abs(b));
      total += Math.max(a, 0) + Math.log1p(ea) - Math.max(b, 0) - Math.log1p(eb);
      density += ((a > 0 ? 1 : ea) / (1 + ea) - (b > 0 ? 1 : eb) / (1 + eb)) / boxUnit;
      densitySlope += (ea / (1 + ea) ** 2 - eb / (1 + eb) ** 2) / (boxUnit * boxUnit);
    }
    if (side === 0) {
      this.total = total;
      this.density = density;
      this.densitySlope = densitySlope;
    } else {
      this.total = total + base;
      this.density = 1 + density * dx;
      this.densitySlope = densitySlope * dx * dx + density * ddx;
    }
  }

  /**
   * Computes z, slope and bend at q, by Newton inside a bracket from the last q located: walk in steps from near the
   * features outwards.
   */
  locate(q: number): void {
    const above = Math.exp((q - this.last - MARGIN) / STRETCH);
    const below = this.side === 0 ? Math.exp((this.first - MARGIN - q) / STRETCH) : 0;
    const r = q + STRETCH * (above - below);
    const r1 = 1 + above + below;
    const r2 = (above - below) / STRETCH;
    let low = Number.NEGATIVE_INFINITY;
    let high = Number.POSITIVE_INFINITY;
    let { base } = this;
    for (let step = 0; step < MOST_STEPS; step++) {
      this.compute(base);
      const gap = r - this.total;
      if (gap > 0) low = base;
      else high = base;
      let next = base + gap / this.density;
      if (!(next >= low && next <= high)) next = 0.5 * (low + high);
      const small = Math.abs(next - base) * this.density < 1e-8;
      base = next;
      if (small || !Number.isFinite(base)) break;
    }
    this.base = base;
    this.compute(base);
    const p1 = r1 / this.density;
    const p2 = (r2 - this.densitySlope * p1 * p1) / this.density;
    if (this.side === 0) {
      this.z = base;
      this.slope = p1;
      this.bend = p2;
      return;
    }
    const e = Math.exp(-base);
    const x = this.scale * Math.exp(base - e);
    const dx = x * (1 + e);
    this.z = this.side * x;
    this.slope = dx * p1;
    this.bend = dx * p2 + (dx * (1 + e) - x * e) * p1 * p1;
  }
}

/** The p with exp(p - exp(-p)) = ratio: a start for Newton, good to a few parts in a hundred, polished. */
function baseOf(ratio: number): number {
  const target = Math.log(ratio);
  let p = target > 0 ? target : -Math.log(1 - target);
  for (let step = 0; step < 30; step++) {
    const e = Math.exp(-p);
    const change = (target - p + e) / (1 + e);
    p += change;
    if (Math.abs(change) < 1e-12) break;
  }
  return p;
}
