// exp(sigma z) and exp(s z - z^2 / 2) along equally spaced nodes, by products: no exponential a node, few a cluster.

/**
 * A walk outwards from `centre` in steps of h. At z = centre +- o h the second function, relative to the centre, is
 * drift^(+-o) bend^(o o), with drift = exp(h (s - centre)) and bend = exp(-h^2 / 2).
 */
export class NormalWalk {
  /** At the node the walk stands at: exp(sigma z), and exp(s z - z^2 / 2) relative to the centre. */
  factor = 0;
  numerator = 0;
  /** The step. */
  h = 0;
  private growth = 0;
  private ratioHere = 0;
  private centreFactor = 0;
  private ratio = 0;
  private drift = 0;
  private bend = 0;

  /** Whether the powers of drift stay in range: |h (s - centre)| this small. */
  static fits(h: number, s: number, centre: number): boolean {
    return Math.abs(h * (s - centre)) < 200;
  }

  /** A new cluster, and the first level of step h. */
  begin(centre: number, h: number, s: number, sigma: number): void {
    this.h = h;
    this.centreFactor = Math.exp(sigma * centre);
    this.ratio = Math.exp(sigma * h);
    this.drift = Math.exp(h * (s - centre));
    this.bend = Math.exp(-0.5 * h * h);
  }

  /** Halves the step. */
  halve(): void {
    this.h /= 2;
    this.ratio = Math.sqrt(this.ratio);
    this.drift = Math.sqrt(this.drift);
    this.bend = Math.sqrt(Math.sqrt(this.bend));
  }

  /** Stands at the first node of a side: offset 0, 1 or 1/2 steps from the centre. */
  side(outwards: 1 | -1, offset: number): void {
    const { ratio, drift, bend, centreFactor } = this;
    const towards = outwards === 1 ? drift : 1 / drift;
    this.ratioHere = outwards === 1 ? ratio : 1 / ratio;
    if (offset === 0) {
      this.factor = centreFactor;
      this.numerator = 1;
      this.growth = towards * bend;
    } else if (offset === 1) {
      this.factor = centreFactor * this.ratioHere;
      this.numerator = towards * bend;
      this.growth = towards * bend * bend * bend;
    } else {
      this.factor = centreFactor * Math.sqrt(this.ratioHere);
      this.numerator = Math.sqrt(towards) * Math.sqrt(Math.sqrt(bend));
      this.growth = towards * bend * bend;
    }
  }

  /** Writes the next four nodes' factors and numerators from `from` on, and goes past them. */
  four(factor: Float64Array, numerator: Float64Array, from: number): void {
    const { ratioHere } = this;
    const bendTwice = this.bend * this.bend;
    let f = this.factor;
    let n = this.numerator;
    let g = this.growth;
    for (let k = from; k < from + 4; k++) {
      factor[k] = f;
      numerator[k] = n;
      f *= ratioHere;
      n *= g;
      g *= bendTwice;
    }
    this.factor = f;
    this.numerator = n;
    this.growth = g;
  }
}
