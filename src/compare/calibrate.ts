// calibrate(): bias, coverage and failures of strategies, on data simulated from the user's own design.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { abortSignal, anySeed, checkOptions, count, listener } from '../../samplers/options.js';
import { fixedParameters } from '../estimate/arguments.js';
import { LARGEST_RHAT } from '../estimate/diagnose.js';
import { DEFAULT_SEED, fit, type Progress, type Strategy } from '../estimate/fit.js';
import type { FixedParameters } from '../estimate/parameter-space.js';
import { quadrature } from '../estimate/quadrature.js';
import { checkParameters } from '../likelihood/marginal.js';
import { isObject, requireModel } from '../model/arguments.js';
import type { Finding } from '../model/finding.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { ResponseDraws } from '../model/response-draws.js';
import { printCalibration } from './calibrate/print.js';
import { USABLE_RHAT } from './calibrate/replicate.js';
import { runStudy } from './calibrate/run.js';
import { type CalibrationRow, tally } from './calibrate/tally.js';
import { distinctNames, requireStrategies } from './strategies.js';

export type { CalibratedParameter, CalibrationRow, Coverage } from './calibrate/tally.js';

/** Options of `calibrate()`. */
export interface CalibrateOptions {
  /** Data sets simulated (200). */
  readonly replications?: number;
  readonly seed?: number | string;
  /** The truth that data are simulated from; the maximum likelihood estimate of the model's own data where left out. */
  readonly parameters?: Parameters;
  /** Held in every fit. */
  readonly fixed?: FixedParameters;
  /** Threads for the replications, and for the chains of strategies with functions in their options; the numbers do not depend on it. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  /** Told of the data sets that are done. */
  readonly onProgress?: (progress: Progress) => void;
}

/** What `calibrate()` gives: a row a strategy, on data simulated from the model's own design. */
export interface Calibration {
  readonly model: Model;
  readonly seed: number | string;
  /** Data sets that strategies were tried on. */
  readonly replications: number;
  /** What the data were simulated from. */
  readonly parameters: Parameters;
  /** In the order of the strategies. */
  readonly rows: readonly CalibrationRow[];
  readonly findings: readonly Finding[];
  /** The table that people read. */
  toString(): string;
  /** Plain data, versioned. */
  toJSON(): unknown;
}

/** Version of the JSON; it grows by one when a field changes its meaning or goes. */
const VERSION = 1;
/** Share of failures from which on what is left may no longer stand for all. */
const MANY_FAILURES = 0.05;
/** Share of fits with an R-hat of 1.01 to 1.1 from which on it is said. */
const MANY_UNSETTLED = 0.05;

/**
 * What strategies are worth on data like one's own: new intercepts and responses for the model's design, every strategy fitted to each
 * set, its estimates held against the truth. Of each parameter the bias with its Monte Carlo error, the spread of the estimates beside the mean
 * standard error, and how often intervals of 90% and 95% hold the truth: Wald's of likelihood fits (log scale for sigma and the dispersion),
 * equal-tailed ones of draws. All strategies get the same data sets, and set r depends on the seed and r alone. A fit that
 * fails is counted with its reasons (`failures`, `failureCodes`), and is in no other number. Draws whose R-hat is above 1.01 but below
 * 1.1 are no failure: they are in all numbers, and counted beside (`unsettled`).
 *
 * Source: Morris, White and Crowther (2019), Statistics in Medicine 38, table 6.
 * @throws GlmmcError `bad-model`, `bad-strategy`, `unknown-option`, `bad-option`, `bad-parameters`; `bad-weights`, `no-draws`, where the model
 *   cannot be simulated from; `no-truth` where no parameters are given and the model's own data have no maximum; rejects with the signal's reason
 */
