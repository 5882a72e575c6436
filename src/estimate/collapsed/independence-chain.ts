// Independence Metropolis-Hastings on the collapsed posterior, every other step to the mirror image of the point.
import type { Memory } from '../../../samplers/memory.js';
import type { Stream } from '../../../samplers/rng.js';
import { exponential, normal } from '../../../samplers/variates.js';
import type { MarginalPosterior } from '../marginal-posterior.js';
import type { Proposal } from '../quadrature-posterior/proposal.js';
import type { CollapsedChain } from './chain.js';
import type { ImportanceSample } from './importance.js';

/** Share of random-walk steps: they move a chain that stands where the proposal hardly ever goes. */
const WALKS = 0.1;

/**
 * Jumps to a draw of the proposal (or now and then walks), then goes to the point's mirror image in the proposal's own
 * noise, each accepted by the ratio of weights (posterior over proposal density). A point and its image err to opposite
 * sides, so that means, medians and all that is near odd about the middle take fewer draws than independent ones.
 */
export class IndependenceChain implements CollapsedChain {
  readonly kinds: readonly string[] = ['independence', 'mirror', 'random walk'];
  readonly accepted: Float64Array = new Float64Array(3);
  readonly steps: Float64Array = new Float64Array(3);
  point: Float64Array;
  value: number = Number.NEGATIVE_INFINITY;
  private logProposal = 0;
  private mirrorNext = false;
  private other: Float64Array;
  private readonly noise: Float64Array;
  private readonly posterior: MarginalPosterior;
  private readonly proposal: Proposal;
  private readonly factor: Float64Array;
  private readonly sample: ImportanceSample;

  /**
   * Starts at a draw of the proposal.
   * @param factor lower Cholesky factor of the random walk's steps
   * @param sample takes every point proposed with its weight
   */
  constructor(
    posterior: MarginalPosterior,
    proposal: Proposal,
    factor: Float64Array,
    sample: ImportanceSample,
    stream: Stream,
  ) {
    const d = posterior.dimension;
    this.posterior = posterior;
    this.proposal = proposal;
    this.factor = factor;
    this.sample = sample;
    this.point = new Float64Array(d);
    this.other = new Float64Array(d);
    this.noise = new Float64Array(d);
    for (let attempt = 0; attempt < 100 && !(this.value > Number.NEGATIVE_INFINITY); attempt++) {
      proposal.draw(stream, this.point);
      this.logProposal = proposal.logDensity;
      this.value = posterior.value(this.point);
    }
  }

  step(stream: Stream): void {
    if (this.mirrorNext) this.mirror(stream);
    else if (this.point.length > 0 && stream.uniform() < WALKS) this.walk(stream);
    else this.jump(stream);
    this.mirrorNext = !this.mirrorNext;
  }

  freeze(): void {}

  remember(memory: Memory): void {
    memory.numbers(this.point);
    this.value = memory.number(this.value);
    this.logProposal = memory.number(this.logProposal);
    this.mirrorNext = memory.flag(this.mirrorNext);
    memory.numbers(this.accepted);
    memory.numbers(this.steps);
  }

  private jump(stream: Stream): void {
    const { posterior, proposal, other } = this;
    proposal.draw(stream, other);
    const logProposal = proposal.logDensity;
    const value = posterior.value(other);
    this.sample.add(other, value - logProposal);
    this.decide(stream, 0, value - logProposal - (this.value - this.logProposal), value, logProposal);
  }

  private mirror(stream: Stream): void {
    const { posterior, proposal, other } = this;
    proposal.mirror(this.point, other);
    const logProposal = proposal.logDensity;
    const value = posterior.value(other);
    this.decide(stream, 1, value - logProposal - (this.value - this.logProposal), value, logProposal);
  }

  private walk(stream: Stream): void {
    const { posterior, proposal, other, point, noise, factor } = this;
    const d = point.length;
    for (let i = 0; i < d; i++) {
      noise[i] = normal(stream);
      other[i] = point[i];
      for (let j = 0; j <= i; j++) other[i] += factor[i * d + j] * noise[j];
    }
    const value = posterior.value(other);
    this.decide(stream, 2, value - this.value, value, proposal.logDensityAt(other));
  }

  private decide(stream: Stream, kind: number, logRatio: number, value: number, logProposal: number): void {
    this.steps[kind]++;
    this.accepted[kind] += logRatio >= 0 ? 1 : Math.exp(logRatio);
    if (!(-exponential(stream) <= logRatio)) return;
    const { point } = this;
    this.point = this.other;
    this.other = point;
    this.value = value;
    this.logProposal = logProposal;
  }
}
