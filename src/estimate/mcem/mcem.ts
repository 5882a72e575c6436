// mcem(): Monte Carlo EM to the neighbourhood of the maximum, then a polish on frozen draws with its error known.
import * as v from 'valibot';
import { between, checkOptions, count, positive } from '../../../samplers/options.js';
import { DEFAULT_TOLERANCE } from '../../likelihood/marginal.js';
import { MarginalLikelihood } from '../../likelihood/marginal-likelihood.js';
import { requireDensity } from '../../likelihood/supported.js';
import type { Finding } from '../../model/finding.js';
import type { FitTask, LikelihoodFit, Strategy } from '../fit.js';
import { finishLikelihoodFit } from '../likelihood-fit.js';
import {
  awayFromZero,
  boundaryFinding,
  interiorStart,
  pooledMaximum,
  unboundedFinding,
} from '../maximum-likelihood.js';
import { pooledStart } from '../pooled-start.js';
import { separatedCoefficients, separationFinding } from '../separation.js';
import { ascend } from './ascent.js';
import type { EStep } from './e-step.js';
import { Ends } from './ends.js';
import { importance } from './importance.js';
import { landing, landingFindings } from './landing.js';
import { polish } from './polish.js';
import { largestParetoK } from './weigh.js';

export interface McemOptions {
  /** `importance()` (default) or `metropolis()`. */
  readonly eStep?: EStep;
  /** Largest Monte Carlo error allowed, in units of each estimate's standard error (default 0.02). */
  readonly monteCarloError?: number;
  /** Most EM iterations before the polish (default 200). */
  readonly maxIterations?: number;
  /** Draws per cluster in the first E-step (default 100; fewer of thousands of clusters, whose noise averages out). */
  readonly draws?: number;
  /** Most draws per cluster (default 1e6), and most draws in all (default 1e8). */
  readonly maxDraws?: number;
  /** Parameter-expanded M-step (default true), expanded by the scale alone, or the textbook one (false). */
  readonly expanded?: boolean | 'scale';
  /** Control variates from each cluster's own score (default true), or plain averages. */
  readonly controlVariates?: boolean;
  /** EM stops when the gain of Q plus its error stays below this three times running (default 1e-3). */
  readonly gainTolerance?: number;
}

export type McemSettings = Required<McemOptions>;

/**
 * Monte Carlo EM. Each E-step draws every cluster's intercept (`eStep`), each M-step is a weighted IRLS. The number of
 * draws follows the ascent rule of Caffo, Jank and Jones (2005): a step whose gain of Q is not clear of its error is
 * not taken, and the draws are increased. When the gain is within `gainTolerance` of nothing, the draws are frozen and
 * Newton finds the root of their score; draws are increased until each estimate's Monte Carlo error (sandwich) is below
 * `monteCarloError` of its standard error (Louis 1982). The answer is then held against the exact score.
 * @throws GlmmcError `unknown-option`, `bad-option`; from fit() `unsupported-effect`
 */
export function mcem(options: McemOptions = {}): Strategy<LikelihoodFit> {
  const settings = checkOptions(
    'mcem()',
    {
      eStep: v.optional(
        v.custom<EStep>(isEStep, 'an E-step such as importance() or metropolis()'),
        importance(),
      ),
      monteCarloError: v.optional(between(0, 1), 0.02),
      maxIterations: v.optional(count(1), 200),
      draws: v.optional(count(10)),
      maxDraws: v.optional(count(100), 1_000_000),
      expanded: v.optional(v.custom<boolean | 'scale'>(isExpansion, "true, false or 'scale'"), true),
      controlVariates: v.optional(v.boolean('true or false'), true),
      gainTolerance: v.optional(positive(), 1e-3),
    },
    options,
  );
  const { eStep } = settings;
  const self = {
    name: `mcem(${eStep.name})`,
    settings: { ...settings, eStep: { name: eStep.name, ...eStep.settings } },
    run: (task: FitTask) =>
      run(self, task, { ...settings, draws: settings.draws ?? firstDraws(task.model.clusters.count) }),
  };
  return self;
}

const FIRST_DRAWS = 100;
const LEAST_FIRST_DRAWS = 32;
const FIRST_DRAWS_IN_ALL = 100_000;

