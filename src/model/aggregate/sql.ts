// One SQL text that makes of a table of any size the merged rows and clusters that a model is fitted to.

import type { Node } from '../../data/formula-tree.js';
import { quoteIdentifier, sqlExpression, sqlLogFactorial } from './expression.js';
import type { AggregatePlan } from './plan.js';

export interface SqlOptions {
  /** A table or view, or its parts: ['schema', 'table']. */
  readonly table: string | readonly string[];
  readonly merge: 'clusters' | 'rows';
  /** Columns that hold booleans, which are told as text so that every client reads them alike. */
  readonly booleans: ReadonlySet<string>;
  /** Columns that are known to hold text, or what both engines make text of, such as a UUID. */
  readonly texts: ReadonlySet<string>;
}

/** Of every column the SQL gives, in its order, after the cluster and the keys. */
export const RESULT = {
  clusters: 'glmmc_clusters',
  rows: 'glmmc_rows',
  count: 'glmmc_count',
  sum: 'glmmc_sum',
  second: 'glmmc_second',
  constant: 'glmmc_constant',
  invalid: 'glmmc_invalid',
  tableRows: 'glmmc_table_rows',
} as const;

const INFINITE = `CAST('Infinity' AS DOUBLE PRECISION)`;

/**
 * The text, with names in quotes and no values of a person's own. Four steps, each a named part: the rows that are complete; the
 * cells, equal rows of a cluster as one; the patterns of covariates, numbered; the contents of each cluster as a text of
 * pattern numbers and counts, equal ones merged.
 */
export function writeSql(plan: AggregatePlan, { table, merge, booleans, texts }: SqlOptions): string {
  const from = (typeof table === 'string' ? [table] : table).map(quoteIdentifier).join('.');
  const key = (k: number): string => `k${k}`;
  const keys = plan.keys.map((_, k) => key(k));
  const list = (parts: readonly string[]): string => parts.filter((part) => part !== '').join(', ');
  const told = (name: string): string => {
    const quoted = quoteIdentifier(name);
    if (booleans.has(name)) return `CASE WHEN ${quoted} THEN 'TRUE' ELSE 'FALSE' END`;
    if (texts.has(name)) return `CAST(${quoted} AS VARCHAR)`;
    // Of clusters numbers are identifiers, which may have more digits than a double.
    return plan.numeric.has(name) && name !== plan.cluster ? `CAST(${quoted} AS DOUBLE PRECISION)` : quoted;
  };
  const statistics = statisticsOf(plan);
  const weight = plan.weights === undefined ? '' : key(plan.keys.indexOf(plan.weights));
  const weighted = (column: string): string => (weight === '' ? column : `${weight} * ${column}`);

  const parts = [
    `glmmc_kept AS (
  SELECT ${list([`${told(plan.cluster)} AS g`, ...plan.keys.map((name, k) => `${told(name)} AS ${key(k)}`), ...statistics.values])}
  FROM ${from}
  WHERE ${complete(plan).join(' AND ')}
)`,
    `glmmc_cells AS MATERIALIZED (
  SELECT ${list(['g', ...keys, `CAST(COUNT(*) AS DOUBLE PRECISION) AS r`, ...statistics.sums])}
  FROM ${statistics.constant === '' ? 'glmmc_kept' : `(SELECT glmmc_kept.*, ${statistics.constant} AS c FROM glmmc_kept) glmmc_told`}
  GROUP BY ${list(['g', ...keys])}
)`,
  ];
  const tableRows = `(SELECT CAST(COUNT(*) AS DOUBLE PRECISION) FROM ${from}) AS ${RESULT.tableRows}`;
  const names = [quoteIdentifier(plan.cluster), ...plan.keys.map(quoteIdentifier)];
  const named = (cells: readonly string[]): string[] => cells.map((cell, k) => `${cell} AS ${names[k]}`);

  if (merge === 'rows' || plan.statistic === 'moments' || plan.statistic === 'log-moments') {
    return `WITH ${parts.join(',\n')}
SELECT ${list([
      ...named(['g', ...keys]),
      `1e0 AS ${RESULT.clusters}`,
      `r AS ${RESULT.rows}`,
      `n AS ${RESULT.count}`,
      `s AS ${RESULT.sum}`,
      `q AS ${RESULT.second}`,
      `${weighted('c')} AS ${RESULT.constant}`,
      `b AS ${RESULT.invalid}`,
      tableRows,
    ])}
FROM glmmc_cells
ORDER BY ${list(['g', ...keys])}`;
  }

  const content = ['p', 'n', ...(plan.byTotal ? [] : ['s'])].map((column) => `CAST(${column} AS VARCHAR)`);
  parts.push(
    ...(keys.length === 0
      ? [`glmmc_numbered AS (SELECT glmmc_cells.*, 1 AS p FROM glmmc_cells)`]
      : [
          `glmmc_patterns AS MATERIALIZED (
  SELECT ${list([...keys, `ROW_NUMBER() OVER (ORDER BY ${list(keys)}) AS p`])}
  FROM (SELECT DISTINCT ${list(keys)} FROM glmmc_cells) glmmc_distinct
)`,
          `glmmc_numbered AS (
  SELECT glmmc_cells.*, p FROM glmmc_cells
  JOIN glmmc_patterns ON ${keys.map((k) => `glmmc_cells.${k} = glmmc_patterns.${k}`).join(' AND ')}
)`,
        ]),
    `glmmc_contents AS MATERIALIZED (
  SELECT g, STRING_AGG(${content.join(" || ':' || ")}, ',' ORDER BY p) AS content, ${plan.byTotal ? `SUM(${weighted('s')})` : '0'} AS total
  FROM glmmc_numbered GROUP BY g
)`,
    `glmmc_merged AS (
  SELECT content, total, MIN(g) AS label, CAST(COUNT(*) AS DOUBLE PRECISION) AS m FROM glmmc_contents GROUP BY content, total
)`,
    `glmmc_members AS MATERIALIZED (
  SELECT glmmc_contents.g, label, m FROM glmmc_contents
  JOIN glmmc_merged ON glmmc_contents.content = glmmc_merged.content AND glmmc_contents.total = glmmc_merged.total
)`,
  );
  const cells = ['label', ...keys];
  return `WITH ${parts.join(',\n')}
SELECT ${list([
    ...named(cells),
    `MIN(m) AS ${RESULT.clusters}`,
    `SUM(r) AS ${RESULT.rows}`,
    `SUM(n) AS ${RESULT.count}`,
    `SUM(s) AS ${RESULT.sum}`,
    `SUM(q) AS ${RESULT.second}`,
    `SUM(${weighted('c')}) AS ${RESULT.constant}`,
    `SUM(b) AS ${RESULT.invalid}`,
    tableRows,
  ])}
FROM glmmc_cells JOIN glmmc_members ON glmmc_cells.g = glmmc_members.g
GROUP BY ${list(cells)}
ORDER BY ${list(cells)}`;
}

