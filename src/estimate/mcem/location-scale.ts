// Location and scale of the draws under the random-effect distribution, by maximum likelihood.
import type { Integrand } from '../../likelihood/integrand.js';
import { maximise } from '../../numeric/newton.js';
import type { WeighedDraws } from './weigh.js';

/**
 * The mean (0 unless `withMean`) and scale that maximise sum_ik c_i P_ik [log f((z_ik - mean) / scale) - log scale],
 * f the standardised density of a scale family. Starts at the weighted moments, which are the answer for normal F.
 */
export function fitLocationScale(
  integrand: Integrand,
  draws: WeighedDraws,
  withMean: boolean,
): { readonly mean: number; readonly scale: number } {
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
  everyPoint((z, weight) => {
    total += weight;
    sum += weight * z;
    squares += weight * z * z;
  });
  const mean = withMean ? sum / total : 0;
  const scale = Math.sqrt(squares / total - mean * mean);
  if (effect.name === 'normal') return { mean, scale };

  // Coordinates (log scale, mean): with u = (z - mean) / scale, d u / d log scale = -u and d u / d mean = -1 / scale.
  const size = withMean ? 2 : 1;
  const result = maximise(
    (point) => {
      const s = Math.exp(point[0]);
      const center = withMean ? point[1] : 0;
      const out = { value: 0, gradient: new Float64Array(size), hessian: new Float64Array(size * size) };
      everyPoint((z, weight) => {
        const u = (z - center) / s;
        effect.derivatives(u, 1, effectPart);
        out.value += weight * (effect.logDensity(u, 1) - point[0]);
        out.gradient[0] -= weight * (u * effectPart.z + 1);
        out.hessian[0] += weight * (u * u * effectPart.zz + u * effectPart.z);
        if (!withMean) return;
        out.gradient[1] -= (weight * effectPart.z) / s;
        out.hessian[1] += (weight * (u * effectPart.zz + effectPart.z)) / s;
        out.hessian[3] += (weight * effectPart.zz) / (s * s);
      });
      if (withMean) out.hessian[2] = out.hessian[1];
      return out;
    },
    Float64Array.from(withMean ? [Math.log(scale), mean] : [Math.log(scale)]),
    { maxIterations: 30, enoughGain: 1e-10 },
  );
  return { mean: withMean ? result.point[1] : 0, scale: Math.exp(result.point[0]) };
}
