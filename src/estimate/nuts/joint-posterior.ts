// The posterior density of everything at once, intercepts included, with its gradient: what NUTS walks on.
import type { Target } from '../../../samplers/kernel.js';
import { linearPredictors } from '../../likelihood/integrand.js';
import type { Clusters } from '../../model/clusters.js';
import type { DispersionDerivatives, RowDerivatives, Rows } from '../../model/outcome.js';
import { effectDerivatives, type RandomEffect } from '../../model/random-effect.js';
import { backwardSolve, forwardSolve } from '../../numeric/cholesky.js';
import type { ParameterSpace } from '../parameter-space.js';
import type { ResolvedPriors } from '../priors.js';
import type { Whitening } from './whitening.js';

/** A point in the model's own terms. */
export interface JointPoint {
  readonly beta: Float64Array;
  readonly sigma: number;
  readonly dispersion: number;
  /** eps = sigma z, one a cluster. */
  readonly z: Float64Array;
}

/**
 * The log density of x = (b, log sigma, log dispersion, z), as far as they are free, up to a constant: the non-centred
 * parametrisation, eps = sigma z, with the free coefficients beta = centre + L^-T b. Jacobians are in. The last point
 * evaluated stands in the fields. No allocation in an evaluation.
 */
export class JointPosterior implements Target {
  readonly dimension: number;
  readonly beta: Float64Array;
  sigma = 0;
  dispersion = 1;
  readonly clusters: Clusters;
  private readonly space: ParameterSpace;
  private readonly priors: ResolvedPriors;
  private readonly whitening: Whitening;
  private readonly effect: RandomEffect;
  private readonly rows: Rows;
  private readonly freeBeta: Int32Array;
  /** Where log sigma, log dispersion and the first z stand in x; -1 where they do not. */
  private readonly atSigma: number;
  private readonly atDispersion: number;
  private readonly atZ: number;
  /** Free coefficients, in their own terms and as slopes. */
  private readonly work: Float64Array;
  private readonly slopes: Float64Array;
  private readonly row: RowDerivatives;
  private readonly dispersionPart: DispersionDerivatives;
  private readonly effectPart = effectDerivatives();

  constructor(space: ParameterSpace, clusters: Clusters, priors: ResolvedPriors, whitening: Whitening) {
    const { model, free, fixed } = space;
    const p = model.coefficientNames.length;
    this.space = space;
    this.clusters = clusters;
    this.priors = priors;
    this.whitening = whitening;
    this.effect = model.randomEffect;
    this.freeBeta = Int32Array.from(free.filter((k) => k < p));
    const q = this.freeBeta.length;
    let next = q;
    this.atSigma = fixed.sigma === undefined ? next++ : -1;
    this.atDispersion = model.family.dispersion ? next++ : -1;
    this.atZ = fixed.sigma === 0 ? -1 : next;
    this.dimension = next + (this.atZ >= 0 ? clusters.count : 0);
    this.beta = whitening.beta.slice();
    this.work = new Float64Array(q);
    this.slopes = new Float64Array(p);
    const { y, trials, weights, rows } = clusters;
    this.rows = { y, trials, weights, eta: new Float64Array(rows) };
    const perRow = (): Float64Array => new Float64Array(rows);
    this.row = { first: perRow(), second: perRow(), third: this.rows.eta };
    this.dispersionPart = { first: 0, second: 0, eta: perRow(), etaEta: perRow() };
  }

  /** The coordinates of a point. */
  position({ beta, sigma, dispersion, z }: JointPoint): Float64Array {
    const { whitening, freeBeta, atSigma, atDispersion, atZ } = this;
    const q = freeBeta.length;
    const x = new Float64Array(this.dimension);
    // b = L' (beta - centre)
    for (let k = 0; k < q; k++) {
      for (let l = k; l < q; l++) {
        x[k] += whitening.factor[l * q + k] * (beta[freeBeta[l]] - whitening.beta[freeBeta[l]]);
      }
    }
    if (atSigma >= 0) x[atSigma] = Math.log(sigma);
    if (atDispersion >= 0) x[atDispersion] = Math.log(dispersion);
    if (atZ >= 0) x.set(z, atZ);
    return x;
  }

  /** First guesses of the variances of the coordinates. */
  variances(): Float64Array {
    const { atSigma, atDispersion, clusters } = this;
    const out = new Float64Array(this.dimension).fill(1);
    // Between the 1 / (2 m) of intercepts that are known and the spread of a prior.
    if (atSigma >= 0) out[atSigma] = 0.25;
    if (atDispersion >= 0) out[atDispersion] = 2 / Math.max(2, clusters.rows - clusters.count);
    return out;
  }

