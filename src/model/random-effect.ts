// Random-effect distributions F(., sigma): the law of eps = sigma z, told through the density of z.
import type { Stream } from '../../samplers/rng.js';
import { normal as normalVariate } from '../../samplers/variates.js';
import { LOG_SQRT_2PI } from '../numeric/normal.js';
import type { Parameters } from './parameters.js';

/** Derivatives of log f(z; sigma), up to the third order in which Laplace's own derivative needs them. */
export interface EffectDerivatives {
  z: number;
  zz: number;
  zzz: number;
  sigma: number;
  sigmaSigma: number;
  zSigma: number;
  zzSigma: number;
}

/** Room for the derivatives, all 0. */
export function effectDerivatives(): EffectDerivatives {
  return { z: 0, zz: 0, zzz: 0, sigma: 0, sigmaSigma: 0, zSigma: 0, zzSigma: 0 };
}

/**
 * The distribution of a cluster's intercept eps = sigma z. For a scale family the density of z does not depend on
 * sigma, and the derivatives in sigma are 0.
 */
export interface RandomEffect {
  readonly name: string;
  /** z and -z have the same distribution, so the likelihood is even in sigma. */
  readonly symmetric: boolean;
  /** The density of z does not depend on sigma. */
  readonly scaleFamily: boolean;
  readonly logConcave: boolean;
  /** Degrees of freedom of the lightest t that dominates the tails of z; Infinity for normal tails. */
  readonly tailDf: number;
  logDensity(z: number, sigma: number): number;
  derivatives(z: number, sigma: number, out: EffectDerivatives): void;
  /** A draw of z. */
  draw(rng: Stream, sigma: number): number;
  standardDeviation(parameters: Parameters): number;
}

/** eps ~ N(0, sigma^2): sigma is the standard deviation. */
export function normal(): RandomEffect {
  return NORMAL;
}

const NORMAL: RandomEffect = {
  name: 'normal',
  symmetric: true,
  scaleFamily: true,
  logConcave: true,
  tailDf: Number.POSITIVE_INFINITY,
  logDensity: (z) => -0.5 * z * z - LOG_SQRT_2PI,
  derivatives(z, _sigma, out) {
    out.z = -z;
    out.zz = -1;
    out.zzz = 0;
    out.sigma = 0;
    out.sigmaSigma = 0;
    out.zSigma = 0;
    out.zzSigma = 0;
  },
  draw: (rng) => normalVariate(rng),
  standardDeviation: (parameters) => parameters.sigma,
};
