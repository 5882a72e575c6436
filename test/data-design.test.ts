// The design as a whole: responses, clusters, missing rows, levels, new data, the shipped data, and every refusal.
import test from 'ava';
import { GlmmcError } from '../samplers/errors.js';
import { readCsv } from '../src/data/csv.js';
import { buildDesign, type DesignOptions } from '../src/data/design.js';
import { byCodePoint } from '../src/data/factor.js';

const nan = Number.NaN;
const data = {
  y: [1, 0, 3, 2, 5, 4],
  n: [4, 4, 4, 4, 5, 6],
  x: [0.5, 1.5, 2, 4, 3, 7],
  t: ['b', 'a', 'c', 'b', 'a', 'c'],
  ok: [true, false, true, true, false, false],
  w: [1, 2, 1, 0.5, 1, 3],
  cw: [2, 2, 3, 3, 4, 4],
  g: [10, 10, 9, 9, 1.5, 1.5],
  text: ['x2', 'x2', 'x10', 'x10', 'X', 'X'],
};
type Columns = Partial<Record<keyof typeof data | 'z' | 'v', unknown>>;

test('plain response, weights, offsets, cluster weights, numeric labels in numeric order', (t) => {
  const d = buildDesign(' y ~  x +\n offset(log(n)) + (1|g)', data, {
    weights: 'w',
    clusterWeights: 'cw',
    offset: 'x',
  });
  t.is(d.formula, 'y ~ x + offset(log(n)) + (1|g)');
  t.deepEqual(d.coefficientNames, ['(Intercept)', 'x']);
  t.deepEqual([d.rows, d.columns], [6, 2]);
  t.deepEqual([...d.x], [1, 0.5, 1, 1.5, 1, 2, 1, 4, 1, 3, 1, 7]);
  t.deepEqual([...d.y], data.y);
  t.is(d.trials, undefined);
  t.deepEqual([...d.weights!], data.w);
  t.deepEqual(d.clusterLabels, ['1.5', '9', '10']);
  t.deepEqual([...d.cluster], [2, 2, 1, 1, 0, 0]);
  t.deepEqual([...d.clusterWeights!], [4, 3, 2]);
  t.is(d.clusterName, 'g');
  t.is(d.responseName, 'y');
  t.is(d.responseLevels, undefined);
  for (let i = 0; i < 6; i++) t.is(d.offset![i], Math.log(data.n[i]!) + data.x[i]!);
  t.deepEqual([...d.keptRows], [0, 1, 2, 3, 4, 5]);
});

test('counts: cbind and trials give the same design', (t) => {
  const a = buildDesign('cbind(y, n - y) ~ 1 + (1 | factor(text))', data);
  const b = buildDesign('y | trials(n) ~ 1 + (1 | text)', data);
  t.is(a.responseName, 'cbind(y, n - y)');
  t.is(b.responseName, 'y | trials(n)');
  for (const d of [a, b]) {
    t.deepEqual([...d.y], data.y);
    t.deepEqual([...d.trials!], data.n);
    t.is(d.clusterName, 'text');
    t.deepEqual(d.clusterLabels, ['X', 'x10', 'x2']);
  }
});

test('responses of two categories: the second level is success', (t) => {
  const bool = buildDesign('ok ~ x + (1 | g)', data);
  t.deepEqual(bool.responseLevels, ['FALSE', 'TRUE']);
  t.deepEqual([...bool.y], [1, 0, 1, 1, 0, 0]);
  const text = { ...data, v: ['yes', 'no', 'no', 'no', 'yes', 'no'] };
  t.deepEqual([...buildDesign('v ~ x + (1 | g)', text).y], [1, 0, 0, 0, 1, 0]);
  const turned = buildDesign('v ~ x + (1 | g)', text, { levels: { v: ['yes', 'no'] } });
  t.deepEqual(turned.responseLevels, ['yes', 'no']);
  t.deepEqual([...turned.y], [0, 1, 1, 1, 0, 1]);
  t.deepEqual(
    [...buildDesign('factor(v) ~ x + (1 | g)', { ...data, v: [5, 2, 2, 2, 5, 2] }).y],
    [1, 0, 0, 0, 1, 0],
  );
});

