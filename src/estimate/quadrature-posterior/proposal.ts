// The proposal of the quadrature posterior: log sigma from its profile, the rest Student t about their mode given it.
import type { Stream } from '../../../samplers/rng.js';
import { stdtri } from '../../../samplers/special.js';
import { studentT } from '../../../samplers/variates.js';
import type { ProfileNode } from './profile.js';

const DF = 15;
/** log of Gamma(8) / (Gamma(15/2) sqrt(15 pi)), where Gamma(15/2) = 135135 sqrt(pi) / 128. */
const LOG_STUDENT = Math.log((5040 * 128) / (135135 * Math.PI * Math.sqrt(DF)));
/** Factor on the scales given log sigma, against tails that the curvature at the mode does not tell. */
const INFLATION = 1.05;

/** Power of the density of log sigma that is drawn from: wider tails, where the moments of sigma come from. */
const TEMPER = 0.8;

/** Maps points of the unit cube to free coordinates, and knows the density that uniform points then have. */
export class Proposal {
  private readonly nodes: readonly ProfileNode[];
  /** Index of log sigma among the coordinates; -1 where it is fixed. */
  private readonly at: number;
  private readonly d: number;
  /** Slope of the log density on each piece (nodes - 1 inner ones, and the two tails), and its probability. */
  private readonly slopes: Float64Array;
  private readonly cumulative: Float64Array;
  private readonly t: Float64Array;

  constructor(nodes: readonly ProfileNode[], at: number, dimension: number) {
    this.nodes = nodes.map((node) => ({ ...node, logDensity: TEMPER * node.logDensity }));
    this.below = this.nodes[0];
    this.above = this.nodes[0];
    this.at = at;
    this.d = dimension;
    this.t = new Float64Array(dimension);
    const pieces = nodes.length + 1;
    this.slopes = new Float64Array(pieces);
    this.cumulative = new Float64Array(pieces + 1);
    if (at >= 0) this.layOut();
  }

  /** Log density of what `map` makes of uniform points, and `draw` of noise, at the point made last. */
  logDensity = 0;

  /** Writes the coordinates of the point of the unit cube `cube` to `out`, and their log density to `logDensity`. */
  map(cube: Float64Array, out: Float64Array): void {
    const { at, d, t } = this;
    const first = at >= 0 ? 1 : 0;
    for (let j = 0; j < d - first; j++) t[j] = stdtri(DF, cube[first + j]);
    this.place(cube[0], out);
  }

  /** A random draw into `out`, its log density into `logDensity`. */
  draw(stream: Stream, out: Float64Array): void {
    const { at, d, t } = this;
    const u = at >= 0 ? stream.uniform() : 0;
    const size = at >= 0 ? d - 1 : d;
    for (let j = 0; j < size; j++) t[j] = studentT(stream, DF);
    this.place(u, out);
  }

  /** log sigma at the probability u, the rest by the t-distributed noise in `t`. */
  private place(u: number, out: Float64Array): void {
    const { at, d, t } = this;
    this.logDensity = 0;
    if (at >= 0) {
      const piece = this.placeLogSigma(u);
      out[at] = this.logSigma;
      this.lean(piece, this.logSigma);
    } else this.lean(0, 0);
    const { below, above, share } = this;
    const size = at >= 0 ? d - 1 : d;
    for (let j = 0; j < size; j++) {
      this.logDensity += LOG_STUDENT - 0.5 * (DF + 1) * Math.log1p((t[j] * t[j]) / DF);
    }
    for (let i = 0; i < size; i++) {
      let sum = 0;
      let entry = 0;
      for (let j = 0; j <= i; j++) {
        entry = (1 - share) * below.factor[i * size + j] + share * above.factor[i * size + j];
        sum += entry * t[j];
      }
      // The last entry of a row is the diagonal.
      this.logDensity -= Math.log(INFLATION * entry);
      const centre = (1 - share) * below.mode[i] + share * above.mode[i];
      out[at >= 0 && i >= at ? i + 1 : i] = centre + INFLATION * sum;
    }
  }

  /**
   * The point whose noise is that of `point` mirrored: 1 - u for log sigma, -t for the rest. Its log density goes to
   * `logDensity`. Twice is where it came from, but for rounding, and volumes of noise stay as they are.
   */
  mirror(point: Float64Array, out: Float64Array): void {
    const { at, t } = this;
    this.logDensityAt(point);
    for (let j = 0; j < t.length; j++) t[j] = -t[j];
    this.place(at >= 0 ? 1 - this.probabilityOf(point[at]) : 0, out);
  }

  /** The log density at any point, by forward substitution; leaves the point's noise in `t`. */
  logDensityAt(point: Float64Array): number {
    const { nodes, slopes, at, d, t } = this;
    let result = 0;
    if (at >= 0) {
      const logSigma = point[at];
      const piece = this.pieceOf(logSigma);
      const anchor = nodes[Math.max(piece - 1, 0)];
      result = anchor.logDensity + slopes[piece] * (logSigma - anchor.logSigma) - this.logTotal;
      this.lean(piece, logSigma);
    } else this.lean(0, 0);
    const { below, above, share } = this;
    const size = at >= 0 ? d - 1 : d;
    for (let i = 0; i < size; i++) {
      const centre = (1 - share) * below.mode[i] + share * above.mode[i];
      let rest = (point[at >= 0 && i >= at ? i + 1 : i] - centre) / INFLATION;
      let entry = 0;
      for (let j = 0; j <= i; j++) {
        entry = (1 - share) * below.factor[i * size + j] + share * above.factor[i * size + j];
        if (j < i) rest -= entry * t[j];
      }
      t[i] = rest / entry;
      result += LOG_STUDENT - 0.5 * (DF + 1) * Math.log1p((t[i] * t[i]) / DF) - Math.log(INFLATION * entry);
    }
    return result;
  }

