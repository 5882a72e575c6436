// collapsed(): what it returns, prints and says; seeds, fixed parameters, options, abort.
import test from 'ava';
import { GlmmcError } from '../samplers/errors.js';
import { rng } from '../samplers/rng.js';
import { compare } from '../src/compare/compare.js';
import { type CollapsedOptions, collapsed } from '../src/estimate/collapsed.js';
import { type FitOptions, fit, type Progress } from '../src/estimate/fit.js';
import { halfCauchy, halfNormal, normalPrior, uniformPrior } from '../src/estimate/priors.js';
import { ranef } from '../src/inspect/ranef.js';
import { marginal } from '../src/likelihood/marginal.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { binomial, poisson } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { referenceModel } from './gibbs-helpers.js';
import { near } from './helpers.js';

const infection = await referenceModel('infection');
const lsat = await referenceModel('lsat');
const quick: CollapsedOptions = { chains: 2, warmup: 20, draws: 50 };

test('the result: kind, draws in the order of the contract, importance answers', async (t) => {
  const found = await fit(infection, collapsed(), { seed: 42 });
  t.is(found.kind, 'posterior');
  t.is(found.strategy, 'collapsed');
  t.is(found.kernel, 'independence');
  t.true(found.converged);
  t.deepEqual(found.draws.variables, [
    '(Intercept)',
    't',
    'sigma',
    'lp__',
    ...infection.clusterLabels.map((label) => `eps[${label}]`),
  ]);
  t.deepEqual([found.draws.chains, found.draws.iterations], [4, 1000]);
  t.is(found.importance.parameters.length, 3);
  t.true(found.importance.ess > 0.8 * found.importance.points);
  t.true(found.quadratureError < 1e-3);
  t.is(ranef(found).length, 8);
});

test('lp__ is the log posterior density of (beta, log sigma) but for a constant', async (t) => {
  const { draws, quadratureError } = await fit(infection, collapsed(quick), { seed: 1 });
  const off = Array.from({ length: 50 }, (_, k) => {
    const [b0, b1, sigma, lp] = ['(Intercept)', 't', 'sigma', 'lp__'].map((name) => draws.chain(name, 0)[k]);
    const { logLik } = marginal(infection, { beta: Float64Array.of(b0, b1), sigma });
    return lp - (logLik - (b0 * b0 + b1 * b1) / 200 - (sigma * sigma) / (2 * 2.5 ** 2) + Math.log(sigma));
  });
  for (const value of off)
    near(t, value, off[0], Math.max(1e-9, 20 * quadratureError), 'lp__ less the log density');
});

test('the same seed gives the same bits, whatever workers is and however many chains run', async (t) => {
  const run = (options: FitOptions, settings: CollapsedOptions = quick) =>
    fit(infection, collapsed(settings), { seed: 9, ...options });
  const columns = ({ draws }: Awaited<ReturnType<typeof run>>, chain: number) =>
    draws.variables.map((name) => draws.chain(name, chain));
  const first = await run({});
  t.deepEqual(columns(await run({ workers: 3, onProgress: () => {} }), 1), columns(first, 1));
  t.notDeepEqual(columns(await run({ seed: 10 }), 1), columns(first, 1));
  t.notDeepEqual(columns(first, 0), columns(first, 1));
  const hmc = { ...quick, kernel: 'hmc' } as const;
  t.deepEqual(columns(await run({}, hmc), 1), columns(await run({}, hmc), 1));
});

test('thinning keeps every thin-th step', async (t) => {
  const every = await fit(infection, collapsed({ chains: 1, warmup: 10, draws: 30 }));
  const third = await fit(infection, collapsed({ chains: 1, warmup: 10, draws: 10, thin: 3 }));
  t.deepEqual(
    Array.from(third.draws.chain('t', 0)),
    Array.from(every.draws.chain('t', 0)).filter((_, k) => k % 3 === 2),
  );
});

test('fixed parameters stay at their values; sigma = 0 has no intercepts; all fixed moves the intercepts alone', async (t) => {
  const some = await fit(infection, collapsed(), { fixed: { sigma: 0.8, beta: { t: 0.5 } } });
  t.true(some.converged);
  t.true(some.draws.chain('t', 0).every((x) => x === 0.5));
  t.deepEqual(some.estimates[2], { name: 'sigma', value: 0.8, standardError: 0, monteCarloError: 0 });
  const none = await fit(infection, collapsed(), { fixed: { sigma: 0 } });
  t.true(none.converged);
  t.true(none.draws.chain('eps[3]', 0).every((x) => x === 0));
  // The pooled logistic regression, whose likelihood the priors hardly move.
  near(t, none.estimates[0].value, -0.7148, 0.02, 'intercept');
  const all = await fit(infection, collapsed(quick), {
    fixed: { sigma: 1, beta: { '(Intercept)': -1, t: 0.5 } },
  });
  t.true(new Set(all.draws.chain('eps[1]', 0)).size > 10);
  t.deepEqual(
    all.findings.filter(({ code }) => code === 'pareto-k-high'),
    [],
  );
});

test('a prior with a border: draws stay inside', async (t) => {
  const priors = { sigma: uniformPrior(0.5, 1) };
  for (const kernel of ['independence', 'hmc'] as const) {
    const { draws } = await fit(infection, collapsed({ ...quick, priors, kernel }), { seed: 2 });
    t.true([0, 1].every((c) => draws.chain('sigma', c).every((x) => x >= 0.5 && x <= 1)));
  }
});

