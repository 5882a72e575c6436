// nuts(): what it returns, prints and says; seeds, fixed parameters, options, abort.
import test from 'ava';
import { GlmmcError } from '../samplers/errors.js';
import { type FitOptions, fit, type Progress } from '../src/estimate/fit.js';
import { gibbs } from '../src/estimate/gibbs.js';
import { trajectoryFindings } from '../src/estimate/nuts/findings.js';
import { type NutsStrategyOptions, nuts } from '../src/estimate/nuts.js';
import { halfNormal, uniformPrior } from '../src/estimate/priors.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { binomial, gaussian } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { hearsAnAbort, referenceModel } from './gibbs-helpers.js';
import { near, shipped } from './helpers.js';

const infectionTable = await shipped('infection');
const infection = await referenceModel('infection');
const dyestuff = await referenceModel('dyestuff');
const lsat = await referenceModel('lsat');
const quick: NutsStrategyOptions = { chains: 2, warmup: 100, draws: 50 };

test('the result: defaults, draws in the order of the contract, summary', async (t) => {
  const found = await fit(infection, nuts(), { seed: 42 });
  t.is(found.kind, 'posterior');
  t.is(found.strategy, 'nuts');
  t.true(found.converged);
  t.deepEqual(found.draws.variables, [
    '(Intercept)',
    't',
    'sigma',
    'lp__',
    ...infection.clusterLabels.map((label) => `eps[${label}]`),
  ]);
  t.deepEqual([found.draws.chains, found.draws.iterations], [4, 1000]);
  t.deepEqual(found.settings, {
    chains: 4,
    warmup: 1000,
    draws: 1000,
    thin: 1,
    acceptance: 0.8,
    maxTreeDepth: 10,
    priors: { beta: 'normal(0, 10)', sigma: 'half-normal(2.5)' },
  });
  const text = found.toString();
  t.is(text.split('\n')[0], 'Random-intercept GLMM by nuts');
  t.regex(text, /Accepted: trajectories \d+%\./);
  t.true(text.split('\n').every((line) => line.length <= 80));
  const plain = JSON.parse(JSON.stringify(found));
  t.is(plain.settings.priors.sigma, 'half-normal(2.5)');
});

test('lp__ is the one of gibbs()', async (t) => {
  for (const model of [infection, dyestuff]) {
    const { draws } = await fit(model, nuts(quick));
    const lastOf = (name: string): number => draws.chain(name, 1)[49];
    const p = model.coefficientNames.length;
    const beta = model.coefficientNames.map(lastOf);
    const sigma = lastOf('sigma');
    const { clusters } = model;
    const gaussianModel = model.family.name === 'gaussian';
    const phi = gaussianModel ? lastOf('dispersion') : 1;
    let sum = Math.log(sigma);
    const { priors } = await fit(model, gibbs({ chains: 1, warmup: 0, draws: 1 }));
    sum += priors.sigma.logDensity(sigma);
    for (const [j, b] of beta.entries()) sum += priors.beta[j].logDensity(b);
    if (gaussianModel) sum += priors.dispersion!.logDensity(Math.sqrt(phi)) + 0.5 * Math.log(phi);
    model.clusterLabels.forEach((label, i) => {
      const eps = lastOf(`eps[${label}]`);
      sum += -0.5 * (eps / sigma) ** 2 - Math.log(sigma) - 0.5 * Math.log(2 * Math.PI);
      for (let r = clusters.starts[i]; r < clusters.starts[i + 1]; r++) {
        let eta = eps;
        for (let j = 0; j < p; j++) eta += clusters.x[r * p + j] * beta[j];
        const [y, n] = [clusters.y[r], clusters.trials[r]];
        // The binomial's constants are left out, and its value measured from the saturated model's.
        sum += gaussianModel
          ? -0.5 * (Math.log(2 * Math.PI * phi) + (y - eta) ** 2 / phi)
          : y * eta - n * Math.log1p(Math.exp(eta)) - xlogx(y) - xlogx(n - y) + xlogx(n);
      }
    });
    near(t, lastOf('lp__'), sum, 1e-8, model.family.name);
  }
});

