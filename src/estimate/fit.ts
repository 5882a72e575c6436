// fit(): one verb for every strategy, and the types of what it returns.
import type { Matrix } from 'ml-matrix';
import * as v from 'valibot';
import type { Draws } from '../../samplers/draws.js';
import { GlmmcError } from '../../samplers/errors.js';
import { abortSignal, anySeed, checkOptions, count, describe, listener } from '../../samplers/options.js';
import { checkParameters } from '../likelihood/marginal.js';
import { requireModel } from '../model/arguments.js';
import type { Finding } from '../model/finding.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { fixedParameters } from './arguments.js';
import type { Iteration } from './maximum-likelihood.js';
import { type FixedParameters, ParameterSpace } from './parameter-space.js';
import type { ResolvedPriors } from './priors.js';

/** One parameter of a fit, with its errors. */
export interface Estimate {
  /** Of the coefficient, `sigma` or `dispersion`. */
  readonly name: string;
  readonly value: number;
  /** Standard error, or posterior sd; 0 where held fixed, NaN where undefined (sigma on its boundary). */
  readonly standardError: number;
  /** 0 for deterministic strategies. */
  readonly monteCarloError: number;
}

/** What every fit tells, whatever the strategy. */
export interface FitBase {
  /** Name of the strategy. */
  readonly strategy: string;
  /** Its options, defaults filled in. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly seed: number | string;
  readonly model: Model;
  /** Maximum likelihood estimate, or posterior mean. */
  readonly parameters: Parameters;
  /** Coefficients in order, then `sigma`, then `dispersion` where the family has one. */
  readonly estimates: readonly Estimate[];
  /** Names of the parameters held fixed, in the order of the estimates. */
  readonly fixed: readonly string[];
  /** Whether the strategy reached what it was asked for; findings say why not. */
  readonly converged: boolean;
  /** What to know about the data, the model and this fit. */
  readonly findings: readonly Finding[];
  /** Time of the fit. */
  readonly milliseconds: number;
  /** The summary people read. */
  toString(): string;
  /** Plain data, versioned. */
  toJSON(): unknown;
}

/** A fit by maximum likelihood, or by what stands in for it; its log-likelihood is the certified one at the estimate. */
export interface LikelihoodFit extends FitBase {
  readonly kind: 'likelihood';
  /** The certified marginal log-likelihood at the estimate, every constant included. */
  readonly logLik: number;
  /** Bound on the quadrature error of `logLik`. */
  readonly logLikError: number;
  /** Nodes that each cluster took for that, in the order of `model.clusterLabels`. */
  readonly nodes: Int32Array;
  /** What the strategy itself maximised. */
  readonly objective: number;
  /** In the order of `estimates`. */
  readonly covariance: Matrix;
  /** The iterations of the search, where the strategy has any. */
  readonly history: readonly Iteration[];
  /** Monte Carlo strategies: how the answer was held against the exact score. */
  readonly landing?: Landing;
}

/** The test of a Monte Carlo estimate by the exact score there: Monte Carlo error alone should move it from 0. */
export interface ScoreTest {
  readonly statistic: number;
  readonly df: number;
  readonly pValue: number;
  /**
   * What T is referred to: chi-square with `df` degrees of freedom; F with `df` and `denominatorDf` for
   * T denominatorDf / (df (replicates - 1)), where S comes from `replicates` whole estimates (Hotelling's T squared);
   * nothing where the E-step has no Monte Carlo error.
   */
  readonly reference: 'chi-square' | 'F' | 'none';
  readonly denominatorDf?: number;
  readonly replicates?: number;
}

/** The proof of landing of a Monte Carlo estimate: held against the exact score and information, by quadrature. */
export interface Landing {
  /**
   * Every check below passed: |z| is below 4 (where z is Student's t by few replicates, below the bound that it passes as
   * rarely), the score test's p-value is at least 1e-4, the errors are as small as asked for.
   */
  readonly landed: boolean;
  /**
   * Estimate less exact maximum (one Newton step away by the exact score and information) in Monte Carlo errors, in the
   * order of the estimates; NaN where held fixed, or where there is no Monte Carlo error.
   */
  readonly z: readonly number[];
  /** T = s' S^-1 s of the exact score s at the estimate, S the Monte Carlo covariance of the score. */
  readonly scoreTest: ScoreTest;
  /** Log-likelihood still to be gained, by the exact score and information. */
  readonly logLikGap: number;
  /** Log-likelihood at the estimate by importance sampling, where the E-step's proposals allow it, with its error. */
  readonly logLik?: { readonly value: number; readonly error: number };
  /** Draws per cluster behind the final estimate. */
  readonly draws: number;
  /** Smallest effective sample size of a cluster's draws. */
  readonly smallestEss: number;
  /** Largest Pareto k-hat of a cluster's importance weights; NaN for E-steps without weights. */
  readonly largestK: number;
  /** Largest Monte Carlo error in units of its standard error. */
  readonly largestErrorRatio: number;
  /** Largest Monte Carlo error of a standard error itself (Louis's information of the draws), as a part of it. */
  readonly standardErrorError: number;
}

/** A fit by draws from the posterior. */
export interface PosteriorFit extends FitBase {
  readonly kind: 'posterior';
  readonly draws: Draws;
  readonly priors: ResolvedPriors;
}

/** What `fit()` gives; `kind` tells which of the two it is. */
export type Fit = LikelihoodFit | PosteriorFit;

