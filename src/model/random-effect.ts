// Random-effect distributions F(., sigma): the law of eps = sigma z, told through the density of z.
import type { Stream } from '../../samplers/rng.js';
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

/** Clears the derivatives that a scale family does not have. */
export function withoutSigma(out: EffectDerivatives): void {
  out.sigma = 0;
  out.sigmaSigma = 0;
  out.zSigma = 0;
  out.zzSigma = 0;
}

/**
 * The distribution of a cluster's intercept eps = sigma z. For a scale family the density of z does not depend on
 * sigma, and the derivatives in sigma are 0. The fields say what an integrator has to know of the density.
 */
export interface RandomEffect {
  readonly name: string;
  /** z and -z have the same distribution, so the likelihood is even in sigma. */
  readonly symmetric: boolean;
  /** The density of z does not depend on sigma. */
  readonly scaleFamily: boolean;
  /** log f(z; sigma) is concave in z for every sigma. */
  readonly logConcave: boolean;
  /** How the density falls: as a normal's, exponentially, or as a power (then `tailDf` is finite). */
  readonly tails: 'normal' | 'exponential' | 'polynomial';
  /** Degrees of freedom of the lightest t that dominates the tails of z; Infinity for lighter tails. */
  readonly tailDf: number;
  /** log f has a corner at z = 0; everywhere else it is analytic. */
  readonly kink: boolean;
  /**
   * The likelihood is twice differentiable in sigma at 0, and the density's derivatives there say so. Not where z has
   * no variance, nor where the density of z has no limit as sigma goes to 0.
   */
  readonly smoothAtZero: boolean;
  /** Present where the distribution is this many masses at most, told by `parameters.shape`, and has no density. */
  readonly points?: number;
  /** Around which z the density has its structure: poles nearest to the real axis, or where it bends. */
  center(sigma: number): number;
  /** The widest trapezoid step in z that still integrates the density to the last digits. */
  step(sigma: number): number;
  /** log f(z; sigma), its constant included. */
  logDensity(z: number, sigma: number): number;
  /** Derivatives of log f(z; sigma) in z and sigma, written to `out`. */
  derivatives(z: number, sigma: number, out: EffectDerivatives): void;
  /** A draw of z. @param shape that of the parameters */
  draw(rng: Stream, sigma: number, shape?: Float64Array): number;
  /** That of eps. */
  standardDeviation(parameters: Parameters): number;
}
