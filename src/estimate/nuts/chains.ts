// The chains of nuts(): starts as those of gibbs(), trajectories by the general kernel, and what they say.
import type { HamiltonianInfo, HamiltonianState } from '../../../samplers/hamiltonian/phase.js';
import type { HamiltonianKernel } from '../../../samplers/hamiltonian/tuned.js';
import type { Adaptation } from '../../../samplers/kernel.js';
import type { Memory } from '../../../samplers/memory.js';
import { nuts as nutsKernel } from '../../../samplers/nuts.js';
import type { Stream } from '../../../samplers/rng.js';
import type { MakeChain, PosteriorChain, Problem } from '../chains/chain.js';
import { placeAtRandom } from '../gibbs/place.js';
import { replicateClusters } from '../gibbs/replicate.js';
import { GibbsState } from '../gibbs/state.js';
import { pooledStart } from '../pooled-start.js';
import { JointPosterior } from './joint-posterior.js';
import type { NutsSettings } from './settings.js';
import { whiten } from './whitening.js';

/** What the trajectories of one chain after warm-up said, thinned ones too. */
export interface ChainTrajectories {
  readonly total: number;
  readonly divergent: number;
  /** Those that ended because they had doubled often enough. */
  readonly cutShort: number;
  readonly leapfrogs: number;
  /** Sum of their acceptance. */
  readonly acceptance: number;
  readonly energies: Float64Array;
}

/** @param Posterior the density to walk on @throws GlmmcError `bad-cluster-weights` */
export function trajectoryChains(
  problem: Problem,
  settings: NutsSettings,
  Posterior: typeof JointPosterior = JointPosterior,
): MakeChain<ChainTrajectories> {
  const { model, space, priors } = problem;
  const { acceptance, maxTreeDepth } = settings;
  const { clusters, firstCopy } = replicateClusters(model, 'nuts()');
  const state = new GibbsState(space, clusters, priors);
  centre(state, problem);
  const posterior = new Posterior(space, clusters, priors, whiten(state));
  if (posterior.dimension === 0) return () => new HeldChain(posterior, firstCopy, settings);
  const kernel = nutsKernel(posterior, { acceptance, maxTreeDepth, variances: posterior.variances() });
  return (stream) => {
    placeAtRandom(state, problem, stream.stream('init'));
    return new TrajectoryChain(kernel, posterior, firstCopy, settings, posterior.position(state));
  };
}

class TrajectoryChain implements PosteriorChain<ChainTrajectories> {
  private readonly posterior: JointPosterior;
  private readonly firstCopy: Int32Array;
  private readonly maxTreeDepth: number;
  private readonly adaptation: Adaptation<HamiltonianState, HamiltonianInfo> | undefined;
  private mover: Pick<HamiltonianKernel, 'step'>;
  private frozen = false;
  private state: HamiltonianState;
  private readonly told: { -readonly [K in keyof ChainTrajectories]: ChainTrajectories[K] };

  constructor(
    kernel: HamiltonianKernel,
    posterior: JointPosterior,
    firstCopy: Int32Array,
    { warmup, draws, thin, maxTreeDepth }: NutsSettings,
    position: Float64Array,
  ) {
    this.posterior = posterior;
    this.firstCopy = firstCopy;
    this.maxTreeDepth = maxTreeDepth;
    this.adaptation = warmup > 0 ? kernel.adapt?.(warmup) : undefined;
    this.mover = this.adaptation ?? kernel;
    this.state = kernel.init(position);
    this.told = noTrajectories(draws * thin);
  }

  step(stream: Stream): number {
    const [next, info] = this.mover.step(stream, this.state);
    this.state = next;
    if (this.frozen) this.tell(info);
    return info.acceptance;
  }

  private tell({ divergent, treeDepth, leapfrogs, acceptance, energy }: HamiltonianInfo): void {
    const { told } = this;
    told.energies[told.total++] = energy;
    if (divergent) told.divergent++;
    else if (treeDepth === this.maxTreeDepth) told.cutShort++;
    told.leapfrogs += leapfrogs;
    told.acceptance += acceptance;
  }

  freeze(): void {
    this.frozen = true;
    if (this.adaptation) this.mover = this.adaptation.frozen();
  }

  record(out: Float64Array): void {
    this.posterior.record(this.state.position, this.state.logDensity, this.firstCopy, out);
  }

  report(): ChainTrajectories {
    return this.told;
  }

  remember(memory: Memory): void {
    const { told, state } = this;
    const { position, gradient } = { position: state.position.slice(), gradient: state.gradient.slice() };
    memory.numbers(position);
    memory.numbers(gradient);
    this.state = { position, gradient, logDensity: memory.number(state.logDensity) };
    told.total = memory.number(told.total);
    told.divergent = memory.number(told.divergent);
    told.cutShort = memory.number(told.cutShort);
    told.leapfrogs = memory.number(told.leapfrogs);
    told.acceptance = memory.number(told.acceptance);
    memory.numbers(told.energies.subarray(0, told.total));
    this.adaptation?.remember?.(memory);
    if (memory.flag(this.frozen) && !this.frozen) this.freeze();
  }
}

/** Where everything is held: the draws are what it is held at. */
class HeldChain implements PosteriorChain<ChainTrajectories> {
  private readonly row: Float64Array;
  private readonly told: ChainTrajectories;

  constructor(posterior: JointPosterior, firstCopy: Int32Array, { draws, thin }: NutsSettings) {
    const { beta, clusters } = posterior;
    const nowhere = new Float64Array(0);
    this.row = new Float64Array(beta.length + 3 + clusters.count);
    posterior.record(nowhere, posterior.logDensity(nowhere), firstCopy, this.row);
    this.told = noTrajectories(draws * thin);
  }

  step(): number {
    return Number.NaN;
  }

  freeze(): void {}

  record(out: Float64Array): void {
    out.set(this.row.subarray(0, out.length));
  }

  report(): ChainTrajectories {
    return this.told;
  }

  remember(): void {}
}

function noTrajectories(size: number): ChainTrajectories {
  return {
    total: 0,
    divergent: 0,
    cutShort: 0,
    leapfrogs: 0,
    acceptance: 0,
    energies: new Float64Array(size),
  };
}

/** The pooled fit (or the given start) with intercepts at 0. */
function centre(state: GibbsState, { model, space, start }: Problem): void {
  const { beta, dispersion } = start ?? space.hold(pooledStart(model));
  state.beta.set(beta);
  state.sigma = 0;
  state.dispersion = dispersion ?? 1;
  state.refresh();
}