test('no coefficient at all is allowed', (t) => {
  const d = buildDesign('y ~ 0 + (1 | g)', data);
  t.deepEqual([d.columns, d.x.length, d.coefficientNames.length], [0, 0, 0]);
});

test('levels sort by number or code point, and the option sets the reference', (t) => {
  const names = (formula: string, levels: NonNullable<DesignOptions['levels']>, more: Columns = {}) =>
    buildDesign(formula, { ...data, ...more } as never, { levels }).coefficientNames;
  t.deepEqual(names('y ~ t + (1 | g)', {}), ['(Intercept)', 'tb', 'tc']);
  t.deepEqual(names('y ~ t + (1 | g)', { t: ['c', 'a', 'unused', 'b'] }), ['(Intercept)', 'ta', 'tb']);
  t.deepEqual(names('y ~ factor(v) + (1 | g)', {}, { v: [10, 9, 100, 9, 10, 100] }), [
    '(Intercept)',
    'factor(v)10',
    'factor(v)100',
  ]);
  t.deepEqual(names('y ~ factor(v) + (1 | g)', { v: [100, 9, 10] }, { v: [10, 9, 100, 9, 10, 100] }), [
    '(Intercept)',
    'factor(v)9',
    'factor(v)10',
  ]);
  t.deepEqual(names('y ~ ok + (1 | g)', { ok: [true, false] }), ['(Intercept)', 'okFALSE']);
  t.deepEqual(names('y ~ v + (1 | g)', {}, { v: ['10', '9', '9', '10', '10', '9'] }), ['(Intercept)', 'v9']);
  t.deepEqual(['\u{1F600}', '\uFF5E', 'a', 'Z', 'ab', ''].sort(byCodePoint), [
    '',
    'Z',
    'a',
    'ab',
    '\uFF5E',
    '\u{1F600}',
  ]);
});

test('rows with a missing value in a column that is used are dropped and counted', (t) => {
  const holes = {
    ...data,
    y: [nan, 0, 3, 2, 5, 4],
    x: Float64Array.of(0.5, 1.5, 2, 4, nan, 7),
    t: ['b', 'a', 'c', null, 'a', 'c'],
    n: [nan, nan, nan, nan, nan, nan],
    g: [10, 10, 9, 9, 1.5, nan],
  };
  const d = buildDesign('y ~ x + (1 | g)', holes);
  t.is(d.rows, 3);
  t.is(d.droppedRows, 3);
  t.deepEqual(d.droppedColumns, ['y', 'x', 'g']);
  t.deepEqual([...d.keptRows], [1, 2, 3]);
  t.deepEqual([...d.y], [0, 3, 2]);
  t.deepEqual([...d.x], [1, 1.5, 1, 2, 1, 4]);
  t.deepEqual(d.clusterLabels, ['9', '10']);
  t.deepEqual(buildDesign('y ~ 1 + (1 | text)', holes, { weights: 'x' }).droppedColumns, ['y', 'x']);
  t.is(buildDesign('w ~ 1 + (1 | text)', holes).droppedRows, 0);
});

test('new data: frozen levels and scales, missing values, clusters by label', (t) => {
  const d = buildDesign('y ~ t + center(x) + offset(n) + (1 | g)', data);
  const applied = d.apply([
    { t: 'c', x: 3, n: 2, g: 9 },
    { t: null, x: 3, n: nan, g: 77 },
    { t: 'a', x: null, n: 1, g: null },
  ]);
  t.is(applied.rows, 3);
  t.deepEqual([...applied.x], [1, 0, 1, 0, 1, nan, nan, 0, 1, 0, 0, nan]);
  t.deepEqual([...applied.offset!], [2, nan, 1]);
  t.deepEqual(applied.cluster, ['9', '77', null]);
  t.deepEqual(d.apply(data).x, d.x);
  t.throws(() => d.apply({ t: ['a', 'd'], x: [1, 2], n: [1, 1] }), {
    code: 'unseen-level',
    message: "t is 'd' in row 2 of the new data, a level the model has not seen; known: a, b, c",
  });
  t.throws(() => d.apply({ t: ['a'], n: [1] }), {
    code: 'unknown-column',
    message: /^no column 'x' in the data/,
  });
  t.throws(() => d.apply({ t: ['a'], x: [Infinity], n: [1] }), {
    code: 'non-finite',
    message: 'center(x) must be finite, found Infinity in row 1 of the data; correct the row or leave it out',
  });
});

