// What the tests of posteriors share: reference posteriors, models, and draws held against exact answers.
import { readFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { pooled } from '../samplers/diagnostics/chains.js';
import { mean, quantile, sd } from '../samplers/diagnostics/descriptive.js';
import { essBulk } from '../samplers/diagnostics/ess.js';
import { mcseMean, mcseQuantile, mcseSd } from '../samplers/diagnostics/mcse.js';
import { rhat } from '../samplers/diagnostics/rhat.js';
import { allChains, type Draws } from '../samplers/draws.js';
import { fit, type PosteriorFit, type Strategy } from '../src/estimate/fit.js';
import type { QuadraturePosterior } from '../src/estimate/quadrature-posterior.js';
import { binomial, gaussian, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import { shipped } from './helpers.js';

/** One parameter of an exact posterior with the errors of its numbers. */
export interface Exact {
  readonly name: string;
  readonly mean: number;
  readonly sd: number;
  readonly meanError: number;
  readonly sdError: number;
  readonly q5?: number;
  readonly q50?: number;
  readonly q95?: number;
}

interface ReferenceFile {
  readonly formula: string;
  readonly posterior: {
    readonly logEvidence: number;
    readonly parameters: readonly {
      readonly name: string;
      readonly mean: number;
      readonly sd: number;
      readonly mcseMean: number;
      readonly mcseSd?: number;
      readonly q5: number;
      readonly q50: number;
      readonly q95: number;
    }[];
    readonly clusters?: readonly { readonly cluster: string; readonly mean: number; readonly sd: number }[];
  };
}

/** The reference posterior of a data set (test/data/reference): importance sampling with 60,000 to 200,000 draws. */
export function reference(name: string): ReferenceFile {
  return JSON.parse(readFileSync(new URL(`data/reference/${name}.json`, import.meta.url), 'utf8'));
}

export function exactOf(file: ReferenceFile): Exact[] {
  return file.posterior.parameters.map((row) => ({
    ...row,
    meanError: row.mcseMean,
    // The half of the error of the mean is near enough where the file has none.
    sdError: row.mcseSd ?? row.mcseMean,
  }));
}

/** The model of a reference posterior. */
export async function referenceModel(name: string): Promise<Model> {
  const { formula } = reference(name);
  if (name === 'lsat') return glmm(formula, await shipped('lsat_long'), { family: binomial() });
  if (name === 'epil') return glmm(formula, await shipped('epil'), { family: poisson() });
  if (name === 'dyestuff') {
    const { Batch, Yield } = await shipped('dyestuff');
    const transformed = Float64Array.from(Yield as ArrayLike<number>, (y) => (y - 1500) / 50);
    return glmm(formula, { Batch, Yield: transformed }, { family: gaussian() });
  }
  return glmm(formula, await shipped(name), { family: binomial() });
}

export function exactFrom(posterior: QuadraturePosterior): readonly Exact[] {
  return posterior.parameters;
}

/** Probability, name in the reference files, and the error of the quantile beside that of the mean, for a normal. */
const QUANTILES = [
  [0.05, 'q5', 2.11],
  [0.5, 'q50', 1.25],
  [0.95, 'q95', 2.11],
] as const;

/**
 * The largest distance of means, sds and quantiles from the exact ones, in combined errors, and the name it belongs to;
 * `exact` starts at the variable number `first`.
 */
export function distance(
  draws: Draws,
  exact: readonly Exact[],
  first: number = 0,
): { z: number; name: string } {
  let worst = { z: 0, name: '' };
  exact.forEach((row, k) => {
    // By position: the reference files have their own names for some coefficients.
    const chains = allChains(draws, draws.variables[first + k]);
    const all = pooled(chains);
    const zMean = (mean(all) - row.mean) / Math.hypot(mcseMean(chains), row.meanError);
    const zSd = (sd(all) - row.sd) / Math.hypot(mcseSd(chains), row.sdError);
    const quantiles = QUANTILES.flatMap(([p, key, spread]): [number, string][] => {
      const value = row[key];
      if (value === undefined) return [];
      const error = Math.hypot(mcseQuantile(chains, p), spread * row.meanError);
      return [[(quantile(all, p) - value) / error, `${key} of ${row.name}`]];
    });
    for (const [z, name] of [
      [zMean, `mean of ${row.name}`],
      [zSd, `sd of ${row.name}`],
      ...quantiles,
    ] as const) {
      if (!(Math.abs(z) <= Math.abs(worst.z))) worst = { z, name };
    }
  });
  return worst;
}

/** Bulk ESS >= `least`, R-hat < 1.01, means, sds and quantiles within 4 combined errors, for every row of `exact`. */
export function agrees(t: ExecutionContext, draws: Draws, exact: readonly Exact[], least: number): void {
  exact.forEach((row, k) => {
    const chains = allChains(draws, draws.variables[k]);
    const ess = essBulk(chains);
    t.true(ess >= least, `bulk ESS of ${row.name} is ${ess}, wanted ${least}`);
    t.true(rhat(chains) < 1.01, `R-hat of ${row.name} is ${rhat(chains)}`);
  });
  const { z, name } = distance(draws, exact);
  t.true(Math.abs(z) < 4, `the ${name} is ${z} combined errors off`);
}

/** Holds the draws of each intercept that the reference knows against its mean and sd. */
export function interceptsAgree(t: ExecutionContext, draws: Draws, { posterior }: ReferenceFile): void {
  for (const cluster of posterior.clusters ?? []) {
    const chains = allChains(draws, `eps[${cluster.cluster}]`);
    const all = pooled(chains);
    // The reference has these from the same draws as the parameters: errors near 1% of the sds.
    const error = Math.hypot(mcseMean(chains), 0.01 * cluster.sd);
    t.true(Math.abs(mean(all) - cluster.mean) < 4 * error, `mean of eps[${cluster.cluster}]`);
    const sdError = Math.hypot(mcseSd(chains), 0.01 * cluster.sd);
    t.true(Math.abs(sd(all) - cluster.sd) < 4 * sdError, `sd of eps[${cluster.cluster}]`);
  }
}

/** Exact to the 6 decimals that are printed. */
export function printed(names: readonly string[], means: readonly number[], sds: readonly number[]): Exact[] {
  return names.map((name, k) => ({ name, mean: means[k], sd: sds[k], meanError: 1e-6, sdError: 1e-6 }));
}

/** An abort at the first report of progress rejects with its reason, and is followed by one more report at most. */
export async function hearsAnAbort(
  t: ExecutionContext,
  model: Model,
  strategy: Strategy<PosteriorFit>,
): Promise<void> {
  const controller = new AbortController();
  const reason = new Error('enough');
  // Counted, not timed: a busy machine may stand still for longer than any limit.
  let after = 0;
  const onProgress = (): void => {
    if (controller.signal.aborted) after++;
    controller.abort(reason);
  };
  const running = fit(model, strategy, { signal: controller.signal, onProgress });
  t.is(await t.throwsAsync(() => running), reason);
  t.true(after <= 1, `${after} reports after the abort`);
}
