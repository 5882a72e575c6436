// gibbs(): what it returns, prints and says; seeds, fixed parameters, options, abort.
import test from 'ava';
import { GlmmcError } from '../samplers/errors.js';
import { type FitOptions, fit, type Progress } from '../src/estimate/fit.js';
import { type GibbsOptions, gibbs } from '../src/estimate/gibbs.js';
import { halfNormal, normalPrior, uniformPrior } from '../src/estimate/priors.js';
import { quadraturePosterior } from '../src/estimate/quadrature-posterior.js';
import { binomial, gaussian, poisson } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { agrees, exactFrom, hearsAnAbort, referenceModel } from './gibbs-helpers.js';
import { near, shipped } from './helpers.js';

const infection = await referenceModel('infection');
const dyestuff = await referenceModel('dyestuff');
const quick: GibbsOptions = { chains: 2, warmup: 100, draws: 50 };
const lsat = await referenceModel('lsat');

test('the result: kind, parameters, estimates, draws in the order of the contract', async (t) => {
  const found = await fit(infection, gibbs(), { seed: 42 });
  t.is(found.kind, 'posterior');
  t.is(found.strategy, 'gibbs');
  t.is(found.seed, 42);
  t.is(found.model, infection);
  t.true(found.converged);
  const { draws, estimates, parameters } = found;
  t.deepEqual(draws.variables, [
    '(Intercept)',
    't',
    'sigma',
    'lp__',
    ...infection.clusterLabels.map((label) => `eps[${label}]`),
  ]);
  t.deepEqual([draws.chains, draws.iterations], [4, 1000]);
  t.deepEqual(
    estimates.map(({ name }) => name),
    ['(Intercept)', 't', 'sigma'],
  );
  t.deepEqual(
    [...parameters.beta, parameters.sigma],
    [estimates[0].value, estimates[1].value, estimates[2].value],
  );
  for (const { standardError, monteCarloError } of estimates) {
    t.true(monteCarloError > 0 && monteCarloError < 0.1 * standardError);
  }
  t.deepEqual(found.settings, {
    chains: 4,
    warmup: 1000,
    draws: 1000,
    thin: 1,
    priors: { beta: 'normal(0, 10)', sigma: 'half-normal(2.5)' },
  });
  t.true(found.findings.every(({ code }) => code !== 'rhat-high' && code !== 'ess-low'));
  t.true(found.milliseconds > 0);
});

test('a dispersion stands between sigma and lp__, and in the parameters', async (t) => {
  const { draws, parameters, estimates } = await fit(dyestuff, gibbs(quick));
  t.deepEqual(draws.variables.slice(0, 4), ['(Intercept)', 'sigma', 'dispersion', 'lp__']);
  t.is(parameters.dispersion, estimates[2].value);
  t.true(draws.chain('dispersion', 0).every((x) => x > 0));
});

test('lp__ is the log density of (beta, log sigma, eps), up to a constant', async (t) => {
  const { draws } = await fit(infection, gibbs(quick));
  const { clusters } = infection;
  const constants = [0, 1].flatMap((c) =>
    Array.from({ length: 50 }, (_, k) => {
      const at = (name: string): number => draws.chain(name, c)[k];
      const [b0, b1, sigma] = ['(Intercept)', 't', 'sigma'].map(at);
      let sum = -(b0 * b0 + b1 * b1) / 200 - (sigma * sigma) / (2 * 2.5 ** 2) + Math.log(sigma);
      infection.clusterLabels.forEach((label, i) => {
        const eps = at(`eps[${label}]`);
        sum += -0.5 * (eps / sigma) ** 2 - Math.log(sigma);
        for (let r = clusters.starts[i]; r < clusters.starts[i + 1]; r++) {
          const eta = b0 * clusters.x[2 * r] + b1 * clusters.x[2 * r + 1] + eps;
          sum += clusters.y[r] * eta - clusters.trials[r] * Math.log1p(Math.exp(eta));
        }
      });
      return at('lp__') - sum;
    }),
  );
  for (const constant of constants) near(t, constant, constants[0], 1e-9, 'lp__ less the log density');
});

test('the same seed gives the same bits, whatever workers is and however many chains run', async (t) => {
  const run = (options: FitOptions, settings: GibbsOptions = quick) =>
    fit(infection, gibbs(settings), { seed: 9, ...options });
  const columns = ({ draws }: Awaited<ReturnType<typeof run>>, chain: number) =>
    draws.variables.map((name) => draws.chain(name, chain));
  const first = await run({});
  t.deepEqual(columns(await run({}), 1), columns(first, 1));
  t.deepEqual(columns(await run({ workers: 3 }), 1), columns(first, 1));
  t.deepEqual(columns(await run({ onProgress: () => {} }), 1), columns(first, 1));
  t.deepEqual(columns(await run({}, { ...quick, chains: 3 }), 1), columns(first, 1));
  t.notDeepEqual(columns(await run({ seed: 10 }), 1), columns(first, 1));
  t.notDeepEqual(columns(first, 0), columns(first, 1));
});

