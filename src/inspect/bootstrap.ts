// bootstrap(): the sampling distribution of the estimates, by fits to data drawn from the fit or to clusters drawn again.
import { Matrix } from 'ml-matrix';
import * as v from 'valibot';
import { mean, quantileSorted, sd, sorted } from '../../samplers/diagnostics/descriptive.js';
import { quantileError } from '../../samplers/diagnostics/mcse.js';
import { GlmmcError } from '../../samplers/errors.js';
import { checkOptions } from '../../samplers/options.js';
import { wholePower } from '../../samplers/power.js';
import { digitsFor, table, wrap } from '../../samplers/text.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import type { Fit, LikelihoodFit } from '../estimate/fit.js';
import { findingLines } from '../estimate/summary.js';
import type { Finding } from '../model/finding.js';
import { failureFinding } from './bootstrap/findings.js';
import {
  againOf,
  type Checked,
  type ReplicationEntries,
  type ReplicationOptions,
  replicationEntries,
} from './bootstrap/options.js';
import type { BootstrapType } from './bootstrap/replicate.js';
import { runReplications } from './bootstrap/run.js';
import { type Interval, type Intervals, intervals } from './confint/intervals.js';

/** Options of `bootstrap()`. */
export interface BootstrapOptions extends ReplicationOptions {
  /** `parametric` (default): new intercepts and responses from the fit; `cluster`: whole clusters drawn with replacement. */
  readonly type?: BootstrapType;
}

/** How an interval is read off the replications. */
export type BootstrapInterval = 'percentile' | 'basic';

/** What `bootstrap()` gives: the estimates of every replication, and what they say. */
export interface Bootstrap {
  readonly type: BootstrapType;
  readonly seed: number | string;
  /** Names of the estimates, in the order of the columns. */
  readonly variables: readonly string[];
  /** The fit's own. */
  readonly estimates: Float64Array;
  /** A row a replication whose fit converged, in the order of the replications, a column an estimate. */
  readonly replications: Matrix;
  /** Replications without a fit that converged: not among the rows. */
  readonly failures: number;
  /** sd over the replications, and the Monte Carlo errors of these. */
  readonly standardErrors: Float64Array;
  readonly standardErrorErrors: Float64Array;
  /** Mean over the replications less the estimate, and the Monte Carlo errors of these. */
  readonly bias: Float64Array;
  readonly biasErrors: Float64Array;
  readonly findings: readonly Finding[];
  /**
   * `percentile`: quantiles of the replications. `basic`: 2 estimate - those quantiles, upside down, which takes a bias off
   * rather than doubling it; for sigma and the dispersion at least 0. Both with the Monte Carlo errors of their ends.
   * `wanted`: the places of the estimates that are asked for.
   */
  intervals(level?: number, interval?: BootstrapInterval, wanted?: readonly number[]): Intervals;
  /** The text that people read. */
  toString(): string;
}

/**
 * The bootstrap of a likelihood fit. `parametric`: new intercepts from F(., sigma) and new responses, on the model's own
 * design, fitted again by the same strategy with the same settings, from the estimates on. `cluster`: as many clusters as there are,
 * drawn with replacement, each with all its rows (told to the likelihood as cluster weights, without a copy of a row); it asks
 * nothing of the distributions within a cluster, and needs many clusters. Cluster weights are numbers of clusters alike: `cluster` draws
 * them as such, `parametric`, which needs a response for every row, refuses them.
 *
 * Replication k draws from the stream `bootstrap:k` of the seed: the same numbers to the last bit for any number of `workers`,
 * and after an interruption. A replication whose fit does not converge is left out, counted, and said (`bootstrap-failures`).
 * sigma at 0 is an estimate like any other.
 *
 * Source: Efron and Tibshirani (1993); Davison and Hinkley (1997), sections 3.8 and 5.2.
 * @throws GlmmcError `bad-fit` for posterior fits, `unknown-option`, `bad-option`, `bad-weights`, `no-draws`,
 *   `foreign-checkpoint`, `bad-checkpoint`; rejects with the signal's reason
 */