test('more than eight coefficients: Hamiltonian steps, said in a finding', async (t) => {
  const { uniform } = rng(1);
  const columns = Array.from({ length: 9 }, () => Array.from({ length: 90 }, () => uniform() - 0.5));
  const g = Array.from({ length: 90 }, (_, k) => Math.floor(k / 6));
  const table: Record<string, number[]> = { y: g.map(() => (uniform() < 0.5 ? 1 : 0)), g };
  columns.forEach((column, j) => {
    table[`x${j}`] = column;
  });
  const formula = `y ~ ${columns.map((_, j) => `x${j}`).join(' + ')} + (1 | g)`;
  const found = await fit(glmm(formula, table, { family: binomial() }), collapsed({ draws: 400 }), {
    seed: 1,
  });
  t.is(found.kernel, 'hmc');
  t.true(found.converged);
  t.true(found.findings.some(({ code }) => code === 'collapsed-hmc'));
  t.false(found.findings.some(({ code }) => code === 'divergences' || code === 'ess-low'));
});

test('compare() holds it against the quadrature posterior', async (t) => {
  const { rows } = await compare(infection, [collapsed()], { seed: 3 });
  t.is(rows[0].verdict, 'agrees');
  t.true((rows[0].essPerSecond ?? 0) > 0);
});

test('summary and JSON', async (t) => {
  const found = await fit(infection, collapsed(), { seed: 42 });
  const lines = found.toString().split('\n');
  t.is(lines[0], 'Random-intercept GLMM by collapsed');
  t.regex(found.toString(), /Accepted: independence \d+%, mirror \d+%, random walk \d+%\./);
  t.regex(found.toString(), /Log evidence -44\.\d+, error 0\.\d+, by importance sampling/);
  t.true(lines.every((line) => line.length <= 80));
  const plain = JSON.parse(JSON.stringify(found));
  t.is(plain.kernel, 'independence');
  near(t, plain.importance.logEvidence, found.importance.logEvidence, 1e-12, 'log evidence');
  t.is(plain.settings.priors.sigma, 'half-normal(2.5)');
});

test('progress by stage; an abort rejects with its reason', async (t) => {
  const seen: Progress[] = [];
  await fit(infection, collapsed({ chains: 2, warmup: 30, draws: 30 }), {
    onProgress: (progress) => {
      seen.push(progress);
    },
  });
  const last = seen[seen.length - 1];
  t.deepEqual([last.stage, last.done, last.total], ['sampling', 120, 120]);
  const controller = new AbortController();
  const reason = new Error('enough');
  const running = fit(lsat, collapsed({ draws: 100000, chains: 1 }), { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 100);
  t.is(await t.throwsAsync(() => running), reason);
});

test('bad options are refused, the borders are not', async (t) => {
  const refused = (make: () => unknown, code: string): void => {
    t.is(t.throws(make, { instanceOf: GlmmcError })?.code, code);
  };
  refused(() => collapsed({ chains: 0 }), 'bad-option');
  refused(() => collapsed({ draws: 0 }), 'bad-option');
  refused(() => collapsed({ thin: 0 }), 'bad-option');
  refused(() => collapsed({ warmup: -1 }), 'bad-option');
  refused(() => collapsed({ kernel: 'nuts' as 'hmc' }), 'bad-option');
  refused(() => collapsed({ draw: 10 } as never), 'unknown-option');
  const { draws, settings } = await fit(infection, collapsed({ chains: 1, warmup: 0, draws: 1 }));
  t.is(draws.iterations, 1);
  t.like(settings, { chains: 1, warmup: 0, draws: 1, thin: 1, kernel: 'auto' });
  t.deepEqual(
    { ...collapsed().settings },
    { chains: 4, warmup: 200, draws: 1000, thin: 1, kernel: 'auto', priors: {} },
  );
  const dispersed = await t.throwsAsync(
    () => fit(infection, collapsed({ priors: { dispersion: halfNormal(1) } })),
    { instanceOf: GlmmcError },
  );
  t.is(dispersed?.code, 'bad-option');
  const masses = glmm(
    'y ~ 1 + (1 | g)',
    { y: [1, 2, 0, 3, 5, 1], g: [1, 1, 2, 2, 3, 3] },
    {
      family: poisson(),
      randomEffect: pointMasses(2),
    },
  );
  const error = await t.throwsAsync(() => fit(masses, collapsed(quick)), { instanceOf: GlmmcError });
  t.is(error?.code, 'unsupported-effect');
});

test('a proposal that does not cover the posterior is a finding that names the next step: pareto-k-high', async (t) => {
  // Separated responses under vague priors: the posterior has a ridge that no bell follows.
  const table = { y: [0, 0, 1, 1, 0, 1], g: [1, 1, 2, 2, 3, 3], x: [0, 0, 1, 1, 0, 1] };
  const model = glmm('y ~ x + (1 | g)', table, { family: binomial() });
  const priors = { sigma: halfCauchy(25), beta: normalPrior(0, 100) };
  for (const [kernel, severity, advice] of [
    ['independence', 'warning', /kernel: 'hmc' or gibbs\(\)/],
    ['hmc', 'note', /quadraturePosterior\(\)/],
  ] as const) {
    const { findings, importance } = await fit(model, collapsed({ chains: 2, draws: 100, priors, kernel }), {
      seed: 3,
    });
    t.true(importance.k > 0.7, `k = ${importance.k}`);
    const found = findings.find(({ code }) => code === 'pareto-k-high');
    t.is(found?.severity, severity);
    t.regex(found?.message ?? '', /Pareto k of the weights is \d\.\d\d, and should be below 0\.7/);
    t.regex(found?.advice ?? '', advice);
  }
});
