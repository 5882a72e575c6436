// Expected complete-data derivatives over many draws of a cluster, in one call a cluster.
import type { Integrand } from './integrand.js';
import { ExpectedDerivatives } from './moments.js';
import type { RowSums } from './unit-logit.js';

/** E[D] and E[D2] over all draws of a cluster at once: the same sums, by blocks where the integrand has a way to. */
export class DrawMoments extends ExpectedDerivatives {
  private values: Float64Array = new Float64Array(0);
  private readonly sums: RowSums;
  private readonly simple: boolean;

  constructor(integrand: Integrand) {
    super(integrand);
    this.simple = !this.hasDispersion && integrand.effect.scaleFamily;
    this.sums = {
      score: this.rowScore,
      curvature: this.rowCurvature,
      curvatureZ: this.rowCurvatureZ,
      scoreZ: 0,
      curvatureZZ: 0,
    };
  }

  /**
   * Starts the integrand's selected cluster and adds points first .. end-1.
   * @returns the weighted sum of the log integrand
   */
  addAll(z: Float64Array, weights: Float64Array, first = 0, end: number = z.length): number {
    let sum = 0;
    if (!this.addFast(z, weights, first, end, true)) {
      for (let k = first; k < end; k++) {
        sum += weights[k] * this.integrand.evaluate(z[k]);
        this.add(z[k], weights[k]);
      }
      return sum;
    }
    if (this.values.length < z.length) this.values = new Float64Array(z.length);
    const { values } = this;
    this.integrand.valueAll(z, values, first, end);
    for (let k = first; k < end; k++) sum += weights[k] * values[k];
    return sum;
  }

  /** The same for E[D] alone. */
  addAllScores(z: Float64Array, weights: Float64Array, first = 0, end: number = z.length): void {
    if (this.addFast(z, weights, first, end, false)) return;
    for (let k = first; k < end; k++) {
      this.integrand.evaluate(z[k]);
      this.add(z[k], weights[k]);
    }
  }

  /**
   * The same by the self-normalised weights integrand / proposal of points first .. end-1, without ever keeping them; false
   * where there is no fast way.
   */
  addRatios(z: Float64Array, logProposal: Float64Array, first: number, end: number, mode: number): boolean {
    this.reset();
    const { sums } = this;
    if (!this.simple) return false;
    sums.scoreZ = 0;
    this.weight = this.integrand.addRatios(z, logProposal, first, end, mode, sums);
    this.sigmaScore = sums.scoreZ;
    return this.weight > 0 && this.weight < Number.POSITIVE_INFINITY;
  }

  /** Starts the cluster; false, with nothing added, where there is no fast way. */
  private addFast(
    z: Float64Array,
    weights: Float64Array,
    first: number,
    end: number,
    both: boolean,
  ): boolean {
    this.reset();
    const { integrand, sums } = this;
    if (!this.simple || !integrand.hasFastWay(z, first, end)) return false;
    sums.scoreZ = 0;
    sums.curvatureZZ = 0;
    integrand.addPoints(z, weights, first, end, sums, both);
    let total = 0;
    for (let k = first; k < end; k++) total += weights[k];
    this.weight = total;
    this.sigmaScore = sums.scoreZ;
    this.sigmaSigma = sums.curvatureZZ;
    return true;
  }
}
