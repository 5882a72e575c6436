// Kernels on densities with known moments: first enough effective draws, then within 4 Monte Carlo errors. And kernels
// broken on purpose, which the same test must catch.
import test from 'ava';
import {
  allChains,
  CovarianceAdapter,
  essBulk,
  exponential,
  GlmmcError,
  independence,
  initialState,
  type Kernel,
  normal,
  type Run,
  randomWalk,
  rhat,
  rng,
  run,
  ScaleAdapter,
  type Stream,
  slice,
  sliceStep,
  type Target,
} from '../samplers/index.js';
import { banana, bounded, correlated, judge, type Moment, truths } from './known-moments.js';

const right = { seed: 11, chains: 4, warmup: 1500, draws: 5000 };
const runs: [string, Kernel | Kernel<never>, readonly Moment[], Partial<typeof right>?][] = [
  ['random walk, correlated', randomWalk(correlated), truths.correlated],
  ['random walk, banana', randomWalk(banana), truths.banana, { draws: 10_000 }],
  ['random walk, bounded', randomWalk(bounded), truths.bounded],
  ['random walk, fixed', randomWalk(bounded, { scale: 3, covariance: [[1]] }), truths.bounded, { warmup: 0 }],
  ['slice, correlated', slice(correlated), truths.correlated],
  ['slice, banana', slice(banana, { width: [1, 2] }), truths.banana],
  ['slice, bounded', slice(bounded, { width: 0.2 }), truths.bounded],
  [
    'independence, correlated',
    independence(correlated, {
      mean: [1, -2, 0.5],
      covariance: [
        [1, 2.7, 0],
        [2.7, 9, 0],
        [0, 0, 0.01],
      ],
    }) as Kernel<never>,
    truths.correlated,
  ],
  [
    'independence, banana',
    independence(banana, { mean: [0, 0], covariance: [2, 0, 0, 3], df: 3 }) as Kernel<never>,
    truths.banana,
  ],
  [
    'independence, bounded, normal',
    independence(bounded, { mean: [4], covariance: [[36]], df: Number.POSITIVE_INFINITY }) as Kernel<never>,
    truths.bounded,
    { draws: 8000 },
  ],
];
for (const [name, kernel, moments, settings] of runs) {
  test(`${name}: moments within 4 errors`, async (t) => {
    const init = kernel.dimension === 1 ? [2] : undefined;
    const draws = await run(kernel as Kernel, { ...right, ...settings, ...(init && { init }) });
    for (const variable of draws.variables) {
      t.true(rhat(allChains(draws, variable)) < 1.01, `rhat of ${variable}`);
      t.true(essBulk(allChains(draws, variable)) > 400, `ess of ${variable}`);
    }
    const { z, ess } = judge(draws, moments);
    t.true(ess > 400, `ess ${ess}`);
    for (const [i, [label]] of moments.entries()) t.true(Math.abs(z[i]) < 4, `${label}: z ${z[i]}`);
  });
}

/** A Metropolis kernel with two places to break it. */
function multiplicative(jacobian: boolean, slack: number): Kernel {
  return {
    name: 'multiplicative',
    dimension: 1,
    init: (position) => initialState(bounded, position),
    step(stream: Stream, state) {
      const factor = Math.exp(1.5 * normal(stream));
      const position = state.position.map((x) => x * factor);
      const logDensity = bounded.logDensity(position);
      const logRatio = logDensity - state.logDensity + (jacobian ? Math.log(factor) : 0) + slack;
      if (-exponential(stream) > logRatio) return [state, { accepted: false, acceptance: 0 }];
      return [
        { position, logDensity },
        { accepted: true, acceptance: 1 },
      ];
    },
  };
}

test('the moment test passes a right kernel and fails two broken ones', async (t) => {
  const worst = async (kernel: Kernel): Promise<number> => {
    const draws = await run(kernel, { ...right, warmup: 100, init: [2] });
    const { z, ess } = judge(draws, truths.bounded);
    t.true(ess > 400);
    return Math.max(...z.map(Math.abs));
  };
  t.true((await worst(multiplicative(true, 0))) < 4);
  t.true((await worst(multiplicative(false, 0))) > 4, 'without the Jacobian');
  t.true((await worst(multiplicative(true, 0.3))) > 4, 'accepting too often');
});

test('warm-up learns scale and shape, and leaves them alone afterwards', async (t) => {
  const scaled: Target = {
    dimension: 2,
    logDensity: (x) => -0.5 * ((x[0] / 100) ** 2 + (x[1] / 0.01) ** 2),
  };
  const draws = await run(randomWalk(scaled), { seed: 2, warmup: 2000, draws: 2000, init: [0, 0] });
  for (const rate of draws.acceptance) t.true(rate > 0.2 && rate < 0.55, `acceptance ${rate}`);
  t.true(essBulk(allChains(draws, 'x1')) > 400);
  t.true(essBulk(allChains(draws, 'x2')) > 400);
  const adaptation = randomWalk(banana).adapt?.(100);
  const stream = rng(1);
  let state = randomWalk(banana).init(new Float64Array(2));
  for (let i = 0; i < 100; i++) state = adaptation?.step(stream, state)[0] ?? state;
  const frozen = adaptation?.frozen();
  t.is(frozen?.adapt, undefined);
});

