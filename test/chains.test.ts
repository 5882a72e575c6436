// Chains on worker threads: the bits of one thread, an abort that stops them all, progress chain by chain.
import test from 'ava';
import { readCsv } from '../src/data/csv.js';
import { albertChib } from '../src/estimate/albert-chib.js';
import { type CollapsedFit, collapsed } from '../src/estimate/collapsed.js';
import { fit, type PosteriorFit, type Progress, type Strategy } from '../src/estimate/fit.js';
import { gibbs } from '../src/estimate/gibbs.js';
import { nuts } from '../src/estimate/nuts.js';
import { ParameterSpace } from '../src/estimate/parameter-space.js';
import { polyaGamma } from '../src/estimate/polya-gamma.js';
import {
  exponentialPrior,
  halfCauchy,
  halfNormal,
  halfT,
  inverseGammaVariance,
  normalPrior,
  pcPrior,
  type ScalePrior,
  uniformPrior,
} from '../src/estimate/priors.js';
import { saem } from '../src/estimate/saem/saem.js';
import { customEffect } from '../src/model/effects/custom.js';
import { binomial, gaussian, negativeBinomial } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import { columns, fitOn, taskOf } from './chain-helpers.js';
import { referenceModel } from './gibbs-helpers.js';
import { shipped } from './helpers.js';

const table = await shipped('infection');
const infection = await referenceModel('infection');
const probit = glmm('x | trials(n) ~ t + (1 | clinic)', table, { family: binomial('probit') });

const quick = { chains: 3, warmup: 40, draws: 30, thin: 2 };
const priors = { beta: normalPrior(0, 5), sigma: halfT(3, 1) };
const samplers: readonly [Strategy<PosteriorFit>, Model][] = [
  [gibbs({ ...quick, priors }), infection],
  [polyaGamma(quick), infection],
  [albertChib(quick), probit],
  [collapsed({ ...quick, priors }), infection],
  [collapsed({ ...quick, kernel: 'hmc' }), infection],
  [nuts(quick), infection],
];
for (const [strategy, model] of samplers) {
  const { kernel = '' } = strategy.settings;
  test.serial(`${strategy.name} ${kernel}: the same bits on 1, 2 and 3 threads`, async (t) => {
    const fits = [];
    for (const workers of [1, 2, 3]) fits.push(await fitOn(workers, model, strategy));
    const [one, ...others] = fits;
    for (const other of others) {
      t.deepEqual(columns(other), columns(one));
      // Among them that no thread was lost.
      t.deepEqual(
        other.findings.map(({ message }) => message),
        one.findings.map(({ message }) => message),
      );
      t.is(String(other).replace(/\d+ ms|[\d.]+ s\b/g, ''), String(one).replace(/\d+ ms|[\d.]+ s\b/g, ''));
      t.deepEqual((other as CollapsedFit).importance, (one as CollapsedFit).importance);
    }
  });
}

test.serial('threads know the dispersion, every prior, what is fixed and the start', async (t) => {
  const model = glmm('Yield ~ 1 + (1 | Batch)', await shipped('dyestuff'), { family: gaussian() });
  const scales: readonly ScalePrior[] = [
    halfNormal(50),
    halfCauchy(40),
    exponentialPrior(0.02),
    pcPrior(100, 0.1),
    inverseGammaVariance(1, 100),
    uniformPrior(1, 300),
  ];
  for (const sigma of scales) {
    const strategy = gibbs({ ...quick, priors: { sigma, dispersion: halfNormal(80) } });
    const start = { beta: Float64Array.of(1500), sigma: 30, dispersion: 2000 };
    const fits = [];
    for (const workers of [1, 2]) fits.push(await fitOn(workers, model, strategy, { start }));
    t.deepEqual(columns(fits[1]), columns(fits[0]), sigma.text);
    t.false(fits[1].findings.some(({ code }) => code === 'one-thread' || code === 'thread-lost'));
  }
  const space = new ParameterSpace(infection, { sigma: 0.7, beta: { t: 0.5 } });
  const [one, two] = [
    await fitOn(1, infection, nuts(quick), { space }),
    await fitOn(2, infection, nuts(quick), { space }),
  ];
  t.deepEqual(columns(two), columns(one));
  t.true(two.draws.chain('t', 1).every((x) => x === 0.5));
});

test.serial('functions of the user’s stay on one thread, with a note and the same bits', async (t) => {
  const named = customEffect({ name: 'mine', logDensity: (z) => -0.5 * z * z - 0.5 * Math.log(2 * Math.PI) });
  const formula = 'x | trials(n) ~ t + (1 | clinic)';
  const own = glmm(formula, table, { family: binomial(), randomEffect: named });
  const given = glmm('x ~ t + (1 | clinic)', table, { family: negativeBinomial({ theta: 2 }) });
  const mine = { ...halfNormal(1), distribution: 'mine' };
  const cases: readonly [Model, Strategy<PosteriorFit>][] = [
    [own, gibbs(quick)],
    [given, gibbs(quick)],
    [infection, gibbs({ ...quick, priors: { sigma: mine } })],
  ];
  for (const [model, strategy] of cases) {
    const two = await fitOn(2, model, strategy);
    t.deepEqual(columns(two), columns(await fitOn(1, model, strategy)));
    const note = two.findings.find(({ code }) => code === 'one-thread');
    t.is(note?.severity, 'note');
    t.regex(note?.message ?? '', /ran on one thread, though more were asked for/);
  }
});

