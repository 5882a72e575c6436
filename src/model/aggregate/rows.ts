// Merged rows as SQL gave them, made into rows that have the same log-likelihood under the family's own density.
import { GlmmcError } from '../../../samplers/errors.js';
import { columnsOf } from '../../data/column.js';
import type { Table } from '../../data/table.js';
import { logFactorial } from '../outcomes/constants.js';
import type { AggregatePlan } from './plan.js';
import { RESULT } from './sql.js';

export const STAND_IN = { y: 'glmmc_y', weight: 'glmmc_weight', clusters: 'glmmc_clusters' } as const;

export interface StandIns {
  /** Cluster, keys, `glmmc_weight`, `glmmc_clusters` and, unless the responses are told, `glmmc_y`. */
  readonly table: Table;
  /** What is to be added to the constant of the cluster of each row, a member of the merged ones. */
  readonly constants: Float64Array;
  /** Rows of the table in the database that were used, and all of them; the clusters that they were in. */
  readonly rows: number;
  readonly tableRows: number;
  readonly clusters: number;
}

/**
 * A merged row becomes one or two weighted ones of the same sums: a success and a failure; the counts below and above the
 * mean; the mean less and plus a standard deviation (gamma: two numbers of the same mean and mean logarithm). Every family's
 * log density is linear in those sums, so that all of its digits are kept; what its constants differ by is told beside.
 * @throws GlmmcError `bad-aggregate` for a table that is not the SQL's, `bad-response` for rows the family does not allow
 */
export function standIns(plan: AggregatePlan, result: Table): StandIns {
  const needed = [plan.cluster, ...plan.keys, ...Object.values(RESULT)];
  const absent = needed.find((name) => !Object.hasOwn(result, name));
  if (absent !== undefined) {
    throw new GlmmcError(
      'bad-aggregate',
      `the rows must be those that the SQL of aggregateSql() gives for this formula and family: there is no column '${absent}'`,
    );
  }
  const columns = columnsOf(result);
  const numbers = (name: string): Float64Array => {
    const column = columns.get(name);
    if (column.kind === 'numbers') return column.values;
    throw new GlmmcError('bad-aggregate', `the column '${name}' of the merged rows must be of numbers`);
  };
  const clusters = numbers(RESULT.clusters);
  const rows = numbers(RESULT.rows);
  const count = numbers(RESULT.count);
  const sum = numbers(RESULT.sum);
  const second = numbers(RESULT.second);
  const constant = numbers(RESULT.constant);
  const invalid = numbers(RESULT.invalid);
  const tableRows = numbers(RESULT.tableRows);
  const bad = invalid.reduce((total, of) => total + of, 0);
  if (bad > 0) {
    throw new GlmmcError(
      'bad-response',
      `${bad} ${bad === 1 ? 'row has a response' : 'rows have responses'} that the family does not allow; look for them in the database by their values`,
    );
  }
  const used = rows.reduce((total, of) => total + of, 0);
  if (used > tableRows[0]! || areRepeated([plan.cluster, ...plan.keys].map((name) => result[name]!))) {
    throw new GlmmcError(
      'bad-aggregate',
      `the merged rows must be those of one run of the SQL for this formula, but some cluster has the same ${plan.keys.length > 0 ? `values of ${plan.keys.join(', ')}` : 'row'} twice; give the rows once, all columns with them, and keep texts such as '01' and '1' apart, which CSV files make one number of`,
    );
  }
  const weight = plan.weights === undefined ? undefined : numbers(plan.weights);
  // Typed arrays: there may be millions of them, at most two a merged row.
  const from = new Int32Array(2 * columns.rows);
  const y = new Float64Array(2 * columns.rows);
  const weights = new Float64Array(2 * columns.rows);
  const constants = new Float64Array(2 * columns.rows);
  const seen = new Map<unknown, number>();
  const averages = plan.statistic === 'moments' || plan.statistic === 'log-moments';
  let size = 0;
  for (let k = 0; k < columns.rows; k++) {
    const m = clusters[k]!;
    const w = weight?.[k] ?? 1;
    const pair = pairOf(plan, count[k]! / m, averages ? sum[k]! : sum[k]! / m, second[k]!);
    constants[size] = constantOf(plan, pair, w, constant[k]! / m);
    for (const [value, share] of pair) {
      from[size] = k;
      y[size] = value;
      weights[size] = w * share;
      size++;
    }
    seen.set(result[plan.cluster]![k], m);
  }
  const members = from.subarray(0, size);
  const taken = (name: string): Table[string] => {
    const column = result[name]!;
    return column instanceof Float64Array
      ? Float64Array.from(members, (k) => column[k]!)
      : Array.from(members, (k) => column[k]!);
  };
  return {
    table: {
      ...Object.fromEntries([plan.cluster, ...plan.keys].map((name) => [name, taken(name)])),
      ...(plan.statistic !== 'responses' && { [STAND_IN.y]: y.subarray(0, size) }),
      [STAND_IN.weight]: weights.subarray(0, size),
      [STAND_IN.clusters]: Float64Array.from(members, (k) => clusters[k]!),
    },
    constants,
    rows: used,
    tableRows: tableRows[0] ?? 0,
    clusters: [...seen.values()].reduce((total, m) => total + m, 0),
  };
}

