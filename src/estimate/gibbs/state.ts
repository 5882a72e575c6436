// Where a chain stands: parameters, intercepts, and the log-likelihood with its derivatives there, always up to date.
import type { Memory } from '../../../samplers/memory.js';
import { linearPredictors } from '../../likelihood/integrand.js';
import type { Clusters } from '../../model/clusters.js';
import type { Model } from '../../model/model.js';
import type { Outcome, RowDerivatives, Rows } from '../../model/outcome.js';
import { type EffectDerivatives, effectDerivatives, type RandomEffect } from '../../model/random-effect.js';
import type { ParameterSpace } from '../parameter-space.js';
import type { ResolvedPriors } from '../priors.js';

/**
 * The state of one chain. Intercepts are kept as z, eps = sigma z. What a step reads (log-likelihoods, scores and
 * curvatures per cluster, first and second derivatives per row) is kept for the current point, so that a step pays only
 * for the point it proposes. Everything is allocated here, once.
 */
export class GibbsState {
  readonly model: Model;
  readonly clusters: Clusters;
  readonly priors: ResolvedPriors;
  readonly outcome: Outcome;
  readonly effect: RandomEffect;
  /** Indices of the free coefficients. */
  readonly freeBeta: Int32Array;
  /** The columns of the free coefficients, rows x freeBeta.length, row-major. */
  readonly x: Float64Array;
  /** The same, column after column. */
  readonly xColumns: Float64Array;
  readonly sigmaIsFree: boolean;
  readonly rows: Rows;
  readonly beta: Float64Array;
  sigma = 1;
  dispersion = 1;
  readonly z: Float64Array;
  /** Per cluster at the current point: log f(y_i | eps_i) and its first two derivatives in eps_i. */
  readonly logLik: Float64Array;
  readonly score: Float64Array;
  readonly curvature: Float64Array;
  /** Per row: derivatives of log f in the linear predictor. */
  readonly first: Float64Array;
  readonly second: Float64Array;
  /** Derivatives of the rows of one cluster, at the point last asked for. */
  readonly trial: RowDerivatives;
  trialScore = 0;
  trialCurvature = 0;
  readonly effectPart: EffectDerivatives = effectDerivatives();

  constructor(space: ParameterSpace, clusters: Clusters, priors: ResolvedPriors) {
    const { model, free } = space;
    const p = model.coefficientNames.length;
    const { count, rows, largest } = clusters;
    this.model = model;
    this.clusters = clusters;
    this.priors = priors;
    this.outcome = model.family.outcome;
    this.effect = model.randomEffect;
    this.freeBeta = Int32Array.from(free.filter((k) => k < p));
    this.sigmaIsFree = free.includes(p);
    const { length } = this.freeBeta;
    this.x =
      length === p
        ? clusters.x
        : Float64Array.from(
            { length: rows * length },
            (_, k) => clusters.x[Math.floor(k / length) * p + this.freeBeta[k % length]],
          );
    this.xColumns = Float64Array.from(
      { length: rows * length },
      (_, k) => this.x[(k % rows) * length + Math.floor(k / rows)],
    );
    const { y, trials, weights } = clusters;
    this.rows = { y, trials, weights, eta: new Float64Array(rows) };
    this.beta = new Float64Array(p);
    this.z = new Float64Array(count);
    this.logLik = new Float64Array(count);
    this.score = new Float64Array(count);
    this.curvature = new Float64Array(count);
    this.first = new Float64Array(rows);
    this.second = new Float64Array(rows);
    const perRow = (): Float64Array => new Float64Array(largest);
    this.trial = { first: perRow(), second: perRow(), third: perRow() };
  }

