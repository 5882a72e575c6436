// A point that a step proposes for all parameters and intercepts at once, with the likelihood there.

import { linearPredictors } from '../../likelihood/integrand.js';
import type { Rows } from '../../model/outcome.js';
import type { GibbsState } from './state.js';

/** Fill `beta`, `sigma` and `z`, then `evaluate`; `accept` makes it the state. The dispersion is the state's. */
export class ProposedPoint {
  readonly beta: Float64Array;
  sigma = 0;
  readonly z: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly score: Float64Array;
  private readonly logLik: Float64Array;
  private readonly curvature: Float64Array;
  private readonly rows: Rows;
  private readonly state: GibbsState;

  constructor(state: GibbsState) {
    const perRow = (): Float64Array => new Float64Array(state.rows.eta.length);
    const perCluster = (): Float64Array => new Float64Array(state.z.length);
    this.state = state;
    this.beta = new Float64Array(state.beta.length);
    this.z = perCluster();
    this.first = perRow();
    this.second = perRow();
    this.score = perCluster();
    this.logLik = perCluster();
    this.curvature = perCluster();
    this.rows = { ...state.rows, eta: perRow() };
  }

  /** The log-likelihood here; its derivatives are kept for a reverse proposal and for acceptance. */
  evaluate(): number {
    const { state, rows, z, sigma, first, second } = this;
    const { clusters, trial, dispersion } = state;
    const { starts } = clusters;
    linearPredictors(clusters, this.beta, rows.eta);
    let total = 0;
    for (let i = 0; i < z.length; i++) {
      const value = state.tryCluster(i, rows, sigma * z[i], dispersion);
      this.logLik[i] = value;
      this.score[i] = state.trialScore;
      this.curvature[i] = state.trialCurvature;
      total += value;
      const from = starts[i];
      const length = starts[i + 1] - from;
      for (let k = 0; k < length; k++) {
        first[from + k] = trial.first[k];
        second[from + k] = trial.second[k];
      }
    }
    return total;
  }

  /** Makes this the state. (sigma, z) and (-sigma, -z) are the same point: the sign of sigma goes to z. */
  accept(): void {
    const { state, sigma } = this;
    state.beta.set(this.beta);
    state.rows.eta.set(this.rows.eta);
    state.first.set(this.first);
    state.second.set(this.second);
    state.logLik.set(this.logLik);
    state.score.set(this.score);
    state.curvature.set(this.curvature);
    state.z.set(this.z);
    state.sigma = Math.abs(sigma);
    if (sigma < 0) for (let i = 0; i < state.z.length; i++) state.z[i] = -state.z[i];
  }
}
