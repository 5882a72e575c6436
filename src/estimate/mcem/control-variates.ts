// Control variates for one cluster's draws, from the score of its own posterior.
import { choleskyInPlace, choleskySolve } from '../../numeric/cholesky.js';
import { dot } from '../../numeric/newton.js';
import type { DrawSet } from './e-step.js';

/** Functions psi(t) = 1, t, t^2, t^3 of the standardised point. */
const TERMS = 2;

/** Weighted mean of the control variates over one half of the draws, and the factor of their covariance. */
interface Half {
  from: number;
  to: number;
  weight: number;
  /** Sum of the half's squared weights, normalised within it. */
  squares: number;
  usable: boolean;
  readonly mean: Float64Array;
  /** The mean without the bias of self-normalisation. */
  readonly expected: Float64Array;
  readonly factor: Float64Array;
}

/**
 * For a density pi on the line and a smooth psi, E[psi'(z) + psi(z) (log pi)'(z)] = 0 (Stein's identity), so these
 * functions h have known mean 0 and serve as control variates (Assaraf and Caffarel 1999; Mira, Solgi and Imparato
 * 2013). Posteriors of intercepts are nearly normal, where the complete-data score is nearly a polynomial in z: most
 * of its Monte Carlo error goes.
 *
 * Coefficients fitted to the same draws would bias the answer by as much as is left of its error, so the draws are
 * halved and each half is corrected with the coefficients of the other (cross-fitting). All of that folds into the
 * weights: in half a, with hbar of the other half b, P_k (1 - (h_k - hbar_a)' C_a^-1 hbar_b), which serves every
 * expectation at once.
 *
 * A self-normalised mean is off by E[w^2 (f - mean)] / (M E[w]^2) to first order, the same way in every cluster, which
 * many clusters make visible (about .11 sqrt(m / M) Monte Carlo errors on LSAT). The weights P_k (1 + P_k - sum P^2) take
 * that off (Owen 2013, section 9.2, for the bias); what is left is of order 1 / M^2.
 */
export class ControlVariates {
  private readonly enabled: boolean;
  private readonly unbiased: boolean;
  private readonly values: Float64Array;
  private readonly halves: readonly [Half, Half];
  private readonly solution: Float64Array = new Float64Array(TERMS);

  /**
   * @param enabled false for the plain estimators
   * @param unbiased whether the bias of self-normalisation is taken off, as is right for independent draws
   */
  constructor(mostDraws: number, enabled: boolean, unbiased: boolean) {
    this.enabled = enabled;
    this.unbiased = unbiased;
    this.values = new Float64Array(enabled ? mostDraws * TERMS : 0);
    const half = (): Half => ({
      from: 0,
      to: 0,
      weight: 0,
      squares: 0,
      usable: false,
      mean: new Float64Array(TERMS),
      expected: new Float64Array(TERMS),
      factor: new Float64Array(TERMS * TERMS),
    });
    this.halves = [half(), half()];
  }

  /** Whether `calibrate` leaves the weights as they are. */
  get plain(): boolean {
    return !this.enabled && !this.unbiased;
  }

  /** Whether `calibrate` looks at points and slopes. */
  get needsSlopes(): boolean {
    return this.enabled;
  }

  /**
   * @param t points, standardised by mode and curvature sd
   * @param slope derivative of the log posterior there, times that sd
   * @param weights normalised weights P_k (sum 1)
   * @param calibrated receives the new weights (sum 1; a few may be negative)
   */
  calibrate(t: Float64Array, slope: Float64Array, weights: Float64Array, calibrated: Float64Array): void {
    const { values, solution, enabled, unbiased } = this;
    const count = weights.length;
    const squares = unbiased ? dot(weights, weights) : 0;
    for (let k = 0; k < count; k++) {
      calibrated[k] = unbiased ? weights[k] * (1 + weights[k] - squares) : weights[k];
    }
    if (!enabled) return;
    for (let k = 0; k < count; k++) {
      const x = t[k];
      const g = slope[k];
      const base = k * TERMS;
      values[base] = g;
      values[base + 1] = 1 + x * g;
    }
    const [a, b] = this.halves;
    this.summarise(a, 0, count >> 1, weights);
    this.summarise(b, count >> 1, count, weights);
    if (!a.usable || !b.usable) return;
    for (const [half, other] of [
      [a, b],
      [b, a],
    ]) {
      solution.set(other.expected);
      choleskySolve(half.factor, TERMS, solution);
      for (let k = half.from; k < half.to; k++) {
        let shift = 0;
        for (let j = 0; j < TERMS; j++) shift += (values[k * TERMS + j] - half.mean[j]) * solution[j];
        const own = weights[k] / half.weight;
        calibrated[k] = 0.5 * own * (1 - shift + (unbiased ? own - half.squares : 0));
      }
    }
  }

