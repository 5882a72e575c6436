// E-BFMI: whether fresh momenta move a Hamiltonian sampler through its energies.
import { mean } from './descriptive.js';
import { readChain } from './spectrum.js';

/**
 * The energy Bayesian fraction of missing information of one chain: mean square of the energies' steps over their
 * variance. Below 0.3 (Stan's threshold) the chain moves slowly through the energies, and its tails cannot be trusted.
 * NaN for constant energies or ones that are not finite.
 *
 * Source: Betancourt (2016), Diagnosing suboptimal cotangent disintegrations, equation 3.
 * @param energies those of consecutive trajectories (`info.energy`), not thinned
 * @throws GlmmcError `bad-chains` below 4
 */
export function ebfmi(energies: ArrayLike<number>): number {
  const x = readChain('ebfmi', energies, 4);
  const centre = mean(x);
  let steps = 0;
  let spread = 0;
  for (let t = 0; t < x.length; t++) {
    if (t > 0) steps += (x[t] - x[t - 1]) ** 2;
    spread += (x[t] - centre) ** 2;
  }
  return spread > 0 ? steps / spread : Number.NaN;
}
