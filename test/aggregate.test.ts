// Rows merged by SQL in DuckDB: the log-likelihood, estimates and standard errors are those of the rows one by one.
import { DuckDBInstance } from '@duckdb/node-api';
import test from 'ava';
import { binomial as binomialVariate, poisson as poissonVariate } from '../samplers/discrete-variates.js';
import { rng } from '../samplers/rng.js';
import { gamma as gammaVariate, normal, openUniform } from '../samplers/variates.js';
import {
  aggregateSql,
  binomial,
  clusterLogLik,
  type DuckDbOptions,
  type Family,
  fit,
  gamma,
  gaussian,
  glance,
  glmm,
  glmmFromAggregate,
  glmmFromDuckDb,
  type Model,
  type ModelOptions,
  negativeBinomial,
  parseCsv,
  poisson,
  quadrature,
  readCsv,
  type Table,
} from '../src/index.js';
import { dataSummary } from '../src/report/html/data-summary.js';

const instance = await DuckDBInstance.create();
const connection = await instance.connect();
const file = (name: string): string => `examples/data/${name}.csv`;

/** Puts a table of simulated numbers into DuckDB; the same columns come back. */
async function store(name: string, table: Table): Promise<Table> {
  const names = Object.keys(table);
  const rows = table[names[0]!]!.length;
  const told = (cell: unknown): string =>
    cell === null || Number.isNaN(cell)
      ? 'NULL'
      : typeof cell === 'string'
        ? `'${cell.replaceAll("'", "''")}'`
        : typeof cell === 'boolean'
          ? String(cell)
          : `CAST('${cell}' AS DOUBLE)`;
  const quoted = names.map((one) => `"${one.replaceAll('"', '""')}"`);
  const values = Array.from(
    { length: rows },
    (_, i) => `(${names.map((one) => told(table[one]![i])).join()})`,
  );
  await connection.run(`CREATE TABLE ${name} AS SELECT * FROM (VALUES ${values.join()}) t(${quoted.join()})`);
  return table;
}

async function same(
  t: import('ava').ExecutionContext,
  formula: string,
  data: Table,
  options: ModelOptions,
  duck: DuckDbOptions,
  most: number,
): Promise<Model> {
  const byRow = await fit(glmm(formula, data, options), quadrature());
  const model = await glmmFromDuckDb(formula, connection, duck);
  const merged = await fit(model, quadrature());
  t.true(model.observations <= most, `${model.observations} rows`);
  const near = (a: number, b: number, what: string): void => {
    t.true(Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)), `${what}: ${a}, by row ${b}`);
  };
  near(merged.logLik, byRow.logLik, 'log-likelihood');
  t.is(merged.estimates.length, byRow.estimates.length);
  merged.estimates.forEach(({ name, value, standardError }, j) => {
    t.is(name, byRow.estimates[j]!.name);
    // Newton ends where the gradient is small, so that two ways there may differ by the square root of that.
    const { value: expected } = byRow.estimates[j]!;
    if (value === 0 && expected === 0) return;
    t.true(Math.abs(value - expected) < 1e-7 * standardError, `${name} ${value}`);
    near(standardError, byRow.estimates[j]!.standardError, `standard error of ${name}`);
  });
  return model;
}

const stream = rng(7).stream('aggregate');
const n = 900;
/** Few covariate patterns in 60 clusters; a column of each kind, some cells missing, and a name that must be quoted. */
const simulated = await store('rows', columns());

