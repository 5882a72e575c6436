// augment(): the rows of the data with what the fit says of each, in the columns of R's broom.
import { requireEstimatedFit } from '../estimate/arguments.js';
import type { Fit } from '../estimate/fit.js';
import { devianceResidual } from './augment/deviance.js';
import { predict } from './predict.js';

/** Dotted columns as broom.mixed names them; the others say which row of the data it is. */
export interface AugmentRow {
  /** In the data that glmm() was given, from 1: rows dropped for missing values are left out. */
  readonly row: number;
  readonly cluster: string;
  /** Successes for binomial counts. */
  readonly response: number;
  /** 1 where the responses are no counts of trials. */
  readonly trials: number;
  /** Linear predictor with the cluster's intercept: the empirical-Bayes mean, or the posterior mean. */
  readonly '.fitted': number;
  readonly '.se.fit': number;
  /** Linear predictor of the typical cluster. */
  readonly '.fixed': number;
  /** Mean of a response (of one trial) given the cluster's data. */
  readonly '.mu': number;
  /** Deviance residual about `.mu`; NaN for a custom family. */
  readonly '.resid': number;
  readonly '.offset': number;
  readonly '.weights': number;
}

/**
 * The data with what the fit says of them: one row for each row of the data that was used, in their order. lme4, and so broom.mixed, puts every intercept at its mode; here
 * it is averaged over, so that `.mu` is the mean of the response rather than the link's inverse of `.fitted`.
 * @throws GlmmcError `bad-fit`
 */
export function augment(fit: Fit): readonly AugmentRow[] {
  requireEstimatedFit('augment()', fit);
  const { model, parameters } = fit;
  const { design, family, clusterLabels } = model;
  const fitted = predict(fit, undefined, { target: 'cluster', scale: 'link' });
  const fixed = predict(fit, undefined, { target: 'typical', scale: 'link' });
  const means = predict(fit, undefined, { target: 'cluster', scale: 'response' });
  return fitted.map(({ estimate, standardError }, r) => {
    const response = design.y[r];
    const trials = design.trials?.[r] ?? 1;
    const weight = design.weights?.[r] ?? 1;
    const mu = means[r].estimate;
    return {
      row: design.keptRows[r] + 1,
      cluster: clusterLabels[design.cluster[r]],
      response,
      trials,
      '.fitted': estimate,
      '.se.fit': standardError,
      '.fixed': fixed[r].estimate,
      '.mu': mu,
      '.resid': devianceResidual(family, response, mu, trials, weight, parameters.dispersion ?? 1),
      '.offset': design.offset?.[r] ?? 0,
      '.weights': weight,
    };
  });
}
