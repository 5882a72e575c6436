// The draws of nuts(), and what all trajectories said.
import type { Draws } from '../../../samplers/draws.js';
import type { Finding } from '../../model/finding.js';
import { runChains } from '../chains/run.js';
import type { FitTask } from '../fit.js';
import type { ResolvedPriors } from '../priors.js';
import { type ChainTrajectories, trajectoryChains } from './chains.js';
import { JointPosterior } from './joint-posterior.js';
import type { NutsSettings } from './settings.js';

/** What the trajectories after warm-up said, thinned ones too. */
export interface Trajectories extends Omit<ChainTrajectories, 'energies'> {
  /** Their mean acceptance. */
  readonly acceptance: number;
  /** One array per chain. */
  readonly energies: readonly Float64Array[];
}

interface SampledTrajectories {
  readonly draws: Draws;
  readonly trajectories: Trajectories;
  readonly findings: readonly Finding[];
}

/**
 * Draws from the posterior.
 * @param Posterior the density to walk on
 * @throws GlmmcError `bad-cluster-weights`; rejects with the reason of an abort
 */
export async function sampleTrajectories(
  task: FitTask,
  priors: ResolvedPriors,
  settings: NutsSettings,
  Posterior: typeof JointPosterior = JointPosterior,
): Promise<SampledTrajectories> {
  const make = trajectoryChains({ ...task, priors }, settings, Posterior);
  const recipe = Posterior === JointPosterior ? ({ sampler: 'nuts', settings } as const) : undefined;
  const { draws, reports, findings } = await runChains(task, priors, settings, make, recipe);
  const sum = (of: (told: ChainTrajectories) => number): number =>
    reports.reduce((total, told) => total + of(told), 0);
  const total = sum((told) => told.total);
  const trajectories = {
    total,
    divergent: sum((told) => told.divergent),
    cutShort: sum((told) => told.cutShort),
    leapfrogs: sum((told) => told.leapfrogs),
    acceptance: sum((told) => told.acceptance) / Math.max(1, total),
    energies: reports.map(({ energies }) => energies),
  };
  return { draws, trajectories, findings };
}
