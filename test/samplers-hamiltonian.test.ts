// hmc() and nuts(): known moments, invariance from exact draws (Gandy and Scott 2020), kernels broken on purpose, which
// must be caught, warm-up, and what the steps say of themselves.
import test from 'ava';
import { DualAveraging } from '../samplers/hamiltonian/dual-averaging.js';
import { type GradientTarget, Hamiltonian, type Phase } from '../samplers/hamiltonian/phase.js';
import { hamiltonianKernel, type Transition } from '../samplers/hamiltonian/tuned.js';
import { metricWindows, VarianceAdapter } from '../samplers/hamiltonian/windows.js';
import { HmcTransition } from '../samplers/hmc.js';
import {
  allChains,
  ebfmi,
  GlmmcError,
  type HamiltonianInfo,
  type HamiltonianKernel,
  type HamiltonianState,
  type HmcOptions,
  hmc,
  type NutsOptions,
  normal,
  nuts,
  rhat,
  rng,
  run,
} from '../samplers/index.js';
import { NutsTransition } from '../samplers/nuts.js';
import { banana, bounded, correlated, funnel, judge, truths } from './known-moments.js';

const cases = [
  ['nuts, correlated', nuts(correlated), truths.correlated],
  ['nuts, banana', nuts(banana), truths.banana],
  ['nuts, funnel', nuts(funnel, { acceptance: 0.95 }), truths.funnel],
  ['nuts, bounded', nuts(bounded), truths.bounded],
  ['hmc, correlated', hmc(correlated), truths.correlated],
  ['hmc, banana', hmc(banana), truths.banana],
  ['hmc, funnel', hmc(funnel, { acceptance: 0.95 }), truths.funnel],
  ['hmc, bounded', hmc(bounded), truths.bounded],
] as const;
for (const [name, kernel, moments] of cases) {
  test(`${name}: moments within 4 errors`, async (t) => {
    const init = kernel.dimension === 1 ? [2] : undefined;
    const draws = await run(kernel, { seed: 5, warmup: 500, draws: 3000, ...(init && { init }) });
    for (const variable of draws.variables) t.true(rhat(allChains(draws, variable)) < 1.01, variable);
    const { z, ess } = judge(draws, moments);
    t.true(ess > 400, `ess ${ess}`);
    for (const [i, [label]] of moments.entries()) t.true(Math.abs(z[i]) < 4, `${label}: z ${z[i]}`);
  });
}

/** sqrt(n) times the largest distance of the sample's distribution function from the uniform one. */
function kolmogorov(sample: readonly number[]): number {
  const sorted = Float64Array.from(sample).sort();
  const n = sorted.length;
  let largest = 0;
  sorted.forEach((u, k) => {
    largest = Math.max(largest, u - k / n, (k + 1) / n - u);
  });
  return largest * Math.sqrt(n);
}

/**
 * Exact draws of the banana, then a few steps each: what comes out must be exact draws again, whatever the steps are
 * worth. Returns the larger Kolmogorov distance of two functions of them that are uniform: angle and radius.
 */
function departure(transition: Transition, stepSize: number, steps: number): number {
  const stream = rng(17);
  const columns: number[][] = [[], []];
  for (let k = 0; k < 20_000; k++) {
    const first = normal(stream);
    const position = Float64Array.of(first, 0.5 * (first * first - 1) + normal(stream));
    const gradient = new Float64Array(2);
    let state: HamiltonianState = { position, gradient, logDensity: banana.gradient(position, gradient) };
    for (let s = 0; s < steps; s++) [state] = transition.step(stream, state, stepSize);
    const [x, y] = state.position;
    const rest = y - 0.5 * (x * x - 1);
    columns[0].push(0.5 + Math.atan2(x, rest) / (2 * Math.PI));
    columns[1].push(Math.exp(-0.5 * (x * x + rest * rest)));
  }
  return Math.max(kolmogorov(columns[0]), kolmogorov(columns[1]));
}

/** The 0.01% point of the Kolmogorov distribution. */
const LIMIT = 2.23;
const system = (): Hamiltonian => new Hamiltonian(banana, Float64Array.of(1, 1.5));

class AcceptsAll extends HmcTransition {
  protected override logRatio(): number {
    return 0;
  }
}

class HalfRatio extends HmcTransition {
  protected override logRatio(before: number, after: number): number {
    return 0.5 * super.logRatio(before, after);
  }
}

class NoWeights extends NutsTransition {
  protected override logWeight(): number {
    return 0;
  }
}

class NeverTurns extends NutsTransition {
  protected override goesOn(): boolean {
    return true;
  }
}

