// Warm-up tuning: the scale of a proposal towards an acceptance rate, the width of a slice, a running covariance.
import { GlmmcError } from './errors.js';
import type { Memory } from './memory.js';
import { power } from './power.js';

/** Settings of a `ScaleAdapter`. */
export interface ScaleAdapterOptions {
  /** Starting scale, > 0 (1). */
  readonly scale?: number;
  /** Acceptance rate to aim at: 0.44 for one dimension (the default), 0.234 for many (Roberts and Rosenthal 2001). */
  readonly target?: number;
}

/**
 * Tunes one scale by Robbins-Monro on its logarithm. Two numbers of state beside the scale: cheap enough for one per
 * cluster. `freeze` sets the scale to the average over the later updates, which is less noisy than the last one.
 * Source: Andrieu and Thoms (2008), section 4.2.1; gain constant of Garthwaite, Fan and Sisson (2016), equation 7 for
 * one dimension; averaging of Hoffman and Gelman (2014), section 3.2.
 * @throws GlmmcError `bad-argument` for a scale not above 0 or a target outside (0, 1)
 */
export class ScaleAdapter {
  /** The scale to propose with now. */
  scale: number;
  /** The acceptance rate aimed at. */
  readonly target: number;
  /** Whether tuning is over. */
  frozen = false;
  #updates = 0;
  #logScale: number;
  #average: number;

  constructor(options: ScaleAdapterOptions = {}) {
    const { scale = 1, target = 0.44 } = options;
    if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) {
      throw new GlmmcError('bad-argument', `ScaleAdapter: scale must be a number > 0, found ${scale}`);
    }
    if (!(target > 0 && target < 1)) {
      throw new GlmmcError('bad-argument', `ScaleAdapter: target must be between 0 and 1, found ${target}`);
    }
    this.scale = scale;
    this.target = target;
    this.#logScale = Math.log(scale);
    this.#average = this.#logScale;
  }

  /** Takes the acceptance probability in [0, 1] of the last proposal. Without effect once frozen. */
  update(acceptance: number): void {
    if (this.frozen) return;
    const n = ++this.#updates;
    const gain = Math.min(1, power(n, -0.6) / (this.target * (1 - this.target)));
    this.#logScale += gain * (acceptance - this.target);
    // Later iterates weigh more: the first ones still carry the starting scale.
    const weight = power(n, -0.75);
    this.#average += weight * (this.#logScale - this.#average);
    this.scale = Math.exp(this.#logScale);
  }

  /** Keeps the state, or puts back what was kept. */
  remember(memory: Memory): void {
    this.scale = memory.number(this.scale);
    this.frozen = memory.flag(this.frozen);
    this.#updates = memory.number(this.#updates);
    this.#logScale = memory.number(this.#logScale);
    this.#average = memory.number(this.#average);
  }

  /** Ends the tuning and returns the scale that the kept draws will use. */
  freeze(): number {
    if (!this.frozen) {
      this.frozen = true;
      if (this.#updates > 0) this.scale = Math.exp(this.#average);
    }
    return this.scale;
  }
}

/** Mean jumps to a slice's width, and how many jumps the first guess outlasts. */
const WIDTH_PER_JUMP = 3;
const LEAST_JUMPS = 20;

/** Tunes the width of slice steps to three mean jumps, near the size of a typical slice. */
export class SliceWidth {
  /** The width to step with now. */
  width: number;
  #travelled = 0;
  #jumps = 0;
  #frozen = false;

  /** @param jump first guess at the mean jump, > 0 */
  constructor(jump: number) {
    this.width = WIDTH_PER_JUMP * jump;
  }

  /** Takes the length of a jump. Without effect once frozen. */
  update(jump: number): void {
    if (this.#frozen) return;
    this.#travelled += jump;
    if (++this.#jumps >= LEAST_JUMPS) this.width = (WIDTH_PER_JUMP * this.#travelled) / this.#jumps;
  }

  freeze(): void {
    this.#frozen = true;
  }

  remember(memory: Memory): void {
    this.width = memory.number(this.width);
    this.#travelled = memory.number(this.#travelled);
    this.#jumps = memory.number(this.#jumps);
    this.#frozen = memory.flag(this.#frozen);
  }
}

/** Mean and covariance of a stream of vectors (Welford 1962), for proposals shaped like the target (Haario 2001). */
export class CovarianceAdapter {
  readonly dimension: number;
  /** Vectors seen since the last reset. */
  count = 0;
  readonly mean: Float64Array;
  readonly #products: Float64Array;
  readonly #delta: Float64Array;

  constructor(dimension: number) {
    this.dimension = dimension;
    this.mean = new Float64Array(dimension);
    this.#products = new Float64Array(dimension * dimension);
    this.#delta = new Float64Array(dimension);
  }

  /** Takes one vector of length `dimension`. */
  update(x: ArrayLike<number>): void {
    const { dimension: d, mean } = this;
    const n = ++this.count;
    for (let i = 0; i < d; i++) {
      this.#delta[i] = x[i] - mean[i];
      mean[i] += this.#delta[i] / n;
    }
    for (let i = 0; i < d; i++) {
      for (let j = 0; j <= i; j++) this.#products[i * d + j] += this.#delta[i] * (x[j] - mean[j]);
    }
  }

  /** Forgets everything. */
  reset(): void {
    this.count = 0;
    this.mean.fill(0);
    this.#products.fill(0);
  }

  /** The sample covariance (divisor n - 1), row-major d x d, written to `out`; NaN below two vectors. */
  covariance(out: Float64Array = new Float64Array(this.dimension ** 2)): Float64Array {
    const d = this.dimension;
    const divisor = this.count > 1 ? this.count - 1 : Number.NaN;
    for (let i = 0; i < d; i++) {
      for (let j = 0; j <= i; j++) {
        out[i * d + j] = this.#products[i * d + j] / divisor;
        out[j * d + i] = out[i * d + j];
      }
    }
    return out;
  }
}