export async function calibrate(
  model: Model,
  strategies: readonly Strategy[],
  options: CalibrateOptions = {},
): Promise<Calibration> {
  requireModel('calibrate()', model);
  const known = checkOptions(
    'calibrate()',
    {
      replications: v.optional(count(2), 200),
      seed: v.optional(anySeed(), DEFAULT_SEED),
      parameters: v.optional(v.custom<Parameters>(isObject, 'parameters { beta, sigma }')),
      fixed: v.optional(fixedParameters(), {}),
      workers: v.optional(count(1), 1),
      signal: v.optional(abortSignal()),
      onProgress: v.optional(listener<Progress>()),
    },
    options,
  );
  requireStrategies('calibrate()', strategies);
  const { replications, seed, fixed, workers, signal, onProgress } = known;
  if (known.parameters) checkParameters(model, known.parameters);
  // Refuses what cannot be simulated before the truth is looked for.
  new ResponseDraws('calibrate()', model);
  const parameters =
    known.parameters ?? (await ownMaximum(model, { seed, fixed, workers, ...(signal && { signal }) }));
  const names = distinctNames(strategies);
  const progress = (done: number): void => onProgress?.({ stage: 'replications', done, total: replications });
  progress(0);
  const results = await runStudy(
    model,
    strategies,
    { parameters, fixed, seed },
    {
      replications,
      workers,
      signal,
      onReplication: progress,
    },
  );
  const possible = results.filter((trials) => trials !== undefined);
  const done = possible.length;
  if (done === 0) {
    throw new GlmmcError(
      'bad-parameters',
      'calibrate(): no data simulated from these parameters were finite; give parameters: { beta, sigma } nearer to the data',
    );
  }
  const truth = [...parameters.beta, parameters.sigma, parameters.dispersion ?? Number.NaN];
  const estimates = [...model.coefficientNames, 'sigma', ...(model.family.dispersion ? ['dispersion'] : [])];
  const rows = names.map((name, s) =>
    tally(
      name,
      estimates,
      truth,
      possible.map((trials) => trials[s]),
    ),
  );
  const findings = findingsOf(rows, parameters, replications - done, replications);
  const calibration: Calibration = {
    model,
    seed,
    replications: done,
    parameters,
    rows,
    findings,
    toString: () => printCalibration(calibration),
    toJSON: () => ({
      schema: 'glmmc/calibration',
      version: VERSION,
      formula: model.formula,
      seed,
      replications: done,
      truth: Object.fromEntries(estimates.map((name, k) => [name, truth[k]])),
      rows,
      findings,
    }),
  };
  return calibration;
}

async function ownMaximum(
  model: Model,
  options: { readonly fixed: FixedParameters; readonly seed: number | string; readonly workers: number },
): Promise<Parameters> {
  const own = await fit(model, quadrature(), options);
  if (own.converged) return own.parameters;
  const why = own.findings.find(({ severity }) => severity === 'error')?.message ?? 'it did not converge.';
  throw new GlmmcError(
    'no-truth',
    `calibrate() simulates from the maximum likelihood estimate of the model's own data, which has none: ${why} Give parameters: { beta, sigma }`,
  );
}

function findingsOf(
  rows: readonly CalibrationRow[],
  { sigma }: Parameters,
  lost: number,
  asked: number,
): Finding[] {
  const findings: Finding[] = [];
  const failing = rows.filter(({ failureRate }) => failureRate > MANY_FAILURES);
  if (failing.length > 0) {
    findings.push({
      code: 'many-failures',
      severity: 'warning',
      message: `${failing.map(({ strategy, failures, replications }) => `${strategy} failed on ${failures} of ${replications} data sets`).join(', ')}: the rest need not be like them, so its bias and coverage are of easier data.`,
      advice: 'Look at failureCodes; priors, or a simpler model, may be what such data need.',
      where: failing.map(({ strategy }) => strategy),
    });
  }
  const unsettled = rows.filter((row) => row.unsettled > MANY_UNSETTLED * row.replications);
  if (unsettled.length > 0) {
    findings.push({
      code: 'many-unsettled',
      severity: 'note',
      message: `${unsettled.map((row) => `${row.strategy} missed R-hat ${LARGEST_RHAT} on ${row.unsettled} of ${row.replications} data sets`).join(', ')}, though not ${USABLE_RHAT}: these fits are counted, and the noise of their draws is in the spread and the coverage.`,
      advice: 'Where coverage is what you want to know, keep more draws a chain.',
      where: unsettled.map(({ strategy }) => strategy),
    });
  }
  if (sigma === 0) {
    findings.push({
      code: 'truth-on-boundary',
      severity: 'note',
      message:
        'The data were simulated with sigma = 0, the end of its range: estimates cannot fall below it, and its bias is above 0.',
      advice: 'Give parameters with a sigma that the study is about.',
      where: ['sigma'],
    });
  }
  if (lost > 0) {
    findings.push({
      code: 'replications-lost',
      severity: 'warning',
      message: `${lost} of ${asked} data sets were not finite, and are left out: these parameters reach where the model overflows.`,
      advice: 'Give parameters nearer to the data.',
    });
  }
  return findings;
}
