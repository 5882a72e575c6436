// The loop: determinism, streams per chain, thinning, recording, progress, abort, and every option's borders.
import test from 'ava';
import {
  GlmmcError,
  type Kernel,
  normal,
  type RunOptions,
  type RunProgress,
  randomWalk,
  run,
  slice,
  type Target,
} from '../samplers/index.js';

const target: Target = { dimension: 2, logDensity: (x) => -0.5 * (x[0] ** 2 + x[1] ** 2) };

test('same seed, same bits, and chains do not depend on each other', async (t) => {
  const settings = { seed: 'a', warmup: 50, draws: 40 };
  const first = await run(randomWalk(target), { ...settings, chains: 3 });
  const again = await run(randomWalk(target), { ...settings, chains: 3 });
  const fewer = await run(randomWalk(target), { ...settings, chains: 2 });
  const other = await run(randomWalk(target), { ...settings, chains: 3, seed: 'b' });
  for (const variable of first.variables) {
    for (let c = 0; c < 3; c++) {
      t.deepEqual(again.chain(variable, c), first.chain(variable, c));
      t.notDeepEqual(other.chain(variable, c), first.chain(variable, c));
      if (c < 2) t.deepEqual(fewer.chain(variable, c), first.chain(variable, c));
    }
  }
  t.notDeepEqual(first.chain('x1', 0), first.chain('x1', 1));
  t.deepEqual(
    (await run(slice(target), { seed: 5, draws: 9 })).chain('x2', 3),
    (await run(slice(target), { seed: '5', draws: 9 })).chain('x2', 3),
  );
});

test('thinning keeps every k-th of the same draws', async (t) => {
  const all = await run(slice(target), { seed: 1, chains: 1, warmup: 10, draws: 30 });
  const third = await run(slice(target), { seed: 1, chains: 1, warmup: 10, draws: 10, thin: 3 });
  t.deepEqual(
    third.chain('x1', 0),
    all.chain('x1', 0).filter((_, i) => i % 3 === 2),
  );
  t.is(third.iterations, 10);
});

test('defaults', async (t) => {
  const draws = await run(slice(target));
  t.deepEqual(draws.settings, { seed: 1, chains: 4, warmup: 1000, draws: 1000, thin: 1 });
  t.is(draws.chains, 4);
  t.is(draws.iterations, 1000);
  t.deepEqual(draws.acceptance, new Float64Array(4).fill(1));
});

test('the least run there can be', async (t) => {
  const draws = await run(slice(target), { chains: 1, warmup: 0, draws: 1, thin: 1, seed: -0.5 });
  t.is(draws.chain('x1', 0).length, 1);
});

const bad: [object, string, RegExp][] = [
  [{ draws: 0 }, 'bad-option', /draws must be a whole number >= 1, found 0/],
  [{ draws: 1.5 }, 'bad-option', /draws/],
  [{ draws: Number.NaN }, 'bad-option', /draws/],
  [{ chains: 0 }, 'bad-option', /chains must be a whole number >= 1, found 0/],
  [{ warmup: -1 }, 'bad-option', /warmup must be a whole number >= 0, found -1/],
  [{ thin: 0 }, 'bad-option', /thin must be a whole number >= 1, found 0/],
  [{ seed: '' }, 'bad-seed', /non-empty string/],
  [{ seed: Number.NaN }, 'bad-option', /seed must be a finite number or a non-empty string, found NaN/],
  [{ seed: Number.POSITIVE_INFINITY }, 'bad-seed', /finite number/],
  [{ seed: {} }, 'bad-option', /seed must be a finite number or a non-empty string, found an object/],
  [{ signal: 5 }, 'bad-option', /signal must be an AbortSignal, found 5/],
  [{ onProgress: 5 }, 'bad-option', /onProgress must be a function, found 5/],
  [{ init: [1] }, 'bad-init', /length 2, found 1/],
  [{ init: 5 }, 'bad-init', /one position/],
  [{ init: [[1, 1]] }, 'bad-init', /one for each of 4 chains, or a function .*, found 1 positions/],
  [{ init: [1, Number.NaN] }, 'bad-init', /finite/],
  [{ init: () => undefined }, 'bad-init', /finite/],
  [{ drwas: 5 }, 'unknown-option', /did you mean 'draws'/],
];
for (const [options, code, message] of bad) {
  test(`refused: ${JSON.stringify(options)} ${message}`, async (t) => {
    await t.throwsAsync(run(slice(target), options as RunOptions), {
      instanceOf: GlmmcError,
      code,
      message,
    });
  });
}

test('a name given twice is refused before the first step', async (t) => {
  const twice = slice({ ...target, names: ['x', 'x'] });
  const never: Kernel = { ...twice, step: () => t.fail() as never };
  await t.throwsAsync(run(never), { code: 'bad-draws', message: /'x' is named twice/ });
});

