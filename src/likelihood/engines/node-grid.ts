// The nodes of a trapezoid rule about one mode, and the loop that lays, weighs and halves them.

/**
 * Fills weight[from .. to-1], the integrand at z[from .. to-1] relative to that at the centre. The first call begins at the
 * centre itself (from = 0) and must set `logPeak`, the log integrand there.
 */
export type FillWeights = (grid: NodeGrid, from: number, to: number) => void;

/** Nodes are asked for in blocks of this many, which is what the inner loops like. */
export const NODE_BLOCK = 4;
/** Beyond, a change of variable needs fewer. */
const MOST_NODES = 2000;
const MOST_HALVINGS = 12;

/** Reused from cluster to cluster; grows when a cluster needs more nodes than any before. */
export class NodeGrid {
  z: Float64Array = new Float64Array(64);
  weight: Float64Array = new Float64Array(64);
  logPeak = 0;
  count = 0;
  /** Nodes of the finest level but one, which the finest has confirmed; all of them where there was one level. */
  confirmed = 0;
  /** Difference of the last two levels; 0 where there was only one. */
  error = 0;

  /**
   * log of the integral, by nodes from `centre` outwards in steps of `step` until the integrand has fallen by `drop` log
   * units from the centre; halved until two levels agree within `tolerance`.
   * NaN where the integrand is NaN, or does not fall within the nodes there can be.
   */
  integrate(fill: FillWeights, centre: number, step: number, drop: number, tolerance: number): number {
    const floor = Math.exp(-drop);
    this.count = 0;
    this.error = 0;
    let width = step;
    let sum = this.walk(fill, centre, width, 0, floor) + this.walk(fill, centre, -width, 1, floor);
    let result = this.logPeak + Math.log(sum * width);
    this.confirmed = this.count;
    if (tolerance === Number.POSITIVE_INFINITY) return result;
    for (let halving = 0; halving < MOST_HALVINGS; halving++) {
      const coarse = result;
      this.confirmed = this.count;
      sum += this.walk(fill, centre, width, 0.5, floor) + this.walk(fill, centre, -width, 0.5, floor);
      width /= 2;
      result = this.logPeak + Math.log(sum * width);
      this.error = Math.abs(result - coarse);
      // Written so that NaN ends it too.
      if (!(this.error >= tolerance)) break;
    }
    return result;
  }

  /** A grid of one node, at z = 0. */
  single(fill: FillWeights): void {
    this.z[0] = 0;
    fill(this, 0, 1);
    this.count = 1;
    this.confirmed = 1;
    this.error = 0;
  }

  /** One side of one level: nodes centre + (offset + k) step. Returns the sum of their weights. */
  private walk(fill: FillWeights, centre: number, step: number, offset: number, floor: number): number {
    let sum = 0;
    for (let k = offset; this.count < MOST_NODES; k += NODE_BLOCK) {
      const from = this.count;
      const to = from + NODE_BLOCK;
      if (to > this.z.length) this.grow();
      const { z, weight } = this;
      for (let a = 0; a < NODE_BLOCK; a++) z[from + a] = centre + (k + a) * step;
      fill(this, from, to);
      for (let a = from; a < to; a++) sum += weight[a];
      this.count = to;
      if (!(weight[to - 1] >= floor)) return sum;
    }
    return Number.NaN;
  }

  private grow(): void {
    const grown = (old: Float64Array): Float64Array => {
      const array = new Float64Array(2 * old.length);
      array.set(old);
      return array;
    };
    this.z = grown(this.z);
    this.weight = grown(this.weight);
  }
}
