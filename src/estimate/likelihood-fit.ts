// From a strategy's estimate to the LikelihoodFit that people get: certified log-likelihood, standard errors, findings.
import { Matrix } from 'ml-matrix';
import { quickselect } from 'simple-statistics';
import { DEFAULT_TOLERANCE } from '../likelihood/marginal.js';
import type { MarginalLikelihood } from '../likelihood/marginal-likelihood.js';
import { type Finding, someOf } from '../model/finding.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { invertSymmetric } from '../numeric/cholesky.js';
import { isEstimated } from './arguments.js';
import type { Estimate, FitTask, Landing, LikelihoodFit, Strategy } from './fit.js';
import { fitJson } from './fit-json.js';
import type { Iteration } from './maximum-likelihood.js';
import type { ParameterSpace } from './parameter-space.js';
import { likelihoodSummary } from './summary.js';

/** What a strategy knows of its answer. */
export interface Answer {
  readonly parameters: Parameters;
  readonly objective: number;
  readonly converged: boolean;
  /** sigma is at 0 because the data put it there. */
  readonly boundary: boolean;
  readonly findings: readonly Finding[];
  readonly history: readonly Iteration[];
  /** Hessian of what was maximised, in all natural parameters; that of the certified likelihood where absent. */
  readonly hessian?: Float64Array;
  /** Covariance of all estimates, where the strategy has its own. */
  readonly covariance?: Float64Array;
  /** Monte Carlo errors in the order of the estimates; zeros where absent. */
  readonly monteCarloErrors?: Float64Array;
  readonly landing?: Landing;
}

/** Evaluates the certified likelihood at the answer and puts the fit together. */
export function finishLikelihoodFit(
  strategy: Pick<Strategy, 'name' | 'settings'>,
  task: FitTask,
  likelihood: MarginalLikelihood,
  answer: Answer,
  tolerance: number = DEFAULT_TOLERANCE,
): LikelihoodFit {
  const { model, space } = task;
  const { parameters, boundary, landing } = answer;
  const defined = isEstimated(parameters);
  const logLik = defined
    ? likelihood.evaluate(parameters, { kind: 'certified', tolerance }, true)
    : Number.NaN;
  const hessian = answer.hessian ?? likelihood.hessian;
  const covariance =
    answer.covariance ?? covarianceOf(space, hessian, boundary, hasNoErrorOfDispersion(answer.findings));
  const findings = [
    ...model.findings,
    ...answer.findings,
    ...oneTrialEach(space, boundary),
    ...(defined ? certificate(likelihood, tolerance) : []),
    ...(covariance ? [] : [singularInformation()]),
  ];
  const size = space.names.length;
  const matrix = covariance ?? new Float64Array(size * size).fill(Number.NaN);
  const values = [...parameters.beta, parameters.sigma, parameters.dispersion ?? Number.NaN];
  const estimates: Estimate[] = space.names.map((name, k) => ({
    name,
    value: values[k],
    standardError: Math.sqrt(matrix[k * size + k]),
    monteCarloError: answer.monteCarloErrors?.[k] ?? 0,
  }));
  const fit: LikelihoodFit = {
    kind: 'likelihood',
    strategy: strategy.name,
    settings: strategy.settings,
    seed: task.seed,
    model,
    parameters,
    estimates,
    fixed: space.held,
    logLik,
    logLikError: defined ? likelihood.error : Number.NaN,
    nodes: likelihood.clusters.nodes.slice(),
    objective: answer.objective,
    covariance: Matrix.from1DArray(size, size, matrix),
    converged: answer.converged && !findings.some((finding) => finding.severity === 'error'),
    findings,
    history: answer.history,
    ...(landing && { landing }),
    milliseconds: performance.now() - task.startedAt,
    toString: () => likelihoodSummary(fit),
    toJSON: () => fitJson(fit),
  };
  return fit;
}

/** Where the likelihood rises with theta for ever, its curvature there means nothing. */
function hasNoErrorOfDispersion(findings: readonly Finding[]): boolean {
  return findings.some(({ code }) => code === 'theta-unbounded');
}

/**
 * Inverse of the observed information over the free parameters. Rows of fixed ones are 0; those of a sigma on its boundary
 * and of a dispersion without an error of its own are NaN, the others' being those with these two held. Undefined where
 * the information is not positive definite.
 */
