// Hamiltonian Monte Carlo on the collapsed posterior, with its exact gradient.
import { ScaleAdapter } from '../../../samplers/adapt.js';
import type { Memory } from '../../../samplers/memory.js';
import type { Stream } from '../../../samplers/rng.js';
import { exponential, normal } from '../../../samplers/variates.js';
import type { MarginalPosterior } from '../marginal-posterior.js';
import type { CollapsedChain } from './chain.js';

/** Acceptance aimed at, and the mean length of a path in standard deviations: near a quarter turn for a normal. */
const ACCEPTANCE = 0.8;
const PATH = 1.5;
const FIRST_STEP = 0.5;
const MOST_STEPS = 64;
/** A path whose energy grows by this much has left for good. */
const DIVERGED = 1000;

/**
 * Works in q, point = mode + L q with L L' near the covariance, in which the posterior is near standard normal.
 * The length of a path is random (0.5 to 1.5 times `PATH`), so that no turn is ever complete for every path.
 * Source: Neal (2011), Handbook of Markov Chain Monte Carlo, chapter 5.
 */
export class HamiltonianChain implements CollapsedChain {
  readonly kinds: readonly string[] = ['hmc'];
  readonly accepted: Float64Array = new Float64Array(1);
  readonly steps: Float64Array = new Float64Array(1);
  point: Float64Array;
  value: number = Number.NEGATIVE_INFINITY;
  /** Paths after warm-up whose energy was lost. */
  divergences: number = 0;
  private readonly posterior: MarginalPosterior;
  private readonly mode: Float64Array;
  private readonly factor: Float64Array;
  private readonly tuner: ScaleAdapter = new ScaleAdapter({ scale: FIRST_STEP, target: ACCEPTANCE });
  private other: Float64Array;
  private q: Float64Array;
  private otherQ: Float64Array;
  /** Gradient in q at the point, and at the end of the path. */
  private slope: Float64Array;
  private otherSlope: Float64Array;
  private readonly momentum: Float64Array;
  private readonly gradient: Float64Array;

  /** @param factor L, row-major lower triangle */
  constructor(posterior: MarginalPosterior, mode: Float64Array, factor: Float64Array, stream: Stream) {
    const d = posterior.dimension;
    const room = (): Float64Array => new Float64Array(d);
    this.posterior = posterior;
    this.mode = mode;
    this.factor = factor;
    [this.point, this.other, this.q, this.otherQ] = [room(), room(), room(), room()];
    [this.slope, this.otherSlope, this.momentum, this.gradient] = [room(), room(), room(), room()];
    // Overdispersed; nearer to the mode where the density is 0 or overflows.
    for (let reach = 1.5; reach > 1e-3 && !(this.value > Number.NEGATIVE_INFINITY); reach /= 2) {
      for (let i = 0; i < d; i++) this.q[i] = reach * normal(stream);
      this.value = this.evaluate(this.q, this.point, this.slope);
    }
  }

  freeze(): void {
    this.tuner.freeze();
  }

  remember(memory: Memory): void {
    memory.numbers(this.point);
    memory.numbers(this.q);
    memory.numbers(this.slope);
    this.value = memory.number(this.value);
    this.divergences = memory.number(this.divergences);
    this.tuner.remember(memory);
    memory.numbers(this.accepted);
    memory.numbers(this.steps);
  }

  step(stream: Stream): void {
    const { momentum, otherQ, otherSlope, q, slope, tuner } = this;
    const d = q.length;
    const epsilon = tuner.scale;
    const path = PATH * (0.5 + stream.uniform());
    const count = Math.min(MOST_STEPS, Math.max(1, Math.round(path / epsilon)));
    let energy = -this.value;
    for (let i = 0; i < d; i++) {
      momentum[i] = normal(stream);
      energy += 0.5 * momentum[i] * momentum[i];
    }
    otherQ.set(q);
    otherSlope.set(slope);
    let value = this.value;
    for (let k = 0; k < count && value > Number.NEGATIVE_INFINITY; k++) {
      for (let i = 0; i < d; i++) {
        momentum[i] += 0.5 * epsilon * otherSlope[i];
        otherQ[i] += epsilon * momentum[i];
      }
      value = this.evaluate(otherQ, this.other, otherSlope);
      for (let i = 0; i < d; i++) momentum[i] += 0.5 * epsilon * otherSlope[i];
    }
    let logRatio = energy + value;
    for (let i = 0; i < d; i++) logRatio -= 0.5 * momentum[i] * momentum[i];
    if (Number.isNaN(logRatio)) logRatio = Number.NEGATIVE_INFINITY;
    const acceptance = logRatio >= 0 ? 1 : Math.exp(logRatio);
    if (tuner.frozen && logRatio < -DIVERGED) this.divergences++;
    tuner.update(acceptance);
    this.steps[0]++;
    this.accepted[0] += acceptance;
    if (!(-exponential(stream) <= logRatio)) return;
    [this.point, this.other] = [this.other, this.point];
    [this.q, this.otherQ] = [otherQ, q];
    [this.slope, this.otherSlope] = [otherSlope, slope];
    this.value = value;
  }

  /** The log density at q, with its point and its gradient in q. */
  private evaluate(q: Float64Array, point: Float64Array, slope: Float64Array): number {
    const { mode, factor, gradient } = this;
    const d = q.length;
    for (let i = 0; i < d; i++) {
      point[i] = mode[i];
      for (let j = 0; j <= i; j++) point[i] += factor[i * d + j] * q[j];
    }
    const value = this.posterior.slope(point, gradient);
    for (let j = 0; j < d; j++) {
      slope[j] = 0;
      for (let i = j; i < d; i++) slope[j] += factor[i * d + j] * gradient[i];
    }
    return value;
  }
}
