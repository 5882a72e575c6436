// The nodes of a trapezoid rule about one mode, and the loop that lays, weighs and halves them.

/** Fills value[from .. to-1] with the log integrand at z[from .. to-1]. */
export type LogIntegrand = (grid: NodeGrid, from: number, to: number) => void;

/** Nodes are asked for in blocks of this many, which is what the inner loops like. */
export const NODE_BLOCK = 4;
const MOST_NODES = 100_000;
const MOST_HALVINGS = 12;

/** Reused from cluster to cluster; grows when a cluster needs more nodes than any before. */
export class NodeGrid {
  z: Float64Array = new Float64Array(64);
  value: Float64Array = new Float64Array(64);
  /** exp(value - value at the centre). */
  weight: Float64Array = new Float64Array(64);
  count = 0;
  /** Nodes of the finest level but one, which the finest has confirmed; all of them where there was one level. */
  confirmed = 0;
  /** Difference of the last two levels; 0 where there was only one. */
  error = 0;

  /**
   * log of the integral of exp(log integrand), by nodes from `centre` outwards in steps of `step` until the integrand has
   * fallen by `drop` from its value at the centre; halved until two levels agree within `tolerance`.
   * NaN where the integrand is NaN, or does not fall within the nodes there can be.
   */
  integrate(
    logIntegrand: LogIntegrand,
    centre: number,
    step: number,
    drop: number,
    tolerance: number,
  ): number {
    this.z[0] = centre;
    logIntegrand(this, 0, 1);
    this.weight[0] = 1;
    this.count = 1;
    this.error = 0;
    const peak = this.value[0];
    let width = step;
    let sum = 1 + this.walk(logIntegrand, centre, width, 1, drop);
    let result = peak + Math.log(sum * width);
    this.confirmed = this.count;
    if (tolerance === Number.POSITIVE_INFINITY) return result;
    for (let halving = 0; halving < MOST_HALVINGS; halving++) {
      const coarse = result;
      this.confirmed = this.count;
      sum += this.walk(logIntegrand, centre, width, 0.5, drop);
      width /= 2;
      result = peak + Math.log(sum * width);
      this.error = Math.abs(result - coarse);
      // Written so that NaN ends it too.
      if (!(this.error >= tolerance)) break;
    }
    return result;
  }

  /** One level: nodes centre +- (offset + k) step. Returns the sum of their weights. */
  private walk(
    logIntegrand: LogIntegrand,
    centre: number,
    step: number,
    offset: number,
    drop: number,
  ): number {
    return (
      this.walkSide(logIntegrand, centre, step, offset, drop) +
      this.walkSide(logIntegrand, centre, -step, offset, drop)
    );
  }

  private walkSide(
    logIntegrand: LogIntegrand,
    centre: number,
    step: number,
    offset: number,
    drop: number,
  ): number {
    const peak = this.value[0];
    let sum = 0;
    for (let k = offset; this.count < MOST_NODES; k += NODE_BLOCK) {
      const from = this.count;
      const to = from + NODE_BLOCK;
      if (to > this.z.length) this.grow();
      const { z, value, weight } = this;
      for (let a = 0; a < NODE_BLOCK; a++) z[from + a] = centre + (k + a) * step;
      logIntegrand(this, from, to);
      for (let a = from; a < to; a++) {
        weight[a] = Math.exp(value[a] - peak);
        sum += weight[a];
      }
      this.count = to;
      if (!(value[to - 1] - peak >= -drop)) return sum;
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
    this.value = grown(this.value);
    this.weight = grown(this.weight);
  }
}
