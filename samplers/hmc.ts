// Hamiltonian Monte Carlo with trajectories of random length, for any density with a gradient.

import * as v from 'valibot';
import {
  DIVERGENCE,
  type Hamiltonian,
  type HamiltonianInfo,
  type HamiltonianState,
  type Phase,
} from './hamiltonian/phase.js';
import {
  type HamiltonianKernel,
  type HamiltonianOptions,
  hamiltonianKernel,
  readHamiltonian,
  type Transition,
} from './hamiltonian/tuned.js';
import type { Target } from './kernel.js';
import { positive } from './options.js';
import type { Stream } from './rng.js';
import { exponential } from './variates.js';

/** Settings of `hmc`. */
export interface HmcOptions extends HamiltonianOptions {
  /**
   * Mean length of a trajectory, > 0, in units of the coordinates' sds (pi / 2, a quarter of a normal's turn); each one
   * is uniform on half to one and a half of it, so that no coordinate comes back to where it began.
   */
  readonly time?: number;
}

/**
 * Hamiltonian Monte Carlo: leapfrog steps along a trajectory, whose end is accepted with probability
 * min(1, exp(H - H')). Warm-up tunes the step by dual averaging and a diagonal metric as Stan does, then freezes both.
 *
 * Source: Neal (2011), MCMC using Hamiltonian dynamics, section 5.3; random lengths as in its section 5.4.2.
 * @throws GlmmcError `bad-target` for a target without gradient, `bad-option`, `unknown-option`; from steps
 *   `broken-density`
 */
export function hmc(target: Target, options: HmcOptions = {}): HamiltonianKernel {
  const read = readHamiltonian('hmc()', target, { time: v.optional(positive(), Math.PI / 2) }, options);
  const { time } = read.more as { time: number };
  return hamiltonianKernel('hmc', read.target, read.settings, (system) => new HmcTransition(system, time));
}

/** However short the step, a trajectory has no more than so many. */
const MOST_STEPS = 1024;

/** One trajectory with its acceptance. */
export class HmcTransition implements Transition {
  readonly hamiltonian: Hamiltonian;
  private readonly time: number;
  private readonly phase: Phase;

  constructor(hamiltonian: Hamiltonian, time: number) {
    this.hamiltonian = hamiltonian;
    this.time = time;
    this.phase = hamiltonian.phase();
  }

  step(rng: Stream, state: HamiltonianState, stepSize: number): readonly [HamiltonianState, HamiltonianInfo] {
    const { hamiltonian, phase } = this;
    phase.position.set(state.position);
    phase.gradient.set(state.gradient);
    phase.logDensity = state.logDensity;
    hamiltonian.drawMomentum(rng, phase.momentum);
    const before = hamiltonian.energy(phase);
    const length = this.time * (0.5 + rng.uniform());
    const steps = Math.min(MOST_STEPS, Math.max(1, Math.round(length / stepSize)));
    let after = before;
    let leapfrogs = 0;
    let divergent = false;
    while (leapfrogs < steps && !divergent) {
      hamiltonian.leapfrog(phase, stepSize);
      leapfrogs++;
      after = hamiltonian.energy(phase);
      divergent = !(after - before <= DIVERGENCE);
    }
    const logRatio = divergent ? Number.NEGATIVE_INFINITY : this.logRatio(before, after);
    const acceptance = logRatio >= 0 ? 1 : Math.exp(logRatio);
    const accepted = -exponential(rng) <= logRatio;
    const energy = accepted ? after : before;
    const info = { accepted, acceptance, energy, divergent, leapfrogs, stepSize };
    if (!accepted) return [state, info];
    const { position, gradient, logDensity } = phase;
    return [{ position: position.slice(), gradient: gradient.slice(), logDensity }, info];
  }

  /** Log of the acceptance ratio. */
  protected logRatio(before: number, after: number): number {
    return before - after;
  }
}
