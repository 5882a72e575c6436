// sandwich(): standard errors that stay right where the model is wrong within clusters, by the spread of the clusters' scores.
import { Matrix } from 'ml-matrix';
import * as v from 'valibot';
import { checkOptions } from '../../samplers/options.js';
import { digitsFor, printable, table, wrap } from '../../samplers/text.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import type { Fit, LikelihoodFit } from '../estimate/fit.js';
import { singularInformation } from '../estimate/likelihood-fit.js';
import { findingLines } from '../estimate/summary.js';
import { clusterDerivatives } from '../likelihood/cluster-derivatives.js';
import type { Finding } from '../model/finding.js';
import { invertSymmetric } from '../numeric/cholesky.js';
import { estimatedFindings, estimatedSpace, observedInformation, requireScores } from './estimated.js';

/** Options of `sandwich()`. */
export interface SandwichOptions {
  /** `clusters` (default): times m / (m - 1) for m clusters; `none`. */
  readonly correction?: 'none' | 'clusters';
}

/** One parameter with its robust standard error beside that of the model. */
export interface SandwichEstimate {
  readonly name: string;
  readonly value: number;
  /** Robust; 0 where held fixed, NaN where there is none (sigma on its boundary). */
  readonly standardError: number;
  /** By the information alone, which the model vouches for. */
  readonly modelStandardError: number;
}

/** What `sandwich()` gives: the cluster-robust covariance, and estimates with errors by it. */
export interface Sandwich {
  /** In the order of the estimates: (beta, sigma, dispersion). */
  readonly covariance: Matrix;
  readonly estimates: readonly SandwichEstimate[];
  /** m, by their cluster weights. */
  readonly clusters: number;
  readonly findings: readonly Finding[];
  /** The text that people read. */
  toString(): string;
}

/** Fewer clusters than this make robust standard errors too small, and themselves uncertain. */
const FEW_CLUSTERS = 40;

/**
 * Cluster-robust covariance of the estimates, A^-1 B A^-1: A the observed information, B the sum over clusters of s s', s a
 * cluster's own score, both exact, by quadrature without error to speak of. It asks that clusters be independent, and nothing of
 * what is in them: where the model is wrong the estimates are those nearest to it (Kullback-Leibler), and these their standard
 * errors. Coefficients, sigma and dispersion are treated alike; at `fixed: { sigma: 0 }` it is the robust covariance of
 * generalised estimating equations with working independence. A cluster of weight w counts as w clusters alike. A sigma on its boundary
 * has no such error, and the others are told with it held there.
 *
 * Source: White (1982), Econometrica 50; Liang and Zeger (1986), Biometrika 73.
 * @throws GlmmcError `bad-fit` for posterior fits and quasi-likelihood, `unknown-option`, `bad-option`, `unsupported-effect` for
 *   point masses
 */
export function sandwich(fit: Fit, options: SandwichOptions = {}): Sandwich {
  requireEstimatedFit('sandwich()', fit);
  const { correction } = checkOptions(
    'sandwich()',
    { correction: v.optional(v.picklist(['none', 'clusters'], "'none' or 'clusters'"), 'clusters') },
    options,
  );
  requireScores(
    'sandwich()',
    fit,
    'its draws are no roots of scores: use sandwich() on a fit by quadrature()',
  );
  const { model, parameters, estimates, covariance: own } = fit;
  const weights = model.clusters.clusterWeights;
  const clusters = weights.reduce((sum, w) => sum + w, 0);
  const { free } = estimatedSpace(fit);
  const q = free.length;
  const derivatives = clusterDerivatives(model, parameters);
  const inverse = invertSymmetric(observedInformation(fit, free, derivatives), q);
  const meat = new Float64Array(q * q);
  derivatives.forEach(({ score }, i) => {
    free.forEach((k, a) => {
      free.forEach((l, b) => {
        meat[a * q + b] += weights[i] * score[k] * score[l];
      });
    });
  });
  const findings = [...estimatedFindings('sandwich()', fit), ...fewClusters(clusters, q)];
  if (!inverse) findings.push(singularInformation());
  const size = estimates.length;
  const covariance = new Matrix(size, size);
  const inner =
    inverse && sandwiched(inverse, meat, q, correction === 'clusters' ? clusters / (clusters - 1) : 1);
  estimates.forEach(({ name }, k) => {
    const a = free.indexOf(k);
    estimates.forEach((other, l) => {
      const b = free.indexOf(l);
      const fixed = fit.fixed.includes(name) || fit.fixed.includes(other.name);
      const value = fixed ? 0 : a < 0 || b < 0 || !inner ? Number.NaN : inner[a * q + b];
      covariance.set(k, l, value);
    });
  });
  const rows = estimates.map(({ name, value }, k) => ({
    name,
    value,
    standardError: Math.sqrt(covariance.get(k, k)),
    modelStandardError: Math.sqrt(own.get(k, k)),
  }));
  const answer = { covariance, estimates: rows, clusters, findings };
  return printable(answer, () => print(fit, answer));
}

/** factor * inverse meat inverse, symmetric to the last bit. */
function sandwiched(inverse: Float64Array, meat: Float64Array, q: number, factor: number): Float64Array {
  const a = Matrix.from1DArray(q, q, inverse);
  const product = a.mmul(Matrix.from1DArray(q, q, meat)).mmul(a);
  return Float64Array.from({ length: q * q }, (_, at) => {
    const [i, j] = [Math.floor(at / q), at % q];
    return (factor * (product.get(i, j) + product.get(j, i))) / 2;
  });
}

function fewClusters(clusters: number, parameters: number): Finding[] {
  if (clusters >= FEW_CLUSTERS) return [];
  const singular = clusters <= parameters;
  return [
    {
      code: 'few-clusters',
      severity: singular ? 'error' : 'warning',
      message: singular
        ? `${clusters} clusters have too few scores for ${parameters} parameters: their spread is not of full rank.`
        : `${clusters} clusters are few: robust standard errors are then too small on average, and uncertain.`,
      advice: 'Trust the model (the summary, profiles) or bootstrap() more, or widen intervals by Student t.',
    },
  ];
}

function print({ model }: LikelihoodFit, answer: Omit<Sandwich, 'toString'>): string {
  const { estimates, clusters, findings } = answer;
  return [
    `Cluster-robust standard errors (sandwich), ${clusters} clusters (${model.clusterName})`,
    '',
    table(
      ['', 'Estimate', 'Robust SE', 'Model SE', 'ratio'],
      estimates.map(({ name, value, standardError, modelStandardError }) => [
        name,
        digitsFor(value, standardError / 100),
        digitsFor(standardError, standardError / 1000),
        digitsFor(modelStandardError, modelStandardError / 1000),
        standardError > 0 ? (standardError / modelStandardError).toFixed(2) : '-',
      ]),
    ),
    '',
    ...wrap('Ratios far from 1 say that the model is wrong within clusters, or that clusters are few.'),
    ...findingLines(findings),
  ].join('\n');
}
