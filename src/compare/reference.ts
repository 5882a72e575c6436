// What strategies are held against: the certified maximum, or the quadrature posterior for draws.
import type { LikelihoodFit } from '../estimate/fit.js';
import type { QuadraturePosterior } from '../estimate/quadrature-posterior.js';
import { marginal } from '../likelihood/marginal.js';
import type { Model } from '../model/model.js';

/** One parameter as the reference has it. */
export interface ReferenceValue {
  readonly name: string;
  readonly value: number;
  /** Standard error, or posterior standard deviation; NaN for a sigma on its boundary, 0 where held fixed. */
  readonly standardError: number;
  /** Error of `value` and of `standardError`; 0 for the certified maximum. */
  readonly error: number;
  readonly standardErrorError: number;
}

/** A yardstick: parameters in the order of a fit's estimates, and the log-likelihood there. */
export interface Reference {
  readonly values: readonly ReferenceValue[];
  readonly logLik: number;
}

export function likelihoodReference(fit: LikelihoodFit): Reference {
  return {
    values: fit.estimates.map(({ name, value, standardError, monteCarloError }) => ({
      name,
      value,
      standardError,
      error: monteCarloError,
      standardErrorError: 0,
    })),
    logLik: fit.logLik,
  };
}

export function posteriorReference(model: Model, posterior: QuadraturePosterior): Reference {
  const values = posterior.parameters.map(({ name, mean, sd, meanError, sdError }) => ({
    name,
    value: mean,
    standardError: sd,
    error: meanError,
    standardErrorError: sdError,
  }));
  const p = model.coefficientNames.length;
  const means = values.map(({ value }) => value);
  const parameters = {
    beta: Float64Array.from(means.slice(0, p)),
    sigma: means[p],
    ...(model.family.dispersion && { dispersion: means[p + 1] }),
  };
  return { values, logLik: marginal(model, parameters).logLik };
}
