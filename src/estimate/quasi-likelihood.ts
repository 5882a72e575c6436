// pql() and mql(): penalised and marginal quasi-likelihood, fast and approximate, and labelled so.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { checkOptions } from '../../samplers/options.js';
import { DEFAULT_TOLERANCE } from '../likelihood/marginal.js';
import { MarginalLikelihood } from '../likelihood/marginal-likelihood.js';
import type { VarianceFunction } from '../model/family.js';
import type { Finding } from '../model/finding.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { predictorUnit } from '../model/predictor-unit.js';
import { dot, maximise, newtonStep } from '../numeric/newton.js';
import type { FitTask, LikelihoodFit, Strategy } from './fit.js';
import { finishLikelihoodFit } from './likelihood-fit.js';
import {
  allowedPart,
  awayFromZero,
  boundaryFinding,
  type Iteration,
  interiorStart,
} from './maximum-likelihood.js';
import type { ParameterSpace } from './parameter-space.js';
import { pooledStart } from './pooled-start.js';
import { profiledHessian, type WorkingEvaluation, WorkingModel } from './quasi-likelihood/working-model.js';
import { separatedCoefficients, separationFinding } from './separation.js';
import { told } from './telling.js';

/** Options of `pql()` and `mql()`. */
export interface QuasiLikelihoodOptions {
  /**
   * How sigma and a scale are estimated in the working normal model: `ml` (default), as MASS's glmmPQL and MLwiN's IGLS,
   * or `reml`, as SAS GLIMMIX (RSPL, RMPL). The scale of binomial and Poisson responses is 1, as in GLIMMIX; glmmPQL
   * estimates one for them too, and has other numbers where it is not 1.
   */
  readonly variance?: 'ml' | 'reml';
}

/**
 * Penalised quasi-likelihood: the response is expanded about the predicted intercepts into a working response, a linear
 * mixed model is fitted to it, and so on until nothing moves (Breslow and Clayton 1993, section 2; Wolfinger and O'Connell
 * 1993: GLIMMIX's RSPL and MSPL). Exact for Gaussian responses with the identity link; for others biased, badly for binary
 * responses in small clusters (Breslow and Lin 1995), which the finding `approximate` says with a number. `ml` is
 * the default since the other strategies maximise a likelihood too. A gamma scale is estimated from the working
 * residuals; a negative binomial theta by the conditional likelihood given the predicted intercepts.
 * @throws GlmmcError `unknown-option`, `bad-option`; from fit() `unsupported-effect`, `unsupported-family`
 */
export function pql(options: QuasiLikelihoodOptions = {}): Strategy<LikelihoodFit> {
  return strategy('pql', options);
}

/**
 * Marginal quasi-likelihood of first order: the same expanded about intercepts of 0 (Goldstein 1991; Breslow and Clayton
 * 1993, section 4; GLIMMIX's RMPL and MMPL). Its coefficients are nearer to those of the population's mean.
 * @throws GlmmcError `unknown-option`, `bad-option`; from fit() `unsupported-effect`, `unsupported-family`
 */
export function mql(options: QuasiLikelihoodOptions = {}): Strategy<LikelihoodFit> {
  return strategy('mql', options);
}

type Name = 'pql' | 'mql';
type Settings = Required<QuasiLikelihoodOptions>;

const TITLES: Readonly<Record<Name, string>> = {
  pql: 'Penalised quasi-likelihood',
  mql: 'Marginal quasi-likelihood',
};

function strategy(name: Name, options: QuasiLikelihoodOptions): Strategy<LikelihoodFit> {
  const settings: Settings = checkOptions(
    `${name}()`,
    { variance: v.optional(v.picklist(['ml', 'reml'], "'ml' or 'reml'"), 'ml') },
    options,
  );
  const self = {
    name: settings.variance === 'ml' ? name : `${name}(${settings.variance})`,
    settings,
    run: (task: FitTask) => run(self, name, task, settings),
  };
  return told(self, name, options);
}

/** Expansions, and the change between two of them (in units of the linear predictor, and of log scales) that ends it. */
const MOST_EXPANSIONS = 500;
const SMALL_CHANGE = 1e-9;

