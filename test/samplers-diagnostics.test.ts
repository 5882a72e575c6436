// The diagnostics against R: posterior 1.4.0 and coda 0.19-4, by test/data/samplers/diagnostics.R.
import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { quantileSorted } from '../samplers/diagnostics/descriptive.js';
import {
  autocorrelation,
  batchMeansCovariance,
  type Chains,
  essBulk,
  essMean,
  essQuantile,
  essSd,
  essTail,
  GlmmcError,
  geweke,
  heidelbergerWelch,
  makeDraws,
  mcseMean,
  mcseQuantile,
  mcseSd,
  paretoK,
  potentialScaleReduction,
  psis,
  quantile,
  rhat,
  spectrum0,
  summarizeDraws,
} from '../samplers/index.js';

type Golden = number | string | null;
interface Case {
  [name: string]: Golden | Golden[];
}
const golden = JSON.parse(
  readFileSync(new URL('./data/samplers/diagnostics.json', import.meta.url), 'utf8'),
) as {
  cases: Record<string, Case>;
  psis: Record<string, number[]>;
  batchMeans: Record<string, number[]>;
};

function uniforms(seed: number, n: number): number[] {
  let s = seed;
  return Array.from({ length: n }, () => {
    s = (1664525 * s + 1013904223) % 2 ** 32;
    return (s + 0.5) / 2 ** 32;
  });
}

function ar(seed: number, n: number, phi: number): Float64Array {
  const x = Float64Array.from(uniforms(seed, n), (u) => u - 0.5);
  for (let t = 1; t < n; t++) x[t] += phi * x[t - 1];
  return x;
}

function chains(n: number, m: number, phi = 0.5, shift = 0): Float64Array[] {
  return Array.from({ length: m }, (_, c) => ar(c + 1, n, phi).map((x) => (c === m - 1 ? x + shift : x)));
}

/** As R rounds: halves to the even neighbour never occur in these data. */
const cases: Record<string, Float64Array[]> = {
  vector: chains(200, 4, 0.5, 0.1),
  one: chains(200, 1),
  odd: chains(201, 3),
  two: chains(50, 2, 0.9),
  slow: chains(1000, 4, 0.99),
  antithetic: chains(500, 4, -0.8),
  ties: chains(300, 4).map((chain) => chain.map((x) => Math.round(3 * x))),
  binary: chains(150, 2).map((chain) => chain.map((x) => (x > 0.2 ? 1 : 0))),
  tailed: [1, 2, 3, 4].map((seed) =>
    Float64Array.from(uniforms(seed, 400), (u) => Math.tan(Math.PI * (u - 0.5))),
  ),
  tiny: chains(6, 2),
  four: chains(4, 2),
  three: chains(3, 1),
  huge: chains(200, 4).map((chain) => chain.map((x) => 1e6 + x)),
  minute: chains(200, 4).map((chain) => chain.map((x) => 1e-6 * x)),
  constant: [1, 2, 3, 4].map(() => new Float64Array(20).fill(1.5)),
  stuck: [1, 2, 3, 4].map((x) => new Float64Array(20).fill(x)),
  onestuck: [...chains(40, 3), new Float64Array(40).fill(0.25)],
};

function agrees(
  t: ExecutionContext,
  actual: number,
  expected: Golden,
  label: string,
  tolerance = 1e-9,
): void {
  if (expected === null) return void t.true(Number.isNaN(actual), `${label}: ${actual} should be NaN`);
  const value = Number(expected);
  const error = actual === value ? 0 : Math.abs(actual - value) / Math.max(1e-300, Math.abs(value));
  t.true(error <= tolerance, `${label}: ${actual} should be ${value}, relative error ${error}`);
}

