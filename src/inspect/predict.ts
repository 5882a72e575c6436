// predict(): means and linear predictors for clusters, for the typical cluster, and for the population.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { anySeed, between, checkOptions, count } from '../../samplers/options.js';
import { digitsFor, table } from '../../samplers/text.js';
import type { DataSource } from '../data/table.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import { DEFAULT_SEED, type Fit } from '../estimate/fit.js';
import type { Finding } from '../model/finding.js';
import { DeltaPredictions, type PredictionScale, type PredictionTarget } from './predict/by-delta.js';
import { predictByDraws } from './predict/by-draws.js';
import { predictionRows, rowFindings } from './predict/rows.js';
import type { Prediction } from './predict/scale.js';

export type { Prediction } from './predict/scale.js';

/** Options of `predict()`. */
export interface PredictOptions {
  /** `cluster` (default): the row's own cluster; `typical`: eps = 0; `population`: eps integrated out. */
  readonly target?: PredictionTarget;
  /** `response` (default): the mean (a probability for binomial responses); `link`: its linear predictor. */
  readonly scale?: PredictionScale;
  /** true for intervals of level 0.95, or the level itself. */
  readonly interval?: boolean | number;
  /** Posterior fits: at most so many draws are used, spread evenly (4000). */
  readonly draws?: number;
  /** Posterior fits: of the intercepts of clusters that the fit has not seen. */
  readonly seed?: number | string;
}

/** Rows in the order of the data; `findings` and `toString` stand beside them, not among them. */
export interface Predictions extends ReadonlyArray<Prediction> {
  readonly findings: readonly Finding[];
  /** The text that people read. */
  toString(): string;
}

/**
 * Predictions for the model's own rows (those that were used), or for new data, which need neither response nor known clusters:
 * levels, scale(), center() and poly() are as the fit learnt them.
 *
 * `typical`: x' beta and its mean g^-1(x' beta). `population`: E[g^-1(x' beta + eps)] over the distribution of the
 * intercepts, by quadrature certified to 1e-12, and on the link scale g of that, the marginal linear predictor. `cluster`: from a
 * likelihood fit E[. | y_i] at the estimates (empirical Bayes), from a posterior fit the draws of eps_i. A cluster that the fit has
 * not seen has any intercept of the distribution: its mean is the population's, its standard error holds the clusters'
 * spread, and a finding says so.
 *
 * Standard errors of likelihood fits: the delta method with the exact gradient, to which the variance of eps_i given y_i
 * (or of the distribution) is added for `cluster`. A sigma on its boundary is taken as known. Intervals are normal on the
 * link scale and carried over, so that they stay in the range of means. Posterior fits: means, sds and quantiles of draws.
 * A mean that does not exist is Infinity or NaN, with a finding `no-mean` (log links under heavy tails).
 *
 * Source: Skrondal and Rabe-Hesketh (2009), JRSS A 172; Kass and Steffey (1989), JASA 84.
 * @param data columns, rows, or an Arrow-shaped table, as for glmm()
 * @throws GlmmcError `bad-fit`, `unknown-option`, `bad-option`, and for data those of `design.apply`
 */
export function predict(fit: Fit, data?: DataSource, options: PredictOptions = {}): Predictions {
  requireEstimatedFit('predict()', fit);
  const { target, scale, interval, draws, seed } = checkOptions(
    'predict()',
    {
      target: v.optional(
        v.picklist(['cluster', 'typical', 'population'], "'cluster', 'typical' or 'population'"),
        'cluster',
      ),
      scale: v.optional(v.picklist(['link', 'response'], "'link' or 'response'"), 'response'),
      interval: v.optional(
        v.union([v.boolean(), between(0, 1)], 'true, false or a level between 0 and 1'),
        false,
      ),
      draws: v.optional(count(1), 4000),
      seed: v.optional(anySeed(), DEFAULT_SEED),
    },
    options,
  );
  const level = interval === true ? 0.95 : interval === false ? undefined : interval;
  const { model, parameters } = fit;
  if (isOptions(data)) {
    throw new GlmmcError(
      'bad-option',
      'predict() takes data as its second argument and options as its third, found options in the second; write predict(fit, undefined, { ... }) for the rows of the fit',
    );
  }
  const rows = predictionRows(model, data);
  const findings = rowFindings(rows, parameters.beta, target === 'cluster');
  let predictions: Prediction[];
  if (fit.kind === 'posterior') {
    predictions = predictByDraws(fit, rows, target, scale, level, draws, seed);
  } else {
    const made = new DeltaPredictions(fit, rows);
    predictions = new Array<Prediction>(rows.rows);
    for (const r of inOrderOfClusters(rows.cluster)) predictions[r] = made.predict(r, target, scale, level);
  }
  const missing = findings.some(({ code }) => code === 'rows-missing');
  if (!missing && predictions.some(({ estimate }) => !Number.isFinite(estimate))) findings.push(noMean(fit));
  return dressed(predictions, findings);
}

function inOrderOfClusters(cluster: Int32Array): Uint32Array {
  return Uint32Array.from(cluster, (_, r) => r).sort((a, b) => cluster[a] - cluster[b] || a - b);
}

function isOptions(data: DataSource | undefined): boolean {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return false;
  const keys = Object.keys(data);
  const texts = keys.every((key) => !Array.isArray((data as Record<string, unknown>)[key]));
  return (
    keys.length > 0 &&
    texts &&
    keys.every((key) => ['target', 'scale', 'interval', 'draws', 'seed'].includes(key))
  );
}

function noMean({ model }: Fit): Finding {
  const { family, randomEffect } = model;
  return {
    code: 'no-mean',
    severity: 'warning',
    message: `Some means do not exist: under ${randomEffect.name} intercepts of this size the mean of the ${family.link.name} link's inverse is not finite.`,
    advice: "Predict the typical cluster (target: 'typical'), or fit normal() intercepts.",
  };
}

function dressed(predictions: Prediction[], findings: readonly Finding[]): Predictions {
  const text = (): string => print(predictions);
  return Object.defineProperties(predictions, {
    findings: { value: findings, enumerable: false },
    toString: { value: text, enumerable: false },
  }) as unknown as Predictions;
}

function print(rows: readonly Prediction[]): string {
  const withInterval = rows.some(({ lower }) => lower !== undefined);
  const number = (row: Prediction, value: number): string => digitsFor(value, row.standardError / 10);
  return table(
    ['', 'Estimate', 'Std. Error', ...(withInterval ? ['lower', 'upper'] : [])],
    rows.map((row, r) => [
      String(r + 1),
      number(row, row.estimate),
      number(row, row.standardError),
      ...(row.lower !== undefined && row.upper !== undefined
        ? [number(row, row.lower), number(row, row.upper)]
        : []),
    ]),
  );
}