  private summarise(half: Half, from: number, to: number, weights: Float64Array): void {
    const { values } = this;
    const { mean, factor } = half;
    half.from = from;
    half.to = to;
    half.weight = 0;
    half.squares = 0;
    mean.fill(0);
    factor.fill(0);
    for (let k = from; k < to; k++) {
      half.weight += weights[k];
      half.squares += weights[k] * weights[k];
      for (let j = 0; j < TERMS; j++) mean[j] += weights[k] * values[k * TERMS + j];
    }
    for (let j = 0; j < TERMS; j++) mean[j] /= half.weight;
    for (let k = from; k < to; k++) {
      for (let j = 0; j < TERMS; j++) {
        const d = (weights[k] / half.weight) * (values[k * TERMS + j] - mean[j]);
        for (let l = 0; l <= j; l++) factor[j * TERMS + l] += d * (values[k * TERMS + l] - mean[l]);
      }
    }
    half.squares /= half.weight * half.weight;
    half.expected.set(mean);
    for (let k = from; this.unbiased && k < to; k++) {
      const square = (weights[k] / half.weight) ** 2;
      for (let j = 0; j < TERMS; j++) half.expected[j] += square * (values[k * TERMS + j] - mean[j]);
    }
    half.usable = choleskyInPlace(factor, TERMS);
  }

  /**
   * Replaces a column of the count x size matrix `series` by what the control variates leave of it, about its weighted
   * mean: the terms whose average is the error of the calibrated mean. After `calibrate` for the same cluster.
   */
  residuals(series: Float64Array, size: number, column: number, weights: Float64Array): void {
    const [a, b] = this.halves;
    if (!this.enabled || !a.usable || !b.usable) {
      center(series, size, column, weights);
      return;
    }
    const coefficients = [a, b].map((half) => this.coefficients(half, series, size, column, weights));
    this.subtract(a, coefficients[1], series, size, column);
    this.subtract(b, coefficients[0], series, size, column);
    center(series, size, column, weights);
  }

  /** Regression coefficients of the column on the control variates within one half. */
  private coefficients(
    half: Half,
    series: Float64Array,
    size: number,
    column: number,
    weights: Float64Array,
  ): Float64Array {
    const { values } = this;
    const solution = new Float64Array(TERMS);
    for (let k = half.from; k < half.to; k++) {
      // The control variates are centred, so the column need not be.
      const d = (weights[k] / half.weight) * (series[k * size + column] - series[half.from * size + column]);
      for (let j = 0; j < TERMS; j++) solution[j] += d * (values[k * TERMS + j] - half.mean[j]);
    }
    choleskySolve(half.factor, TERMS, solution);
    return solution;
  }

  private subtract(
    half: Half,
    coefficients: Float64Array,
    series: Float64Array,
    size: number,
    column: number,
  ): void {
    for (let k = half.from; k < half.to; k++) {
      let fitted = 0;
      for (let j = 0; j < TERMS; j++) fitted += this.values[k * TERMS + j] * coefficients[j];
      series[k * size + column] -= fitted;
    }
  }
}

/** Subtracts its weighted mean from a column. */
function center(series: Float64Array, size: number, column: number, weights: Float64Array): void {
  let weight = 0;
  let sum = 0;
  for (let k = 0; k < weights.length; k++) {
    weight += weights[k];
    sum += weights[k] * series[k * size + column];
  }
  for (let k = 0; k < weights.length; k++) series[k * size + column] -= sum / weight;
}

/**
 * Control variates for these draws. A lattice integrates the polynomials nearly exactly by itself: what the regression on
 * single points would subtract is not its error. Nodes have none.
 */
export function controlsFor(set: DrawSet, enabled: boolean): ControlVariates {
  const single = set.replicates === 0 && !set.exact;
  return new ControlVariates(set.perCluster, enabled && single, single && !set.dependent);
}