/** Reversible, but volumes shrink: the missing Jacobian. */
class Shrinking extends Hamiltonian {
  override leapfrog(phase: Phase, step: number): void {
    const factor = Math.exp(-0.2 * Math.sign(step));
    for (let i = 0; i < phase.momentum.length; i++) phase.momentum[i] *= factor;
    super.leapfrog(phase, step);
  }
}

test('a few steps leave exact draws exact', (t) => {
  for (const size of [0.3, 0.9]) {
    t.true(departure(new HmcTransition(system(), 1.5), size, 3) < LIMIT, `hmc, step ${size}`);
    t.true(departure(new NutsTransition(system(), 10), size, 3) < LIMIT, `nuts, step ${size}`);
    t.true(departure(new NutsTransition(system(), 2), size, 3) < LIMIT, `nuts, short, step ${size}`);
  }
});

const broken: readonly [string, () => Transition][] = [
  ['hmc that accepts everything', () => new AcceptsAll(system(), 1.5)],
  ['hmc with half the log ratio', () => new HalfRatio(system(), 1.5)],
  [
    'hmc on dynamics that shrink volumes',
    () => new HmcTransition(new Shrinking(banana, Float64Array.of(1, 1.5)), 1.5),
  ],
  ['nuts without weights', () => new NoWeights(system(), 10)],
  ['nuts that overlooks turns inside the new half', () => new NeverTurns(system(), 10)],
  [
    'nuts on dynamics that shrink volumes',
    () => new NutsTransition(new Shrinking(banana, Float64Array.of(1, 1.5)), 10),
  ],
];
for (const [what, make] of broken) {
  test(`caught: ${what}`, (t) => {
    const far = departure(make(), 0.9, 3);
    t.log(far.toFixed(2));
    t.true(far > LIMIT, `only ${far}`);
  });
}

test('leapfrog steps are reversible and keep volumes', (t) => {
  const hamiltonian = system();
  const flow = (start: readonly number[], step: number): number[] => {
    const phase = hamiltonian.phase();
    phase.position.set(start.slice(0, 2));
    phase.momentum.set(start.slice(2));
    phase.logDensity = banana.gradient(phase.position, phase.gradient);
    for (let k = 0; k < 8; k++) hamiltonian.leapfrog(phase, step);
    return [...phase.position, ...phase.momentum];
  };
  const start = [0.3, -0.8, 1.1, 0.4];
  const back = flow(flow(start, 0.4), -0.4);
  for (const [i, x] of back.entries()) t.true(Math.abs(x - start[i]) < 1e-12);
  const h = 1e-5;
  const columns = start.map((_, j) => {
    const at = (side: number) =>
      flow(
        start.map((x, i) => (i === j ? x + side * h : x)),
        0.4,
      );
    const [up, down] = [at(1), at(-1)];
    return up.map((x, i) => (x - down[i]) / (2 * h));
  });
  t.true(Math.abs(determinant(columns) - 1) < 1e-8);
});

function determinant(a: readonly (readonly number[])[]): number {
  if (a.length === 1) return a[0][0];
  return a.reduce((sum, row, i) => {
    const minor = a.filter((_, k) => k !== i).map((other) => other.slice(1));
    return sum + (i % 2 === 0 ? 1 : -1) * row[0] * determinant(minor);
  }, 0);
}

test("warm-up's windows are Stan's", (t) => {
  t.deepEqual(metricWindows(1000), { first: 76, ends: [100, 150, 250, 450, 950] });
  t.deepEqual(metricWindows(150), { first: 76, ends: [100] });
  t.deepEqual(metricWindows(100), { first: 16, ends: [90] });
  t.deepEqual(metricWindows(20), { first: 4, ends: [18] });
  t.deepEqual(metricWindows(19).ends, []);
});

test('variances of a window, drawn to what was held before with the weight of five draws', (t) => {
  const adapter = new VarianceAdapter(2);
  for (const x of [1, 2, 4, 9]) adapter.update(Float64Array.of(x, 1e-6 * x));
  const metric = Float64Array.of(1, 1e-12);
  adapter.learn(metric);
  // The sample variance of 1, 2, 4, 9 is 38 / 3.
  const expected = (4 * (38 / 3) + 5e-3) / 9;
  t.true(Math.abs(metric[0] - expected) < 1e-12);
  t.true(Math.abs(metric[1] / 1e-12 - expected) < 1e-9);
  adapter.learn(metric);
  t.true(Math.abs(metric[0] - expected) < 1e-12, 'an empty window says nothing');
});

