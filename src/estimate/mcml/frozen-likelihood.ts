// The Monte Carlo likelihood of frozen draws: log mean f(y, z) / q(z), cluster by cluster, with exact derivatives.
import type { Integrand } from '../../likelihood/integrand.js';
import { TransportedMoments } from '../../likelihood/transported-moments.js';
import type { Parameters } from '../../model/parameters.js';
import { mirror } from '../../numeric/cholesky.js';
import type { Evaluation } from '../../numeric/newton.js';
import { type ControlVariates, controlsFor } from '../mcem/control-variates.js';
import type { DrawSet } from '../mcem/e-step.js';
import { type WeighedDraws, weigh } from '../mcem/weigh.js';

/**
 * l_M(theta) = sum_i c_i log 1/M sum_k f(y_i, z_ik; theta) / q_i(z_ik), up to the constants of the q_i (Geyer and
 * Thompson 1992, equation 1.5). Its derivatives are Fisher's and Louis's identities under the weighted draws, so that what
 * is maximised is a function, whatever the draws.
 */
export class FrozenLikelihood {
  private readonly integrand: Integrand;
  private readonly draws: DrawSet;
  private readonly moments: TransportedMoments;
  /** Weights as they come: control variates would make of the function no function. */
  readonly controls: ControlVariates;
  /** Draws of all clusters, each time that they were evaluated. */
  evaluated = 0;
  /** The draws at the parameters last evaluated. */
  weighed: WeighedDraws | undefined;

  constructor(integrand: Integrand, draws: DrawSet) {
    this.integrand = integrand;
    this.draws = draws;
    this.moments = new TransportedMoments(integrand);
    this.controls = controlsFor(draws, false);
  }

  /** The value at `parameters`, leaving the draws weighed there. */
  value(parameters: Parameters): number {
    const { integrand, draws, controls } = this;
    const { count, clusterWeights } = integrand.clusters;
    integrand.setParameters(parameters);
    const weighed = weigh(integrand, draws, controls);
    this.evaluated += draws.z.length;
    this.weighed = weighed;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      // A normalised weight is its ratio over the sum of all: any one of them gives the sum, best the largest.
      const base = draws.of(weighed.base, i);
      let best = 0;
      for (let k = 1; k < base.length; k++) if (base[k] > base[best]) best = k;
      const at = i * draws.perCluster + best;
      const logSum = weighed.logTarget[at] - draws.logProposal[at] - Math.log(base[best]);
      sum += clusterWeights[i] * (logSum - Math.log(base.length));
    }
    return sum;
  }

  /** Gradient and Hessian in all natural parameters where `value` was last called. */
  derivatives(): Omit<Evaluation, 'value'> {
    const { integrand, draws, moments, weighed } = this;
    const { count, clusterWeights } = integrand.clusters;
    const { size } = moments;
    const gradient = new Float64Array(size);
    const hessian = new Float64Array(size * size);
    this.evaluated += draws.z.length;
    for (let i = 0; i < count; i++) {
      integrand.select(i);
      moments.startPlain();
      moments.addAll(draws.of(draws.z, i), draws.of(weighed!.base, i));
      moments.addScore(clusterWeights[i], gradient);
      moments.addHessian(clusterWeights[i], hessian);
    }
    mirror(hessian, size);
    return { gradient, hessian };
  }
}
