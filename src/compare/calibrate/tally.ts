// Many fits against the truth they were made from: bias, spread, coverage, failures.
import { mean, sd } from '../../../samplers/diagnostics/descriptive.js';
import { LEVELS, type Told, type Trial } from './replicate.js';

/** How often intervals of one level held the true value. */
export interface Coverage {
  readonly level: number;
  /** Share of the fits with an interval; NaN where none had one. */
  readonly value: number;
  /** Its Monte Carlo error, of (hits + 1) / (fits + 2), so that it is never 0. */
  readonly error: number;
  /** Fits that had an interval: not where sigma is on its boundary or held. */
  readonly intervals: number;
}

/** One parameter over all the fits that did not fail. */
export interface CalibratedParameter {
  readonly name: string;
  readonly truth: number;
  /** Fits that gave a finite estimate. */
  readonly fits: number;
  readonly mean: number;
  readonly bias: number;
  /** Monte Carlo error of the mean, and of the bias. */
  readonly biasError: number;
  /** Standard deviation of the estimates. */
  readonly sd: number;
  /** Mean of the standard errors (posterior sds) that are defined. */
  readonly meanStandardError: number;
  /** Root of the mean squared distance from the truth. */
  readonly rmse: number;
  /** At 90% and 95%. */
  readonly coverage: readonly Coverage[];
}

/** One strategy over all the data sets of `calibrate()`. */
export interface CalibrationRow {
  /** The strategy's name, numbered where several share it. */
  readonly strategy: string;
  /** Data sets it was tried on. */
  readonly replications: number;
  /** Those where it gave no answer: it threw, did not converge, or has an error finding. They are in no other number. */
  readonly failures: number;
  readonly failureRate: number;
  /** Of the failures, how often each code was among the reasons. */
  readonly failureCodes: Readonly<Record<string, number>>;
  /** Posterior fits that are counted in all numbers, though their R-hat is above 1.01 (and below 1.1). */
  readonly unsettled: number;
  /** Of all fits, failures too, how often each finding was there. */
  readonly findings: Readonly<Record<string, number>>;
  /** A fit, on average. */
  readonly milliseconds: number;
  /** In the order of the estimates. */
  readonly parameters: readonly CalibratedParameter[];
}

/** A strategy's trials, one a replication. */
export function tally(
  strategy: string,
  names: readonly string[],
  truth: readonly number[],
  trials: readonly Trial[],
): CalibrationRow {
  const told = trials.flatMap((trial) => (trial.told ? [trial.told] : []));
  const failures = trials.length - told.length;
  return {
    strategy,
    replications: trials.length,
    failures,
    failureRate: failures / trials.length,
    failureCodes: counted(trials.map(({ failure }) => failure)),
    unsettled: trials.filter(({ unsettled }) => unsettled).length,
    findings: counted(trials.map(({ codes }) => codes)),
    milliseconds: mean(trials.map(({ milliseconds }) => milliseconds)),
    parameters: names.map((name, k) =>
      parameter(
        name,
        truth[k],
        told.map((of) => of[k]),
      ),
    ),
  };
}

function parameter(name: string, truth: number, told: readonly Told[]): CalibratedParameter {
  const finite = told.filter(({ value }) => Number.isFinite(value));
  const values = finite.map(({ value }) => value);
  const n = values.length;
  const none = n === 0;
  const errors = finite.map(({ standardError }) => standardError).filter((one) => one > 0 && one < Infinity);
  const spread = n > 1 ? sd(values) : Number.NaN;
  const centre = none ? Number.NaN : mean(values);
  return {
    name,
    truth,
    fits: n,
    mean: centre,
    bias: centre - truth,
    biasError: spread / Math.sqrt(n),
    sd: spread,
    meanStandardError: errors.length > 0 ? mean(errors) : Number.NaN,
    rmse: none ? Number.NaN : Math.sqrt(mean(values.map((value) => (value - truth) ** 2))),
    coverage: LEVELS.map((level, at) =>
      coverage(
        level,
        truth,
        finite.map(({ intervals }) => intervals[at]),
      ),
    ),
  };
}

function coverage(
  level: number,
  truth: number,
  intervals: readonly (readonly [lower: number, upper: number])[],
): Coverage {
  const known = intervals.filter(([lower, upper]) => lower <= upper);
  const n = known.length;
  const hits = known.filter(([lower, upper]) => lower <= truth && truth <= upper).length;
  const about = (hits + 1) / (n + 2);
  return {
    level,
    value: n > 0 ? hits / n : Number.NaN,
    error: n > 0 ? Math.sqrt((about * (1 - about)) / n) : Number.NaN,
    intervals: n,
  };
}

/** How many of the lists have each code, the most frequent first. */
function counted(lists: readonly (readonly string[])[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const code of lists.flat()) counts.set(code, (counts.get(code) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
}
