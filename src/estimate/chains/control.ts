// How far each chain is, and whether to stop: a few numbers that all threads see.
import { sharedIntegers, sharedNumbers } from '../../numeric/shared-arrays.js';

export interface ControlArrays {
  /** Whether to stop; then the steps taken by each chain, and those of them that were taken before this run. */
  readonly integers: Int32Array;
  /** Mean acceptance of each chain since its stage began. */
  readonly acceptance: Float64Array;
}

export class ChainControl {
  readonly arrays: ControlArrays;
  private readonly chains: number;

  /** @param from how many numbers are worth sharing: 0 where there are to be threads */
  constructor(chains: number, from: number, arrays?: ControlArrays) {
    this.chains = chains;
    this.arrays = arrays ?? {
      integers: sharedIntegers(1 + 2 * chains, from),
      acceptance: sharedNumbers(chains, from),
    };
  }

  /** Sends the threads home before their next step. */
  stop(): void {
    Atomics.store(this.arrays.integers, 0, 1);
  }

  get stopped(): boolean {
    return Atomics.load(this.arrays.integers, 0) === 1;
  }

  /** Says how far a chain is. */
  tell(chain: number, done: number, acceptance: number): void {
    this.arrays.acceptance[chain] = acceptance;
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
}