function xlogx(x: number): number {
  return x > 0 ? x * Math.log(x) : 0;
}

test('the same seed gives the same bits, whatever workers is and however many chains run', async (t) => {
  const run = (options: FitOptions, settings: NutsStrategyOptions = quick) =>
    fit(infection, nuts(settings), { seed: 9, ...options });
  const columns = ({ draws }: Awaited<ReturnType<typeof run>>, chain: number) =>
    draws.variables.map((name) => draws.chain(name, chain));
  const first = await run({});
  t.deepEqual(columns(await run({ workers: 3, onProgress: () => {} }), 1), columns(first, 1));
  t.deepEqual(columns(await run({}, { ...quick, chains: 3 }), 1), columns(first, 1));
  t.notDeepEqual(columns(await run({ seed: 10 }), 1), columns(first, 1));
  t.notDeepEqual(columns(first, 0), columns(first, 1));
});

test('thinning keeps every thin-th trajectory', async (t) => {
  const every = await fit(infection, nuts({ chains: 1, warmup: 30, draws: 30 }));
  const third = await fit(infection, nuts({ chains: 1, warmup: 30, draws: 10, thin: 3 }));
  t.deepEqual(
    Array.from(third.draws.chain('t', 0)),
    Array.from(every.draws.chain('t', 0)).filter((_, k) => k % 3 === 2),
  );
});

test('what is held stays: coefficients, sigma, sigma = 0, everything', async (t) => {
  const some = await fit(infection, nuts(quick), { fixed: { sigma: 0.8, beta: { t: 0.5 } } });
  t.true(some.draws.chain('t', 0).every((x) => x === 0.5));
  t.true(some.draws.chain('sigma', 1).every((x) => x === 0.8));
  t.true(some.estimates[0].standardError > 0.1);
  const pooled = await fit(infection, nuts({ draws: 500 }), { fixed: { sigma: 0 } });
  t.true(pooled.converged);
  t.true(pooled.draws.chain('eps[3]', 0).every((x) => x === 0));
  // The pooled logistic regression, whose likelihood the priors hardly move.
  near(t, pooled.estimates[0].value, -0.7148, 0.02, 'intercept');
  near(t, pooled.estimates[1].value, 0.4045, 0.02, 'slope');
  const beta = { '(Intercept)': -1, t: 0.5 };
  const intercepts = await fit(infection, nuts(quick), { fixed: { sigma: 1, beta } });
  t.true(new Set(intercepts.draws.chain('eps[1]', 0)).size > 10);
  const nothing = await fit(infection, nuts(quick), { fixed: { sigma: 0, beta } });
  t.true(nothing.draws.chain('(Intercept)', 1).every((x) => x === -1));
  t.true(nothing.draws.chain('lp__', 1).every(Number.isFinite));
});

test('progress is told, and an abort rejects with its reason, soon', async (t) => {
  const seen: Progress[] = [];
  await fit(infection, nuts({ chains: 2, warmup: 100, draws: 100 }), { onProgress: (p) => seen.push(p) });
  const last = seen[seen.length - 1];
  t.deepEqual([last.stage, last.done, last.total, last.detail?.chain], ['sampling', 400, 400, 2]);
  t.true(seen.every(({ done }, k) => k === 0 || done > seen[k - 1].done));
  await hearsAnAbort(t, lsat, nuts({ draws: 100000 }));
});

test('starts and priors at the border', async (t) => {
  const start = { beta: Float64Array.of(-1, 0.5), sigma: 0 };
  t.true((await fit(infection, nuts(quick), { start })).draws.chain('lp__', 0).every(Number.isFinite));
  const priors = { sigma: uniformPrior(0.3, 0.5) };
  const { draws } = await fit(infection, nuts({ ...quick, priors }));
  t.true(draws.chain('sigma', 1).every((x) => x >= 0.3 && x <= 0.5));
  const none = await fit(infection, nuts({ chains: 1, warmup: 0, draws: 1 }));
  t.true(none.draws.chain('lp__', 0).every(Number.isFinite));
  t.false(none.converged);
});

