// Adaptive Gauss-Hermite quadrature of one cluster, with the derivative of the approximation itself.
import type { GaussHermiteRule } from '../numeric/gauss-hermite.js';
import type { Integrand } from './integrand.js';
import { ModeSlopes } from './mode-slopes.js';
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
  private readonly slopes: ModeSlopes;

  constructor(integrand: Integrand, moments: LouisMoments, rule: GaussHermiteRule) {
    this.integrand = integrand;
    this.moments = moments;
    this.rule = rule;
    this.slopes = new ModeSlopes(moments.size);
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
    if (gradient) this.slopes.compute(integrand, mode, spread);
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
      gradient[a] +=
        multiplicity * (slopeAtMode * this.slopes.mode[a] + slopeAtSpread * this.slopes.spread[a]);
    }
  }
}
