// residuals(): what the model leaves over of each response, on four scales.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { anySeed, checkOptions } from '../../samplers/options.js';
import { rng } from '../../samplers/rng.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import { DEFAULT_SEED, type Fit } from '../estimate/fit.js';
import { PopulationMeans } from '../likelihood/population-mean.js';
import { devianceResidual } from './augment/deviance.js';
import { linearPredictor, predictionRows } from './predict/rows.js';
import { predict } from './predict.js';
import { conditionalResiduals, drawIntercepts, marginalResiduals } from './residuals/quantile.js';
import { tailsOf } from './residuals/tails.js';
import { expectedVariance } from './within-cluster/quantities.js';

/** A scale of residuals; `residuals()` says what each is. */
export type ResidualType = 'response' | 'pearson' | 'deviance' | 'quantile';

/** Options of `residuals()`. */
export interface ResidualOptions {
  /** `deviance` (default), `response`, `pearson` or `quantile`. */
  readonly type?: ResidualType;
  /** `cluster` (default): given the row's own cluster; `population`: its intercept integrated out. */
  readonly target?: 'cluster' | 'population';
  /** Of quantile residuals, which are random. */
  readonly seed?: number | string;
}

/**
 * One residual a row, in the order of the data's rows (those that were used). mu is predict()'s mean for the same target,
 * n the trials.
 *
 * `response`: y - n mu. `pearson`: that over the standard deviation of the response, times the root of the row's weight; for
 * `population` the deviation holds the clusters' spread. `deviance`: sign(y - n mu) sqrt(unit deviance), as augment() has it.
 * These have no known distribution beside a Gaussian response.
 *
 * `quantile`: the normal quantile of where the response lies in its distribution, drawn between P(Y < y) and P(Y <= y) where
 * that has steps. They are standard normal where the model is right, for every family, but for the parameters' being estimates:
 * - `cluster`: given an intercept drawn from its distribution given the cluster's responses (of a posterior fit: given one draw of
 *   everything). Independent of each other too. For families, links, and terms within clusters.
 * - `population`: with the intercept integrated out. Each is standard normal, those of a cluster hang together. For terms between
 *   clusters, and for the distribution of intercepts.
 *
 * The same seed gives the same residuals; look at several seeds before believing a pattern.
 *
 * Source: Dunn and Smyth (1996), JCGS 5; McCullagh and Nelder (1989), section 2.4; Johnson (2004), JASA 99 (posterior draws).
 * @throws GlmmcError `bad-fit`, `unknown-option`, `bad-option`; `no-distribution` for what a custom family's density does not
 *   tell, `bad-weights` for quantile residuals of weighted rows, `no-mean` where the mean or variance does not exist
 */
export function residuals(fit: Fit, options: ResidualOptions = {}): Float64Array {
  requireEstimatedFit('residuals()', fit);
  const { type, target, seed } = checkOptions(
    'residuals()',
    {
      type: v.optional(
        v.picklist(
          ['response', 'pearson', 'deviance', 'quantile'],
          "'response', 'pearson', 'deviance' or 'quantile'",
        ),
        'deviance',
      ),
      target: v.optional(v.picklist(['cluster', 'population'], "'cluster' or 'population'"), 'cluster'),
      seed: v.optional(anySeed(), DEFAULT_SEED),
    },
    options,
  );
  if (type === 'quantile') return quantileResiduals(fit, target, seed);
  const { model, parameters } = fit;
  const { family, design } = model;
  const { dispersion = 1 } = parameters;
  const means = predict(fit, undefined, { target, scale: 'response' });
  const deviationOf = type === 'pearson' ? deviations(fit, target, means) : () => 1;
  const found = Float64Array.from(means, ({ estimate: mu }, r) => {
    const [y, n, w] = [design.y[r], design.trials?.[r] ?? 1, design.weights?.[r] ?? 1];
    if (type === 'deviance') return devianceResidual(family, y, mu, n, w, dispersion);
    return ((type === 'pearson' ? Math.sqrt(w) : 1) * (y - n * mu)) / deviationOf(r);
  });
  const lacking = found.findIndex((value) => !Number.isFinite(value));
  if (lacking < 0) return found;
  if (!family.variance) throw noDistribution(fit, type, "type: 'response'");
  throw new GlmmcError(
    'no-mean',
    `residuals(): row ${design.keptRows[lacking] + 1} has no finite mean or variance under ${model.randomEffect.name} intercepts and the ${family.link.name} link; use type: 'quantile', which asks for neither`,
  );
}

/** The standard deviation of each row's response. @throws GlmmcError `no-distribution` */
function deviations(
  fit: Fit,
  target: 'cluster' | 'population',
  means: readonly { readonly estimate: number }[],
): (r: number) => number {
  const { model, parameters } = fit;
  const { family, design } = model;
  const { variance } = family;
  if (!variance) throw noDistribution(fit, 'pearson', "type: 'response'");
  const { dispersion = 1 } = parameters;
  const rows = predictionRows(model, undefined);
  const population = new PopulationMeans(model, parameters);
  return (r) => {
    const n = design.trials?.[r] ?? 1;
    const spread =
      target === 'population' ? population.variance(linearPredictor(rows, parameters.beta, r)) : 0;
    const { estimate: mu } = means[r];
    const [within] = expectedVariance(variance, [mu, 0, 0, 0], [spread, 0, 0, 0], dispersion);
    return Math.sqrt(n * within + n * n * spread);
  };
}

function quantileResiduals(fit: Fit, target: 'cluster' | 'population', seed: number | string): Float64Array {
  const { model } = fit;
  const tails = tailsOf(model.family);
  if (!tails) throw noDistribution(fit, 'quantile', "type: 'response'");
  const weighted = model.design.weights?.find((w) => w !== 1);
  if (weighted !== undefined) {
    throw new GlmmcError(
      'bad-weights',
      `residuals(): a weight multiplies a row's log density, which then is that of no distribution to have quantiles; expected a model without weights, found ${weighted}; use type: 'deviance', or data in long form`,
    );
  }
  const rows = predictionRows(model, undefined);
  const root = rng(seed).stream('residuals');
  const drawn = drawIntercepts(fit, root.stream('intercepts'));
  const within = root.stream('rows');
  return target === 'cluster'
    ? conditionalResiduals(fit, rows, tails, drawn, within)
    : marginalResiduals(fit, rows, tails, drawn.parameters, within);
}

function noDistribution({ model }: Fit, type: ResidualType, instead: string): GlmmcError {
  return new GlmmcError(
    'no-distribution',
    `residuals(): ${type} residuals need more of the family '${model.family.name}' than its log density tells; use ${instead}, or posteriorPredictive() with a statistic`,
  );
}
