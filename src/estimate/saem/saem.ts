// saem(): stochastic approximation EM, few draws a step and a memory that grows longer.
import * as v from 'valibot';
import { GlmmcError } from '../../../samplers/errors.js';
import { between, checkOptions, count } from '../../../samplers/options.js';
import { Integrand } from '../../likelihood/integrand.js';
import { constantDirection } from '../../model/constant-direction.js';
import type { Finding } from '../../model/finding.js';
import type { Parameters } from '../../model/parameters.js';
import type { FitTask, LikelihoodFit, Strategy } from '../fit.js';
import { type Iteration, unboundedFinding } from '../maximum-likelihood.js';
import { ControlVariates } from '../mcem/control-variates.js';
import { type DrawSet, drawAll, drawOrTrouble, type EStep } from '../mcem/e-step.js';
import { mStep } from '../mcem/m-step.js';
import { isEStep } from '../mcem/mcem.js';
import { metropolis } from '../mcem/metropolis.js';
import { largestRatio } from '../mcem/root.js';
import { weigh } from '../mcem/weigh.js';
import {
  BY_DRAWS,
  type Landed,
  runMonteCarlo,
  type Search,
  type SearchTask,
  unsettledFinding,
} from '../monte-carlo/run.js';
import { told } from '../telling.js';
import { carriedNoise, measureStep, type StepLaw, slope } from './error.js';
import { Pool } from './pool.js';

/** Options of `saem()`. */
export interface SaemOptions {
  /** How the intercepts are drawn: `metropolis()` (default), or another E-step of `mcem()` whose draws have equal weights. */
  readonly eStep?: EStep;
  /** Largest Monte Carlo error allowed, in units of each estimate's standard error (default 0.05). */
  readonly monteCarloError?: number;
  /** Steps with gamma = 1, that find the neighbourhood (default 300). */
  readonly exploration?: number;
  /** Steps with gamma = 1/k, that average (default 100); more where the Monte Carlo error asks for them. */
  readonly smoothing?: number;
  /** Most steps of both kinds (default 2000). */
  readonly maxIterations?: number;
  /** Draws per cluster each step (default 10). */
  readonly draws?: number;
  /** Parameter-expanded M-step (default true), or the textbook one. */
  readonly expanded?: boolean;
}

type Settings = Required<SaemOptions>;

/** While sigma is small, so often it is asked whether it falls to 0. */
const ASK_EVERY = 10;
/** The forecast of the steps needed is raised by this. */
const MARGIN = 1.1;
/** An M-step ends where it promises less of Q than 1e-6: what it leaves, in standard errors, squared. No scatter shows it. */
const LEFT_BY_M_STEP = 2e-6;
/** Times that the error is measured. */
const MOST_MEASURES = 3;

/**
 * Stochastic approximation EM (Delyon, Lavielle and Moulines 1999; with Markov chains Kuhn and Lavielle 2004). Each step
 * draws the intercepts a few times and maximises `Q_t = Q_(t-1) + gamma_t (Q~_t - Q_(t-1))`; gamma = 1 for `exploration` steps,
 * then 1 / k (Kuhn and Lavielle 2005, section 4). The M-step is that of mcem(), parameter-expanded (Lavielle and Meza
 * 2007). Q is a weighted sample of bounded size. The estimate is the last one; its Monte Carlo error is the noise of one step,
 * measured by M-steps on few of the draws frozen at the estimate, carried through both phases by the EM map's Jacobian.
 * Where that is above `monteCarloError`, more steps are made if `maxIterations` lets them be enough. Held against
 * the exact score.
 * @throws GlmmcError `unknown-option`, `bad-option`; from fit() `unsupported-effect`
 */
export function saem(options: SaemOptions = {}): Strategy<LikelihoodFit> {
  const settings: Settings = checkOptions(
    'saem()',
    {
      eStep: v.optional(
        v.custom<EStep>(isEStep, 'an E-step such as metropolis() or rejection()'),
        metropolis(),
      ),
      monteCarloError: v.optional(between(0, 1), 0.05),
      exploration: v.optional(count(1), 300),
      smoothing: v.optional(count(1), 100),
      maxIterations: v.optional(count(2), 2000),
      draws: v.optional(count(5), 10),
      expanded: v.optional(v.boolean('true or false'), true),
    },
    options,
  );
  const { eStep, exploration, smoothing, maxIterations } = settings;
  if (eStep.replicates || eStep.nodes) {
    throw new GlmmcError(
      'bad-option',
      `saem(): eStep must draw single points, found ${eStep.name}, of whose points a few are no draws; use metropolis() or rejection(), or quasiMonteCarlo() and quadratureEStep() in mcem() or mcnr()`,
    );
  }
  if (eStep.weighted) {
    throw new GlmmcError(
      'bad-option',
      `saem(): eStep must draw from the posterior itself, found ${eStep.name}, whose weighted means of ${settings.draws} draws are biased, and no number of steps averages a bias away; use metropolis() or rejection(), or ${eStep.name}() in mcem(), mcnr() or mcml()`,
    );
  }
  if (exploration + smoothing > maxIterations) {
    throw new GlmmcError(
      'bad-option',
      `saem(): exploration + smoothing must be at most maxIterations, found ${exploration} + ${smoothing} > ${maxIterations}`,
    );
  }
  const self = {
    name: `saem(${eStep.name})`,
    settings: { ...settings, eStep: { name: eStep.name, ...eStep.settings } },
    run(task: FitTask): Promise<LikelihoodFit> {
      requireScaleFamily(task);
      const advice =
        'Raise draws or maxIterations, or ask for less (monteCarloError); where EM is slow mcem(), mcnr() and mcml() need far fewer draws.';
      return runMonteCarlo(self, 'saem()', task, settings, advice, (given) => search(given, settings));
    },
  };
  return told(self, 'saem', options);
}

