// The SQL of aggregateSql() in PostgreSQL: server by test/postgres.sh, client psql, the same fits as rows one by one.
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import {
  type AggregatedModelOptions,
  aggregateSql,
  binomial,
  fit,
  gamma,
  gaussian,
  glmm,
  glmmFromAggregate,
  negativeBinomial,
  parseCsv,
  poisson,
  quadrature,
  readCsv,
  type Table,
} from '../../src/index.js';

const script = resolve('test/postgres.sh');
const run = promisify(execFile);

// Short: the name of a socket may have no more than 107 letters.
const folder = mkdtempSync(join(tmpdir(), 'pg-'));
chmodSync(folder, 0o755);
const missing = start();

/** Why there is no server, where there is none. */
function start(): string | undefined {
  try {
    execFileSync('bash', [script, 'install'], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr ?? error).trim();
  }
  // A server that is there and does not start is a failure, not a reason to skip.
  execFileSync('bash', [script, 'start', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  return undefined;
}

test.after.always(() => {
  if (missing === undefined) execFileSync('bash', [script, 'stop', folder]);
  rmSync(folder, { recursive: true, force: true });
});

if (missing !== undefined) {
  test('PostgreSQL is not there: nothing of it is tested', (t) => {
    t.log(missing);
    t.pass();
  });
}

async function psql(sql: string): Promise<string> {
  const file = join(folder, `query-${queries++}.sql`);
  await writeFile(file, sql);
  const options = ['-h', folder, '-U', 'glmmc', '-d', 'postgres', '--csv', '-q', '-v', 'ON_ERROR_STOP=1'];
  const { stdout } = await run('psql', [...options, '-f', file], { maxBuffer: 2 ** 28 });
  return stdout;
}
let queries = 0;

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Numbers as doubles, booleans as booleans, the rest as text. */
async function store(name: string, table: Table): Promise<void> {
  const names = Object.keys(table);
  const kind = (column: Table[string]): string =>
    ArrayBuffer.isView(column) ? 'double precision' : typeof column[0] === 'boolean' ? 'boolean' : 'text';
  const told = (cell: unknown): string =>
    cell === null ? 'NULL' : typeof cell === 'string' ? `'${cell.replaceAll("'", "''")}'` : `'${cell}'`;
  const rows = Array.from(
    { length: table[names[0]!]!.length },
    (_, i) => `(${names.map((one) => told(table[one]![i])).join()})`,
  );
  await psql(`CREATE TABLE ${quote(name)} (${names.map((one) => `${quote(one)} ${kind(table[one]!)}`).join()});
INSERT INTO ${quote(name)} VALUES ${rows.join()};`);
}

async function same(
  t: ExecutionContext,
  formula: string,
  data: Table,
  options: AggregatedModelOptions,
  table: string,
): Promise<void> {
  const { columns: _, ...ofModel } = options;
  const sql = aggregateSql(formula, { ...options, table, dialect: 'postgres' });
  const rows = parseCsv(await psql(sql));
  const model = glmmFromAggregate(formula, rows, options);
  const merged = await fit(model, quadrature());
  const byRow = await fit(glmm(formula, data, ofModel), quadrature());
  t.true(
    Math.abs(merged.logLik - byRow.logLik) < 1e-9 * Math.max(1, Math.abs(byRow.logLik)),
    `${merged.logLik}`,
  );
  merged.estimates.forEach(({ name, value, standardError }, j) => {
    const expected = byRow.estimates[j]!;
    t.is(name, expected.name);
    t.true(Math.abs(value - expected.value) < 1e-7 * standardError, `${name} ${value}`);
    t.true(Math.abs(standardError - expected.standardError) < 1e-9 * Math.max(1, standardError), name);
  });
}

const shipped = [
  ['toenail', 'outcome ~ treatment * time + (1 | patientID)', binomial()],
  ['lsat_long', 'y ~ factor(item) + (1 | person)', binomial()],
  ['cbpp', 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)', binomial()],
  ['epil', 'y ~ lbase * trt + lage + (1 | subject)', poisson()],
  ['epil', 'y ~ lbase + trt + (1 | subject)', negativeBinomial()],
] as const;
const stored = new Map<string, Promise<void>>();

for (const [name, formula, family] of missing === undefined ? shipped : []) {
  test(`${name}, ${family.name}`, async (t) => {
    const data = await readCsv(`examples/data/${name}.csv`);
    if (!stored.has(name)) stored.set(name, store(name, data));
    await stored.get(name);
    await same(t, formula, data, { family }, name);
  });
}

if (missing === undefined) {
  test('moments, weights, offset, booleans, missing numbers, and a name that must be quoted', async (t) => {
    const evil = 'a"; drop table x; --';
    const rows = 600;
    const wave = (i: number, k: number): number => Math.sin(1.7 * i * k + k);
    const of = (make: (i: number) => number): Float64Array =>
      Float64Array.from({ length: rows }, (_, i) => make(i));
    const data: Table = {
      [evil]: of((i) => (i % 83 === 0 ? Number.NaN : i % 2)),
      flag: Array.from({ length: rows }, (_, i) => wave(i % 25, 1) + 1.5 * wave(i, 5) > 0.3),
      g: Array.from({ length: rows }, (_, i) => `g'${i % 25}`),
      w: of((i) => 0.5 + (i % 2)),
      e: of((i) => 1 + (i % 3)),
      y: of((i) => 50 + wave(i % 25, 1) + wave(i, 2)),
      t: of((i) => Math.exp(0.4 * wave(i % 25, 1) + wave(i, 3))),
      n: of((i) => Math.floor(30 * Math.exp(0.3 * wave(i % 25, 1) + 0.2 * wave(i, 3)))),
    };
    await store('x', data);
    const columns = { flag: 'boolean', [evil]: 'number' } as const;
    const terms = `\`${evil}\` * flag + (1 | g)`;
    await same(t, `y ~ ${terms}`, data, { family: gaussian(), weights: 'w', columns }, 'x');
    await same(t, `t ~ ${terms}`, data, { family: gamma(), columns }, 'x');
    await same(t, `n ~ ${terms}`, data, { family: poisson(), offset: 'e', columns }, 'x');
    await same(t, `flag ~ \`${evil}\` + (1 | g)`, data, { family: binomial(), columns }, 'x');
    await same(t, `y ~ \`${evil}\` + (1 | flag)`, data, { family: gaussian(), columns }, 'x');
    // UUIDs, of which there is no smallest one, name the clusters.
    const uuid = "CAST('00000000-0000-0000-0000-' || LPAD(SUBSTR(g, 3), 12, '0') AS UUID)";
    await psql(`CREATE TABLE identified AS SELECT ${uuid} AS g, e, n FROM x`);
    await same(t, 'n ~ e + (1 | g)', data, { family: poisson(), columns: { g: 'text' } }, 'identified');
    t.is((await psql('SELECT COUNT(*) FROM x')).trim().split('\n')[1], String(rows));
  });
}
