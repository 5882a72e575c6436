// withinCluster(): how alike the members of a cluster are, on the scale of the responses and on the latent one.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { between, checkOptions, count } from '../../samplers/options.js';
import { digitsFor, table, wrap } from '../../samplers/text.js';
import type { DataSource } from '../data/table.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import type { Fit, LikelihoodFit, PosteriorFit } from '../estimate/fit.js';
import { PairExpectations } from '../likelihood/pair-moments.js';
import type { Parameters } from '../model/parameters.js';
import { DeltaMethod } from './delta.js';
import { chosenDraws, summarise } from './predict/by-draws.js';
import { linearPredictor, type PredictionRows, predictionRows } from './predict/rows.js';
import { halfWidth } from './predict/scale.js';
import {
  type LatentScale,
  latentIcc,
  latentScale,
  type Quantity,
  quantitiesOf,
} from './within-cluster/quantities.js';

/** One measure of how alike two units of a cluster are. */
export interface Association {
  readonly quantity: 'mean 1' | 'mean 2' | 'covariance' | 'correlation' | 'response ICC' | 'latent ICC';
  readonly definition: string;
  readonly estimate: number;
  /** NaN at sigma = 0, the end of the range. */
  readonly standardError: number;
  readonly lower: number;
  readonly upper: number;
}

/** Rows in the order of `Association['quantity']`; the latent ICC only where there is a latent scale, else `note` says why not. */
export interface Associations extends ReadonlyArray<Association> {
  readonly note: string;
  /** The text that people read. */
  toString(): string;
}

/** Options of `withinCluster()`. */
export interface WithinClusterOptions {
  /** 0.95 */
  readonly level?: number;
  /** Posterior fits: at most so many draws are used, spread evenly (4000). */
  readonly draws?: number;
}

/**
 * Two units of one cluster, given their covariates: Cov(Y_1, Y_2) = Cov(g^-1(eta_1 + eps), g^-1(eta_2 + eps)), which is positive
 * since both rise with eps, their correlation, and intraclass correlations: on the response scale that of two units
 * with the covariates of the first, Var(mu) / Var(Y); on the latent scale Var(eps) / (Var(eps) + residual variance), for links that
 * are thresholds of a latent variable, for gaussian responses, and for the logarithm of gamma ones. A unit of
 * binomial data is one trial. All integrals are certified to 1e-12.
 *
 * Intervals of likelihood fits: delta method with exact gradients, on the log scale for covariances and the logit scale for
 * correlations; of posterior fits: quantiles of the draws.
 *
 * Source: Goldstein, Browne, Rasbash (2002), Understanding Statistics 1; Nakagawa, Johnson, Schielzeth (2017), Interface 14.
 * @param units two rows of covariates (one: both units have them); left out: both units at the mean of the model's rows
 * @throws GlmmcError `bad-fit`, `unknown-option`, `bad-option`; `bad-units`; `no-variance` for a custom family; those of `design.apply`
 */
export function withinCluster(
  fit: Fit,
  units?: DataSource,
  options: WithinClusterOptions = {},
): Associations {
  requireEstimatedFit('withinCluster()', fit);
  const { level, draws } = checkOptions(
    'withinCluster()',
    { level: v.optional(between(0, 1), 0.95), draws: v.optional(count(1), 4000) },
    options,
  );
  const { family } = fit.model;
  if (!family.variance) {
    throw new GlmmcError(
      'no-variance',
      `withinCluster() needs the variance of a response by its mean, which the family '${family.name}' does not tell: its density is all that is known`,
    );
  }
  const pair = pairOf(fit, units);
  const scale = latentScale(fit.model);
  const rows =
    fit.kind === 'likelihood' ? byDelta(fit, pair, scale, level) : byDraws(fit, pair, scale, level, draws);
  const notes = [
    ...(scale ? [] : [noLatentScale(fit)]),
    ...(rows.every(({ estimate }) => Number.isFinite(estimate)) ? [] : [noMoments(fit)]),
    ...(fit.kind === 'likelihood' && fit.parameters.sigma === 0 ? [NO_SPREAD] : []),
  ];
  return dressed(rows, notes.join(' '));
}

const NO_SPREAD =
  'sigma is 0, the end of its range: covariances and correlations are 0, and have no standard errors.';

/** The two units as rows 0 and 1. @throws GlmmcError `bad-units` */
function pairOf({ model }: Fit, units: DataSource | undefined): PredictionRows {
  const rows = predictionRows(model, units);
  const p = model.coefficientNames.length;
  const take = (picked: readonly [number, number]): PredictionRows => ({
    ...rows,
    rows: 2,
    x: Float64Array.from(picked.flatMap((r) => [...rows.x.subarray(r * p, (r + 1) * p)])),
    offset: rows.offset && Float64Array.from(picked, (r) => rows.offset![r]),
  });
  if (units === undefined) {
    const x = new Float64Array(2 * p);
    let offset = 0;
    for (let r = 0; r < rows.rows; r++) {
      for (let j = 0; j < p; j++) x[j] += rows.x[r * p + j] / rows.rows;
      offset += (rows.offset?.[r] ?? 0) / rows.rows;
    }
    x.copyWithin(p, 0, p);
    return { ...rows, rows: 2, x, offset: Float64Array.of(offset, offset) };
  }
  const pair = rows.rows === 1 ? take([0, 0]) : take([0, 1]);
  const missing = [...pair.x, ...(pair.offset ?? [])].some(Number.isNaN);
  if (rows.rows < 1 || rows.rows > 2 || missing) {
    throw new GlmmcError(
      'bad-units',
      `withinCluster() takes the covariates of two units (or of one, for two alike) as its second argument, found ${rows.rows} rows${missing ? ' with missing values' : ''}; give for example { x: [0, 1] }`,
    );
  }
  return pair;
}

