// One sweep for binomial responses with the logit link: Polya-Gamma weights, then all parameters in one draw.

import type { Memory } from '../../../samplers/memory.js';
import { polyaGamma } from '../../../samplers/polya-gamma.js';
import type { Stream } from '../../../samplers/rng.js';
import type { GibbsState } from '../gibbs/state.js';
import type { GibbsStep } from '../gibbs/step.js';
import { GaussianBlock } from './gaussian-block.js';

/**
 * Given omega_r ~ PG(n_r, eta_r) a row's log density is kappa_r eta_r - omega_r eta_r^2 / 2, kappa_r = y_r - n_r / 2
 * (Polson, Scott and Windle 2013, Journal of the American Statistical Association 108, theorem 1). A weight multiplies n
 * and kappa.
 */
export class PolyaGammaStep implements GibbsStep {
  readonly name = 'polya-gamma';
  protected readonly state: GibbsState;
  private readonly block: GaussianBlock;
  /** Effective trials and kappa of each row. */
  private readonly trials: Float64Array;
  protected readonly kappa: Float64Array;
  private readonly omega: Float64Array;

  constructor(state: GibbsState, block: GaussianBlock = new GaussianBlock(state)) {
    const { y, trials, weights } = state.rows;
    this.state = state;
    this.block = block;
    this.trials = trials.map((n, r) => weights[r] * n);
    this.kappa = y.map((successes, r) => weights[r] * (successes - 0.5 * trials[r]));
    this.omega = new Float64Array(y.length);
  }

  freeze(): void {
    this.block.freeze();
  }

  remember(memory: Memory): void {
    this.block.remember(memory);
  }

  update(rng: Stream): number {
    const { state, trials, omega, block } = this;
    const { rows, z, sigma, clusters } = state;
    const { starts } = clusters;
    for (let i = 0; i < z.length; i++) {
      const eps = sigma * z[i];
      for (let r = starts[i]; r < starts[i + 1]; r++)
        omega[r] = polyaGamma(rng, trials[r], rows.eta[r] + eps);
    }
    block.condition(omega, this.kappa);
    block.draw(rng);
    state.refresh();
    return 1;
  }
}
