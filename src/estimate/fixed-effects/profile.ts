// The likelihood with one coefficient a cluster, each at its own maximum given the others: derivatives at the cost of the rows.
import { Integrand } from '../../likelihood/integrand.js';
import { findMode } from '../../likelihood/mode.js';
import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import { type RandomEffect, withoutSigma } from '../../model/random-effect.js';
import { mirror } from '../../numeric/cholesky.js';
import type { Evaluation } from '../../numeric/newton.js';

/** No distribution: an intercept is as good as any other. */
const FLAT: RandomEffect = {
  name: 'flat',
  symmetric: true,
  scaleFamily: true,
  logConcave: true,
  tails: 'normal',
  tailDf: Number.POSITIVE_INFINITY,
  kink: false,
  smoothAtZero: false,
  center: () => 0,
  step: () => Number.POSITIVE_INFINITY,
  logDensity: () => 0,
  derivatives(_z, _sigma, out) {
    out.z = 0;
    out.zz = 0;
    out.zzz = 0;
    withoutSigma(out);
  },
  draw: () => Number.NaN,
  standardDeviation: () => Number.POSITIVE_INFINITY,
};

/**
 * l(theta) = sum of max over alpha_i of log f(y_i | x'beta + alpha_i), theta = (beta of the kept columns, dispersion). With k_j the
 * second derivative of a row's log f in its predictor and x~ = sum k_j x_j / sum k_j, the block of the alphas is diagonal, and
 * what is left of the information on beta (its Schur complement) is -sum k_j (x_j - x~)(x_j - x~)': no matrix of the order of
 * the clusters is ever made.
 */
export class ProfileLikelihood {
  /** Per cluster: 1 where its coefficient is finite and its rows say something. */
  readonly informs: Uint8Array;
  /** Per cluster: where its coefficient runs to, Infinity or -Infinity; 0 where it is finite, NaN without any weight. */
  readonly ends: Float64Array;
  /** The coefficients at the last parameters evaluated. */
  readonly alpha: Float64Array;
  /** Per cluster: minus the second derivative in its coefficient, there. */
  readonly information: Float64Array;
  /** m x q: -d alpha_i / d theta, there, theta the arguments of the last evaluation. */
  readonly pull: Float64Array;
  private readonly model: Model;
  private readonly integrand: Integrand;
  /** beta[kept] at the last parameters evaluated. */
  private last: Float64Array | undefined;

  constructor(model: Model) {
    const { count } = model.clusters;
    this.model = model;
    this.integrand = new Integrand({ family: model.family, randomEffect: FLAT }, model.clusters);
    this.alpha = new Float64Array(count);
    this.information = new Float64Array(count);
    this.pull = new Float64Array(count * (model.coefficientNames.length + 1));
    this.ends = endsOf(model);
    this.informs = Uint8Array.from(this.ends, (end) => (end === 0 ? 1 : 0));
  }

  /** Value with every constant, gradient and Hessian in (beta[kept], dispersion where there is one). */
  evaluate(parameters: Parameters, kept: readonly number[]): Evaluation {
    const { model, integrand, alpha, information, pull } = this;
    const { clusters, family } = model;
    const { count, columns: p, x, clusterWeights, constants } = clusters;
    const b = kept.length;
    const q = b + (family.dispersion ? 1 : 0);
    const gradient = new Float64Array(q);
    const hessian = new Float64Array(q * q);
    const centre = new Float64Array(q);
    const apart = new Float64Array(b);
    let value = 0;
    integrand.setParameters({ ...parameters, sigma: 1 });
    const now = Float64Array.from(kept, (j) => parameters.beta[j]);
    const { last } = this;
    const moved = now.map((value, a) => value - (last?.[a] ?? value));
    this.last = now;
    const { row, dispersionPart, outcome, rows, dispersion } = integrand;
    for (let i = 0; i < count; i++) {
      if (!this.informs[i]) continue;
      const c = clusterWeights[i];
      integrand.select(i);
      const { from, to } = integrand;
      alpha[i] = findMode(integrand, this.guess(i, moved, q));
      value += c * (integrand.evaluate(alpha[i]) + constants[i]);
      const total = integrand.curvatureSum;
      information[i] = -total;
      centre.fill(0);
      for (let r = from; r < to; r++) {
        const k = row.second[r - from] / total;
        for (let a = 0; a < b; a++) centre[a] += k * x[r * p + kept[a]];
      }
      for (let r = from; r < to; r++) {
        for (let a = 0; a < b; a++) {
          apart[a] = x[r * p + kept[a]] - centre[a];
          gradient[a] += c * row.first[r - from] * apart[a];
          const k = c * row.second[r - from] * apart[a];
          for (let e = 0; e <= a; e++) hessian[a * q + e] += k * apart[e];
        }
      }
      if (q > b) {
        outcome.dispersionDerivatives!(rows, from, to, alpha[i], dispersion, dispersionPart);
        let mixed = 0;
        for (let r = from; r < to; r++) {
          const eta = dispersionPart.eta[r - from];
          mixed += eta;
          for (let a = 0; a < b; a++) hessian[b * q + a] += c * eta * (x[r * p + kept[a]] - centre[a]);
        }
        centre[b] = mixed / total;
        gradient[b] += c * dispersionPart.first;
        hessian[b * q + b] += c * (dispersionPart.second - mixed * centre[b]);
      }
      pull.set(centre, i * q);
    }
    mirror(hessian, q);
    return { value, gradient, hessian };
  }

  /** Where the selected cluster's coefficient is by its slope in the others, or at first by its responses. */
  private guess(i: number, moved: Float64Array, q: number): number {
    const { alpha, pull, integrand, information, model } = this;
    if (information[i] > 0) return alpha[i] - moved.reduce((sum, by, a) => sum + by * pull[i * q + a], 0);
    const { family, clusters } = model;
    const { y, trials, weights } = clusters;
    let sum = 0;
    let total = 0;
    for (let r = integrand.from; r < integrand.to; r++) {
      const eta = family.link.apply(family.startingMean(y[r], trials[r]));
      const weight = weights[r] * trials[r];
      if (!(weight > 0) || !Number.isFinite(eta)) continue;
      sum += weight * (eta - integrand.rows.eta[r]);
      total += weight;
    }
    return total > 0 ? sum / total : 0;
  }
}

/** Where all rows of a cluster rise with its coefficient for ever, all successes say, it has no finite estimate. */
function endsOf({ clusters, family }: Model): Float64Array {
  const { count, starts, weights, trials, y, clusterWeights } = clusters;
  const ends = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let up = 0;
    let down = 0;
    let both = 0;
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      if (!(clusterWeights[i] * weights[r] * trials[r] > 0)) continue;
      const end = family.openEnd?.(y[r], trials[r]) ?? 0;
      if (end > 0) up++;
      else if (end < 0) down++;
      else both++;
    }
    if (up + down + both === 0) ends[i] = Number.NaN;
    else if (both === 0 && (up === 0 || down === 0)) {
      ends[i] = up > 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    }
  }
  return ends;
}