/** What `onProgress` is told. */
export interface Progress {
  /** What is being done. */
  readonly stage: string;
  /** How much of it, and of how much where that is known. */
  readonly done: number;
  readonly total?: number;
  readonly detail?: Readonly<Record<string, number>>;
  /** Where the search stands; of a chain (`detail.chain`) its last kept draw, told some 20 times a second at most. */
  readonly parameters?: Parameters;
}

/** Options of `fit()`. */
export interface FitOptions {
  /** Of all random numbers (1); strategies without any ignore it. */
  readonly seed?: number | string;
  /** Where the search starts; the strategy finds a place itself where left out. */
  readonly start?: Parameters;
  /** Parameters held at given values. */
  readonly fixed?: FixedParameters;
  /** Threads to work on (1), for chains of draws and for likelihoods of large data; the numbers do not depend on it. */
  readonly workers?: number;
  /** Aborts the fit, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told how far the fit is, as often as the strategy finds good. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * A folder that takes posterior draws as they come (of Node alone). The same fit with the same folder goes on from what
   * is there, to the same bits as a fit that was never interrupted.
   */
  readonly checkpoint?: string;
}

/** What a strategy is handed: everything checked, nothing started. */
export interface FitTask {
  readonly model: Model;
  readonly space: ParameterSpace;
  readonly start: Parameters | undefined;
  readonly seed: number | string;
  readonly startedAt: number;
  /** Threads to work on, this one among them; the numbers do not depend on it. */
  readonly workers: number;
  /** Milliseconds of work left that are worth starting threads for, where a strategy asks (1000). */
  readonly worthThreads?: number;
  /** What the caller of `fit()` gave, or nothing that does anything. */
  readonly onProgress: (progress: Progress) => void;
  /** The folder that chains are kept in, and whose they are. */
  readonly checkpoint?: { readonly path: string } & Pick<FitBase, 'strategy' | 'settings'>;
  /** Lets other work in, and throws the signal's reason where the fit was aborted. */
  pause(): Promise<void>;
}

/** A way to fit a model; the type of the result follows it. */
export interface Strategy<F extends Fit = Fit> {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Whether it keeps its chains in `task.checkpoint`. */
  readonly resumable?: boolean;
  /** Fits, with everything checked by `fit()`; numerical trouble is a finding on the fit. */
  run(task: FitTask): Promise<F>;
}

export const DEFAULT_SEED = 1;
/** Milliseconds of work between two looks at what else is waiting. */
const PAUSE_EVERY = 30;

/**
 * Fits `model` by `strategy`, which says whether a `LikelihoodFit` or a `PosteriorFit` comes of it. The same seed gives the same
 * numbers, to the last bit, for any number of `workers`. Numerical trouble is a finding on the fit.
 * @throws GlmmcError before any work: `bad-model`, `bad-strategy`, `unknown-option`, `bad-option`, `bad-fixed`, `bad-parameters`, and
 *   what the strategy refuses; rejects with the signal's reason where it is aborted
 */
export async function fit<F extends Fit>(
  model: Model,
  strategy: Strategy<F>,
  options: FitOptions = {},
): Promise<F> {
  requireModel('fit()', model);
  const known = checkOptions(
    'fit()',
    {
      seed: v.optional(anySeed(), DEFAULT_SEED),
      start: v.optional(
        v.custom<Parameters>((x) => typeof x === 'object' && x !== null, 'parameters { beta, sigma }'),
      ),
      fixed: v.optional(fixedParameters(), {}),
      workers: v.optional(count(1), 1),
      signal: v.optional(abortSignal()),
      checkpoint: v.optional(v.pipe(v.string('a folder'), v.minLength(1, 'a folder'))),
      onProgress: v.optional(listener<Progress>()),
    },
    options,
  );
  if (!isStrategy(strategy)) {
    throw new GlmmcError(
      'bad-strategy',
      `fit() takes a strategy such as quadrature() as its second argument, found ${describe(strategy)}`,
    );
  }
  const { signal, checkpoint } = known;
  if (checkpoint !== undefined && !strategy.resumable) {
    throw new GlmmcError(
      'bad-option',
      `fit(): checkpoint keeps the chains of gibbs(), polyaGamma(), albertChib(), collapsed() and nuts(), found ${strategy.name}; leave it out`,
    );
  }
  checkOptions(
    'fixed',
    {
      sigma: v.optional(v.number('a number')),
      beta: v.optional(v.record(v.string(), v.number('a number'), 'numbers by coefficient')),
    },
    known.fixed,
  );
  const space = new ParameterSpace(model, known.fixed);
  if (known.start) checkParameters(model, known.start);
  signal?.throwIfAborted();
  let lastPause = performance.now();
  const result = await strategy.run({
    model,
    space,
    start: known.start && space.hold(known.start),
    seed: known.seed,
    startedAt: performance.now(),
    workers: known.workers,
    onProgress: known.onProgress ?? (() => {}),
    ...(checkpoint !== undefined && {
      checkpoint: { path: checkpoint, strategy: strategy.name, settings: strategy.settings },
    }),
    async pause() {
      signal?.throwIfAborted();
      if (performance.now() - lastPause < PAUSE_EVERY) return;
      await new Promise((resolve) => setTimeout(resolve, 0));
      lastPause = performance.now();
      signal?.throwIfAborted();
    },
  });
  origins.set(result, { strategy, fixed: known.fixed });
  return result;
}

/** How a fit came about, beyond what it tells: for the same again on other data. */
export interface Origin {
  readonly strategy: Strategy;
  readonly fixed: FixedParameters;
}

const origins = new WeakMap<Fit, Origin>();

/** Undefined for what fit() did not return itself, as copies. */
export function originOf(result: Fit): Origin | undefined {
  return origins.get(result);
}

function isStrategy(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'run' in value && 'settings' in value;
}
