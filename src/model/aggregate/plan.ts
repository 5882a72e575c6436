// What of a model's rows can be merged without losing a digit of the log-likelihood: columns, statistics, kinds.

import { GlmmcError } from '../../../samplers/errors.js';
import { clusterColumn } from '../../data/cluster.js';
import { type Formula, parseFormula } from '../../data/formula-parse.js';
import { formulaError } from '../../data/formula-tokens.js';
import { columnsIn, deparse, findNode, type Node, unwrap } from '../../data/formula-tree.js';
import { expandTerms } from '../../data/terms.js';
import type { Family } from '../family.js';

/** What a column of the database holds, where it is known. */
export type ColumnKind = 'number' | 'text' | 'boolean';

/**
 * What the rows of a cluster with the same covariates are told by:
 * - `trials`: the sums of successes and of trials (binomial, any link);
 * - `counts`: their number and the sum of the counts (Poisson, any link);
 * - `moments`: their number, mean and variance (Gaussian, any link);
 * - `log-moments`: their number, mean and mean logarithm (gamma, any link);
 * - `responses`: the number of rows of each response, which serves every family.
 */
export type Statistic = 'trials' | 'counts' | 'moments' | 'log-moments' | 'responses';

export interface AggregatePlan {
  readonly formula: Formula;
  readonly statistic: Statistic;
  /** Clusters of the same rows and total response share an integral: a canonical link without dispersion. */
  readonly byTotal: boolean;
  readonly cluster: string;
  /** Columns that rows are grouped by within clusters: covariates, offset, weights, and responses under `responses`. */
  readonly keys: readonly string[];
  /** The columns of the response. */
  readonly responses: readonly string[];
  /** Successes (or the response), and trials where it has them; not under `responses`. */
  readonly y: Node;
  readonly trials: { readonly node: Node; readonly kind: 'trials' | 'failures' } | undefined;
  readonly weights: string | undefined;
  /** Columns that are numbers or nothing, so that NaN can be told. */
  readonly numeric: ReadonlySet<string>;
}

export interface PlanOptions {
  readonly family: Family;
  readonly weights?: string | undefined;
  readonly offset?: string | undefined;
  readonly columns?: Readonly<Record<string, ColumnKind>> | undefined;
}

/** Terms that learn from all rows, of which the merged ones are not representative. */
const LEARNT = ['scale', 'center', 'poly'];

/** Begins the names of columns that the SQL makes. */
export const PREFIX = 'glmmc_';

/**
 * @throws GlmmcError for a formula that cannot be read; `unsupported-aggregate` for terms that learn from all rows, a cluster
 *   that is also a covariate, or reserved names; `bad-response` for trials where the family has none
 */
export function planAggregate(formula: string, options: PlanOptions): AggregatePlan {
  const parsed = parseFormula(formula);
  const cluster = clusterColumn(parsed);
  const terms = expandTerms(parsed);
  const covariates = new Set<string>();
  for (const node of [...terms.variables, ...terms.offsets]) {
    refuseLearnt(parsed.text, node);
    columnsIn(node, covariates);
  }
  for (const name of [options.offset, options.weights]) if (name !== undefined) covariates.add(name);
  if (covariates.has(cluster)) {
    throw new GlmmcError(
      'unsupported-aggregate',
      `the cluster column '${cluster}' also stands among the terms, so that no clusters are alike; read the columns that are needed, and use glmm()`,
    );
  }
  const responseText = deparse(parsed.response);
  const again = terms.variables.find((node) => deparse(node) === responseText);
  if (again !== undefined) {
    throw formulaError(
      'bad-formula',
      parsed.text,
      again.start,
      `the response ${responseText} also stands among the terms; leave it out there`,
    );
  }
  const responses = [...columnsIn(parsed.response)];
  for (const name of [cluster, ...covariates, ...responses]) {
    if (!name.startsWith(PREFIX)) continue;
    throw new GlmmcError(
      'unsupported-aggregate',
      `column '${name}': names that begin with ${PREFIX} are those of columns that the SQL makes; rename it`,
    );
  }
  const parts = splitResponse(parsed.response);
  if (parts.trials && !options.family.counts) {
    throw new GlmmcError(
      'bad-response',
      `${options.family.name}() takes a plain response, found successes and trials in ${deparse(parsed.response)}`,
    );
  }
  const statistic = statisticOf(options, parsed.response, parts.trials !== undefined);
  const byTotal = options.family.outcome.mergesResponses !== undefined && statistic !== 'responses';
  const numeric = new Set<string>();
  if (statistic !== 'responses') for (const name of responses) numeric.add(name);
  for (const name of [options.offset, options.weights]) if (name !== undefined) numeric.add(name);
  for (const [name, kind] of Object.entries(options.columns ?? {})) if (kind === 'number') numeric.add(name);
  return {
    formula: parsed,
    statistic,
    byTotal,
    cluster,
    keys: [...new Set([...covariates, ...(statistic === 'responses' ? responses : [])])],
    responses,
    ...parts,
    weights: options.weights,
    numeric,
  };
}

function refuseLearnt(formula: string, node: Node): void {
  const found = findNode(node, (inner) => inner.kind === 'call' && LEARNT.includes(inner.name));
  if (found === undefined) return;
  throw formulaError(
    'unsupported-aggregate',
    formula,
    found.start,
    `${deparse(found)} depends on all rows, of which the merged ones are no fair picture; write the numbers out, as in I((x - 3.2) / 1.7)`,
  );
}

function splitResponse(response: Node): Pick<AggregatePlan, 'y' | 'trials'> {
  if (response.kind === 'call' && response.name === 'cbind' && response.args.length === 2) {
    return { y: response.args[0]!, trials: { node: response.args[1]!, kind: 'failures' } };
  }
  const isTrials = response.kind === 'binary' && response.operator === '|';
  if (isTrials && response.right.kind === 'call' && response.right.args.length === 1) {
    return { y: response.left, trials: { node: response.right.args[0]!, kind: 'trials' } };
  }
  return { y: response, trials: undefined };
}

/** Custom families are known by their density alone, negative binomial counts by no sums; text must be seen to be coded. */
function statisticOf(options: PlanOptions, response: Node, hasTrials: boolean): Statistic {
  const { family, columns } = options;
  const bare = unwrap(response);
  const kind =
    bare.kind === 'name' && columns && Object.hasOwn(columns, bare.name) ? columns[bare.name] : 'number';
  const isCategory = kind !== 'number' || (bare.kind === 'call' && bare.name === 'factor');
  if (isCategory && !hasTrials) return 'responses';
  switch (family.name) {
    case 'binomial':
      return 'trials';
    case 'poisson':
      return 'counts';
    case 'gaussian':
      return 'moments';
    case 'gamma':
      return 'log-moments';
    default:
      return 'responses';
  }
}
