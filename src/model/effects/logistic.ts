// Logistic intercepts.
import { logistic as logisticVariate } from '../../../samplers/variates.js';
import { type RandomEffect, withoutSigma } from '../random-effect.js';

/** eps = sigma z, z standard logistic: sigma is the scale, the standard deviation is sigma pi / sqrt(3). */
export function logistic(): RandomEffect {
  return LOGISTIC;
}

const LOGISTIC: RandomEffect = {
  name: 'logistic',
  symmetric: true,
  scaleFamily: true,
  logConcave: true,
  tails: 'exponential',
  tailDf: Number.POSITIVE_INFINITY,
  kink: false,
  smoothAtZero: true,
  center: () => 0,
  // Poles at +-i pi.
  step: () => 0.5,
  logDensity(z) {
    const size = Math.abs(z);
    return -size - 2 * Math.log1p(Math.exp(-size));
  },
  derivatives(z, _sigma, out) {
    const e = Math.exp(-Math.abs(z));
    const tail = 1 / (1 + e);
    const tanh = (z < 0 ? -1 : 1) * (1 - e) * tail;
    const half = 2 * e * tail * tail;
    out.z = -tanh;
    out.zz = -half;
    out.zzz = half * tanh;
    withoutSigma(out);
  },
  draw: (rng) => logisticVariate(rng),
  standardDeviation: ({ sigma }) => (sigma * Math.PI) / Math.sqrt(3),
};