test('ScaleAdapter finds the scale of an acceptance rate and freezes', (t) => {
  const adapter = new ScaleAdapter({ scale: 100, target: 0.44 });
  const stream = rng(4);
  let x = 0;
  let accepted = 0;
  const step = (): void => {
    const y = x + adapter.scale * normal(stream);
    const acceptance = Math.min(1, Math.exp((x * x - y * y) / 2));
    adapter.update(acceptance);
    if (stream.uniform() < acceptance) {
      x = y;
      accepted++;
    }
  };
  for (let i = 0; i < 2000; i++) step();
  const scale = adapter.freeze();
  t.true(Math.abs(scale / 2.42 - 1) < 0.15, `scale ${scale}`);
  accepted = 0;
  for (let i = 0; i < 20_000; i++) step();
  t.true(Math.abs(accepted / 20_000 - 0.44) < 0.03);
  t.is(adapter.scale, scale);
  t.is(adapter.freeze(), scale);
  t.is(new ScaleAdapter().freeze(), 1);
  for (const bad of [{ scale: 0 }, { scale: Number.NaN }, { target: 0 }, { target: 1 }]) {
    t.throws(() => new ScaleAdapter(bad), { instanceOf: GlmmcError, code: 'bad-argument' });
  }
});

test('CovarianceAdapter is the sample covariance', (t) => {
  const adapter = new CovarianceAdapter(2);
  t.true(Number.isNaN(adapter.covariance()[0]));
  for (const row of [
    [1e6 + 1, 2],
    [1e6 + 2, 4],
    [1e6 + 4, 3],
  ]) {
    adapter.update(row);
  }
  const [xx, xy, yx, yy] = adapter.covariance();
  t.true(Math.abs(xx - 7 / 3) < 1e-9);
  t.true(Math.abs(xy - 0.5) < 1e-9);
  t.is(xy, yx);
  t.is(yy, 1);
  adapter.reset();
  t.is(adapter.count, 0);
});

test('sliceStep keeps a distribution, one step from exact draws', (t) => {
  // Exact start, one step: any width must give the same exponential back.
  for (const width of [0.01, 1, 50]) {
    const stream = rng(8).stream(`${width}`);
    const log = (x: number): number => (x >= 0 ? -x : Number.NEGATIVE_INFINITY);
    const n = 20_000;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const x = sliceStep(stream, exponential(stream), log, width);
      sum += x;
      squares += x * x;
    }
    t.true(Math.abs(sum / n - 1) < 4 * Math.sqrt(1 / n), `${width}: ${sum / n}`);
    t.true(Math.abs(squares / n - 2) < 4 * Math.sqrt(20 / n), `${width}: ${squares / n}`);
  }
});

test('sliceStep says what is wrong, and ends on a density that is only one point wide', (t) => {
  const stream = rng(9);
  const broken = { instanceOf: GlmmcError, code: 'broken-density' };
  t.throws(() => sliceStep(stream, 0, () => Number.NaN, 1), broken);
  t.throws(() => sliceStep(stream, 0, () => Number.POSITIVE_INFINITY, 1), broken);
  t.throws(() => sliceStep(stream, 0, () => Number.NEGATIVE_INFINITY, 1), broken);
  t.throws(() => sliceStep(stream, 0, (x) => (x === 0 ? 0 : Number.NaN), 1), broken);
  for (const width of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => sliceStep(stream, 0, () => 0, width), { code: 'bad-argument' });
  }
  const spike = (x: number): number => (x === 0.3 ? 0 : Number.NEGATIVE_INFINITY);
  t.is(sliceStep(stream, 0.3, spike, 1), 0.3);
  // Flat and improper: the steps out are limited.
  t.true(Number.isFinite(sliceStep(stream, 0, () => 0, 1)));
  let evaluations = 0;
  const counted = (x: number): number => {
    evaluations++;
    return -x * x;
  };
  sliceStep(rng(1), 0.5, counted, 1);
  const all = evaluations;
  evaluations = 0;
  sliceStep(rng(1), 0.5, counted, 1, -0.25);
  t.is(evaluations, all - 1);
});

test('a step changes neither the state it was given nor the positions it gave before', (t) => {
  const kernels: Kernel[] = [
    randomWalk(banana),
    slice(banana),
    independence(banana, { mean: [0, 0], covariance: [2, 0, 0, 2] }) as unknown as Kernel,
  ];
  for (const kernel of kernels) {
    const stream = rng(3);
    const start = Float64Array.of(0.5, 0.5);
    let state = kernel.init(start);
    const seen: { position: Float64Array; copy: Float64Array }[] = [];
    for (let i = 0; i < 200; i++) {
      seen.push({ position: state.position, copy: state.position.slice() });
      state = kernel.step(stream, state)[0];
      t.is(state.logDensity, banana.logDensity(state.position));
    }
    for (const { position, copy } of seen) t.deepEqual(position, copy);
    t.deepEqual(start, Float64Array.of(0.5, 0.5));
  }
});

