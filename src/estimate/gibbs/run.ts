// The draws of gibbs(): what its chains share, and the run.
import type { Draws } from '../../../samplers/draws.js';
import type { Finding } from '../../model/finding.js';
import type { ChainSettings } from '../chains/chain.js';
import { runChains } from '../chains/run.js';
import type { FitTask } from '../fit.js';
import { MarginalPosterior } from '../marginal-posterior.js';
import type { ResolvedPriors } from '../priors.js';
import { type Acceptance, sweepChains } from './chains.js';
import { replicateClusters } from './replicate.js';
import { GibbsState } from './state.js';
import { gibbsSteps } from './steps.js';
import { heldTransport, tuneTransport } from './transport.js';

interface Sampled {
  readonly draws: Draws;
  readonly acceptance: Acceptance;
  readonly findings: readonly Finding[];
}

/**
 * The draws of gibbs(), by its own steps or by others.
 * @throws GlmmcError `bad-cluster-weights`; rejects with the reason of an abort
 */
export async function sampleChains(
  task: FitTask,
  priors: ResolvedPriors,
  settings: ChainSettings,
  makeSteps: typeof gibbsSteps = gibbsSteps,
): Promise<Sampled> {
  const { clusters } = replicateClusters(task.model, 'gibbs()');
  const spare = new GibbsState(task.space, clusters, priors);
  const transport = tuneTransport(new MarginalPosterior(task.space, priors), spare) ?? heldTransport(spare);
  const make = sweepChains({ ...task, priors }, 'gibbs()', (state) => makeSteps(state, transport));
  const recipe = makeSteps === gibbsSteps ? ({ sampler: 'gibbs', transport } as const) : undefined;
  const { draws, reports, findings } = await runChains(task, priors, settings, make, recipe);
  return { draws, acceptance: meanAcceptance(reports), findings };
}

/** Over all chains. */
export function meanAcceptance(reports: readonly Acceptance[]): Acceptance {
  const sums: Record<string, number> = {};
  for (const report of reports) {
    for (const [name, acceptance] of Object.entries(report)) {
      sums[name] = (sums[name] ?? 0) + acceptance / reports.length;
    }
  }
  return sums;
}
