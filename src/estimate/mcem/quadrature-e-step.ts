// The E-step without Monte Carlo: EM itself, by quadrature nodes for draws.
import { checkOptions } from '../../../samplers/options.js';
import { NodeLine } from '../../likelihood/node-line.js';
import type { EStep } from './e-step.js';

/**
 * Takes no options. Exact EM, for teaching and tests: trapezoid nodes of each cluster's integral, as many as integrate it to the last digits,
 * stand for the draws. The likelihood never falls, and nothing has a Monte Carlo error.
 * @throws GlmmcError `unknown-option`, `bad-option`
 */
export function quadratureEStep(options: Readonly<Record<string, never>> = {}): EStep {
  checkOptions('quadratureEStep()', {}, options);
  return {
    name: 'quadrature',
    settings: {},
    dependent: false,
    nodes(integrand) {
      let most = 0;
      for (let i = 0; i < integrand.clusters.count; i++) {
        integrand.select(i);
        most = Math.max(most, new NodeLine(integrand, 0).needed());
      }
      return most;
    },
    draw(integrand, _stream, { z, logProposal, mode }) {
      new NodeLine(integrand, mode).place(z, logProposal);
      for (let k = 0; k < z.length; k++) logProposal[k] = -logProposal[k];
      return 1;
    },
  };
}
