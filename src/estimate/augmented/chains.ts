// The chains of polyaGamma() and albertChib(): what a sweep of each holds.
import type { MakeChain, Problem } from '../chains/chain.js';
import { type Acceptance, sweepChains } from '../gibbs/chains.js';
import type { GibbsState } from '../gibbs/state.js';
import type { GibbsStep } from '../gibbs/step.js';
import { AlbertChibStep } from './albert-chib-step.js';
import { PolyaGammaStep } from './polya-gamma-step.js';
import { RescaleStep } from './rescale-step.js';

export type AugmentationName = 'polya-gamma' | 'albert-chib';

const SAMPLERS: Readonly<
  Record<AugmentationName, { readonly owner: string; readonly steps: (state: GibbsState) => GibbsStep[] }>
> = {
  'polya-gamma': {
    owner: 'polyaGamma()',
    steps: (state) =>
      state.sigmaIsFree ? [new PolyaGammaStep(state), new RescaleStep(state)] : [new PolyaGammaStep(state)],
  },
  'albert-chib': { owner: 'albertChib()', steps: (state) => [new AlbertChibStep(state)] },
};

/** @throws GlmmcError `bad-cluster-weights` */
export function augmentedChains(problem: Problem, name: AugmentationName): MakeChain<Acceptance> {
  const { owner, steps } = SAMPLERS[name];
  return sweepChains(problem, owner, steps);
}
