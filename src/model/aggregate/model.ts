// A model of rows that were merged in a database: SQL out, its result in.
import * as v from 'valibot';
import { didYouMean, GlmmcError } from '../../../samplers/errors.js';
import { checkOptions } from '../../../samplers/options.js';
import { tokenize } from '../../data/formula-tokens.js';
import { columnsIn, deparse } from '../../data/formula-tree.js';
import { type DataSource, toTable } from '../../data/table.js';
import { sharedNumbers } from '../../numeric/shared-arrays.js';
import type { Family } from '../family.js';
import { type Finding, someOf } from '../finding.js';
import { glmm, isFamily, type Model, type ModelOptions } from '../model.js';
import { type AggregatePlan, type ColumnKind, PREFIX, planAggregate } from './plan.js';
import { STAND_IN, standIns } from './rows.js';
import { writeSql } from './sql.js';

/** Options of `aggregateSql()`. */
export interface AggregateOptions {
  readonly family: Family;
  /** The table or view, or its parts: ['schema', 'table']. DuckDB takes the path of a Parquet or CSV file for one. */
  readonly table: string | readonly string[];
  /** Whose SQL: 'duckdb' (default) or 'postgres', version 12 or later. */
  readonly dialect?: 'duckdb' | 'postgres';
  /** Column that multiplies each row's log density. */
  readonly weights?: string;
  /** Column added to the linear predictor. */
  readonly offset?: string;
  /** What columns hold, where it is known: of those of numbers NaN counts as missing. */
  readonly columns?: Readonly<Record<string, ColumnKind>>;
  /** Equal clusters merged too (default), or the rows of each cluster alone. */
  readonly merge?: 'clusters' | 'rows';
}

/** What `glmmFromAggregate()` is told: as for `aggregateSql()` and `glmm()`. */
export type AggregatedModelOptions = Pick<ModelOptions, 'family' | 'randomEffect' | 'levels'> &
  Pick<AggregateOptions, 'weights' | 'offset' | 'columns'>;

const columnName = v.optional(v.string('the name of a column'));
const kindNames = v.picklist(['number', 'text', 'boolean'], "'number', 'text' or 'boolean'");

/** What the SQL and the model are both told. */
const shared = {
  family: v.custom<Family>(isFamily, 'a family such as binomial()'),
  weights: columnName,
  offset: columnName,
};
const ofColumns = { columns: v.optional(v.record(v.string(), kindNames, 'kinds of columns by name')) };
const ofSql = {
  table: v.custom<string | readonly string[]>(
    (name) =>
      typeof name === 'string' ||
      (Array.isArray(name) && name.length > 0 && name.every((part) => typeof part === 'string')),
    "the name of a table, or its parts, as in ['schema', 'table']",
  ),
  merge: v.optional(v.picklist(['clusters', 'rows'], "'clusters' or 'rows'"), 'clusters'),
};
const ofDialect = {
  dialect: v.optional(v.picklist(['duckdb', 'postgres'], "'duckdb' or 'postgres'"), 'duckdb'),
};
/** glmm() says of these what they must be. */
const ofModel = { randomEffect: v.optional(v.any()), levels: v.optional(v.any()) };

/** @throws GlmmcError `unknown-option`, `bad-option` */
export function checkDuckDbOptions(owner: string, options: object): void {
  checkOptions(owner, { ...shared, ...ofSql, ...ofModel }, options ?? {});
}

/**
 * One SQL text, for DuckDB or PostgreSQL, that merges the rows of a table into those that the model's log-likelihood needs, to
 * all of its digits: equal covariates within a cluster by their sums (binomial, Poisson: successes, trials, counts; Gaussian:
 * number, mean and variance; gamma: number, mean and mean logarithm; other families: number of each response), then, but
 * for Gaussian and gamma responses, clusters of the same content by their number; with a canonical link also clusters that
 * differ only in how the same total response lies on their rows. The columns that terms
 * are made of, the offset and the weights are what rows are grouped by; terms are made of them afterwards.
 * Run it where the data are, and give its result to `glmmFromAggregate()`.
 * @throws GlmmcError `unsupported-aggregate` (scale(), center(), poly(), responses that are no arithmetic), `unknown-option`,
 *   `bad-option`, `bad-name`, `bad-response`, and those of the formula
 */
