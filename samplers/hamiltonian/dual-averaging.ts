// The leapfrog step towards an acceptance rate, by Nesterov's dual averaging.
import type { Memory } from '../memory.js';
import { power } from '../power.js';

const GAMMA = 0.05;
const T0 = 10;
const KAPPA = 0.75;

/**
 * Tunes the logarithm of a step: it leans to ten times where it began, which is cheap to correct, and forgets its first
 * iterates. Source: Hoffman and Gelman (2014), section 3.2, with their constants.
 */
export class DualAveraging {
  /** The step to take now. */
  step: number;
  private readonly goal: number;
  private updates = 0;
  private excess = 0;
  private anchor: number;
  private average: number;

  constructor(step: number, goal: number) {
    this.step = step;
    this.goal = goal;
    this.anchor = Math.log(10 * step);
    this.average = Math.log(step);
  }

  /** Begins anew from this step. */
  restart(step: number): void {
    this.step = step;
    this.updates = 0;
    this.excess = 0;
    this.anchor = Math.log(10 * step);
    this.average = Math.log(step);
  }

  /** Takes the acceptance probability of the last trajectory. */
  update(acceptance: number): void {
    const n = ++this.updates;
    const share = 1 / (n + T0);
    this.excess += share * (this.goal - acceptance - this.excess);
    const logStep = this.anchor - (this.excess * Math.sqrt(n)) / GAMMA;
    this.average += power(n, -KAPPA) * (logStep - this.average);
    this.step = Math.exp(logStep);
  }

  remember(memory: Memory): void {
    this.step = memory.number(this.step);
    this.updates = memory.number(this.updates);
    this.excess = memory.number(this.excess);
    this.anchor = memory.number(this.anchor);
    this.average = memory.number(this.average);
  }

  /** The averaged step, for the kept draws. */
  final(): number {
    return Math.exp(this.average);
  }
}
