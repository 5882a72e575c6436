// betaBinomial(): regression of litters whose probability is beta distributed about a mean that follows the covariates.
import { Matrix } from 'ml-matrix';
import { GlmmcError } from '../../samplers/errors.js';
import { digitsFor, formatNumber, printable, table, wrap } from '../../samplers/text.js';
import type { Estimate } from '../estimate/fit.js';
import { ParameterSpace } from '../estimate/parameter-space.js';
import { pooledStart } from '../estimate/pooled-start.js';
import { separatedCoefficients, separationFinding } from '../estimate/separation.js';
import { findingLines, formatPValue, normalPValue } from '../estimate/summary.js';
import { requireModel } from '../model/arguments.js';
import type { Finding } from '../model/finding.js';
import type { ProbabilityLink } from '../model/link.js';
import type { Model } from '../model/model.js';
import { logBinomialCoefficient } from '../model/outcomes/constants.js';
import { invertSymmetric } from '../numeric/cholesky.js';
import { maximise } from '../numeric/newton.js';
import { BetaBinomialLikelihood, type LitterCounts } from './beta-binomial/likelihood.js';

/** What `betaBinomial()` gives. */
export interface BetaBinomial {
  /** Of the model that was handed in. */
  readonly formula: string;
  readonly link: string;
  readonly litters: number;
  /** Of the mean over litters, g(E p) = x' beta. */
  readonly beta: Float64Array;
  /** Intraclass correlation 1 / (a + b + 1): Var(y) = n mu (1 - mu) (1 + (n - 1) rho). */
  readonly rho: number;
  /** Coefficients, then `rho`. */
  readonly estimates: readonly Estimate[];
  readonly covariance: Matrix;
  /** With every constant, so that it compares with the mixed model's. */
  readonly logLik: number;
  readonly converged: boolean;
  readonly findings: readonly Finding[];
  /** The text that people read. */
  toString(): string;
}

/** Newton works on log phi; below this phi is 0 to the likelihood. */
const NO_PHI = 1e-9;
/** Where the search for phi starts, beside the moment estimate. */
const SMALLEST_START = 1e-3;

/**
 * Beta-binomial regression by maximum likelihood (Newton, exact derivatives): each cluster of the model is a litter, whose successes
 * are binomial with a probability drawn from a beta distribution of mean mu_i, g(mu_i) = x_i' beta, and intraclass correlation rho >= 0,
 * the same for all. Coefficients are those of the mean over litters (population averaged), where the mixed model's are those
 * within a litter. A litter's rows must have the same covariates; they are added up. Cluster weights multiply log-likelihoods.
 *
 * Source: Williams (1975), Biometrics 31; Crowder (1978), Applied Statistics 27; Prentice (1986), JASA 81.
 * @param model `glmm('y | trials(n) ~ x + (1 | litter)', data, { family: binomial() })`; any link but `log`
 * @throws GlmmcError `bad-model`; `no-beta-binomial` for other families, or rows with weights; `covariates-vary` within a litter;
 *   `no-information` where all litters have a single trial
 */
export function betaBinomial(model: Model): BetaBinomial {
  requireModel('betaBinomial()', model);
  const litters = littersOf(model);
  const { p } = litters;
  const q = p + 1;
  const likelihood = new BetaBinomialLikelihood(litters, model.family.link as ProbabilityLink);
  const start = pooledStart(model).beta;
  const flat = maximise((beta) => {
    const { value, gradient, hessian } = likelihood.at(beta, 0);
    const inner = Float64Array.from({ length: p * p }, (_, k) => hessian[Math.floor(k / p) * q + (k % p)]);
    return { value, gradient: gradient.slice(0, p), hessian: inner };
  }, Float64Array.from(start));
  // phi > 0 by its logarithm, from the moments' value and from a small one: the likelihood may have two maxima.
  const searches = [momentPhi(litters, model, flat.point), SMALLEST_START].map((phi) =>
    maximise(
      (point) => inLogPhi(likelihood, point, p),
      Float64Array.from([...flat.point, Math.log(Math.max(phi, SMALLEST_START))]),
    ),
  );
  const best = searches.reduce((a, b) => (b.evaluation.value > a.evaluation.value ? b : a));
  const rises = likelihood.at(flat.point, 0).gradient[p] > 0;
  const phi = Math.exp(best.point[p]);
  const boundary = phi < NO_PHI || (!rises && !(best.evaluation.value > flat.evaluation.value));
  const beta = boundary ? flat.point : best.point.slice(0, p);
  const size = boundary ? 0 : phi;
  const { value, hessian } = likelihood.at(beta, size);
  const free = boundary ? p : q;
  const inverse = invertSymmetric(
    Float64Array.from({ length: free * free }, (_, k) => -hessian[Math.floor(k / free) * q + (k % free)]),
    free,
  );
  // rho = phi / (1 + phi).
  const scale = (k: number): number => (k === p ? 1 / (1 + size) ** 2 : 1);
  const covariance = Float64Array.from({ length: q * q }, (_, k) => {
    const [a, b] = [Math.floor(k / q), k % q];
    if (!inverse || (boundary && (a === p || b === p))) return Number.NaN;
    return inverse[a * free + b] * scale(a) * scale(b);
  });
  const rho = size / (1 + size);
  const space = new ParameterSpace(model, { sigma: 0 });
  const separated = separatedCoefficients(space, flat.evaluation.hessian, flat.converged);
  const findings: Finding[] = [
    ...model.findings.filter(({ code }) => code === 'rows-dropped'),
    ...(separated.length > 0 ? [separationFinding(separated)] : []),
    ...(boundary ? [noSpread()] : []),
  ];
  const answer: Omit<BetaBinomial, 'toString'> = {
    formula: model.formula,
    link: model.family.link.name,
    litters: litters.weights.length,
    beta,
    rho,
    estimates: [...model.coefficientNames, 'rho'].map((name, k) => ({
      name,
      value: k === p ? rho : beta[k],
      // Of what runs to infinity the curvature says nothing.
      standardError: separated.includes(name) ? Number.NaN : Math.sqrt(covariance[k * q + k]),
      monteCarloError: 0,
    })),
    covariance: Matrix.from1DArray(q, q, covariance),
    logLik: value,
    converged:
      (boundary ? flat.converged : best.converged) && inverse !== undefined && separated.length === 0,
    findings,
  };
  return printable(answer, () => print(answer));
}

