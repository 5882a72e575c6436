// Parquet and Arrow files of an outside writer (pyarrow; test/data/columnar/columnar.py), gzipped CSV, and every refusal.
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { columnFromArray, decimal, tableFromColumns, tableToIPC } from '@uwdata/flechette';
import test from 'ava';
import { readArrow } from '../src/data/arrow.js';
import { parseCsv, readCsv } from '../src/data/csv.js';
import { readParquet } from '../src/data/parquet.js';
import { readData } from '../src/data/read-data.js';
import { glmmc } from './run-glmmc.js';

const folder = 'test/data/columnar';
const nan = Number.NaN;
const numbers = (...values: number[]) => new Float64Array(values);
const five = <T>(value: T): [T, T, T, T, T] => [value, value, value, value, value];
const scratch = await mkdtemp(join(tmpdir(), 'glmmc-'));

const types = {
  double: numbers(0.1, -2.5, nan, 1e300, nan, 3, -0),
  single: numbers(0.5, 1.5, 2.5, nan, 4.5, 5.5, 6.5),
  int8: numbers(1, 2, 3, 4, 5, 6, -128),
  uint32: numbers(1, 2, 3, 4, 5, 6, 4294967295),
  int64: numbers(1, nan, -9007199254740991, 9007199254740991, 5, 6, 7),
  decimal: numbers(1.25, nan, ...five(-3.5)),
  flag: [true, false, null, true, true, false, false],
  text: ['a', 'b', null, 'ä, "quoted"', '', 'a', 'b'],
  level: ['low', 'high', 'low', null, 'low', 'high', 'low'],
  // Days, and seconds, since 1970.
  day: numbers(18321, nan, ...five(1)),
  moment: numbers(18321 * 86400 + 45015.25, nan, ...five(60)),
  time: numbers(3600.5, nan, ...five(2)),
  'a"; drop table x; --': numbers(0, 1, 2, 3, 4, 5, 6),
};

for (const file of ['types.parquet', 'types.arrow', 'types-stream.arrow']) {
  test(`${file}: every type, missing values, by path, by bytes and by content`, async (t) => {
    const read = file.endsWith('parquet') ? readParquet : readArrow;
    t.deepEqual(await read(`${folder}/${file}`), types);
    t.deepEqual(await read(await readFile(`${folder}/${file}`)), types);
    const copy = join(scratch, `${file}.csv`);
    await writeFile(copy, await readFile(`${folder}/${file}`));
    t.deepEqual(await readData(copy), types);
    const some = await read(`${folder}/${file}`, { columns: ['text', 'double'] });
    t.deepEqual(Object.keys(some), ['text', 'double']);
    t.deepEqual(some.double, types.double);
  });
}

const long = (rows: number) => ({
  x: Float64Array.from({ length: rows }, (_, i) => ((i * 7919) % 1009) / 8),
  g: Float64Array.from({ length: rows }, (_, i) => Math.floor(i / 10)),
  s: Array.from({ length: rows }, (_, i) => (i % 17 ? `cluster ${i % 13}` : null)),
});

test('every codec of Parquet, over several row groups', async (t) => {
  for (const codec of ['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4']) {
    t.deepEqual(await readParquet(`${folder}/codec-${codec}.parquet`), long(3000), codec);
  }
});

test('both codecs of Arrow, in blocks that refer to one another', async (t) => {
  for (const codec of ['lz4', 'zstd']) {
    t.deepEqual(await readArrow(`${folder}/codec-${codec}.arrow`), long(30_000), codec);
  }
});

for (const [read, kind] of [
  [readParquet, 'parquet'],
  [readArrow, 'arrow'],
] as const) {
  test(`whole numbers beyond 2^53 in ${kind} are refused, or text`, async (t) => {
    const path = `${folder}/big-integers.${kind}`;
    await t.throwsAsync(read(path), { code: 'inexact-integer', message: /9007199254740993 is beyond 2\^53/ });
    const table = await read(path, { bigIntegers: 'text' });
    t.deepEqual(table, { id: ['1', '9007199254740993', '3'], y: numbers(1, 2, 3) });
  });

  test(`what is wrong with a ${kind} file is said in one sentence`, async (t) => {
    const good = `${folder}/types.${kind}`;
    await t.throwsAsync(read(good, { columns: ['doubel'] }), {
      code: 'unknown-column',
      message: `'${good}' has no column 'doubel'; did you mean 'double'?`,
    });
    await t.throwsAsync(read(good, { colums: ['double'] } as object), {
      code: 'unknown-option',
      message: /did you mean 'columns'/,
    });
    await t.throwsAsync(read(good, { columns: [] }), { code: 'bad-option' });
    await t.throwsAsync(read(`${folder}/typos.${kind}`), { code: 'file-not-found', message: /did you mean/ });
    await t.throwsAsync(read(folder), { code: 'unreadable-file' });
    await t.throwsAsync(read(3 as never), { code: 'unreadable-file' });
    await t.throwsAsync(read(`${folder}/nested.${kind}`), { code: 'unreadable-column', message: /'list'/ });
    t.deepEqual(await read(`${folder}/nested.${kind}`, { columns: ['y'] }), { y: numbers(1, 2) });
    const bytes = await readFile(good);
    const code = `bad-${kind}`;
    for (const part of [0, 3, 20, bytes.length >> 1, bytes.length - 9]) {
      await t.throwsAsync(read(bytes.subarray(0, part)), { code }, `${part} bytes`);
    }
    await t.throwsAsync(read(new TextEncoder().encode('y,g\n1,2\n')), { code });
  });
}