  /** Keeps the point and what is known of it, or puts them back. */
  remember(memory: Memory): void {
    memory.numbers(this.beta);
    this.sigma = memory.number(this.sigma);
    this.dispersion = memory.number(this.dispersion);
    // Kept to the last bit, not computed anew: linear predictors are moved, and carry the rounding of their moves.
    for (const values of [
      this.z,
      this.rows.eta,
      this.logLik,
      this.score,
      this.curvature,
      this.first,
      this.second,
    ])
      memory.numbers(values);
  }

  /** Whether the intercepts vary at all: not where sigma is held at 0. */
  get hasEffects(): boolean {
    return this.sigmaIsFree || this.sigma > 0;
  }

  /** Recomputes everything that depends on the parameters and z. */
  refresh(): void {
    const { clusters, beta, rows } = this;
    linearPredictors(clusters, beta, rows.eta);
    for (let i = 0; i < clusters.count; i++) {
      const value = this.tryCluster(i, rows, this.sigma * this.z[i], this.dispersion);
      this.acceptCluster(i, value);
    }
  }

  /** log f(y_i | eps) over these rows; derivatives are left in `trial`, `trialScore`, `trialCurvature`. */
  tryCluster(i: number, rows: Rows, eps: number, dispersion: number): number {
    const { trial, clusters } = this;
    const from = clusters.starts[i];
    const to = clusters.starts[i + 1];
    const value = this.outcome.derivatives(rows, from, to, eps, dispersion, trial);
    const { first, second } = trial;
    let score = 0;
    let curvature = 0;
    for (let k = 0; k < to - from; k++) {
      score += first[k];
      curvature += second[k];
    }
    this.trialScore = score;
    this.trialCurvature = curvature;
    return value;
  }

  /** Makes what `tryCluster` found the current values of cluster i. */
  acceptCluster(i: number, value: number): void {
    const { trial, clusters } = this;
    this.logLik[i] = value;
    this.score[i] = this.trialScore;
    this.curvature[i] = this.trialCurvature;
    const from = clusters.starts[i];
    const length = clusters.starts[i + 1] - from;
    for (let k = 0; k < length; k++) {
      this.first[from + k] = trial.first[k];
      this.second[from + k] = trial.second[k];
    }
  }

  totalLogLik(): number {
    let sum = 0;
    for (let i = 0; i < this.logLik.length; i++) sum += this.logLik[i];
    return sum;
  }

  /** Log prior density of log sigma = u. */
  logPriorOfLogSigma(u: number): number {
    return this.priors.sigma.logDensity(Math.exp(u)) + u;
  }

  /** Log prior density of log dispersion = v, the prior being on the square root. */
  logPriorOfLogDispersion(v: number): number {
    return this.priors.dispersion!.logDensity(Math.exp(0.5 * v)) + 0.5 * v;
  }

  /** Log prior density of the free coefficients. */
  logPriorOfBeta(beta: Float64Array): number {
    let sum = 0;
    for (const j of this.freeBeta) sum += this.priors.beta[j].logDensity(beta[j]);
    return sum;
  }

  /** Log posterior density of (beta, log sigma, log dispersion, eps), up to a constant. */
  logPosterior(): number {
    const { z, effect, sigma, sigmaIsFree, dispersion, model } = this;
    let sum = this.totalLogLik() + this.logPriorOfBeta(this.beta);
    if (this.hasEffects) {
      for (let i = 0; i < z.length; i++) sum += effect.logDensity(z[i], sigma);
      // The density of eps = sigma z.
      sum -= z.length * Math.log(sigma);
    }
    if (sigmaIsFree) sum += this.logPriorOfLogSigma(Math.log(sigma));
    if (model.family.dispersion) sum += this.logPriorOfLogDispersion(Math.log(dispersion));
    return sum;
  }
}

/** sum_r a_r x_r over one stretch of `x`, from `base`: one column of the design against a vector of rows. */
export function columnSum(a: Float64Array, x: Float64Array, base: number): number {
  let sum = 0;
  for (let r = 0; r < a.length; r++) sum += a[r] * x[base + r];
  return sum;
}