test('a million rows', (t) => {
  const n = 1e6;
  const columns = ['y', 'x', 'z', 'g'].map((name) => [name, new Float64Array(n)] as const);
  for (let i = 0; i < n; i++) {
    for (const [name, values] of columns) {
      values[i] =
        name === 'y'
          ? i % 2
          : name === 'g'
            ? (i * 7919) % 100003
            : ((i * (name === 'x' ? 31 : 17)) % 1009) / 97;
    }
  }
  const started = performance.now();
  const d = buildDesign('y ~ x * z + I(x^2) + (1 | g)', Object.fromEntries(columns));
  const seconds = (performance.now() - started) / 1000;
  t.deepEqual([d.rows, d.columns, d.clusterLabels.length], [n, 5, 100003]);
  t.log(`${seconds.toFixed(2)} s`);
  t.true(seconds < 6, `${seconds} s; 0.5 s when measured`);
});

/** Rows, clusters and names of each reference file, with its formula and data set. */
const shipped: readonly (readonly [string, string, number, number, readonly string[]])[] = [
  ['approval', 'approve ~ survey + (1 | person)', 3200, 1600, ['(Intercept)', 'survey']],
  ['booth_hobert', 'y ~ 0 + x1 + (1 | z1)', 150, 10, ['x1']],
  [
    'cbpp',
    'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)',
    56,
    15,
    ['(Intercept)', 'factor(period)2', 'factor(period)3', 'factor(period)4'],
  ],
  ['dyestuff', 'Yield ~ (1 | Batch)', 30, 6, ['(Intercept)']],
  ['dyestuff2', 'Yield ~ (1 | Batch)', 30, 6, ['(Intercept)']],
  [
    'epil',
    'y ~ lbase + trtprog + lbase_trtprog + lage + V4 + (1 | subject)',
    236,
    59,
    ['(Intercept)', 'lbase', 'trtprog', 'lbase_trtprog', 'lage', 'V4'],
  ],
  ['infection', 'x | trials(n) ~ t + (1 | clinic)', 16, 8, ['(Intercept)', 't']],
  [
    'lsat_long',
    'y ~ 0 + item1 + item2 + item3 + item4 + item5 + (1 | person)',
    5000,
    1000,
    ['item1', 'item2', 'item3', 'item4', 'item5'],
  ],
  ['ohio', 'resp ~ age + smoke + (1 | id)', 2148, 537, ['(Intercept)', 'age', 'smoke']],
  ['seeds', 'r | trials(n) ~ x1 * x2 + (1 | plate)', 21, 21, ['(Intercept)', 'x1', 'x2', 'x1:x2']],
  [
    'toenail',
    'outcome ~ treatment * time + (1 | patientID)',
    1908,
    294,
    ['(Intercept)', 'treatment', 'time', 'treatment:time'],
  ],
];
for (const [name, formula, rows, clusters, names] of shipped) {
  test(`the shipped data ${name}`, async (t) => {
    const d = buildDesign(formula, await readCsv(`examples/data/${name}.csv`));
    t.deepEqual([d.rows, d.droppedRows, d.clusterLabels.length], [rows, 0, clusters]);
    t.deepEqual(d.coefficientNames, names);
  });
}

