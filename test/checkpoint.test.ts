// Chains on disk: cut short anywhere, they go on to the bits of a run that never was; other runs are kept off.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { MemoryReader, MemoryWriter } from '../samplers/memory.js';
import { rng } from '../samplers/rng.js';
import type { Problem } from '../src/estimate/chains/chain.js';
import { ChainLoop } from '../src/estimate/chains/loop.js';
import { chainMaker, type Recipe } from '../src/estimate/chains/makers.js';
import { runPilot } from '../src/estimate/collapsed/pilot.js';
import { planOf } from '../src/estimate/collapsed/run.js';
import { collapsed } from '../src/estimate/collapsed.js';
import { fit, type PosteriorFit, type Strategy } from '../src/estimate/fit.js';
import { GibbsState } from '../src/estimate/gibbs/state.js';
import { heldTransport, tuneTransport } from '../src/estimate/gibbs/transport.js';
import { gibbs } from '../src/estimate/gibbs.js';
import { MarginalPosterior } from '../src/estimate/marginal-posterior.js';
import { nuts } from '../src/estimate/nuts.js';
import { ParameterSpace } from '../src/estimate/parameter-space.js';
import { resolvePriors } from '../src/estimate/priors.js';
import { quadrature } from '../src/estimate/quadrature.js';
import type { Rule } from '../src/likelihood/sweep.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import { columns, fitOn } from './chain-helpers.js';
import { referenceModel } from './gibbs-helpers.js';
import { shipped } from './helpers.js';

const infection = await referenceModel('infection');
const dyestuff = await referenceModel('dyestuff');
const probit = glmm('x | trials(n) ~ t + (1 | clinic)', await shipped('infection'), {
  family: binomial('probit'),
});
const counts = {
  y: [3, 1, 4, 0, 2, 5, 1, 0, 9, 7, 2, 2],
  t: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1],
  g: [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6],
};
const heavy = glmm('y ~ t + (1 | g)', counts, { family: poisson(), randomEffect: studentT(4) });

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'glmmc-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const lengths = { chains: 1, warmup: 60, draws: 40, thin: 2 };
type MakeRecipe = (problem: Problem) => Recipe | Promise<Recipe>;
const steps: readonly [string, Model, MakeRecipe][] = [
  ['gibbs', infection, gibbsRecipe],
  ['gibbs', dyestuff, gibbsRecipe],
  ['gibbs', heavy, gibbsRecipe],
  ['gibbs', probit, gibbsRecipe],
  [
    'gibbs, held transport',
    infection,
    (problem) => ({ sampler: 'gibbs', transport: heldTransport(spare(problem)) }),
  ],
  ['polya-gamma', infection, () => ({ sampler: 'polya-gamma' })],
  ['albert-chib', probit, () => ({ sampler: 'albert-chib' })],
  ['nuts', infection, nutsRecipe],
  ['nuts', dyestuff, nutsRecipe],
  ['collapsed', infection, (problem) => collapsedRecipe(problem, 'independence')],
  ['collapsed', dyestuff, (problem) => collapsedRecipe(problem, 'independence')],
  ['collapsed', heavy, (problem) => collapsedRecipe(problem, 'independence')],
  ['collapsed', probit, (problem) => collapsedRecipe(problem, 'independence')],
  ['collapsed by Hamiltonian steps', infection, (problem) => collapsedRecipe(problem, 'hmc')],
];

function spare({ space, model, priors }: Problem): GibbsState {
  return new GibbsState(space, model.clusters, priors);
}

function gibbsRecipe(problem: Problem): Recipe {
  const posterior = new MarginalPosterior(problem.space, problem.priors);
  return { sampler: 'gibbs', transport: tuneTransport(posterior, spare(problem))! };
}

function nutsRecipe(): Recipe {
  return { sampler: 'nuts', settings: { ...lengths, acceptance: 0.8, maxTreeDepth: 8 } };
}

async function collapsedRecipe(problem: Problem, kernel: 'independence' | 'hmc'): Promise<Recipe> {
  const posteriorBy = (rule?: Rule): MarginalPosterior =>
    new MarginalPosterior(problem.space, problem.priors, rule);
  const plain = posteriorBy();
  const pilot = await runPilot(plain, posteriorBy, 100, rng(1), () => undefined);
  return { sampler: 'collapsed', plan: planOf(kernel, plain, pilot) };
}

