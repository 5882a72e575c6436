// How the mode and the curvature sd of a cluster's integrand move with the parameters.
import type { Integrand } from './integrand.js';

/**
 * d mode / d theta and d spread / d theta of the selected cluster, theta = (beta, sigma, dispersion). With
 * g_z(z; theta) = 0 and s = (-g_zz)^(-1/2): dz = -g_ztheta / g_zz and ds = s^3 / 2 (g_zztheta + g_zzz dz).
 */
export class ModeSlopes {
  readonly mode: Float64Array;
  readonly spread: Float64Array;

  /** @param size number of parameters */
  constructor(size: number) {
    this.mode = new Float64Array(size);
    this.spread = new Float64Array(size);
  }

  clear(): void {
    this.mode.fill(0);
    this.spread.fill(0);
  }

  /** Fills both for the mode z with curvature sd `sd`, where the integrand was last evaluated. */
  compute(integrand: Integrand, z: number, sd: number): void {
    const { mode, spread } = this;
    const { from, to, sigma, row, rows, outcome, effectPart, scoreSum, curvatureSum } = integrand;
    const { x, columns } = integrand.clusters;
    const { second, third } = row;
    outcome.thirdDerivatives(rows, from, to, sigma * z, integrand.dispersion, row);
    let thirdSum = 0;
    this.clear();
    // First g_ztheta and g_zztheta, in place.
    for (let k = 0; k < to - from; k++) {
      const base = (from + k) * columns;
      thirdSum += third[k];
      for (let j = 0; j < columns; j++) {
        mode[j] += sigma * second[k] * x[base + j];
        spread[j] += sigma * sigma * third[k] * x[base + j];
      }
    }
    mode[columns] = scoreSum + z * sigma * curvatureSum + effectPart.zSigma;
    spread[columns] = 2 * sigma * curvatureSum + z * sigma * sigma * thirdSum + effectPart.zzSigma;
    if (mode.length > columns + 1) {
      integrand.evaluateDispersion(z);
      let mixed = 0;
      let mixedSecond = 0;
      for (let k = 0; k < to - from; k++) {
        mixed += integrand.dispersionPart.eta[k];
        mixedSecond += integrand.dispersionPart.etaEta[k];
      }
      mode[columns + 1] = sigma * mixed;
      spread[columns + 1] = sigma * sigma * mixedSecond;
    }
    const gzz = integrand.curvature;
    const gzzz = sigma * sigma * sigma * thirdSum + effectPart.zzz;
    for (let a = 0; a < mode.length; a++) {
      mode[a] /= -gzz;
      spread[a] = 0.5 * sd * sd * sd * (spread[a] + gzzz * mode[a]);
    }
  }
}
