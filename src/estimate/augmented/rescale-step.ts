// Coefficients, sigma and intercepts multiplied by one factor, by a slice step on its logarithm.
import { SliceWidth } from '../../../samplers/adapt.js';
import type { Memory } from '../../../samplers/memory.js';
import type { Stream } from '../../../samplers/rng.js';
import { sliceStep } from '../../../samplers/slice.js';
import type { Rows } from '../../model/outcome.js';
import type { GibbsState } from '../gibbs/state.js';
import type { GibbsStep } from '../gibbs/step.js';
import { knownPredictors } from './known-predictors.js';

/**
 * Latent variables hold the size of the linear predictors fast: given them all eta can hardly grow or shrink together.
 * This step moves along that line with the latent variables integrated out: (beta, sigma) becomes g (beta, sigma) with
 * z = eps / sigma held, g drawn from its density under the posterior times g^p, the volume of p coefficients (log sigma is
 * shifted, which takes none): a generalised Gibbs step by the group of scales (Liu and Sabatti 2000, Biometrika 87,
 * theorem 1). Offsets and held coefficients stay. For families without a dispersion.
 */
export class RescaleStep implements GibbsStep {
  readonly name = 'rescale';
  protected readonly state: GibbsState;
  private readonly known: Float64Array;
  /** What g multiplies in each linear predictor. */
  private readonly moved: Float64Array;
  private readonly rows: Rows;
  private readonly beta: Float64Array;
  private readonly density: (logFactor: number) => number;
  private readonly tuned: SliceWidth;

  /** @param state with sigma free */
  constructor(state: GibbsState) {
    this.state = state;
    this.known = knownPredictors(state);
    this.moved = new Float64Array(state.clusters.rows);
    this.rows = { ...state.rows, eta: new Float64Array(state.clusters.rows) };
    this.beta = new Float64Array(state.beta.length);
    this.density = (logFactor) => this.logDensity(logFactor);
    this.tuned = new SliceWidth(1 / Math.sqrt(2 * state.z.length));
  }

  freeze(): void {
    this.tuned.freeze();
  }

  remember(memory: Memory): void {
    this.tuned.remember(memory);
  }

  update(rng: Stream): number {
    const { state, known, moved, tuned } = this;
    const { clusters, rows, z, sigma, beta, freeBeta } = state;
    const { starts } = clusters;
    for (let i = 0; i < z.length; i++) {
      const eps = sigma * z[i];
      for (let r = starts[i]; r < starts[i + 1]; r++) moved[r] = rows.eta[r] + eps - known[r];
    }
    const logFactor = sliceStep(rng, 0, this.density, tuned.width);
    tuned.update(Math.abs(logFactor));
    const factor = Math.exp(logFactor);
    for (let k = 0; k < freeBeta.length; k++) beta[freeBeta[k]] *= factor;
    state.sigma *= factor;
    state.refresh();
    return 1;
  }

  /** Log density of log g, up to a constant. */
  protected logDensity(logFactor: number): number {
    const { state, known, moved, rows, beta } = this;
    const { freeBeta, outcome, sigma } = state;
    const factor = Math.exp(logFactor);
    for (let r = 0; r < moved.length; r++) rows.eta[r] = known[r] + factor * moved[r];
    for (let k = 0; k < freeBeta.length; k++) beta[freeBeta[k]] = factor * state.beta[freeBeta[k]];
    const sum =
      outcome.value(rows, 0, moved.length, 0, 1) +
      state.logPriorOfBeta(beta) +
      state.logPriorOfLogSigma(Math.log(sigma) + logFactor) +
      freeBeta.length * logFactor;
    // Beyond the range of doubles the density is 0.
    return Number.isNaN(sum) ? Number.NEGATIVE_INFINITY : sum;
  }
}