test('thinning keeps every thin-th sweep', async (t) => {
  const every = await fit(infection, gibbs({ chains: 1, warmup: 10, draws: 30 }));
  const third = await fit(infection, gibbs({ chains: 1, warmup: 10, draws: 10, thin: 3 }));
  t.deepEqual(
    Array.from(third.draws.chain('t', 0)),
    Array.from(every.draws.chain('t', 0)).filter((_, k) => k % 3 === 2),
  );
});

test('fixed coefficients and sigma stay at their values, without errors', async (t) => {
  const fixed = { sigma: 0.8, beta: { t: 0.5 } };
  const { estimates, draws, converged } = await fit(infection, gibbs({ draws: 500 }), { fixed });
  t.true(converged);
  t.true(draws.chain('t', 0).every((x) => x === 0.5));
  t.true(draws.chain('sigma', 3).every((x) => x === 0.8));
  t.deepEqual(estimates[1], { name: 't', value: 0.5, standardError: 0, monteCarloError: 0 });
  t.deepEqual(estimates[2], { name: 'sigma', value: 0.8, standardError: 0, monteCarloError: 0 });
  t.true(estimates[0].standardError > 0.1);
});

test('sigma = 0 is the model without intercepts', async (t) => {
  const { estimates, draws, converged } = await fit(infection, gibbs(), { fixed: { sigma: 0 } });
  t.true(converged);
  t.true(draws.chain('eps[3]', 0).every((x) => x === 0));
  t.true(draws.chain('lp__', 0).every(Number.isFinite));
  // The pooled logistic regression, whose likelihood the priors hardly move.
  near(t, estimates[0].value, -0.7148, 0.02, 'intercept');
  near(t, estimates[1].value, 0.4045, 0.02, 'slope');
});

test('everything fixed: the intercepts alone move', async (t) => {
  const fixed = { sigma: 1, beta: { '(Intercept)': -1, t: 0.5 } };
  const { draws, estimates } = await fit(infection, gibbs(quick), { fixed });
  t.true(estimates.every(({ standardError }) => standardError === 0));
  t.true(new Set(draws.chain('eps[1]', 0)).size > 10);
});

test('few draws are a finding that names the next step', async (t) => {
  const found = await fit(infection, gibbs({ chains: 2, warmup: 50, draws: 40 }));
  const low = found.findings.find(({ code }) => code === 'ess-low');
  t.is(low?.severity, 'warning');
  t.regex(low?.message ?? '', /effective sample size \d+ for \S+; 200 \(100 a chain\)/);
  t.regex(low?.advice ?? '', /times as many draws \(draws: \d+\)/);
  t.true((low?.where?.length ?? 0) > 0);
});

test('chains that have not mixed are not converged', async (t) => {
  const found = await fit(lsat, gibbs({ chains: 4, warmup: 0, draws: 6 }));
  t.false(found.converged);
  const high = found.findings.find(({ code }) => code === 'rhat-high');
  t.regex(high?.message ?? '', /R-hat is [\d.]+ for \S+; it should be below 1.01/);
  t.regex(high?.advice ?? '', /warmup and draws/);
});

test("the model's findings are among the fit's", async (t) => {
  const table = { y: [1, null, 0, 1, 1, 0], g: [1, 1, 2, 2, 3, 3] };
  const model = glmm('y ~ 1 + (1 | g)', table, { family: binomial() });
  const { findings } = await fit(model, gibbs(quick));
  t.true(findings.some(({ code }) => code === 'rows-dropped'));
});

