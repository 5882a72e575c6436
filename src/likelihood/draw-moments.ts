// Expected complete-data derivatives over many draws of a cluster, in one call a cluster.
import type { Integrand } from './integrand.js';
import { ExpectedDerivatives } from './moments.js';
import type { PairSums } from './unit-logit-points.js';

/** E[D] and E[D2] over all draws of a cluster at once: the same sums, by blocks where the integrand has a way to. */
export class DrawMoments extends ExpectedDerivatives {
  private values: Float64Array = new Float64Array(0);
  private readonly pairSums: PairSums;

  constructor(integrand: Integrand) {
    super(integrand);
    this.pairSums = {
      score: this.rowScore,
      curvature: this.rowCurvature,
      curvatureZ: this.rowCurvatureZ,
      scoreZ: 0,
      curvatureZZ: 0,
    };
  }

  /**
   * Starts the integrand's selected cluster and adds all points.
   * @returns the weighted sum of the log integrand
   */
  addAll(z: Float64Array, weights: Float64Array): number {
    this.reset();
    if (this.values.length < z.length) this.values = new Float64Array(z.length);
    const { integrand, pairSums, values } = this;
    const simple = !this.hasDispersion && integrand.effect.scaleFamily;
    pairSums.scoreZ = 0;
    pairSums.curvatureZZ = 0;
    let sum = 0;
    if (simple && integrand.addPoints(z, weights, pairSums, values)) {
      for (let k = 0; k < z.length; k++) {
        this.weight += weights[k];
        sum += weights[k] * values[k];
      }
      this.sigmaScore = pairSums.scoreZ;
      this.sigmaSigma = pairSums.curvatureZZ;
      return sum;
    }
    for (let k = 0; k < z.length; k++) {
      sum += weights[k] * integrand.evaluate(z[k]);
      this.add(z[k], weights[k]);
    }
    return sum;
  }
}
