// The delta method: standard errors of functions of the estimates, by their exact gradients.
import type { LikelihoodFit } from '../estimate/fit.js';

/**
 * Variances of functions of the estimates, each told by its gradient in (beta, sigma, dispersion). What has no error of its
 * own is taken as known: a sigma on its boundary, and a theta that the likelihood puts at infinity.
 */
export class DeltaMethod {
  readonly size: number;
  private readonly covariance: readonly (readonly number[])[];
  private readonly known: ReadonlySet<number>;

  constructor({ covariance, parameters, findings }: LikelihoodFit) {
    const p = parameters.beta.length;
    this.covariance = covariance.to2DArray();
    this.size = this.covariance.length;
    const known = new Set<number>();
    if (parameters.sigma === 0) known.add(p);
    if (findings.some(({ code }) => code === 'theta-unbounded')) known.add(p + 1);
    this.known = known;
  }

  /** The variance of a function with this gradient; NaN where the fit has no standard errors. */
  variance(gradient: ArrayLike<number>): number {
    return Math.max(0, this.between(gradient, gradient));
  }

  /** The covariance of two functions. */
  between(a: ArrayLike<number>, b: ArrayLike<number>): number {
    const { covariance, known, size } = this;
    let sum = 0;
    for (let i = 0; i < size; i++) {
      if (a[i] === 0 || known.has(i)) continue;
      for (let j = 0; j < size; j++) if (b[j] !== 0 && !known.has(j)) sum += a[i] * covariance[i][j] * b[j];
    }
    return sum;
  }
}
