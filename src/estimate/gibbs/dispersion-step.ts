// The dispersion given the linear predictors, by a slice step on its logarithm.
import type { Stream } from '../../../samplers/rng.js';
import { sliceStep } from '../../../samplers/slice.js';
import type { GibbsState } from './state.js';
import type { GibbsStep } from './step.js';

/** One call of the outcome covers all rows: the intercepts are put into the linear predictors first. */
export class DispersionStep implements GibbsStep {
  readonly name = 'dispersion';
  protected readonly state: GibbsState;
  private readonly total: { y: Float64Array; trials: Float64Array; weights: Float64Array; eta: Float64Array };
  private readonly density: (logDispersion: number) => number;
  private readonly width: number;

  constructor(state: GibbsState) {
    this.state = state;
    this.total = { ...state.rows, eta: new Float64Array(state.rows.eta.length) };
    this.density = (logDispersion) => this.logDensity(logDispersion);
    // A log variance from n residuals has a standard deviation near sqrt(2 / n).
    this.width = 3 * Math.sqrt(2 / Math.max(2, state.clusters.rows - state.z.length));
  }

  update(rng: Stream): number {
    const { state, total } = this;
    const { clusters, z, sigma, rows } = state;
    const { starts } = clusters;
    for (let i = 0; i < z.length; i++) {
      const eps = sigma * z[i];
      for (let r = starts[i]; r < starts[i + 1]; r++) total.eta[r] = rows.eta[r] + eps;
    }
    state.dispersion = Math.exp(sliceStep(rng, Math.log(state.dispersion), this.density, this.width));
    state.refresh();
    return 1;
  }

  /** Log density of log dispersion given the linear predictors, up to a constant. */
  protected logDensity(logDispersion: number): number {
    const { state, total } = this;
    const value = state.outcome.value(total, 0, total.eta.length, 0, Math.exp(logDispersion));
    const sum = value + state.logPriorOfLogDispersion(logDispersion);
    return Number.isNaN(sum) ? Number.NEGATIVE_INFINITY : sum;
  }
}
