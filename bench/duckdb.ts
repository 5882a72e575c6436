// A hundred million rows made, merged and fitted through DuckDB: seconds of each, and the most memory of the process.
import { mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { binomial, fit, glmmFromDuckDb, quadrature } from 'glmmc';

const ROWS = Number(process.argv[2] ?? 1e8);
/** Some of these rows have a covariate that differs in every row: nothing can be merged there. */
const CONTINUOUS_ROWS = Math.min(ROWS / 50, 2_000_000);
/** A little more than enough: a cluster has 100 rows on average. */
const CLUSTERS = Math.ceil((1.002 * ROWS) / 100);
const TRUTH = { beta: [-1, 0.5, -0.25, 0.4, 0.8], sigma: 1 };
const GIB = 2 ** 30;
/** Bytes a row at most, compressed columns of 32, 8 and 8 bits. */
const BYTES = 12;

const folder = await mkdtemp(join(tmpdir(), 'glmmc-duckdb-'));
const path = join(folder, 'rows.duckdb');

/** Seconds, and the most memory of the process up to the end. */
async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  const seconds = (performance.now() - start) / 1000;
  // maxRSS is in KiB.
  const peak = (1024 * process.resourceUsage().maxRSS) / GIB;
  console.log(`${what}: ${seconds.toFixed(1)} s, most memory so far ${peak.toFixed(2)} GiB`);
  return result;
}

/**
 * A number in (0, 1) told by a whole one: DuckDB's own random() depends on which thread takes which rows. Of several arguments hash()
 * makes numbers that hang together, so that every use has whole numbers of its own.
 */
const uniform = (of: string): string => `((CAST(hash(${of}) >> 11 AS DOUBLE) + 0.5) / 9007199254740992)`;

const eta = TRUTH.beta.map((b, k) => `WHEN ${k} THEN ${k === 0 ? b : TRUTH.beta[0]! + b}`).join(' ');

/** Clusters of 50 to 150 rows, a fifth in each of five arms; normal intercepts (Box and Muller 1958), one a cluster. */
const makeRows = [
  `CREATE TABLE clusters AS SELECT CAST(i AS INTEGER) AS cluster,
     CAST(10 + 2 * floor(11 * ${uniform('-1 - 3 * i')}) AS INTEGER) AS per_arm,
     ${TRUTH.sigma} * sqrt(-2 * ln(${uniform('-2 - 3 * i')})) * cos(2 * pi() * ${uniform('-3 - 3 * i')}) AS eps
     FROM range(${CLUSTERS}) t(i)`,
  `CREATE TABLE rows AS SELECT cluster, CAST(arm AS TINYINT) AS arm,
     CAST(${uniform('1000 * CAST(cluster AS BIGINT) + 100 * arm + k')} < 1 / (1 + exp(-(eps + CASE arm ${eta} END))) AS TINYINT) AS y
     FROM clusters, range(5) a(arm), LATERAL (SELECT unnest(range(per_arm))) r(k)`,
  `CREATE VIEW shuffled AS SELECT cluster, CAST(hash(rowid + 1000000000000) % 5 AS TINYINT) AS arm, y FROM rows`,
  `CREATE VIEW continuous AS SELECT cluster, y, ${uniform('rowid + 2000000000000')} AS x FROM rows LIMIT ${CONTINUOUS_ROWS}`,
];

try {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < 3 * BYTES * ROWS) {
    throw new Error(`${((3 * BYTES * ROWS) / GIB).toFixed(0)} GiB of disk are needed in ${folder}`);
  }
  console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.version}`);
  const instance = await DuckDBInstance.create(path, { memory_limit: '6GB', temp_directory: folder });
  const connection = await instance.connect();
  await timed('making the rows', async () => {
    for (const sql of makeRows) await connection.run(sql);
    await connection.run('CHECKPOINT');
  });
  const [[rows]] = (await (await connection.run('SELECT COUNT(*) FROM rows')).getRowsJson()) as [[string]];
  console.log(`${rows} rows, database of ${((await stat(path)).size / GIB).toFixed(2)} GiB`);

  const options = { table: 'rows', family: binomial() };
  const model = await timed('merging, factor(arm), logit', () =>
    glmmFromDuckDb('y ~ factor(arm) + (1 | cluster)', connection, options),
  );
  console.log(`  ${model.findings[0]?.message}`);
  const ml = await timed('certified fit', () => fit(model, quadrature()));
  console.log(String(ml));

  const probit = await timed('merging, factor(arm), probit', () =>
    glmmFromDuckDb('y ~ factor(arm) + (1 | cluster)', connection, { ...options, family: binomial('probit') }),
  );
  console.log(`  ${probit.findings[0]?.message}`);

  // An arm drawn for every row: hardly two clusters have the same numbers of rows in the five arms.
  const shuffled = await timed('merging arms at random', () =>
    glmmFromDuckDb('y ~ factor(arm) + (1 | cluster)', connection, { ...options, table: 'shuffled' }),
  );
  console.log(`  ${shuffled.findings[0]?.message}`);
  await timed('certified fit of them', () => fit(shuffled, quadrature(), { workers: 2 }));

  const continuous = await timed(`merging ${CONTINUOUS_ROWS} rows with a covariate of their own`, () =>
    glmmFromDuckDb('y ~ x + (1 | cluster)', connection, { ...options, table: 'continuous' }),
  );
  console.log(`  ${continuous.findings[0]?.message}`);
  await timed('certified fit of them', () => fit(continuous, quadrature()));
  connection.closeSync();
  instance.closeSync();
} finally {
  await rm(folder, { recursive: true });
}
