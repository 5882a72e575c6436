// compare(): every strategy on one yardstick.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { abortSignal, anySeed, checkOptions, count, listener } from '../../samplers/options.js';
import { fixedParameters } from '../estimate/arguments.js';
import {
  DEFAULT_SEED,
  type Fit,
  type FitOptions,
  fit,
  type LikelihoodFit,
  type Progress,
  type Strategy,
} from '../estimate/fit.js';
import type { FixedParameters } from '../estimate/parameter-space.js';
import { quadrature } from '../estimate/quadrature.js';
import type { QuadraturePosterior } from '../estimate/quadrature-posterior.js';
import { isObject, requireModel } from '../model/arguments.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { exactPosteriors, type Yardstick } from './exact-posteriors.js';
import { comparisonJson } from './json.js';
import { printComparison } from './print.js';
import { likelihoodReference } from './reference.js';
import { type ComparisonRow, compareFit, failedRow } from './row.js';
import { distinctNames, isStrategy, requireStrategies } from './strategies.js';

/** Options of `compare()`. */
export interface CompareOptions {
  readonly seed?: number | string;
  /** What likelihood strategies are held against: a strategy, or a fit of this model (default `quadrature()`). */
  readonly reference?: Strategy<LikelihoodFit> | LikelihoodFit;
  /** Passed to every fit, as are the rest. */
  readonly start?: Parameters;
  readonly fixed?: FixedParameters;
  readonly workers?: number;
  readonly signal?: AbortSignal;
  /** `stage` names the strategy first. */
  readonly onProgress?: (progress: Progress) => void;
}

/** The exact posterior under one set of priors, with the rows that were held against it. */
export interface PosteriorYardstick {
  readonly priors: string;
  readonly posterior: QuadraturePosterior;
  readonly rows: readonly ComparisonRow[];
}

/** What `compare()` gives: every strategy on one yardstick. */
export interface Comparison {
  readonly model: Model;
  readonly seed: number | string;
  /** In the order of the strategies. */
  readonly rows: readonly ComparisonRow[];
  /** The fit that likelihood rows were held against. */
  readonly reference: LikelihoodFit;
  /** The posteriors that draws were held against, one for each set of priors; empty without draws. */
  readonly posteriors: readonly PosteriorYardstick[];
  /** The table that people read. */
  toString(): string;
  /** Plain data, versioned. */
  toJSON(): unknown;
}

/**
 * Fits `model` by every strategy and holds each against the certified maximum (`reference`), draws against the
 * posterior means and standard deviations computed by quadrature under the same priors.
 *
 * Verdicts. `failed`: it threw, has an error finding, did not converge, or an estimate is 4 or more Monte Carlo errors
 * from the reference. `approximate`: no Monte Carlo error and more than 0.05 standard errors off, a log-likelihood
 * more than 0.01 off, or a Monte Carlo error above a tenth of a standard error. `agrees`: the rest.
 * A strategy that fails is a row, not an exception.
 * @throws GlmmcError for a bad model or bad options; rejects with the signal's reason where it is aborted.
 */
