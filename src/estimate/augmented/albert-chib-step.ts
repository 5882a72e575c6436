// One sweep for binomial responses with the probit link: a latent normal per trial, then all parameters in one draw.
import type { Memory } from '../../../samplers/memory.js';
import type { Stream } from '../../../samplers/rng.js';
import { normalAbove } from '../../../samplers/truncated-normal.js';
import { gamma } from '../../../samplers/variates.js';
import type { GibbsState } from '../gibbs/state.js';
import type { GibbsStep } from '../gibbs/step.js';
import { GaussianBlock } from './gaussian-block.js';

/**
 * A trial succeeds where its latent normal of mean eta and variance 1 is above 0 (Albert and Chib 1993, Journal of the
 * American Statistical Association 88). Given the latent variables a row's log density is h eta - n eta^2 / 2, h their sum.
 * Before the parameters are drawn all latent variables are multiplied by one g, itself drawn with beta and eps integrated
 * out, which mixes far better at next to no cost (Liu and Wu 1999, Journal of the American Statistical Association 94);
 * under an offset or a prior mean other than 0, where g has no simple distribution, they are left as they are.
 */
export class AlbertChibStep implements GibbsStep {
  readonly name = 'albert-chib';
  private readonly state: GibbsState;
  private readonly block: GaussianBlock;
  private readonly trials: Float64Array;
  private readonly successes: Float64Array;
  private readonly sums: Float64Array;
  private readonly allTrials: number;
  private readonly scalable: boolean;
  /** Sum of the squares of all latent variables. */
  private squares = 0;

  constructor(state: GibbsState, block: GaussianBlock = new GaussianBlock(state)) {
    const { y, trials, weights } = state.rows;
    this.state = state;
    this.block = block;
    this.trials = trials.map((n, r) => weights[r] * n);
    this.successes = y.map((count, r) => weights[r] * count);
    this.sums = new Float64Array(y.length);
    this.allTrials = this.trials.reduce((sum, n) => sum + n, 0);
    this.scalable = block.scalable;
  }

  freeze(): void {
    this.block.freeze();
  }

  remember(memory: Memory): void {
    this.block.remember(memory);
  }

  update(rng: Stream): number {
    const { state, block, trials, sums } = this;
    const { rows, z, sigma, clusters } = state;
    const { starts } = clusters;
    this.squares = 0;
    for (let i = 0; i < z.length; i++) {
      const eps = sigma * z[i];
      for (let r = starts[i]; r < starts[i + 1]; r++) this.drawLatent(rng, r, rows.eta[r] + eps);
    }
    block.condition(trials, sums);
    if (this.scalable && this.allTrials > 0) block.scale(this.drawScale(rng));
    block.draw(rng);
    state.refresh();
    return 1;
  }

  /** g^2 ~ Gamma(N / 2, rate half the squares that the model leaves), N the number of trials. */
  protected drawScale(rng: Stream): number {
    const { squares, allTrials, block } = this;
    return Math.sqrt((2 * gamma(rng, 0.5 * allTrials)) / (squares - block.explained()));
  }

  private drawLatent(rng: Stream, r: number, eta: number): void {
    const successes = this.successes[r];
    const trials = this.trials[r];
    let sum = 0;
    for (let k = 0; k < trials; k++) {
      const latent = k < successes ? eta + normalAbove(rng, -eta) : eta - normalAbove(rng, eta);
      sum += latent;
      this.squares += latent * latent;
    }
    this.sums[r] = sum;
  }
}
