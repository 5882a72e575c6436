// Clusters of few rows, one trial each, under the logit link and normal F: nothing is an exponential a node.
import type { Clusters } from '../../../model/clusters.js';
import { exp } from '../../../numeric/exp.js';
import { isFilledWith } from '../../../numeric/is-filled.js';
import { findMode } from '../../mode.js';
import type { ClusterIntegral } from '../../trapezoid.js';
import { type Accuracy, type Derivatives, INFORMATIVE, LONG_WALK } from '../engine.js';
import type { ReducedDesign } from '../reduced-design.js';
import { MOST_COEFFICIENTS, MOST_ROWS, MOST_SLOTS, MOST_SUMMED, told } from './arrays.js';
import {
  derivativesAtZero,
  derivativesFromSums,
  gradientFromSums,
  pairNodes,
  sumColumns,
  sumForGradient,
  sumForHessian,
  sumProducts,
  sumWeights,
} from './derivatives.js';
import { layNodes, loadRows, oddsProduct, setDesign, sumMeans } from './nodes.js';

/** Odds beyond exp of this are for engines that work in logarithms. */
const LARGEST_LOG_ODDS = 69;
/** Powers of drift (see `layNodes`) stay in range below exp of this. */
const LARGEST_LOG_DRIFT = 200;
const LOG_ROOT_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** Serves the clusters it can; the others are for `LogitEngine`'s slower ways. */
export class SmallLogit {
  /** Derivatives of the log integrand in z at the last point evaluated. */
  gradient = 0;
  curvature = 0;
  /** Posterior mean and sd of z in the last cluster integrated with derivatives. */
  mean = 0;
  sd = 0;
  private readonly clusters: Clusters;
  private readonly reduced: ReducedDesign;
  private readonly step: number;
  private readonly offset: Float64Array | undefined;
  private readonly serves: boolean;
  private sigma = 0;
  private count = 0;
  private outOfRange = false;

  /** @param step the outcome's own; @param unit every row has one trial of weight 1 */
  constructor(clusters: Clusters, reduced: ReducedDesign, step: number, unit: boolean) {
    this.clusters = clusters;
    this.reduced = reduced;
    this.step = step;
    this.offset = isFilledWith(clusters.offset, 0) ? undefined : clusters.offset;
    this.serves = unit && reduced.slots <= MOST_SLOTS && clusters.columns <= MOST_COEFFICIENTS;
  }

  setParameters(beta: Float64Array, sigma: number): void {
    this.sigma = sigma;
    // Each engine's parameters are set before its clusters are integrated, and no other's in between.
    if (this.serves) setDesign(beta, this.reduced.varying);
  }

  /** As `ClusterEngine.integrate`; false where the cluster is for another engine, with nothing done. */
  integrate(
    cluster: number,
    start: number,
    accuracy: Accuracy,
    tolerance: number,
    derivatives: Derivatives,
    out: ClusterIntegral,
  ): boolean {
    const { clusters, reduced, sigma } = this;
    const { starts } = clusters;
    const first = starts[cluster];
    const count = starts[cluster + 1] - first;
    if (!this.serves || count > MOST_ROWS) return false;
    const varying = derivatives ? reduced.varying.length : 0;
    loadRows(clusters.x, clusters.y, this.offset, first, count, clusters.columns, varying);
    if (sigma === 0) return this.withoutIntercepts(count, derivatives, out);
    this.count = count;
    this.outOfRange = false;
    const mode = findMode(this, start, accuracy.centring);
    const modeSd = 1 / Math.sqrt(-this.curvature);
    const step = accuracy.step * Math.min(modeSd, this.step / sigma);
    const drift = step * (sigma * told.successes - mode);
    if (this.outOfRange || !(modeSd < LONG_WALK * step) || !(Math.abs(drift) < LARGEST_LOG_DRIFT))
      return false;
    const logIntegral = layNodes(count, sigma, mode, step, accuracy.drop, tolerance);
    if (Number.isNaN(logIntegral)) return false;
    if (derivatives && !this.differentiate(derivatives)) return false;
    out.logIntegral = logIntegral;
    out.error = told.error;
    out.nodes = told.evaluated;
    out.mode = mode;
    out.modeSd = modeSd;
    out.laplace = told.logPeak + Math.log(modeSd) + LOG_ROOT_TWO_PI;
    return true;
  }

  /** At sigma = 0 the likelihood does not depend on z, whose posterior is F itself. */
  private withoutIntercepts(count: number, derivatives: Derivatives, out: ClusterIntegral): boolean {
    const { slots, size, gradient, hessian } = this.reduced;
    const logLik = told.linear - Math.log(oddsProduct(count, 1));
    if (!(told.largestEta < LARGEST_LOG_ODDS && Number.isFinite(logLik))) return false;
    out.logIntegral = logLik;
    out.error = 0;
    out.nodes = 1;
    out.mode = 0;
    out.modeSd = 1;
    out.laplace = logLik;
    if (!derivatives) return true;
    this.mean = 0;
    this.sd = 1;
    derivativesAtZero(count, slots, gradient, hessian, size);
    return true;
  }

  /** For the search of the mode. */
  evaluate(z: number): void {
    const { sigma } = this;
    // Written so that NaN is out of range too.
    if (!(told.largestEta + Math.max(0, sigma * z) < LARGEST_LOG_ODDS)) this.outOfRange = true;
    this.gradient = sigma * (told.successes - sumMeans(this.count, exp(sigma * z))) - z;
    this.curvature = -1 - sigma * sigma * told.information;
  }

  /** Leaves the derivatives in `reduced`; false where a cluster says so much of its intercept that digits would cancel. */
  private differentiate(derivatives: 'gradient' | true): boolean {
    const { count, reduced } = this;
    const { slots, size, gradient, hessian } = reduced;
    if (told.confirmed >= MOST_SUMMED) return false;
    const nodes = pairNodes(told.confirmed);
    if (derivatives === 'gradient') {
      sumForGradient(count, nodes);
      gradientFromSums(count, slots, gradient);
      return true;
    }
    sumWeights(nodes);
    this.mean = told.weightZ / told.weight;
    const variance = told.weightZZ / told.weight - this.mean * this.mean;
    if (!(variance >= INFORMATIVE)) return false;
    this.sd = Math.sqrt(variance);
    sumForHessian(count, nodes, slots);
    sumColumns(count, nodes, slots);
    sumProducts(nodes, slots + 1);
    derivativesFromSums(count, slots, gradient, hessian, size);
    return true;
  }
}
