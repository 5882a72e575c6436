// sigma given the intercepts eps (the centred half of an interweaving), by a slice step on log sigma.
import type { Stream } from '../../../samplers/rng.js';
import { sliceStep } from '../../../samplers/slice.js';
import type { GibbsState } from './state.js';
import type { GibbsStep } from './step.js';

/** eps stays, so the likelihood does not change: only sum log f(eps; sigma) and the prior do. */
export class ScaleStep implements GibbsStep {
  readonly name = 'sigma';
  protected readonly state: GibbsState;
  private readonly density: (logSigma: number) => number;
  private readonly width: number;
  /** sum eps^2, for normal intercepts. */
  private sumOfSquares = 0;

  constructor(state: GibbsState) {
    this.state = state;
    this.density = (logSigma) => this.logDensity(logSigma);
    // log sigma | eps has a standard deviation near 1 / sqrt(2 m).
    this.width = 3 / Math.sqrt(2 * state.z.length);
  }

  update(rng: Stream): number {
    const { state } = this;
    const { z, sigma } = state;
    if (state.effect.name === 'normal') {
      let sum = 0;
      for (let i = 0; i < z.length; i++) sum += z[i] * z[i];
      this.sumOfSquares = sum * sigma * sigma;
    }
    state.sigma = Math.exp(sliceStep(rng, Math.log(sigma), this.density, this.width));
    const factor = sigma / state.sigma;
    for (let i = 0; i < z.length; i++) z[i] *= factor;
    return 1;
  }

  /** Log density of log sigma given eps, up to a constant: f(eps; sigma) = f_z(eps / sigma) / sigma. */
  protected logDensity(logSigma: number): number {
    const { state } = this;
    const { z, effect } = state;
    const next = Math.exp(logSigma);
    let sum = state.logPriorOfLogSigma(logSigma) - z.length * logSigma;
    if (effect.name === 'normal') sum -= (0.5 * this.sumOfSquares) / (next * next);
    else {
      const factor = state.sigma / next;
      for (let i = 0; i < z.length; i++) sum += effect.logDensity(z[i] * factor, next);
    }
    // Beyond the range of doubles the density is 0.
    return Number.isNaN(sum) ? Number.NEGATIVE_INFINITY : sum;
  }
}
