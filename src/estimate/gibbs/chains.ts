// Chains by sweeps: what gibbs(), polyaGamma() and albertChib() make of their steps.
import type { Memory } from '../../../samplers/memory.js';
import type { Stream } from '../../../samplers/rng.js';
import type { MakeChain, PosteriorChain, Problem } from '../chains/chain.js';
import { placeAtRandom } from './place.js';
import { replicateClusters } from './replicate.js';
import { GibbsState } from './state.js';
import type { GibbsStep } from './step.js';

/** Mean acceptance probability after warm-up by the name of the step. */
export type Acceptance = Readonly<Record<string, number>>;

/** The steps of a chain, in the order of a sweep, for the state it keeps. */
export type StepsOfChain = (state: GibbsState) => readonly GibbsStep[];

/**
 * Chains that sweep through steps from random starts (stream `init`).
 * @param owner the strategy as people typed it, for messages
 * @throws GlmmcError `bad-cluster-weights`
 */
export function sweepChains(problem: Problem, owner: string, stepsOf: StepsOfChain): MakeChain<Acceptance> {
  const { model, space, priors } = problem;
  const { clusters, firstCopy } = replicateClusters(model, owner);
  return (stream) => {
    const state = new GibbsState(space, clusters, priors);
    placeAtRandom(state, problem, stream.stream('init'));
    return new SweepChain(state, stepsOf(state), firstCopy);
  };
}

class SweepChain implements PosteriorChain<Acceptance> {
  private readonly state: GibbsState;
  private readonly steps: readonly GibbsStep[];
  private readonly firstCopy: Int32Array;
  private readonly accepted: Float64Array;
  private readonly turns: Float64Array;

  constructor(state: GibbsState, steps: readonly GibbsStep[], firstCopy: Int32Array) {
    this.state = state;
    this.steps = steps;
    this.firstCopy = firstCopy;
    this.accepted = new Float64Array(steps.length);
    this.turns = new Float64Array(steps.length);
  }

  step(stream: Stream): number {
    const { steps, accepted, turns } = this;
    let sum = 0;
    let told = 0;
    for (let k = 0; k < steps.length; k++) {
      const acceptance = steps[k].update(stream);
      if (Number.isNaN(acceptance)) continue;
      accepted[k] += acceptance;
      turns[k]++;
      sum += acceptance;
      told++;
    }
    return sum / told;
  }

  freeze(): void {
    for (const step of this.steps) step.freeze?.();
    this.accepted.fill(0);
    this.turns.fill(0);
  }

  record(out: Float64Array): void {
    const { state, firstCopy } = this;
    const { beta, sigma, z, model } = state;
    out.set(beta);
    let at = beta.length;
    out[at++] = sigma;
    if (model.family.dispersion) out[at++] = state.dispersion;
    out[at++] = state.logPosterior();
    for (let i = 0; i < firstCopy.length; i++) out[at + i] = sigma * z[firstCopy[i]];
  }

  remember(memory: Memory): void {
    memory.numbers(this.accepted);
    memory.numbers(this.turns);
    this.state.remember(memory);
    for (const step of this.steps) step.remember?.(memory);
  }

  report(): Acceptance {
    return Object.fromEntries(this.steps.map(({ name }, k) => [name, this.accepted[k] / this.turns[k]]));
  }
}