  /** Puts the fields at x; leaves the linear predictors with the intercepts in them. */
  place(x: Float64Array): void {
    const { beta, work, freeBeta, whitening, clusters, rows, space } = this;
    const { starts } = clusters;
    const q = freeBeta.length;
    for (let k = 0; k < q; k++) work[k] = x[k];
    backwardSolve(whitening.factor, q, work);
    for (let k = 0; k < q; k++) beta[freeBeta[k]] = whitening.beta[freeBeta[k]] + work[k];
    this.sigma = this.atSigma >= 0 ? Math.exp(x[this.atSigma]) : space.fixed.sigma!;
    if (this.atDispersion >= 0) this.dispersion = Math.exp(x[this.atDispersion]);
    const { eta } = rows;
    linearPredictors(clusters, beta, eta);
    if (this.atZ < 0) return;
    for (let i = 0; i < clusters.count; i++) {
      const eps = this.sigma * x[this.atZ + i];
      for (let r = starts[i]; r < starts[i + 1]; r++) eta[r] += eps;
    }
  }

  logDensity(x: Float64Array): number {
    const { rows, space, clusters, effect, atZ } = this;
    this.place(x);
    let sum = space.model.family.outcome.value(rows, 0, clusters.rows, 0, this.dispersion) + this.logPrior();
    if (atZ >= 0) for (let i = 0; i < clusters.count; i++) sum += effect.logDensity(x[atZ + i], this.sigma);
    return Number.isFinite(sum) ? sum : Number.NEGATIVE_INFINITY;
  }

  gradient(x: Float64Array, out: Float64Array): number {
    const { rows, row, space, clusters, effect, effectPart, atZ, atSigma, atDispersion, freeBeta } = this;
    const { outcome } = space.model.family;
    const { starts } = clusters;
    this.place(x);
    const { sigma } = this;
    const { first } = row;
    let sum = outcome.derivatives(rows, 0, clusters.rows, 0, this.dispersion, row) + this.logPrior();
    let sigmaSlope = 0;
    if (atZ >= 0) {
      for (let i = 0; i < clusters.count; i++) {
        const z = x[atZ + i];
        let score = 0;
        for (let r = starts[i]; r < starts[i + 1]; r++) score += first[r];
        effect.derivatives(z, sigma, effectPart);
        out[atZ + i] = sigma * score + effectPart.z;
        sigmaSlope += z * score + effectPart.sigma;
        sum += effect.logDensity(z, sigma);
      }
    }
    if (freeBeta.length > 0) this.coefficientSlopes(out);
    // sigma = e^u and sqrt(dispersion) = e^(v / 2).
    if (atSigma >= 0) out[atSigma] = sigma * (sigmaSlope + this.priors.sigma.derivative(sigma)) + 1;
    if (atDispersion >= 0) {
      const { dispersionPart, dispersion, priors } = this;
      outcome.dispersionDerivatives!(rows, 0, clusters.rows, 0, dispersion, dispersionPart);
      const root = Math.sqrt(dispersion);
      out[atDispersion] =
        dispersion * dispersionPart.first + 0.5 * (root * priors.dispersion!.derivative(root) + 1);
    }
    return Number.isFinite(sum) ? sum : Number.NEGATIVE_INFINITY;
  }

  /** Slopes in b from the rows' scores: L^-1 (X' s + prior). */
  private coefficientSlopes(out: Float64Array): void {
    const { clusters, slopes, work, freeBeta, beta, priors, whitening } = this;
    const { x: design, columns } = clusters;
    const { first } = this.row;
    slopes.fill(0);
    for (let r = 0, at = 0; r < clusters.rows; r++) {
      const score = first[r];
      for (let j = 0; j < columns; j++, at++) slopes[j] += score * design[at];
    }
    for (let k = 0; k < work.length; k++) {
      const j = freeBeta[k];
      work[k] = slopes[j] + priors.beta[j].derivative(beta[j]);
    }
    forwardSolve(whitening.factor, work.length, work);
    for (let k = 0; k < work.length; k++) out[k] = work[k];
  }

  /** Log prior density of (beta, log sigma, log dispersion), Jacobians included. */
  protected logPrior(): number {
    const { priors, beta, freeBeta, sigma, dispersion } = this;
    let sum = 0;
    for (const j of freeBeta) sum += priors.beta[j].logDensity(beta[j]);
    if (this.atSigma >= 0) sum += priors.sigma.logDensity(sigma) + Math.log(sigma);
    if (this.atDispersion >= 0) {
      const root = Math.sqrt(dispersion);
      sum += priors.dispersion!.logDensity(root) + Math.log(root);
    }
    return sum;
  }

  /**
   * Writes a draw at x: beta, sigma, dispersion where there is one, the log density of (beta, log sigma, log dispersion,
   * eps), and eps of each cluster's first copy.
   */
  record(x: Float64Array, logDensity: number, firstCopy: Int32Array, out: Float64Array): void {
    this.place(x);
    const { beta, sigma, dispersion, atZ, atDispersion, clusters } = this;
    out.set(beta);
    let at = beta.length;
    out[at++] = sigma;
    if (atDispersion >= 0) out[at++] = dispersion;
    // The density of eps = sigma z.
    out[at++] = atZ >= 0 ? logDensity - clusters.count * Math.log(sigma) : logDensity;
    for (let i = 0; i < firstCopy.length; i++) out[at + i] = atZ >= 0 ? sigma * x[atZ + firstCopy[i]] : 0;
  }
}
