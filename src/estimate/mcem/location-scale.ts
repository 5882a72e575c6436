// Location and scale of the draws under the random-effect distribution, by maximum likelihood.
import type { Integrand } from '../../likelihood/integrand.js';
import { maximise } from '../../numeric/newton.js';
import type { WeighedDraws } from './weigh.js';

/** The law of eps = sigma z: location sigma mean, and F at sigma scale about it. */
export interface Law {
  readonly mean: number;
  readonly scale: number;
}

/**
 * The mean (0 unless `withMean`) and scale that maximise sum_ik c_i P_ik [log f((z_ik - mean) / scale; sigma scale) -
 * log scale], the draws made at `sigma`: where F is no scale family its shape moves with the scale. For normal F the
 * weighted moments are the answer, for other scale families the start.
 */
export function fitLocationScale(
  integrand: Integrand,
  draws: WeighedDraws,
  sigma: number,
  withMean: boolean,
): Law {
  const { effect, effectPart } = integrand;
  const { count, clusterWeights } = integrand.clusters;
  const { set } = draws;
  let total = 0;
  let sum = 0;
  let squares = 0;
  const everyPoint = (visit: (z: number, weight: number) => void): void => {
    for (let i = 0; i < count; i++) {
      const z = set.of(set.z, i);
      const weights = set.of(draws.calibrated, i);
      for (let k = 0; k < z.length; k++) visit(z[k], clusterWeights[i] * weights[k]);
    }
  };
  let start: Law = { mean: 0, scale: 1 };
  if (effect.scaleFamily) {
    everyPoint((z, weight) => {
      total += weight;
      sum += weight * z;
      squares += weight * z * z;
    });
    const mean = withMean ? sum / total : 0;
    start = { mean, scale: Math.sqrt(squares / total - mean * mean) };
  }
  if (effect.name === 'normal') return start;

  // Coordinates (log scale, mean): with u = (z - mean) / scale and s = sigma scale, d u / d log scale = -u,
  // d u / d mean = -1 / scale and d s / d log scale = s.
  const size = withMean ? 2 : 1;
  const result = maximise(
    (point) => {
      const scale = Math.exp(point[0]);
      const s = sigma * scale;
      const center = withMean ? point[1] : 0;
      const out = { value: 0, gradient: new Float64Array(size), hessian: new Float64Array(size * size) };
      everyPoint((z, weight) => {
        const u = (z - center) / scale;
        effect.derivatives(u, s, effectPart);
        const { z: first, zz, sigma: shape, sigmaSigma, zSigma } = effectPart;
        out.value += weight * (effect.logDensity(u, s) - point[0]);
        out.gradient[0] += weight * (s * shape - u * first - 1);
        out.hessian[0] += weight * (u * (first + u * zz - 2 * s * zSigma) + s * (shape + s * sigmaSigma));
        if (!withMean) return;
        out.gradient[1] -= (weight * first) / scale;
        out.hessian[1] += (weight * (first + u * zz - s * zSigma)) / scale;
        out.hessian[3] += (weight * zz) / (scale * scale);
      });
      if (withMean) out.hessian[2] = out.hessian[1];
      return out;
    },
    Float64Array.from(withMean ? [Math.log(start.scale), start.mean] : [Math.log(start.scale)]),
    { maxIterations: 30, enoughGain: set.exact ? 0 : 1e-10 },
  );
  return { mean: withMean ? result.point[1] : 0, scale: Math.exp(result.point[0]) };
}
