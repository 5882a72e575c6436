// The M-step's expanded model at its maximum: Q's Hessian there, and how its estimates move with what they are made of.
import type { Integrand } from '../../likelihood/integrand.js';
import { LouisMoments } from '../../likelihood/moments.js';
import { effectDerivatives } from '../../model/random-effect.js';
import { invertSymmetric, mirror } from '../../numeric/cholesky.js';
import type { ParameterSpace } from '../parameter-space.js';
import type { ControlVariates } from './control-variates.js';
import { ErrorSum } from './error-sum.js';
import type { MStep } from './m-step.js';
import { calibrate, type WeighedDraws } from './weigh.js';

/** Matrices (size x size) in the coordinates (beta, tau, dispersion, mean, log scale). */
export interface ExpandedModel {
  readonly size: number;
  /** Hessian of Q. */
  readonly hessian: Float64Array;
  /** Monte Carlo covariance of Q's gradient. */
  readonly scatter: Float64Array;
  /** sum_i c_i Cov_i(g, g), g the gradient of a draw's complete log density and Cov_i over cluster i's posterior. */
  readonly spread: Float64Array;
}

/** Which of the coordinates an M-step moves, and what comes of it. */
export interface Reach {
  readonly moved: readonly number[];
  /** free x moved: d(free parameters) / d(gradient of Q), the reduction times the inverse of -Hessian. */
  readonly matrix: readonly (readonly number[])[];
}

/** The matrices at the M-step's maximum, for draws weighed before it. */
export function expandedModel(
  integrand: Integrand,
  { fitted, law }: Pick<MStep, 'fitted' | 'law'>,
  draws: WeighedDraws,
  controls: ControlVariates,
): ExpandedModel {
  const { effect } = integrand;
  const { count, clusterWeights } = integrand.clusters;
  const { set } = draws;
  const moments = new LouisMoments(integrand);
  const regression = moments.size;
  const size = regression + 2;
  const effectPart = effectDerivatives();
  const series = new Float64Array(set.perCluster * size);
  const second = new Float64Array(regression * regression);
  const scatter = new ErrorSum(set, size);
  const spread = new Float64Array(size * size);
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
    addSpread(series, size, calibrated, c, spread);
    calibrate(draws, i, controls);
    for (let a = 0; a < size; a++) controls.residuals(series, size, a, base);
    scatter.add(c, series, base);
  }
  for (let a = 0; a < regression; a++) {
    for (let b = 0; b <= a; b++) hessian[a * size + b] = second[a * regression + b];
  }
  mirror(hessian, size);
  return { size, hessian, scatter: scatter.covariance(), spread };
}

/** Adds c times the weighted covariance of the columns of `series`. */
function addSpread(
  series: Float64Array,
  size: number,
  weights: Float64Array,
  c: number,
  spread: Float64Array,
): void {
  const mean = new Float64Array(size);
  for (let k = 0; k < weights.length; k++) {
    for (let a = 0; a < size; a++) mean[a] += weights[k] * series[k * size + a];
  }
  for (let k = 0; k < weights.length; k++) {
    for (let a = 0; a < size; a++) {
      const d = c * weights[k] * (series[k * size + a] - mean[a]);
      for (let b = 0; b < size; b++) spread[a * size + b] += d * (series[k * size + b] - mean[b]);
    }
  }
}

/**
 * The M-step's estimates solve "gradient of Q = 0" in the coordinates that it moves, and are reduced to
 * (beta + tau mean c, tau scale, dispersion). Undefined where Q's Hessian there is not negative definite.
 */
export function reach(
  space: ParameterSpace,
  { fitted, law }: Pick<MStep, 'fitted' | 'law'>,
  { size, hessian }: ExpandedModel,
  direction: Float64Array | undefined,
  expanded: boolean,
): Reach | undefined {
  const { free } = space;
  const p = fitted.beta.length;
  const sigmaFree = space.fixed.sigma === undefined;
  const [meanAt, scaleAt] = [size - 2, size - 1];
  const moved = [
    ...free.filter((k) => k !== p || expanded),
    ...(sigmaFree && expanded && direction ? [meanAt] : []),
    ...(sigmaFree ? [scaleAt] : []),
  ];
  const q = moved.length;
  const information = Float64Array.from(
    { length: q * q },
    (_, k) => -hessian[moved[Math.floor(k / q)] * size + moved[k % q]],
  );
  const inverse = invertSymmetric(information, q);
  if (!inverse) return undefined;
  const slope = (k: number, coordinate: number): number => {
    if (k === p) {
      if (coordinate === p) return law.scale;
      return coordinate === scaleAt ? fitted.sigma * law.scale : 0;
    }
    if (k < p && direction && coordinate === p) return law.mean * direction[k];
    if (k < p && direction && coordinate === meanAt) return fitted.sigma * direction[k];
    return k === coordinate ? 1 : 0;
  };
  const matrix = free.map((k) =>
    moved.map((_, b) =>
      moved.reduce((sum, coordinate, c) => sum + slope(k, coordinate) * inverse[c * q + b], 0),
    ),
  );
  return { moved, matrix };
}
