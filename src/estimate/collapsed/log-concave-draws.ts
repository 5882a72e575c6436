// Exact draws of one cluster's z given its data where that density is log-concave: rejection under tangents.
import type { Stream } from '../../../samplers/rng.js';
import { exponential } from '../../../samplers/variates.js';

/** Where the tangents touch, in curvature sds from the mode: for few draws of a density, and for many. */
const FEW: readonly number[] = [-1.4, 0, 1.4];
const MANY: readonly number[] = [-2.5, -1.7, -1.1, -0.55, 0, 0.55, 1.1, 1.7, 2.5];
/** So many draws pay for more tangents. */
const MANY_DRAWS = 12;
/** Newton steps from where the mode was last; a middle this near the mode (in sds) is as good as the mode. */
const MOST_STEPS = 6;
const NEAR = 0.4;
const MOST_MOVES = 80;

/** A log-concave log density of z, up to a constant. */
export interface ConditionalDensity {
  value(z: number): number;
  /** The same, leaving its derivatives in the fields. */
  evaluate(z: number): number;
  readonly gradient: number;
  readonly curvature: number;
}

/** Where a density is highest, and how wide: for those that Newton does not find the mode of. */
type FindPeak = () => { readonly z: number; readonly width: number };

/**
 * A piecewise exponential hat over the density of z, tangent to its log at a few points, and a squeeze between them by
 * chords (Gilks and Wild 1992, Applied Statistics 41, without the adaptation: a cluster is drawn from once or a few
 * times a density). Exact for log-concave densities wherever the points are; those near the mode accept 9 in 10.
 */
export class LogConcaveDraws {
  private density: ConditionalDensity;
  private count = 0;
  /** By tangent: where it touches (from `centre`), the log density there (from that at the centre), its slope. */
  private readonly x: Float64Array = new Float64Array(MANY.length);
  private readonly h: Float64Array = new Float64Array(MANY.length);
  private readonly slope: Float64Array = new Float64Array(MANY.length);
  /** Where tangent k gives way to k + 1, and the mass under tangents 0 .. k. */
  private readonly border: Float64Array = new Float64Array(MANY.length);
  private readonly mass: Float64Array = new Float64Array(MANY.length);
  private centre = 0;
  private peak = 0;
  private step = 0;
  private width = 1;

  constructor(density: ConditionalDensity) {
    this.density = density;
  }

  /**
   * Lays the hat over `density` for `draws` draws; returns the middle, a good `start` for the same cluster at other
   * parameters. NaN where the density is not finite about its peak.
   * @param smooth whether Newton may look for the mode
   */
  prepare(
    density: ConditionalDensity,
    start: number,
    draws: number,
    smooth: boolean,
    findPeak: FindPeak,
  ): number {
    this.density = density;
    this.findCentre(start, smooth, findPeak);
    const places = draws < MANY_DRAWS ? FEW : MANY;
    this.count = places.length;
    const middle = (places.length - 1) / 2;
    for (let k = 0; k < places.length; k++) {
      if (k === middle) this.touch(k, 0);
      else this.touch(k, this.step + places[k] * this.width);
    }
    const last = places.length - 1;
    // The outermost must be on either side of the mode.
    for (let k = 0; !(this.slope[0] > 0) && k < MOST_MOVES; k++) this.touch(0, 2 * this.x[0] - this.width);
    for (let k = 0; !(this.slope[last] < 0) && k < MOST_MOVES; k++)
      this.touch(last, 2 * this.x[last] + this.width);
    return this.weigh() ? this.centre : Number.NaN;
  }