for (const [name, x] of Object.entries(cases)) {
  test(`R agrees on chains '${name}'`, (t) => {
    const expected = golden.cases[name];
    const one = x[0];
    // At 1e6 the means of the two programs round differently.
    const tolerance = name === 'huge' ? 1e-6 : 1e-9;
    const check = (actual: number, key: string, index?: number): void =>
      agrees(
        t,
        actual,
        index === undefined ? (expected[key] as Golden) : (expected[key] as Golden[])[index],
        `${name} ${key} ${index ?? ''}`,
        tolerance,
      );
    check(rhat(x), 'rhat');
    check(essBulk(x), 'essBulk');
    check(essTail(x), 'essTail');
    check(essMean(x), 'essMean');
    check(essSd(x), 'essSd');
    for (const [i, p] of [0, 0.1, 0.5, 1].entries()) check(essQuantile(x, p), 'essQuantile', i);
    check(mcseMean(x), 'mcseMean');
    check(mcseSd(x), 'mcseSd');
    for (const [i, p] of [0.05, 0.5, 0.9].entries()) check(mcseQuantile(x, p), 'mcseQuantile', i);
    // coda squares the means: at 1e6 it loses digits that we keep, see the shift test.
    if (x.length > 1 && one.length > 2 && name !== 'huge') check(potentialScaleReduction(x), 'psrf');
    if (one.length >= 20) {
      check(geweke(one), 'geweke');
      const found = heidelbergerWelch(one);
      const [stationary, start, pValue, passed, mean, halfwidth] = expected.heidelbergerWelch as Golden[];
      t.is(found.stationary, stationary === 1);
      t.is(found.passed, passed === 1);
      agrees(t, found.start, start, `${name} start`);
      agrees(t, found.pValue, pValue, `${name} pValue`, 1e-8);
      agrees(t, found.mean, mean, `${name} mean`);
      agrees(t, found.halfwidth, halfwidth, `${name} halfwidth`, tolerance);
    }
    if (expected.acf !== null) {
      const correlations = autocorrelation(one, Math.min(5, one.length - 1));
      for (const [i, value] of correlations.entries()) check(value, 'acf', i);
    }
    const draws = makeDraws(['x'], x.length, one.length, x);
    const [row] = summarizeDraws(draws);
    const summary = [row.mean, row.median, row.sd, row.mad, row.q5, row.q95];
    for (const [i, value] of summary.entries()) check(value, 'summary', i);
    check(row.rhat, 'rhat');
    check(row.ess_tail, 'essTail');
  });
}

test('a vector with its diagnostics to many digits', (t) => {
  const x = cases.vector;
  t.is(x[0][0].toFixed(12), '-0.263544474612');
  const numbers: [number, number][] = [
    [rhat(x), 1.00336794951],
    [essBulk(x), 284.027481905],
    [essTail(x), 478.874446969],
    [essMean(x), 284.82526358],
    [essSd(x), 599.607535621],
    [mcseMean(x), 0.0197110118532],
    [mcseSd(x), 0.00869367630922],
    [mcseQuantile(x, 0.05), 0.025861203573],
    [potentialScaleReduction(x), 1.0037867713],
    [geweke(x[0]), -0.0406898669935],
    [paretoK(uniforms(7, 2000).map((u) => -0.6 * Math.log(u))), 0.649715402212],
  ];
  for (const [actual, expected] of numbers) agrees(t, actual, expected, String(expected), 1e-9);
});

test('Pareto smoothing agrees with posterior', (t) => {
  const logs = (scale: number, n: number): number[] => uniforms(7, n).map((u) => -scale * Math.log(u));
  const weights: Record<string, [number[], number]> = {
    vector: [logs(0.6, 2000), 1],
    light: [logs(0.1, 2000), 1],
    heavy: [logs(1.3, 500), 1],
    bounded: [uniforms(7, 1000), 1],
    few: [logs(0.6, 40), 1],
    correlated: [logs(0.6, 2000), 0.3],
  };
  for (const [name, [logWeights, rEff]] of Object.entries(weights)) {
    const expected = golden.psis[name];
    const result = psis(logWeights, rEff);
    const sum = result.logWeights.reduce((a, b) => a + b, 0);
    const total = result.logWeights.reduce((a, b) => a + Math.exp(b), 0);
    const actual = [result.k, result.tailLength, total, sum, ...result.logWeights.subarray(0, 3)];
    for (const [i, value] of actual.entries()) agrees(t, value, expected[i], `${name} ${i}`);
  }
});

test('Pareto k says when it cannot be computed', (t) => {
  t.true(Number.isNaN(paretoK([1, 1, 1, 1, 1, 1, 1, 1])));
  t.true(Number.isNaN(paretoK([1, 2, 3])));
  t.true(Number.isNaN(paretoK([])));
  t.true(Number.isNaN(paretoK([0, 1, 2, 3, 4, 5, 6, 7, Number.NaN])));
  t.true(Number.isNaN(paretoK([0, 1, 2, 3, 4, 5, 6, 7, Number.POSITIVE_INFINITY])));
  const some = uniforms(7, 500).map((u) => -0.6 * Math.log(u));
  const shifted = some.map((x) => x + 1e3);
  agrees(t, paretoK(shifted), paretoK(some), 'shifted', 1e-9);
  // Weights of 0 are improbable draws, not broken ones; they take part in the count alone.
  t.true(Number.isFinite(paretoK([...some, Number.NEGATIVE_INFINITY])));
  t.throws(() => paretoK(some, 0), { instanceOf: GlmmcError, code: 'bad-argument' });
});