/** Whether two rows are the same in all of these columns. */
function areRepeated(columns: readonly ArrayLike<unknown>[]): boolean {
  const rows = columns[0]!.length;
  const codes = new Float64Array(rows);
  let distinct = 0;
  for (const column of columns) {
    const cells = new Map<unknown, number>();
    const pairs = new Map<number, number>();
    for (let k = 0; k < rows; k++) {
      const pair = codes[k]! * rows + codeOf(cells, column[k]);
      codes[k] = codeOf(pairs, pair);
    }
    distinct = pairs.size;
  }
  return distinct < rows;
}

/** The number of a value, counted from 0 as they come. */
function codeOf<T>(known: Map<T, number>, value: T): number {
  const code = known.get(value) ?? known.size;
  if (code === known.size) known.set(value, code);
  return code;
}

/** Responses with their weights. */
type Pair = readonly (readonly [value: number, weight: number])[];

function pairOf({ statistic }: AggregatePlan, count: number, sum: number, second: number): Pair {
  switch (statistic) {
    case 'trials': {
      const pair: Pair = [
        [1, sum],
        [0, count - sum],
      ];
      const filled = pair.filter(([, weight]) => weight > 0);
      return filled.length > 0 ? filled : [[0, 0]];
    }
    case 'counts': {
      const mean = sum / count;
      const below = Math.floor(mean);
      const above = sum - count * below;
      if (!(above > 0)) return [[below, count]];
      return [
        [below, count - above],
        [below + 1, above],
      ];
    }
    case 'moments':
      return halves(sum, sum - Math.sqrt(Math.max(0, second)), sum + Math.sqrt(Math.max(0, second)), count);
    case 'log-moments': {
      // Of m - d and m + d the product is the squared geometric mean, which gives the smaller one all of its digits.
      const geometric = Math.exp(second);
      const larger = sum + Math.sqrt(Math.max(0, (sum - geometric) * (sum + geometric)));
      return halves(sum, geometric * (geometric / larger), larger, count);
    }
    case 'responses':
      return [[Number.NaN, count]];
  }
}

/** Two responses of half the count each; their mean alone where they are the same. */
function halves(mean: number, smaller: number, larger: number, count: number): Pair {
  if (count === 1 || !(larger > mean)) return [[mean, count]];
  return [
    [smaller, count / 2],
    [larger, count / 2],
  ];
}

/** What the data's constants are beyond those of the rows that stand in for them. */
function constantOf({ statistic }: AggregatePlan, pair: Pair, weight: number, told: number): number {
  if (statistic === 'trials') return told;
  if (statistic !== 'counts') return 0;
  return pair.reduce((total, [y, share]) => total + weight * share * logFactorial(y), 0) - told;
}