for (const [name, model, recipeOf] of steps) {
  test(`${name}, ${model.family.name} ${model.family.link.name}: a state has all that the next steps need`, async (t) => {
    const space = new ParameterSpace(model);
    const problem = { model, space, start: undefined, priors: resolvePriors(model) };
    const make = chainMaker(problem, await recipeOf(problem));
    const start = (): { loop: ChainLoop; block: Float64Array } => {
      const stream = rng(3).stream('chain:0');
      const chain = make(stream, 0);
      const width = model.coefficientNames.length + (model.family.dispersion ? 3 : 2) + model.clusters.count;
      const block = new Float64Array(width * lengths.draws);
      return { loop: new ChainLoop(chain, stream, lengths, block), block };
    };
    const whole = start();
    while (whole.loop.done < whole.loop.total) whole.loop.step();
    // In warm-up, at its ends, between two kept draws, at the very end.
    let first = start();
    for (const stop of [0, 1, 33, 60, 61, 90, 140]) {
      while (first.loop.done < stop) first.loop.step();
      const memory = new MemoryWriter();
      first.loop.remember(memory);
      const reader = new MemoryReader(memory.values.slice());
      const next = start();
      next.loop.remember(reader);
      t.true(reader.finished);
      next.block.set(first.block);
      first = next;
    }
    t.deepEqual(first.block, whole.block);
    t.deepEqual(first.loop.chain.report(), whole.loop.chain.report());
    t.is(first.loop.acceptance, whole.loop.acceptance);
  });
}

/** Fits with a checkpoint, cut short after every few looks at the signal, until it is done; returns how often it was. */
async function inParts<F extends PosteriorFit>(
  path: string,
  model: Model,
  strategy: Strategy<F>,
  { workers = 1, looks = 1 }: { workers?: number; looks?: number },
): Promise<readonly [F, number]> {
  const reason = new Error('enough');
  for (let parts = 0; ; parts++) {
    let left = looks;
    try {
      const found = await fitOn(workers, model, strategy, {
        checkpoint: { path, strategy: strategy.name, settings: strategy.settings },
        async pause() {
          await new Promise((resolve) => setTimeout(resolve, 0));
          if (left-- === 0) throw reason;
        },
      });
      return [found, parts];
    } catch (error) {
      if (error !== reason) throw error;
    }
  }
}

test.serial('collapsed() in parts is the whole, importance answers too', async (t) => {
  const strategy = collapsed({ chains: 1, warmup: 500, draws: 4000 });
  const whole = await fitOn(1, infection, strategy);
  const [found, parts] = await inParts(folder(t), infection, strategy, { looks: 2 });
  t.true(parts > 0);
  t.deepEqual(columns(found), columns(whole));
  t.deepEqual(found.importance, whole.importance);
});

test.serial('two threads, cut short again and again, then one: the whole', async (t) => {
  const path = folder(t);
  const strategy = gibbs({ chains: 3, warmup: 500, draws: 4000 });
  const whole = await fitOn(1, infection, strategy);
  const [found, parts] = await inParts(path, infection, strategy, { workers: 2, looks: 2 });
  t.true(parts > 0);
  t.deepEqual(columns(found), columns(whole));
  t.deepEqual(readdirSync(path).sort(), [
    ...[1, 2, 3].flatMap((c) => [`chain-${c}.draws`, `chain-${c}.state`]),
    'run.json',
  ]);
  t.is(statSync(join(path, 'chain-2.draws')).size, 8 * found.draws.variables.length * 4000);
  // Once more, and there is nothing left to do.
  const [again] = await inParts(path, infection, strategy, { looks: 1 });
  t.deepEqual(columns(again), columns(whole));
  t.is(String(again).replace(/[\d.]+ m?s\b/g, ''), String(whole).replace(/[\d.]+ m?s\b/g, ''));
});

