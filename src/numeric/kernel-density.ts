// A density from points with weights, smoothed by a normal kernel.
import { power } from '../../samplers/power.js';

/** The kernel is 0 beyond so many bandwidths: what is lost is below 1e-9 of it. */
const REACH = 6;

/**
 * sum_k w_k phi((x - x_k) / h) / (h sum w) at each place x. Below `lowest` there is nothing: what the kernel puts there is
 * mirrored (Silverman 1986, section 2.10).
 * @param weights those of the values, not all 0; equal ones where undefined
 * @param bandwidth h > 0
 */
export function kernelDensity(
  values: Float64Array,
  weights: Float64Array | undefined,
  at: ArrayLike<number>,
  bandwidth: number,
  lowest: number = Number.NEGATIVE_INFINITY,
): Float64Array {
  let total = 0;
  for (let k = 0; k < values.length; k++) total += weights?.[k] ?? 1;
  const kernel = (u: number): number => (Math.abs(u) < REACH ? Math.exp(-0.5 * u * u) : 0);
  const mirrored = lowest > Number.NEGATIVE_INFINITY;
  return Float64Array.from(at, (x) => {
    if (x < lowest) return 0;
    let sum = 0;
    for (let k = 0; k < values.length; k++) {
      const w = weights?.[k] ?? 1;
      sum += w * kernel((x - values[k]) / bandwidth);
      if (mirrored) sum += w * kernel((x + values[k] - 2 * lowest) / bandwidth);
    }
    return sum / (total * bandwidth * Math.sqrt(2 * Math.PI));
  });
}

/**
 * 0.9 min(sd, IQR / 1.34) n^(-1/5), Silverman's (1986) rule of thumb (R's `bw.nrd0`).
 * @param size of independent values, or the effective one
 */
export function silvermanBandwidth(sd: number, quartiles: readonly [number, number], size: number): number {
  const robust = (quartiles[1] - quartiles[0]) / 1.34;
  return 0.9 * (robust > 0 ? Math.min(sd, robust) : sd) * power(size, -0.2);
}