export function aggregateSql(formula: string, options: AggregateOptions): string {
  const known = checkOptions(
    'aggregateSql()',
    { ...shared, ...ofColumns, ...ofSql, ...ofDialect },
    options ?? {},
  );
  const name = typeof known.table === 'string' ? known.table : known.table[known.table.length - 1]!;
  if (name.toLowerCase().startsWith(PREFIX)) {
    throw new GlmmcError(
      'unsupported-aggregate',
      `table '${name}': names that begin with ${PREFIX} are those of parts of the SQL; make a view of another name`,
    );
  }
  const kinds = Object.entries(known.columns ?? {});
  const named = (of: ColumnKind): ReadonlySet<string> =>
    new Set(kinds.flatMap(([column, kind]) => (kind === of ? [column] : [])));
  return writeSql(planAggregate(formula, known), {
    table: known.table,
    merge: known.merge,
    booleans: named('boolean'),
    texts: named('text'),
  });
}

/**
 * The model of the rows that the SQL of `aggregateSql()` was run on, made of its result; formula, family, weights, offset and
 * columns must be those that the SQL was made for. Its log-likelihood, estimates and standard errors are those of the rows one
 * by one, and every strategy runs on it. A cluster stands for all that were merged with it, under the label of the first; what
 * is told of rows (predict(), augment()) is of the merged ones.
 * @param rows a table, row objects or an Arrow table
 * @throws GlmmcError `bad-aggregate`, `bad-response`, and those of `aggregateSql` and `glmm`
 */
export function glmmFromAggregate(formula: string, rows: DataSource, options: AggregatedModelOptions): Model {
  checkOptions('glmmFromAggregate()', { ...shared, ...ofColumns, ...ofModel }, options ?? {});
  const plan = planAggregate(formula, options);
  const result = toTable(rows);
  const { table, constants, ...counts } = standIns(plan, result);
  const { randomEffect, levels, offset, family } = options;
  const labels = result[plan.cluster]!;
  if (counts.clusters > 1 && Array.from(labels).every((label) => label === labels[0])) {
    throw new GlmmcError(
      'one-cluster',
      `all ${counts.clusters} clusters have the same content, so that nothing is left to tell them by; merge rows alone, by { merge: 'rows' }`,
    );
  }
  const model = glmm(formulaOf(plan), table, {
    family,
    weights: STAND_IN.weight,
    clusterWeights: STAND_IN.clusters,
    ...(randomEffect && { randomEffect }),
    ...(levels && { levels }),
    ...(offset !== undefined && { offset }),
  });
  const shifted = sharedNumbers(model.clusters.count);
  shifted.set(model.clusters.constants);
  const { cluster, keptRows } = model.design;
  for (let r = 0; r < keptRows.length; r++) shifted[cluster[r]] += constants[keptRows[r]];
  const design = {
    ...model.design,
    formula: plan.formula.text,
    responseName: deparse(plan.formula.response),
    dataRows: counts.rows,
  };
  return {
    ...model,
    formula: plan.formula.text,
    design,
    clusters: { ...model.clusters, constants: shifted },
    findings: [...findingsOf(plan, model, counts, Object.values(result)[0]!.length), ...model.findings],
  };
}

/** The formula with the rows that stand in for the data's on its left. */
function formulaOf({ formula: { text }, statistic }: AggregatePlan): string {
  if (statistic === 'responses') return text;
  const tilde = tokenize(text).find((token) => token.text === '~' && token.kind === 'operator')!;
  return `${STAND_IN.y} ${text.slice(tilde.start)}`;
}

function findingsOf(
  plan: AggregatePlan,
  model: Model,
  counts: { readonly rows: number; readonly tableRows: number; readonly clusters: number },
  merged: number,
): Finding[] {
  const used = [...new Set([...columnsIn(plan.formula.response), ...plan.keys, plan.cluster])];
  const dropped = counts.tableRows - counts.rows;
  return [
    {
      code: 'rows-merged',
      severity: 'note',
      message: `${counts.rows} rows in ${counts.clusters} clusters were merged into ${merged} rows in ${model.clusters.count} distinct clusters.`,
      advice:
        'The log-likelihood is that of all rows. What is told of single rows and clusters is of the merged ones, each under the label of its first cluster.',
    },
    ...(dropped > 0
      ? [
          {
            code: 'rows-dropped',
            severity: 'note' as const,
            message: `${dropped} of ${counts.tableRows} rows were dropped for missing values in one of ${someOf(used)}.`,
            advice: 'Check that the rows are missing at random, or fill them in before the fit.',
            where: used,
          },
        ]
      : []),
  ];
}

/** @throws GlmmcError `unknown-column` with the nearest name */
export function requireColumns(plan: AggregatePlan, known: readonly string[], table: string): void {
  const unknown = [plan.cluster, ...plan.keys, ...plan.responses].find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new GlmmcError('unknown-column', `no column '${unknown}' in ${table}${didYouMean(unknown, known)}`);
}