async function search({ task, start, ends }: SearchTask, settings: Settings): Promise<Search> {
  const { model, space } = task;
  const { exploration, draws: perCluster } = settings;
  const integrand = new Integrand(model);
  const direction = constantDirection(
    model,
    space.free.filter((k) => k < model.coefficientNames.length),
  );
  const history: Iteration[] = [];
  const few = new ControlVariates(perCluster, false, false);
  const pool = new Pool(model.clusters.count);
  let parameters = start;
  let objective = Number.NaN;
  let draws: DrawSet | undefined;
  let total = exploration + settings.smoothing;
  for (let measure = 1; ; measure++) {
    for (let t = history.length + 1; t <= total; t++) {
      await task.pause();
      const gamma = t <= exploration ? 1 : 1 / (t - exploration);
      integrand.setParameters(parameters);
      const last = draws;
      const tried = drawOrTrouble(() =>
        drawAll(settings.eStep, integrand, perCluster, `${task.seed}/saem`, t, last),
      );
      if ('trouble' in tried) return { parameters, objective, history, trouble: tried.trouble };
      draws = tried.drawn;
      pool.add(draws, weigh(integrand, draws, few).base, gamma);
      const weighed = pool.weighed();
      const plain = new ControlVariates(weighed.set.perCluster, false, false);
      const step = mStep(integrand, space, parameters, weighed, plain, direction, settings.expanded);
      pool.scale(parameters.sigma / step.parameters.sigma);
      parameters = step.parameters;
      objective = step.objective;
      history.push({
        iteration: t,
        objective,
        parameters,
        detail: { gamma, draws: perCluster, acceptance: draws.acceptance },
      });
      task.onProgress({
        stage: 'saem',
        done: t,
        total,
        detail: { gamma, sigma: parameters.sigma },
        parameters,
      });
      if (t % ASK_EVERY === 0 && ends.isSmall(parameters) && (await ends.zeroAttracts(parameters))) {
        return { parameters, objective, history, atBoundary: true };
      }
      const trouble = lost(parameters, ends.isRunningAway(parameters), t);
      if (trouble) return { parameters, objective, history, trouble };
    }
    const law = await measureStep(task, settings, integrand, parameters, direction, draws!, measure);
    if (!law) {
      return { parameters, objective, history, trouble: unsettledFinding('saem()', history.length) };
    }
    const landed = landedAt(task, settings, parameters, law, total - exploration);
    const wanted =
      landed.ratio > settings.monteCarloError && stepsFor(task, settings, parameters, law, total);
    if (!wanted || measure === MOST_MEASURES) return { parameters, objective, history, landed };
    total = wanted;
  }
}

function lost(parameters: Parameters, away: boolean, iterations: number): Finding | undefined {
  if (away) return unboundedFinding(parameters.sigma);
  const sound = parameters.beta.every(Number.isFinite) && Number.isFinite(parameters.sigma);
  return sound ? undefined : unsettledFinding('saem()', iterations);
}

/** The steps in all after which the error will be small enough; undefined where maxIterations is too few. */
function stepsFor(
  task: FitTask,
  settings: Settings,
  parameters: Parameters,
  law: StepLaw,
  done: number,
): number | undefined {
  const { exploration, maxIterations, monteCarloError } = settings;
  for (
    let total = Math.ceil(MARGIN * done);
    total < MARGIN * maxIterations;
    total = Math.ceil(MARGIN * total)
  ) {
    const steps = Math.min(maxIterations, total);
    const { ratio } = landedAt(task, settings, parameters, law, steps - exploration);
    if (ratio <= monteCarloError / Math.sqrt(MARGIN)) return steps;
  }
  return undefined;
}

/** The error after so many smoothing steps, in natural parameters, and the score's that it comes to. */
function landedAt(
  task: FitTask,
  settings: Settings,
  parameters: Parameters,
  law: StepLaw,
  smoothing: number,
): Landed {
  const { space } = task;
  const { free } = space;
  const size = space.names.length;
  const q = free.length;
  const local = carriedNoise(law, settings.exploration, smoothing);
  const spread = law.covariance.map((value) => LEFT_BY_M_STEP * value);
  for (let a = 0; a < q; a++) {
    for (let b = 0; b < q; b++) {
      spread[free[a] * size + free[b]] +=
        local[a * q + b] * slope(task, parameters, a) * slope(task, parameters, b);
    }
  }
  const errors = Float64Array.from({ length: size }, (_, k) => Math.sqrt(spread[k * size + k]));
  // The score of an estimate that is off by e is -I e: its covariance is I V I.
  const { hessian } = law;
  const scoreCovariance = new Float64Array(size * size);
  for (const a of free) {
    for (const b of free) {
      for (const c of free) {
        for (const d of free) {
          scoreCovariance[a * size + b] +=
            hessian[a * size + c] * spread[c * size + d] * hessian[d * size + b];
        }
      }
    }
  }
  const { smallestEss, largestK, standardErrorError, covariance } = law;
  const draws = { draws: smoothing * settings.draws, smallestEss, largestK, standardErrorError };
  return {
    hessian,
    scoreCovariance,
    errors,
    ratio: largestRatio(task, errors, covariance),
    draws,
    set: BY_DRAWS,
  };
}

/** @throws GlmmcError `unsupported-effect` */
function requireScaleFamily({ model }: FitTask): void {
  const { randomEffect } = model;
  if (randomEffect.scaleFamily || randomEffect.points) return;
  throw new GlmmcError(
    'unsupported-effect',
    `saem() needs intercepts from a scale family, found ${randomEffect.name}; use quadrature(), mcnr() or mcml()`,
  );
}