function columns(): Table {
  const draw = (k: number): number => Math.floor(k * openUniform(stream));
  const cluster = Array.from({ length: n }, (_, i) => `c${i % 60}`);
  const eps = Array.from({ length: 60 }, () => 0.7 * normal(stream));
  const dose = Float64Array.from(cluster, () => 1 + draw(3));
  const arm = cluster.map(() => ['placebo', 'low "dose"', "o'hare"][draw(3)]!);
  const late = cluster.map(() => draw(2) === 1);
  const evil = Float64Array.from(cluster, () => draw(2));
  const exposure = Float64Array.from(cluster, () => 1 + draw(2));
  const weight = Float64Array.from(cluster, () => 0.5 * (1 + draw(3)));
  const eta = cluster.map((_, i) => -0.4 + 0.5 * Math.log(dose[i]!) + (late[i] ? 0.3 : 0) + eps[i % 60]!);
  const mean = eta.map((at) => 1 / (1 + Math.exp(-at)));
  const success = mean.map((p) => openUniform(stream) < p);
  const trials = Float64Array.from(cluster, () => 1 + draw(30));
  return {
    cluster,
    dose: dose.map((x, i) => (i % 97 === 0 ? Number.NaN : x)),
    arm: arm.map((x, i) => (i % 101 === 0 ? null : x)),
    late,
    'a"; drop table rows; --': evil,
    exposure,
    weight,
    binary: Float64Array.from(success, Number),
    answer: success.map((yes) => (yes ? 'yes' : 'no')),
    truth: success,
    trials,
    successes: trials.map((total, i) => binomialVariate(stream, total, mean[i]!, 1 - mean[i]!)),
    events: Float64Array.from(eta, (at) => poissonVariate(stream, 20 * Math.exp(at))),
    level: Float64Array.from(eta, (at) => 100 + at + normal(stream)),
    negative: Float64Array.from(eta, () => -1e12),
    wait: Float64Array.from(eta, (at) => Math.exp(at) * gammaVariate(stream, 3) + 1e-3),
  };
}

const terms = 'log(dose) * late + factor(dose):exposure + arm + `a"; drop table rows; --` + (1 | cluster)';
const plain = 'log(dose) + late + (1 | cluster)';
const cases: readonly (readonly [string, Family, Partial<DuckDbOptions>, number])[] = [
  [`binary ~ ${terms}`, binomial(), {}, 1800],
  [`answer ~ ${plain}`, binomial(), {}, 700],
  [`truth ~ ${plain}`, binomial('probit'), { weights: 'weight' }, 900],
  [`successes | trials(trials) ~ I(dose^2) + (1 | cluster)`, binomial(), { weights: 'weight' }, 1000],
  [`cbind(successes, trials - successes) ~ ${plain}`, binomial('cauchit'), {}, 700],
  [`events ~ ${plain}`, poisson(), { offset: 'exposure', weights: 'weight' }, 1800],
  [`events ~ late + offset(log(exposure)) + (1 | cluster)`, poisson(), { merge: 'rows' }, 500],
  [`events ~ ${plain}`, poisson('sqrt'), {}, 700],
  [`level ~ ${plain}`, gaussian(), {}, 700],
  [`log(level) ~ late + (1 | cluster)`, gaussian(), { weights: 'weight' }, 720],
  [`wait ~ late + (1 | cluster)`, gamma(), {}, 250],
];
for (const [formula, family, options, most] of cases) {
  const { weights, offset, merge } = options;
  test(`${formula}, ${family.name} ${family.link.name}${weights ? ', weighted' : ''}`, async (t) => {
    const named = { ...(weights && { weights }), ...(offset && { offset }) };
    const duck = { family, table: 'rows', ...named, ...(merge && { merge }) };
    const model = await same(t, formula, simulated, { family, ...named }, duck, most);
    const dropped = model.findings.find(({ code }) => code === 'rows-dropped');
    t.is(dropped !== undefined, formula.includes('dose'));
    t.true(model.findings.some(({ code }) => code === 'rows-merged'));
    t.is(model.formula, formula);
  });
}

