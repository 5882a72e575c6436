// polyaGamma() and albertChib(): exact posteriors, what they return and say, what they refuse.
import test from 'ava';
import { essBulk } from '../samplers/diagnostics/ess.js';
import { allChains } from '../samplers/draws.js';
import { GlmmcError } from '../samplers/errors.js';
import { albertChib } from '../src/estimate/albert-chib.js';
import { type FitOptions, fit, type Progress } from '../src/estimate/fit.js';
import type { GibbsOptions } from '../src/estimate/gibbs/options.js';
import { polyaGamma } from '../src/estimate/polya-gamma.js';
import { halfNormal, uniformPrior } from '../src/estimate/priors.js';
import { quadraturePosterior } from '../src/estimate/quadrature-posterior.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, poisson } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { agrees, exactFrom, exactOf, reference, referenceModel } from './gibbs-helpers.js';
import { shipped } from './helpers.js';

const infectionTable = await shipped('infection');
const infection = await referenceModel('infection');
const probit = glmm('x | trials(n) ~ t + (1 | clinic)', infectionTable, { family: binomial('probit') });
const quick: GibbsOptions = { chains: 2, warmup: 50, draws: 50 };
const both = [
  ['polya-gamma', polyaGamma, infection],
  ['albert-chib', albertChib, probit],
] as const;

test('polyaGamma() on seeds: within 4 combined errors of the reference', async (t) => {
  const model = await referenceModel('seeds');
  const { draws, converged } = await fit(model, polyaGamma({ draws: 1500, warmup: 200 }), { seed: 42 });
  t.true(converged);
  agrees(t, draws, exactOf(reference('seeds')), 3000);
});

test('albertChib() on infection: against the quadrature posterior', async (t) => {
  const exact = await quadraturePosterior(probit);
  const { draws, converged } = await fit(probit, albertChib({ draws: 2000, warmup: 200 }), { seed: 42 });
  t.true(converged);
  agrees(t, draws, exactFrom(exact), 2000);
});