test('dual averaging finds the step of an acceptance rate', (t) => {
  const averaging = new DualAveraging(3, 0.8);
  // Acceptance exp(-step): 0.8 at a step of 0.2231.
  for (let k = 0; k < 2000; k++) averaging.update(Math.exp(-averaging.step));
  t.true(Math.abs(averaging.final() + Math.log(0.8)) < 0.005, String(averaging.final()));
});

/** All that the steps of a run said. */
async function told(
  kernel: HamiltonianKernel,
  options: Parameters<typeof run>[1],
): Promise<HamiltonianInfo[]> {
  const infos: HamiltonianInfo[] = [];
  await run(kernel, { ...options, onStep: (info) => infos.push(info) });
  return infos;
}

test('warm-up learns scales and step, and leaves them alone afterwards', async (t) => {
  const scaled: GradientTarget = {
    dimension: 2,
    logDensity: (x) => -0.5 * ((x[0] / 1000) ** 2 + (x[1] / 1e-5) ** 2),
    gradient(x, out) {
      out[0] = -x[0] / 1e6;
      out[1] = -x[1] / 1e-10;
      return this.logDensity(x);
    },
  };
  const infos = await told(nuts(scaled), { seed: 2, chains: 1, warmup: 1000, draws: 500, init: [0, 0] });
  t.is(new Set(infos.map(({ stepSize }) => stepSize)).size, 1);
  const mean = infos.reduce((sum, { acceptance }) => sum + acceptance / infos.length, 0);
  t.true(mean > 0.75 && mean < 0.97, `acceptance ${mean}`);
  t.true(
    infos.every(({ leapfrogs }) => leapfrogs <= 15),
    'scales that differ by 1e8 cost no steps',
  );
  const adaptation = nuts(scaled).adapt!(50);
  t.is(adaptation.frozen().adapt, undefined);
});

test('what steps say: energies, depths, gradients', async (t) => {
  const infos = await told(nuts(correlated), { seed: 3, chains: 2, warmup: 200, draws: 100 });
  t.is(infos.length, 200);
  for (const { energy, treeDepth, leapfrogs, divergent, acceptance } of infos) {
    t.true(Number.isFinite(energy) && acceptance >= 0 && acceptance <= 1 && !divergent);
    t.true(leapfrogs < 2 ** (treeDepth! + 1) && leapfrogs >= 2 ** treeDepth! - 1);
  }
  const short = await told(nuts(correlated, { maxTreeDepth: 1 }), {
    seed: 3,
    chains: 1,
    warmup: 50,
    draws: 50,
  });
  t.true(short.every(({ leapfrogs }) => leapfrogs === 1));
  const long = await told(hmc(correlated, { time: 0.1, stepSize: 0.01 }), {
    chains: 1,
    warmup: 0,
    draws: 50,
  });
  t.true(
    long.every(({ leapfrogs, treeDepth }) => leapfrogs >= 5 && leapfrogs <= 15 && treeDepth === undefined),
  );
});

test("Neal's funnel: divergences, and energies that move slowly", async (t) => {
  const neal: GradientTarget = {
    dimension: 10,
    logDensity(x) {
      let squares = 0;
      for (let i = 1; i < 10; i++) squares += x[i] * x[i];
      return -0.5 * ((x[0] * x[0]) / 9 + 9 * x[0] + squares * Math.exp(-x[0]));
    },
    gradient(x, out) {
      let squares = 0;
      for (let i = 1; i < 10; i++) {
        squares += x[i] * x[i];
        out[i] = -x[i] * Math.exp(-x[0]);
      }
      out[0] = -x[0] / 9 - 4.5 + 0.5 * squares * Math.exp(-x[0]);
      return this.logDensity(x);
    },
  };
  const infos = await told(nuts(neal, { acceptance: 0.6 }), { seed: 1, chains: 1, warmup: 500, draws: 1000 });
  t.true(infos.some(({ divergent }) => divergent));
  t.true(ebfmi(infos.map(({ energy }) => energy)) < 0.3);
});

test('ebfmi is the mean square step over the variance', (t) => {
  t.is(ebfmi([1, 2, 4, 7]), 14 / 21);
  t.is(ebfmi([3, 3, 3, 3]), Number.NaN);
  t.is(ebfmi([1, 2, Number.NaN, 3]), Number.NaN);
  t.throws(() => ebfmi([1, 2, 3]), { instanceOf: GlmmcError, code: 'bad-chains' });
  const stream = rng(8);
  const chain: number[] = [];
  for (let k = 0, x = 0; k < 50_000; k++) {
    x = 0.9 * x + normal(stream);
    chain.push(x);
  }
  // An autoregression's value is 2 (1 - 0.9).
  t.true(Math.abs(ebfmi(chain) - 0.2) < 0.01);
});

