// The chains of polyaGamma() and albertChib(): sweeps of one step each.
import type { MakeChain, Problem } from '../chains/chain.js';
import { type Acceptance, sweepChains } from '../gibbs/chains.js';
import type { GibbsState } from '../gibbs/state.js';
import type { GibbsStep } from '../gibbs/step.js';
import { AlbertChibStep } from './albert-chib-step.js';
import { PolyaGammaStep } from './polya-gamma-step.js';

export type AugmentationName = 'polya-gamma' | 'albert-chib';

const SAMPLERS: Readonly<
  Record<AugmentationName, { readonly owner: string; readonly step: (state: GibbsState) => GibbsStep }>
> = {
  'polya-gamma': { owner: 'polyaGamma()', step: (state) => new PolyaGammaStep(state) },
  'albert-chib': { owner: 'albertChib()', step: (state) => new AlbertChibStep(state) },
};

/** @throws GlmmcError `bad-cluster-weights` */
export function augmentedChains(problem: Problem, name: AugmentationName): MakeChain<Acceptance> {
  const { owner, step } = SAMPLERS[name];
  return sweepChains(problem, owner, (state) => [step(state)]);
}
