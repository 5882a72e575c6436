// marginalCoefficients(): what each coefficient becomes once the clusters are averaged over.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { between, checkOptions, count } from '../../samplers/options.js';
import { digitsFor, printable, table } from '../../samplers/text.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import type { Fit, LikelihoodFit } from '../estimate/fit.js';
import { PopulationMeans } from '../likelihood/population-mean.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { choleskyInPlace, choleskySolve } from '../numeric/cholesky.js';
import { DeltaMethod } from './delta.js';
import { chosenDraws, summarise } from './predict/by-draws.js';
import { linearPredictor, type PredictionRows, predictionRows } from './predict/rows.js';
import { halfWidth } from './predict/scale.js';

/** One coefficient, for a cluster and for the population. */
export interface MarginalCoefficient {
  readonly name: string;
  /** The coefficient of the mixed model: for one cluster. */
  readonly conditional: number;
  /** The coefficient of the population mean on the scale of the link. */
  readonly marginal: number;
  readonly standardError: number;
  readonly lower: number;
  readonly upper: number;
  /** marginal / conditional. */
  readonly attenuation: number;
}

/** Options of `marginalCoefficients()`. */
export interface MarginalCoefficientsOptions {
  /** Of the intervals (0.95). */
  readonly level?: number;
  /** Draws of a posterior fit that are used, at most (1000). */
  readonly draws?: number;
}

/** One row a coefficient; `toString` is the table that people read. */
export interface MarginalCoefficients extends ReadonlyArray<MarginalCoefficient> {
  /** The text that people read. */
  toString(): string;
}

/**
 * The coefficients of the population: the marginal linear predictor g(E[mu]) of the data's rows, certified by quadrature,
 * regressed on the same covariates (each row as often as its trials and weights say). Where the marginal predictor is
 * linear (identity and log links, probit with normal, logit with bridge intercepts) that is exact; elsewhere the nearest
 * linear one, as a marginal model fitted to the same rows would find. Errors by the delta method with the exact gradient,
 * or from the draws.
 *
 * Source: Hedeker, du Toit, Demirtas and Gibbons (2018), Biometrics 74, 354-361.
 * @throws GlmmcError `bad-fit`, `unknown-option`, `bad-option`; `no-mean` where the population has no mean
 */
export function marginalCoefficients(
  fit: Fit,
  options: MarginalCoefficientsOptions = {},
): MarginalCoefficients {
  requireEstimatedFit('marginalCoefficients()', fit);
  const { level, draws } = checkOptions(
    'marginalCoefficients()',
    { level: v.optional(between(0, 1), 0.95), draws: v.optional(count(2), 1000) },
    options,
  );
  const { model, parameters } = fit;
  const regression = new Regression(model);
  const found =
    fit.kind === 'likelihood' ? byDelta(fit, regression, level) : byDraws(fit, regression, level, draws);
  const rows = found.map((row, j): MarginalCoefficient => {
    if (!Number.isFinite(row.marginal)) {
      throw new GlmmcError(
        'no-mean',
        `marginalCoefficients(): under ${model.randomEffect.name} intercepts of this size the mean of the ${model.family.link.name} link's inverse is not finite; fit normal() intercepts`,
      );
    }
    const conditional = parameters.beta[j];
    return { name: model.coefficientNames[j], conditional, ...row, attenuation: row.marginal / conditional };
  });
  // Not enumerable: for every other purpose this is an array of plain rows.
  return printable(rows, () => print(rows));
}

type Found = Pick<MarginalCoefficient, 'marginal' | 'standardError' | 'lower' | 'upper'>;

function byDelta(fit: LikelihoodFit, regression: Regression, level: number): Found[] {
  const { coefficients, slopes } = regression.at(fit.parameters);
  const delta = new DeltaMethod(fit);
  return Array.from(coefficients, (marginal, j) => {
    const gradient = new Float64Array(delta.size);
    slopes.forEach((slope, a) => {
      gradient[a] = slope[j];
    });
    const standardError = Math.sqrt(delta.variance(gradient));
    const half = halfWidth(level) * standardError;
    return { marginal, standardError, lower: marginal - half, upper: marginal + half };
  });
}

function byDraws(
  fit: Exclude<Fit, LikelihoodFit>,
  regression: Regression,
  level: number,
  most: number,
): Found[] {
  const found = chosenDraws(fit, most).map(({ parameters }) => regression.at(parameters).coefficients);
  return fit.model.coefficientNames.map((_, j) => {
    const { estimate, standardError, lower, upper } = summarise(
      Float64Array.from(found, (one) => one[j]),
      level,
    );
    return { marginal: estimate, standardError, lower: lower!, upper: upper! };
  });
}

/** Weighted least squares of marginal predictors on the covariates of the model's own rows. */
class Regression {
  private readonly model: Model;
  private readonly rows: PredictionRows;
  private readonly p: number;
  /** Weight of each pattern of covariates. */
  private readonly weights: Float64Array;
  /** Cholesky factor of X'WX. */
  private readonly factor: Float64Array;

  constructor(model: Model) {
    this.model = model;
    const p = model.coefficientNames.length;
    this.p = p;
    this.rows = predictionRows(model, undefined);
    const { first, pattern, x } = this.rows;
    const { trials, weights, cluster, clusterWeights } = model.design;
    this.weights = new Float64Array(first.length);
    pattern.forEach((k, r) => {
      this.weights[k] += (trials?.[r] ?? 1) * (weights?.[r] ?? 1) * (clusterWeights?.[cluster[r]] ?? 1);
    });
    this.factor = new Float64Array(p * p);
    first.forEach((r, k) => {
      for (let i = 0; i < p; i++)
        for (let j = 0; j <= i; j++) this.factor[i * p + j] += this.weights[k] * x[r * p + i] * x[r * p + j];
    });
    // The design has full rank among rows with weight, or there would be no model.
    choleskyInPlace(this.factor, p);
  }

  /** The coefficients, and how each of them moves with each of (beta, sigma). */
  at(parameters: Parameters): { readonly coefficients: Float64Array; readonly slopes: Float64Array[] } {
    const { model, rows, p, weights } = this;
    const { x, first, offset } = rows;
    const means = new PopulationMeans(model, parameters);
    const coefficients = new Float64Array(p);
    const slopes = Array.from({ length: p + 1 }, () => new Float64Array(p));
    first.forEach((r, k) => {
      const { value, slope, sigmaSlope } = means.predictorAt(linearPredictor(rows, parameters.beta, r));
      for (let j = 0; j < p; j++) {
        const wx = weights[k] * x[r * p + j];
        coefficients[j] += wx * (value - (offset?.[r] ?? 0));
        for (let a = 0; a < p; a++) slopes[a][j] += wx * slope * x[r * p + a];
        slopes[p][j] += wx * sigmaSlope;
      }
    });
    for (const vector of [coefficients, ...slopes]) choleskySolve(this.factor, p, vector);
    return { coefficients, slopes };
  }
}

function print(rows: readonly MarginalCoefficient[]): string {
  return table(
    ['', 'Conditional', 'Marginal', 'Std. Error', 'lower', 'upper', 'attenuation'],
    rows.map((row) => {
      const number = (value: number): string => digitsFor(value, row.standardError / 10);
      return [
        row.name,
        ...[row.conditional, row.marginal, row.standardError, row.lower, row.upper].map(number),
        row.attenuation.toFixed(3),
      ];
    }),
  );
}