test('decimals without a fraction are refused beyond 2^53: their last digits are gone', async (t) => {
  const refused = {
    code: 'inexact-integer',
    message: /column 'id', row 1: a decimal near 12345678901234567000/,
  };
  const path = join(scratch, 'decimals.parquet');
  const connection = await (await DuckDBInstance.create()).connect();
  const id = "CAST('12345678901234567890' AS DECIMAL(20, 0)) + i";
  await connection.run(
    `COPY (SELECT ${id} AS id, CAST(i AS DECIMAL(20, 0)) AS n FROM range(3) t(i)) TO '${path}'`,
  );
  await t.throwsAsync(readParquet(path), refused);
  t.deepEqual(await readParquet(path, { columns: ['n'] }), { n: numbers(0, 1, 2) });
  const columns = {
    id: columnFromArray([12345678901234567890n, 1n], decimal(20, 0, 128)),
    n: columnFromArray([2n, 1n], decimal(20, 0, 128)),
  };
  const bytes = tableToIPC(tableFromColumns(columns), { format: 'file' }) as Uint8Array;
  await t.throwsAsync(readArrow(bytes), refused);
  t.deepEqual(await readArrow(bytes, { columns: ['n'] }), { n: numbers(2, 1) });
});

test('gzipped CSV is known by its bytes, and the same table', async (t) => {
  const text = await readFile('examples/data/epil.csv');
  const path = join(scratch, 'epil.data');
  // Two members, one after another, as gzip allows.
  await writeFile(path, Buffer.concat([gzipSync(text.subarray(0, 1000)), gzipSync(text.subarray(1000))]));
  const table = parseCsv(text.toString());
  t.deepEqual(await readCsv(path), table);
  t.deepEqual(await readData(path, { columns: ['y', 'trt'] }), { y: table.y, trt: table.trt });
  await t.throwsAsync(readCsv(path, { columns: ['yy'] }), { code: 'unknown-column' });
  await writeFile(path, gzipSync(text).subarray(0, 2000));
  await t.throwsAsync(readCsv(path), { code: 'unreadable-file', message: /gzipped, but not to its end/ });
});

test('the command line reads Parquet and gzipped CSV under any name', async (t) => {
  const printed = async (path: string): Promise<string> => {
    const formula = 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)';
    const { code, out, err } = await glmmc('fit', path, '-F', 'binomial', '-f', formula);
    t.is(code, 0, err);
    return out;
  };
  const csv = 'examples/data/cbpp.csv';
  const expected = await printed(csv);
  await writeFile(join(scratch, 'zipped.txt'), gzipSync(await readFile(csv)));
  t.is(await printed(join(scratch, 'zipped.txt')), expected);
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`COPY (SELECT * FROM "${csv}") TO '${join(scratch, 'parquet.txt')}' (FORMAT parquet)`);
  t.is(await printed(join(scratch, 'parquet.txt')), expected);
  connection.closeSync();
});

test('CSV that comes in many pieces is the table of its whole text', async (t) => {
  // Quoted fields with line ends and letters of several bytes lie across the pieces; `late` turns to text at the end.
  const rows = 60_000;
  const lines = Array.from(
    { length: rows },
    (_, i) => `${i},"é ""${i % 7}""\n${'x'.repeat(i % 50)}",${i === rows - 1 ? 'end' : `00${i}.50`}`,
  );
  const text = `i,quoted,late\n${lines.join('\n')}`;
  const path = join(scratch, 'pieces.csv');
  await writeFile(path, text);
  const table = await readCsv(path);
  t.is(table.i![rows - 1], rows - 1);
  t.is(table.quoted![12345], `é "${12345 % 7}"\n${'x'.repeat(12345 % 50)}`);
  t.deepEqual([table.late![0], table.late![rows - 1]], ['000.50', 'end']);
  t.deepEqual(parseCsv(text), table);
  await writeFile(path, `${text}\n1,2`);
  // Each record has two lines.
  await t.throwsAsync(readCsv(path), { code: 'ragged-csv', message: new RegExp(`line ${2 * rows + 2}: `) });
});
