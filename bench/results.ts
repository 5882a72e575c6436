// What the benches share: where results are kept, what they look like, the machine they were measured on, timing.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

/** The package's own folder, from wherever the compiled bench runs. */
export const root: URL = new URL('.', import.meta.resolve('glmmc/package.json'));

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly node: string;
  readonly glmmc: string;
  /** yyyy-mm-dd. */
  readonly date: string;
  /** Load average of the last minute when the results were written: near 1 where nothing else ran. */
  readonly load: number;
}

/** One kind of evaluation of the marginal likelihood, beside the plain one. */
export interface KernelResult {
  readonly rows: number;
  readonly rule: string;
  readonly derivatives: string;
  readonly nanosecondsPerRow: number;
}

/** A whole certified fit from columns, all in a process of its own; milliseconds and bytes. */
export interface FitResult {
  readonly rows: number;
  readonly clusters: number;
  readonly coefficients: number;
  readonly workers: number;
  /** The first fit of the process. */
  readonly first: number;
  /** Median of those after it. */
  readonly warm: number;
  /** Of the warm ones, the construction of the model. */
  readonly model: number;
  readonly warmRuns: number;
  /** `plainEvaluation` in the same process; of the same number of rows where the design is another. */
  readonly plain: number;
  /** Of the columns used. */
  readonly columnBytes: number;
  /** Resident memory before the first fit, and the most of it up to its end. */
  readonly memoryBefore: number;
  readonly memoryPeak: number;
  readonly logLik: number;
  readonly logLikError: number;
  readonly converged: boolean;
}

export interface SmallResult {
  readonly data: string;
  readonly rows: number;
  readonly clusters: number;
  /** Milliseconds: the first fit in a new process, then medians of warm ones: the fit, and with the model's construction. */
  readonly first: number;
  readonly fit: number;
  readonly withModel: number;
}

export interface LikelihoodResults {
  readonly machine: Machine;
  readonly kernels: readonly KernelResult[];
  /** Of the plain form, at the rows of the kernels. */
  readonly plainNanosecondsPerRow: number;
  readonly fits: readonly FitResult[];
  readonly wide: readonly FitResult[];
  readonly small: readonly SmallResult[];
}

/** One program on one data set; seconds. */
export interface PeerResult {
  readonly data: string;
  readonly rows: number;
  readonly program: string;
  readonly seconds: number;
  readonly runs: number;
  readonly beta: readonly number[];
  readonly sigma: number;
  /** As the program prints it. */
  readonly logLik: number;
  /** The certified log-likelihood at its estimates. */
  readonly certified: number;
}

export interface PeerResults {
  readonly machine: Machine;
  /** R, lme4, glmmTMB. */
  readonly versions: Readonly<Record<string, string>>;
  readonly results: readonly PeerResult[];
}

/** A strategy that was asked for a Monte Carlo error of 1% of the standard error, over several seeds. */
export interface MonteCarloResult {
  readonly data: string;
  readonly program: string;
  /** Fits after the one that warms up; 0 where it had not ended after so many seconds. */
  readonly runs: number;
  /** Of them, those that say that they have converged with the error asked for. */
  readonly landed: number;
  /** Median of the runs. */
  readonly seconds: number;
  /** Largest difference to quadrature over estimates and runs, in standard errors. */
  readonly distance?: number;
  /** Medians of the draws a cluster that the answer rests on, and of the largest Monte Carlo error in standard errors. */
  readonly draws?: number;
  readonly stated?: number;
  /** What to know of the measurement (`--remark`). */
  readonly remark?: string;
}

export interface MonteCarloResults {
  readonly machine: Machine;
  readonly results: readonly MonteCarloResult[];
}

/** What was measured of R's Monte Carlo packages, once, on another machine. */
export interface MonteCarloPeers {
  readonly source: string;
  readonly results: readonly {
    readonly data: string;
    readonly program: string;
    readonly runs: number;
    /** Of each run. */
    readonly seconds: string;
    /** Largest distance to the exact estimates over the runs, in standard errors; empty where there are no estimates. */
    readonly distance: string;
    readonly remark: string;
  }[];
}

/** One posterior sampler on one data set: 4 chains. */
export interface PosteriorResult {
  readonly data: string;
  readonly program: string;
  /** Kept, of all chains. */
  readonly draws: number;
  /** The smallest bulk ESS over coefficients and sigma, and whose it is. */
  readonly ess: number;
  readonly variable: string;
  /** Processor time of the draws alone, and effective draws a second of it. */
  readonly seconds: number;
  readonly perSecond: number;
  /** The same of a whole run of 1000 draws a chain: warm-up, tuning and summaries included. */
  readonly perSecondInAll: number;
}

export interface PosteriorResults {
  readonly machine: Machine;
  /** Of R and its packages, once they have been measured. */
  readonly versions: Readonly<Record<string, string>>;
  readonly results: readonly PosteriorResult[];
}

/** One posterior sampler against the exact posterior of one data set, at a length of 4000 effective draws: 4 chains. */
export interface AgreementResult {
  readonly data: string;
  readonly program: string;
  /** Kept, of all chains. */
  readonly draws: number;
  /** The smallest bulk ESS over coefficients and sigma. */
  readonly ess: number;
  /** The largest distance of means, sds and quantiles, in combined errors, and what it belongs to. */
  readonly distance: number;
  readonly of: string;
  /** Processor time of the whole fit. */
  readonly seconds: number;
}

export interface AgreementResults {
  readonly machine: Machine;
  readonly results: readonly AgreementResult[];
}

export function machine(): Machine {
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  const processors = cpus();
  return {
    processor: processors[0].model.trim(),
    cores: processors.length,
    node: process.versions.node,
    glmmc: version,
    date: new Date().toISOString().slice(0, 10),
    load: Number(loadavg()[0].toFixed(1)),
  };
}

const file = (name: string): URL => new URL(`bench/results/${name}.json`, root);

/** Results kept under that name; undefined where there are none yet. */
export function readResults<T>(name: string): T | undefined {
  return existsSync(file(name)) ? JSON.parse(readFileSync(file(name), 'utf8')) : undefined;
}

export function writeResults(name: string, results: unknown): void {
  mkdirSync(new URL('.', file(name)), { recursive: true });
  writeFileSync(file(name), `${JSON.stringify(results, null, 2)}\n`);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Milliseconds of one call. */
export async function time(call: () => unknown): Promise<number> {
  const start = performance.now();
  await call();
  return performance.now() - start;
}

/** Milliseconds of each of several calls: of at least so many, and of short ones until two seconds have passed. */
export async function timeSeveral(call: () => unknown, least: number): Promise<number[]> {
  const times: number[] = [];
  const start = performance.now();
  while (times.length < least || performance.now() - start < LONG_ENOUGH) times.push(await time(call));
  return times;
}

const LONG_ENOUGH = 2000;
