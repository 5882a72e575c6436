// mcml(): Monte Carlo maximum likelihood, the likelihood of frozen draws maximised where they can be trusted.
import * as v from 'valibot';
import { between, checkOptions, count } from '../../../samplers/options.js';
import { Integrand } from '../../likelihood/integrand.js';
import { DEFAULT_TOLERANCE } from '../../likelihood/marginal.js';
import type { Finding } from '../../model/finding.js';
import type { Parameters } from '../../model/parameters.js';
import { maximise } from '../../numeric/newton.js';
import type { FitTask, LikelihoodFit, Strategy } from '../fit.js';
import { covarianceOf } from '../likelihood-fit.js';
import { allowedPart, type Iteration, unboundedFinding } from '../maximum-likelihood.js';
import { type DrawSet, drawAll, drawOrTrouble, type EStep } from '../mcem/e-step.js';
import { importance } from '../mcem/importance.js';
import { isEStep } from '../mcem/mcem.js';
import { scoreWithError } from '../mcem/monte-carlo-score.js';
import { distance } from '../mcem/polish.js';
import { largestRatio, monteCarloErrors } from '../mcem/root.js';
import { largestParetoK } from '../mcem/weigh.js';
import { drawsFor, mostDraws, requireRoom } from '../monte-carlo/budget.js';
import {
  type Landed,
  runMonteCarlo,
  type Search,
  type SearchTask,
  unsettledFinding,
} from '../monte-carlo/run.js';
import type { ParameterSpace } from '../parameter-space.js';
import { told } from '../telling.js';
import { FrozenLikelihood } from './frozen-likelihood.js';

/** Options of `mcml()`. */
export interface McmlOptions {
  /** How the intercepts are drawn at each pilot: `importance()` (default) or another E-step of `mcem()`. */
  readonly eStep?: EStep;
  /** Largest Monte Carlo error allowed, in units of each estimate's standard error (default 0.05). */
  readonly monteCarloError?: number;
  /** Most pilots (default 50). */
  readonly maxIterations?: number;
  /** Draws per cluster at the first pilot (default 200). */
  readonly draws?: number;
  /** Most draws per cluster (default 1e6), and most in all (5e7). */
  readonly maxDraws?: number;
  /**
   * Most evaluations of a draw in all (default 1e8): draws x clusters, once for every value of the Monte Carlo likelihood and
   * once for its derivatives. Where it does not suffice for `monteCarloError` the fit says so.
   */
  readonly maxEvaluations?: number;
}

type Settings = Required<McmlOptions>;

/** Where the smallest effective sample size falls below this part of the pilot's, the draws are not to be trusted. */
const TRUST = 0.3;
/** Newton's steps from one pilot. */
const MOST_STEPS = 30;
/** A step that promises less log-likelihood than this is not worth its price. */
const ENOUGH_GAIN = 1e-9;
/** The draws serve an estimate this near to their pilot, in standard errors. */
const NEAR = 0.3;
/** A pilot that gains less than this, and is not near, led nowhere. */
const STUCK = 0.01;
/** Away from the end no pilot has more draws a cluster than this. */
const MOST_FAR_DRAWS = 20_000;
/** Evaluations that a pilot near the end takes of every draw, and growth that makes another pilot worth having. */
const EVALUATIONS_A_PILOT = 10;
const WORTHWHILE = 1.3;

/**
 * Monte Carlo maximum likelihood. At a pilot every cluster's intercept is drawn once, and sum_i log mean f(y_i, z) / q_i(z)
 * is maximised over the parameters with the draws held still (Geyer and Thompson 1992; for mixed models McCulloch
 * 1997, section 3.3), by damped Newton steps that do not leave the region where the weights keep 30% of the pilot's
 * effective draws. The end is the next pilot, until a maximum lies within 0.3 standard errors of its pilot. Its Monte Carlo
 * error is I^-1 S I^-1, S the covariance of the weighted mean of the draws' scores (Geyer 1994, theorem 7); draws are
 * increased until it is below `monteCarloError` of each standard error, or `maxEvaluations` ends it. Held against the exact
 * score.
 * @throws GlmmcError `unknown-option`, `bad-option`; from fit() `unsupported-effect`
 */
