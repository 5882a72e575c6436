// What one distribution of the intercepts makes of a model, beside the first one.
import { GlmmcError } from '../../../samplers/errors.js';
import type { Estimate, Fit } from '../../estimate/fit.js';
import { parameterCount } from '../../estimate/parameter-count.js';
import { ranef } from '../../inspect/ranef.js';
import { linearPredictors } from '../../likelihood/integrand.js';
import { marginal } from '../../likelihood/marginal.js';
import { PopulationMeans } from '../../likelihood/population-mean.js';
import type { Finding } from '../../model/finding.js';
import type { RandomEffect } from '../../model/random-effect.js';
import { kendall, spearman } from './rank-correlation.js';

/** A cluster that stands elsewhere than under the first distribution; 1 is the lowest intercept. */
export interface MovedCluster {
  readonly cluster: string;
  readonly from: number;
  readonly to: number;
}

/** What one distribution of the intercepts makes of a model, held against the first. */
export interface SensitivityRow {
  /** Its name with what was given to it: `student-t(4)`, `point-masses(3)`; numbered where several share it. */
  readonly distribution: string;
  /** Why there is no fit; everything else is then empty or NaN. */
  readonly refused?: { readonly code: string; readonly message: string };
  readonly estimates: readonly Estimate[];
  readonly converged: boolean;
  /** Of the intercepts: what compares across distributions, as sigma does not. Infinity where there is none. */
  readonly standardDeviation: number;
  /** Certified, at the estimate or the posterior mean; and less the first's. */
  readonly logLik: number;
  readonly deltaLogLik: number;
  /** NaN for draws. */
  readonly aic: number;
  readonly deltaAic: number;
  /** By coefficient: value less the first's, in the first's standard errors. */
  readonly shift: readonly number[];
  /** Mean response over the rows, intercepts integrated out. */
  readonly populationMean: number;
  /** By coefficient whose column varies: the slope of that mean in the column, averaged over the rows. */
  readonly averageSlopes: readonly { readonly name: string; readonly value: number }[];
  /** Correlations of the order of the clusters with that under the first distribution; NaN where there is no order. */
  readonly spearman: number;
  readonly kendall: number;
  /** Those that change place most, the farthest first. */
  readonly moved: readonly MovedCluster[];
  readonly findings: readonly Finding[];
  readonly milliseconds: number;
  readonly fit?: Fit;
}

/** Clusters that are named. */
const MOST_NAMED = 3;
/** Rows that averages are taken over: the same ones, evenly spaced, under every distribution. */
const MOST_ROWS = 5_000;

/** `student-t(4)`, `point-masses(3)`. */
export function nameOf({ name, points, tailDf }: RandomEffect): string {
  if (points) return `${name}(${points})`;
  return Number.isFinite(tailDf) ? `${name}(${tailDf})` : name;
}

/** What a row is held against. */
export interface First {
  readonly fit: Fit;
  readonly logLik: number;
  readonly aic: number;
  readonly ranks: readonly number[];
}

export function firstOf(fit: Fit): First {
  const logLik = logLikOf(fit);
  return { fit, logLik, aic: aicOf(fit, logLik), ranks: ranef(fit).map(({ rank }) => rank) };
}

export function sensitivityRow(distribution: string, fit: Fit, first: First): SensitivityRow {
  const { model, parameters, estimates } = fit;
  const logLik = fit === first.fit ? first.logLik : logLikOf(fit);
  const aic = aicOf(fit, logLik);
  const ranks = fit === first.fit ? first.ranks : ranef(fit).map(({ rank }) => rank);
  const moved = model.clusterLabels
    .map((cluster, i) => ({ cluster, from: first.ranks[i], to: ranks[i] }))
    .filter(({ from, to }) => from !== to)
    .sort((a, b) => Math.abs(b.to - b.from) - Math.abs(a.to - a.from))
    .slice(0, MOST_NAMED);
  const shift = model.coefficientNames.map((_, j) => {
    const { value, standardError } = first.fit.estimates[j];
    const by = estimates[j].value - value;
    return by === 0 ? 0 : by / standardError;
  });
  return {
    distribution,
    estimates,
    converged: fit.converged,
    standardDeviation: model.randomEffect.standardDeviation(parameters),
    logLik,
    deltaLogLik: logLik - first.logLik,
    aic,
    deltaAic: aic - first.aic,
    shift,
    ...populationAverages(fit),
    spearman: spearman(ranks, first.ranks),
    kendall: kendall(ranks, first.ranks),
    moved,
    findings: fit.findings,
    milliseconds: fit.milliseconds,
    fit,
  };
}

export function refusedRow(distribution: string, error: unknown): SensitivityRow {
  const refused = {
    code: error instanceof GlmmcError ? error.code : 'threw',
    message: error instanceof Error ? error.message : String(error),
  };
  const none = Number.NaN;
  return {
    distribution,
    refused,
    estimates: [],
    converged: false,
    standardDeviation: none,
    logLik: none,
    deltaLogLik: none,
    aic: none,
    deltaAic: none,
    shift: [],
    populationMean: none,
    averageSlopes: [],
    spearman: none,
    kendall: none,
    moved: [],
    findings: [],
    milliseconds: 0,
  };
}

function logLikOf(fit: Fit): number {
  return fit.kind === 'likelihood' ? fit.logLik : marginal(fit.model, fit.parameters).logLik;
}

function aicOf(fit: Fit, logLik: number): number {
  return fit.kind === 'likelihood' ? 2 * parameterCount(fit) - 2 * logLik : Number.NaN;
}

/** At the estimates, over the model's own rows, each as often as its weights say. */
function populationAverages({
  model,
  parameters,
}: Fit): Pick<SensitivityRow, 'populationMean' | 'averageSlopes'> {
  const { clusters, coefficientNames } = model;
  const { count, rows, columns, starts, x, weights, clusterWeights } = clusters;
  const means = new PopulationMeans(model, parameters);
  const eta = new Float64Array(rows);
  linearPredictors(clusters, parameters.beta, eta);
  const step = Math.ceil(rows / MOST_ROWS);
  let total = 0;
  let mean = 0;
  let slope = 0;
  for (let i = 0; i < count; i++) {
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      const weight = r % step === 0 ? clusterWeights[i] * weights[r] : 0;
      if (!(weight > 0)) continue;
      const at = means.at(eta[r]);
      total += weight;
      mean += weight * at.mean;
      slope += weight * at.slope;
    }
  }
  const varies = (j: number): boolean => {
    for (let r = 1; r < rows; r++) if (x[r * columns + j] !== x[j]) return true;
    return false;
  };
  return {
    populationMean: mean / total,
    averageSlopes: coefficientNames.flatMap((name, j) =>
      varies(j) ? [{ name, value: (slope / total) * parameters.beta[j] }] : [],
    ),
  };
}
