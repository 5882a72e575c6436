// The chains of collapsed(): parameters by the kernel of the plan, then the intercepts of kept draws.
import type { Memory } from '../../../samplers/memory.js';
import type { Stream } from '../../../samplers/rng.js';
import type { Rule } from '../../likelihood/sweep.js';
import type { Model } from '../../model/model.js';
import type { MakeChain, PosteriorChain, Problem } from '../chains/chain.js';
import { MarginalPosterior } from '../marginal-posterior.js';
import type { ProfileNode } from '../quadrature-posterior/profile.js';
import { Proposal } from '../quadrature-posterior/proposal.js';
import type { CollapsedChain } from './chain.js';
import { HamiltonianChain } from './hamiltonian-chain.js';
import { ImportanceSample, type SampleArrays } from './importance.js';
import { IndependenceChain } from './independence-chain.js';
import { InterceptDraws } from './intercepts.js';

/** What the pilot decided, as plain data. */
export type CollapsedPlan =
  | {
      readonly kernel: 'independence';
      readonly rule: Rule;
      /** Of the proposal. */
      readonly nodes: readonly ProfileNode[];
      /** Lower Cholesky factor of the random walk's steps. */
      readonly walk: Float64Array;
    }
  | {
      readonly kernel: 'hmc';
      readonly rule: Rule;
      readonly mode: Float64Array;
      /** Lower Cholesky factor of the covariance that the paths are laid out for. */
      readonly factor: Float64Array;
    };

export interface CollapsedReport {
  /** By the kind of step. */
  readonly acceptance: Readonly<Record<string, number>>;
  readonly divergences: number;
  /** Points proposed, those of warm-up too, with their weights. */
  readonly sample: SampleArrays;
}

/**
 * Each chain has a density of its own, which remembers where it found the clusters' modes.
 * @param makePosterior the density sampled, by a quadrature rule
 */
export function collapsedChains(
  { model, space, priors }: Problem,
  plan: CollapsedPlan,
  makePosterior: (rule: Rule) => MarginalPosterior = (rule) => new MarginalPosterior(space, priors, rule),
): MakeChain<CollapsedReport> {
  return (stream) => {
    const posterior = makePosterior(plan.rule);
    const sample = new ImportanceSample(posterior);
    const init = stream.stream('init');
    const at = space.free.indexOf(model.coefficientNames.length);
    const chain =
      plan.kernel === 'hmc'
        ? new HamiltonianChain(posterior, plan.mode, plan.factor, init)
        : new IndependenceChain(
            posterior,
            new Proposal(plan.nodes, at, posterior.dimension),
            plan.walk,
            sample,
            init,
          );
    return new WithIntercepts(model, posterior, chain, sample, stream.stream('intercepts'));
  };
}

class WithIntercepts implements PosteriorChain<CollapsedReport> {
  private readonly model: Model;
  private readonly posterior: MarginalPosterior;
  private readonly chain: CollapsedChain;
  private readonly sample: ImportanceSample;
  private readonly stream: Stream;
  private readonly intercepts: InterceptDraws;
  private sum = 0;

  constructor(
    model: Model,
    posterior: MarginalPosterior,
    chain: CollapsedChain,
    sample: ImportanceSample,
    stream: Stream,
  ) {
    this.model = model;
    this.posterior = posterior;
    this.chain = chain;
    this.sample = sample;
    this.stream = stream;
    this.intercepts = new InterceptDraws(model);
  }

  step(stream: Stream): number {
    const { accepted } = this.chain;
    const before = this.sum;
    this.chain.step(stream);
    this.sum = 0;
    for (let k = 0; k < accepted.length; k++) this.sum += accepted[k];
    return this.sum - before;
  }

  freeze(): void {
    const { chain } = this;
    chain.freeze();
    chain.accepted.fill(0);
    chain.steps.fill(0);
    this.sum = 0;
  }

  record(out: Float64Array): void {
    const { posterior, chain, model } = this;
    const parameters = posterior.parameters(chain.point);
    const { beta, sigma, dispersion } = parameters;
    out.set(beta);
    let at = beta.length;
    out[at++] = sigma;
    if (model.family.dispersion) out[at++] = dispersion!;
    out[at++] = chain.value;
    this.intercepts.draw(this.stream, parameters, out, at, 1);
  }

  remember(memory: Memory): void {
    this.chain.remember(memory);
    this.sample.remember(memory);
    this.posterior.remember(memory);
    this.intercepts.remember(memory);
    this.stream.remember(memory);
    this.sum = memory.number(this.sum);
  }

  report(): CollapsedReport {
    const { chain, sample } = this;
    const shares = chain.kinds.map((kind, k) => [kind, chain.accepted[k] / chain.steps[k]]);
    return {
      acceptance: Object.fromEntries(shares),
      divergences: chain instanceof HamiltonianChain ? chain.divergences : 0,
      sample: sample.arrays(),
    };
  }
}
