// The draws of collapsed(): pilot, chains, and what the points proposed say.
import type { Draws } from '../../../samplers/draws.js';
import { rng } from '../../../samplers/rng.js';
import type { Rule } from '../../likelihood/sweep.js';
import type { Finding } from '../../model/finding.js';
import { invertSymmetric } from '../../numeric/cholesky.js';
import type { ChainSettings } from '../chains/chain.js';
import { runChains } from '../chains/run.js';
import type { FitTask } from '../fit.js';
import { meanAcceptance } from '../gibbs/run.js';
import { MarginalPosterior } from '../marginal-posterior.js';
import type { ResolvedPriors } from '../priors.js';
import { lowerFactor } from '../quadrature-posterior/profile.js';
import { pausing } from '../quadrature-posterior.js';
import { type CollapsedPlan, collapsedChains } from './chains.js';
import { type ImportanceAnswers, ImportanceSample } from './importance.js';
import { type Pilot, proposeInto, runPilot } from './pilot.js';

export interface CollapsedSettings extends ChainSettings {
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
  readonly findings: readonly Finding[];
}

/** Below this acceptance, or with more coefficients than this, independence steps give way to Hamiltonian ones. */
const LEAST_ACCEPTANCE = 0.3;
const MOST_COEFFICIENTS = 8;
/** Points behind the importance-sampling answers where the chains propose none. */
const IMPORTANCE_POINTS = 1000;
/** Effective points that a covariance needs for each dimension. */
const POINTS_A_DIMENSION = 10;

/**
 * Draws from the posterior. Chain c has its own streams (`chain:c`, then `init`, `warmup`, `draws`, `intercepts`), so its
 * numbers do not depend on how many others there are.
 * @param makePosterior the density sampled
 */
export async function sampleCollapsed(
  task: FitTask,
  priors: ResolvedPriors,
  settings: CollapsedSettings,
  makePosterior?: (rule?: Rule) => MarginalPosterior,
): Promise<CollapsedDraws> {
  const { model } = task;
  const { chains, draws } = settings;
  const root = rng(task.seed);
  const pause = pausing(() => task.pause());
  const byRule = makePosterior ?? ((rule?: Rule) => new MarginalPosterior(task.space, priors, rule));
  const plain = byRule();
  const pilotStream = root.stream('pilot');
  const pilot = await runPilot(plain, byRule, chains * draws, pilotStream, pause);
  const kernel = chooseKernel(settings, model.coefficientNames.length, pilot);
  const plan = planOf(kernel, plain, pilot);
  const make = collapsedChains({ ...task, priors }, plan, byRule);
  const recipe = makePosterior ? undefined : ({ sampler: 'collapsed', plan } as const);
  const run = await runChains(task, priors, settings, make, recipe);
  const proposed = new ImportanceSample(plain);
  for (const { sample } of run.reports) proposed.append(sample);
  if (kernel === 'hmc') {
    await proposeInto(pilot.sample, plain, pilot.proposal, IMPORTANCE_POINTS, pilotStream, pause);
  }
  return {
    draws: run.draws,
    kernel,
    acceptance: meanAcceptance(run.reports.map(({ acceptance }) => acceptance)),
    pilotAcceptance: pilot.acceptance,
    importance: kernel === 'hmc' ? pilot.sample.answers(0) : proposed.answers(pilot.rule.shift),
    quadratureError: pilot.rule.error,
    divergences: run.reports.reduce((sum, { divergences }) => sum + divergences, 0),
    findings: run.findings,
  };
}

function chooseKernel({ kernel }: CollapsedSettings, p: number, pilot: Pilot): 'independence' | 'hmc' {
  if (kernel !== 'auto') return kernel;
  return p <= MOST_COEFFICIENTS && pilot.acceptance >= LEAST_ACCEPTANCE ? 'independence' : 'hmc';
}

/** The metric is the pilot's covariance where its weights are worth enough points for one, else the curvature at the mode. */
export function planOf(
  kernel: 'independence' | 'hmc',
  plain: MarginalPosterior,
  pilot: Pilot,
): CollapsedPlan {
  const { rule } = pilot.rule;
  const { nodes, walk, sample } = pilot;
  if (kernel === 'independence') return { kernel, rule, nodes, walk };
  const d = plain.dimension;
  const mode = plain.mode();
  const curvature = mode.evaluation.hessian.map((h) => -h);
  const enough = sample.effectiveSize() > POINTS_A_DIMENSION * d;
  const factor = lowerFactor(enough ? sample.covariance() : invertSymmetric(curvature, d), d);
  return { kernel, rule, mode: mode.point, factor };
}
