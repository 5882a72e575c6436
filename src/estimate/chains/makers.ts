// The samplers by name, and what each takes to make its chains: how a thread makes the same ones.
import { augmentedChains } from '../augmented/chains.js';
import { type CollapsedPlan, collapsedChains } from '../collapsed/chains.js';
import { sweepChains } from '../gibbs/chains.js';
import { gibbsSteps } from '../gibbs/steps.js';
import type { Transport } from '../gibbs/transport.js';
import { trajectoryChains } from '../nuts/chains.js';
import type { NutsSettings } from '../nuts/settings.js';
import type { MakeChain, Problem } from './chain.js';

/** Plain data, worked out once for all chains. */
export type Recipe =
  | { readonly sampler: 'gibbs'; readonly transport: Transport }
  | { readonly sampler: 'polya-gamma' | 'albert-chib' }
  | { readonly sampler: 'collapsed'; readonly plan: CollapsedPlan }
  | { readonly sampler: 'nuts'; readonly settings: NutsSettings };

export function chainMaker(problem: Problem, recipe: Recipe): MakeChain {
  switch (recipe.sampler) {
    case 'gibbs':
      return sweepChains(problem, 'gibbs()', (state) => gibbsSteps(state, recipe.transport));
    case 'collapsed':
      return collapsedChains(problem, recipe.plan);
    case 'nuts':
      return trajectoryChains(problem, recipe.settings);
    default:
      return augmentedChains(problem, recipe.sampler);
  }
}
