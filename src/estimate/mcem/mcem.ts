// mcem(): Monte Carlo EM to the neighbourhood of the maximum, then a polish on frozen draws with its error known, and proof.
import * as v from 'valibot';
import { GlmmcError } from '../../../samplers/errors.js';
import { between, checkOptions, count } from '../../../samplers/options.js';
import { DEFAULT_TOLERANCE } from '../../likelihood/marginal.js';
import { MarginalLikelihood } from '../../likelihood/marginal-likelihood.js';
import { requireDensity } from '../../likelihood/supported.js';
import type { Finding } from '../../model/finding.js';
import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import type { FitTask, LikelihoodFit, Strategy } from '../fit.js';
import { finishLikelihoodFit } from '../likelihood-fit.js';
import { awayFromZero, interiorStart, unboundedFinding } from '../maximum-likelihood.js';
import { pooledFit, withoutEstimate } from '../monte-carlo/run.js';
import { pooledStart } from '../pooled-start.js';
import { separatedCoefficients, separationFinding } from '../separation.js';
import { told } from '../telling.js';
import { type Approach, approach } from './approach.js';
import { ascentBased } from './ascent-based.js';
import type { EStep } from './e-step.js';
import { Em } from './em.js';
import { Ends } from './ends.js';
import { importance } from './importance.js';
import { landing, landingFindings } from './landing.js';
import { importanceLogLik } from './log-likelihood.js';
import { type MStepFunction, mStep } from './m-step.js';
import { polish } from './polish.js';
import { finishUnpolished, type Unpolished } from './sandwich.js';
import { type MonteCarloSize, startRule } from './size.js';
import { largestParetoK } from './weigh.js';

/** Options of `mcem()`. */
export interface McemOptions {
  /** `importance()` (default), `metropolis()`, `rejection()`, `quasiMonteCarlo()` or `quadratureEStep()`; or one's own. */
  readonly eStep?: EStep;
  /** Largest Monte Carlo error allowed, in units of each estimate's standard error (default 0.02). */
  readonly monteCarloError?: number;
  /** How many draws each E-step takes, and when EM ends (default `ascentBased()`). */
  readonly size?: MonteCarloSize;
  /**
   * After EM, freeze the draws and go to the root of their score by Newton (default true). Without it the answer is EM's
   * last iterate, which goes on until the Monte Carlo errors are what was asked for.
   */
  readonly polish?: boolean;
  /**
   * Draw anew only where the draws of the iteration before, reweighted to the new parameters, have lost more than a fifth
   * of their smallest effective size (default false: every iteration draws).
   */
  readonly reuse?: boolean;
  /** Most EM iterations (default 200). */
  readonly maxIterations?: number;
  /** Most draws a cluster in one E-step (default 1e6; all clusters' together never more than 5e7). */
  readonly maxDraws?: number;
  /** Parameter-expanded M-step (default true), expanded by the scale alone, or the textbook one (false). */
  readonly expanded?: boolean | 'scale';
  /** Control variates from each cluster's own score (default true), or plain averages. */
  readonly controlVariates?: boolean;
}

export type McemSettings = Required<McemOptions>;

/**
 * Monte Carlo EM. Each E-step draws every cluster's intercept (`eStep`), each M-step is a weighted IRLS. The number of
 * draws follows `size`, by default the ascent rule of Caffo, Jank and Jones (2005). Where EM ends, the draws are frozen
 * and Newton finds the root of their score (`polish`); draws are increased until each estimate's Monte Carlo error
 * (sandwich) is below `monteCarloError` of its standard error (Louis 1982), or `maxDraws` ends it, which a finding says.
 * Of 5000 clusters and more EM takes a part, where sizes are not stated beforehand and a polish follows; `history` is of
 * EM on that part. With `reuse` draws serve several iterations by new weights (Levine and Casella 2001). The answer is then held against
 * the exact score and information: `fit.landing`.
 * @throws GlmmcError `unknown-option`, `bad-option`; from fit() `unsupported-effect`
 */