function firstDraws(clusters: number): number {
  return Math.min(FIRST_DRAWS, Math.max(LEAST_FIRST_DRAWS, Math.ceil(FIRST_DRAWS_IN_ALL / clusters)));
}

function isExpansion(value: unknown): boolean {
  return typeof value === 'boolean' || value === 'scale';
}

function isEStep(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'draw' in value && 'dependent' in value;
}

async function run(
  self: Pick<Strategy, 'name' | 'settings'>,
  task: FitTask,
  settings: McemSettings,
): Promise<LikelihoodFit> {
  const { model, space } = task;
  requireDensity('mcem()', model);
  settings.eStep.check?.(model);
  const likelihood = new MarginalLikelihood(model);
  const nothingRandom = space.fixed.sigma === 0;
  const start = space.hold(
    task.start ? awayFromZero(model, task.start) : interiorStart(model, pooledStart(model)),
  );
  const ends = new Ends(likelihood, task);
  const em = nothingRandom ? undefined : await ascend(task, settings, start, ends);
  const final =
    em && !em.atBoundary && !em.trouble
      ? await polish(task, settings, em.integrand, em.parameters, em.draws)
      : undefined;
  if (!em || em.atBoundary || (final && (await ends.zeroBeats(final.parameters)))) {
    // Without intercepts nothing is left to simulate: the pooled fit is exact.
    const pooled = await pooledMaximum(likelihood, space, () => task.pause());
    const boundary = !nothingRandom;
    const { evaluation, converged } = pooled.newton;
    const separated = separatedCoefficients(space, evaluation.hessian, converged);
    return finishLikelihoodFit(self, task, likelihood, {
      parameters: pooled.parameters,
      objective: pooled.objective,
      converged,
      boundary,
      findings: [
        ...(boundary ? [boundaryFinding()] : []),
        ...(separated.length > 0 ? [separationFinding(separated)] : []),
      ],
      history: em?.history ?? [],
    });
  }

  if (!final) {
    const separated = separatedCoefficients(space, new Float64Array(space.free.length ** 2), false);
    return finishLikelihoodFit(self, task, likelihood, {
      parameters: em.parameters,
      objective: em.history.at(-1)!.objective,
      converged: false,
      boundary: false,
      findings: [separated.length > 0 ? separationFinding(separated) : em.trouble!],
      history: em.history,
      monteCarloErrors: new Float64Array(likelihood.size).fill(Number.NaN),
    });
  }

  const { parameters, hessian, scoreCovariance, errors, ratio, weighed } = final;
  likelihood.evaluate(parameters, { kind: 'certified', tolerance: DEFAULT_TOLERANCE }, true);
  const proof = landing(likelihood, space, scoreCovariance, weighed.set, {
    draws: weighed.set.perCluster,
    smallestEss: weighed.smallestEss,
    largestK: largestParetoK(weighed),
    largestErrorRatio: ratio,
  });
  const curvature = space.chain(parameters, 0, likelihood.gradient, hessian).hessian;
  const separated = separatedCoefficients(space, curvature, final.converged);
  // Where there is no maximum to land on, that is all there is to say of the landing.
  let findings: readonly Finding[];
  if (separated.length > 0) findings = [separationFinding(separated)];
  else if (final.converged) findings = landingFindings(proof, settings.monteCarloError, ratio);
  else findings = [ends.isRunningAway(parameters) ? unboundedFinding(parameters.sigma) : noRootFinding()];
  return finishLikelihoodFit(self, task, likelihood, {
    parameters,
    // Exact EM climbs the likelihood itself.
    objective: weighed.set.exact ? likelihood.logLik : final.objective,
    converged: final.converged && ratio <= settings.monteCarloError,
    boundary: false,
    findings,
    history: em.history,
    hessian,
    monteCarloErrors: errors,
    ...(final.converged && { landing: proof }),
  });
}

function noRootFinding(): Finding {
  return {
    code: 'no-root',
    severity: 'error',
    message:
      'Newton found no root of the Monte Carlo score near the draws it was made of: these are the parameters where EM stopped or the last root was, and they have no Monte Carlo error.',
    advice: 'quadrature() says what the likelihood is like. Try another start or seed.',
  };
}
