// The loop of the Gibbs sampler: starts, warm-up, kept draws, for one chain after the other.
import { type Draws, makeDraws } from '../../../samplers/draws.js';
import { rng, type Stream } from '../../../samplers/rng.js';
import type { Parameters } from '../../model/parameters.js';
import { predictorUnit } from '../../model/predictor-unit.js';
import { drawVariables } from '../draw-variables.js';
import type { FitTask } from '../fit.js';
import { inside, MarginalPosterior } from '../marginal-posterior.js';
import { pooledStart } from '../pooled-start.js';
import type { ResolvedPriors } from '../priors.js';
import { CarryStep } from './carry-step.js';
import { DispersionStep } from './dispersion-step.js';
import { InterceptStep } from './intercept-step.js';
import { JointStep } from './joint-step.js';
import { replicateClusters } from './replicate.js';
import { ScaleStep } from './scale-step.js';
import { GibbsState } from './state.js';
import type { GibbsStep } from './step.js';
import { TranslationStep } from './translation-step.js';
import { heldTransport, type Transport, tuneTransport } from './transport.js';

export interface GibbsSettings {
  readonly chains: number;
  readonly warmup: number;
  readonly draws: number;
  readonly thin: number;
}

/** Mean acceptance probability after warm-up by the name of the step, over all chains. */
export type Acceptance = Readonly<Record<string, number>>;

/** Milliseconds of work between two looks at the event loop. */
const TURN = 50;

/** The sweep: each intercept; then what moves with eps held; then what moves with z held. */
export function gibbsSteps(state: GibbsState, transport: Transport): GibbsStep[] {
  const steps: GibbsStep[] = [];
  if (state.hasEffects) {
    steps.push(new InterceptStep(state, transport));
    if (state.sigmaIsFree) steps.push(new ScaleStep(state));
    const translation = new TranslationStep(state);
    if (translation.directions > 0) steps.push(translation);
  }
  if (state.sigmaIsFree || state.freeBeta.length > 0) {
    const carry = new CarryStep(state, transport);
    steps.push(new JointStep(state, carry), carry);
  }
  if (state.model.family.dispersion) steps.push(new DispersionStep(state));
  return steps;
}

/** The draws of gibbs(). @throws GlmmcError `bad-cluster-weights`; rejects with the reason of an abort */
export function sampleChains(
  task: FitTask,
  priors: ResolvedPriors,
  settings: GibbsSettings,
  makeSteps: typeof gibbsSteps = gibbsSteps,
): Promise<Sampled> {
  return sweepChains('gibbs()', task, priors, settings, (spare) => {
    const posterior = new MarginalPosterior(task.space, priors);
    const transport = tuneTransport(posterior, spare) ?? heldTransport(spare);
    return (state) => makeSteps(state, transport);
  });
}

interface Sampled {
  readonly draws: Draws;
  readonly acceptance: Acceptance;
}

/** The steps of a chain, in the order of a sweep, for the state it keeps. */
export type StepsOfChain = (state: GibbsState) => readonly GibbsStep[];

/**
 * Draws from the posterior by sweeps of any steps. Chain c has its own streams (`chain:c`, then `init`, `warmup`, `draws`), so its numbers do
 * not depend on how many others there are. Whatever tunes itself does so in warm-up only.
 * @param owner the strategy as people typed it, for messages
 * @param prepare what all chains share, worked out once with the memory of a state; gives the steps of a chain
 * @throws GlmmcError `bad-cluster-weights`; rejects with the reason of an abort
 */
export async function sweepChains(
  owner: string,
  task: FitTask,
  priors: ResolvedPriors,
  settings: GibbsSettings,
  prepare: (spare: GibbsState) => StepsOfChain,
): Promise<Sampled> {
  const { model, space } = task;
  const { chains, draws } = settings;
  const { clusters, firstCopy } = replicateClusters(model, owner);
  const variables = drawVariables(model);
  const root = rng(task.seed);
  const stepsOf = prepare(new GibbsState(space, clusters, priors));
  const storage: Float64Array[] = [];
  const sums: Record<string, number> = {};
  for (let chain = 0; chain < chains; chain++) {
    const stream = root.stream(`chain:${chain}`);
    const state = new GibbsState(space, clusters, priors);
    placeAtRandom(state, task, stream.stream('init'));
    const steps = stepsOf(state);
    const block = new Float64Array(variables.length * draws);
    const acceptance = await runChain(task, settings, chain, state, steps, firstCopy, stream, block);
    steps.forEach(({ name }, k) => {
      sums[name] = (sums[name] ?? 0) + acceptance[k] / chains;
    });
    storage.push(block);
  }
  return { draws: makeDraws(variables, chains, draws, storage), acceptance: sums };
}