type Refusal = readonly [string, string, string, Columns?, DesignOptions?];
const refused: readonly Refusal[] = [
  [
    'y ~ x',
    'no-random-term',
    "the formula must have one random intercept, found none in 'y ~ x'; add + (1 | cluster), cluster being the column that groups the rows",
  ],
  [
    'y ~ x + (1 | g) + (1 | text)',
    'several-random-terms',
    'formula: several random terms are not supported yet, found (1 | g) and (1 | text); keep one (1 | cluster)\n  y ~ x + (1 | g) + (1 | text)\n                    ^',
  ],
  [
    'y ~ x + (x | g)',
    'unsupported-random-term',
    'formula: random slopes are not supported, a random term is an intercept alone, found (x | g); write (1 | g)\n  y ~ x + (x | g)\n          ^',
  ],
  [
    'y ~ x + (1 + x || g)',
    'unsupported-random-term',
    'formula: random slopes are not supported, a random term is an intercept alone, found (1 + x || g); write (1 | g)\n  y ~ x + (1 + x || g)\n          ^',
  ],
  [
    'y ~ x + (0 | g)',
    'unsupported-random-term',
    'formula: a random term must hold an intercept, found (0 | g); write (1 | g) or leave the term out\n  y ~ x + (0 | g)\n          ^',
  ],
  [
    'y ~ x + (1 | g / text)',
    'unsupported-random-term',
    'formula: nested and crossed clusters are not supported yet, found (1 | g/text); make one column that names each cluster\n  y ~ x + (1 | g / text)\n          ^',
  ],
  [
    'y ~ x + (1 | log(g))',
    'unsupported-random-term',
    'formula: the cluster must be a column or factor(column), found (1 | log(g)); make a column of the expression first\n  y ~ x + (1 | log(g))\n          ^',
  ],
  ['y ~ txt + (1 | g)', 'unknown-column', "no column 'txt' in the data; did you mean 'text'?"],
  [
    'y ~ something + (1 | g)',
    'unknown-column',
    "no column 'something' in the data; known: y, n, x, t, ok, w, cw, g, text",
  ],
  ['y ~ x + (1 | gg)', 'unknown-column', "no column 'gg' in the data; did you mean 'g'?"],
  [
    'y ~ lgo(x) + (1 | g)',
    'unknown-function',
    "formula: the formula language has no function 'lgo'; did you mean 'log'?\n  y ~ lgo(x) + (1 | g)\n      ^",
  ],
  [
    'y ~ log(t) + (1 | g)',
    'text-in-arithmetic',
    "expected numbers in column 't', found text ('a', 'b', 'c'); use it as a category, or correct the text that is not a number",
  ],
  [
    'y ~ log(v) + (1 | g)',
    'text-in-arithmetic',
    "expected numbers in column 'v', found text ('n/a'); use it as a category, or correct the text that is not a number",
    { v: ['1', '2', '4', 'n/a', '10', '11'] },
  ],
  [
    'y ~ I(factor(x)) + (1 | g)',
    'bad-formula',
    'formula: factor() makes categories, and arithmetic needs numbers, found factor(x)\n  y ~ I(factor(x)) + (1 | g)\n        ^',
  ],
  [
    'y ~ log(x, 2) + (1 | g)',
    'bad-formula',
    'formula: log() takes one expression, found log(x, 2)\n  y ~ log(x, 2) + (1 | g)\n      ^',
  ],
  [
    'y ~ x + y + (1 | g)',
    'bad-formula',
    'formula: the response y also stands among the terms; leave it out there\n  y ~ x + y + (1 | g)\n          ^',
  ],
  [
    'y ~ poly(x) + (1 | g)',
    'bad-poly',
    'formula: poly(x, k) takes an expression and a degree, a whole number from 1, found poly(x)\n  y ~ poly(x) + (1 | g)\n      ^',
  ],
  [
    'y ~ x + foo(x) + (1 | g)',
    'unknown-function',
    "formula: the formula language has no function 'foo'; known: factor, I, log, exp, sqrt, log2, log10, log1p, abs, sin, cos, scale, center, poly, offset, cbind, trials\n  y ~ x + foo(x) + (1 | g)\n          ^",
  ],
  [
    'y ~ I() + (1 | g)',
    'bad-formula',
    'formula: I() takes one expression, found I()\n  y ~ I() + (1 | g)\n      ^',
  ],
  [
    'y ~ x + factor() + (1 | g)',
    'bad-formula',
    'formula: factor() takes one column, found factor(); levels are set by the option levels\n  y ~ x + factor() + (1 | g)\n          ^',
  ],
  [
    'y ~ offset(n:x) + (1 | g)',
    'bad-formula',
    "formula: ':' has no meaning in arithmetic, found in n:x\n  y ~ offset(n:x) + (1 | g)\n              ^",
  ],
  [
    'y ~ poly(g, 3) + (1 | g)',
    'bad-poly',
    'poly(g, 3) needs more than 3 distinct values, found 3; use a lower degree',
  ],
  [
    'y ~ scale(v) + (1 | g)',
    'constant-column',
    'scale(v) needs values that vary, found one value only; leave it out',
    { v: [7, 7, 7, 7, 7, 7] },
  ],
  [
    'y ~ v + (1 | g)',
    'one-level',
    "v must have at least two levels in the rows kept, found 'a' alone; leave it out",
    { v: ['a', 'a', 'a', 'a', 'a', 'a'] },
  ],
  [
    'y ~ v + (1 | g)',
    'non-finite',
    "column 'v' must be finite, found Infinity in row 2 of the data; correct the row or leave it out",
    { v: [1, Infinity, 2, 3, 4, 5] },
  ],
  [
    'y ~ log(v) + (1 | g)',
    'non-finite',
    'log(v) must be finite, found -Infinity in row 3 of the data; correct the row or leave it out',
    { v: [1, 2, 0, 3, 4, 5] },
  ],
  [
    'log(y) ~ x + (1 | g)',
    'non-finite',
    'response log(y) must be finite, found -Infinity in row 2 of the data; correct the row or leave it out',
  ],
  [
    'y ~ x + offset(log(y)) + (1 | g)',
    'non-finite',
    'offset log(y) must be finite, found -Infinity in row 2 of the data',
  ],
  [
    'y ~ x + (1 | g)',
    'bad-weights',
    "weights must be finite and >= 0, found -1 in column 'v', row 3 of the data",
    { v: [1, 1, -1, 1, 1, 1] },
    { weights: 'v' },
  ],
  [
    'y ~ x + (1 | g)',
    'bad-weights',
    "weights must be finite and >= 0, found Infinity in column 'v', row 3 of the data",
    { v: [1, nan, Infinity, 1, 1, 1] },
    { weights: 'v' },
  ],
  [
    'y ~ x + (1 | g)',
    'bad-weights',
    "weights must be numbers >= 0, found text in column 't'",
    {},
    { weights: 't' },
  ],
  [
    'y ~ x + (1 | g)',
    'cluster-weights-vary',
    "cluster weights must be constant within a cluster, found 1 and 2 in cluster '10' (row 2 of the data); weights of single rows go into the option weights",
    {},
    { clusterWeights: 'w' },
  ],
  [
    'y ~ x + (1 | g)',
    'unknown-column',
    "no column 'weights' in the data; known: y, n, x, t, ok, w, cw, g, text",
    {},
    { weights: 'weights' },
  ],
  [
    'n | trials(y) ~ x + (1 | g)',
    'trials-below-successes',
    'n | trials(y): trials must not be below successes, found 4 successes in 1 trials in row 1 of the data',
  ],
  [
    'cbind(y, v - y) ~ x + (1 | g)',
    'trials-below-successes',
    'cbind(y, v - y): trials must not be below successes, found 3 successes in 2 trials in row 3 of the data',
    { v: [nan, 2, 2, 2, 6, 6] },
  ],
  [
    'cbind(v, y) ~ x + (1 | g)',
    'negative-count',
    'cbind(v, y): successes must be >= 0, found -1 in row 2 of the data',
    { v: [1, -1, 1, 1, 1, 1] },
  ],
  [
    'cbind(y) ~ x + (1 | g)',
    'formula-syntax',
    'formula: expected cbind(successes, failures), found cbind(y)\n  cbind(y) ~ x + (1 | g)\n  ^',
  ],
  [
    'y | n ~ x + (1 | g)',
    'formula-syntax',
    "formula: expected trials(n) after '|', found n\n  y | n ~ x + (1 | g)\n      ^",
  ],
  [
    't ~ x + (1 | g)',
    'bad-response',
    "a response of categories must have two levels, found 3 in 't': a, b, c; use numbers, or a column that says success or not",
  ],
  [
    'y ~ x + (1 | v)',
    'one-cluster',
    "a random intercept needs at least two clusters, found 'h' alone in column 'v'; fit the model without it, or group the rows by another column",
    { v: ['h', 'h', 'h', 'h', 'h', 'h'] },
  ],
  [
    'y ~ x + v + (1 | g)',
    'no-rows',
    "no row is left: each has a missing value in 'v'; leave out the column, or fill in its values",
    { v: [null, null, null, null, null, null] },
  ],
  [
    'y ~ x + z + v + (1 | g)',
    'rank-deficient',
    "the columns of the design must be linearly independent, but 'v' is a linear combination of '(Intercept)', 'z'; leave that term out of the formula",
    { z: [1, 2, 4, 3, 8, 6], v: [5, 7, 11, 9, 19, 15] },
  ],
  [
    'y ~ z + v + (1 | g)',
    'rank-deficient',
    "the columns of the design must be linearly independent, but 'v' is a linear combination of '(Intercept)'; too far from 0 for its spread to be told from the intercept: write center(v) in the formula, or subtract something near the mean",
    { z: [1, 2, 4, 3, 8, 6], v: [1e8, 1e8 + 2, 1e8 + 1, 1e8 - 1, 1e8, 1e8 + 3] },
  ],
  [
    'y ~ z + v + x + I(v + 2 * x) + (1 | g)',
    'rank-deficient',
    "the columns of the design must be linearly independent, but 'v' is zero in every row; 'I(v + 2 * x)' is a linear combination of 'x'; leave these terms out of the formula",
    { z: [1, 2, 4, 3, 8, 6], v: [0, 0, 0, 0, 0, 0] },
  ],
  [
    'y ~ t + (1 | g)',
    'bad-levels',
    "levels of 't' must list every level in the data: 'c' is not among a, b",
    {},
    { levels: { t: ['a', 'b'] } },
  ],
  [
    'y ~ t + (1 | g)',
    'bad-levels',
    "levels of 't': 'a' is listed twice",
    {},
    { levels: { t: ['a', 'b', 'a', 'c'] } },
  ],
  [
    'y ~ x + (1 | g)',
    'bad-levels',
    "levels are given for 'x', which the formula uses as numbers; write factor(x) to make it categorical",
    {},
    { levels: { x: [1, 2] } },
  ],
  [
    'y ~ t + (1 | g)',
    'unknown-column',
    "no column 'tt' in the data; did you mean 't'?",
    {},
    { levels: { tt: ['a'] } },
  ],
];
refused.forEach(([formula, code, message, columns, options], k) => {
  test(`refusal ${k + 1}: ${code}, ${formula}`, (t) => {
    const build = () => buildDesign(formula, { ...data, ...columns } as never, options);
    const error = t.throws(build, { instanceOf: GlmmcError, code });
    t.is(error!.message, message);
  });
});

