// The engine for every model: any outcome and effect, one call of the outcome a node.
import type { Clusters } from '../../model/clusters.js';
import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import { Integrand } from '../integrand.js';
import { LouisMoments } from '../moments.js';
import { type ClusterIntegral, integrateCluster } from '../trapezoid.js';
import type { Accuracy, ClusterEngine, Derivatives } from './engine.js';

export class GeneralEngine implements ClusterEngine {
  readonly integrand: Integrand;
  readonly moments: LouisMoments;
  private pending: Parameters | undefined;

  constructor(model: Pick<Model, 'family' | 'randomEffect'>, clusters: Clusters) {
    this.integrand = new Integrand(model, clusters);
    this.moments = new LouisMoments(this.integrand);
  }

  /** The linear predictors are computed when the first cluster asks for them: a faster engine may need none. */
  setParameters(parameters: Parameters): void {
    this.pending = parameters;
  }

  integrate(
    cluster: number,
    start: number,
    _accuracy: Accuracy,
    tolerance: number,
    derivatives: Derivatives,
    out: ClusterIntegral,
  ): void {
    if (this.pending) this.integrand.setParameters(this.pending);
    this.pending = undefined;
    this.integrand.select(cluster);
    integrateCluster(this.integrand, derivatives ? this.moments : undefined, start, tolerance, out);
  }

  addDerivatives(multiplicity: number, gradient: Float64Array, hessian: Float64Array): void {
    this.moments.addScore(multiplicity, gradient);
    this.moments.addHessian(multiplicity, hessian);
  }

  meanZ(): number {
    return this.moments.meanZ();
  }

  sdZ(): number {
    return this.moments.sdZ();
  }
}
