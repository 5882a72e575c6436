// conditionalLogistic(): a logistic model with every cluster's intercept conditioned away instead of integrated out.
import { Matrix } from 'ml-matrix';
import { GlmmcError } from '../../samplers/errors.js';
import { chdtrc } from '../../samplers/special.js';
import { digitsFor, formatNumber, printable, table, wrap } from '../../samplers/text.js';
import { columnExtents } from '../data/extent.js';
import { dependentColumns } from '../data/rank.js';
import type { Estimate } from '../estimate/fit.js';
import { separationFinding } from '../estimate/separation.js';
import { findingLines, formatPValue, normalPValue } from '../estimate/summary.js';
import { requireModel } from '../model/arguments.js';
import type { Finding } from '../model/finding.js';
import type { Model } from '../model/model.js';
import { invertSymmetric } from '../numeric/cholesky.js';
import { maximise } from '../numeric/newton.js';
import { ConditionalLikelihood, type MatchedSets } from './conditional-logistic/likelihood.js';

/** What `conditionalLogistic()` gives. */
export interface ConditionalLogistic {
  /** Of the model that was handed in. */
  readonly formula: string;
  readonly clusterName: string;
  /** Of the coefficients that vary within clusters, in the model's order. */
  readonly estimates: readonly Estimate[];
  readonly covariance: Matrix;
  /** The exact conditional log-likelihood, with its constants where rows have several trials. */
  readonly logLik: number;
  /** Against all coefficients 0. */
  readonly likelihoodRatio: { readonly statistic: number; readonly df: number; readonly pValue: number };
  readonly clusters: number;
  /** Clusters that have both successes and failures: only these say something. */
  readonly informative: number;
  /** Coefficients that are conditioned away with the intercepts, or that others make up within clusters. */
  readonly notEstimable: readonly string[];
  readonly converged: boolean;
  readonly findings: readonly Finding[];
  /** The text that people read. */
  toString(): string;
}

/** A standard error that moves a linear predictor by more than this asks whether there is a finite estimate at all. */
const SUSPECT = 100;

/**
 * Conditional logistic regression of the model's rows, its clusters being the matched sets, of any size and with any number of
 * successes: the exact likelihood of which rows succeed, given how many do. It holds whatever the clusters' intercepts are, normal or
 * not, correlated with the covariates or not; what does not vary within clusters cannot be estimated. Rows of several trials are as
 * many units alike, and cluster weights multiply a set's log-likelihood.
 *
 * Sums over choices are exact, by a recursion of positive terms (`SymmetricSums`): a set of n units with s successes costs n s steps.
 *
 * Source: Breslow and Day (1980), section 7; Gail, Lubin, Rubinstein (1981), Biometrika 68. It is R's clogit(method = "exact").
 * @param model `glmm('y ~ x + (1 | set)', data, { family: binomial() })`
 * @throws GlmmcError `bad-model`; `no-conditional-likelihood` for other families, links, or rows with weights; `no-information` where
 *   no cluster has both successes and failures, or nothing varies within them
 */
export function conditionalLogistic(model: Model): ConditionalLogistic {
  requireModel('conditionalLogistic()', model);
  const { family, coefficientNames, clusters } = model;
  if (family.name !== 'binomial' || family.link.name !== 'logit' || model.design.weights) {
    throw new GlmmcError(
      'no-conditional-likelihood',
      `conditionalLogistic() needs binomial responses with the logit link and rows without weights, found ${family.name} with ${family.link.name}${model.design.weights ? ' and weights' : ''}: elsewhere no statistic of a cluster takes its intercept away; fit(model, quadrature()) integrates it out`,
    );
  }
  const kept = informativeSets(model);
  const columns = estimable(model, kept);
  if (kept.length === 0 || columns.length === 0) {
    throw new GlmmcError(
      'no-information',
      `conditionalLogistic() compares successes with failures of the same cluster, found ${kept.length === 0 ? 'no cluster that has both' : 'no covariate that varies within them'} among ${clusters.count} clusters`,
    );
  }
  const likelihood = new ConditionalLikelihood(setsOf(model, kept, columns));
  const q = columns.length;
  const start = new Float64Array(q);
  const result = maximise((point) => likelihood.at(point), start);
  const { value, hessian } = result.evaluation;
  const covariance = invertSymmetric(
    hessian.map((h) => -h),
    q,
  );
  const matrix = covariance ?? new Float64Array(q * q).fill(Number.NaN);
  const curvatures = columns.map((_, a) => Math.sqrt(matrix[a * q + a]));
  const suspect =
    !result.converged || columns.some((j, a) => !(curvatures[a] * clusters.extent[j] < SUSPECT));
  const separated = suspect ? separatedNames(likelihood, coefficientNames, columns) : [];
  const findings = separated.length > 0 ? [separationFinding(separated)] : [];
  // Of what runs to infinity the curvature says nothing.
  const errors = curvatures.map((error, a) =>
    separated.includes(coefficientNames[columns[a]]) ? Number.NaN : error,
  );
  const statistic = Math.max(0, 2 * (value - likelihood.at(start).value));
  const answer: Omit<ConditionalLogistic, 'toString'> = {
    formula: model.formula,
    clusterName: model.clusterName,
    estimates: columns.map((j, a) => ({
      name: coefficientNames[j],
      value: result.point[a],
      standardError: errors[a],
      monteCarloError: 0,
    })),
    covariance: Matrix.from1DArray(q, q, matrix),
    logLik: value,
    likelihoodRatio: { statistic, df: q, pValue: chdtrc(q, statistic) },
    clusters: clusters.count,
    informative: kept.length,
    notEstimable: coefficientNames.filter((_, j) => !columns.includes(j)),
    converged: result.converged && separated.length === 0,
    findings: [...model.findings.filter(({ code }) => code === 'rows-dropped'), ...findings],
  };
  return printable(answer, () => print(answer));
}

