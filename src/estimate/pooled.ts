// pooled(): the generalised linear model that ignores the clusters, and what that costs.

import { GlmmcError } from '../../samplers/errors.js';
import { checkOptions } from '../../samplers/options.js';
import { DEFAULT_TOLERANCE } from '../likelihood/marginal.js';
import { MarginalLikelihood } from '../likelihood/marginal-likelihood.js';
import { normal } from '../model/effects/normal.js';
import type { Finding } from '../model/finding.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { choleskyInPlace, invertSymmetric } from '../numeric/cholesky.js';
import type { FitTask, LikelihoodFit, Strategy } from './fit.js';
import { finishLikelihoodFit } from './likelihood-fit.js';
import { maximumLikelihood } from './maximum-likelihood.js';
import type { ParameterSpace } from './parameter-space.js';
import { ClusterScores, type HeterogeneityTest } from './pooled/cluster-scores.js';
import { told } from './telling.js';

export type { HeterogeneityTest } from './pooled/cluster-scores.js';

/** A fit by `pooled()`, with what ignoring the clusters costs. */
export interface PooledFit extends LikelihoodFit {
  /** The score test that the clusters do not differ (sigma = 0). */
  readonly heterogeneity: HeterogeneityTest;
  /** Cluster-robust standard errors in the order of `estimates`; 0 where held fixed, NaN where there are none. */
  readonly robustStandardErrors: readonly number[];
}

/**
 * The generalised linear model of the rows as if they were independent: maximum likelihood with sigma held at 0. Its coefficients are
 * those of the population's mean: with an intercept a cluster they are nearer to 0 than a cluster's own (Zeger, Liang and
 * Albert 1988), but for identity and log links, where only the intercept moves. Its standard errors take every row for news: those of
 * terms that are constant within clusters are too small. The finding `clusters-ignored` puts numbers to it: a score test
 * of sigma = 0, and cluster-robust standard errors beside those printed.
 * @throws GlmmcError `unknown-option`; from fit() `bad-fixed` where sigma is held elsewhere than at 0
 */
export function pooled(options: Readonly<Record<string, never>> = {}): Strategy<PooledFit> {
  const settings = checkOptions('pooled()', {}, options);
  const self = { name: 'pooled', settings, run: (task: FitTask) => run(self, task) };
  return told(self, 'pooled', options);
}

async function run(self: Pick<Strategy, 'name' | 'settings'>, given: FitTask): Promise<PooledFit> {
  const { sigma } = given.space.fixed;
  if (sigma !== undefined && sigma !== 0) {
    throw new GlmmcError(
      'bad-fixed',
      `pooled() is the fit with sigma = 0, found fixed.sigma = ${sigma}; use quadrature() to hold it there`,
    );
  }
  const task = { ...given, space: given.space.withSigma(0) };
  const { model, space } = task;
  await task.pause();
  // At sigma = 0 all distributions of the intercepts are the same mass at 0.
  const { points } = model.randomEffect;
  const likelihood = new MarginalLikelihood(points ? { ...model, randomEffect: normal() } : model);
  await likelihood.employ(task.workers);
  try {
    const rule = { kind: 'certified', tolerance: DEFAULT_TOLERANCE } as const;
    const maximum = await maximumLikelihood(likelihood, space, rule, {
      pause: () => task.pause(),
      ...(task.start && { start: { ...task.start, sigma: 0 } }),
      onStep: ({ iteration, objective }) =>
        task.onProgress({ stage: 'newton', done: iteration, detail: { logLik: objective } }),
    });
    const parameters = { ...maximum.parameters, ...(points && { shape: Float64Array.of(0, 1) }) };
    const objective = likelihood.evaluate(maximum.parameters, rule, true);
    const sound = maximum.converged && !maximum.findings.some(({ severity }) => severity === 'error');
    const cost = sound ? whatItCosts(model, parameters, likelihood.hessian, space) : unknownCost(space);
    const findings = [...maximum.findings, ...(sound ? [ignored(model, cost)] : [])];
    const base = finishLikelihoodFit(self, task, likelihood, { ...maximum, parameters, objective, findings });
    const own = { heterogeneity: cost.heterogeneity, robustStandardErrors: cost.robust };
    return { ...base, ...own, toJSON: () => ({ ...(base.toJSON() as object), ...own }) };
  } finally {
    likelihood.release();
  }
}

