// Adaptive Gauss-Hermite quadrature of one cluster, with the derivative of the approximation itself.
import type { GaussHermiteRule } from '../numeric/gauss-hermite.js';
import type { Integrand } from './integrand.js';
import type { LouisMoments } from './moments.js';
import { findPeak } from './peak.js';
import type { ClusterIntegral } from './trapezoid.js';

/**
 * The K-node approximation L = log sum_k w_k exp(t_k^2 + g(z + sqrt2 s t_k)) sqrt2 s, centred at the mode z of the
 * integrand with curvature sd s (Liu and Pierce 1994; K = 1 is Laplace's). As beta and sigma move, so do z and s, and
 * at few nodes the Fisher identity is not the derivative of L; `gradient` is, through dz and ds, which need the third
 * derivative of log f.
 */
export class AdaptiveRule {
  private readonly integrand: Integrand;
  private readonly moments: LouisMoments;
  private readonly rule: GaussHermiteRule;
  /** d z / d theta and d s / d theta of the selected cluster. */
  private readonly modeSlope: Float64Array;
  private readonly spreadSlope: Float64Array;

  constructor(integrand: Integrand, moments: LouisMoments, rule: GaussHermiteRule) {
    this.integrand = integrand;
    this.moments = moments;
    this.rule = rule;
    this.modeSlope = new Float64Array(moments.size);
    this.spreadSlope = new Float64Array(moments.size);
  }

  /** Integrates the selected cluster; with `gradient`, adds `multiplicity` times the derivative of L to it. */
  integrate(
    start: number,
    gradient: Float64Array | undefined,
    multiplicity: number,
    out: ClusterIntegral,
  ): void {
    const { integrand, rule } = this;
    const mode = findPeak(integrand, start).z;
    const peak = integrand.evaluate(mode);
    const spread = 1 / Math.sqrt(-integrand.curvature);
    if (gradient) this.slopes(mode, spread);
    let sum = 0;
    let slopeAtMode = 0;
    let slopeAtSpread = 0;
    if (gradient) this.moments.reset();
    for (let k = 0; k < rule.nodes.length; k++) {
      const distance = Math.SQRT2 * rule.nodes[k];
      const z = mode + spread * distance;
      const value = gradient ? integrand.evaluate(z) : integrand.value(z);
      const weight = Math.exp(rule.logScaledWeights[k] + value - peak);
      sum += weight;
      // A node that weighs nothing may lie where the derivatives overflow.
      if (!gradient || weight === 0) continue;
      this.moments.add(z, weight);
      slopeAtMode += weight * integrand.gradient;
      slopeAtSpread += weight * distance * integrand.gradient;
    }
    out.logIntegral = peak + Math.log(sum * Math.SQRT2 * spread);
    out.error = 0;
    out.nodes = rule.nodes.length;
    out.mode = mode;
    out.modeSd = spread;
    out.laplace = peak + Math.log(spread) + 0.5 * Math.log(2 * Math.PI);
    if (!gradient) return;
    this.moments.addScore(multiplicity, gradient);
    slopeAtMode /= sum;
    slopeAtSpread = slopeAtSpread / sum + 1 / spread;
    for (let a = 0; a < this.moments.size; a++) {
      gradient[a] += multiplicity * (slopeAtMode * this.modeSlope[a] + slopeAtSpread * this.spreadSlope[a]);
    }
  }

  /**
   * With g_z(z; theta) = 0 and s = (-g_zz)^(-1/2): dz = -g_ztheta / g_zz and ds = s^3 / 2 (g_zztheta + g_zzz dz).
   * The integrand stands evaluated at the mode.
   */
  private slopes(z: number, spread: number): void {
    const { integrand, modeSlope, spreadSlope } = this;
    const { from, to, sigma, row, rows, outcome, effectPart, scoreSum, curvatureSum } = integrand;
    const { x, columns } = integrand.clusters;
    const { second, third } = row;
    outcome.thirdDerivatives(rows, from, to, sigma * z, integrand.dispersion, row);
    let thirdSum = 0;
    modeSlope.fill(0);
    spreadSlope.fill(0);
    // First g_ztheta and g_zztheta, in place.
    for (let k = 0; k < to - from; k++) {
      const base = (from + k) * columns;
      thirdSum += third[k];
      for (let j = 0; j < columns; j++) {
        modeSlope[j] += sigma * second[k] * x[base + j];
        spreadSlope[j] += sigma * sigma * third[k] * x[base + j];
      }
    }
    modeSlope[columns] = scoreSum + z * sigma * curvatureSum + effectPart.zSigma;
    spreadSlope[columns] = 2 * sigma * curvatureSum + z * sigma * sigma * thirdSum + effectPart.zzSigma;
    if (this.moments.size > columns + 1) {
      integrand.evaluateDispersion(z);
      let mixed = 0;
      let mixedSecond = 0;
      for (let k = 0; k < to - from; k++) {
        mixed += integrand.dispersionPart.eta[k];
        mixedSecond += integrand.dispersionPart.etaEta[k];
      }
      modeSlope[columns + 1] = sigma * mixed;
      spreadSlope[columns + 1] = sigma * sigma * mixedSecond;
    }
    const gzz = integrand.curvature;
    const gzzz = sigma * sigma * sigma * thirdSum + effectPart.zzz;
    for (let a = 0; a < modeSlope.length; a++) {
      modeSlope[a] /= -gzz;
      spreadSlope[a] = 0.5 * spread ** 3 * (spreadSlope[a] + gzzz * modeSlope[a]);
    }
  }
}
