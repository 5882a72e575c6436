// The chains of nuts(): starts as those of gibbs(), trajectories by the general kernel, and what they said.
import { type Draws, makeDraws } from '../../../samplers/draws.js';
import type { HamiltonianInfo } from '../../../samplers/hamiltonian/phase.js';
import type { Kernel } from '../../../samplers/kernel.js';
import { nuts as nutsKernel } from '../../../samplers/nuts.js';
import { run } from '../../../samplers/run.js';
import { drawVariables } from '../draw-variables.js';
import type { FitTask } from '../fit.js';
import { replicateClusters } from '../gibbs/replicate.js';
import { type GibbsSettings, placeAtRandom } from '../gibbs/run.js';
import { GibbsState } from '../gibbs/state.js';
import { pooledStart } from '../pooled-start.js';
import type { ResolvedPriors } from '../priors.js';
import { JointPosterior } from './joint-posterior.js';
import { whiten } from './whitening.js';

export interface NutsSettings extends GibbsSettings {
  readonly acceptance: number;
  readonly maxTreeDepth: number;
}

/** What the trajectories after warm-up said, thinned ones too. */
export interface Trajectories {
  readonly total: number;
  readonly divergent: number;
  /** Those that ended because they had doubled often enough. */
  readonly cutShort: number;
  readonly leapfrogs: number;
  readonly acceptance: number;
  /** One array per chain. */
  readonly energies: readonly Float64Array[];
}

/**
 * Draws from the posterior. Chain c has its own streams, so its numbers do not depend on how many others there are.
 * @param Posterior the density to walk on
 * @throws GlmmcError `bad-cluster-weights`; rejects with the reason of an abort
 */
export async function sampleTrajectories(
  task: FitTask,
  priors: ResolvedPriors,
  settings: NutsSettings,
  Posterior: typeof JointPosterior = JointPosterior,
): Promise<{ draws: Draws; trajectories: Trajectories }> {
  const { model, space } = task;
  const { chains, warmup, draws, thin, acceptance, maxTreeDepth } = settings;
  const { clusters, firstCopy } = replicateClusters(model, 'nuts()');
  const variables = drawVariables(model);
  const state = new GibbsState(space, clusters, priors);
  centre(state, task);
  const posterior = new Posterior(space, clusters, priors, whiten(state));
  const energies = Array.from({ length: chains }, () => new Float64Array(draws * thin));
  const told = { total: 0, divergent: 0, cutShort: 0, leapfrogs: 0, acceptance: 0, energies };
  if (posterior.dimension === 0) {
    // Everything is held: the draws are what it is held at.
    const row = new Float64Array(variables.length);
    posterior.record(new Float64Array(0), posterior.logDensity(new Float64Array(0)), firstCopy, row);
    const storage = energies.map(() =>
      Float64Array.from({ length: row.length * draws }, (_, k) => row[Math.floor(k / draws)]),
    );
    return { draws: makeDraws(variables, chains, draws, storage), trajectories: told };
  }
  const walk = nutsKernel(posterior, { acceptance, maxTreeDepth, variances: posterior.variances() });
  const kernel: Kernel<Parameters<typeof walk.step>[1], HamiltonianInfo> = {
    ...walk,
    variables,
    record: ({ position, logDensity }, out) => posterior.record(position, logDensity, firstCopy, out),
  };
  const made = await run(kernel, {
    seed: task.seed,
    chains,
    warmup,
    draws,
    thin,
    init: (stream) => {
      placeAtRandom(state, task, stream);
      return posterior.position(state);
    },
    onStep({ divergent, treeDepth, leapfrogs, acceptance: rate, energy }, chain) {
      energies[chain][told.total % (draws * thin)] = energy;
      told.total++;
      if (divergent) told.divergent++;
      else if (treeDepth === maxTreeDepth) told.cutShort++;
      told.leapfrogs += leapfrogs;
      told.acceptance += rate / (chains * draws * thin);
    },
    onProgress: ({ detail, ...progress }) =>
      task.onProgress({ ...progress, detail: { ...detail, chain: detail.chain + 1 } }),
    pause: () => task.pause(),
  });
  return { draws: made, trajectories: told };
}

/** The pooled fit (or the given start) with intercepts at 0. */
function centre(state: GibbsState, { model, space, start }: FitTask): void {
  const { beta, dispersion } = start ?? space.hold(pooledStart(model));
  state.beta.set(beta);
  state.sigma = 0;
  state.dispersion = dispersion ?? 1;
  state.refresh();
}
