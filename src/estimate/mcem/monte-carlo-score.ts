// The Monte Carlo score and observed information at given parameters, and the score's own covariance.
import type { Integrand } from '../../likelihood/integrand.js';
import { ExpectedDerivatives, LouisMoments } from '../../likelihood/moments.js';
import { mirror } from '../../numeric/cholesky.js';
import type { ControlVariates } from './control-variates.js';
import { longRunVariance } from './long-run.js';
import { calibrate, type WeighedDraws } from './weigh.js';

export interface MonteCarloScore {
  /** sum_i c_i E[D], natural parameters. */
  readonly score: Float64Array;
  /** Louis's Hessian, size x size. */
  readonly hessian: Float64Array;
  /** Monte Carlo covariance of `score`, size x size; filled where asked for. */
  readonly covariance: Float64Array;
}

/** No Monte Carlo error is taken to be below this part of a standard error. */
const ROUNDING = 1e-7;

/** The Monte Carlo score alone, at less than half the price. */
export function scoreOnly(integrand: Integrand, draws: WeighedDraws): Float64Array {
  const moments = new ExpectedDerivatives(integrand);
  const { count, clusterWeights } = integrand.clusters;
  const score = new Float64Array(moments.size);
  for (let i = 0; i < count; i++) {
    integrand.select(i);
    moments.reset();
    const z = draws.set.of(draws.set.z, i);
    const calibrated = draws.set.of(draws.calibrated, i);
    for (let k = 0; k < z.length; k++) {
      integrand.evaluate(z[k]);
      moments.add(z[k], calibrated[k]);
    }
    moments.addScore(clusterWeights[i], score);
  }
  return score;
}

/** The Monte Carlo score and all that goes with it. The draws must have been weighed at the integrand's parameters. */
export function monteCarloScore(
  integrand: Integrand,
  draws: WeighedDraws,
  controls: ControlVariates,
  withCovariance: boolean,
): MonteCarloScore {
  const moments = new LouisMoments(integrand);
  const { size } = moments;
  const { count, clusterWeights } = integrand.clusters;
  const { set } = draws;
  const score = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  const covariance = new Float64Array(size * size);
  const series = new Float64Array(set.perCluster * size);
  for (let i = 0; i < count; i++) {
    integrand.select(i);
    moments.reset();
    const z = set.of(set.z, i);
    const calibrated = set.of(draws.calibrated, i);
    for (let k = 0; k < z.length; k++) {
      integrand.evaluate(z[k]);
      moments.add(z[k], calibrated[k]);
      if (withCovariance) series.set(moments.score, k * size);
    }
    moments.addScore(clusterWeights[i], score);
    moments.addHessian(clusterWeights[i], hessian);
    if (!withCovariance) continue;
    const base = set.of(draws.base, i);
    calibrate(draws, i, controls);
    for (let a = 0; a < size; a++) controls.residuals(series, size, a, base);
    const part = longRunVariance(series, size, base, set.dependent);
    // A merged cluster's draws are shared by all that it stands for, so its error counts by the square.
    for (let a = 0; a < covariance.length; a++) covariance[a] += clusterWeights[i] ** 2 * part[a];
  }
  // Where the control variates leave nothing (Gaussian responses), rounding is the error that remains.
  for (let a = 0; a < size; a++) covariance[a * size + a] += ROUNDING ** 2 * Math.abs(hessian[a * size + a]);
  mirror(hessian, size);
  return { score, hessian, covariance };
}
