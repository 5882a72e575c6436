// CSV: types, quotes, missing values, line ends, and every refusal.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parseCsv, readCsv } from '../src/data/csv.js';

const nan = Number.NaN;
const numbers = (...values: number[]) => new Float64Array(values);

test('numeric columns are Float64Array, others text; empty and NA are missing', (t) => {
  t.deepEqual(parseCsv('x,g,e\n1,a,1e-3\nNA,NA,-.5\n,,+2\n3.25,b c,NA\n'), {
    x: numbers(1, nan, nan, 3.25),
    g: ['a', null, null, 'b c'],
    e: numbers(0.001, -0.5, 2, nan),
  });
});

test('what is not a decimal number is text; NaN, Inf and -Inf are numbers', (t) => {
  t.deepEqual(parseCsv('a,b,c,d\n0x10,1 2,TRUE,Inf\n1,3,FALSE,-Inf\n2,4,TRUE,NaN\n'), {
    a: ['0x10', '1', '2'],
    b: ['1 2', '3', '4'],
    c: ['TRUE', 'FALSE', 'TRUE'],
    d: numbers(Infinity, -Infinity, nan),
  });
});

for (const [name, quote] of [
  ['without quotes', ''],
  ['with quotes', '"'],
] as const) {
  const q = (text: string) => quote + text + quote;
  test(`byte order mark, CRLF, blank lines, spaces and no last line end, ${name}`, (t) => {
    const text = `\ufeff${q('x')}, ${q('g')} \r\n${q('1')},${q('a')}\r\n\r\n  \r\n 2 ,${q('b')}`;
    t.deepEqual(parseCsv(text), { x: numbers(1, 2), g: ['a', 'b'] });
  });
  test(`tabs or semicolons where the header has no comma, ${name}`, (t) => {
    t.deepEqual(parseCsv(`${q('x')}\tg\n1\t\n\tb`), { x: numbers(1, nan), g: [null, 'b'] });
    t.deepEqual(parseCsv(`${q('x')};g\n1;\n;b`), { x: numbers(1, nan), g: [null, 'b'] });
  });
}

test('quoted fields hold commas, quotes and line ends', (t) => {
  t.deepEqual(parseCsv('"a, b",g\n1,"say ""hi"""\n"2","two\nlines"\n'), {
    'a, b': numbers(1, 2),
    g: ['say "hi"', 'two\nlines'],
  });
});

test('lines may end in CRLF and LF in one file, with quotes too', (t) => {
  const table = { x: numbers(1, 2, 3), g: ['a', 'b', 'c,d'] };
  t.deepEqual(parseCsv('x,g\r\n1,"a"\n2,b\r\n3,"c,d"\n'), table);
  t.deepEqual(parseCsv('x,g\n1,"a"\r\n2,b\n3,"c,d"\r\n'), table);
});

test('spaces in quotes are no number', (t) => {
  t.deepEqual(parseCsv('x,g\n"  ",a\n" 2 ",b\n'), { x: numbers(nan, 2), g: ['a', 'b'] });
});

test('whole numbers that no double holds are identifiers, and text', (t) => {
  t.deepEqual(parseCsv('id,n\n9007199254740993,9007199254740992\n1,100000000000000000000\n'), {
    id: ['9007199254740993', '1'],
    n: numbers(2 ** 53, 1e20),
  });
});

test("R's column of row names is called X", (t) => {
  t.deepEqual(Object.keys(parseCsv('"","y"\n"1",2\n')), ['X', 'y']);
});

test('columns called as properties of objects are columns', (t) => {
  const table = parseCsv('constructor,__proto__\n1,2\n');
  t.deepEqual(Object.keys(table), ['constructor', '__proto__']);
  t.is(Object.getOwnPropertyDescriptor(table, '__proto__')!.value[0], 2);
});

const refused: readonly (readonly [string, string, string])[] = [
  ['', 'empty-csv', 'the CSV text must have a header line and at least one row, found nothing'],
  ['a,b\n', 'empty-csv', 'the CSV text must have a header line and at least one row, found a header alone'],
  [
    'a,b\n1,2\n\n3\n',
    'ragged-csv',
    'the CSV text, line 4: expected 2 fields (a, b), found 1; look for a missing or extra comma, or quote fields that contain one',
  ],
  [
    'a,b\n1,2,3\n',
    'ragged-csv',
    'the CSV text, line 2: expected 2 fields (a, b), found 3; look for a missing or extra comma, or quote fields that contain one',
  ],
  [
    '"a",b\n1,2\n3\n',
    'ragged-csv',
    'the CSV text, line 3: expected 2 fields (a, b), found 1; look for a missing or extra comma, or quote fields that contain one',
  ],
  ['a,b,a\n1,2,3\n', 'duplicate-columns', "the CSV text: columns 1 and 3 are both called 'a'; rename one"],
  [
    'a,b\n1,"x\n',
    'bad-csv',
    'the CSV text: Quote Not Closed: the parsing is finished with an opening quote at line 2',
  ],
];
for (const [text, code, message] of refused) {
  test(`refuses ${JSON.stringify(text)}`, (t) => {
    t.throws(() => parseCsv(text), { name: 'GlmmcError', code, message });
  });
}

test('readCsv reads the shipped data', async (t) => {
  const table = await readCsv('examples/data/epil.csv');
  t.deepEqual(Object.keys(table).slice(0, 4), ['subject', 'period', 'y', 'trt']);
  t.true(table.lbase instanceof Float64Array);
  t.is(table.lbase![0], -0.75635378871755621);
  t.is(table.trt![0], 'placebo');
  t.is(table.y!.length, 236);
});

test('a missing file is named, with the nearest one beside it', async (t) => {
  await t.throwsAsync(readCsv('examples/data/cbp.csv'), {
    code: 'file-not-found',
    message: "no file 'examples/data/cbp.csv'; did you mean 'examples/data/cbpp.csv'?",
  });
  await t.throwsAsync(readCsv('examples/data/nothing-like-it-at-all.parquet'), {
    code: 'file-not-found',
    message: "no file 'examples/data/nothing-like-it-at-all.parquet'; check the path",
  });
  await t.throwsAsync(readCsv('nowhere/cbpp.csv'), {
    code: 'file-not-found',
    message: "no file 'nowhere/cbpp.csv': there is no folder 'nowhere'",
  });
  await t.throwsAsync(readCsv('examples'), {
    code: 'unreadable-file',
    message: "cannot read 'examples': it is a folder",
  });
});

test('errors in a file name the file', async (t) => {
  const path = join(await mkdtemp(join(tmpdir(), 'glmmc-')), 'short.csv');
  await writeFile(path, 'y,g\n1,2\n3\n');
  const error = await t.throwsAsync(readCsv(path), { code: 'ragged-csv' });
  t.true(error!.message.startsWith(`'${path}', line 3: expected 2 fields (y, g), found 1`));
});
