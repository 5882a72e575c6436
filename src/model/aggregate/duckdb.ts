// A model fitted where the data are: rows merged by DuckDB, embedded in the process, from tables or files beyond memory.
import { GlmmcError } from '../../../samplers/errors.js';
import { describe } from '../../../samplers/options.js';
import { CellColumn } from '../../data/cell-column.js';
import type { Table } from '../../data/table.js';
import type { Model, ModelOptions } from '../model.js';
import { quoteIdentifier } from './expression.js';
import {
  type AggregateOptions,
  aggregateSql,
  checkDuckDbOptions,
  glmmFromAggregate,
  requireColumns,
} from './model.js';
import { type ColumnKind, planAggregate } from './plan.js';

/** What is asked of a connection: that of `@duckdb/node-api` has it. */
export interface DuckDbConnection {
  /** Runs a statement; its result is then fetched piece by piece. */
  run(sql: string): Promise<{
    readonly rowCount: number;
    /** Names of the result's columns. */
    columnNames(): string[];
    /** Types of the result's columns. */
    columnTypes(): {
      /** The type as SQL writes it. */
      toString(): string;
    }[];
    /** The next rows; null, or none, at the end. */
    fetchChunk(): Promise<{
      readonly rowCount: number;
      /** The cells of one column, counted from 0. */
      getColumnValues(column: number): readonly unknown[];
    } | null>;
  }>;
}

/** As for `aggregateSql()`, and what `glmm()` takes beside; kinds of columns are asked of DuckDB. */
export type DuckDbOptions = Omit<AggregateOptions, 'dialect' | 'columns'> &
  Pick<ModelOptions, 'randomEffect' | 'levels'>;

/**
 * The model of a table in DuckDB: `aggregateSql()` run there, `glmmFromAggregate()` on its result, which alone comes into this
 * program. `table` may be the path of a Parquet or CSV file. Needs the package `@duckdb/node-api` (an optional peer).
 * @param database a connection, the path of a database file (opened read-only), or ':memory:' to read files alone
 * @throws GlmmcError `no-duckdb` where the package is not installed, `duckdb` with the engine's own message, `unknown-column`, and
 *   those of `aggregateSql` and `glmmFromAggregate`
 */
export async function glmmFromDuckDb(
  formula: string,
  database: DuckDbConnection | string,
  options: DuckDbOptions,
): Promise<Model> {
  checkDuckDbOptions('glmmFromDuckDb()', options);
  const { randomEffect, levels, ...asked } = options;
  const { connection, close } = await connect(database);
  try {
    const kinds = await columnKinds(connection, asked.table);
    const known = {
      ...asked,
      columns: Object.fromEntries([...kinds].flatMap(([name, kind]) => (kind ? [[name, kind]] : []))),
    };
    const plan = planAggregate(formula, known);
    requireColumns(plan, [...kinds.keys()], tableText(asked.table));
    requireKinds([plan.cluster, ...plan.keys, ...plan.responses], kinds);
    const result = await query(connection, aggregateSql(formula, known));
    const { table: _, merge: __, ...rest } = known;
    return glmmFromAggregate(formula, result, {
      ...rest,
      ...(randomEffect && { randomEffect }),
      ...(levels && { levels }),
    });
  } finally {
    close();
  }
}

function tableText(table: string | readonly string[]): string {
  return `'${typeof table === 'string' ? table : table.join('.')}'`;
}

async function connect(
  database: DuckDbConnection | string,
): Promise<{ connection: DuckDbConnection; close(): void }> {
  if (typeof database === 'object' && database !== null && typeof database.run === 'function') {
    return { connection: database, close() {} };
  }
  if (typeof database !== 'string') {
    throw new GlmmcError(
      'bad-option',
      `glmmFromDuckDb() takes a connection of @duckdb/node-api, the path of a database file or ':memory:', found ${describe(database)}`,
    );
  }
  const { DuckDBInstance } = await importDuckDb().catch((error) => {
    const absent = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    throw new GlmmcError(
      'no-duckdb',
      `glmmFromDuckDb() needs the package @duckdb/node-api, which ${absent ? 'is not installed' : `cannot be loaded: ${(error as Error).message}`}; npm install @duckdb/node-api`,
    );
  });
  const settings: Record<string, string> = database === ':memory:' ? {} : { access_mode: 'READ_ONLY' };
  const instance = await told(() => DuckDBInstance.create(database, settings));
  const connection = await told(() => instance.connect());
  return {
    connection,
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** The name is put together so that no bundler for browsers follows it. */
function importDuckDb(): Promise<typeof import('@duckdb/node-api')> {
  const name = ['@duckdb', 'node-api'].join('/');
  return import(/* webpackIgnore: true */ /* @vite-ignore */ name);
}

/** Errors of the engine under a code of our own. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GlmmcError) throw error;
    throw new GlmmcError('duckdb', `DuckDB: ${(error as Error).message}`);
  }
}

/** @throws GlmmcError `unreadable-column` for dates, lists and other kinds that tables do not have */
function requireKinds(used: readonly string[], kinds: ReadonlyMap<string, ColumnKind | undefined>): void {
  const other = used.find((name) => kinds.get(name) === undefined);
  if (other === undefined) return;
  throw new GlmmcError(
    'unreadable-column',
    `column '${other}' holds neither numbers, text nor booleans; make a column of it in the database first (of a date: date_diff('day', DATE '1970-01-01', "${other}"))`,
  );
}

/** Every column of the table with what it holds, undefined for what is none of our kinds. */
async function columnKinds(
  connection: DuckDbConnection,
  table: string | readonly string[],
): Promise<Map<string, ColumnKind | undefined>> {
  const from = (typeof table === 'string' ? [table] : table).map(quoteIdentifier).join('.');
  const result = await told(() => connection.run(`SELECT * FROM ${from} LIMIT 0`));
  const types = result.columnTypes().map(String);
  return new Map(result.columnNames().map((name, j) => [name, kindOf(types[j]!)]));
}

function kindOf(type: string): ColumnKind | undefined {
  if (/^U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?$|^U?INTEGER$|^DOUBLE$|^FLOAT$|^DECIMAL/.test(type))
    return 'number';
  if (type === 'BOOLEAN') return 'boolean';
  return /^VARCHAR$|^ENUM|^UUID$/.test(type) ? 'text' : undefined;
}

/** Decimals, of which only clusters have any, as numbers where a double holds them, as text beyond. */
function plainCell(cell: unknown): unknown {
  if (typeof cell !== 'object' || cell === null || !('scale' in cell)) return cell;
  const text = String(cell);
  const digits = text.replace(/\D|(?<=\..*)0+$/g, '').length;
  return digits <= 15 ? Number(text) : text;
}

/** The whole answer, column by column. */
async function query(connection: DuckDbConnection, sql: string): Promise<Table> {
  return told(async () => {
    const result = await connection.run(sql);
    const { rowCount: rows } = result;
    if (rows === 0) {
      throw new GlmmcError(
        'no-rows',
        'no row is left: the table has none, or each has a missing value in a column that is used',
      );
    }
    const names = result.columnNames();
    const columns = names.map((name) => new CellColumn('the merged rows', name, rows, 'text'));
    for (let at = 0; at < rows; ) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) break;
      columns.forEach((column, j) => {
        column.put(at, chunk.getColumnValues(j).map(plainCell));
      });
      at += chunk.rowCount;
    }
    return Object.fromEntries(names.map((name, j) => [name, columns[j]!.finish()]));
  });
}