  /** A draw of z under the hat last laid. */
  draw(stream: Stream): number {
    const { density, x, h, slope, border, mass, count, centre, peak } = this;
    const last = count - 1;
    for (;;) {
      let rest = stream.uniform() * mass[last];
      let k = 0;
      while (k < last && rest > mass[k]) k++;
      if (k > 0) rest -= mass[k - 1];
      const s = this.invert(k, rest);
      const hat = h[k] + slope[k] * (s - x[k]);
      const level = hat - exponential(stream);
      const left = s < x[k] ? k - 1 : k;
      if (left >= 0 && left < last) {
        const share = (s - x[left]) / (x[left + 1] - x[left]);
        if (level <= h[left] + share * (h[left + 1] - h[left])) return centre + s;
      }
      if (level <= density.value(centre + s) - peak) return centre + s;
      // A border that rounding has made infinite draws nothing.
      if (!Number.isFinite(border[0])) return centre;
    }
  }

  /** A point near the mode, the Newton step from there and the curvature sd. */
  private findCentre(start: number, smooth: boolean, findPeak: FindPeak): void {
    const { density } = this;
    let z = start;
    for (let k = 0; smooth && k < MOST_STEPS; k++) {
      const value = density.evaluate(z);
      const width = 1 / Math.sqrt(-density.curvature);
      const step = density.gradient * width * width;
      if (!Number.isFinite(step) || !Number.isFinite(value)) break;
      if (Math.abs(step) < NEAR * width) {
        this.centre = z;
        this.peak = value;
        this.step = step;
        this.width = width;
        return;
      }
      z += Math.max(-4 * width, Math.min(4 * width, step));
    }
    const peak = findPeak();
    this.centre = peak.z;
    this.peak = density.value(peak.z);
    this.step = 0;
    this.width = peak.width;
  }

  /** Tangent k at this distance from the centre, or nearer where the density is 0 there. */
  private touch(k: number, distance: number): void {
    const { density, x, h, slope, centre, peak } = this;
    let at = distance;
    for (let move = 0; move < MOST_MOVES; move++) {
      h[k] = density.evaluate(centre + at) - peak;
      slope[k] = density.gradient;
      if (Number.isFinite(h[k]) && Number.isFinite(slope[k])) break;
      at /= 2;
    }
    x[k] = at;
  }

  /** Borders and masses; false where they make no hat. */
  private weigh(): boolean {
    const { x, h, slope, border, mass, count } = this;
    const last = count - 1;
    let total = 0;
    let low = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < count; k++) {
      let high = Number.POSITIVE_INFINITY;
      if (k < last) {
        const apart = x[k + 1] - x[k];
        const fall = slope[k] - slope[k + 1];
        // Nearly parallel tangents meet anywhere between the two points.
        const along = fall > 1e-9 ? (h[k + 1] - h[k] - slope[k + 1] * apart) / fall : apart / 2;
        high = x[k] + Math.min(Math.max(along, 0), apart);
      }
      border[k] = high;
      total += this.massUnder(k, low, high);
      mass[k] = total;
      low = high;
    }
    return total > 0 && total < Number.POSITIVE_INFINITY && slope[0] > 0 && slope[last] < 0;
  }

  private massUnder(k: number, low: number, high: number): number {
    const { x, h, slope } = this;
    const b = slope[k];
    if (low === Number.NEGATIVE_INFINITY) return Math.exp(h[k] + b * (high - x[k])) / b;
    const atLow = Math.exp(h[k] + b * (low - x[k]));
    if (high === Number.POSITIVE_INFINITY) return -atLow / b;
    const rise = b * (high - low);
    return Math.abs(rise) < 1e-8 ? atLow * (high - low) : (atLow * Math.expm1(rise)) / b;
  }

  /** The place under tangent k that has this mass to its left, on the tangent's stretch. */
  private invert(k: number, rest: number): number {
    const { x, h, slope, border } = this;
    const b = slope[k];
    if (k === 0) {
      // From the right border leftwards: rest is the mass below the place, all there is to the left.
      return x[0] + (Math.log(Math.max(rest, 1e-300) * b) - h[0]) / b;
    }
    const low = border[k - 1];
    const share = rest * Math.exp(-h[k] - b * (low - x[k]));
    const offset = Math.abs(b * share) < 1e-8 ? share : Math.log1p(Math.max(b * share, -1 + 1e-16)) / b;
    return Math.min(low + offset, border[k]);
  }
}