/** (beta, log phi): the chain rule on the natural derivatives. */
function inLogPhi(likelihood: BetaBinomialLikelihood, point: Float64Array, p: number) {
  const q = p + 1;
  const phi = Math.exp(point[p]);
  const { value, gradient, hessian } = likelihood.at(point, phi);
  const slope = gradient[p];
  for (let a = 0; a < p; a++) {
    hessian[p * q + a] *= phi;
    hessian[a * q + p] *= phi;
  }
  hessian[p * q + p] = phi * phi * hessian[p * q + p] + phi * slope;
  gradient[p] = phi * slope;
  return { value, gradient, hessian };
}

/** phi from Pearson's chi-square, whose terms have expectation 1 + (n - 1) rho. */
function momentPhi(
  { p, x, offset, y, trials, weights }: LitterCounts,
  { family }: Model,
  beta: Float64Array,
): number {
  let chiSquare = 0;
  let count = 0;
  let pairs = 0;
  for (let i = 0; i < weights.length; i++) {
    let eta = offset[i];
    for (let a = 0; a < p; a++) eta += x[i * p + a] * beta[a];
    const mu = family.link.inverse(eta);
    const variance = trials[i] * mu * (1 - mu);
    if (!(variance > 0)) continue;
    chiSquare += (weights[i] * (y[i] - trials[i] * mu) ** 2) / variance;
    count += weights[i];
    pairs += weights[i] * (trials[i] - 1);
  }
  const rho = Math.min(0.9, Math.max(0, (chiSquare - (count - p)) / pairs));
  return rho / (1 - rho);
}

/** @throws GlmmcError `no-beta-binomial`, `covariates-vary`, `no-information` */
function littersOf({ family, clusters, design, clusterLabels, clusterName }: Model): LitterCounts {
  if (family.name !== 'binomial' || family.link.name === 'log' || design.weights) {
    throw new GlmmcError(
      'no-beta-binomial',
      `betaBinomial() needs binomial responses, a link that allows every eta, and rows without weights, found ${family.name} with ${family.link.name}${design.weights ? ' and weights' : ''}; the mixed model takes them: fit(model, quadrature())`,
    );
  }
  const { count, columns: p, starts, x, offset, clusterWeights } = clusters;
  const y = new Float64Array(count);
  const trials = new Float64Array(count);
  let constant = 0;
  for (let i = 0; i < count; i++) {
    const first = starts[i];
    for (let r = first; r < starts[i + 1]; r++) {
      let same = offset[r] === offset[first];
      for (let a = 0; a < p; a++) same &&= x[r * p + a] === x[first * p + a];
      if (!same) {
        throw new GlmmcError(
          'covariates-vary',
          `betaBinomial() gives each litter one probability, so its rows must have the same covariates; those of ${clusterName} ${clusterLabels[i]} differ; the mixed model has no such need: fit(model, quadrature())`,
        );
      }
      y[i] += clusters.y[r];
      trials[i] += clusters.trials[r];
      constant += clusterWeights[i] * logBinomialCoefficient(clusters.y[r], clusters.trials[r]);
    }
  }
  if (trials.every((n) => n <= 1)) {
    throw new GlmmcError(
      'no-information',
      'betaBinomial() learns rho from litters of two trials or more, found none',
    );
  }
  const firsts = Array.from({ length: count }, (_, i) => starts[i]);
  return {
    p,
    x: Float64Array.from(firsts.flatMap((r) => [...x.subarray(r * p, (r + 1) * p)])),
    offset: Float64Array.from(firsts, (r) => offset[r]),
    y,
    trials,
    weights: clusterWeights,
    constant,
  };
}

function noSpread(): Finding {
  return {
    code: 'rho-boundary',
    severity: 'warning',
    message: 'The estimate of rho is 0: litters differ no more than chance makes them.',
    advice: 'The fit is that of the binomial model, and rho has no standard error.',
    where: ['rho'],
  };
}

function print({
  formula,
  link,
  litters,
  estimates,
  logLik,
  findings,
}: Omit<BetaBinomial, 'toString'>): string {
  return [
    ...wrap(`Beta-binomial regression (${link} link): ${formula}`),
    '',
    table(
      ['', 'Estimate', 'Std. Error', 'z value', 'Pr(>|z|)'],
      estimates.map(({ name, value, standardError }) => [
        name,
        digitsFor(value, standardError / 100),
        digitsFor(standardError, standardError / 100),
        // 0 is the end of rho's range: no z.
        ...(name === 'rho'
          ? ['', '']
          : [formatNumber(value / standardError, 2), formatPValue(normalPValue(value / standardError))]),
      ]),
    ),
    '',
    `Log-likelihood ${logLik.toFixed(4)} of ${litters} litters`,
    ...findingLines(findings),
  ].join('\n');
}
