// How far each chain is, and whether to stop: a few numbers that all threads see.
import { sharedIntegers, sharedNumbers } from '../../numeric/shared-arrays.js';

export interface ControlArrays {
  /** Whether to stop; then the steps taken by each chain, and those of them that were taken before this run. */
  readonly integers: Int32Array;
  /** Mean acceptance of each chain since its stage began. */
  readonly acceptance: Float64Array;
  /** The last kept draw's parameters of each chain, one after the other; NaN before the first. */
  readonly points: Float64Array;
}

export class ChainControl {
  readonly arrays: ControlArrays;
  private readonly chains: number;
  private readonly width: number;

  /**
   * @param width numbers of a draw that are parameters
   * @param from how many numbers are worth sharing: 0 where there are to be threads
   */
  constructor(chains: number, width: number, from: number, arrays?: ControlArrays) {
    this.chains = chains;
    this.width = width;
    this.arrays = arrays ?? {
      integers: sharedIntegers(1 + 2 * chains, from),
      acceptance: sharedNumbers(chains, from),
      points: sharedNumbers(chains * width, from).fill(Number.NaN),
    };
  }

  /** Sends the threads home before their next step. */
  stop(): void {
    Atomics.store(this.arrays.integers, 0, 1);
  }

  get stopped(): boolean {
    return Atomics.load(this.arrays.integers, 0) === 1;
  }

  /** Says how far a chain is, and its last kept draw where there is one. */
  tell(chain: number, done: number, acceptance: number, draw?: Float64Array): void {
    this.arrays.acceptance[chain] = acceptance;
    if (draw) this.arrays.points.set(draw.subarray(0, this.width), chain * this.width);
    Atomics.store(this.arrays.integers, 1 + chain, done);
  }

  /** Says where a chain goes on from. */
  resume(chain: number, done: number): void {
    Atomics.store(this.arrays.integers, 1 + this.chains + chain, done);
    Atomics.store(this.arrays.integers, 1 + chain, done);
  }

  /** Steps of all chains, and those of them that were taken in this run. */
  get progress(): readonly [number, number] {
    let all = 0;
    let now = 0;
    for (let chain = 0; chain < this.chains; chain++) {
      const done = this.done(chain);
      all += done;
      now += done - Atomics.load(this.arrays.integers, 1 + this.chains + chain);
    }
    return [all, now];
  }

  done(chain: number): number {
    return Atomics.load(this.arrays.integers, 1 + chain);
  }

  acceptance(chain: number): number {
    return this.arrays.acceptance[chain];
  }

  /** The parameters of the chain's last kept draw; undefined before the first. */
  point(chain: number): Float64Array | undefined {
    const point = this.arrays.points.slice(chain * this.width, (chain + 1) * this.width);
    return Number.isNaN(point[0]) ? undefined : point;
  }
}