export function covarianceOf(
  space: ParameterSpace,
  hessian: Float64Array,
  boundary: boolean,
  limit: boolean = false,
): Float64Array | undefined {
  const size = space.names.length;
  const p = space.model.coefficientNames.length;
  const undefinedOnes = [...(boundary ? [p] : []), ...(limit ? [p + 1] : [])];
  const inside = space.free.filter((k) => !undefinedOnes.includes(k));
  const information = Float64Array.from(
    { length: inside.length ** 2 },
    (_, k) => -hessian[inside[Math.floor(k / inside.length)] * size + inside[k % inside.length]],
  );
  const inverse = invertSymmetric(information, inside.length);
  if (!inverse) return undefined;
  const covariance = new Float64Array(size * size);
  inside.forEach((k, a) => {
    inside.forEach((l, b) => {
      covariance[k * size + l] = inverse[a * inside.length + b];
    });
  });
  for (const without of undefinedOnes) {
    for (let k = 0; k < size; k++) {
      covariance[without * size + k] = Number.NaN;
      covariance[k * size + without] = Number.NaN;
    }
  }
  return covariance;
}

/** The information is no covariance's inverse. */
export function singularInformation(): Finding {
  return {
    code: 'singular-information',
    severity: 'error',
    message: 'The observed information is not positive definite, so there are no standard errors.',
    advice: 'The estimate is not at a proper maximum: see the other findings, or give another start.',
  };
}

/**
 * With one success or failure a cluster the data say nothing of how alike the members of a cluster are: intercepts only
 * change the shape of the curve from 0 to 1, under probit by a factor on the coefficients that sigma makes up for.
 */
function oneTrialEach({ model, fixed }: ParameterSpace, boundary: boolean): Finding[] {
  const { count, starts, weights, trials } = model.clusters;
  if (model.family.name !== 'binomial' || fixed.sigma !== undefined) return [];
  for (let i = 0; i < count; i++) {
    let total = 0;
    for (let r = starts[i]; r < starts[i + 1]; r++) total += weights[r] > 0 ? trials[r] : 0;
    if (total > 1) return [];
  }
  return [
    {
      code: 'one-trial-clusters',
      severity: boundary ? 'warning' : 'error',
      message: `Every cluster by '${model.clusterName}' has a single trial, so sigma and the coefficients can hardly be told apart (with a probit link, not at all).`,
      advice:
        'Cluster by something coarser, hold sigma (fixed: { sigma: 0 }), or put a prior on it with gibbs().',
      where: ['sigma'],
    },
  ];
}

function certificate(likelihood: MarginalLikelihood, tolerance: number): Finding[] {
  const allowed = Math.max(tolerance, 1e-13 * Math.abs(likelihood.logLik));
  // Written so that NaN fails too.
  if (likelihood.error <= allowed) return [];
  return [
    {
      code: 'quadrature-not-certified',
      severity: 'error',
      message: `The log-likelihood is known to ${likelihood.error.toPrecision(2)} only; ${allowed.toPrecision(2)} was asked for.`,
      advice: 'Centre and scale the covariates; look for rows with extreme values.',
    },
  ];
}

/** The Laplace gap, in log units, from which it is worth a word. */
const WORTH_SAYING = 0.5;
/** The worst clusters that are named, by equal gaps a few more. */
const MOST_NAMED = 100;

/** Names the clusters where the Laplace approximation is off, by the last certified evaluation. */
export function laplaceGap(
  model: Model,
  likelihood: MarginalLikelihood,
  severity: Finding['severity'],
): Finding[] {
  const { laplace, logLik } = likelihood.clusters;
  const { clusterWeights } = model.clusters;
  const { count } = model.clusters;
  const gaps = new Float64Array(count);
  const sizes: number[] = new Array(count);
  let total = 0;
  for (let i = 0; i < count; i++) {
    gaps[i] = clusterWeights[i] * (laplace[i] - logLik[i]);
    sizes[i] = Math.abs(gaps[i]);
    total += gaps[i];
  }
  if (!(Math.abs(total) > WORTH_SAYING)) return [];
  const last = Math.max(0, sizes.length - MOST_NAMED);
  quickselect(sizes, last);
  const least = Math.max(Math.abs(total) / (10 * count), sizes[last]);
  const worst: number[] = [];
  for (let i = 0; i < count; i++) if (Math.abs(gaps[i]) >= least) worst.push(i);
  worst.sort((a, b) => Math.abs(gaps[b]) - Math.abs(gaps[a]));
  const labels = worst.map((i) => model.clusterLabels[i]);
  return [
    {
      code: 'laplace-inaccurate',
      severity,
      message: `The Laplace approximation of the log-likelihood is off by ${total.toFixed(2)} in all; most in clusters ${someOf(labels)} (${gaps[worst[0]].toFixed(3)} in the first).`,
      advice:
        severity === 'note'
          ? 'This fit does not use it; laplace(), and programs that do, will differ.'
          : 'Use quadrature(), which is exact.',
      where: labels,
    },
  ];
}
