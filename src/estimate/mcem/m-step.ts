// The M-step: weighted IRLS over rows x draws for the coefficients, the scale and the dispersion.

import { DrawMoments } from '../../likelihood/draw-moments.js';
import type { Integrand } from '../../likelihood/integrand.js';
import type { Parameters } from '../../model/parameters.js';
import { mirror } from '../../numeric/cholesky.js';
import { maximise } from '../../numeric/newton.js';
import type { ParameterSpace } from '../parameter-space.js';
import type { ControlVariates } from './control-variates.js';
import { ErrorSum } from './error-sum.js';
import { fitLocationScale, type Law } from './location-scale.js';
import { calibrate, type WeighedDraws } from './weigh.js';

export interface MStep {
  readonly parameters: Parameters;
  /** Gain of Q, and its asymptotic standard error (Caffo, Jank and Jones 2005, section 2). */
  readonly gain: number;
  readonly gainError: number;
  /** Q at the new parameters, constants included. */
  readonly objective: number;
  /** The maximum in the expanded model that `parameters` are reduced from: tau stands in `fitted.sigma`. */
  readonly fitted: Parameters;
  readonly law: { readonly mean: number; readonly scale: number };
}

/**
 * Maximises Q over the parameter-expanded model: eta = x' beta + tau z with z ~ F(mean, scale), which holds the true
 * one at tau = sigma, mean 0, scale 1 (Liu, Rubin and Wu 1998). (beta, tau, dispersion) by iteratively reweighted
 * least squares on per-row moments of the draws, (mean, scale) by maximum likelihood of the draws under F; then
 * sigma = |tau| scale and, where X c = 1 for some c, beta + tau mean c. Without such a c the mean stays 0: subtracting
 * it all the same converges to a wrong answer.
 *
 * Where F is no scale family, tau stays sigma: a multiple of eps is not from F. Its mean may be fitted all the same.
 *
 * @param direction c, or undefined
 * @param expanded false for the textbook M-step: tau stays sigma, and the mean 0; 'scale' leaves the mean 0
 * @param enoughGain Newton ends where it promises to raise Q by less than this
 */
export function mStep(
  integrand: Integrand,
  space: ParameterSpace,
  parameters: Parameters,
  draws: WeighedDraws,
  controls: ControlVariates,
  direction: Float64Array | undefined,
  expanded: boolean | 'scale',
  enoughGain: number = draws.set.exact ? 0 : 1e-6,
): MStep {
  const sigmaFree = space.fixed.sigma === undefined;
  const scaled = sigmaFree && expanded !== false && integrand.effect.scaleFamily;
  const regression = scaled ? space : space.withSigma(parameters.sigma);
  const moments = new DrawMoments(integrand);
  const result = maximise(
    (point) => {
      const trial = regression.unpack(point, parameters);
      return regression.chain(trial, ...expectedComplete(integrand, moments, trial, draws));
    },
    regression.pack(parameters),
    { maxIterations: 20, enoughGain },
  );
  // The step that promises less than the value can show still moves the fixed point's last digits.
  const end = draws.set.exact ? result.point.map((value, k) => value + result.lastStep[k]) : result.point;
  const fitted = regression.unpack(end, parameters);
  // At a corner the mean has no curvature for Newton to go by.
  const shifted = expanded === true && direction !== undefined && !integrand.effect.kink;
  const law = sigmaFree ? fitLocationScale(integrand, draws, fitted.sigma, shifted) : { mean: 0, scale: 1 };
  const beta = fitted.beta.slice();
  if (direction) for (let j = 0; j < beta.length; j++) beta[j] += fitted.sigma * law.mean * direction[j];
  const { gain, gainError } = qGain(integrand, fitted, law, draws, controls);
  return {
    parameters: { ...fitted, beta, sigma: fitted.sigma * law.scale },
    gain,
    gainError,
    objective: result.evaluation.value + dot(integrand.clusters.clusterWeights, integrand.clusters.constants),
    fitted,
    law,
  };
}

/** The M-step as EM calls it. */
export type MStepFunction = typeof mStep;

/** Value, gradient and Hessian of sum_i c_i sum_k P_ik log f(y_i | z_k) + log f(z_k) in the natural parameters. */
export function expectedComplete(
  integrand: Integrand,
  moments: DrawMoments,
  parameters: Parameters,
  draws: WeighedDraws,
): [number, Float64Array, Float64Array] {
  const { count, clusterWeights } = integrand.clusters;
  const { size } = moments;
  const { z, perCluster } = draws.set;
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  let value = 0;
  integrand.setParameters(parameters);
  for (let i = 0; i < count; i++) {
    integrand.select(i);
    const sum = moments.addAll(z, draws.calibrated, i * perCluster, (i + 1) * perCluster);
    value += clusterWeights[i] * sum;
    moments.addScore(clusterWeights[i], gradient);
    moments.addSecond(clusterWeights[i], hessian);
  }
  mirror(hessian, size);
  return [value, gradient, hessian];
}

/** Gain of Q from the old parameters to the expanded fit, with its error from the draws' own scatter. */
function qGain(
  integrand: Integrand,
  fitted: Parameters,
  law: Law,
  draws: WeighedDraws,
  controls: ControlVariates,
): { gain: number; gainError: number } {
  const { count, clusterWeights } = integrand.clusters;
  const { effect } = integrand;
  const { set } = draws;
  const change = new Float64Array(set.perCluster);
  const after = new Float64Array(set.perCluster);
  const logScale = Math.log(law.scale);
  const newSigma = fitted.sigma * law.scale;
  let gain = 0;
  const scatter = new ErrorSum(set, 1);
  integrand.setParameters(fitted);
  for (let i = 0; i < count; i++) {
    integrand.select(i);
    const z = set.of(set.z, i);
    const base = set.of(draws.base, i);
    const calibrated = set.of(draws.calibrated, i);
    const before = set.of(draws.logTarget, i);
    let mean = 0;
    integrand.valueAll(z, after);
    for (let k = 0; k < z.length; k++) {
      const prior = effect.logDensity((z[k] - law.mean) / law.scale, newSigma) - logScale;
      change[k] = after[k] - effect.logDensity(z[k], fitted.sigma) + prior - before[k];
      mean += calibrated[k] * change[k];
    }
    calibrate(draws, i, controls);
    controls.residuals(change, 1, 0, base);
    gain += clusterWeights[i] * mean;
    scatter.add(clusterWeights[i], change, base);
  }
  return { gain, gainError: Math.sqrt(scatter.covariance()[0]) };
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, k) => sum + value * b[k], 0);
}
