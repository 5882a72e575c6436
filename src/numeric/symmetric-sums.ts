// Elementary symmetric functions with their derivatives, by sums of positive terms alone.

/**
 * For units with weights exp(eta_1), exp(eta_2), ..., added one after another, the elementary symmetric functions of each order k:
 * the sums, over all choices of k of the units, of the product of their weights. `logSum[k]` is the logarithm, and for the
 * distribution that takes a choice with probability proportional to its product `mean` and `covariance` are the moments of the sum
 * of the chosen units' covariates: the first two derivatives of `logSum[k]` in the coefficients of these.
 *
 * Adding a unit mixes, at each order, the choices without it with those that have it. Logarithms, means and covariances of
 * mixtures are sums of positive terms, so that nothing cancels (the difference algorithm of the literature loses all digits
 * beyond 20 or 30 units) and nothing over- or underflows.
 * Source: Gail, Lubin, Rubinstein (1981), Biometrika 68; the sums by Fischer (1974).
 */
export class SymmetricSums {
  /** Orders 0..limit; -Infinity above the number of units. */
  readonly logSum: Float64Array;
  /** (limit + 1) x p */
  readonly mean: Float64Array;
  /** (limit + 1) x p x p, lower triangles. */
  readonly covariance: Float64Array;
  private readonly p: number;
  private readonly second: boolean;
  private units = 0;

  /**
   * @param limit the highest order that is wanted
   * @param p the number of covariates (0: values alone)
   * @param second whether covariances are wanted, which cost most
   */
  constructor(limit: number, p: number, second = true) {
    this.p = p;
    this.second = second;
    this.logSum = new Float64Array(limit + 1);
    this.mean = new Float64Array((limit + 1) * p);
    this.covariance = new Float64Array(second ? (limit + 1) * p * p : 0);
    this.clear();
  }

  /** No units. */
  clear(): void {
    this.units = 0;
    this.logSum.fill(Number.NEGATIVE_INFINITY);
    this.logSum[0] = 0;
    this.mean.fill(0);
    this.covariance.fill(0);
  }

  /**
   * One more unit, of weight exp(eta) and covariates x[from..from + p - 1].
   * @param least orders below it are no longer wanted, as where `rest` units are still to come and the answer is that of
   *   order s: s - rest
   */
  add(eta: number, x: ArrayLike<number>, from = 0, least = 1): void {
    const { logSum, mean, covariance, p, second } = this;
    this.units++;
    const last = Math.max(1, least);
    // Downwards, so that the order below is still the one without the unit.
    for (let k = Math.min(this.units, logSum.length - 1); k >= last; k--) {
      const without = logSum[k];
      const having = logSum[k - 1] + eta;
      const top = Math.max(without, having);
      const total = top + Math.log1p(Math.exp(-Math.abs(without - having)));
      logSum[k] = total;
      const part = Math.exp(having - total);
      const rest = Math.exp(without - total);
      const here = k * p;
      const below = here - p;
      for (let a = 0; second && a < p; a++) {
        const gapA = mean[below + a] + x[from + a] - mean[here + a];
        for (let b = 0; b <= a; b++) {
          const gapB = mean[below + b] + x[from + b] - mean[here + b];
          const at = (here + a) * p + b;
          covariance[at] = rest * covariance[at] + part * covariance[at - p * p] + rest * part * gapA * gapB;
        }
      }
      for (let a = 0; a < p; a++) mean[here + a] += part * (mean[below + a] + x[from + a] - mean[here + a]);
    }
  }
}