export function mcml(options: McmlOptions = {}): Strategy<LikelihoodFit> {
  const settings: Settings = checkOptions(
    'mcml()',
    {
      eStep: v.optional(
        v.custom<EStep>(isEStep, 'an E-step such as importance() or metropolis()'),
        importance(),
      ),
      monteCarloError: v.optional(between(0, 1), 0.05),
      maxIterations: v.optional(count(1), 50),
      draws: v.optional(count(10), 200),
      maxDraws: v.optional(count(100), 1_000_000),
      maxEvaluations: v.optional(count(1), 100_000_000),
    },
    options,
  );
  requireRoom('mcml()', settings);
  const { eStep } = settings;
  const self = {
    name: `mcml(${eStep.name})`,
    settings: { ...settings, eStep: { name: eStep.name, ...eStep.settings } },
    run: (task: FitTask) =>
      runMonteCarlo(
        self,
        'mcml()',
        task,
        settings,
        'Raise maxDraws and maxEvaluations, or ask for less (monteCarloError).',
        (given) => search(given, settings),
      ),
  };
  return told(self, 'mcml', options);
}

async function search({ task, start, ends, likelihood }: SearchTask, settings: Settings): Promise<Search> {
  const { model, space } = task;
  const integrand = new Integrand(model);
  const most = mostDraws(model, settings.maxDraws);
  const history: Iteration[] = [];
  let pilot = start;
  let objective = Number.NaN;
  let perCluster = Math.min(most, settings.draws);
  let evaluated = 0;
  let draws: DrawSet | undefined;
  for (let iteration = 1; iteration <= settings.maxIterations; iteration++) {
    await task.pause();
    integrand.setParameters(pilot);
    const last = draws;
    const tried = drawOrTrouble(() =>
      drawAll(settings.eStep, integrand, perCluster, `${task.seed}/mcml`, iteration, last),
    );
    if ('trouble' in tried) return { parameters: pilot, objective, history, trouble: tried.trouble };
    draws = tried.drawn;
    const frozen = new FrozenLikelihood(integrand, draws);
    const atPilot = likelihood.evaluate(pilot, { kind: 'certified', tolerance: DEFAULT_TOLERANCE }, false);
    const top = climb(space, frozen, pilot);
    // The constants of the proposals cancel in the ratio to the pilot, whose own likelihood is known.
    objective = atPilot + top.gain;
    const covariance = top.converged ? covarianceOf(space, top.hessian, false) : undefined;
    const moved = covariance ? distance(task, pilot, { ...top, covariance }) : Number.POSITIVE_INFINITY;
    history.push({
      iteration,
      objective,
      parameters: top.parameters,
      detail: {
        draws: perCluster,
        gain: top.gain,
        moved,
        acceptance: draws.acceptance,
        smallestEss: top.smallestEss,
      },
    });
    pilot = top.parameters;
    task.onProgress({
      stage: 'pilot',
      done: iteration,
      total: settings.maxIterations,
      detail: { draws: perCluster, moved, sigma: pilot.sigma },
      parameters: pilot,
    });
    if (ends.isSmall(pilot) && (await ends.zeroAttracts(pilot))) {
      return { parameters: pilot, objective, history, atBoundary: true };
    }
    if (ends.isRunningAway(pilot)) {
      return { parameters: pilot, objective, history, trouble: unboundedFinding(pilot.sigma) };
    }
    evaluated += frozen.evaluated;
    if (!covariance || moved > NEAR) {
      if (evaluated >= settings.maxEvaluations) break;
      // Few draws will do for the way; more where they lead nowhere.
      if (!(top.gain > STUCK))
        perCluster = Math.max(perCluster, Math.min(most, MOST_FAR_DRAWS, 2 * perCluster));
      continue;
    }
    const { landed, enough, wanted } = judge(task, settings, integrand, frozen, pilot, covariance);
    const left = settings.maxEvaluations - evaluated;
    const next = Math.min(most, wanted, Math.floor(left / (EVALUATIONS_A_PILOT * model.clusters.count)));
    if (enough || next < WORTHWHILE * perCluster) return { parameters: pilot, objective, history, landed };
    perCluster = next;
  }
  const trouble =
    evaluated < settings.maxEvaluations
      ? unsettledFinding('mcml()', history.length)
      : budgetFinding(settings.maxEvaluations, history.length);
  return { parameters: pilot, objective, history, trouble };
}

