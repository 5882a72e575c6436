// The loop of the collapsed sampler: pilot, chains one after the other, intercepts of the kept draws.
import { type Draws, makeDraws } from '../../../samplers/draws.js';
import { rng, type Stream } from '../../../samplers/rng.js';
import type { Rule } from '../../likelihood/sweep.js';
import { invertSymmetric } from '../../numeric/cholesky.js';
import type { FitTask } from '../fit.js';
import { MarginalPosterior } from '../marginal-posterior.js';
import type { ResolvedPriors } from '../priors.js';
import { lowerFactor } from '../quadrature-posterior/profile.js';
import { pausing } from '../quadrature-posterior.js';
import type { CollapsedChain } from './chain.js';
import { HamiltonianChain } from './hamiltonian-chain.js';
import { type ImportanceAnswers, ImportanceSample } from './importance.js';
import { IndependenceChain } from './independence-chain.js';
import { InterceptDraws } from './intercepts.js';
import { type Pilot, proposeInto, runPilot } from './pilot.js';

export interface CollapsedSettings {
  readonly chains: number;
  readonly warmup: number;
  readonly draws: number;
  readonly thin: number;
  readonly kernel: 'auto' | 'independence' | 'hmc';
}

export interface CollapsedDraws {
  readonly draws: Draws;
  readonly kernel: 'independence' | 'hmc';
  readonly acceptance: Readonly<Record<string, number>>;
  /** Acceptance of independence steps that the pilot foretold. */
  readonly pilotAcceptance: number;
  readonly importance: ImportanceAnswers;
  /** Largest error of the log density sampled, but for a constant, at the pilot's points. */
  readonly quadratureError: number;
  readonly divergences: number;
}

/** Below this acceptance, or with more coefficients than this, independence steps give way to Hamiltonian ones. */
const LEAST_ACCEPTANCE = 0.3;
const MOST_COEFFICIENTS = 8;
/** Points behind the importance-sampling answers where the chains propose none. */
const IMPORTANCE_POINTS = 1000;
/** Effective points that a covariance needs for each dimension. */
const POINTS_A_DIMENSION = 10;
/** Milliseconds of work between two looks at the event loop. */
const TURN = 50;

/**
 * Draws from the posterior. Chain c has its own streams (`chain:c`, then `init`, `warmup`, `draws`, `intercepts`), so its
 * numbers do not depend on how many others there are.
 * @param makePosterior the density sampled
 */
export async function sampleCollapsed(
  task: FitTask,
  priors: ResolvedPriors,
  settings: CollapsedSettings,
  makePosterior: (rule?: Rule) => MarginalPosterior = (rule) =>
    new MarginalPosterior(task.space, priors, rule),
): Promise<CollapsedDraws> {
  const { model } = task;
  const { chains, draws } = settings;
  const root = rng(task.seed);
  const pause = pausing(() => task.pause());
  const plain = makePosterior();
  const pilotStream = root.stream('pilot');
  const pilot = await runPilot(plain, makePosterior, chains * draws, pilotStream, pause);
  const kernel = chooseKernel(settings, model.coefficientNames.length, pilot);
  const posterior = makePosterior(pilot.rule.rule);
  const proposed = new ImportanceSample(posterior);
  const makeChain =
    kernel === 'hmc'
      ? hamiltonian(plain, posterior, pilot.sample)
      : (stream: Stream) => new IndependenceChain(posterior, pilot.proposal, pilot.walk, proposed, stream);
  const variables = [
    ...model.coefficientNames,
    'sigma',
    ...(model.family.dispersion ? ['dispersion'] : []),
    'lp__',
    ...model.clusterLabels.map((label) => `eps[${label}]`),
  ];
  const storage: Float64Array[] = [];
  const acceptance: Record<string, number> = {};
  let divergences = 0;
  for (let c = 0; c < chains; c++) {
    const stream = root.stream(`chain:${c}`);
    const chain = makeChain(stream.stream('init'));
    const block = new Float64Array(variables.length * draws);
    await runChain(task, settings, c, chain, posterior, stream, block);
    storage.push(block);
    chain.kinds.forEach((kind, k) => {
      acceptance[kind] = (acceptance[kind] ?? 0) + chain.accepted[k] / chain.steps[k] / chains;
    });
    if (chain instanceof HamiltonianChain) divergences += chain.divergences;
  }
  if (kernel === 'hmc') {
    await proposeInto(pilot.sample, plain, pilot.proposal, IMPORTANCE_POINTS, pilotStream, pause);
  }
  return {
    draws: makeDraws(variables, chains, draws, storage),
    kernel,
    acceptance,
    pilotAcceptance: pilot.acceptance,
    importance: kernel === 'hmc' ? pilot.sample.answers(0) : proposed.answers(pilot.rule.shift),
    quadratureError: pilot.rule.error,
    divergences,
  };
}

function chooseKernel({ kernel }: CollapsedSettings, p: number, pilot: Pilot): 'independence' | 'hmc' {
  if (kernel !== 'auto') return kernel;
  return p <= MOST_COEFFICIENTS && pilot.acceptance >= LEAST_ACCEPTANCE ? 'independence' : 'hmc';
}

/** The metric is the pilot's covariance where its weights are worth enough points for one, else the curvature at the mode. */
function hamiltonian(
  plain: MarginalPosterior,
  posterior: MarginalPosterior,
  sample: ImportanceSample,
): (stream: Stream) => HamiltonianChain {
  const d = plain.dimension;
  const mode = plain.mode();
  const curvature = mode.evaluation.hessian.map((h) => -h);
  const enough = sample.effectiveSize() > POINTS_A_DIMENSION * d;
  const factor = lowerFactor(enough ? sample.covariance() : invertSymmetric(curvature, d), d);
  return (stream) => new HamiltonianChain(posterior, mode.point, factor, stream);
}

/** One chain into `block`, column after column. */
async function runChain(
  task: FitTask,
  settings: CollapsedSettings,
  number: number,
  chain: CollapsedChain,
  posterior: MarginalPosterior,
  stream: Stream,
  block: Float64Array,
): Promise<void> {
  const { chains, warmup, draws, thin } = settings;
  const steps = warmup + draws * thin;
  const tuning = stream.stream('warmup');
  const keeping = stream.stream('draws');
  const intercepts = stream.stream('intercepts');
  const interceptDraws = new InterceptDraws(task.model);
  let turn = performance.now() + TURN;
  for (let t = 0; t < steps; t++) {
    const kept = t >= warmup;
    if (t === warmup) {
      chain.freeze();
      chain.accepted.fill(0);
      chain.steps.fill(0);
    }
    chain.step(kept ? keeping : tuning);
    if (kept && (t - warmup + 1) % thin === 0) {
      const row = (t - warmup + 1) / thin - 1;
      const parameters = posterior.parameters(chain.point);
      const { beta, sigma, dispersion } = parameters;
      let column = row;
      for (let j = 0; j < beta.length; j++, column += draws) block[column] = beta[j];
      block[column] = sigma;
      column += draws;
      if (task.model.family.dispersion) {
        block[column] = dispersion!;
        column += draws;
      }
      block[column] = chain.value;
      interceptDraws.draw(intercepts, parameters, block, column + draws, draws);
    }
    if (performance.now() >= turn || t === steps - 1) {
      task.onProgress({
        stage: kept ? 'sampling' : 'warmup',
        done: number * steps + t + 1,
        total: chains * steps,
        detail: { chain: number + 1 },
      });
      await task.pause();
      turn = performance.now() + TURN;
    }
  }
}
