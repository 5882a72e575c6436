// Columns, row objects and Arrow-shaped data in; what is refused, and how it is said.
import test from 'ava';
import { buildDesign } from '../src/data/design.js';
import { type DataSource, toTable } from '../src/data/table.js';

const refused: readonly (readonly [string, unknown, string, string])[] = [
  [
    'ragged columns',
    { y: [1, 2], g: [1] },
    'ragged-data',
    "columns must have equal lengths: 'y' has 2 values, 'g' has 1",
  ],
  ['no columns', {}, 'empty-data', 'the data must have at least one column and one row, found none'],
  [
    'no rows',
    { y: [] },
    'empty-data',
    'the data must have at least one column and one row, found columns y without rows',
  ],
  ['no row objects', [], 'empty-data', 'the data must have at least one column and one row, found none'],
  [
    'a scalar column',
    { y: 1 },
    'bad-data',
    "column 'y' must be an array, found 1; data are columns of equal length, an array of row objects, or an Arrow table",
  ],
  [
    'a path',
    'cbpp.csv',
    'bad-data',
    "the data must be columns of equal length, an array of row objects, or an Arrow table, found the text 'cbpp.csv'; read a file by `await readCsv(path)`",
  ],
  [
    'null',
    null,
    'bad-data',
    'the data must be columns of equal length, an array of row objects, or an Arrow table, found null',
  ],
  [
    'a promise',
    Promise.resolve({}),
    'bad-data',
    'the data are a promise: await them first, as in `await readCsv(path)`',
  ],
  [
    'arrays of arrays',
    [
      [1, 2],
      [3, 4],
    ],
    'bad-data',
    'the data are an array of arrays: give columns by name, { y: [...], x: [...] }, or row objects',
  ],
  [
    'one typed array',
    new Float64Array(3),
    'bad-data',
    'the data must be columns of equal length, an array of row objects, or an Arrow table, found a single typed array',
  ],
  [
    'a row without a key',
    [{ y: 1, g: 1 }, { y: 2 }],
    'ragged-data',
    "row 2 has no 'g'; write null where it is missing",
  ],
  ['a row with a key more', [{ y: 1 }, { y: 2, h: 1 }], 'ragged-data', "row 2 has 'h', which row 1 has not"],
  ['a row that is a number', [{ y: 1 }, 3], 'bad-data', 'row 2 must be an object, found 3'],
];
for (const [name, data, code, message] of refused) {
  test(`refuses ${name}`, (t) => {
    t.throws(() => toTable(data as DataSource), { name: 'GlmmcError', code, message });
  });
}

test('columns are returned as they are', (t) => {
  const table = { y: new Float64Array(5), g: ['a', 'b', 'a', 'b', null] };
  t.is(toTable(table), table);
  t.is(toTable(table).y, table.y);
});

test('row objects: numbers become Float64Array, undefined and null are missing', (t) => {
  const table = toTable([
    { y: 1, g: 'a', flag: true, n: 5n },
    { y: undefined, g: null, flag: false, n: null },
  ]);
  t.deepEqual(table.y, new Float64Array([1, Number.NaN]));
  t.deepEqual(table.g, ['a', null]);
  t.deepEqual(table.flag, [true, false]);
  t.deepEqual(table.n, new Float64Array([5, Number.NaN]));
});

test('a cell that is an object is refused only where its column is used', (t) => {
  const rows = [
    { y: 1, x: 1, g: 1, when: new Date(0) },
    { y: 2, x: 3, g: 2, when: new Date(0) },
    { y: 2, x: 4, g: 2, when: new Date(0) },
  ];
  t.is(buildDesign('y ~ x + (1 | g)', rows).rows, 3);
  t.throws(() => buildDesign('y ~ when + (1 | g)', rows), {
    code: 'bad-data',
    message:
      "column 'when', row 1: a cell must be a number, text, boolean or null, found a date; turn it into a number first",
  });
});

/** The shape of an Arrow table, with counts of what was asked of it. */
function arrow(columns: Record<string, unknown[]>): DataSource & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    schema: { fields: Object.keys(columns).map((name) => ({ name })) },
    numRows: Object.values(columns)[0]!.length,
    getChild(name: string) {
      asked.push(name);
      return { get: (i: number) => columns[name]![i] };
    },
  };
}

test('Arrow-shaped data: BigInt becomes number, unused columns are never read', (t) => {
  const data = arrow({
    y: [1n, 0n, 1n, null],
    x: [0.5, 1, 2, 3],
    g: ['a', 'a', 'b', 'b'],
    unused: [{}, {}, {}, {}],
  });
  const design = buildDesign('y ~ x + (1 | g)', data);
  t.deepEqual([...design.y], [1, 0, 1]);
  t.deepEqual([...design.x], [1, 0.5, 1, 1, 1, 2]);
  t.deepEqual(design.clusterLabels, ['a', 'b']);
  t.is(design.droppedRows, 1);
  t.false(data.asked.includes('unused'));
});

test('an Arrow vector of doubles without nulls is taken whole', (t) => {
  const values = new Float64Array([1, 2, 3]);
  const table = toTable({
    schema: { fields: [{ name: 'x' }] },
    numRows: 3,
    getChild: () => ({ nullCount: 0, toArray: () => values, get: () => t.fail() }),
  });
  t.is(table.x, values);
});

test('BigInt arrays as columns become numbers', (t) => {
  const table = toTable({ y: new BigInt64Array([1n, 2n]) } as unknown as DataSource);
  t.deepEqual(table.y, new Float64Array([1, 2]));
});

test('BigInt beyond 2^53 is refused, and not taken for its neighbour', (t) => {
  const id = [2n ** 53n, 2n ** 53n + 1n];
  const refused = {
    code: 'inexact-integer',
    message: /column 'id', row 1: 9007199254740992 is beyond 2\^53/,
  };
  t.throws(() => toTable({ id: new BigInt64Array(id) } as unknown as DataSource), refused);
  t.throws(() => toTable(id.map((one) => ({ id: one }))).id, refused);
});

test('identifiers of 16 digits are as many clusters', (t) => {
  const g = Float64Array.from({ length: 12 }, (_, i) => 9007199254740980 + (i % 4));
  const { clusterLabels } = buildDesign('y ~ 1 + (1 | g)', { y: g.map((_, i) => i % 3), g });
  t.deepEqual(
    clusterLabels,
    [0, 1, 2, 3].map((last) => `900719925474098${last}`),
  );
});

test('the three shapes give one design', (t) => {
  const columns = {
    y: [1, 2, 3, 5],
    a: ['u', 'v', 'u', 'v'],
    f: [true, false, false, true],
    g: [10, 9, 10, 9],
  };
  const rows = columns.y.map((y, i) => ({ y, a: columns.a[i], f: columns.f[i], g: columns.g[i] }));
  const [first, ...rest] = [columns, rows, arrow(columns)].map((data) => {
    const { apply: _, ...design } = buildDesign('y ~ a * f + (1 | g)', data);
    return design;
  });
  t.deepEqual(first!.coefficientNames, ['(Intercept)', 'av', 'fTRUE', 'av:fTRUE']);
  t.deepEqual(first!.clusterLabels, ['9', '10']);
  for (const other of rest) t.deepEqual(other, first);
});
