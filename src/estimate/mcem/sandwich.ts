// EM's own answer without a polish: its last draws give the information and the Monte Carlo errors there.
import type { Integrand } from '../../likelihood/integrand.js';
import type { Parameters } from '../../model/parameters.js';
import type { FitTask } from '../fit.js';
import { covarianceOf } from '../likelihood-fit.js';
import { ControlVariates } from './control-variates.js';
import type { DrawSet } from './e-step.js';
import type { McemSettings } from './mcem.js';
import { monteCarloScore, scoreWithError } from './monte-carlo-score.js';
import { expectedLogDensity, type Polished } from './polish.js';
import { largestRatio, monteCarloErrors } from './root.js';
import { weigh } from './weigh.js';

/**
 * `parameters` as EM left them, with the sandwich I^-1 S I^-1 of the draws reweighted to them. It is the error of the
 * root of these draws' score; EM's last iterate, an average over the draws of some iterations, varies less where EM is
 * slow. Not converged where the draws' information is not positive definite.
 */
export function unpolished(
  task: FitTask,
  settings: McemSettings,
  integrand: Integrand,
  draws: DrawSet,
  parameters: Parameters,
): Polished {
  const { space } = task;
  const size = space.names.length;
  const controls = new ControlVariates(draws.perCluster, settings.controlVariates);
  integrand.setParameters(parameters);
  const weighed = weigh(integrand, draws, controls);
  const first = monteCarloScore(integrand, weighed);
  const covariance = covarianceOf(space, first.hessian, false);
  const inverse = covariance ?? new Float64Array(size * size);
  const found = scoreWithError(integrand, weighed, controls, inverse);
  const errors = covariance
    ? monteCarloErrors(covariance, found.covariance, size)
    : new Float64Array(size).fill(Number.NaN);
  return {
    parameters,
    objective: expectedLogDensity(integrand, weighed),
    hessian: found.hessian,
    scoreCovariance: found.covariance,
    errors,
    ratio: covariance ? largestRatio(task, errors, covariance) : Number.NaN,
    varianceRatio: covariance ? 0.5 * largestRatio(task, found.varianceErrors, covariance, 1) : Number.NaN,
    weighed,
    converged: covariance !== undefined,
  };
}