const shipped: readonly (readonly [string, string, Family, number])[] = [
  ['toenail', 'outcome ~ treatment * time + (1 | patientID)', binomial(), 4000],
  ['lsat_long', 'y ~ factor(item) + (1 | person)', binomial(), 100],
  ['lsat_long', 'y ~ factor(item) + (1 | person)', binomial('probit'), 400],
  ['cbpp', 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)', binomial(), 120],
  ['cbpp', 'incidence | trials(size) ~ factor(period) + (1 | herd)', binomial('cloglog'), 120],
  ['epil', 'y ~ lbase * trt + lage + (1 | subject)', poisson(), 120],
  ['epil', 'y ~ lbase + trt + (1 | subject)', negativeBinomial(), 236],
];
for (const [name, formula, family, most] of shipped) {
  test(`${name}, ${family.name} ${family.link.name}`, async (t) => {
    const data = await readCsv(file(name));
    await same(t, formula, data, { family }, { family, table: file(name) }, most);
  });
}

test('clusters of the same total are one, and none is lost from the counts', async (t) => {
  const options = { family: binomial(), table: 'rows' };
  const model = await glmmFromDuckDb('binary ~ 1 + (1 | cluster)', connection, options);
  // 15 rows each: totals from 0 to 15.
  t.true(model.clusterLabels.length <= 16);
  const { message } = model.findings.find(({ code }) => code === 'rows-merged')!;
  t.true(message.startsWith('900 rows in 60 clusters were merged into'), message);
  t.is(glance(await fit(model, quadrature())).nobs, 900);
  // A report tells of the data, not of the rows that stand for them.
  const y = simulated.binary as Float64Array;
  const { text } = dataSummary(model);
  t.regex(text, new RegExp(`<dd>900, merged into ${model.observations}</dd>`));
  t.regex(text, new RegExp(`<dd>60 by <code>cluster</code>, merged into ${model.clusterLabels.length}</dd>`));
  t.true(text.includes(`${((100 * y.reduce((sum, one) => sum + one, 0)) / 900).toFixed(1)}% successes`));
});

test('clusters that are all alike are fitted by their rows', async (t) => {
  const g = Float64Array.from({ length: 40 }, (_, i) => Math.floor(i / 4));
  const alike = await store('alike', { g, y: g.map((_, i) => (i % 4 === 0 ? 1 : 0)) });
  const options = { family: binomial(), table: 'alike' };
  const formula = 'y ~ 1 + (1 | g)';
  await t.throwsAsync(glmmFromDuckDb(formula, connection, options), {
    code: 'one-cluster',
    message: /all 10 clusters .* \{ merge: 'rows' \}/,
  });
  await same(t, formula, alike, { family: binomial() }, { ...options, merge: 'rows' }, 20);
});

test('equal sums of different responses keep their constants where clusters are not merged in SQL', async (t) => {
  const responses = [
    [0, 8],
    [4, 4],
    [2, 5],
    [1, 7],
    [3, 6],
  ];
  const g = Float64Array.from({ length: 20 }, (_, i) => i >> 1);
  const data = await store('sums', { g, y: g.map((at, i) => responses[at % 5]![i % 2]!) });
  for (const merge of ['rows', 'clusters'] as const) {
    const duck = { family: poisson('sqrt'), table: 'sums', merge };
    await same(t, 'y ~ 1 + (1 | g)', data, { family: poisson('sqrt') }, duck, 20);
    const merged = await fit(await glmmFromDuckDb('y ~ 1 + (1 | g)', connection, duck), quadrature());
    if (merge === 'clusters') continue;
    const byRow = await fit(glmm('y ~ 1 + (1 | g)', data, { family: poisson('sqrt') }), quadrature());
    const expected = clusterLogLik(byRow);
    clusterLogLik(merged).forEach((value, i) => {
      t.true(Math.abs(value - expected[i]!) < 1e-9 * Math.abs(expected[i]!), `cluster ${i}`);
    });
  }
});

test('gamma responses of many orders of magnitude keep their digits', async (t) => {
  const draws = rng(3).stream('wide');
  const g = Float64Array.from({ length: 120 }, (_, i) => Math.floor(i / 6));
  const shift = Float64Array.from({ length: 20 }, () => normal(draws));
  const y = g.map((at, i) => Math.exp(shift[at]!) * (i % 6 === 0 ? 1e-13 : gammaVariate(draws, 0.1) + 1e-9));
  const wide = await store('wide', { g, y });
  const family = gamma();
  await same(t, 'y ~ 1 + (1 | g)', wide, { family }, { family, table: 'wide' }, 40);
});