export async function bootstrap(result: Fit, options: BootstrapOptions = {}): Promise<Bootstrap> {
  requireEstimatedFit('bootstrap()', result);
  const known = checkOptions('bootstrap()', { ...bootstrapEntries() }, options);
  return bootstrapBy('bootstrap()', result, known);
}

export interface BootstrapEntries extends ReplicationEntries {
  readonly type: v.GenericSchema<BootstrapType | undefined, BootstrapType>;
}
type Known = Checked<BootstrapEntries>;

/** Entries of `checkOptions` for `BootstrapOptions`. */
export function bootstrapEntries(): BootstrapEntries {
  return {
    ...replicationEntries(),
    type: v.optional(v.picklist(['parametric', 'cluster'], "'parametric' or 'cluster'"), 'parametric'),
  };
}

/** With options that are checked. @param owner what people called, for messages */
export async function bootstrapBy(owner: string, result: Fit, known: Known): Promise<Bootstrap> {
  requireLikelihood(owner, result);
  const { type, seed, replications, workers, signal, onProgress, checkpoint } = known;
  const plan = { type, fits: [againOf(owner, result)], tells: 'estimates', seed } as const;
  const run = { replications, workers, signal, onProgress, checkpoint };
  const { values, findings } = await runReplications(owner, plan, run);
  return summarise(result, known, values, findings);
}

/** @throws GlmmcError `bad-fit` */
function requireLikelihood(owner: string, result: Fit): asserts result is LikelihoodFit {
  if (result.kind === 'likelihood') return;
  throw new GlmmcError(
    'bad-fit',
    `${owner} asks how estimates vary from one data set to the next, and takes a likelihood fit, found a posterior fit, whose draws say already how well parameters are known; use confint(fit), or fit by quadrature()`,
  );
}

/** Below this many replications beyond it an end of an interval is hardly known. */
const FEW_BEYOND = 5;

function summarise(
  result: LikelihoodFit,
  { type, seed, replications: asked }: Known,
  values: readonly (Float64Array | undefined)[],
  runFindings: readonly Finding[],
): Bootstrap {
  const rows = values.filter((row) => row !== undefined);
  const { estimates: own } = result;
  const columns = own.map((_, a) => Float64Array.from(rows, (row) => row[a]));
  const failures = asked - rows.length;
  const findings = [
    ...runFindings,
    ...failureFinding(failures, asked),
    ...atZero(result, columns),
    ...atInfinity(result, columns),
  ];
  // Of infinite values there is no mean.
  const finite = columns.map((column) => (column.every(Number.isFinite) ? column : new Float64Array(0)));
  const standardErrors = Float64Array.from(finite, sd);
  const answer = {
    type,
    seed,
    variables: own.map(({ name }) => name),
    estimates: Float64Array.from(own, ({ value }) => value),
    replications: rows.length > 0 ? new Matrix(rows.map((row) => [...row])) : new Matrix(0, own.length),
    failures,
    standardErrors,
    standardErrorErrors: Float64Array.from(finite, errorOfSd),
    bias: Float64Array.from(finite, (column, a) => mean(column) - own[a].value),
    biasErrors: standardErrors.map((value) => value / Math.sqrt(rows.length)),
    findings,
  };
  const limits: Bootstrap['intervals'] = (
    level = 0.95,
    interval = 'percentile',
    wanted = own.map((_, a) => a),
  ) => {
    const p = result.model.coefficientNames.length;
    const read = wanted.map((a) => readOff(own[a].name, own[a].value, columns[a], level, interval, a >= p));
    const note = `By ${rows.length} replications (${type} bootstrap, ${interval} intervals).`;
    return intervals(read, [...findings, ...tooFew(rows.length, level)], note);
  };
  return { ...answer, intervals: limits, toString: () => print(result, answer) };
}