const DEFINITIONS = {
  'mean 1': 'E(Y1), over clusters',
  'mean 2': 'E(Y2), over clusters',
  covariance: 'Cov(Y1, Y2) = Cov(mu1, mu2) within a cluster',
  correlation: 'Corr(Y1, Y2) within a cluster',
  'response ICC': 'Var(mu1) / Var(Y1): the correlation of two units like the first',
} as const;

interface Named {
  readonly quantity: Association['quantity'];
  readonly definition: string;
  readonly value: Quantity;
}

function quantitiesAt(
  fit: Fit,
  pair: PredictionRows,
  scale: LatentScale | undefined,
  parameters: Parameters,
  tolerance?: number,
): Named[] {
  const { model } = fit;
  const moments = new PairExpectations(model, parameters, tolerance).at(
    linearPredictor(pair, parameters.beta, 0),
    linearPredictor(pair, parameters.beta, 1),
  );
  const of = quantitiesOf(moments, model.family.variance!, parameters.dispersion ?? 1);
  const named = (quantity: keyof typeof DEFINITIONS, value: Quantity): Named => ({
    quantity,
    definition: DEFINITIONS[quantity],
    value,
  });
  return [
    named('mean 1', of.mean1),
    named('mean 2', of.mean2),
    named('covariance', of.covariance),
    named('correlation', of.correlation),
    named('response ICC', of.responseIcc),
    ...(scale
      ? [
          {
            quantity: 'latent ICC' as const,
            definition: `Var(eps) / (Var(eps) + residual variance) of ${scale.definition}`,
            value: latentIcc(model, scale, parameters),
          },
        ]
      : []),
  ];
}

function byDelta(
  fit: LikelihoodFit,
  pair: PredictionRows,
  scale: LatentScale | undefined,
  level: number,
): Association[] {
  const { parameters, model } = fit;
  const delta = new DeltaMethod(fit);
  const p = parameters.beta.length;
  const z = halfWidth(level);
  return quantitiesAt(fit, pair, scale, parameters).map(({ quantity, definition, value }) => {
    const [estimate, eta1, eta2, sigma, dispersion] = value;
    const gradient = new Float64Array(delta.size);
    for (let j = 0; j < p; j++) gradient[j] = eta1 * pair.x[j] + eta2 * pair.x[p + j];
    gradient[p] = sigma;
    if (model.family.dispersion) gradient[p + 1] = dispersion;
    const isMean = quantity === 'mean 1' || quantity === 'mean 2';
    const atEnd = !isMean && parameters.sigma === 0;
    const standardError = atEnd ? Number.NaN : Math.sqrt(delta.variance(gradient));
    const [lower, upper] = interval(quantity, estimate, z * standardError, model.family.link);
    return { quantity, definition, estimate, standardError, lower, upper };
  });
}

/** Normal on a scale where the quantity has no bounds, carried back. */
function interval(
  quantity: Association['quantity'],
  estimate: number,
  half: number,
  link: Fit['model']['family']['link'],
): readonly [number, number] {
  if (quantity === 'mean 1' || quantity === 'mean 2') {
    const at = link.apply(estimate);
    const step = half / Math.abs(link.derivative(at));
    const ends = [link.inverse(at - step), link.inverse(at + step)];
    return [Math.min(...ends), Math.max(...ends)];
  }
  if (quantity === 'covariance') {
    const factor = Math.exp(half / estimate);
    return [estimate / factor, estimate * factor];
  }
  const odds = estimate / (1 - estimate);
  const factor = Math.exp(half / (estimate * (1 - estimate)));
  return [odds / factor / (1 + odds / factor), 1 / (1 + 1 / (odds * factor))];
}

function byDraws(
  fit: PosteriorFit,
  pair: PredictionRows,
  scale: LatentScale | undefined,
  level: number,
  most: number,
): Association[] {
  const perDraw = chosenDraws(fit, most).map(({ parameters }) =>
    quantitiesAt(fit, pair, scale, parameters, 1e-9),
  );
  return perDraw[0].map(({ quantity, definition }, k) => {
    const values = Float64Array.from(perDraw, (draw) => draw[k].value[0]);
    const { estimate, standardError, lower, upper } = summarise(values, level);
    return { quantity, definition, estimate, standardError, lower: lower!, upper: upper! };
  });
}

function noLatentScale({ model }: Fit): string {
  const { name, link } = model.family;
  return `No latent ICC: ${name} responses with the ${link.name} link are no function of a latent variable with a variance of its own.`;
}

function noMoments({ model }: Fit): string {
  return `Some of these do not exist: ${model.randomEffect.name} intercepts of this size give the means no variance.`;
}

function dressed(rows: Association[], note: string): Associations {
  const number = (row: Association, value: number): string => digitsFor(value, row.standardError / 10);
  const text = (): string =>
    [
      table(
        ['', 'Estimate', 'Std. Error', 'lower', 'upper'],
        rows.map((row) => [
          row.quantity,
          ...[row.estimate, row.standardError, row.lower, row.upper].map((value) => number(row, value)),
        ]),
      ),
      ...rows.flatMap(({ quantity, definition }) => wrap(`${quantity}: ${definition}.`, '  ', '    ')),
      ...(note === '' ? [] : wrap(note)),
    ].join('\n');
  return Object.defineProperties(rows, {
    note: { value: note, enumerable: false },
    toString: { value: text, enumerable: false },
  }) as unknown as Associations;
}
