// The rows of one cluster as the logit kernels read them: odds E = exp(x' beta + offset), padded to blocks of four.
import type { Clusters } from '../../model/clusters.js';
import { logitLogRatio } from '../../model/outcomes/binomial-logit.js';
import { exp } from '../../numeric/exp.js';
import type { ReducedDesign } from './reduced-design.js';

export class LogitRows {
  /** exp(x' beta + offset), weight times successes and times failures; 0 in the padding. */
  readonly odds: Float64Array;
  readonly won: Float64Array;
  readonly lost: Float64Array;
  /** x' beta + offset, which speaks where its odds underflow; of rows that are not single trials. */
  readonly eta: Float64Array;
  /** At the centre last set by `centre`: mu, and log(1 + E F). */
  readonly mu: Float64Array;
  readonly softplus: Float64Array;
  /** The slots' columns, one after another at a distance of `stride`; 0 in the padding. */
  readonly x: Float64Array;
  readonly stride: number;
  /** Every row has one trial of weight 1, so that the sum of logarithms is the logarithm of a product. */
  readonly unit: boolean;
  cluster = 0;
  /** First row in the clusters' arrays, number of rows, the same rounded up to whole blocks. */
  first = 0;
  count = 0;
  padded = 0;
  /** Sums over rows of weight y, and of weight y eta. */
  successes = 0;
  linear = 0;
  largestEta = 0;
  private readonly clusters: Clusters;
  private readonly varying: Int32Array;

  constructor(clusters: Clusters, { varying, slots }: ReducedDesign) {
    const { largest, single } = clusters;
    this.clusters = clusters;
    const padded = Math.ceil(largest / 4) * 4;
    this.unit = single;
    this.odds = new Float64Array(padded);
    this.won = new Float64Array(padded);
    this.lost = new Float64Array(padded);
    this.eta = new Float64Array(this.unit ? 0 : padded);
    this.mu = new Float64Array(this.unit ? 0 : padded);
    this.softplus = new Float64Array(this.unit ? 0 : padded);
    this.x = new Float64Array(padded * slots);
    this.stride = padded;
    this.varying = varying;
  }

  /** Reads the slots' columns of the cluster loaded, for the derivatives. */
  loadColumns(): void {
    const { x, columns } = this.clusters;
    const { varying, stride, first, count, padded } = this;
    for (let k = 0; k < padded; k++) this.x[k] = k < count ? 1 : 0;
    for (let a = 0; a < varying.length; a++) {
      const column = (a + 1) * stride;
      let place = first * columns + varying[a];
      for (let k = 0; k < count; k++) {
        this.x[column + k] = x[place];
        place += columns;
      }
      for (let k = count; k < padded; k++) this.x[column + k] = 0;
    }
  }

  /** The rows' value at an intercept, with `mu` and `softplus` there for nodes to be measured from. */
  centre(eps: number): number {
    const { y, trials, weights } = this.clusters;
    const { odds, eta, mu, softplus, first, count, padded } = this;
    const factor = Math.exp(eps);
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const r = first + k;
      sum += weights[r] * logitLogRatio(y[r], trials[r], eta[k] + eps);
      mu[k] = (odds[k] * factor) / (1 + odds[k] * factor);
      softplus[k] = Math.log1p(odds[k] * factor);
    }
    for (let k = count; k < padded; k++) {
      mu[k] = 0;
      softplus[k] = 0;
    }
    return sum;
  }

  load(cluster: number, beta: Float64Array): void {
    const { starts, x, columns, offset, y, trials, weights } = this.clusters;
    const { odds, won, lost, unit } = this;
    const first = starts[cluster];
    const count = starts[cluster + 1] - first;
    let successes = 0;
    let linear = 0;
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < count; k++) {
      const r = first + k;
      let eta = offset[r];
      const base = r * columns;
      for (let j = 0; j < columns; j++) eta += x[base + j] * beta[j];
      const weight = weights[r];
      won[k] = weight * y[r];
      lost[k] = weight * (trials[r] - y[r]);
      successes += won[k];
      linear += won[k] * eta;
      if (eta > largest) largest = eta;
      odds[k] = exp(eta);
      if (!unit) this.eta[k] = eta;
    }
    const padded = (count + 3) & ~3;
    for (let k = count; k < padded; k++) {
      odds[k] = 0;
      won[k] = 0;
      lost[k] = 0;
    }
    this.cluster = cluster;
    this.first = first;
    this.count = count;
    this.padded = padded;
    this.successes = successes;
    this.linear = linear;
    this.largestEta = largest;
  }
}