test('steps leave the state that they were given alone, and repeat to the last bit', (t) => {
  for (const kernel of [nuts(banana, { stepSize: 0.4 }), hmc(banana, { stepSize: 0.4 })]) {
    const state = kernel.init(Float64Array.of(0.5, 0.2));
    const before = structuredClone(state);
    const [one] = kernel.step(rng(4), state);
    kernel.step(rng(5), one);
    const [two] = kernel.step(rng(4), state);
    t.deepEqual(state, before);
    t.deepEqual(one, two);
  }
});

test('run() tells of every step after warm-up and pauses as it is told', async (t) => {
  const chains: number[] = [];
  await run(nuts(banana), {
    chains: 2,
    warmup: 5,
    draws: 3,
    thin: 2,
    onStep: (_, chain) => chains.push(chain),
  });
  t.deepEqual(chains, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  const reason = new Error('enough');
  const pause = () => Promise.reject(reason);
  t.is(await t.throwsAsync(() => run(nuts(banana), { draws: 10, pause })), reason);
});

const flat = { dimension: 2, logDensity: () => 0 };
const refusals: readonly [string, () => unknown, string, RegExp][] = [
  ['no gradient', () => nuts(flat), 'bad-target', /nuts\(\) needs a target with gradient\(x, out\)/],
  ['no gradient', () => hmc(flat), 'bad-target', /hmc\(\) needs/],
  ['no target', () => nuts(undefined as never), 'bad-target', /expected a target/],
  [
    'a step of 0',
    () => nuts(banana, { stepSize: 0 }),
    'bad-option',
    /stepSize must be a number > 0, found 0/,
  ],
  ['acceptance of 1', () => hmc(banana, { acceptance: 1 }), 'bad-option', /acceptance must be/],
  ['depth 0', () => nuts(banana, { maxTreeDepth: 0 }), 'bad-option', /whole number from 1 to 20, found 0/],
  ['a time of -1', () => hmc(banana, { time: -1 }), 'bad-option', /hmc\(\): time must be a number > 0/],
  [
    'variances of another length',
    () => nuts(banana, { variances: [1] }),
    'bad-option',
    /2 numbers > 0, found 1 of/,
  ],
  [
    'a variance of 0',
    () => nuts(banana, { variances: [1, 0] }),
    'bad-option',
    /variances must be .* found 0$/,
  ],
  ['a slip', () => nuts(banana, { stepsize: 1 } as NutsOptions), 'unknown-option', /did you mean 'stepSize'/],
  [
    'an option of nuts',
    () => hmc(banana, { maxTreeDepth: 3 } as HmcOptions),
    'unknown-option',
    /maxTreeDepth/,
  ],
  [
    'a position of another length',
    () => nuts(banana).init(new Float64Array(3)),
    'bad-init',
    /length 2, found 3/,
  ],
  ['a start outside', () => hmc(bounded).init(Float64Array.of(-1)), 'bad-init', /density is 0/],
  [
    'a density of NaN',
    () => nuts({ ...flat, gradient: () => Number.NaN }).init(new Float64Array(2)),
    'broken-density',
    /found NaN at \(0, 0\)/,
  ],
  [
    'a slope of NaN',
    () => nuts({ ...flat, gradient: (_, out) => 0 * out.fill(Number.NaN).length }).init(new Float64Array(2)),
    'broken-density',
    /gradient must be finite .* found NaN in coordinate 1/,
  ],
];
for (const [what, make, code, message] of refusals) {
  test(`refused: ${what} (${code}, ${message.source})`, (t) => {
    const error = t.throws(make, { instanceOf: GlmmcError });
    t.is(error?.code, code);
    t.regex(error?.message ?? '', message);
  });
}

test('a density that breaks on the way is an error, one that is flat is not', async (t) => {
  const breaks: GradientTarget = {
    dimension: 1,
    logDensity: (x) => (x[0] > 1 ? Number.NaN : -0.5 * x[0] ** 2),
    gradient(x, out) {
      out[0] = -x[0];
      return this.logDensity(x);
    },
  };
  await t.throwsAsync(() => run(nuts(breaks), { init: [0] }), { code: 'broken-density' });
  const level = { ...flat, gradient: (_: Float64Array, out: Float64Array) => 0 * out.fill(0).length };
  const make = (h: Hamiltonian) => new NutsTransition(h, 5);
  const settings = { stepSize: 1, variances: Float64Array.of(1, 1), acceptance: 0.8 };
  const kernel = hamiltonianKernel('level', level, settings, make);
  t.true((await run(kernel, { chains: 1, warmup: 10, draws: 10, init: [0, 0] })).acceptance[0] > 0);
});