async function run(
  self: Pick<Strategy, 'name' | 'settings'>,
  name: Name,
  task: FitTask,
  settings: Settings,
): Promise<LikelihoodFit> {
  const { model, space } = task;
  const variance = requireQuasi(`${name}()`, model);
  const p = model.coefficientNames.length;
  const restrictedTo = settings.variance === 'reml' ? space.free.filter((k) => k < p) : [];
  const working = new WorkingModel(model, variance, restrictedTo);
  const none = new Float64Array(model.clusters.count);
  const history: Iteration[] = [];
  let parameters = space.hold(
    task.start ? awayFromZero(model, task.start) : interiorStart(model, pooledStart(model)),
  );
  let eps: Float64Array = none;
  let converged = false;
  let last: WorkingEvaluation | undefined;
  while (!converged && history.length < MOST_EXPANSIONS) {
    await task.pause();
    working.expand(parameters, eps);
    const next = fitWorking(working, space, parameters);
    if (!next) break;
    const nextEps = name === 'pql' ? working.intercepts(next) : none;
    converged = change(model, parameters, eps, next, nextEps) < SMALL_CHANGE;
    parameters = next;
    eps = nextEps;
    last = working.evaluate(parameters);
    history.push({ iteration: history.length + 1, objective: last.value, parameters });
    task.onProgress({
      stage: 'expansion',
      done: history.length,
      detail: { objective: last.value, sigma: parameters.sigma },
      parameters,
    });
  }
  if (!last) {
    working.expand(parameters, eps);
    last = working.evaluate(parameters);
  }
  const boundary = parameters.sigma === 0 && space.fixed.sigma === undefined;
  const hessian = profiledHessian(last, space.free, p);
  const likelihood = new MarginalLikelihood(model);
  likelihood.evaluate(parameters, { kind: 'certified', tolerance: DEFAULT_TOLERANCE }, true);
  const within = boundary ? space.withSigma(0) : space;
  const curvature = within.chain(parameters, 0, last.gradient, hessian).hessian;
  const separated = separatedCoefficients(space, curvature, converged);
  const findings: Finding[] = [];
  if (separated.length > 0) findings.push(separationFinding(separated));
  else if (!converged) findings.push(restless(history.length));
  else if (!isExact(model)) findings.push(approximate(name, likelihood, within, parameters));
  if (boundary) findings.push(boundaryFinding());
  return finishLikelihoodFit(self, task, likelihood, {
    parameters,
    objective: last.value,
    converged,
    boundary,
    findings,
    history,
    hessian,
  });
}

/** The maximum of the working likelihood; sigma = 0 where its slope in sigma^2 there says so. */
function fitWorking(working: WorkingModel, space: ParameterSpace, from: Parameters): Parameters | undefined {
  const climb = (within: ParameterSpace, start: Parameters): Parameters | undefined => {
    const { point } = maximise(
      (at) => {
        const trial = within.unpack(at, start);
        const { value, gradient, hessian } = working.evaluate(trial);
        return within.chain(trial, value, gradient, hessian);
      },
      within.pack(start),
      { allowed: (step) => allowedPart(space.model, within, step) },
    );
    return point.every(Number.isFinite) ? within.unpack(point, start) : undefined;
  };
  if (space.fixed.sigma !== undefined) return climb(space, from);
  const zero = climb(space.withSigma(0), { ...from, sigma: 0 });
  if (!zero || !(working.evaluate(zero).slopeInVariance > 0)) return zero;
  return climb(space, from.sigma > 0 ? from : interiorStart(space.model, zero));
}

/** The largest move of a linear predictor, of an intercept, and of the logs of sigma and the dispersion. */
function change(
  model: Model,
  before: Parameters,
  epsBefore: Float64Array,
  after: Parameters,
  epsAfter: Float64Array,
): number {
  const { extent } = model.clusters;
  const unit = predictorUnit(model, after);
  let most = 0;
  for (let j = 0; j < extent.length; j++) {
    most = Math.max(most, (extent[j] * Math.abs(after.beta[j] - before.beta[j])) / unit);
  }
  for (let i = 0; i < epsAfter.length; i++) {
    most = Math.max(most, Math.abs(epsAfter[i] - epsBefore[i]) / unit);
  }
  most = Math.max(most, Math.abs(after.sigma - before.sigma) / unit);
  if (after.dispersion === undefined) return most;
  return Math.max(most, Math.abs(Math.log(after.dispersion / before.dispersion!)));
}

/** The working model is then the model itself. */
function isExact({ family }: Model): boolean {
  return family.name === 'gaussian' && family.link.name === 'identity';
}

function approximate(
  name: Name,
  likelihood: MarginalLikelihood,
  space: ParameterSpace,
  parameters: Parameters,
): Finding {
  const { gradient, hessian } = space.chain(parameters, 0, likelihood.gradient, likelihood.hessian);
  const step = newtonStep(gradient, hessian);
  const gap = step ? 0.5 * dot(step, gradient) : Number.NaN;
  const short = gap > 1e-6 ? `, ${gap.toPrecision(2)} or so below the maximum by the exact score there` : '';
  return {
    code: 'approximate',
    severity: 'warning',
    message: `${TITLES[name]} is an approximation: the log-likelihood at its estimate is ${likelihood.logLik.toFixed(4)}${short}.`,
    advice: 'Use quadrature() for the maximum itself, compare() to see how far this is from it.',
  };
}

function restless(expansions: number): Finding {
  return {
    code: 'not-converged',
    severity: 'error',
    message: `The estimates had not come to rest after ${expansions} working models.`,
    advice: 'Use quadrature(), which maximises a function and cannot cycle.',
  };
}

/** @throws GlmmcError `unsupported-effect`, `unsupported-family` */
function requireQuasi(owner: string, { family, randomEffect }: Model): VarianceFunction {
  if (randomEffect.name !== 'normal') {
    throw new GlmmcError(
      'unsupported-effect',
      `${owner} fits linear mixed models with normal intercepts, found ${randomEffect.name} ones; use quadrature()`,
    );
  }
  if (!family.variance) {
    throw new GlmmcError(
      'unsupported-family',
      `${owner} needs the variance of a response as a function of its mean, which ${family.name}, told by a density, does not say; use quadrature()`,
    );
  }
  return family.variance;
}