for (const [name, make, model] of both) {
  test(`${name}: the result`, async (t) => {
    const found = await fit(model, make(quick), { seed: 3 });
    t.like(found, { kind: 'posterior', strategy: name, seed: 3, model });
    t.deepEqual(found.draws.variables.slice(0, 5), ['(Intercept)', 't', 'sigma', 'lp__', 'eps[1]']);
    t.deepEqual(found.settings, {
      ...{ chains: 2, warmup: 50, draws: 50, thin: 1 },
      priors: { beta: 'normal(0, 10)', sigma: 'half-normal(2.5)' },
    });
    t.regex(found.toString(), new RegExp(`Random-intercept GLMM by ${name}\\n`));
    t.notRegex(found.toString(), /Accepted/);
    t.true(found.draws.chain('lp__', 1).every(Number.isFinite));
  });

  test(`${name}: the same seed gives the same bits, chain by chain`, async (t) => {
    const columns = async (options: FitOptions, settings = quick) => {
      const { draws } = await fit(model, make(settings), options);
      return draws.variables.map((variable) => draws.chain(variable, 1));
    };
    const first = await columns({ seed: 9 });
    t.deepEqual(await columns({ seed: 9 }), first);
    t.deepEqual(await columns({ seed: 9, workers: 2 }, { ...quick, chains: 3 }), first);
    t.notDeepEqual(await columns({ seed: 10 }), first);
  });

  test(`${name}: progress is told, an abort is heard`, async (t) => {
    const seen: Progress[] = [];
    await fit(model, make(quick), { onProgress: (progress) => void seen.push(progress) });
    t.like(seen.at(-1), { stage: 'sampling', done: 200, total: 200 });
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = fit(model, make({ draws: 1_000_000 }), { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 100);
    t.is(await t.throwsAsync(() => running), reason);
  });

  test(`${name}: sigma fixed, at 0 too, and priors with an end`, async (t) => {
    const zero = await fit(model, make(quick), { fixed: { sigma: 0 } });
    t.true(zero.draws.chain('eps[3]', 0).every((x) => x === 0));
    t.true(zero.draws.chain('lp__', 0).every(Number.isFinite));
    const fixed = { sigma: 0.8, beta: { '(Intercept)': -1, t: 0.5 } };
    const held = await fit(model, make(quick), { fixed });
    t.true(held.estimates.every(({ standardError }) => standardError === 0));
    t.true(new Set(held.draws.chain('eps[1]', 0)).size > 10);
    const priors = { sigma: uniformPrior(0.3, 0.5) };
    const { draws } = await fit(model, make({ ...quick, priors }));
    t.true(draws.chain('sigma', 1).every((x) => x >= 0.3 && x <= 0.5));
  });

  test(`${name}: bad options are refused`, (t) => {
    const owner = name === 'polya-gamma' ? 'polyaGamma\\(\\)' : 'albertChib\\(\\)';
    const message = new RegExp(`${owner}: draws must be a whole number >= 1, found 0`);
    t.throws(() => make({ draws: 0 }), { instanceOf: GlmmcError, code: 'bad-option', message });
    t.throws(() => make({ chains: 0 }), { code: 'bad-option' });
    t.throws(() => make({ warmup: -1 }), { code: 'bad-option' });
    t.throws(() => make({ thin: 0.5 }), { code: 'bad-option' });
    t.throws(() => make({ priors: { sigma: 1 } } as never), { code: 'bad-option' });
    t.throws(() => make({ burnin: 1 } as never), { code: 'unknown-option' });
    t.deepEqual(make({ warmup: 0, draws: 1, chains: 1 }).settings, {
      ...{ chains: 1, warmup: 0, draws: 1, thin: 1 },
      priors: {},
    });
    t.like(make().settings, { chains: 4, warmup: 1000, draws: 1000, thin: 1 });
  });

  test(`${name}: refused before any work, with what serves instead`, async (t) => {
    const refusal = (other: Parameters<typeof fit>[0], strategy = make()) =>
      t.throwsAsync(() => fit(other, strategy), { instanceOf: GlmmcError });
    const counts = glmm('y ~ 1 + (1 | g)', { y: [1, 2, 3, 4], g: [1, 1, 2, 2] }, { family: poisson() });
    const first = await refusal(counts);
    t.is(first.code, 'unsupported-family');
    t.regex(first.message, /found poisson with the log link; use gibbs\(\)/);
    const second = await refusal(model === infection ? probit : infection);
    t.is(second.code, 'unsupported-family');
    t.regex(
      second.message,
      model === infection ? /or albertChib\(\) for probit/ : /or polyaGamma\(\) for logit/,
    );
    const formula = 'x | trials(n) ~ t + (1 | clinic)';
    for (const [randomEffect, instead] of [
      [studentT(4), /use gibbs\(\)/],
      [pointMasses(2), /use quadrature\(\)/],
    ] as const) {
      const other = glmm(formula, infectionTable, { family: model.family, randomEffect });
      const third = await refusal(other);
      t.is(third.code, 'unsupported-effect');
      t.regex(third.message, instead);
    }
    const fourth = await refusal(model, make({ priors: { dispersion: halfNormal(1) } }));
    t.is(fourth.code, 'bad-option');
    const weights = { ...infectionTable, w: new Float64Array(16).fill(1.5) };
    const fifth = await refusal(glmm(formula, weights, { family: model.family, clusterWeights: 'w' }));
    t.is(fifth.code, 'bad-cluster-weights');
  });
}

test('albertChib() refuses parts of trials, and more trials than it can draw', async (t) => {
  const table = { y: [1, 0, 2, 1], n: [3, 3, 3, 3], w: [1, 0.5, 1, 1], g: [1, 1, 2, 2] };
  const parts = glmm('y | trials(n) ~ 1 + (1 | g)', table, { family: binomial('probit'), weights: 'w' });
  const first = await t.throwsAsync(() => fit(parts, albertChib()), { instanceOf: GlmmcError });
  t.is(first.code, 'bad-weights');
  t.regex(first.message, /has 0 of 1.5; use gibbs\(\)/);
  const many = { y: [1e6, 10, 20, 10], n: [2e6, 30, 30, 30], g: [1, 1, 2, 2] };
  const large = glmm('y | trials(n) ~ 1 + (1 | g)', many, { family: binomial('probit') });
  const second = await t.throwsAsync(() => fit(large, albertChib()), { instanceOf: GlmmcError });
  t.is(second.code, 'too-many-trials');
  t.regex(second.message, /at most 1000000 of them, found 2000090 trials; use gibbs\(\)/);
});

test('imbalance is a finding, with what it costs; balanced data have none', async (t) => {
  const table = { y: [3, 2, 4, 1, 2, 6], n: [900, 800, 1000, 700, 900, 1100], g: [1, 1, 2, 2, 3, 3] };
  const formula = 'y | trials(n) ~ 1 + (1 | g)';
  for (const [link, make] of [
    ['logit', polyaGamma],
    ['probit', albertChib],
  ] as const) {
    const { findings } = await fit(glmm(formula, table, { family: binomial(link) }), make(quick));
    const finding = findings.find(({ code }) => code === 'imbalance');
    t.is(finding?.severity, 'warning');
    t.regex(finding?.message ?? '', /18 of 5400 trials are successes/);
    t.regex(finding?.advice ?? '', /gibbs\(\)/);
  }
  for (const [, make, model] of both) {
    const { findings } = await fit(model, make(quick));
    t.false(findings.some(({ code }) => code === 'imbalance'));
  }
});

test('what the finding says of the draws is so where there are no intercepts', async (t) => {
  const table = { y: [3, 2, 4, 1], n: [300, 280, 350, 250], g: [1, 1, 2, 2] };
  const model = glmm('y | trials(n) ~ 1 + (1 | g)', table, { family: binomial() });
  const fixed = { sigma: 0 };
  const { draws, findings } = await fit(model, polyaGamma({ draws: 4000 }), { fixed });
  const { message = '' } = findings.find(({ code }) => code === 'imbalance') ?? {};
  const said = Number(/be worth some (\d+)/.exec(message)?.[1]);
  const ess = essBulk(allChains(draws, '(Intercept)'));
  t.true(ess > 0.75 * said && ess < 1.33 * said, `${ess} effective draws, said to be ${said}`);
});