function readOff(
  name: string,
  value: number,
  column: Float64Array,
  level: number,
  interval: BootstrapInterval,
  scale: boolean,
): Interval {
  const tail = (1 - level) / 2;
  const inOrder = sorted(column);
  const low = quantileSorted(inOrder, tail);
  const high = quantileSorted(inOrder, 1 - tail);
  const lowError = quantileError(inOrder, tail, column.length);
  const highError = quantileError(inOrder, 1 - tail, column.length);
  if (interval === 'percentile')
    return { name, lower: low, upper: high, lowerError: lowError, upperError: highError };
  const least = scale ? 0 : Number.NEGATIVE_INFINITY;
  const ends = [2 * value - high, 2 * value - low].map((end) => Math.max(least, end));
  return { name, lower: ends[0], upper: ends[1], lowerError: highError, upperError: lowError };
}

/** Of a standard deviation of independent values, by their fourth moment. */
function errorOfSd(column: Float64Array): number {
  const centre = mean(column);
  const m2 = mean(column.map((value) => (value - centre) ** 2));
  if (m2 === 0) return 0;
  const m4 = mean(column.map((value) => wholePower(value - centre, 4)));
  return Math.sqrt((m4 - m2 * m2) / column.length / m2 / 4);
}

/** How often sigma was 0: its replications then have a lump there. */
function atZero({ fixed, model }: LikelihoodFit, columns: readonly Float64Array[]): Finding[] {
  const sigma = columns[model.coefficientNames.length];
  const zeros = sigma.filter((value) => value === 0).length;
  if (zeros === 0 || fixed.includes('sigma')) return [];
  return [
    {
      code: 'bootstrap-boundary',
      severity: 'note',
      message: `sigma is 0 in ${zeros} of ${sigma.length} replications: the end of its range, where its distribution has a lump.`,
      advice: "Near that end a profile (confint, method: 'profile') covers better.",
      where: ['sigma'],
    },
  ];
}

/** How often a negative binomial theta had no bound. */
function atInfinity({ model }: LikelihoodFit, columns: readonly Float64Array[]): Finding[] {
  const dispersion = columns[model.coefficientNames.length + 1];
  const without = dispersion?.filter((value) => value === Number.POSITIVE_INFINITY).length ?? 0;
  if (without === 0) return [];
  return [
    {
      code: 'bootstrap-unbounded',
      severity: 'note',
      message: `theta is infinite in ${without} of ${dispersion.length} replications, whose counts vary no more than Poisson ones: it has no bias and no standard error.`,
      advice: 'Read its quantiles (intervals), of which the upper one may be infinite.',
      where: ['dispersion'],
    },
  ];
}

function tooFew(count: number, level: number): Finding[] {
  if (count * ((1 - level) / 2) >= FEW_BEYOND) return [];
  const needed = Math.ceil((2 * FEW_BEYOND) / (1 - level) - 1e-9);
  return [
    {
      code: 'replications-few',
      severity: 'warning',
      message: `${count} replications say little of where an interval of level ${level} ends: fewer than ${FEW_BEYOND} lie beyond an end.`,
      advice: `Ask for ${needed} replications or more.`,
    },
  ];
}

function print(
  { estimates, model, fixed }: LikelihoodFit,
  answer: Omit<Bootstrap, 'intervals' | 'toString'>,
): string {
  const { type, replications, standardErrors, standardErrorErrors, bias, biasErrors, findings } = answer;
  const what =
    type === 'parametric'
      ? `${replications.rows} data sets drawn from the fit`
      : `${replications.rows} times as many clusters (${model.clusterName}), drawn with replacement`;
  return [
    `Bootstrap (${type}): ${what}`,
    '',
    table(
      ['', 'Estimate', 'Bias', 'Std. Error', "the fit's"],
      estimates.map(({ name, value, standardError }, a) => {
        if (fixed.includes(name)) return [name, digitsFor(value, 0), 'fixed', '', ''];
        return [
          name,
          digitsFor(value, standardErrors[a] / 100),
          digitsFor(bias[a], biasErrors[a]),
          digitsFor(standardErrors[a], standardErrorErrors[a]),
          digitsFor(standardError, standardErrorErrors[a]),
        ];
      }),
    ),
    '',
    ...wrap('Digits are those that the number of replications supports.'),
    ...findingLines(findings),
  ].join('\n');
}
