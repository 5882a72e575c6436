// Normal intercepts.
import { normal as normalVariate } from '../../../samplers/variates.js';
import { LOG_SQRT_2PI } from '../../numeric/normal.js';
import { type RandomEffect, withoutSigma } from '../random-effect.js';

/** eps ~ N(0, sigma^2): sigma is the standard deviation. */
export function normal(): RandomEffect {
  return NORMAL;
}

const NORMAL: RandomEffect = {
  name: 'normal',
  symmetric: true,
  scaleFamily: true,
  logConcave: true,
  tails: 'normal',
  tailDf: Number.POSITIVE_INFINITY,
  kink: false,
  smoothAtZero: true,
  center: () => 0,
  step: () => Number.POSITIVE_INFINITY,
  logDensity: (z) => -0.5 * z * z - LOG_SQRT_2PI,
  derivatives(z, _sigma, out) {
    out.z = -z;
    out.zz = -1;
    out.zzz = 0;
    withoutSigma(out);
  },
  draw: (rng) => normalVariate(rng),
  standardDeviation: (parameters) => parameters.sigma,
};
