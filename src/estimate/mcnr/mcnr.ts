// mcnr(): Monte Carlo Newton-Raphson, Newton's steps by the score and information of fresh, ever more draws.
import * as v from 'valibot';
import { between, checkOptions, count } from '../../../samplers/options.js';
import { DrawMoments } from '../../likelihood/draw-moments.js';
import { Integrand } from '../../likelihood/integrand.js';
import type { Parameters } from '../../model/parameters.js';
import type { FitTask, LikelihoodFit, Strategy } from '../fit.js';
import { type Iteration, unboundedFinding } from '../maximum-likelihood.js';
import { controlsFor } from '../mcem/control-variates.js';
import { type DrawSet, drawAll, drawOrTrouble, type EStep } from '../mcem/e-step.js';
import { importance } from '../mcem/importance.js';
import { expectedComplete } from '../mcem/m-step.js';
import { isEStep } from '../mcem/mcem.js';
import { monteCarloScore } from '../mcem/monte-carlo-score.js';
import { expectedLogDensity } from '../mcem/polish.js';
import { findRoot, newtonMove } from '../mcem/root.js';
import { largestParetoK, type WeighedDraws, weigh } from '../mcem/weigh.js';
import { drawsFor, leastDraws, mostDraws, requireRoom } from '../monte-carlo/budget.js';
import { runMonteCarlo, type Search, type SearchTask, unsettledFinding } from '../monte-carlo/run.js';
import type { ParameterSpace } from '../parameter-space.js';
import { told } from '../telling.js';

/** Options of `mcnr()`. */
export interface McnrOptions {
  /** How the intercepts are drawn: `importance()` (default) or another E-step of `mcem()`. */
  readonly eStep?: EStep;
  /** Largest Monte Carlo error allowed, in units of each estimate's standard error (default 0.02). */
  readonly monteCarloError?: number;
  /** Most Newton steps (default 200). */
  readonly maxIterations?: number;
  /** Draws per cluster for the first step (default 100); every step has more than the one before. */
  readonly draws?: number;
  /** Most draws per cluster (default 1e6), and most in all (5e7). */
  readonly maxDraws?: number;
  /** Control variates from each cluster's own score (default true), or plain averages. */
  readonly controlVariates?: boolean;
}

type Settings = Required<McnrOptions>;

/** A step longer than this, in standard errors, and than the one before it says that Newton has lost its way. */
const FAR = 2;
/** From a step as short as this on, the Monte Carlo error of where it leads is worth knowing. */
const NEAR = 0.3;
const GROWTH = 1.2;
/** Far from the end no step takes more draws a cluster than this. */
const MOST_FAR_DRAWS = 20_000;

/**
 * Monte Carlo Newton-Raphson. Each step draws every cluster's intercept at the current parameters and moves by I^-1 s, the
 * score by Fisher's identity and the observed information by Louis's, both averages over the draws (McCulloch 1997, section
 * 3.2, with the observed in place of the expected information). Where that is not positive definite, or a long step is longer
 * than the one before it, the complete data's takes its place, which makes it Lange's (1995) gradient EM. From
 * a step below 0.3 standard errors on, Newton goes on with the same draws until nothing of their score is left; then new and
 * more draws are made, until the Monte Carlo error, I^-1 S I^-1 with S the covariance of the score, is below
 * `monteCarloError` of each standard error. Held against the exact score.
 * @throws GlmmcError `unknown-option`, `bad-option`; from fit() `unsupported-effect`
 */
export function mcnr(options: McnrOptions = {}): Strategy<LikelihoodFit> {
  const settings: Settings = checkOptions(
    'mcnr()',
    {
      eStep: v.optional(
        v.custom<EStep>(isEStep, 'an E-step such as importance() or metropolis()'),
        importance(),
      ),
      monteCarloError: v.optional(between(0, 1), 0.02),
      maxIterations: v.optional(count(1), 200),
      draws: v.optional(count(10), 100),
      maxDraws: v.optional(count(100), 1_000_000),
      controlVariates: v.optional(v.boolean('true or false'), true),
    },
    options,
  );
  requireRoom('mcnr()', settings);
  const { eStep } = settings;
  const self = {
    name: `mcnr(${eStep.name})`,
    settings: { ...settings, eStep: { name: eStep.name, ...eStep.settings } },
    run: (task: FitTask) =>
      runMonteCarlo(
        self,
        'mcnr()',
        task,
        settings,
        'Raise maxDraws, or ask for less (monteCarloError).',
        (given) => search(given, settings),
      ),
  };
  return told(self, 'mcnr', options);
}

