// One cluster's integrand in z, where eps = sigma z: log f(y_i | sigma z) + log f(z), with derivatives.
import type { Clusters } from '../model/clusters.js';
import type { Model } from '../model/model.js';
import type { DispersionDerivatives, Outcome, RowDerivatives, Rows } from '../model/outcome.js';
import type { Parameters } from '../model/parameters.js';
import { type EffectDerivatives, effectDerivatives, type RandomEffect } from '../model/random-effect.js';
import { isUnitLogit, type RowSums, UnitLogit } from './unit-logit.js';

/**
 * Holds the linear predictors at the current parameters and the derivatives at the last point evaluated.
 * Everything is allocated once, here; nothing inside an evaluation. Values leave out the clusters' constants.
 */
export class Integrand {
  readonly clusters: Clusters;
  readonly outcome: Outcome;
  readonly effect: RandomEffect;
  readonly rows: Rows;
  readonly row: RowDerivatives;
  readonly dispersionPart: DispersionDerivatives;
  readonly effectPart: EffectDerivatives = effectDerivatives();
  private readonly fast: UnitLogit | undefined;
  sigma = 0;
  dispersion = 1;
  /** Places and masses, where the effect has no density. */
  shape: Float64Array | undefined;
  /** Rows of the selected cluster: from .. to - 1. */
  from = 0;
  to = 0;
  /** Sums over the rows of d/d eta and d2/d eta2 of log f(y | eta) at the last point evaluated. */
  scoreSum = 0;
  curvatureSum = 0;
  /** First and second derivative of the integrand's log in z, there. */
  gradient = 0;
  curvature = 0;

  /** @param clusters the model's own, or a merged form of them */
  constructor(model: Model);
  constructor(model: Pick<Model, 'family' | 'randomEffect'>, clusters: Clusters);
  constructor(
    model: Pick<Model, 'family' | 'randomEffect'> & { clusters?: Clusters },
    clusters = model.clusters!,
  ) {
    const { family, randomEffect } = model;
    this.clusters = clusters;
    this.outcome = family.outcome;
    this.effect = randomEffect;
    this.rows = {
      y: clusters.y,
      trials: clusters.trials,
      weights: clusters.weights,
      eta: new Float64Array(clusters.rows),
    };
    this.fast = isUnitLogit(this.outcome, this.rows) ? new UnitLogit(this.rows) : undefined;
    const perRow = (): Float64Array => new Float64Array(clusters.largest);
    this.row = { first: perRow(), second: perRow(), third: perRow() };
    this.dispersionPart = { first: 0, second: 0, eta: perRow(), etaEta: perRow() };
  }

  /** Recomputes the linear predictors for these parameters. */
  setParameters(parameters: Parameters): void {
    this.sigma = parameters.sigma;
    this.dispersion = parameters.dispersion ?? 1;
    this.shape = parameters.shape;
    linearPredictors(this.clusters, parameters.beta, this.rows.eta);
    this.fast?.update();
  }

  /** Makes this cluster the one that is evaluated. */
  select(cluster: number): void {
    this.from = this.clusters.starts[cluster];
    this.to = this.clusters.starts[cluster + 1];
  }

  /** The log integrand at z. */
  value(z: number): number {
    const { rows, from, to, sigma, dispersion, fast } = this;
    let value = fast ? fast.value(from, to, sigma * z) : Number.NaN;
    if (Number.isNaN(value)) value = this.outcome.value(rows, from, to, sigma * z, dispersion);
    return value + this.effect.logDensity(z, sigma);
  }

  /** The log integrand at z, leaving its derivatives in the fields. */
  evaluate(z: number): number {
    const { rows, from, to, sigma, row, fast } = this;
    let value = fast ? fast.derivatives(from, to, sigma * z, row) : Number.NaN;
    if (Number.isNaN(value)) {
      value = this.outcome.derivatives(rows, from, to, sigma * z, this.dispersion, row);
    }
    let score = 0;
    let curvature = 0;
    for (let k = 0; k < to - from; k++) {
      score += row.first[k];
      curvature += row.second[k];
    }
    this.scoreSum = score;
    this.curvatureSum = curvature;
    this.effect.derivatives(z, sigma, this.effectPart);
    this.gradient = sigma * score + this.effectPart.z;
    this.curvature = sigma * sigma * curvature + this.effectPart.zz;
    return value + this.effect.logDensity(z, sigma);
  }

  /** Whether the rows are single trials of weight 1 with the logit link. */
  get unitLogit(): boolean {
    return this.fast !== undefined;
  }

  /**
   * Whether there is a fast way to serve points first .. end-1.
   * @internal
   */
  hasFastWay(z: Float64Array, first: number, end: number): boolean {
    return this.fast?.serves(this.sigma, z, first, end) ?? false;
  }

  /** The log integrand at points first .. end-1, in the same places of `out`. */
  valueAll(z: Float64Array, out: Float64Array, first = 0, end: number = z.length): void {
    const { fast, from, to, sigma, effect } = this;
    if (!fast?.serves(sigma, z, first, end)) {
      for (let k = first; k < end; k++) out[k] = this.value(z[k]);
      return;
    }
    fast.valueAll(from, to, sigma, z, out, first, end);
    for (let k = first; k < end; k++) out[k] += effect.logDensity(z[k], sigma);
  }

  /**
   * Adds the rows' weighted derivatives (the first, or `both`) at points first .. end-1 to `out`: only where there is the
   * fast way.
   * @internal
   */
  addPoints(
    z: Float64Array,
    weights: Float64Array,
    first: number,
    end: number,
    out: RowSums,
    both: boolean,
  ): void {
    this.fast!.addPoints(this.from, this.to, this.sigma, z, weights, first, end, out, both);
  }

  /**
   * As `UnitLogit.addRatios` for the selected cluster; NaN, with nothing added, where there is no fast way.
   * @internal
   */
  addRatios(
    z: Float64Array,
    logProposal: Float64Array,
    first: number,
    end: number,
    mode: number,
    out: Pick<RowSums, 'score' | 'scoreZ'>,
  ): number {
    const { fast, from, to, sigma, effect } = this;
    return fast?.addRatios(from, to, sigma, effect, z, logProposal, first, end, mode, out) ?? Number.NaN;
  }

  /**
   * Derivatives of rows from .. from+rows-1 at the points loaded, there only too: see `UnitLogit.addRows`.
   * @internal
   */
  addRows(from: number, rows: number, count: number, out: RowSums): void {
    this.fast!.addRows(from, rows, count, out, from - this.from, true);
  }

  /** Derivatives that involve the dispersion at z, left in `dispersionPart`. */
  evaluateDispersion(z: number): void {
    this.outcome.dispersionDerivatives!(
      this.rows,
      this.from,
      this.to,
      this.sigma * z,
      this.dispersion,
      this.dispersionPart,
    );
  }
}

/** Writes offset + x' beta of every sorted row to `eta`. */
export function linearPredictors(clusters: Clusters, beta: Float64Array, eta: Float64Array): void {
  const { x, offset, rows, columns } = clusters;
  for (let r = 0; r < rows; r++) {
    let sum = offset[r];
    const base = r * columns;
    for (let j = 0; j < columns; j++) sum += x[base + j] * beta[j];
    eta[r] = sum;
  }
}