function budgetFinding(maxEvaluations: number, pilots: number): Finding {
  return {
    code: 'monte-carlo-budget',
    severity: 'error',
    message: `mcml() was stopped after ${maxEvaluations.toPrecision(2)} evaluations of draws (maxEvaluations), ${pilots} pilots, short of a maximum near its pilot: these are its last parameters, and they have no Monte Carlo error.`,
    advice: 'Raise maxEvaluations, or give a start nearer to the answer; quadrature() has the exact one.',
  };
}

interface Top {
  readonly parameters: Parameters;
  /** What the Monte Carlo log-likelihood rises by from the pilot. */
  readonly gain: number;
  readonly hessian: Float64Array;
  readonly converged: boolean;
  readonly smallestEss: number;
}

/** The maximum of the frozen draws' likelihood within the region of trust. */
function climb(space: ParameterSpace, frozen: FrozenLikelihood, pilot: Parameters): Top {
  const size = space.free.length;
  const outside = {
    value: Number.NEGATIVE_INFINITY,
    gradient: new Float64Array(size),
    hessian: new Float64Array(size * size),
  };
  const atPilot = frozen.value(pilot);
  const least = TRUST * frozen.weighed!.smallestEss;
  const { point, evaluation, lastStep, converged } = maximise(
    (at) => {
      const trial = space.unpack(at, pilot);
      const value = frozen.value(trial);
      // Written so that NaN is outside too.
      if (!(frozen.weighed!.smallestEss >= least)) return outside;
      const { gradient, hessian } = frozen.derivatives();
      return space.chain(trial, value, gradient, hessian);
    },
    space.pack(pilot),
    {
      maxIterations: MOST_STEPS,
      enoughGain: ENOUGH_GAIN,
      allowed: (step) => allowedPart(space.model, space, step),
    },
  );
  // The step that was not worth its price still moves digits that lattices and nodes have right.
  const end = converged ? point.map((value, k) => value + lastStep[k]) : point;
  const parameters = space.unpack(end, pilot);
  frozen.value(parameters);
  const { hessian } = frozen.derivatives();
  const { smallestEss } = frozen.weighed!;
  return { parameters, gain: evaluation.value - atPilot, hessian, converged, smallestEss };
}

/** The Monte Carlo error of the maximum, and whether it is small enough. */
function judge(
  task: FitTask,
  settings: Settings,
  integrand: Integrand,
  frozen: FrozenLikelihood,
  parameters: Parameters,
  inverse: Float64Array,
): { readonly landed: Landed; readonly enough: boolean; readonly wanted: number } {
  const { space } = task;
  frozen.value(parameters);
  const weighed = frozen.weighed!;
  const found = scoreWithError(integrand, weighed, frozen.controls, inverse);
  const covariance = covarianceOf(space, found.hessian, false) ?? inverse;
  const errors = weighed.set.exact
    ? new Float64Array(space.names.length)
    : monteCarloErrors(covariance, found.covariance, space.names.length);
  const ratio = largestRatio(task, errors, covariance);
  const varianceRatio = 0.5 * largestRatio(task, found.varianceErrors, covariance, 1);
  const landed = {
    hessian: found.hessian,
    scoreCovariance: found.covariance,
    errors,
    ratio,
    set: weighed.set,
    draws: {
      draws: weighed.set.perCluster,
      smallestEss: weighed.smallestEss,
      largestK: largestParetoK(weighed),
      standardErrorError: varianceRatio,
    },
  };
  // The function's weights are as they come: their bias asks for more draws than the error alone would.
  return { landed, ...drawsFor({ ratio, varianceRatio, weighed }, settings.monteCarloError) };
}