async function search({ task, start, ends }: SearchTask, settings: Settings): Promise<Search> {
  const { model, space } = task;
  const integrand = new Integrand(model);
  const most = mostDraws(model, settings.maxDraws);
  const history: Iteration[] = [];
  let parameters = start;
  let objective = Number.NaN;
  let perCluster = Math.min(most, settings.draws);
  let draws: DrawSet | undefined;
  let longest = Number.POSITIVE_INFINITY;
  for (let iteration = 1; iteration <= settings.maxIterations; iteration++) {
    await task.pause();
    integrand.setParameters(parameters);
    const last = draws;
    const tried = drawOrTrouble(() =>
      drawAll(settings.eStep, integrand, perCluster, `${task.seed}/mcnr`, iteration, last),
    );
    if ('trouble' in tried) return { parameters, objective, history, trouble: tried.trouble };
    draws = tried.drawn;
    const controls = controlsFor(draws, settings.controlVariates);
    const weighed = weigh(integrand, draws, controls);
    const { score, hessian } = monteCarloScore(integrand, weighed);
    const newton = newtonMove(space, parameters, score, hessian);
    const isNewton = newton !== undefined && newton.length < longest;
    longest = Math.max(FAR, newton?.length ?? 0);
    const move = isNewton ? newton : gradientMove(space, integrand, parameters, weighed);
    if (!move) break;
    const length = isNewton ? newton.length : Number.POSITIVE_INFINITY;
    // Newton leaves the square of its step, and a direction may have next to no Monte Carlo error.
    const root =
      length < NEAR ? await findRoot(task, settings, integrand, draws, controls, move.parameters) : undefined;
    const reached = root?.weighed ?? weighed;
    objective = expectedLogDensity(integrand, reached);
    parameters = root?.parameters ?? move.parameters;
    history.push({
      iteration,
      objective,
      parameters,
      detail: {
        draws: perCluster,
        step: isNewton ? 'newton' : 'gradient EM',
        length: move.length,
        errorRatio: root?.ratio ?? Number.NaN,
        acceptance: draws.acceptance,
        smallestEss: reached.smallestEss,
      },
    });
    task.onProgress({
      stage: 'newton',
      done: iteration,
      total: settings.maxIterations,
      detail: { draws: perCluster, length: move.length, sigma: parameters.sigma },
      parameters,
    });
    if (ends.isSmall(parameters) && (await ends.zeroAttracts(parameters))) {
      return { parameters, objective, history, atBoundary: true };
    }
    if (ends.isRunningAway(parameters)) {
      return { parameters, objective, history, trouble: unboundedFinding(parameters.sigma) };
    }
    if (!root) {
      perCluster = Math.max(perCluster, Math.min(most, MOST_FAR_DRAWS, Math.ceil(GROWTH * perCluster)));
      continue;
    }
    const { enough, wanted } = drawsFor(
      root,
      settings.monteCarloError,
      leastDraws(draws, model.clusters.count),
    );
    if (enough || perCluster === most) {
      const { hessian, scoreCovariance, errors, ratio, varianceRatio } = root;
      const last = {
        draws: perCluster,
        smallestEss: reached.smallestEss,
        largestK: largestParetoK(reached),
        standardErrorError: varianceRatio,
      };
      const landed = { hessian, scoreCovariance, errors, ratio, draws: last, set: draws };
      return { parameters, objective, history, landed };
    }
    perCluster = Math.min(most, wanted);
  }
  return { parameters, objective, history, trouble: unsettledFinding('mcnr()', history.length) };
}

/** A step by the complete data's information; damped where that is not positive definite. */
function gradientMove(
  space: ParameterSpace,
  integrand: Integrand,
  parameters: Parameters,
  weighed: WeighedDraws,
): ReturnType<typeof newtonMove> {
  const moments = new DrawMoments(integrand);
  const [, gradient, hessian] = expectedComplete(integrand, moments, parameters, weighed);
  const step = newtonMove(space, parameters, gradient, hessian);
  if (step) return step;
  const { size } = moments;
  for (let k = 0; k < size; k++) hessian[k * size + k] -= 2 * Math.abs(hessian[k * size + k]);
  return newtonMove(space, parameters, gradient, hessian);
}