test('divergences, slow energies and cut trajectories are findings that name the next step', async (t) => {
  const settings = { chains: 2, warmup: 0, draws: 100, thin: 1, acceptance: 0.8, maxTreeDepth: 10 };
  const quiet = { total: 200, divergent: 0, cutShort: 0, leapfrogs: 1400, acceptance: 0.85 };
  const sound = Float64Array.from({ length: 100 }, (_, k) => (k * 7919) % 100);
  const slow = Float64Array.from({ length: 100 }, (_, k) => k);
  t.deepEqual(trajectoryFindings({ ...quiet, energies: [sound, sound] }, settings), []);
  const all = trajectoryFindings({ ...quiet, divergent: 3, cutShort: 20, energies: [sound, slow] }, settings);
  t.deepEqual(
    all.map(({ code, severity }) => [code, severity]),
    [
      ['divergences', 'warning'],
      ['ebfmi-low', 'warning'],
      ['tree-depth', 'note'],
    ],
  );
  t.regex(all[0].message, /^3 of 200 trajectories after warm-up diverged \(2%\)/);
  t.regex(all[0].advice, /acceptance: 0\.95/);
  t.regex(all[1].message, /^E-BFMI is 0\.00 \(chain 2\)/);
  t.regex(all[2].advice, /maxTreeDepth: 12/);
  // And from a fit: steps so long that many fail, trajectories of one step.
  const table = { y: [1, 2, 3, 2, 1, 3], g: [1, 1, 2, 2, 3, 3] };
  const narrow = glmm('y ~ 1 + (1 | g)', table, { family: gaussian() });
  const found = await fit(narrow, nuts({ draws: 500, acceptance: 0.3, maxTreeDepth: 2 }), { seed: 1 });
  t.true(found.findings.some(({ code }) => code === 'divergences'));
  t.true(found.findings.some(({ code }) => code === 'tree-depth'));
});

const refusals: readonly [string, () => unknown, string, RegExp][] = [
  [
    'draws of 0',
    () => nuts({ draws: 0 }),
    'bad-option',
    /nuts\(\): draws must be a whole number >= 1, found 0/,
  ],
  ['no chains', () => nuts({ chains: 0 }), 'bad-option', /chains/],
  ['a negative warm-up', () => nuts({ warmup: -1 }), 'bad-option', /warmup/],
  [
    'acceptance of 1',
    () => nuts({ acceptance: 1 }),
    'bad-option',
    /acceptance must be a number between 0 and 1/,
  ],
  ['depth of 21', () => nuts({ maxTreeDepth: 21 }), 'bad-option', /from 1 to 20, found 21/],
  ["Stan's name", () => nuts({ adapt_delta: 0.9 } as NutsStrategyOptions), 'unknown-option', /'adapt_delta'/],
  ['a number for a prior', () => nuts({ priors: { sigma: 1 } } as never), 'bad-option', /sigma must be/],
];
for (const [what, make, code, message] of refusals) {
  test(`refused: ${what}`, (t) => {
    const error = t.throws(make, { instanceOf: GlmmcError });
    t.is(error?.code, code);
    t.regex(error?.message ?? '', message);
  });
}

test('refused before any work: priors without a parameter, weights that are no counts, point masses', async (t) => {
  const codeOf = async (running: Promise<unknown>): Promise<string | undefined> =>
    (await t.throwsAsync(() => running, { instanceOf: GlmmcError }))?.code;
  t.is(await codeOf(fit(infection, nuts({ priors: { dispersion: halfNormal(1) } }))), 'bad-option');
  const formula = 'x | trials(n) ~ t + (1 | clinic)';
  const table = { ...infectionTable, w: new Float64Array(16).fill(1.5) };
  const weighted = glmm(formula, table, { family: binomial(), clusterWeights: 'w' });
  t.is(await codeOf(fit(weighted, nuts())), 'bad-cluster-weights');
  const masses = glmm(formula, infectionTable, { family: binomial(), randomEffect: pointMasses(2) });
  t.is(await codeOf(fit(masses, nuts())), 'unsupported-effect');
});