/** No missing value in a column that is used; NaN compares as the largest number, in both engines. */
function complete(plan: AggregatePlan): string[] {
  const used = [...new Set([plan.cluster, ...plan.keys, ...plan.responses])];
  return used.flatMap((name) => {
    const quoted = quoteIdentifier(name);
    const missing = [`${quoted} IS NOT NULL`];
    if (plan.numeric.has(name)) missing.push(`${quoted} <= ${INFINITE}`);
    return missing;
  });
}

interface Statistics {
  /** Of a kept row: y, and t where there are trials. */
  readonly values: readonly string[];
  /** Of a kept row: what no parameter moves; empty where there is nothing of the kind. */
  readonly constant: string;
  /** Of a cell: n, s, q (counts, sums, a second moment), c (constants) and b (rows that the family does not allow). */
  readonly sums: readonly string[];
}

const NOTHING = '0e0';

function statisticsOf({ formula, statistic, y, trials }: AggregatePlan): Statistics {
  const expression = (node: Node): string => sqlExpression(formula.text, node);
  const value = statistic === 'responses' ? '' : `${expression(y)} AS y`;
  const count = `CAST(COUNT(*) AS DOUBLE PRECISION) AS n`;
  const bad = (condition: string): string =>
    `CAST(SUM(CASE WHEN ${condition} THEN 1 ELSE 0 END) AS DOUBLE PRECISION) AS b`;
  const infinite = `ABS(y) = ${INFINITE}`;
  switch (statistic) {
    case 'trials': {
      if (trials === undefined) {
        return {
          values: [value],
          constant: '',
          sums: [count, 'SUM(y) AS s', `${NOTHING} AS q`, `${NOTHING} AS c`, bad('y <> 0 AND y <> 1')],
        };
      }
      const t =
        trials.kind === 'trials'
          ? expression(trials.node)
          : `(${expression(y)} + ${expression(trials.node)})`;
      return {
        values: [value, `${t} AS t`],
        constant: `(${sqlLogFactorial('t')}) - (${sqlLogFactorial('y')}) - (${sqlLogFactorial('(t - y)')})`,
        sums: [
          'SUM(t) AS n',
          'SUM(y) AS s',
          `${NOTHING} AS q`,
          'SUM(c) AS c',
          bad(`y < 0 OR y > t OR y <> FLOOR(y) OR t <> FLOOR(t) OR t = ${INFINITE}`),
        ],
      };
    }
    case 'counts':
      return {
        values: [value],
        constant: sqlLogFactorial('y'),
        sums: [
          count,
          'SUM(y) AS s',
          `${NOTHING} AS q`,
          'SUM(c) AS c',
          bad(`y < 0 OR y <> FLOOR(y) OR ${infinite}`),
        ],
      };
    case 'moments':
      return {
        values: [value],
        constant: '',
        sums: [count, 'AVG(y) AS s', 'VAR_POP(y) AS q', `${NOTHING} AS c`, bad(infinite)],
      };
    case 'log-moments':
      return {
        values: [value],
        constant: '',
        sums: [
          count,
          'AVG(y) AS s',
          'AVG(LN(CASE WHEN y > 0 THEN y ELSE 1 END)) AS q',
          `${NOTHING} AS c`,
          bad(`y <= 0 OR ${infinite}`),
        ],
      };
    case 'responses':
      return {
        values: [],
        constant: '',
        sums: [count, `${NOTHING} AS s`, `${NOTHING} AS q`, `${NOTHING} AS c`, `${NOTHING} AS b`],
      };
  }
}
