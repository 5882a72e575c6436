// The integral at sigma = 0: eps is 0, so the value is the likelihood there, and few nodes carry the derivatives.
import type { Integrand } from './integrand.js';
import type { ClusterIntegral, Collect } from './trapezoid.js';

/**
 * Whether the selected cluster could be integrated so. For a symmetric scale family with a variance the derivatives need
 * no more of z than its mean and variance, which two nodes have. Where the likelihood has no second derivative in sigma
 * at 0 (`smoothAtZero` false) one node gives those in the other parameters, and 0 stands for what does not exist. Other
 * densities have their own limit, and are integrated.
 */
export function integrateAtZero(integrand: Integrand, moments: Collect, out: ClusterIntegral): boolean {
  const { effect } = integrand;
  if (effect.smoothAtZero && !(effect.scaleFamily && effect.symmetric)) return false;
  const sd = effect.smoothAtZero ? effect.standardDeviation(UNIT) : 0;
  const likelihood = integrand.evaluate(0) - effect.logDensity(0, 0);
  const nodes = sd > 0 ? [sd, -sd] : [0];
  moments?.reset();
  if (moments) {
    for (const z of nodes) {
      integrand.evaluate(z);
      if (!effect.smoothAtZero) clearSigma(integrand);
      moments.add(z, 1);
    }
  }
  out.logIntegral = likelihood;
  out.error = 0;
  out.nodes = nodes.length;
  out.mode = 0;
  out.modeSd = sd;
  out.laplace = likelihood;
  return true;
}

const UNIT = { beta: new Float64Array(0), sigma: 1 };

function clearSigma({ effectPart }: Integrand): void {
  effectPart.sigma = 0;
  effectPart.sigmaSigma = 0;
}
