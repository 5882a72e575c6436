// Hamiltonian dynamics with a diagonal metric: momenta, energies, and the leapfrog step.

import { GlmmcError } from '../errors.js';
import { brokenDensity, type Info, type State, type Target, targetNames } from '../kernel.js';
import type { Stream } from '../rng.js';
import { normal } from '../variates.js';

/** A target that has its gradient. */
export type GradientTarget = Target & Required<Pick<Target, 'gradient'>>;

/** The state also keeps the gradient, so that the next trajectory starts without an evaluation. */
export interface HamiltonianState extends State {
  readonly gradient: Float64Array;
}

/** What a trajectory says of itself. */
export interface HamiltonianInfo extends Info {
  /** Potential plus kinetic energy of the point that became the state; `ebfmi` reads these. */
  readonly energy: number;
  /** Whether the energy error exceeded 1000: the step is too long for the curvature there, and the draws may miss it. */
  readonly divergent: boolean;
  /** Gradients that the trajectory took. */
  readonly leapfrogs: number;
  readonly stepSize: number;
  /** Doublings of the trajectory; of `nuts` alone. */
  readonly treeDepth?: number;
}

/** A point on a trajectory, changed in place. */
export interface Phase {
  readonly position: Float64Array;
  readonly momentum: Float64Array;
  readonly gradient: Float64Array;
  logDensity: number;
}

/** Above this energy error a trajectory has diverged (Stan's value). */
export const DIVERGENCE = 1000;

/** H(x, p) = -log density(x) + sum w_i p_i^2 / 2, with w the inverse metric. */
export class Hamiltonian {
  readonly target: GradientTarget;
  /** w: about the variances of the coordinates. Warm-up writes to it. */
  readonly inverseMetric: Float64Array;

  constructor(target: GradientTarget, inverseMetric: Float64Array) {
    this.target = target;
    this.inverseMetric = inverseMetric;
  }

  phase(): Phase {
    const room = (): Float64Array => new Float64Array(this.target.dimension);
    return { position: room(), momentum: room(), gradient: room(), logDensity: 0 };
  }

  /** Momenta from N(0, metric). */
  drawMomentum(rng: Stream, out: Float64Array): void {
    const w = this.inverseMetric;
    for (let i = 0; i < out.length; i++) out[i] = normal(rng) / Math.sqrt(w[i]);
  }

  energy({ momentum, logDensity }: Phase): number {
    const w = this.inverseMetric;
    let kinetic = 0;
    for (let i = 0; i < momentum.length; i++) kinetic += w[i] * momentum[i] * momentum[i];
    return 0.5 * kinetic - logDensity;
  }

  /**
   * One leapfrog step, backwards in time where `step` < 0; no allocation.
   * @throws GlmmcError `broken-density`
   */
  leapfrog(phase: Phase, step: number): void {
    const { position, momentum, gradient } = phase;
    const w = this.inverseMetric;
    const half = 0.5 * step;
    for (let i = 0; i < position.length; i++) {
      const p = momentum[i] + half * gradient[i];
      momentum[i] = p;
      position[i] += step * w[i] * p;
    }
    phase.logDensity = evaluateGradient(this.target, position, gradient);
    for (let i = 0; i < position.length; i++) momentum[i] += half * gradient[i];
  }
}

/**
 * The log density at x, its gradient written to `out`. Where a trajectory has run off to infinity it is -Infinity.
 * @throws GlmmcError `broken-density` where it is NaN or +Infinity at a finite x
 */
export function evaluateGradient(target: GradientTarget, x: Float64Array, out: Float64Array): number {
  const value = target.gradient(x, out);
  if (value < Number.POSITIVE_INFINITY) return value;
  if (!x.every(Number.isFinite)) return Number.NEGATIVE_INFINITY;
  throw brokenDensity(value, x);
}

/** The target, if it has a gradient. @throws GlmmcError `bad-target` */
export function requireGradient(owner: string, target: Target): GradientTarget {
  targetNames(target);
  if (typeof target.gradient === 'function') return target as GradientTarget;
  throw new GlmmcError(
    'bad-target',
    `${owner} needs a target with gradient(x, out), which writes the gradient to out and returns the log density; without one use slice() or randomWalk()`,
  );
}

/** The state at a position, copied. @throws GlmmcError `bad-init`, `broken-density` */
export function hamiltonianState(target: GradientTarget, position: ArrayLike<number>): HamiltonianState {
  if (position.length !== target.dimension) {
    throw new GlmmcError(
      'bad-init',
      `init: expected a position of length ${target.dimension}, found ${position.length}`,
    );
  }
  const copy = Float64Array.from(position);
  const gradient = new Float64Array(copy.length);
  const logDensity = evaluateGradient(target, copy, gradient);
  if (logDensity === Number.NEGATIVE_INFINITY) {
    throw new GlmmcError(
      'bad-init',
      `init: the density is 0 at (${copy.join(', ')}); start inside the support`,
    );
  }
  const wrong = gradient.findIndex((slope) => !Number.isFinite(slope));
  if (wrong >= 0) {
    throw new GlmmcError(
      'broken-density',
      `the gradient must be finite where the density is not 0, found ${gradient[wrong]} in coordinate ${wrong + 1} at (${copy.join(', ')})`,
    );
  }
  return { position: copy, gradient, logDensity };
}
