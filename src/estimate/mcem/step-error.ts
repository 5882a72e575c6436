// The Monte Carlo covariance of one M-step, by the sandwich (Booth and Hobert 1999, section 5).
import type { Integrand } from '../../likelihood/integrand.js';
import { LouisMoments } from '../../likelihood/moments.js';
import type { Parameters } from '../../model/parameters.js';
import { effectDerivatives } from '../../model/random-effect.js';
import { invertSymmetric, mirror } from '../../numeric/cholesky.js';
import type { ParameterSpace } from '../parameter-space.js';
import type { ControlVariates } from './control-variates.js';
import { longRunVariance } from './long-run.js';
import type { MStep } from './m-step.js';
import { calibrate, type WeighedDraws } from './weigh.js';

export interface StepError {
  /** New less old value of the free parameters, in natural units. */
  readonly change: Float64Array;
  /** Monte Carlo covariance of the new ones given the old; zeros where it cannot be known. */
  readonly covariance: Float64Array;
}

/**
 * The M-step maximises an average over the draws, so its Monte Carlo covariance is H^-1 S H^-1, H the Hessian of Q at the
 * maximum and S the covariance of its gradient, which the scatter of the draws' own scores tells. It is taken in the
 * expanded model (beta, tau, dispersion; mean, log scale) that the M-step works in, and carried over to (beta + tau mean c,
 * tau scale, dispersion) by the delta method. The draws must have been weighed at `previous`.
 */
export function stepError(
  integrand: Integrand,
  space: ParameterSpace,
  previous: Parameters,
  step: MStep,
  draws: WeighedDraws,
  controls: ControlVariates,
  direction: Float64Array | undefined,
  expanded: boolean,
): StepError {
  const { free } = space;
  const p = previous.beta.length;
  const { scatter, hessian, size } = expandedScore(integrand, step, draws, controls);
  const sigmaFree = space.fixed.sigma === undefined;
  const withMean = sigmaFree && expanded && direction !== undefined;
  const [meanAt, scaleAt] = [size - 2, size - 1];
  // Coordinates of the expanded model that the M-step moved.
  const moved = [
    ...free.filter((k) => k !== p || expanded),
    ...(withMean ? [meanAt] : []),
    ...(sigmaFree ? [scaleAt] : []),
  ];
  const q = moved.length;
  const information = Float64Array.from(
    { length: q * q },
    (_, k) => -hessian[moved[Math.floor(k / q)] * size + moved[k % q]],
  );
  const inverse = invertSymmetric(information, q);
  const before = [...previous.beta, previous.sigma, previous.dispersion ?? 0];
  const { parameters } = step;
  const after = [...parameters.beta, parameters.sigma, parameters.dispersion ?? 0];
  const change = Float64Array.from(free, (k) => after[k] - before[k]);
  const covariance = new Float64Array(free.length ** 2);
  if (!inverse) return { change, covariance };

  // d(beta, sigma, dispersion) / d(expanded coordinates), times the inverse: how the gradient's errors move the answer.
  const { fitted, law } = step;
  const slope = (k: number, coordinate: number): number => {
    if (k === p) {
      if (coordinate === p) return law.scale;
      return coordinate === scaleAt ? fitted.sigma * law.scale : 0;
    }
    if (k < p && direction && coordinate === p) return law.mean * direction[k];
    if (k < p && direction && coordinate === meanAt) return fitted.sigma * direction[k];
    return k === coordinate ? 1 : 0;
  };
  const reach = free.map((k) =>
    moved.map((_, b) =>
      moved.reduce((sum, coordinate, c) => sum + slope(k, coordinate) * inverse[c * q + b], 0),
    ),
  );
  for (let a = 0; a < free.length; a++) {
    for (let b = 0; b < free.length; b++) {
      let sum = 0;
      for (let c = 0; c < q; c++) {
        for (let d = 0; d < q; d++) sum += reach[a][c] * scatter[moved[c] * size + moved[d]] * reach[b][d];
      }
      covariance[a * free.length + b] = sum;
    }
  }
  return { change, covariance };
}

/** Covariance of Q's gradient, and Q's Hessian, in (beta, tau, dispersion, mean, log scale), at the M-step's maximum. */
function expandedScore(
  integrand: Integrand,
  { fitted, law }: MStep,
  draws: WeighedDraws,
  controls: ControlVariates,
): { readonly scatter: Float64Array; readonly hessian: Float64Array; readonly size: number } {
  const { effect } = integrand;
  const { count, clusterWeights } = integrand.clusters;
  const { set } = draws;
  const moments = new LouisMoments(integrand);
  const regression = moments.size;
  const size = regression + 2;
  const effectPart = effectDerivatives();
  const series = new Float64Array(set.perCluster * size);
  const second = new Float64Array(regression * regression);
  const scatter = new Float64Array(size * size);
  const hessian = new Float64Array(size * size);
  const [mean, scale] = [regression, regression + 1];
  integrand.setParameters(fitted);
  for (let i = 0; i < count; i++) {
    integrand.select(i);
    moments.reset();
    const c = clusterWeights[i];
    const z = set.of(set.z, i);
    const base = set.of(draws.base, i);
    const calibrated = set.of(draws.calibrated, i);
    for (let k = 0; k < z.length; k++) {
      integrand.evaluate(z[k]);
      moments.add(z[k], calibrated[k]);
      series.set(moments.score, k * size);
      const u = (z[k] - law.mean) / law.scale;
      effect.derivatives(u, 1, effectPart);
      series[k * size + mean] = -effectPart.z / law.scale;
      series[k * size + scale] = -1 - u * effectPart.z;
      const weight = c * calibrated[k];
      hessian[mean * size + mean] += (weight * effectPart.zz) / law.scale ** 2;
      hessian[scale * size + mean] += (weight * (u * effectPart.zz + effectPart.z)) / law.scale;
      hessian[scale * size + scale] += weight * (u * u * effectPart.zz + u * effectPart.z);
    }
    moments.addSecond(c, second);
    calibrate(draws, i, controls);
    for (let a = 0; a < size; a++) controls.residuals(series, size, a, base);
    const part = longRunVariance(series, size, base, set.dependent);
    for (let a = 0; a < scatter.length; a++) scatter[a] += c * c * part[a];
  }
  for (let a = 0; a < regression; a++) {
    for (let b = 0; b <= a; b++) hessian[a * size + b] = second[a * regression + b];
  }
  mirror(hessian, size);
  return { scatter, hessian, size };
}
