// marginal(): the log-likelihood of a model at given parameters, with derivatives and a bound on its error.
import { Matrix } from 'ml-matrix';
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { checkOptions, count, describe, positive } from '../../samplers/options.js';
import { isObject, requireModel } from '../model/arguments.js';
import { shapeTrouble } from '../model/effects/point-masses.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { MarginalLikelihood } from './marginal-likelihood.js';
import { requireSmooth } from './supported.js';

/** What `marginal()` gives: the log-likelihood with its derivatives and a bound on its error. */
export interface Marginal {
  /** With every normalising constant. */
  readonly logLik: number;
  /** In the order (beta, sigma, dispersion). */
  readonly gradient: Float64Array;
  readonly hessian: Matrix;
  /** A bound on the quadrature error of `logLik`. */
  readonly error: number;
  /** Nodes used in each cluster. */
  readonly nodes: Int32Array;
}

/** Either a fixed number of adaptive Gauss-Hermite nodes, or the error the certified rule is to reach. */
export type MarginalOptions = { readonly nodes?: number; readonly tolerance?: number };

export const DEFAULT_TOLERANCE = 1e-9;

/**
 * The marginal log-likelihood, its gradient and Hessian. With `tolerance` (default 1e-9, read as
 * max(tolerance, 1e-13 |logLik|)) by the certified rule; with `nodes` the adaptive Gauss-Hermite approximation with
 * that many nodes and the derivatives of the approximation, `error` then being its distance from the certified value.
 * @throws GlmmcError `bad-model`, `unknown-option`, `bad-option`, `bad-parameters`; with `nodes` also `unsupported-effect`
 */
export function marginal(model: Model, parameters: Parameters, options: MarginalOptions = {}): Marginal {
  const { nodes, tolerance } = checkOptions(
    'marginal()',
    { nodes: v.optional(count(1, 400)), tolerance: v.optional(positive()) },
    options,
  );
  if (nodes !== undefined && tolerance !== undefined) {
    throw new GlmmcError(
      'bad-option',
      'marginal() takes nodes or tolerance, found both; nodes fixes the rule, tolerance the error',
    );
  }
  requireModel('marginal()', model);
  if (nodes !== undefined) requireSmooth('marginal() with nodes', model);
  checkParameters(model, parameters);
  const certified = { kind: 'certified', tolerance: tolerance ?? DEFAULT_TOLERANCE } as const;
  const likelihood = new MarginalLikelihood(model);
  let { error } = likelihood;
  if (nodes === undefined) {
    likelihood.evaluate(parameters, certified, true);
    error = likelihood.error;
  } else {
    const exact = likelihood.evaluate(parameters, certified, false);
    const exactError = likelihood.error;
    likelihood.evaluate(parameters, { kind: 'adaptive', nodes }, true);
    error = Math.abs(likelihood.logLik - exact) + exactError;
  }
  return {
    logLik: likelihood.logLik,
    gradient: likelihood.gradient,
    hessian: Matrix.from1DArray(likelihood.size, likelihood.size, likelihood.hessian),
    error,
    nodes: likelihood.clusters.nodes,
  };
}

/** @throws GlmmcError `bad-parameters` */
export function checkParameters(model: Model, parameters: Parameters): void {
  const p = model.coefficientNames.length;
  const refuse = (expected: string, found: unknown): never => {
    throw new GlmmcError('bad-parameters', `parameters: expected ${expected}, found ${found}`);
  };
  if (!isObject(parameters)) {
    refuse('{ beta, sigma }, such as those of a fit (fit.parameters)', describe(parameters));
  }
  const { beta, sigma, dispersion } = parameters;
  const numbers = ArrayBuffer.isView(beta) || Array.isArray(beta);
  if (!numbers || beta.length !== p) {
    const found = numbers ? beta.length : beta === undefined ? 'none' : describe(beta);
    refuse(`beta with ${p} numbers (${model.coefficientNames.join(', ')})`, found);
  }
  if (!beta.every(Number.isFinite)) refuse('finite beta', Array.from(beta).join(', '));
  if (!(sigma >= 0 && Number.isFinite(sigma))) refuse('sigma >= 0', sigma);
  if (
    model.family.dispersion &&
    !(dispersion !== undefined && dispersion > 0 && Number.isFinite(dispersion))
  ) {
    refuse(`dispersion > 0 (${model.family.dispersion.meaning})`, dispersion);
  }
  const { points } = model.randomEffect;
  const trouble = points && shapeTrouble(points, parameters.shape, sigma);
  if (trouble) throw new GlmmcError('bad-parameters', `parameters: expected ${trouble}`);
}