test('clusters of decimals and UUIDs are read, kinds that tables do not have are refused by name', async (t) => {
  const options = { family: binomial(), table: 'kinds' };
  const identifiers = {
    'CAST(i % 7 AS DECIMAL(18, 2))': '6',
    'CAST(i % 7 AS DECIMAL(38, 0)) + 12345678901234567890': '12345678901234567896',
    "CAST('00000000-0000-0000-0000-00000000000' || (i % 7) AS UUID)": '00000000-0000-0000-0000-000000000006',
  };
  const rest = 'CASE WHEN i % 5 < 2 THEN 1 ELSE 0 END AS y, i % 3 AS x FROM range(80) t(i)';
  for (const [g, last] of Object.entries(identifiers)) {
    await connection.run(`CREATE OR REPLACE TABLE kinds AS SELECT ${g} AS g, ${rest}`);
    const model = await glmmFromDuckDb('y ~ x + (1 | g)', connection, { ...options, merge: 'rows' });
    t.is(model.clusterLabels[6], last);
    t.is(model.clusterLabels.length, 7);
  }
  await connection.run(
    `CREATE OR REPLACE TABLE kinds AS SELECT i % 7 AS g, DATE '2020-01-01' + CAST(i AS INTEGER) AS day, ${rest}`,
  );
  await t.throwsAsync(glmmFromDuckDb('y ~ day + (1 | g)', connection, options), {
    code: 'unreadable-column',
    message: /'day' .* date_diff/,
  });
});

test('rows given twice, or without a column that they were grouped by, are no result of the SQL', (t) => {
  const head = 'g,x,glmmc_clusters,glmmc_rows,glmmc_count,glmmc_sum,glmmc_second,glmmc_constant';
  const csv = (rows: readonly string[]): string =>
    [`${head},glmmc_invalid,glmmc_table_rows`, ...rows.map((row) => `${row},0,0,0,30`)].join('\n');
  const read = (formula: string, rows: readonly string[]): Model =>
    glmmFromAggregate(formula, parseCsv(csv(rows)), { family: binomial('probit') });
  const rows = ['a,0,1,4,4,1', 'a,1,1,4,4,2', 'b,0,1,4,4,3'];
  t.is(read('y ~ x + (1 | g)', rows).clusterLabels.length, 2);
  const refused = { code: 'bad-aggregate', message: /twice/ };
  t.throws(() => read('y ~ x + (1 | g)', [...rows, ...rows]), refused);
  t.throws(() => read('y ~ 1 + (1 | g)', rows), refused);
  // Text that a CSV file makes the same number of.
  t.throws(() => read('y ~ x + (1 | g)', ['01,0,1,4,4,1', '1,0,1,4,4,2', '2,0,1,4,4,3']), refused);
});

test('counts to 1e9 lose no more than the sum of their log factorials does', async (t) => {
  const base = Float64Array.from({ length: 40 }, (_, i) => 1e9 + 3e4 * Math.sin(i) * (1 + (i % 4)));
  const big = await store('big', {
    g: Float64Array.from(base, (_, i) => Math.floor(i / 8)),
    x: Float64Array.from(base, (_, i) => i % 2),
    y: base.map(Math.round),
  });
  const formula = 'y ~ x + (1 | g)';
  const options = { family: poisson(), table: 'big' };
  const byRow = await fit(glmm(formula, big, { family: poisson() }), quadrature());
  const merged = await fit(await glmmFromDuckDb(formula, connection, options), quadrature());
  // Each log y! is 2e10, of which a double keeps 4e-6.
  t.true(Math.abs(merged.logLik - byRow.logLik) < 40 * 4e-6, `${merged.logLik} ${byRow.logLik}`);
});

