// What the rows of a pooled fit say of the clusters that it ignores: a test of sigma = 0, and standard errors without it.
import { ndtr } from '../../../samplers/special.js';
import { Integrand } from '../../likelihood/integrand.js';
import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import { choleskySolve } from '../../numeric/cholesky.js';

/**
 * The score test that rows of a cluster, or single trials of a row, are no more alike than others, against intercepts of any distribution. The slope of the
 * log-likelihood in sigma^2 at 0 is made of products of two rows' scores and of what each row adds alone, its excess variance;
 * the products alone are used: their mean and their covariance with the other parameters' scores are 0, and their variance follows
 * from the information, whatever the family (Commenges and Jacqmin-Gadda 1997). Weighted rows and counts of trials give what
 * the data in long form give.
 */
export interface HeterogeneityTest {
  /** Sum of the products of the scores of two rows (or trials) of a cluster, over the standard deviation that it has where sigma is 0. */
  readonly z: number;
  /** One-sided, P(Z > z); NaN where no cluster has two. */
  readonly pValue: number;
}

/** Sums over the single trials of a row: of their squared scores, and of their squared (expected) information. */
function perTrial(
  { family }: Model,
  eta: number,
  successes: number,
  trials: number,
): { squares: number; squaredInformation: number } {
  const { link } = family;
  const mu = link.inverse(eta);
  const rise = link.derivative(eta);
  const success = rise / mu;
  const failure = rise / (1 - mu);
  const information = success * failure;
  // A mean at the end of its range has no more to say.
  if (!(information > 0 && information < Infinity)) return { squares: 0, squaredInformation: 0 };
  return {
    squares: successes * success * success + (trials - successes) * failure * failure,
    squaredInformation: trials * information * information,
  };
}

/** The sums over a pooled fit's rows that its scores make, in all parameters (beta, dispersion). */
export class ClusterScores {
  /** Sum over clusters of the products of their scores, size x size. */
  readonly products: Float64Array;
  /** p coefficients, and the dispersion where the family has one. */
  readonly size: number;
  readonly heterogeneity: HeterogeneityTest;

  /** @param parameters a maximum at sigma = 0 */
  constructor(model: Model, parameters: Parameters) {
    const { clusters, family } = model;
    const { count, columns: p, x, y, trials, clusterWeights, weights } = clusters;
    const size = p + (family.dispersion ? 1 : 0);
    this.size = size;
    this.products = new Float64Array(size * size);
    let pairs = 0;
    let variance = 0;
    const integrand = new Integrand(model);
    integrand.setParameters({ ...parameters, sigma: 0 });
    const { rows, outcome, row, dispersionPart, dispersion } = integrand;
    const score = new Float64Array(size);
    for (let i = 0; i < count; i++) {
      integrand.select(i);
      const { from, to } = integrand;
      outcome.derivatives(rows, from, to, 0, dispersion, row);
      score.fill(0);
      let sum = 0;
      let information = 0;
      let squares = 0;
      let squaredInformation = 0;
      for (let r = from; r < to; r++) {
        const first = row.first[r - from];
        const second = row.second[r - from];
        sum += first;
        information -= second;
        if (family.counts) {
          const one = perTrial(model, rows.eta[r], y[r], trials[r]);
          squares += weights[r] * one.squares;
          squaredInformation += weights[r] * one.squaredInformation;
        } else if (weights[r] > 0) {
          // A row of weight w is w rows.
          squares += (first * first) / weights[r];
          squaredInformation += (second * second) / weights[r];
        }
        for (let j = 0; j < p; j++) score[j] += first * x[r * p + j];
      }
      if (size > p) {
        outcome.dispersionDerivatives!(rows, from, to, 0, dispersion, dispersionPart);
        score[p] = dispersionPart.first;
      }
      pairs += 0.5 * clusterWeights[i] * (sum * sum - squares);
      variance += 0.5 * clusterWeights[i] * (information * information - squaredInformation);
      for (let a = 0; a < size; a++) {
        for (let b = 0; b < size; b++) this.products[a * size + b] += clusterWeights[i] * score[a] * score[b];
      }
    }
    const z = variance > 0 ? pairs / Math.sqrt(variance) : Number.NaN;
    this.heterogeneity = { z, pValue: Number.isNaN(z) ? z : ndtr(-z) };
  }

  /**
   * Standard errors, in the order of `free`, that hold whatever the rows of a cluster have to do with one another, for many clusters
   * (Liang and Zeger 1986).
   */
  robust(factor: Float64Array, free: readonly number[]): Float64Array {
    const { products, size } = this;
    const row = new Float64Array(free.length);
    return Float64Array.from(free, (_, a) => {
      row.fill(0);
      row[a] = 1;
      choleskySolve(factor, free.length, row);
      let variance = 0;
      free.forEach((k, b) => {
        free.forEach((l, c) => {
          variance += row[b] * products[k * size + l] * row[c];
        });
      });
      return Math.sqrt(variance);
    });
  }
}