/** Clusters with weight, some success and some failure. */
function informativeSets({ clusters }: Model): number[] {
  const { count, starts, y, trials, clusterWeights } = clusters;
  return Array.from({ length: count }, (_, i) => i).filter((i) => {
    let successes = 0;
    let failures = 0;
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      successes += y[r];
      failures += trials[r] - y[r];
    }
    return clusterWeights[i] > 0 && successes > 0 && failures > 0;
  });
}

/** Columns that vary within the sets and that none before them make up there. */
function estimable({ clusters }: Model, kept: readonly number[]): number[] {
  const { columns: p, starts, x, varying, trials } = clusters;
  const candidates = Array.from(varying);
  const q = candidates.length;
  const rows: number[] = [];
  for (const i of kept) {
    let units = 0;
    const mean = new Float64Array(q);
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      units += trials[r];
      candidates.forEach((j, a) => {
        mean[a] += trials[r] * x[r * p + j];
      });
    }
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      candidates.forEach((j, a) => {
        const gap = x[r * p + j] - mean[a] / units;
        // A column that is constant here leaves rounding, which must not count as a direction.
        rows.push(Math.abs(gap) > 1e-12 * Math.abs(x[r * p + j]) ? gap : 0);
      });
    }
  }
  const centred = Float64Array.from(rows);
  const n = q === 0 ? 0 : centred.length / q;
  const extents = columnExtents(centred, n, q);
  const dependent = new Set(dependentColumns(centred, n, q, extents).map(({ column }) => column));
  return candidates.filter((_, a) => extents[a] > 0 && !dependent.has(a));
}

function setsOf({ clusters }: Model, kept: readonly number[], columns: readonly number[]): MatchedSets {
  const { columns: p, starts, x, y, trials, offset, clusterWeights } = clusters;
  const rows = kept.flatMap((i) =>
    Array.from({ length: starts[i + 1] - starts[i] }, (_, k) => starts[i] + k),
  );
  const sizes = kept.map((i) => starts[i + 1] - starts[i]);
  const from = new Int32Array(kept.length + 1);
  sizes.forEach((size, k) => {
    from[k + 1] = from[k] + size;
  });
  const pick = (source: Float64Array): Float64Array => Float64Array.from(rows, (r) => source[r]);
  return {
    q: columns.length,
    starts: from,
    x: Float64Array.from(rows.flatMap((r) => columns.map((j) => x[r * p + j]))),
    y: pick(y),
    trials: pick(trials),
    offset: pick(offset),
    weights: Float64Array.from(kept, (i) => clusterWeights[i]),
  };
}

function separatedNames(
  likelihood: ConditionalLikelihood,
  names: readonly string[],
  columns: readonly number[],
): string[] {
  const direction = likelihood.separation();
  if (!direction) return [];
  const largest = Math.max(...direction.map(Math.abs));
  return columns.filter((_, a) => Math.abs(direction[a]) > 1e-6 * largest).map((j) => names[j]);
}

function print(answer: Omit<ConditionalLogistic, 'toString'>): string {
  const { formula, clusterName, clusters, informative } = answer;
  const { estimates, logLik, likelihoodRatio, notEstimable, findings } = answer;
  const { statistic, df, pValue } = likelihoodRatio;
  return [
    ...wrap(`Conditional logistic regression, exact likelihood: ${formula}`),
    ...wrap(`${informative} of ${clusters} clusters of ${clusterName} have both successes and failures.`),
    '',
    table(
      ['', 'Estimate', 'Std. Error', 'z value', 'Pr(>|z|)', 'odds ratio'],
      estimates.map(({ name, value, standardError }) => [
        name,
        digitsFor(value, standardError / 100),
        digitsFor(standardError, standardError / 100),
        formatNumber(value / standardError, 2),
        formatPValue(normalPValue(value / standardError)),
        digitsFor(Math.exp(value), (Math.exp(value) * standardError) / 100),
      ]),
    ),
    '',
    ...wrap(
      `Conditional log-likelihood ${logLik.toFixed(4)}; all coefficients 0: ratio ${statistic.toFixed(2)} on ${df} df, p ${formatPValue(pValue)}`,
    ),
    ...(notEstimable.length > 0 ? wrap(`Not estimable within clusters: ${notEstimable.join(', ')}.`) : []),
    ...findingLines(findings),
  ].join('\n');
}