export function mcem(options: McemOptions = {}): Strategy<LikelihoodFit> {
  return told(mcemBy(mStep, options), 'mcem', options);
}

/** `mcem()` by another M-step: how tests show that a wrong one is caught. */
export function mcemBy(maximiser: MStepFunction, options: McemOptions): Strategy<LikelihoodFit> {
  const settings: McemSettings = checkOptions(
    'mcem()',
    {
      eStep: v.optional(
        v.custom<EStep>(isEStep, 'an E-step such as importance() or metropolis()'),
        importance(),
      ),
      monteCarloError: v.optional(between(0, 1), 0.02),
      size: v.optional(
        v.custom<MonteCarloSize>(isSize, 'a Monte Carlo size such as ascentBased() or boothHobert()'),
        ascentBased(),
      ),
      polish: v.optional(v.boolean('true or false'), true),
      reuse: v.optional(v.boolean('true or false'), false),
      maxIterations: v.optional(count(1), 200),
      maxDraws: v.optional(count(100), 1_000_000),
      expanded: v.optional(v.custom<boolean | 'scale'>(isExpansion, "true, false or 'scale'"), true),
      controlVariates: v.optional(v.boolean('true or false'), true),
    },
    options,
  );
  const { eStep, size } = settings;
  const self = {
    name: `mcem(${eStep.name})`,
    settings: {
      ...settings,
      eStep: { name: eStep.name, ...eStep.settings },
      size: { name: size.name, ...size.settings },
    },
    run: (task: FitTask) => run(self, task, settings, maximiser),
  };
  return self;
}

function isExpansion(value: unknown): boolean {
  return typeof value === 'boolean' || value === 'scale';
}

/** A person's own may come from plain JavaScript: what is missing is met here, not in the middle of a fit. */
export function isEStep(value: unknown): boolean {
  return v.is(
    v.object({ name: v.string(), settings: v.looseObject({}), dependent: v.boolean(), draw: v.function() }),
    value,
  );
}

function isSize(value: unknown): boolean {
  return v.is(v.object({ name: v.string(), settings: v.looseObject({}), start: v.function() }), value);
}

async function run(
  self: Pick<Strategy, 'name' | 'settings'>,
  task: FitTask,
  settings: McemSettings,
  maximiser: MStepFunction,
): Promise<LikelihoodFit> {
  const { model, space } = task;
  requireDensity('mcem()', model);
  requireKnownRate(model, settings);
  startRule(settings.size, model.clusters.count, settings.maxDraws);
  settings.eStep.check?.(model);
  const likelihood = new MarginalLikelihood(model);
  const nothingRandom = space.fixed.sigma === 0;
  const start = space.hold(
    task.start ? awayFromZero(model, task.start) : interiorStart(model, pooledStart(model)),
  );
  const ends = new Ends(likelihood, task);
  const {
    em,
    answer: final,
    ending,
  } = nothingRandom ? NOTHING : await search(task, settings, maximiser, start, ends);
  if (!em || ending === 'boundary' || (final && (await ends.zeroBeats(final.parameters)))) {
    return pooledFit(self, task, likelihood, !nothingRandom, em?.history ?? []);
  }
  if (!final) {
    const separated = separatedCoefficients(space, new Float64Array(space.free.length ** 2), false);
    return withoutEstimate(self, task, likelihood, {
      parameters: em.parameters,
      objective: em.history.at(-1)?.objective ?? Number.NaN,
      history: em.history,
      trouble: separated.length > 0 ? separationFinding(separated) : em.trouble!,
    });
  }

  const { parameters, hessian, scoreCovariance, errors, ratio, weighed } = final;
  likelihood.evaluate(parameters, { kind: 'certified', tolerance: DEFAULT_TOLERANCE }, true);
  const target = settings.monteCarloError;
  const logLik = importanceLogLik(settings.eStep, em.integrand, weighed);
  const proof = landing(likelihood, space, scoreCovariance, weighed.set, errors, target, {
    draws: weighed.set.perCluster,
    smallestEss: weighed.smallestEss,
    largestK: largestParetoK(weighed),
    largestErrorRatio: ratio,
    standardErrorError: final.varianceRatio,
    ...(logLik && { logLik }),
  });
  const curvature = space.chain(parameters, 0, likelihood.gradient, hessian).hessian;
  const separated = separatedCoefficients(space, curvature, final.converged);
  const outOfIterations = !settings.polish && ending === 'iterations';
  // Where there is no maximum to land on, that is all there is to say of the landing.
  let findings: readonly Finding[];
  if (separated.length > 0) findings = [separationFinding(separated)];
  else if (final.converged) {
    findings = [
      ...landingFindings(proof, space.names, target, settings.polish),
      ...(outOfIterations ? [budgetFinding(settings.maxIterations)] : []),
    ];
  } else
    findings = [
      final.trouble ??
        (ends.isRunningAway(parameters) ? unboundedFinding(parameters.sigma) : noRootFinding(model)),
    ];
  return finishLikelihoodFit(self, task, likelihood, {
    parameters,
    // Exact EM climbs the likelihood itself.
    objective: weighed.set.exact ? likelihood.logLik : final.objective,
    converged: final.converged && ratio <= target && !outOfIterations,
    boundary: false,
    findings,
    history: em.history,
    hessian,
    monteCarloErrors: errors,
    ...(final.converged && { landing: proof }),
  });
}

