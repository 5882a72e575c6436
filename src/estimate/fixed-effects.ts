// fixedEffects(): one coefficient a cluster in place of a distribution, and the bias that comes with it.
import { GlmmcError } from '../../samplers/errors.js';
import { checkOptions } from '../../samplers/options.js';
import { MarginalLikelihood } from '../likelihood/marginal-likelihood.js';
import { requireDensity } from '../likelihood/supported.js';
import type { Finding } from '../model/finding.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { invertSymmetric } from '../numeric/cholesky.js';
import { type NewtonResult, newtonSteps } from '../numeric/newton.js';
import type { FitTask, LikelihoodFit, Strategy } from './fit.js';
import { assemble, type ClusterCoefficient } from './fixed-effects/assemble.js';
import { fixedEffectsFindings } from './fixed-effects/findings.js';
import { type Identified, identifiedColumns } from './fixed-effects/identified.js';
import { ProfileLikelihood } from './fixed-effects/profile.js';
import { finishLikelihoodFit } from './likelihood-fit.js';
import type { Iteration } from './maximum-likelihood.js';
import { pooledStart } from './pooled-start.js';
import { separatedWithinClusters, separationFinding } from './separation.js';
import { told } from './telling.js';

export type { ClusterCoefficient } from './fixed-effects/assemble.js';

/** A fit by `fixedEffects()`, with a coefficient a cluster. */
export interface FixedEffectsFit extends LikelihoodFit {
  /** In the order of `model.clusterLabels`. */
  readonly clusterCoefficients: readonly ClusterCoefficient[];
}

/**
 * Maximum likelihood with one coefficient a cluster, p + m in all, whatever the distribution of the intercepts is said to be: what
 * dummies for the clusters in a generalised linear model give, at the cost of the rows. `objective` is that
 * model's log-likelihood. For Gaussian identity it is the within estimator, for Poisson log the conditional likelihood's;
 * for others the estimates stay biased as clusters grow in number (Neyman and Scott 1948), twice the conditional ones for binary pairs
 * (Andersen 1970), which the finding `incidental-parameters` says. Terms that are constant within clusters are not identified:
 * NaN, with the finding `not-identified`; but an intercept without such terms is the mean of the clusters' coefficients. `sigma` is their
 * standard deviation, without an error, and `logLik` the marginal log-likelihood there.
 * @throws GlmmcError `unknown-option`; from fit() `bad-fixed` (sigma is no parameter here), `no-information` (no cluster says anything of
 *   any coefficient), `unsupported-family` (several maxima, or a linear predictor with bounds), `unsupported-effect` (no standard deviation)
 */
export function fixedEffects(options: Readonly<Record<string, never>> = {}): Strategy<FixedEffectsFit> {
  const settings = checkOptions('fixedEffects()', {}, options);
  const self = { name: 'fixed-effects', settings, run: (task: FitTask) => run(self, task) };
  return told(self, 'fixedEffects', options);
}

async function run(self: Pick<Strategy, 'name' | 'settings'>, task: FitTask): Promise<FixedEffectsFit> {
  const { model, space } = task;
  requireServed(task);
  await task.pause();
  const p = model.coefficientNames.length;
  const profile = new ProfileLikelihood(model);
  requireInformation(model, profile.informs);
  const free = space.free.filter((k) => k < p);
  const identified = identifiedColumns(model.clusters, profile.informs, free);
  const { kept } = identified;
  const history: Iteration[] = [];
  const { newton, parameters: at } = await climb(task, profile, identified, history);
  const q = newton.point.length;
  // In natural parameters, at the maximum.
  const information = profile.evaluate(at, kept).hessian.map((value) => -value);
  const v = invertSymmetric(information, q) ?? new Float64Array(q * q).fill(Number.NaN);
  const whole = assemble(model, profile, identified, free, at.beta, v);
  const parameters = { ...at, beta: whole.beta, sigma: whole.sigma };
  const names = (columns: readonly number[]): string[] => columns.map((j) => model.coefficientNames[j]);
  const suspect =
    !newton.converged || kept.some((j, a) => !(Math.sqrt(v[a * (q + 1)]) * identified.reach[j] < SUSPECT));
  const separated = suspect ? separatedWithinClusters(model, profile.informs, kept) : [];
  const told = kept.filter((j) => !whole.unidentified.includes(j));
  const said = fixedEffectsFindings({
    model,
    ends: profile.ends,
    unidentified: names(whole.unidentified),
    told: told.map((j) => ({
      name: model.coefficientNames[j],
      value: whole.beta[j],
      standardError: Math.sqrt(whole.covariance[j * (space.names.length + 1)]),
    })),
    dispersion: at.dispersion,
  });
  const base = finishLikelihoodFit(self, task, new MarginalLikelihood(model), {
    parameters,
    objective: newton.evaluation.value,
    converged: newton.converged,
    boundary: false,
    findings: [...trouble(newton, separated), ...said],
    history,
    covariance: whole.covariance,
  });
  const own = { clusterCoefficients: whole.coefficients };
  return { ...base, ...own, toJSON: () => ({ ...(base.toJSON() as object), ...own }) };
}

