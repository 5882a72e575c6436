// What hmc() and nuts() share: their options, the kernel around a transition, and its warm-up.
import * as v from 'valibot';
import { GlmmcError } from '../errors.js';
import { type Adaptation, type Kernel, type Target, targetNames } from '../kernel.js';
import { between, checkOptions, positive } from '../options.js';
import type { Stream } from '../rng.js';
import { DualAveraging } from './dual-averaging.js';
import {
  type GradientTarget,
  Hamiltonian,
  type HamiltonianInfo,
  type HamiltonianState,
  hamiltonianState,
  requireGradient,
} from './phase.js';
import { metricWindows, VarianceAdapter } from './windows.js';

/** Settings that `hmc` and `nuts` have in common. */
export interface HamiltonianOptions {
  /** Leapfrog step, > 0, in units of the coordinates' sds; tuned in warm-up. Default 0.5 / dimension^(1/4). */
  readonly stepSize?: number;
  /** Guesses of the coordinates' variances, > 0, from which warm-up learns better ones. Default ones. */
  readonly variances?: ArrayLike<number>;
  /** Acceptance probability that the step is tuned to (0.8). Nearer to 1: smaller steps, fewer divergences. */
  readonly acceptance?: number;
}

/** A kernel by Hamiltonian dynamics. */
export type HamiltonianKernel = Kernel<HamiltonianState, HamiltonianInfo>;

/** One trajectory, with room of its own. */
export interface Transition {
  readonly hamiltonian: Hamiltonian;
  step(rng: Stream, state: HamiltonianState, stepSize: number): readonly [HamiltonianState, HamiltonianInfo];
}

/** Settings with their defaults filled in, and whatever more a kernel asks for. */
interface Settings {
  readonly stepSize: number;
  readonly variances: Float64Array;
  readonly acceptance: number;
}

/**
 * Checks the target and the shared options; `more` are those of one kernel.
 * @throws GlmmcError `bad-target`, `bad-option`, `unknown-option`
 */
export function readHamiltonian<const E extends Record<string, v.GenericSchema>>(
  owner: string,
  target: Target,
  more: E,
  options: unknown,
): {
  readonly target: GradientTarget;
  readonly settings: Settings;
  readonly more: v.InferOutput<v.ObjectSchema<E, undefined>>;
} {
  const checked = requireGradient(owner, target);
  const d = target.dimension;
  const shared = {
    stepSize: v.optional(positive(), 0.5 / Math.sqrt(Math.sqrt(d))),
    variances: v.optional(v.any()),
    acceptance: v.optional(between(0, 1), 0.8),
  };
  const known = checkOptions(owner, { ...more, ...shared }, options) as {
    stepSize: number;
    variances?: ArrayLike<number>;
    acceptance: number;
  };
  const variances = Float64Array.from(known.variances ?? new Float64Array(d).fill(1));
  if (variances.length !== d || !variances.every((x) => x > 0 && Number.isFinite(x))) {
    throw new GlmmcError(
      'bad-option',
      `${owner}: variances must be ${d} numbers > 0, found ${variances.length === d ? variances.find((x) => !(x > 0 && Number.isFinite(x))) : `${variances.length} of them`}`,
    );
  }
  const { stepSize, acceptance } = known;
  return {
    target: checked,
    settings: { stepSize, variances, acceptance },
    more: known as v.InferOutput<v.ObjectSchema<E, undefined>>,
  };
}

/** The kernel of a transition at a fixed step and metric; its warm-up tunes both, and freezes them. */
export function hamiltonianKernel(
  name: string,
  target: GradientTarget,
  { stepSize, variances, acceptance }: Settings,
  make: (hamiltonian: Hamiltonian) => Transition,
): HamiltonianKernel {
  const fixed = (step: number, metric: Float64Array): HamiltonianKernel => {
    const transition = make(new Hamiltonian(target, metric.slice()));
    return {
      name,
      variables: targetNames(target),
      dimension: target.dimension,
      init: (position) => hamiltonianState(target, position),
      step: (rng, state) => transition.step(rng, state, step),
    };
  };
  return {
    ...fixed(stepSize, variances),
    adapt(warmup) {
      const transition = make(new Hamiltonian(target, variances.slice()));
      return tune(transition, stepSize, acceptance, warmup, fixed);
    },
  };
}

/** Warm-up as Stan's: the step at every trajectory, the metric at the ends of windows that double in length. */
function tune(
  transition: Transition,
  stepSize: number,
  goal: number,
  warmup: number,
  fixed: (step: number, metric: Float64Array) => HamiltonianKernel,
): Adaptation<HamiltonianState, HamiltonianInfo> {
  const { hamiltonian } = transition;
  const { inverseMetric, target } = hamiltonian;
  const { first, ends } = metricWindows(warmup);
  const variances = new VarianceAdapter(target.dimension);
  const averaging = new DualAveraging(stepSize, goal);
  let done = 0;
  let window = 0;
  return {
    step(rng, state) {
      if (done === 0) averaging.restart(reasonableStep(rng, hamiltonian, state, averaging.step));
      const result = transition.step(rng, state, averaging.step);
      averaging.update(result[1].acceptance);
      done++;
      if (done >= first && window < ends.length) {
        variances.update(result[0].position);
        if (done === ends[window]) {
          variances.learn(inverseMetric);
          window++;
          averaging.restart(reasonableStep(rng, hamiltonian, result[0], averaging.step));
        }
      }
      return result;
    },
    frozen: () => fixed(averaging.final(), inverseMetric),
    remember(memory) {
      done = memory.number(done);
      window = memory.number(window);
      averaging.remember(memory);
      variances.remember(memory);
      memory.numbers(inverseMetric);
    },
  };
}

/** Steps beyond these are no steps: a flat density, or one that no step is short enough for. */
const LONGEST = 1e7;
const SHORTEST = 1e-12;

/**
 * A step that changes the energy by about log 0.8, found by doubling or halving.
 * Source: Hoffman and Gelman (2014), algorithm 4, with Stan's 0.8 and a new momentum each time.
 */
function reasonableStep(
  rng: Stream,
  hamiltonian: Hamiltonian,
  state: HamiltonianState,
  start: number,
): number {
  const phase = hamiltonian.phase();
  const gain = (step: number): number => {
    phase.position.set(state.position);
    phase.gradient.set(state.gradient);
    phase.logDensity = state.logDensity;
    hamiltonian.drawMomentum(rng, phase.momentum);
    const before = hamiltonian.energy(phase);
    hamiltonian.leapfrog(phase, step);
    return before - hamiltonian.energy(phase);
  };
  const longer = gain(start) > Math.log(0.8);
  let step = start;
  for (;;) {
    const next = longer ? 2 * step : 0.5 * step;
    if (!(next > SHORTEST && next < LONGEST)) return step;
    step = next;
    if (gain(step) > Math.log(0.8) !== longer) return step;
  }
}
