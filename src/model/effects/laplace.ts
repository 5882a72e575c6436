// Laplace (double exponential) intercepts.
import { laplace as laplaceVariate } from '../../../samplers/variates.js';
import { type RandomEffect, withoutSigma } from '../random-effect.js';

/** eps = sigma z, z with density exp(-|z|) / 2: sigma is the scale, the standard deviation is sigma sqrt(2). */
export function laplaceEffect(): RandomEffect {
  return LAPLACE;
}

const LAPLACE: RandomEffect = {
  name: 'laplace',
  symmetric: true,
  scaleFamily: true,
  logConcave: true,
  tails: 'exponential',
  tailDf: Number.POSITIVE_INFINITY,
  kink: true,
  smoothAtZero: true,
  center: () => 0,
  // On either side of 0 the density is a single exponential.
  step: () => Number.POSITIVE_INFINITY,
  logDensity: (z) => -Math.abs(z) - Math.LN2,
  derivatives(z, _sigma, out) {
    out.z = z > 0 ? -1 : z < 0 ? 1 : 0;
    out.zz = 0;
    out.zzz = 0;
    withoutSigma(out);
  },
  draw: (rng) => laplaceVariate(rng),
  standardDeviation: ({ sigma }) => sigma * Math.SQRT2,
};