  private below: ProfileNode;
  private above: ProfileNode;
  private share = 0;

  /** The nodes about log sigma on a piece (0 the left tail), and how far it is from one to the other. */
  private lean(piece: number, logSigma: number): void {
    const { nodes } = this;
    this.below = nodes[Math.max(piece - 1, 0)];
    this.above = nodes[Math.min(piece, nodes.length - 1)];
    const width = this.above.logSigma - this.below.logSigma;
    this.share = width > 0 ? (logSigma - this.below.logSigma) / width : 0;
  }

  /** The piece that log sigma lies on, 0 the left tail. */
  private pieceOf(logSigma: number): number {
    const { nodes } = this;
    let piece = 0;
    while (piece < nodes.length && logSigma > nodes[piece].logSigma) piece++;
    return piece;
  }

  /** The distribution function of log sigma, which `placeLogSigma` inverts. */
  private probabilityOf(logSigma: number): number {
    const { nodes, slopes, cumulative } = this;
    const last = nodes.length;
    const piece = this.pieceOf(logSigma);
    const slope = slopes[piece];
    const anchor = nodes[Math.max(piece - 1, 0)];
    const offset = logSigma - anchor.logSigma;
    const mass = cumulative[piece + 1] - cumulative[piece];
    if (piece === 0) return mass * Math.exp(slope * offset);
    if (piece === last) return cumulative[piece] - mass * Math.expm1(slope * offset);
    const width = nodes[piece].logSigma - anchor.logSigma;
    const rise = slope * width;
    const part = Math.abs(rise) < 1e-8 ? offset / width : Math.expm1(slope * offset) / Math.expm1(rise);
    return cumulative[piece] + mass * part;
  }

  private logSigma = 0;

  /** Inverts the distribution function of log sigma at u; adds its log density; returns the piece, 0 the left tail. */
  private placeLogSigma(u: number): number {
    const { nodes, slopes, cumulative } = this;
    const last = nodes.length;
    let piece = 0;
    while (piece < last && u >= cumulative[piece + 1]) piece++;
    const mass = cumulative[piece + 1] - cumulative[piece];
    const v = Math.min(Math.max((u - cumulative[piece]) / mass, 1e-300), 1 - 1e-16);
    const slope = slopes[piece];
    const anchor = nodes[Math.max(piece - 1, 0)];
    let offset: number;
    if (piece === 0) offset = Math.log(v) / slope;
    else if (piece === last) offset = Math.log1p(-v) / slope;
    else {
      const width = nodes[piece].logSigma - anchor.logSigma;
      const rise = slope * width;
      offset = Math.abs(rise) < 1e-8 ? v * width : Math.log1p(v * Math.expm1(rise)) / slope;
    }
    this.logSigma = anchor.logSigma + offset;
    this.logDensity += anchor.logDensity + slope * offset - this.logTotal;
    return piece;
  }

  private logTotal = 0;

  /** Slopes and probabilities of the pieces: log density linear between nodes, its outer slopes going on. */
  private layOut(): void {
    const { nodes, slopes, cumulative } = this;
    const last = nodes.length;
    const highest = nodes.reduce((most, node) => Math.max(most, node.logDensity), Number.NEGATIVE_INFINITY);
    const masses = new Float64Array(last + 1);
    for (let k = 1; k < last; k++) {
      const width = nodes[k].logSigma - nodes[k - 1].logSigma;
      const rise = nodes[k].logDensity - nodes[k - 1].logDensity;
      slopes[k] = rise / width;
      const shape = Math.abs(rise) < 1e-8 ? 1 : Math.expm1(rise) / rise;
      masses[k] = width * Math.exp(nodes[k - 1].logDensity - highest) * shape;
    }
    // A grid that ended at the border of the prior's support can end uphill.
    slopes[0] = last > 1 ? Math.max(slopes[1], SLOWEST_TAIL) : 1;
    slopes[last] = last > 1 ? Math.min(slopes[last - 1], -SLOWEST_TAIL) : -1;
    masses[0] = Math.exp(nodes[0].logDensity - highest) / slopes[0];
    masses[last] = Math.exp(nodes[last - 1].logDensity - highest) / -slopes[last];
    const total = masses.reduce((sum, mass) => sum + mass, 0);
    for (let k = 0; k <= last; k++) cumulative[k + 1] = cumulative[k] + masses[k] / total;
    cumulative[last + 1] = 1;
    this.logTotal = highest + Math.log(total);
  }
}

/** Log units of density per unit of log sigma, at least, in the tails. */
const SLOWEST_TAIL = 0.3;