test('the summary', async (t) => {
  const text = (await fit(infection, gibbs(), { seed: 42 })).toString();
  const lines = text.split('\n');
  t.is(lines[0], 'Random-intercept GLMM by gibbs');
  t.is(lines[4], '  Priors: beta ~ normal(0, 10), sigma ~ half-normal(2.5)');
  t.is(lines[5], '  Draws: 4000 (4 chains of 1000 after 1000 of warm-up)');
  t.regex(text, /mean +mcse_mean +sd +q5 +median +q95 +ess_bulk +ess_tail +rhat/);
  t.regex(text, /\(Intercept\) +-1\.2/);
  t.regex(text, /Accepted: intercepts \d+%, coefficients \d+%, joint \d+%\./);
  t.notRegex(text, /eps\[/);
  t.true(lines.every((line) => line.length <= 80));
});

test('toJSON is plain data', async (t) => {
  const found = await fit(infection, gibbs(quick));
  const plain = JSON.parse(JSON.stringify(found));
  t.is(plain.kind, 'posterior');
  t.is(plain.settings.priors.sigma, 'half-normal(2.5)');
  t.deepEqual(plain.draws.chains, 2);
  t.is(plain.estimates.length, 3);
});

test('progress is told, by stage', async (t) => {
  const seen: Progress[] = [];
  const onProgress = (progress: Progress): void => {
    seen.push(progress);
  };
  await fit(infection, gibbs({ chains: 2, warmup: 300, draws: 300 }), { onProgress });
  const last = seen[seen.length - 1];
  t.deepEqual([last.stage, last.done, last.total], ['sampling', 1200, 1200]);
  t.true(seen.every(({ done }, k) => k === 0 || done > seen[k - 1].done));
  t.is(last.detail?.chain, 2);
});

test('an abort rejects with its reason, soon', async (t) => {
  await hearsAnAbort(t, lsat, gibbs({ draws: 100000 }));
});

test('starts and priors at the border', async (t) => {
  const start = { beta: Float64Array.of(-1, 0.5), sigma: 0 };
  t.true((await fit(infection, gibbs(quick), { start })).draws.chain('lp__', 0).every(Number.isFinite));
  const priors = { sigma: uniformPrior(0.3, 0.5) };
  const { draws } = await fit(infection, gibbs({ ...quick, priors }));
  t.true(draws.chain('sigma', 1).every((x) => x >= 0.3 && x <= 0.5));
});

test('data that are hard on a sampler: separation, one row a cluster, large counts, tiny units', async (t) => {
  const separated = { y: [0, 0, 0, 1, 1, 1], x: [1, 2, 3, 4, 5, 6], g: [1, 1, 2, 2, 3, 3] };
  const model = glmm('y ~ x + (1 | g)', separated, { family: binomial() });
  const priors = { beta: normalPrior(0, 2.5) };
  const one = await fit(model, gibbs({ draws: 4000, priors }));
  agrees(t, one.draws, exactFrom(await quadraturePosterior(model, priors)), 1500);

  const counts = { y: [0, 12000, 3, 500, 70000, 1], g: [1, 2, 3, 4, 5, 6] };
  const two = await fit(glmm('y ~ 1 + (1 | g)', counts, { family: poisson() }), gibbs());
  t.true(two.estimates.every(({ value }) => Number.isFinite(value)));
  t.true(two.parameters.sigma > 2);

  const tiny = { y: [1e-6, 2e-6, 1.5e-6, 4e-6, 2.5e-6, 3e-6], g: [1, 1, 2, 2, 3, 3] };
  const three = await fit(glmm('y ~ 1 + (1 | g)', tiny, { family: gaussian() }), gibbs());
  near(t, three.parameters.beta[0] / 1e-6, 2.3, 1, 'intercept in its own unit');
});

const refusals: readonly [string, () => unknown, string, RegExp][] = [
  [
    'draws of 0',
    () => gibbs({ draws: 0 }),
    'bad-option',
    /gibbs\(\): draws must be a whole number >= 1, found 0/,
  ],
  ['no chains', () => gibbs({ chains: 0 }), 'bad-option', /chains/],
  ['a negative warm-up', () => gibbs({ warmup: -1 }), 'bad-option', /warmup/],
  ['half a step of thinning', () => gibbs({ thin: 1.5 }), 'bad-option', /thin/],
  ['an unknown name', () => gibbs({ burnin: 3 } as GibbsOptions), 'unknown-option', /no option 'burnin'/],
  ['a number for a prior', () => gibbs({ priors: { sigma: 1 } } as never), 'bad-option', /sigma must be/],
];
for (const [what, make, code, message] of refusals) {
  test(`refused: ${what}`, (t) => {
    const error = t.throws(make, { instanceOf: GlmmcError });
    t.is(error?.code, code);
    t.regex(error?.message ?? '', message);
  });
}

test('refused before any work: priors without a parameter, cluster weights that are no counts', async (t) => {
  const strategy = gibbs({ priors: { dispersion: halfNormal(1) } });
  const first = await t.throwsAsync(() => fit(infection, strategy), { instanceOf: GlmmcError });
  t.is(first?.code, 'bad-option');
  const table = { ...(await shipped('infection')), w: new Float64Array(16).fill(1.5) };
  const model = glmm('x | trials(n) ~ t + (1 | clinic)', table, { family: binomial(), clusterWeights: 'w' });
  const second = await t.throwsAsync(() => fit(model, gibbs()), { instanceOf: GlmmcError });
  t.is(second?.code, 'bad-cluster-weights');
  t.regex(second?.message ?? '', /cluster '1' has 1.5/);
});