test.serial('kill -9, and then a torn file: the whole', async (t) => {
  const path = folder(t);
  const options = { chains: 1, warmup: 500, draws: 15000 };
  const child = spawn(
    process.execPath,
    [
      ...['--conditions=glmmc-source', '--import=tsx', '--input-type=module', '--eval'],
      `import { binomial, fit, gibbs, glmm, readCsv } from '${new URL('../src/index.ts', import.meta.url)}';
      const table = await readCsv('${new URL('../examples/data/infection.csv', import.meta.url).pathname}');
      const model = glmm('${infection.formula}', table, { family: binomial() });
      await fit(model, gibbs(${JSON.stringify(options)}), { seed: 8, checkpoint: '${path}' });`,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const state = join(path, 'chain-1.state');
  while (!existsSync(state) && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGKILL');
  t.deepEqual((await ended)[1], 'SIGKILL');
  const kept = readFileSync(state);
  appendFileSync(join(path, 'chain-1.draws'), new Uint8Array(13));
  const whole = await fit(infection, gibbs(options), { seed: 8 });
  let first = 0;
  const onProgress = ({ done }: { done: number }): void => {
    first ||= done;
  };
  const again = await fit(infection, gibbs(options), { seed: 8, checkpoint: path, onProgress });
  t.deepEqual(columns(again), columns(whole));
  // It went on from where it was.
  t.true(first > new Float64Array(kept.buffer.slice(kept.byteOffset, kept.byteOffset + 32))[2]);
  // A state that is torn, or without its draws, is none.
  const begun = gibbs({ chains: 1, warmup: 20, draws: 20 });
  for (const [file, size] of [
    ['chain-1.state', 100],
    ['chain-1.draws', 33],
  ] as const) {
    const other = folder(t);
    const options = { seed: 8, checkpoint: other };
    const sound = columns(await fit(infection, begun, options));
    truncateSync(join(other, file), size);
    t.deepEqual(columns(await fit(infection, begun, options)), sound, file);
  }
});

test('a checkpoint of another run is refused, and says what differs', async (t) => {
  const path = folder(t);
  const strategy = gibbs({ chains: 1, warmup: 10, draws: 10 });
  const options = { seed: 1, checkpoint: path };
  await fit(infection, strategy, options);
  const before = readFileSync(join(path, 'chain-1.draws'));
  const refused = async (running: Promise<unknown>, code: string, message: RegExp): Promise<void> => {
    const error = await t.throwsAsync(running);
    t.is((error as { code?: string }).code, code);
    t.regex(error!.message, message);
  };
  const foreign = (running: Promise<unknown>, message: RegExp): Promise<void> =>
    refused(running, 'foreign-checkpoint', message);
  await foreign(
    fit(infection, strategy, { ...options, seed: 2 }),
    /its seed is "1", this one's "2"; give another folder/,
  );
  await foreign(fit(probit, strategy, options), /its family is "binomial, logit"/);
  await foreign(
    fit(infection, nuts({ chains: 1, warmup: 10, draws: 10 }), options),
    /its strategy is "gibbs"/,
  );
  await foreign(fit(infection, gibbs({ chains: 1, warmup: 10, draws: 11 }), options), /its settings is/);
  await foreign(fit(infection, strategy, { ...options, fixed: { sigma: 1 } }), /its fixed is/);
  const { x, ...rest } = await shipped('infection');
  const other = {
    ...rest,
    x: Float64Array.from(x as ArrayLike<number>, (value, k) => (k === 0 ? value + 1 : value)),
  };
  await foreign(
    fit(glmm(infection.formula, other, { family: binomial() }), strategy, options),
    /its data differ/,
  );
  t.deepEqual(readFileSync(join(path, 'chain-1.draws')), before);
  const full = folder(t);
  writeFileSync(join(full, 'thesis.tex'), 'years of work');
  await foreign(fit(infection, strategy, { checkpoint: full }), /no run\.json/);
  t.is(readFileSync(join(full, 'thesis.tex'), 'utf8'), 'years of work');
  const file = join(full, 'thesis.tex');
  await refused(fit(infection, strategy, { checkpoint: file }), 'bad-checkpoint', /cannot be used/);
  writeFileSync(join(path, 'run.json'), '{');
  await refused(fit(infection, strategy, options), 'bad-checkpoint', /cannot be used/);
  await refused(
    fit(infection, quadrature(), { checkpoint: full }),
    'bad-option',
    /checkpoint keeps the chains of/,
  );
});
