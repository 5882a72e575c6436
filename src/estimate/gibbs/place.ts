// Where a chain starts.
import type { Stream } from '../../../samplers/rng.js';
import type { Parameters } from '../../model/parameters.js';
import { predictorUnit } from '../../model/predictor-unit.js';
import type { FitTask } from '../fit.js';
import { inside } from '../marginal-posterior.js';
import { pooledStart } from '../pooled-start.js';
import type { GibbsState } from './state.js';

/**
 * An overdispersed start: coefficients about the pooled fit (or the given start) by twice their conditional standard
 * deviations, sigma over an order of magnitude, intercepts from their distribution.
 */
export function placeAtRandom(
  state: GibbsState,
  { model, space, start: given }: Pick<FitTask, 'model' | 'space' | 'start'>,
  stream: Stream,
): void {
  const start: Parameters = given ?? space.hold(pooledStart(model));
  const dispersionPrior = state.priors.dispersion;
  const dispersion = start.dispersion ?? 1;
  state.dispersion = dispersionPrior ? inside(dispersionPrior, Math.sqrt(dispersion)) ** 2 : 1;
  const unit = predictorUnit(model, state);
  const middle = start.sigma > 0 ? start.sigma : 0.75 * unit;
  const jitter = Math.exp(2 * stream.uniform() - 1);
  const sigma = space.fixed.sigma ?? inside(state.priors.sigma, middle * jitter);
  const { clusters, freeBeta, z, beta, second } = state;
  // Linear predictors that overflow: nearer to the middle until they do not.
  for (let reach = 2; reach > 0.01; reach /= 2) {
    state.sigma = sigma;
    beta.set(start.beta);
    z.fill(0);
    state.refresh();
    for (const j of freeBeta) {
      let information = 0;
      for (let r = 0; r < clusters.rows; r++)
        information -= second[r] * clusters.x[r * clusters.columns + j] ** 2;
      const noise = 2 * stream.uniform() - 1;
      if (information > 0) beta[j] += (reach * noise) / Math.sqrt(information);
    }
    if (sigma > 0) for (let i = 0; i < z.length; i++) z[i] = (reach / 2) * state.effect.draw(stream, sigma);
    state.refresh();
    if (Number.isFinite(state.logPosterior())) return;
  }
}