test('a nearly dependent column is kept where R keeps it', (t) => {
  const v = data.x.map((value, i) => value + (i % 2) * 1e-5);
  t.is(buildDesign('y ~ x + v + (1 | g)', { ...data, v }).columns, 3);
  const same = data.x.map((value, i) => value + (i % 2) * 1e-8);
  t.throws(() => buildDesign('y ~ x + v + (1 | g)', { ...data, v: same }), { code: 'rank-deficient' });
});

test('centred, a covariate far from 0 is told from the intercept', (t) => {
  const v = [1e8, 1e8 + 2, 1e8 + 1, 1e8 - 1, 1e8, 1e8 + 3];
  t.is(buildDesign('y ~ center(v) + (1 | g)', { ...data, v }).columns, 2);
});

test('numbers with a cell that is none are no categories, unless it is said', (t) => {
  const rows = Array.from({ length: 30 }, (_, i) => i);
  const v = ['n/a', ...rows.slice(1).map((i) => String(i % 11))];
  const data = { y: rows.map((i) => i % 3), g: rows.map((i) => i % 4), v };
  t.throws(() => buildDesign('y ~ v + (1 | g)', data), {
    code: 'numbers-as-text',
    message:
      "column 'v' is text for 'n/a', and each of its 11 numbers would be a category; correct these cells, or leave them empty or NA; if categories are meant write factor(v)",
  });
  t.is(buildDesign('y ~ factor(v) + (1 | g)', data).columns, 12);
  t.is(buildDesign('y ~ v + (1 | g)', data, { levels: { v: [...new Set(v)] } }).columns, 12);
});