test('the SQL of both dialects holds names in quotes alone', (t) => {
  for (const dialect of ['duckdb', 'postgres'] as const) {
    const table = ['my schema', 't"'];
    const sql = aggregateSql('y ~ `a"; drop table x; --` + (1 | g)', { family: binomial(), table, dialect });
    t.true(sql.includes('"a""; drop table x; --"'));
    t.true(sql.includes('FROM "my schema"."t"""'));
    t.false(/drop table/.test(sql.replaceAll(/"(?:[^"]|"")*"/g, '')));
    // A part of the SQL of this name would be read in the table's place.
    t.throws(() => aggregateSql('y ~ (1 | g)', { family: binomial(), table: 'Glmmc_cells', dialect }), {
      code: 'unsupported-aggregate',
      message: /make a view/,
    });
  }
});

test('glmmFromAggregate() refuses what is not the result of the SQL', (t) => {
  t.throws(() => glmmFromAggregate('y ~ 1 + (1 | g)', { y: [1], g: [1] }, { family: binomial() }), {
    code: 'bad-aggregate',
    message: /no column 'glmmc_clusters'/,
  });
});

const refused: readonly (readonly [string, object, string, RegExp])[] = [
  ['binary ~ scale(dose) + (1 | cluster)', {}, 'unsupported-aggregate', /depends on all rows/],
  ['binary ~ poly(dose, 2) + (1 | cluster)', {}, 'unsupported-aggregate', /depends on all rows/],
  ['binary ~ factor(cluster) + (1 | cluster)', {}, 'unsupported-aggregate', /also stands among the terms/],
  [
    'sin(level) ~ dose + (1 | cluster)',
    { family: gaussian() },
    'unsupported-aggregate',
    /make a column of it/,
  ],
  ['binary ~ binary + (1 | cluster)', {}, 'bad-formula', /also stands among the terms/],
  ['binary ~ doze + (1 | cluster)', {}, 'unknown-column', /did you mean 'dose'/],
  ['events ~ dose + (1 | cluster)', {}, 'bad-response', /\d+ rows have responses/],
  ['successes | trials(trials) ~ 1 + (1 | cluster)', { family: poisson() }, 'bad-response', /plain response/],
  ['trials | trials(successes) ~ 1 + (1 | cluster)', {}, 'bad-response', /rows have responses/],
  ['binary ~ dose + (1 | cluster)', { weihgts: 'weight' }, 'unknown-option', /did you mean 'weights'/],
  ['binary ~ dose + (1 | cluster)', { dialect: 'postgres' }, 'unknown-option', /no option 'dialect'/],
  ['binary ~ dose + (1 | cluster)', { table: 'no such table' }, 'duckdb', /no such table/],
  ['binary ~ dose + (1 | cluster)', { table: '' }, 'bad-name', /a name in SQL/],
  ['negative ~ dose + (1 | cluster)', { family: poisson() }, 'bad-response', /rows have responses/],
  ['binary ~ dose + (1 | cluster)', { table: 3 }, 'bad-option', /the name of a table/],
];
for (const [formula, options, code, message] of refused) {
  test(`refuses ${formula} ${JSON.stringify(options).slice(0, 40)}`, async (t) => {
    const all = { family: binomial(), table: 'rows', ...options } as DuckDbOptions;
    await t.throwsAsync(glmmFromDuckDb(formula, connection, all), { code, message });
  });
}

test('a database is opened by its path; other things are refused', async (t) => {
  const formula = 'incidence | trials(size) ~ factor(period) + (1 | herd)';
  const options = { family: binomial(), table: file('cbpp') };
  t.is((await glmmFromDuckDb(formula, ':memory:', options)).clusterLabels.length, 15);
  await t.throwsAsync(glmmFromDuckDb(formula, 'nowhere/herds.duckdb', options), { code: 'duckdb' });
  await t.throwsAsync(glmmFromDuckDb(formula, 3 as never, options), { code: 'bad-option' });
});