interface Searched extends Unpolished {
  readonly em: Omit<Approach, 'draws' | 'hessian'> & Partial<Pick<Em, 'trouble'>>;
}

const NOTHING: Partial<Searched> = {};

/** EM to its end (of large data, on a part), and the polish or what stands in for it. */
async function search(
  task: FitTask,
  settings: McemSettings,
  maximiser: MStepFunction,
  start: Parameters,
  ends: Ends,
): Promise<Searched> {
  const near = await approach(task, settings, maximiser, start);
  if (near) {
    const answer = await polish(task, settings, near.integrand, near.parameters, near.draws, near.hessian);
    if (answer.converged) return { em: near, answer, ending: 'rule' };
  }
  const em = new Em(task, settings, maximiser, start, ends);
  const ending = await em.run();
  if (ending !== 'rule' && ending !== 'iterations') return { em, ending };
  if (!settings.polish) return { em, ...(await finishUnpolished(task, settings, em, ending)) };
  return { em, answer: await polish(task, settings, em.integrand, em.parameters, em.draws!), ending };
}

function budgetFinding(maxIterations: number): Finding {
  return {
    code: 'monte-carlo-budget',
    severity: 'warning',
    message: `EM was stopped after ${maxIterations} iterations (maxIterations), before its rule ended it.`,
    advice: 'Raise maxIterations, or let the polish find the root (polish: true).',
  };
}

function noRootFinding({ randomEffect }: Model): Finding {
  // Where the density has a corner the draws' score jumps as a draw passes it, and random draws may leave no root.
  const advice = randomEffect.kink
    ? `The density of ${randomEffect.name} intercepts has a corner, where the score of random draws jumps: mcem({ eStep: quasiMonteCarlo() }) or quadratureEStep() have smoother ones, quadrature() needs none.`
    : 'quadrature() says what the likelihood is like. Try another start or seed.';
  return {
    code: 'no-root',
    severity: 'error',
    message:
      'Newton found no root of the Monte Carlo score near the draws it was made of: these are the parameters where EM stopped or the last root was, and they have no Monte Carlo error.',
    advice,
  };
}

/**
 * Booth and Hobert's size, and the errors of an EM without a polish, need the derivative of the M-step.
 * @throws GlmmcError `unsupported-effect`
 */
function requireKnownRate({ randomEffect }: Model, { polish, size }: McemSettings): void {
  if ((polish && !size.byStepError) || (randomEffect.scaleFamily && !randomEffect.kink)) return;
  const what = polish ? `size: ${size.name}()` : 'polish: false';
  throw new GlmmcError(
    'unsupported-effect',
    `mcem({ ${what} }) needs the derivative of the M-step, which is known for smooth scale families, found ${randomEffect.name}; use polish: true and size: ascentBased()`,
  );
}
