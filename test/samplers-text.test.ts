// Printed tables and numbers as exact text, and draws with their accessors.
import test from 'ava';
import {
  alignPoints,
  allChains,
  decimalsFor,
  digitsFor,
  formatNumber,
  GlmmcError,
  makeDraws,
  summarizeDraws,
  table,
} from '../samplers/index.js';

test('the last digit shown is about the size of the error', (t) => {
  const cases: [number, number, string][] = [
    [1.23456, 0.012, '1.23'],
    [1.23456, 0.4, '1.2'],
    [1.23456, 0.1, '1.2'],
    [1.23456, 0.0999, '1.23'],
    [1.23456, 3, '1'],
    [123.456, 12, '120'],
    [2849, 31.3, '2850'],
    [-2849, 310, '-2800'],
    [4, 31, '0'],
    [-0.0004, 0.01, '0.00'],
    [0, 0.01, '0.00'],
    [1.23456789, 1e-12, '1.2345679'],
    [1.5e-7, 1e-9, '1.50e-7'],
    [2.5e12, 1e10, '2.50e12'],
    // No error known: five significant digits.
    [-44.0562558, 0, '-44.056'],
    [6.132163, 0, '6.1322'],
    [0.000123456, 0, '0.00012346'],
    [1.23456e-8, 0, '1.2346e-8'],
    [123456789, 0, '123456789'],
    [0, 0, '0'],
    [2, Number.NaN, '2.0000'],
    [Number.NaN, 0.1, '-'],
    [Number.POSITIVE_INFINITY, 0.1, 'Inf'],
    [Number.NEGATIVE_INFINITY, 0, '-Inf'],
  ];
  for (const [value, error, text] of cases) t.is(digitsFor(value, error), text, `${value} +- ${error}`);
});

test('decimals and fixed numbers', (t) => {
  t.deepEqual(
    [0.5, 0.1, 0.012, 1, 7, 31, 1e4, 0, Number.NaN].map(decimalsFor),
    [1, 1, 2, 0, 0, -1, -4, 0, 0],
  );
  t.is(formatNumber(2846, -1), '2850');
  t.is(formatNumber(-4, -1), '0');
  t.is(formatNumber(1.005, 1), '1.0');
  t.is(formatNumber(-0.001, 2), '0.00');
  t.is(formatNumber(-0.006, 2), '-0.01');
  t.is(formatNumber(1e20, 2), '1.0000e20');
  t.is(formatNumber(Number.NaN, 2), '-');
});

test('decimal points stand below each other, what is no number to the right', (t) => {
  t.deepEqual(alignPoints(['-1.3992', '12.1', '7', '-', 'fixed', '', '<2e-16', '1.5e-7']), [
    '-1.3992',
    '12.1   ',
    '7     ',
    '-',
    'fixed',
    '',
    '<2e-16',
    '1.5e-7',
  ]);
  t.deepEqual(alignPoints(['1', '12']), ['1', '12']);
  t.deepEqual(alignPoints([]), []);
});

test('tables align and close up to fit', (t) => {
  const rows = [
    ['(Intercept)', '-1.40', '0.2'],
    ['é', '10.00', '-'],
  ];
  t.is(
    table(['', 'estimate', 'se'], rows),
    `
             estimate   se
(Intercept)     -1.40  0.2
é               10.00    -`.slice(1),
  );
  t.is(
    table(['', 'estimate', 'se'], rows, { width: 24, align: ['right', 'left', 'left'] }),
    `
            estimate se
(Intercept) -1.40    0.2
          é 10.00    -`.slice(1),
  );
  t.is(table(['a', 'b'], []), 'a  b');
});

test('tables too wide for the page go on below, led by their first column', (t) => {
  t.is(
    table(['name', 'one', 'two', 'three'], [['x', '1111111', '2222222', '3']], { width: 22 }),
    `
name      one
x     1111111

name      two  three
x     2222222      3`.slice(1),
  );
  const wide = table(
    ['v', ...'abcdefghijklm'],
    [['x', ...Array.from({ length: 13 }, (_, i) => `${i}`.padStart(12))]],
  );
  for (const line of wide.split('\n')) t.true(line.length <= 80);
});

test('draws are views by name and chain', (t) => {
  const storage = [Float64Array.of(1, 2, 3, 10, 20, 30), Float64Array.of(4, 5, 6, 40, 50, 60)];
  const draws = makeDraws(['alpha', 'beta'], 2, 3, storage);
  t.deepEqual(draws.variables, ['alpha', 'beta']);
  t.is(draws.chains, 2);
  t.is(draws.iterations, 3);
  t.deepEqual(draws.chain('beta', 1), Float64Array.of(40, 50, 60));
  t.is(draws.chain('alpha', 0).buffer, storage[0].buffer);
  t.deepEqual(allChains(draws, 'alpha'), [Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6)]);
  const near = t.throws(() => draws.chain('alpa', 0), { instanceOf: GlmmcError, code: 'unknown-variable' });
  t.is(near.message, "the draws have no variable 'alpa'; did you mean 'alpha'?");
  for (const chain of [-1, 2, 0.5]) t.throws(() => draws.chain('alpha', chain), { code: 'unknown-chain' });
});

test('draws refuse memory that does not fit', (t) => {
  const bad: [string[], number, number, Float64Array[]][] = [
    [['a', 'a'], 1, 1, [new Float64Array(2)]],
    [['a'], 2, 1, [new Float64Array(1)]],
    [['a'], 1, 2, [new Float64Array(1)]],
  ];
  for (const [variables, chains, iterations, storage] of bad) {
    t.throws(() => makeDraws(variables, chains, iterations, storage), { code: 'bad-draws' });
  }
});

test('the summary of draws as people read it', (t) => {
  // A deterministic sequence that fills (0, 1) evenly enough; the second variable stands still.
  const block = (start: number): Float64Array => {
    const result = new Float64Array(2000).fill(3);
    for (let i = 0; i < 1000; i++) result[i] = Math.sin((start + i) * 12.9898) * 2;
    return result;
  };
  const summary = summarizeDraws(makeDraws(['(Intercept)', 'fixed'], 2, 1000, [block(0.3), block(0.7)]));
  t.is(summary.length, 2);
  t.deepEqual(Object.keys(summary[0]), [
    'variable',
    'mean',
    'median',
    'sd',
    'mad',
    'q5',
    'q95',
    'rhat',
    'ess_bulk',
    'ess_tail',
    'mcse_mean',
  ]);
  t.deepEqual(Object.keys(summary), ['0', '1']);
  t.is(
    `${summary}`,
    `
variable     mean median   sd  mad    q5  q95  rhat ess_bulk ess_tail mcse_mean
(Intercept) -0.01  -0.02 1.41 2.10 -1.98 1.98 0.999      479     2243     0.069
fixed        3.00   3.00 0.00 0.00  3.00 3.00     -        -        -         -`.slice(1),
  );
});
