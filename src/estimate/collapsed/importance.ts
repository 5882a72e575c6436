// Importance sampling from points proposed: means, sds, the evidence, and whether the weights can be trusted.
import { paretoK } from '../../../samplers/diagnostics/pareto.js';
import type { Memory } from '../../../samplers/memory.js';
import type { MarginalPosterior } from '../marginal-posterior.js';

/** One parameter by importance sampling. */
export interface ImportanceEstimate {
  readonly name: string;
  readonly mean: number;
  readonly sd: number;
  /** Standard error of `mean`. */
  readonly meanError: number;
}

/**
 * What the points proposed say by themselves, whatever the chains accepted: independent draws of the proposal, weighted by
 * posterior density over proposal density.
 */
export interface ImportanceAnswers {
  /** log of the marginal likelihood of the model, prior and likelihood constants included. */
  readonly logEvidence: number;
  readonly logEvidenceError: number;
  /** Points proposed. */
  readonly points: number;
  /** Effective sample size of the weights. */
  readonly ess: number;
  /** Pareto k-hat of the weights: below 0.7 these answers can be trusted; NaN where it is not defined. */
  readonly k: number;
  /** In the order of the fit's estimates. */
  readonly parameters: readonly ImportanceEstimate[];
}

/** Points, one after the other, and their log weights. */
export interface SampleArrays {
  readonly points: Float64Array;
  readonly logWeights: Float64Array;
}

/** Points and their log weights, in memory that grows. */
export class ImportanceSample {
  private readonly posterior: MarginalPosterior;
  private points: Float64Array = new Float64Array(1024);
  private logWeights: Float64Array = new Float64Array(1024);
  count = 0;

  constructor(posterior: MarginalPosterior) {
    this.posterior = posterior;
  }

  add(point: Float64Array, logWeight: number): void {
    const d = point.length;
    if (this.count === this.logWeights.length) this.logWeights = doubled(this.logWeights);
    while ((this.count + 1) * d > this.points.length) this.points = doubled(this.points);
    this.points.set(point, this.count * d);
    this.logWeights[this.count++] = logWeight;
  }

  remember(memory: Memory): void {
    this.count = memory.number(this.count);
    while (this.count > this.logWeights.length) this.logWeights = doubled(this.logWeights);
    while (this.count * this.posterior.dimension > this.points.length) this.points = doubled(this.points);
    memory.numbers(this.points.subarray(0, this.count * this.posterior.dimension));
    memory.numbers(this.logWeights.subarray(0, this.count));
  }

  /** What it holds, copied. */
  arrays(): SampleArrays {
    const { count, posterior } = this;
    return {
      points: this.points.slice(0, count * posterior.dimension),
      logWeights: this.logWeights.slice(0, count),
    };
  }

  append({ points, logWeights }: SampleArrays): void {
    const d = this.posterior.dimension;
    logWeights.forEach((logWeight, k) => {
      this.add(points.subarray(k * d, (k + 1) * d), logWeight);
    });
  }

  /** The k-th point. */
  point(k: number): Float64Array {
    const d = this.posterior.dimension;
    return this.points.subarray(k * d, (k + 1) * d);
  }

  /** Weights that sum to 1; all 0 where no point has a positive density. */
  weights(): Float64Array {
    const logs = this.logWeights.subarray(0, this.count);
    const largest = logs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    if (largest === Number.NEGATIVE_INFINITY) return new Float64Array(this.count);
    const weights = logs.map((w) => Math.exp(w - largest));
    const total = weights.reduce((sum, w) => sum + w, 0);
    return weights.map((w) => w / total);
  }

  /** Effective sample size of the weights; 0 where all are 0. */
  effectiveSize(): number {
    const squares = this.weights().reduce((sum, w) => sum + w * w, 0);
    return squares > 0 ? 1 / squares : 0;
  }

  /** The mean probability that an independence chain in equilibrium accepts: E min(1, w' / w), over pairs of points. */
  acceptance(): number {
    const weights = this.weights().sort();
    const n = weights.length;
    let sum = 0;
    let below = 0;
    // From a point of weight w: those below are accepted with probability w' / w, the others always.
    for (let k = 0; k < n; k++) {
      sum += below + weights[k] * (n - k);
      below += weights[k];
    }
    return sum / n;
  }

  /** Covariance of the free coordinates, d x d. */
  covariance(): Float64Array {
    const d = this.posterior.dimension;
    const weights = this.weights();
    const mean = new Float64Array(d);
    const out = new Float64Array(d * d);
    weights.forEach((w, k) => {
      const point = this.point(k);
      for (let i = 0; i < d; i++) if (w > 0) mean[i] += w * point[i];
    });
    weights.forEach((w, k) => {
      const point = this.point(k);
      for (let i = 0; i < d; i++)
        for (let j = 0; j < d; j++)
          if (w > 0) out[i * d + j] += w * (point[i] - mean[i]) * (point[j] - mean[j]);
    });
    return out;
  }

  /** @param shift of the log density that the weights lack (the mean error of a coarse quadrature rule) */
  answers(shift: number): ImportanceAnswers {
    const { posterior, count } = this;
    const logs = this.logWeights.subarray(0, count);
    const largest = logs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const meanWeight = logs.reduce((sum, w) => sum + Math.exp(w - largest), 0) / count;
    const weights = this.weights();
    const squares = weights.reduce((sum, w) => sum + w * w, 0);
    const columns = posterior.space.names.map(() => new Float64Array(count));
    for (let k = 0; k < count; k++) {
      const { beta, sigma, dispersion } = posterior.parameters(this.point(k));
      columns.forEach((column, j) => {
        column[k] = j < beta.length ? beta[j] : j === beta.length ? sigma : dispersion!;
      });
    }
    return {
      logEvidence: largest + Math.log(meanWeight) + shift,
      logEvidenceError: Math.sqrt(Math.max(0, squares - 1 / count)),
      points: count,
      ess: 1 / squares,
      k: paretoK(logs),
      parameters: posterior.space.names.map((name, j) => weighted(name, columns[j], weights)),
    };
  }
}

function weighted(name: string, values: Float64Array, weights: Float64Array): ImportanceEstimate {
  const over = (f: (x: number, w: number) => number): number => {
    let sum = 0;
    for (let k = 0; k < values.length; k++) if (weights[k] > 0) sum += weights[k] * f(values[k], weights[k]);
    return sum;
  };
  // Centred at a value of their own, so that equal values (a fixed parameter) leave no rounding.
  const origin = values[0];
  const mean = origin + over((x) => x - origin);
  return {
    name,
    mean,
    sd: Math.sqrt(over((x) => (x - mean) ** 2)),
    meanError: Math.sqrt(over((x, w) => w * (x - mean) ** 2)),
  };
}

function doubled(old: Float64Array): Float64Array {
  const array = new Float64Array(2 * old.length);
  array.set(old);
  return array;
}