test.serial('threads that start late take chains that are not begun', async (t) => {
  const strategy = gibbs({ chains: 5, warmup: 500, draws: 1500 });
  const one = await fitOn(1, infection, strategy);
  for (const workers of [2, 3]) {
    let worthThreads = Number.POSITIVE_INFINITY;
    const seen: Progress[] = [];
    const onProgress = (progress: Progress): void => {
      seen.push(progress);
      // The second chain is on its way on this thread.
      if (progress.detail?.chain === 2) worthThreads = 0;
    };
    const task = Object.defineProperty(taskOf(workers, infection, { onProgress }), 'worthThreads', {
      get: () => worthThreads,
    });
    const found = await strategy.run(task);
    t.deepEqual(columns(found), columns(one));
    t.is(seen.at(-1)?.done, 10000);
    t.true(seen.every(({ done }, k) => k === 0 || done > seen[k - 1].done));
    t.false(found.findings.some(({ code }) => code === 'thread-lost'));
  }
});

test.serial('a short run starts no threads, and needs no note', async (t) => {
  const { findings } = await fit(infection, gibbs(quick), { workers: 2 });
  t.false(findings.some(({ code }) => code === 'one-thread'));
});

test.serial('progress of every chain: iteration, acceptance, time left', async (t) => {
  for (const workers of [1, 2]) {
    const seen: Progress[] = [];
    const strategy = gibbs({ chains: 3, warmup: 100, draws: 200 });
    await fitOn(workers, infection, strategy, { onProgress: (progress) => seen.push(progress) });
    t.true(seen.every(({ done }, k) => k === 0 || done > seen[k - 1].done));
    t.like(seen.at(-1), { stage: 'sampling', done: 900, total: 900 });
    for (const chain of [1, 2, 3]) {
      const last = seen.findLast(({ detail }) => detail?.chain === chain)?.detail;
      t.is(last?.iteration, 300);
      t.true(last!.acceptance > 0.3 && last!.acceptance <= 1);
      t.true(last!.secondsLeft >= 0);
    }
    t.is(seen.at(-1)?.detail?.secondsLeft, 0);
    t.true(seen.every(({ stage, detail }) => (stage === 'warmup') === detail!.iteration <= 100));
  }
});

test.serial('an abort stops every thread, and the next fit has them', async (t) => {
  const controller = new AbortController();
  const reason = new Error('enough');
  let after = 0;
  const onProgress = ({ detail }: Progress): void => {
    if (controller.signal.aborted) after++;
    // Once a chain of another thread is on its way.
    if (detail?.chain === 2) controller.abort(reason);
  };
  const pause = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    controller.signal.throwIfAborted();
  };
  const endless = nuts({ chains: 2, warmup: 0, draws: 300_000 });
  t.is(await t.throwsAsync(() => fitOn(2, infection, endless, { onProgress, pause })), reason);
  t.true(after <= 2, `${after} reports after the abort`);
  // Its thread would be busy for minutes had it not stopped.
  t.is((await fitOn(2, infection, nuts(quick))).draws.chains, 3);
});

test.serial('a chain that throws does so on this thread, with its own error', async (t) => {
  const weights = { ...table, w: new Float64Array(16).fill(1.5) };
  const model = glmm('x | trials(n) ~ t + (1 | clinic)', weights, {
    family: binomial(),
    clusterWeights: 'w',
  });
  const error = await t.throwsAsync(() => fitOn(2, model, gibbs(quick)));
  t.is((error as { code?: string }).code, 'bad-cluster-weights');
});

test.serial(
  'progress tells where the parameters stand: the last kept draw of a chain, the steps of a search',
  async (t) => {
    const told: Progress[] = [];
    const onProgress = (progress: Progress): void => {
      told.push(progress);
    };
    const drawn = await fit(infection, gibbs(quick), { onProgress });
    for (let chain = 1; chain <= quick.chains; chain++) {
      const { parameters } = told.findLast(({ detail }) => detail?.chain === chain)!;
      const last = ['(Intercept)', 't', 'sigma'].map((name) => drawn.draws.chain(name, chain - 1).at(-1));
      t.deepEqual([...parameters!.beta, parameters!.sigma], last);
    }
    told.length = 0;
    const { history } = await fit(infection, saem(), { onProgress });
    t.deepEqual(
      told.map(({ parameters }) => parameters),
      history.map(({ parameters }) => parameters),
    );
  },
);

test.serial('without Node: one thread and a note, no files and what to do instead', async (t) => {
  const { getBuiltinModule } = process;
  try {
    Object.assign(process, { getBuiltinModule: undefined });
    const alone = await fit(infection, gibbs(quick), { workers: 2 });
    t.true(alone.findings.some(({ code, message }) => code === 'one-thread' && message.includes('browser')));
    await t.throwsAsync(readCsv('x.csv'), { code: 'needs-node', message: /parseCsv\(\)/ });
    await t.throwsAsync(fit(infection, gibbs(quick), { checkpoint: 'x' }), { code: 'needs-node' });
  } finally {
    Object.assign(process, { getBuiltinModule });
  }
});
