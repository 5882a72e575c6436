// Gauss-Hermite quadrature centred at 0: every cluster at the same nodes. For teaching; it fails where sigma is large.
import type { GaussHermiteRule } from '../numeric/gauss-hermite.js';
import type { Integrand } from './integrand.js';
import type { ClusterIntegral, Collect } from './trapezoid.js';

/**
 * The K-point rule z_k = sqrt2 t_k for the selected cluster. The nodes do not move with the parameters, so Fisher's
 * and Louis's identities over the nodes are the exact derivatives of the approximation.
 */
export function integrateAtFixedNodes(
  integrand: Integrand,
  moments: Collect,
  rule: GaussHermiteRule,
  out: ClusterIntegral,
): void {
  const { nodes, logScaledWeights } = rule;
  let peak = Number.NEGATIVE_INFINITY;
  let mode = 0;
  for (let k = 0; k < nodes.length; k++) {
    const value = logScaledWeights[k] + integrand.value(Math.SQRT2 * nodes[k]);
    if (value > peak) {
      peak = value;
      mode = Math.SQRT2 * nodes[k];
    }
  }
  moments?.reset();
  let sum = 0;
  for (let k = 0; k < nodes.length; k++) {
    const z = Math.SQRT2 * nodes[k];
    const weight = Math.exp(logScaledWeights[k] + integrand.evaluate(z) - peak);
    sum += weight;
    if (weight > 0) moments?.add(z, weight);
  }
  integrand.evaluate(mode);
  out.logIntegral = peak + Math.log(sum * Math.SQRT2);
  out.error = 0;
  out.nodes = nodes.length;
  out.mode = mode;
  out.modeSd = 1 / Math.sqrt(-integrand.curvature);
  out.laplace = Number.NaN;
}