test('NaN and +Infinity are broken densities, named with their position; -Infinity is a rejected move', async (t) => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const target: Target = { dimension: 1, logDensity: (x) => (x[0] > 1 ? value : -0.5 * x[0] ** 2) };
    for (const kernel of [randomWalk(target), slice(target)]) {
      const error = await t.throwsAsync(run(kernel, { seed: 1, chains: 1, init: [0] }), {
        instanceOf: GlmmcError,
        code: 'broken-density',
      });
      t.regex(error.message, /must be a number or -Infinity, found (NaN|Infinity) at \(1/);
    }
  }
  await t.throwsAsync(run(randomWalk(bounded), { init: [-1] }), {
    code: 'bad-init',
    message: /density is 0 at \(-1\)/,
  });
});

const options: [string, () => unknown, string, RegExp][] = [
  ['target', () => randomWalk({ dimension: 0, logDensity: () => 0 }), 'bad-target', /dimension/],
  ['target', () => slice({ dimension: 1 } as Target), 'bad-target', /logDensity/],
  ['target', () => slice({ ...banana, names: ['x'] }), 'bad-target', /names, found 1/],
  ['scale', () => randomWalk(banana, { scale: 0 }), 'bad-option', /scale must be a number > 0, found 0/],
  [
    'scale',
    () => randomWalk(banana, { scale: Number.NaN }),
    'bad-option',
    /scale must be a number > 0, found NaN/,
  ],
  [
    'acceptance',
    () => randomWalk(banana, { acceptance: 1 }),
    'bad-option',
    /acceptance must be a number between/,
  ],
  ['covariance', () => randomWalk(banana, { covariance: [1, 2, 3] }), 'bad-option', /2 x 2/],
  [
    'covariance',
    () =>
      randomWalk(banana, {
        covariance: [
          [1, 2],
          [2, 1],
        ],
      }),
    'bad-option',
    /not positive definite/,
  ],
  [
    'covariance',
    () => randomWalk(banana, { covariance: [1, 1, 1, 1] }),
    'bad-option',
    /not positive definite/,
  ],
  ['covariance', () => randomWalk(banana, { covariance: [1, 0.5, 0, 1] }), 'bad-option', /not symmetric/],
  ['covariance', () => randomWalk(banana, { covariance: [1, 0, 0, Number.NaN] }), 'bad-option', /finite/],
  ['unknown', () => randomWalk(banana, { scal: 1 } as object), 'unknown-option', /did you mean 'scale'/],
  ['width', () => slice(banana, { width: -1 }), 'bad-option', /width must be a number > 0, or 2 of them/],
  ['width', () => slice(banana, { width: [1] }), 'bad-option', /width/],
  [
    'scale',
    () => randomWalk(banana, { scale: slice as never }),
    'bad-option',
    /found the function slice; write slice\(\)$/,
  ],
  ['scale', () => randomWalk(banana, { scale: (() => 1) as never }), 'bad-option', /found a function$/],
  ['width', () => slice(banana, { width: 'a' as unknown as number }), 'bad-option', /width/],
  ['unknown', () => slice(banana, { widht: 1 } as object), 'unknown-option', /did you mean 'width'/],
  [
    'mean',
    () => independence(banana, { mean: [0], covariance: [1, 0, 0, 1] }),
    'bad-option',
    /mean must be 2/,
  ],
  ['mean', () => independence(banana, {} as never), 'bad-option', /mean/],
  ['covariance', () => independence(banana, { mean: [0, 0] } as never), 'bad-option', /covariance/],
  [
    'df',
    () => independence(banana, { mean: [0, 0], covariance: [1, 0, 0, 1], df: 0 }),
    'bad-option',
    /df must be a number > 0/,
  ],
];
for (const [i, [option, make, code, message]] of options.entries()) {
  test(`bad option ${i}, ${option}, is refused`, (t) => {
    t.throws(make, { instanceOf: GlmmcError, code, message });
  });
}

test('badly scaled but proper covariances are taken, also as an ml-matrix', (t) => {
  t.notThrows(() => randomWalk(banana, { covariance: [1e-16, 0, 0, 1e16] }));
  const matrix = {
    to2DArray: () => [
      [2, 1],
      [1 + 1e-15, 2],
    ],
  };
  t.notThrows(() => randomWalk(banana, { covariance: matrix }));
});

test('names of a kernel are those of its target, or x1, x2, ...', async (t) => {
  t.deepEqual((await run(slice(correlated), { draws: 1, warmup: 0, chains: 1 })).variables, ['a', 'b', 'c']);
  t.deepEqual((await run(slice(banana), { draws: 1, warmup: 0, chains: 1 })).variables, ['x1', 'x2']);
  const made: Run = await run(randomWalk(banana), { draws: 3, warmup: 0, chains: 2 });
  t.is(made.kernel, 'random walk');
});