interface Cost {
  readonly heterogeneity: HeterogeneityTest;
  /** In the order of the estimates. */
  readonly robust: readonly number[];
  /** Over the printed standard errors, coefficients that are free alone. */
  readonly ratios: readonly number[];
}

/** Where there is no maximum. */
function unknownCost({ names }: ParameterSpace): Cost {
  return {
    heterogeneity: { z: Number.NaN, pValue: Number.NaN },
    robust: names.map(() => Number.NaN),
    ratios: [],
  };
}

function whatItCosts(
  model: Model,
  parameters: Parameters,
  hessian: Float64Array,
  space: ParameterSpace,
): Cost {
  const { free, names } = space;
  const p = model.coefficientNames.length;
  const q = free.length;
  const information = Float64Array.from(
    { length: q * q },
    (_, k) => -hessian[free[Math.floor(k / q)] * names.length + free[k % q]],
  );
  const inverse = invertSymmetric(information, q);
  const scores = new ClusterScores(model, parameters);
  if (!inverse || !choleskyInPlace(information, q)) {
    return { heterogeneity: scores.heterogeneity, robust: names.map(() => Number.NaN), ratios: [] };
  }
  // Without sigma the dispersion follows the coefficients.
  const places = free.map((k) => Math.min(k, p));
  const robust = scores.robust(information, places);
  return {
    heterogeneity: scores.heterogeneity,
    robust: names.map((_, k) => (free.includes(k) ? robust[free.indexOf(k)] : 0)),
    ratios: free.flatMap((k, a) => (k < p ? [robust[a] / Math.sqrt(inverse[a * (q + 1)])] : [])),
  };
}

/** Below this the test says that the clusters differ. */
const DIFFERENT = 0.05;

function ignored(model: Model, { heterogeneity, ratios }: Cost): Finding {
  const { z, pValue } = heterogeneity;
  const differ = pValue < DIFFERENT;
  const test = Number.isNaN(z)
    ? 'No score test of sigma = 0: it needs clusters of two rows (or trials) and more.'
    : `The score test of sigma = 0 ${differ ? 'says that they differ' : 'does not say that they differ'}: z = ${z.toFixed(2)}, one-sided p ${pText(pValue)}.`;
  const errors =
    ratios.length > 0
      ? ` Standard errors take the rows for independent; cluster-robust ones are ${spanText(ratios)} times as large.`
      : '';
  return {
    code: 'clusters-ignored',
    severity: differ ? 'warning' : 'note',
    message: `The clusters by '${model.clusterName}' are ignored. ${test}${errors} ${meaningOf(model)}`,
    advice: 'Use quadrature() for the model with intercepts; compare() sets both side by side.',
    where: ['sigma'],
  };
}

/** What the coefficients are where there are intercepts after all. */
function meaningOf({ family }: Model): string {
  const { name } = family.link;
  if (name === 'identity') return 'Where clusters differ the coefficients are still those of a cluster.';
  if (name === 'log')
    return 'Where clusters differ the intercept is that of the mean of all; slopes stay what they are.';
  return 'Where clusters differ the coefficients are those of the mean of all, attenuated: as a rule nearer to 0 than within a cluster.';
}

function spanText(ratios: readonly number[]): string {
  const [least, most] = [Math.min(...ratios).toFixed(2), Math.max(...ratios).toFixed(2)];
  return least === most ? least : `${least} to ${most}`;
}

function pText(p: number): string {
  if (p < 1e-15) return '< 1e-15';
  return p < 1e-4 ? `= ${p.toExponential(1)}` : `= ${p.toFixed(4)}`;
}
