// One cluster of binomial counts under the logit link and normal F, in the fewest operations: values, slopes, integral.
import type { Clusters } from '../../model/clusters.js';
import { logitLogRatio } from '../../model/outcomes/binomial-logit.js';
import { exp } from '../../numeric/exp.js';
import { findMode } from '../mode.js';
import type { ClusterIntegral } from '../trapezoid.js';
import { type Accuracy, LONG_WALK } from './engine.js';

/** Beyond these log odds a product of eight could overflow. */
const LARGEST_LOG_ODDS = 69;
/** Sums over more trials than this would cost digits that the coarse rules still have. */
const MOST_TRIALS = 1e4;
/** With more rows other loops are faster. */
const MOST_ROWS = 16;
const MOST_NODES = 200;
const LOG_ROOT_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/**
 * The log integrand in z, sum of weight y eps - n log(1 + E e^eps) less z^2 / 2 with eps = sigma z and E = exp(x' beta +
 * offset), up to a constant of the cluster and the coefficients. One exponential a point; rows of one trial share a
 * logarithm. Good to about 1e-16 times the trials.
 */
export class LogitCluster {
  gradient: number = 0;
  curvature: number = 0;
  private readonly clusters: Clusters;
  private readonly odds: Float64Array;
  private readonly trials: Float64Array;
  /** Per cluster: the trials of all rows, and what `integrate` adds to be the outcome's own value. */
  private readonly total: Float64Array;
  private readonly saturated: Float64Array;
  private count = 0;
  private unit = false;
  private successes = 0;
  private linear = 0;
  private largestEta = 0;
  private sigma = 0;

  constructor(clusters: Clusters) {
    const { count, starts, y, trials, weights, largest } = clusters;
    this.clusters = clusters;
    this.odds = new Float64Array(largest);
    this.trials = new Float64Array(largest);
    this.total = new Float64Array(count);
    this.saturated = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      for (let r = starts[i]; r < starts[i + 1]; r++) {
        this.total[i] += weights[r] * trials[r];
        // The outcome's value at eta = 0 less this form's.
        this.saturated[i] += weights[r] * (logitLogRatio(y[r], trials[r], 0) + trials[r] * Math.LN2);
      }
    }
  }

  /** Reads the rows of cluster i. */
  load(i: number, beta: Float64Array, sigma: number): void {
    const { odds, trials, clusters } = this;
    const { starts, x, columns, offset, y, weights } = clusters;
    const first = starts[i];
    const count = starts[i + 1] - first;
    let successes = 0;
    let linear = 0;
    let largest = Number.NEGATIVE_INFINITY;
    let unit = true;
    for (let k = 0; k < count; k++) {
      const r = first + k;
      let eta = offset[r];
      const base = r * columns;
      for (let j = 0; j < columns; j++) eta += x[base + j] * beta[j];
      const n = weights[r] * clusters.trials[r];
      const won = weights[r] * y[r];
      successes += won;
      linear += won * eta;
      if (eta > largest) largest = eta;
      if (n !== 1) unit = false;
      odds[k] = exp(eta);
      trials[k] = n;
    }
    this.count = count;
    this.unit = unit;
    this.successes = successes;
    this.linear = linear;
    this.largestEta = largest;
    this.sigma = sigma;
  }

  /** The log integrand at z, leaving its derivatives in the fields. */
  evaluate(z: number): number {
    const { odds, trials, count, sigma } = this;
    const factor = exp(sigma * z);
    let means = 0;
    let information = 0;
    for (let r = 0; r < count; r++) {
      const t = odds[r] * factor;
      const failure = 1 / (1 + t);
      const mean = trials[r] * t * failure;
      means += mean;
      information += mean * failure;
    }
    this.gradient = sigma * (this.successes - means) - z;
    this.curvature = -1 - sigma * sigma * information;
    return sigma * z * this.successes - this.softplus(factor, sigma * z) - 0.5 * z * z;
  }

  /** The log integrand at z. */
  value(z: number): number {
    return this.valueAt(z, exp(this.sigma * z));
  }

  /** The same where exp(sigma z) is known. */
  private valueAt(z: number, factor: number): number {
    const eps = this.sigma * z;
    return eps * this.successes - this.softplus(factor, eps) - 0.5 * z * z;
  }

  /** Sum over rows of n log(1 + E F). */
  private softplus(factor: number, eps: number): number {
    const { odds, trials, count } = this;
    let sum = 0;
    if (this.unit && this.largestEta + Math.max(eps, 0) < LARGEST_LOG_ODDS) {
      for (let from = 0; from < count; from += 8) {
        const to = from + 8 < count ? from + 8 : count;
        let product = 1;
        for (let r = from; r < to; r++) product *= 1 + odds[r] * factor;
        sum += Math.log(product);
      }
      return sum;
    }
    for (let r = 0; r < count; r++) sum += trials[r] * Math.log(1 + odds[r] * factor);
    return sum;
  }

  /**
   * As `ClusterEngine.integrate` without derivatives or tolerance, for the coarse rules; false where the cluster is for
   * another engine.
   */
  integrate(
    i: number,
    beta: Float64Array,
    sigma: number,
    start: number,
    accuracy: Accuracy,
    outcomeStep: number,
    out: ClusterIntegral,
  ): boolean {
    const { clusters, total } = this;
    const { starts } = clusters;
    if (starts[i + 1] - starts[i] > MOST_ROWS || !(total[i] < MOST_TRIALS) || sigma === 0) return false;
    this.load(i, beta, sigma);
    const mode = findMode(this, start, accuracy.centring);
    const modeSd = 1 / Math.sqrt(-this.curvature);
    const step = accuracy.step * Math.min(modeSd, outcomeStep / sigma);
    if (!(modeSd < LONG_WALK * step)) return false;
    const factorAtMode = exp(sigma * mode);
    const peak = this.valueAt(mode, factorAtMode);
    const floor = Math.exp(-accuracy.drop);
    const ratio = exp(sigma * step);
    let sum = 1;
    let nodes = 1;
    for (let side = -1; side <= 1; side += 2) {
      const sideRatio = side > 0 ? ratio : 1 / ratio;
      // exp(sigma z) goes on from node to node by multiplication.
      let factor = factorAtMode * sideRatio;
      for (let z = mode + side * step; ; z += side * step, factor *= sideRatio) {
        const weight = exp(this.valueAt(z, factor) - peak);
        sum += weight;
        if (++nodes > MOST_NODES) return false;
        if (!(weight >= floor)) break;
      }
    }
    const constant = this.linear + this.saturated[i] + peak - LOG_ROOT_TWO_PI;
    out.logIntegral = constant + Math.log(sum * step);
    out.error = 0;
    out.nodes = nodes;
    out.mode = mode;
    out.modeSd = modeSd;
    out.laplace = constant + Math.log(modeSd) + LOG_ROOT_TWO_PI;
    return !Number.isNaN(sum);
  }
}