/** The maximum over the kept coefficients and log dispersion. */
async function climb(
  task: FitTask,
  profile: ProfileLikelihood,
  { kept, reach }: Identified,
  history: Iteration[],
): Promise<{ newton: NewtonResult; parameters: Parameters }> {
  const { model, space } = task;
  const from = space.hold(task.start ?? pooledStart(model));
  const beta = from.beta.map((value, j) => (space.free.includes(j) && !kept.includes(j) ? 0 : value));
  const start: Parameters = { ...from, beta, sigma: 0 };
  const b = kept.length;
  const unpack = (point: Float64Array): Parameters => {
    const moved = beta.slice();
    kept.forEach((j, a) => {
      moved[j] = point[a];
    });
    return { ...start, beta: moved, ...(point.length > b && { dispersion: Math.exp(point[b]) }) };
  };
  const search = newtonSteps(
    (point) => {
      const parameters = unpack(point);
      const { value, gradient, hessian } = profile.evaluate(parameters, kept);
      const q = point.length;
      if (q > b) {
        // To the logarithm of the dispersion.
        const phi = parameters.dispersion!;
        for (let a = 0; a < b; a++) {
          hessian[a * q + b] *= phi;
          hessian[b * q + a] *= phi;
        }
        gradient[b] *= phi;
        hessian[b * q + b] = phi * phi * hessian[b * q + b] + gradient[b];
      }
      return { value, gradient, hessian };
    },
    Float64Array.of(
      ...kept.map((j) => beta[j]),
      ...(start.dispersion === undefined ? [] : [Math.log(start.dispersion)]),
    ),
    {
      allowed(step) {
        const shift = kept.reduce((sum, j, a) => sum + Math.abs(step[a]) * reach[j], 0);
        const longest = model.family.link.name === 'identity' ? Number.POSITIVE_INFINITY : LONGEST_SHIFT;
        const logStep = step.length > b ? Math.abs(step[b]) : 0;
        return Math.min(1, longest / shift, LONGEST_LOG_STEP / logStep);
      },
      onStep(point, { value: objective }) {
        history.push({ iteration: history.length + 1, objective, parameters: unpack(point) });
        task.onProgress({ stage: 'newton', done: history.length, detail: { logLik: objective } });
        return true;
      },
    },
  );
  for (;;) {
    await task.pause();
    const { done, value } = search.next();
    if (done) return { newton: value, parameters: unpack(value.point) };
  }
}

/** Longest steps: of a row's predictor within its cluster, and of the log dispersion. */
const LONGEST_SHIFT = 20;
const LONGEST_LOG_STEP = 1.5;
/** A coefficient whose standard error moves rows within a cluster by more than this is suspected to run to infinity. */
const SUSPECT = 1000;

function trouble(newton: NewtonResult, separated: readonly string[]): Finding[] {
  if (separated.length > 0) return [separationFinding(separated)];
  if (newton.converged) return [];
  return [
    {
      code: 'not-converged',
      severity: 'error',
      message: `The search stopped after ${newton.iterations} steps short of a maximum.`,
      advice: 'Give a start near the answer (start), or centre and scale the covariates.',
    },
  ];
}

/** @throws GlmmcError `bad-fixed`, `unsupported-family`, `unsupported-effect` */
function requireServed({ model, space }: FitTask): void {
  const { family, randomEffect } = model;
  if (space.fixed.sigma !== undefined) {
    throw new GlmmcError(
      'bad-fixed',
      `fixedEffects() has a coefficient a cluster and no sigma to hold, found fixed.sigma = ${space.fixed.sigma}; use pooled() for sigma = 0, quadrature() for another`,
    );
  }
  const bounded = family.traits.domain.some(Number.isFinite);
  if (bounded || !family.traits.logConcave) {
    const why = bounded
      ? 'has means for some linear predictors only, so that coefficients of clusters end where these do'
      : 'is not log-concave in the linear predictor, so that there may be several maxima a cluster';
    throw new GlmmcError(
      'unsupported-family',
      `fixedEffects() needs one maximum a cluster; ${family.name} with the ${family.link.name} link ${why}; use quadrature()`,
    );
  }
  requireDensity('fixedEffects()', model);
  if (!Number.isFinite(randomEffect.standardDeviation({ beta: new Float64Array(0), sigma: 1 }))) {
    throw new GlmmcError(
      'unsupported-effect',
      `fixedEffects() tells sigma by the standard deviation of the clusters' coefficients, and ${randomEffect.name} intercepts have none; use normal(), with which the other estimates are the same`,
    );
  }
}

/** @throws GlmmcError `no-information` */
function requireInformation(model: Model, informs: Uint8Array): void {
  const finite = informs.reduce((sum, one) => sum + one, 0);
  if (finite >= 2) return;
  throw new GlmmcError(
    'no-information',
    `fixedEffects() expected at least two clusters by '${model.clusterName}' with a finite coefficient, found ${finite}: the rows of the others are all of one kind; use quadrature() or coarser clusters`,
  );
}
