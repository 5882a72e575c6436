// glance(): a fit in one row, with the column names of R's broom and broom.mixed.
import { requireFit } from '../estimate/arguments.js';
import type { Fit } from '../estimate/fit.js';
import { parameterCount } from '../estimate/parameter-count.js';
import { marginal } from '../likelihood/marginal.js';
import { countedRows } from '../model/model.js';

/** Columns as broom.mixed names them for models fitted by lme4's glmer. */
export interface Glance {
  /** Rows used, those of a cluster as often as its cluster weight says. */
  readonly nobs: number;
  /** Square root of a dispersion that is a scale; 1 where there is none (theta is none), as R's `sigma()`. The intercepts' sd is in tidy(). */
  readonly sigma: number;
  /** The certified marginal log-likelihood at the estimate, or at the posterior mean. */
  readonly logLik: number;
  /** -2 logLik + 2 k with k parameters estimated; NaN for draws, as is BIC. */
  readonly AIC: number;
  /** With log(nobs), as R counts. */
  readonly BIC: number;
  /** -2 logLik. lme4 prints a conditional deviance under this name, which compares nothing. */
  readonly deviance: number;
  /** nobs - k. */
  readonly 'df.residual': number;
}

/**
 * The fit in one row. Parameters held fixed are not counted; a sigma on its boundary is, as in R; of k point masses all
 * 2 (k - 1) numbers are.
 * AIC and BIC belong to a maximum, so a posterior fit has none.
 * @throws GlmmcError `bad-fit`
 */
export function glance(fit: Fit): Glance {
  requireFit('glance()', fit);
  const { model, parameters } = fit;
  const k = parameterCount(fit);
  const atMaximum = fit.kind === 'likelihood';
  const logLik = atMaximum ? fit.logLik : marginal(model, parameters).logLik;
  const deviance = -2 * logLik;
  const nobs = countedRows(model);
  return {
    nobs,
    sigma: model.family.variance?.scaled ? Math.sqrt(parameters.dispersion!) : 1,
    logLik,
    AIC: atMaximum ? deviance + 2 * k : Number.NaN,
    BIC: atMaximum ? deviance + k * Math.log(nobs) : Number.NaN,
    deviance,
    'df.residual': nobs - k,
  };
}