test('batch means agree with R, and with the truth for an autoregression', (t) => {
  const [a, b] = chains(205, 2);
  const series = new Float64Array(410);
  for (let i = 0; i < 205; i++) {
    series[2 * i] = a[i];
    series[2 * i + 1] = b[i];
  }
  const close = (actual: ArrayLike<number>, expected: number[]): void => {
    for (const [i, value] of expected.entries()) agrees(t, actual[i], value, `batch ${i}`);
  };
  const found = batchMeansCovariance(series, 2);
  t.is(found.batchSize, 14);
  t.is(found.batches, 14);
  close(found.covariance, golden.batchMeans.default);
  close(batchMeansCovariance(series, 2, 7).covariance, golden.batchMeans.seven);
  // Var(innovation) / (1 - phi)^2 = (1 / 12) / 0.25.
  const long = batchMeansCovariance(ar(5, 100_000, 0.5), 1).covariance[0];
  t.true(Math.abs(long / (1 / 3) - 1) < 0.25);
  for (const [length, d, size] of [
    [5, 2, 1],
    [4, 0, 1],
    [4, 2, 2],
    [4, 2, 0],
    [4, 1, 1.5],
  ]) {
    t.throws(() => batchMeansCovariance(new Float64Array(length), d, size), { code: 'bad-argument' });
  }
});

test('a draw that is not finite makes every diagnostic NaN', (t) => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const x = chains(100, 2);
    x[1][30] = bad;
    x[0][30] = bad;
    const all: ((x: Chains) => number)[] = [
      rhat,
      essBulk,
      essTail,
      essMean,
      essSd,
      mcseMean,
      mcseSd,
      potentialScaleReduction,
      (c) => essQuantile(c, 0.5),
      (c) => mcseQuantile(c, 0.5),
      (c) => geweke(c[0]),
      (c) => spectrum0(c[0]),
      (c) => autocorrelation(c[0])[0],
      (c) => heidelbergerWelch(c[0]).mean,
    ];
    for (const diagnostic of all) t.true(Number.isNaN(diagnostic(x)), `${diagnostic} of ${bad}`);
  }
});

test('chains are refused where they are none', (t) => {
  const bad: unknown[] = [[], [[1, 2], [1]], [[]], [1, 2, 3], 5];
  for (const x of bad) t.throws(() => rhat(x as Chains), { instanceOf: GlmmcError, code: 'bad-chains' });
  t.throws(() => potentialScaleReduction([[1, 2, 3]]), { code: 'bad-chains' });
  t.throws(() => geweke([1, 2, 3]), { code: 'bad-chains' });
  t.throws(() => heidelbergerWelch(new Float64Array(19)), { code: 'bad-chains' });
  t.throws(() => essQuantile([[1, 2, 3]], 1.1), { code: 'bad-argument' });
  t.throws(() => autocorrelation([1, 2, 3], 3), { code: 'bad-argument' });
  t.throws(() => autocorrelation([1, 2, 3], 0.5), { code: 'bad-argument' });
});

test('diagnostics take plain arrays and do not change them', (t) => {
  const x = cases.vector.map((chain) => Array.from(chain));
  const copy = structuredClone(x);
  t.is(rhat(x), rhat(cases.vector));
  t.is(mcseQuantile(x, 0.3), mcseQuantile(cases.vector, 0.3));
  paretoK(x[0]);
  geweke(x[0]);
  t.deepEqual(x, copy);
});

test("quantiles are R's type 7", (t) => {
  t.is(quantile([3, 1, 2, 4], 0.5), 2.5);
  t.is(quantile([1, 2, 3, 4], 0.1), 1.3);
  t.is(quantile([5], 0.9), 5);
  t.is(quantile([1, 2], 1), 2);
  t.is(quantile([1, 2], 0), 1);
  t.is(quantileSorted(Float64Array.of(7, 7, 8), 0.25), 7);
  t.true(Number.isNaN(quantile([], 0.5)));
  t.throws(() => quantile([1], -0.1), { code: 'bad-argument' });
});

test('shifts and scales change nothing', (t) => {
  const x = cases.vector;
  const moved = x.map((chain) => chain.map((value) => 1e6 + value));
  const scaled = x.map((chain) => chain.map((value) => value / 1024));
  for (const diagnostic of [rhat, essBulk, essTail, essMean, essSd, potentialScaleReduction]) {
    agrees(t, diagnostic(moved), diagnostic(x), `${diagnostic.name} shifted`, 1e-6);
    agrees(t, diagnostic(scaled), diagnostic(x), `${diagnostic.name} scaled`);
  }
  agrees(t, geweke(moved[0]), geweke(x[0]), 'geweke shifted', 1e-6);
  agrees(t, geweke(scaled[0]), geweke(x[0]), 'geweke scaled');
});

test('a chain that only drifts is not stationary', (t) => {
  const x = ar(3, 400, 0.5).map((value, i) => value + i / 100);
  const found = heidelbergerWelch(x);
  t.false(found.stationary);
  t.false(found.passed);
  t.true(Number.isNaN(found.start));
  t.true(Math.abs(geweke(x)) > 4);
  t.true(rhat([x]) > 1.5);
});
