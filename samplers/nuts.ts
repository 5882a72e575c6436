// The No-U-Turn sampler with multinomial sampling along the trajectory, for any density with a gradient.
import * as v from 'valibot';
import {
  DIVERGENCE,
  type Hamiltonian,
  type HamiltonianInfo,
  type HamiltonianState,
  type Phase,
} from './hamiltonian/phase.js';
import { merge, persists, proposalFrom, type Tree, tree, turnAround } from './hamiltonian/tree.js';
import {
  type HamiltonianKernel,
  type HamiltonianOptions,
  hamiltonianKernel,
  readHamiltonian,
  type Transition,
} from './hamiltonian/tuned.js';
import type { Target } from './kernel.js';
import { count } from './options.js';
import type { Stream } from './rng.js';

/** Settings of `nuts`. */
export interface NutsOptions extends HamiltonianOptions {
  /** Doublings after which a trajectory ends, 1 to 20 (10, which is 1023 gradients). */
  readonly maxTreeDepth?: number;
}

/**
 * The No-U-Turn sampler: the trajectory doubles, forwards or backwards in time at random, until it turns round; the next
 * state is one of its points, with weights exp(-H), later halves preferred. Warm-up tunes the step by dual averaging
 * and a diagonal metric as Stan does, then freezes both.
 *
 * Source: Hoffman and Gelman (2014); multinomial weights and the generalised criterion of Betancourt (2017), appendix A,
 * with Stan's criterion across the halves of a tree.
 * @throws GlmmcError `bad-target` for a target without gradient, `bad-option`, `unknown-option`; from steps
 *   `broken-density`
 */
export function nuts(target: Target, options: NutsOptions = {}): HamiltonianKernel {
  const read = readHamiltonian('nuts()', target, { maxTreeDepth: v.optional(count(1, 20), 10) }, options);
  const { maxTreeDepth } = read.more as { maxTreeDepth: number };
  return hamiltonianKernel(
    'nuts',
    read.target,
    read.settings,
    (system) => new NutsTransition(system, maxTreeDepth),
  );
}

/** One trajectory and the choice of its point. Everything but the state that it returns is allocated once. */
export class NutsTransition implements Transition {
  readonly hamiltonian: Hamiltonian;
  private readonly maxTreeDepth: number;
  /** The two ends of the trajectory, where it may grow. */
  private readonly backward: Phase;
  private readonly forward: Phase;
  private readonly whole: Tree;
  private readonly other: Tree;
  /** The two halves of a tree of depth k stand at 2k and 2k + 1; made when first needed. */
  private readonly halves: Tree[] = [];
  private startEnergy = 0;
  private leapfrogs = 0;
  private acceptanceSum = 0;
  private divergent = false;

  constructor(hamiltonian: Hamiltonian, maxTreeDepth: number) {
    this.hamiltonian = hamiltonian;
    this.maxTreeDepth = maxTreeDepth;
    this.backward = hamiltonian.phase();
    this.forward = hamiltonian.phase();
    this.whole = tree(hamiltonian.target.dimension);
    this.other = tree(hamiltonian.target.dimension);
  }

  step(rng: Stream, state: HamiltonianState, stepSize: number): readonly [HamiltonianState, HamiltonianInfo] {
    const { whole, other, hamiltonian } = this;
    const { inverseMetric } = hamiltonian;
    this.begin(rng, state);
    let depth = 0;
    let accepted = false;
    let ahead = true;
    while (depth < this.maxTreeDepth) {
      const goAhead = rng.uniform() < 0.5;
      // The end of the whole tree is where it grows.
      if (goAhead !== ahead) turnAround(whole);
      ahead = goAhead;
      if (
        !this.build(rng, depth, ahead ? this.forward : this.backward, ahead ? stepSize : -stepSize, other)
      ) {
        break;
      }
      depth++;
      // Biased towards the new half: further away, and still exact.
      if (rng.uniform() < Math.exp(other.logWeight - whole.logWeight)) {
        proposalFrom(other, whole);
        accepted = true;
      }
      const goOn = persists(whole, other, inverseMetric);
      merge(whole, other, whole);
      if (!goOn) break;
    }
    const { logDensity, energy } = whole;
    const acceptance = this.acceptanceSum / this.leapfrogs;
    const { leapfrogs, divergent } = this;
    const info = { accepted, acceptance, energy, divergent, leapfrogs, stepSize, treeDepth: depth };
    if (!accepted) return [state, info];
    return [{ position: whole.position.slice(), gradient: whole.gradient.slice(), logDensity }, info];
  }

  /** A new momentum, and a trajectory of one point. */
  private begin(rng: Stream, state: HamiltonianState): void {
    const { hamiltonian, whole, forward, backward } = this;
    hamiltonian.drawMomentum(rng, forward.momentum);
    backward.momentum.set(forward.momentum);
    for (const end of [forward, backward]) {
      end.position.set(state.position);
      end.gradient.set(state.gradient);
      end.logDensity = state.logDensity;
    }
    this.startEnergy = hamiltonian.energy(forward);
    this.leapfrogs = 0;
    this.acceptanceSum = 0;
    this.divergent = false;
    leaf(whole, forward, this.startEnergy, 0);
  }

  /** Writes a tree of 2^depth points beyond `phase` to `out`; false where it diverged or turned round within itself. */
  private build(rng: Stream, depth: number, phase: Phase, step: number, out: Tree): boolean {
    if (depth === 0) return this.extend(phase, step, out);
    const { halves, hamiltonian } = this;
    while (halves.length < 2 * depth + 2) halves.push(tree(phase.position.length));
    const near = halves[2 * depth];
    const far = halves[2 * depth + 1];
    if (!this.build(rng, depth - 1, phase, step, near)) return false;
    if (!this.build(rng, depth - 1, phase, step, far)) return false;
    const goOn = this.goesOn(near, far, hamiltonian.inverseMetric);
    const share = 1 / (1 + Math.exp(near.logWeight - far.logWeight));
    proposalFrom(rng.uniform() < share ? far : near, out);
    merge(near, far, out);
    return goOn;
  }

  /** One leapfrog step, as a tree of one point. */
  private extend(phase: Phase, step: number, out: Tree): boolean {
    const { hamiltonian } = this;
    hamiltonian.leapfrog(phase, step);
    const energy = hamiltonian.energy(phase);
    const gain = this.startEnergy - energy;
    this.leapfrogs++;
    // NaN where the trajectory has run off to infinity.
    if (!(gain >= -DIVERGENCE)) {
      this.divergent = true;
      return false;
    }
    this.acceptanceSum += gain >= 0 ? 1 : Math.exp(gain);
    leaf(out, phase, energy, this.logWeight(gain));
    return true;
  }

  /** Whether a tree inside the new half may be part of it. */
  protected goesOn(near: Tree, far: Tree, inverseMetric: Float64Array): boolean {
    return persists(near, far, inverseMetric);
  }

  /** Log weight of a point whose energy is lower than the start's by `gain`. */
  protected logWeight(gain: number): number {
    return gain;
  }
}

function leaf(
  out: Tree,
  { position, momentum, gradient, logDensity }: Phase,
  energy: number,
  logWeight: number,
) {
  out.position.set(position);
  out.gradient.set(gradient);
  out.begin.set(momentum);
  out.end.set(momentum);
  out.sum.set(momentum);
  out.logDensity = logDensity;
  out.energy = energy;
  out.logWeight = logWeight;
}