/** One chain into `block`, column after column; returns the mean acceptance of each step after warm-up. */
async function runChain(
  task: FitTask,
  settings: GibbsSettings,
  chain: number,
  state: GibbsState,
  steps: readonly GibbsStep[],
  firstCopy: Int32Array,
  stream: Stream,
  block: Float64Array,
): Promise<Float64Array> {
  const { chains, warmup, draws, thin } = settings;
  const sweeps = warmup + draws * thin;
  const accepted = new Float64Array(steps.length);
  const turns = new Float64Array(steps.length);
  const tuning = stream.stream('warmup');
  const keeping = stream.stream('draws');
  let turn = performance.now() + TURN;
  for (let t = 0; t < sweeps; t++) {
    const kept = t >= warmup;
    if (t === warmup) for (const step of steps) step.freeze?.();
    for (let k = 0; k < steps.length; k++) {
      const acceptance = steps[k].update(kept ? keeping : tuning);
      if (!kept || Number.isNaN(acceptance)) continue;
      accepted[k] += acceptance;
      turns[k]++;
    }
    if (kept && (t - warmup + 1) % thin === 0) {
      record(state, firstCopy, block, (t - warmup + 1) / thin - 1, draws);
    }
    if (performance.now() >= turn || t === sweeps - 1) {
      task.onProgress({
        stage: kept ? 'sampling' : 'warmup',
        done: chain * sweeps + t + 1,
        total: chains * sweeps,
        detail: { chain: chain + 1, sigma: state.sigma },
      });
      await task.pause();
      turn = performance.now() + TURN;
    }
  }
  return accepted.map((sum, k) => sum / turns[k]);
}

/** Row `row` of the draws, in the order of the variables. */
function record(
  state: GibbsState,
  firstCopy: Int32Array,
  block: Float64Array,
  row: number,
  draws: number,
): void {
  const { beta, sigma, z, model } = state;
  let column = row;
  for (let j = 0; j < beta.length; j++, column += draws) block[column] = beta[j];
  block[column] = sigma;
  column += draws;
  if (model.family.dispersion) {
    block[column] = state.dispersion;
    column += draws;
  }
  block[column] = state.logPosterior();
  column += draws;
  for (let i = 0; i < firstCopy.length; i++, column += draws) block[column] = sigma * z[firstCopy[i]];
}

/**
 * An overdispersed start: coefficients about the pooled fit (or the given start) by twice their conditional standard
 * deviations, sigma over an order of magnitude, intercepts from their distribution.
 */
export function placeAtRandom(state: GibbsState, task: FitTask, stream: Stream): void {
  const { model, space } = task;
  const start: Parameters = task.start ?? space.hold(pooledStart(model));
  const dispersionPrior = state.priors.dispersion;
  const dispersion = start.dispersion ?? 1;
  state.dispersion = dispersionPrior ? inside(dispersionPrior, Math.sqrt(dispersion)) ** 2 : 1;
  const unit = predictorUnit(model, state);
  const middle = start.sigma > 0 ? start.sigma : 0.75 * unit;
  const jitter = Math.exp(2 * stream.uniform() - 1);
  const sigma = space.fixed.sigma ?? inside(state.priors.sigma, middle * jitter);
  const { clusters, freeBeta, z, beta, second } = state;
  // Linear predictors that overflow: nearer to the middle until they do not.
  for (let reach = 2; reach > 0.01; reach /= 2) {
    state.sigma = sigma;
    beta.set(start.beta);
    z.fill(0);
    state.refresh();
    for (const j of freeBeta) {
      let information = 0;
      for (let r = 0; r < clusters.rows; r++)
        information -= second[r] * clusters.x[r * clusters.columns + j] ** 2;
      const noise = 2 * stream.uniform() - 1;
      if (information > 0) beta[j] += (reach * noise) / Math.sqrt(information);
    }
    if (sigma > 0) for (let i = 0; i < z.length; i++) z[i] = (reach / 2) * state.effect.draw(stream, sigma);
    state.refresh();
    if (Number.isFinite(state.logPosterior())) return;
  }
}