export async function compare(
  model: Model,
  strategies: readonly Strategy[],
  options: CompareOptions = {},
): Promise<Comparison> {
  requireModel('compare()', model);
  const known = checkOptions(
    'compare()',
    {
      seed: v.optional(anySeed(), DEFAULT_SEED),
      reference: v.optional(
        v.custom<Strategy<LikelihoodFit> | LikelihoodFit>(
          (x) => isStrategy(x) || isLikelihoodFit(x),
          'a strategy such as quadrature(), or a fit by one',
        ),
      ),
      start: v.optional(v.custom<Parameters>(isObject, 'parameters { beta, sigma }')),
      fixed: v.optional(fixedParameters()),
      workers: v.optional(count(1)),
      signal: v.optional(abortSignal()),
      onProgress: v.optional(listener<Progress>()),
    },
    options,
  );
  requireStrategies('compare()', strategies);
  const { seed, reference: given, onProgress, ...rest } = known;
  const optionsFor = (name: string): FitOptions => ({
    ...withoutUndefined(rest),
    seed,
    ...(onProgress && {
      onProgress: (progress: Progress) => onProgress({ ...progress, stage: `${name}: ${progress.stage}` }),
    }),
  });
  const reference = await referenceFit(model, given ?? quadrature(), optionsFor('reference'));
  const names = distinctNames(strategies);
  const attempts: Attempt[] = [];
  for (const [k, strategy] of strategies.entries()) {
    const name = names[k];
    if (sameStrategy(strategy, reference)) attempts.push({ name, fit: reference, milliseconds: 0 });
    else attempts.push(await attempt(model, strategy, name, optionsFor(name), known.signal));
  }
  const fits = attempts.flatMap((one) => one.fit ?? []);
  const yardsticks = await exactPosteriors(fits, {
    seed,
    fixed: known.fixed,
    signal: known.signal,
    onProgress,
  });
  const certified = likelihoodReference(reference);
  const rows = attempts.map((one) => {
    if (!one.fit) return failedRow(one.name, one.error, one.milliseconds);
    if (one.fit.kind === 'likelihood') return compareFit(one.name, one.fit, certified);
    const yardstick = yardsticks.get(one.fit);
    return compareFit(one.name, one.fit, yardstick?.reference, yardstick?.findings);
  });
  return assemble(model, seed, rows, reference, yardsticks);
}

interface Attempt {
  readonly name: string;
  readonly fit?: Fit;
  readonly error?: unknown;
  readonly milliseconds: number;
}

function assemble(
  model: Model,
  seed: number | string,
  rows: readonly ComparisonRow[],
  reference: LikelihoodFit,
  yardsticks: ReadonlyMap<Fit, Yardstick>,
): Comparison {
  const distinct = new Set([...yardsticks.values()].flatMap(({ posterior }) => posterior ?? []));
  const posteriors = [...distinct].map((posterior) => ({
    priors: posterior.priors,
    posterior,
    rows: rows.filter(({ fit: one }) => one && yardsticks.get(one)?.posterior === posterior),
  }));
  const comparison: Comparison = {
    model,
    seed,
    rows,
    reference,
    posteriors,
    toString: () => printComparison(comparison),
    toJSON: () => comparisonJson(comparison),
  };
  return comparison;
}

async function referenceFit(
  model: Model,
  given: Strategy<LikelihoodFit> | LikelihoodFit,
  options: FitOptions,
): Promise<LikelihoodFit> {
  if (isLikelihoodFit(given)) {
    if (given.model === model) return given;
    throw new GlmmcError('bad-reference', 'compare(): the reference is a fit of another model; fit this one');
  }
  const reference = await fit(model, given, options);
  if (isLikelihoodFit(reference)) return reference;
  throw new GlmmcError(
    'bad-reference',
    `compare(): the reference must be a likelihood fit, found ${given.name}, which draws from a posterior`,
  );
}

async function attempt(
  model: Model,
  strategy: Strategy,
  name: string,
  options: FitOptions,
  signal: AbortSignal | undefined,
): Promise<Attempt> {
  const startedAt = performance.now();
  try {
    const result = await fit(model, strategy, options);
    return { name, fit: result, milliseconds: result.milliseconds };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    return { name, error, milliseconds: performance.now() - startedAt };
  }
}

function sameStrategy(strategy: Strategy, reference: LikelihoodFit): boolean {
  return (
    strategy.name === reference.strategy &&
    JSON.stringify(strategy.settings) === JSON.stringify(reference.settings)
  );
}

function isLikelihoodFit(value: unknown): value is LikelihoodFit {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'likelihood';
}

/** Options that are absent stay absent: fit() tells a missing option from an undefined one. */
function withoutUndefined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
