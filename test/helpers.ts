// What several tests share: shipped data, certified answers, comparisons with a message.
import { readFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { readCsv } from '../src/data/csv.js';
import type { Table } from '../src/data/table.js';
import type { LikelihoodFit } from '../src/estimate/fit.js';
import { binomial, type Family, gaussian, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';

/** A data set of examples/data. */
export function shipped(name: string): Promise<Table> {
  return readCsv(new URL(`../examples/data/${name}.csv`, import.meta.url).pathname);
}

export interface ClusterEffect {
  readonly cluster: string;
  readonly mode: number;
  readonly modeSd?: number;
  readonly postMean: number;
  readonly postSd: number;
}

export interface CertifiedAnswer {
  readonly dataset: string;
  readonly family: string;
  readonly link: string;
  readonly formula: string;
  readonly coefficientNames: readonly string[];
  readonly data: string;
  readonly maximumLikelihood: {
    readonly beta: readonly number[];
    readonly sigma: number;
    readonly logLik: number;
    readonly standardErrors: readonly (number | null)[];
    /** Of coefficients, then sigma. */
    readonly covariance?: readonly (readonly number[])[];
    readonly clusterEffects: readonly ClusterEffect[];
    readonly sigmaResidual?: number;
    readonly seSigmaResidual?: number;
  };
  readonly adaptiveQuadrature?: Readonly<
    Record<string, { readonly beta: readonly number[]; readonly sigma: number; readonly logLik: number }>
  >;
  readonly logLikAtMaximumByNodes?: Readonly<Record<string, number>>;
}

/** The certified answer for a data set (test/data/maximum-likelihood). */
export function certified(name: string): CertifiedAnswer {
  const file = new URL(`data/maximum-likelihood/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The model that a certified answer is for. */
export async function certifiedModel(answer: CertifiedAnswer): Promise<Model> {
  const families: Record<string, () => Family> = { binomial, poisson, gaussian };
  const table = await shipped(answer.data.replace('.csv', ''));
  return glmm(answer.formula, table, { family: families[answer.family]() });
}

/** |actual - expected| <= tolerance, said in full where it is not. */
export function near(
  t: ExecutionContext,
  actual: number,
  expected: number,
  tolerance: number,
  what: string,
): void {
  const distance = Math.abs(actual - expected);
  t.true(distance <= tolerance, `${what}: ${actual} is ${distance} from ${expected}, allowed ${tolerance}`);
}

/** Estimates within 4 of their Monte Carlo errors of the exact ones, those errors below `most` of the standard errors. */
export function landed(t: ExecutionContext, found: LikelihoodFit, exact: LikelihoodFit, most: number): void {
  t.true(found.converged, found.findings.map(({ message }) => message).join('\n'));
  found.estimates.forEach(({ name, value, monteCarloError, standardError }, k) => {
    const z = (value - exact.estimates[k].value) / monteCarloError;
    t.true(Math.abs(z) < 4, `${name} is ${z} Monte Carlo errors off`);
    t.true(monteCarloError > 0 && monteCarloError < most * standardError, `Monte Carlo error of ${name}`);
    near(t, standardError / exact.estimates[k].standardError, 1, 0.1, `standard error of ${name}`);
  });
  t.true(found.landing!.scoreTest.pValue > 0.001, `score test: p = ${found.landing!.scoreTest.pValue}`);
  t.true(found.landing!.logLikGap < 0.01);
  near(t, found.logLik, exact.logLik, 0.01, 'logLik');
}

/** sqrt(n) times the Kolmogorov-Smirnov distance; above 1.95 with probability 0.001. */
export function kolmogorov(sample: ArrayLike<number>, cdf: (x: number) => number): number {
  const x = Float64Array.from(sample).sort();
  let distance = 0;
  for (let i = 0; i < x.length; i++) {
    const p = cdf(x[i]);
    distance = Math.max(distance, p - i / x.length, (i + 1) / x.length - p);
  }
  return distance * Math.sqrt(x.length);
}