test('what is no kernel is refused', async (t) => {
  for (const nothing of [undefined, null, {}, target]) {
    await t.throwsAsync(run(nothing as unknown as Kernel), { code: 'bad-kernel' });
  }
});

test('starting points: one, one per chain, a function, or random inside the support', async (t) => {
  const still: Kernel = {
    ...slice(target),
    step: (_, state) => [state, { accepted: false, acceptance: 0 }],
  };
  const settings = { seed: 1, chains: 2, warmup: 0, draws: 1 };
  const starts = async (init?: RunOptions['init']): Promise<number[]> => {
    const draws = await run(still, init === undefined ? settings : { ...settings, init });
    return [0, 1].map((c) => draws.chain('x1', c)[0]);
  };
  t.deepEqual(await starts([3, 4]), [3, 3]);
  t.deepEqual(await starts(Float64Array.of(3, 4)), [3, 3]);
  t.deepEqual(
    await starts([
      [3, 4],
      [5, 6],
    ]),
    [3, 5],
  );
  t.deepEqual(await starts((_, chain) => [chain + 7, 0]), [7, 8]);
  const [a, b] = await starts();
  t.not(a, b);
  t.true(Math.abs(a) < 2 && Math.abs(b) < 2);
  const halfPlane: Target = {
    dimension: 1,
    logDensity: (x) => (x[0] > 1.5 ? -x[0] : Number.NEGATIVE_INFINITY),
  };
  t.true((await run(slice(halfPlane), settings)).chain('x1', 0)[0] > 1.5);
  const far: Target = { dimension: 1, logDensity: (x) => (x[0] > 3 ? -x[0] : Number.NEGATIVE_INFINITY) };
  await t.throwsAsync(run(slice(far), settings), { code: 'bad-init', message: /100 random places/ });
});

test('a kernel of three members will do, and one that records what it likes', async (t) => {
  const bare: Kernel<{ position: Float64Array }, null> = {
    name: 'bare',
    init: (position) => ({ position }),
    step: (stream, state) => [{ position: state.position.map((x) => x + normal(stream)) }, null],
  };
  const draws = await run(bare, { seed: 1, draws: 5, warmup: 2, init: [0, 0, 0] });
  t.deepEqual(draws.variables, ['x1', 'x2', 'x3']);
  t.true(Number.isNaN(draws.acceptance[0]));
  await t.throwsAsync(run(bare), { code: 'bad-init', message: /dimension/ });

  const recorded: Kernel<{ n: number }, null> = {
    name: 'counter',
    variables: ['n', 'n squared'],
    init: () => ({ n: 0 }),
    step: (_, { n }) => [{ n: n + 1 }, null],
    record(state, out) {
      out[0] = state.n;
      out[1] = state.n ** 2;
    },
  };
  const counts = await run(recorded, { draws: 3, warmup: 10, thin: 2, chains: 1, init: [0] });
  t.deepEqual(counts.chain('n', 0), Float64Array.of(12, 14, 16));
  t.deepEqual(counts.chain('n squared', 0), Float64Array.of(144, 196, 256));

  const placeless = { name: 'placeless', init: () => 5, step: () => [5, null] } as unknown as Kernel;
  await t.throwsAsync(run(placeless, { init: [0] }), { code: 'bad-kernel', message: /record/ });
});

function slow(milliseconds: number): Kernel {
  const kernel = slice(target, { width: 1 });
  return {
    ...kernel,
    step(stream, state) {
      const end = performance.now() + milliseconds;
      while (performance.now() < end);
      return kernel.step(stream, state);
    },
  };
}

test('progress is told, and the event loop turns meanwhile', async (t) => {
  const told: RunProgress[] = [];
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  await run(slow(1), { chains: 2, warmup: 60, draws: 30, thin: 2, onProgress: (p) => told.push(p) });
  clearInterval(timer);
  t.true(ticks >= 5);
  t.true(told.length >= 6);
  t.true(told.every((p) => p.total === 240 && p.detail.acceptance === 1));
  t.is(told[0].stage, 'warmup');
  const last = told[told.length - 1];
  t.deepEqual([last.done, last.stage, last.detail.chain], [240, 'sampling', 1]);
  t.true(told.every((p, i) => i === 0 || p.done > told[i - 1].done));
});

test('an aborted run rejects with the reason, before or on the way', async (t) => {
  const reason = new Error('enough');
  await t.throwsAsync(run(slice(target), { signal: AbortSignal.abort(reason) }), { is: reason });
  const controller = new AbortController();
  const promise = run(slow(1), { draws: 100_000, signal: controller.signal });
  setTimeout(() => controller.abort(reason), 50);
  const start = performance.now();
  await t.throwsAsync(promise, { is: reason });
  t.true(performance.now() - start < 2000);
});
