// sensitivity(): the same model under other distributions of the intercepts, and what changes.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { abortSignal, anySeed, checkOptions, count, describe, listener } from '../../samplers/options.js';
import { fixedParameters, requireEstimatedFit } from '../estimate/arguments.js';
import { DEFAULT_SEED, type Fit, fit, type Progress, type Strategy } from '../estimate/fit.js';
import type { FixedParameters } from '../estimate/parameter-space.js';
import { quadrature } from '../estimate/quadrature.js';
import { requireModel } from '../model/arguments.js';
import type { Finding } from '../model/finding.js';
import { isRandomEffect, type Model, withRandomEffect } from '../model/model.js';
import type { RandomEffect } from '../model/random-effect.js';
import { printSensitivity } from './sensitivity/print.js';
import { firstOf, nameOf, refusedRow, type SensitivityRow, sensitivityRow } from './sensitivity/row.js';
import { distinctNames, isStrategy } from './strategies.js';

export type { MovedCluster, SensitivityRow } from './sensitivity/row.js';

/** Options of `sensitivity()`. */
export interface SensitivityOptions {
  /** What fits the model under each distribution (`quadrature()`). */
  readonly strategy?: Strategy;
  /** Passed to every fit, as are the rest. */
  readonly seed?: number | string;
  readonly fixed?: FixedParameters;
  readonly workers?: number;
  readonly signal?: AbortSignal;
  /** `stage` names the distribution first. */
  readonly onProgress?: (progress: Progress) => void;
}

/** What `sensitivity()` gives: a row a distribution of the intercepts. */
export interface Sensitivity {
  readonly model: Model;
  readonly strategy: string;
  readonly seed: number | string;
  /** In the order of the distributions; the first that could be fitted is what the others are held against. */
  readonly rows: readonly SensitivityRow[];
  readonly findings: readonly Finding[];
  /** The table that people read. */
  toString(): string;
  /** Plain data, versioned. */
  toJSON(): unknown;
}

/** Version of the JSON; it grows by one when a field changes its meaning or goes. */
const VERSION = 1;

/**
 * Fits the same model under several distributions of the intercepts, and sets side by side what could change with them: coefficients
 * (of a cluster), the standard deviation of the intercepts, the mean response and its average slopes (of the population), the
 * log-likelihood and AIC, and the order of the clusters by their intercepts. A distribution that the model, or the strategy, does
 * not allow is a row that says why.
 *
 * Source: McCulloch and Neuhaus (2011), Statistical Science 26.
 * @param distributions such as `[normal(), studentT(4), logistic(), pointMasses(3)]`; the model's own is used only if it is among them
 * @throws GlmmcError `bad-model`, `bad-effect`, `unknown-option`, `bad-option`; `no-fit` where all are refused; rejects with the signal's
 *   reason
 */
export async function sensitivity(
  model: Model,
  distributions: readonly RandomEffect[],
  options: SensitivityOptions = {},
): Promise<Sensitivity> {
  requireModel('sensitivity()', model);
  const known = checkOptions(
    'sensitivity()',
    {
      strategy: v.optional(v.custom<Strategy>(isStrategy, 'a strategy such as quadrature()')),
      seed: v.optional(anySeed(), DEFAULT_SEED),
      fixed: v.optional(fixedParameters(), {}),
      workers: v.optional(count(1), 1),
      signal: v.optional(abortSignal()),
      onProgress: v.optional(listener<Progress>()),
    },
    options,
  );
  requireEffects(distributions);
  const { strategy = quadrature(), seed, fixed, workers, signal, onProgress } = known;
  const names = distinctNames(distributions.map((effect) => ({ name: nameOf(effect) })));
  const attempts: { readonly name: string; readonly fit?: Fit; readonly error?: unknown }[] = [];
  for (const [k, effect] of distributions.entries()) {
    signal?.throwIfAborted();
    const name = names[k];
    try {
      const result = await fit(withRandomEffect(model, effect), strategy, {
        seed,
        fixed,
        workers,
        ...(signal && { signal }),
        ...(onProgress && {
          onProgress: (progress: Progress) =>
            onProgress({ ...progress, stage: `${name}: ${progress.stage}` }),
        }),
      });
      requireEstimatedFit('sensitivity()', result);
      attempts.push({ name, fit: result });
    } catch (error) {
      signal?.throwIfAborted();
      attempts.push({ name, error });
    }
  }
  const start = attempts.find((one) => one.fit)?.fit;
  if (!start) {
    const { error } = attempts[0];
    throw new GlmmcError(
      'no-fit',
      `sensitivity(): no distribution could be fitted; of ${names[0]}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const first = firstOf(start);
  const rows = attempts.map(({ name, fit: one, error }) =>
    one ? sensitivityRow(name, one, first) : refusedRow(name, error),
  );
  const found: Sensitivity = {
    model,
    strategy: strategy.name,
    seed,
    rows,
    findings: [...meansOf(distributions, names), ...withoutMean(rows)],
    toString: () => printSensitivity(found),
    toJSON: () => ({
      schema: 'glmmc/sensitivity',
      version: VERSION,
      formula: model.formula,
      strategy: strategy.name,
      seed,
      rows: rows.map(({ fit: _, ...row }) => row),
      findings: found.findings,
    }),
  };
  return found;
}

/** @throws GlmmcError `bad-effect` */
function requireEffects(distributions: unknown): void {
  const list = Array.isArray(distributions) ? distributions : [];
  const bad = Array.isArray(distributions) ? list.find((one) => !isRandomEffect(one)) : distributions;
  if (list.length > 0 && list.every(isRandomEffect)) return;
  throw new GlmmcError(
    'bad-effect',
    `sensitivity() takes a list of distributions as its second argument, such as [normal(), studentT(4)], found ${list.length === 0 && bad === undefined ? 'none' : describe(bad)}`,
  );
}

/** Where the population has no mean (log links under heavy tails). */
function withoutMean(rows: readonly SensitivityRow[]): Finding[] {
  const lacking = rows.filter(({ refused, populationMean }) => !refused && !Number.isFinite(populationMean));
  if (lacking.length === 0) return [];
  const where = lacking.map(({ distribution }) => distribution);
  return [
    {
      code: 'no-mean',
      severity: 'warning',
      message: `Under ${where.join(', ')} intercepts of this size the population mean is not finite, and neither are its slopes.`,
      advice: 'Compare coefficients and the order of the clusters alone, or take lighter tails.',
      where,
    },
  ];
}

/** Where the intercepts need not have mean 0 the model's intercept means something else. */
function meansOf(distributions: readonly RandomEffect[], names: readonly string[]): Finding[] {
  const skew = names.filter((_, k) => !distributions[k].symmetric && !distributions[k].points);
  if (skew.length === 0) return [];
  return [
    {
      code: 'intercept-differs',
      severity: 'note',
      message: `${skew.join(', ')} intercepts are not symmetric about 0: the model's intercept is not the middle of the clusters, and compares with the others' by population means alone.`,
      advice: 'Compare populationMean and averageSlopes.',
      where: ['(Intercept)'],
    },
  ];
}
