// The E-steps beyond importance and Metropolis: lattices, rejection, and what Monte Carlo error each has.
import test from 'ava';
import { rng, type Stream } from '../samplers/rng.js';
import { fdtrc } from '../samplers/special.js';
import { tQuantile } from '../samplers/t-quantile.js';
import { fit } from '../src/estimate/fit.js';
import { controlsFor } from '../src/estimate/mcem/control-variates.js';
import { type ClusterDraws, drawAll, type EStep } from '../src/estimate/mcem/e-step.js';
import { importance } from '../src/estimate/mcem/importance.js';
import { mcem } from '../src/estimate/mcem/mcem.js';
import { scoreOnly, scoreWithError } from '../src/estimate/mcem/monte-carlo-score.js';
import { quadratureEStep } from '../src/estimate/mcem/quadrature-e-step.js';
import { quasiMonteCarlo } from '../src/estimate/mcem/quasi-monte-carlo.js';
import { type RejectionOptions, rejection } from '../src/estimate/mcem/rejection.js';
import { weigh } from '../src/estimate/mcem/weigh.js';
import { mcml } from '../src/estimate/mcml/mcml.js';
import { mcnr } from '../src/estimate/mcnr/mcnr.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { saem } from '../src/estimate/saem/saem.js';
import { scoreTestText } from '../src/estimate/summary.js';
import { Integrand } from '../src/likelihood/integrand.js';
import { marginal } from '../src/likelihood/marginal.js';
import { NodeLine } from '../src/likelihood/node-line.js';
import { likelihoodSupremum } from '../src/likelihood/supremum.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, poisson } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { heavyTailed } from './heavy-tailed.js';
import { certified, certifiedModel, landed, near } from './helpers.js';

for (const name of ['cbpp', 'seeds', 'booth_hobert', 'epil']) {
  for (const eStep of [rejection(), rejection({ envelope: 'prior' }), quasiMonteCarlo()]) {
    test(`mcem(${eStep.name}, ${JSON.stringify(eStep.settings)}) lands on ${name}`, async (t) => {
      const model = await certifiedModel(certified(name));
      landed(t, await fit(model, mcem({ eStep }), { seed: 1 }), await fit(model, quadrature()), 0.02);
    });
  }
}

/** Estimates one Newton step from the exact answer, for seeds 1 to `seeds`, less that answer. */
async function scatter(name: string, eStep: EStep, draws: number, seeds: number): Promise<number[]> {
  const model = await certifiedModel(certified(name));
  const exact = await fit(model, quadrature());
  const { gradient } = marginal(model, exact.parameters);
  const integrand = new Integrand(model);
  const size = exact.estimates.length;
  const squares = new Array<number>(size).fill(0);
  for (let seed = 1; seed <= seeds; seed++) {
    integrand.setParameters(exact.parameters);
    const set = drawAll(eStep, integrand, draws, seed, 1, undefined);
    const score = scoreOnly(integrand, weigh(integrand, set, controlsFor(set, false)));
    for (let a = 0; a < size; a++) {
      let move = 0;
      for (let b = 0; b < size; b++) move += exact.covariance.get(a, b) * (score[b] - gradient[b]);
      squares[a] += move ** 2 / seeds;
    }
  }
  return squares.map(Math.sqrt);
}

test('256 lattice points are worth far more than 20^2 times as many independent draws', async (t) => {
  const iid = await scatter('booth_hobert', importance(), 256, 100);
  const lattice = await scatter('booth_hobert', quasiMonteCarlo(), 256, 100);
  // Independent draws have .035 and .021 at 1000.
  near(t, iid[0], 0.035 * Math.sqrt(1000 / 256), 0.014, 'iid sd of beta');
  near(t, iid[1], 0.021 * Math.sqrt(1000 / 256), 0.009, 'iid sd of sigma');
  lattice.forEach((sd, k) => {
    t.true(sd < iid[k] / 20, `${sd} against ${iid[k]}`);
  });
  const published = [1e-4, 7e-5];
  lattice.forEach((sd, k) => {
    t.true(sd < 1.2 * published[k], `${sd} against ${published[k]} of one lattice`);
  });
});

test("the error of a lattice is the scatter of its shifts' sums over the clusters", async (t) => {
  const model = await certifiedModel(certified('cbpp'));
  const { parameters } = await fit(model, quadrature());
  const integrand = new Integrand(model);
  integrand.setParameters(parameters);
  const set = drawAll(quasiMonteCarlo(), integrand, 100, 3, 1, undefined);
  t.is(set.replicates, 16);
  t.is(set.perCluster, 112);
  const controls = controlsFor(set, true);
  const draws = weigh(integrand, set, controls);
  const all = scoreWithError(integrand, draws, controls, new Float64Array(25));
  // Each replicate's contribution to the score, by hand: weights normalised over all points, its own kept.
  const contributions = Array.from({ length: 16 }, (_, r) => {
    const kept = draws.base.map((w, k) => (Math.floor((k % 112) / 7) === r ? 16 * w : 0));
    const share = model.clusterLabels.map((_, i) => set.of(kept, i).reduce((sum, w) => sum + w, 0));
    const own = scoreOnly(integrand, { ...draws, calibrated: kept });
    return { own, share };
  });
  // scoreOnly normalises each cluster by its weights, so the linearised ratio is rebuilt from single clusters.
  const size = 5;
  const rows = contributions.map(() => new Float64Array(size));
  for (let i = 0; i < model.clusterLabels.length; i++) {
    const only = model.clusters.clusterWeights.map((_, j) => (j === i ? 1 : 0));
    const one = new Integrand(model, { ...model.clusters, clusterWeights: Float64Array.from(only) });
    one.setParameters(parameters);
    const mean = scoreOnly(one, draws);
    contributions.forEach(({ share }, r) => {
      const kept = draws.base.map((w, k) => (Math.floor((k % 112) / 7) === r ? 16 * w : 0));
      const own = scoreOnly(one, { ...draws, calibrated: kept });
      for (let a = 0; a < size; a++) rows[r][a] += share[i] * (own[a] - mean[a]);
    });
  }
  for (let a = 0; a < size; a++) {
    const expected = rows.reduce((sum, row) => sum + row[a] ** 2, 0) / (16 * 15);
    near(t, all.covariance[a * size + a] / expected, 1, 1e-6, `variance ${a}`);
  }
});

test('more parameters take more shifts, so that their covariance has full rank', (t) => {
  t.is(quasiMonteCarlo().replicates!(3), 16);
  t.is(quasiMonteCarlo().replicates!(31), 62);
  t.is(quasiMonteCarlo({ shifts: 40 }).replicates!(3), 40);
});

test("a lattice's score test is Hotelling's, and says so", async (t) => {
  const model = await certifiedModel(certified('cbpp'));
  const found = await fit(model, mcem({ eStep: quasiMonteCarlo() }), { seed: 1 });
  const { scoreTest } = found.landing!;
  t.is(scoreTest.reference, 'F');
  t.is(scoreTest.denominatorDf, 11);
  t.is(scoreTest.replicates, 16);
  near(t, scoreTest.pValue, fdtrc(5, 11, (scoreTest.statistic * 11) / (5 * 15)), 1e-12, 'p');
  t.regex(found.toString(), /T = \S+ \(Hotelling's, F on 5 and 11 df\), p = /);
  t.is(
    scoreTestText({ statistic: 5.7, df: 5, denominatorDf: 11, pValue: 0.5 }),
    "T = 5.70 (Hotelling's, F on 5 and 11 df), p = 0.5000",
  );
});

test('upper tails of F', (t) => {
  // 5% points of Snedecor's tables; F(1, n) is t(n) squared, F(2, n) has tail (1 + 2x/n)^(-n/2).
  near(t, fdtrc(5, 10, 3.3258345304130112), 0.05, 1e-9, 'F(5, 10)');
  near(t, fdtrc(2, 14, 1.3), (1 + 2.6 / 14) ** -7, 1e-14, 'F(2, 14)');
  t.is(fdtrc(2, 14, 0), 1);
  t.true(Number.isNaN(fdtrc(2, 14, Number.NaN)));
});

test('quantiles of t with 1, 2 and 4 degrees of freedom invert the distribution function', (t) => {
  const cdf = {
    1: (x: number) => 0.5 + Math.atan(x) / Math.PI,
    2: (x: number) => 0.5 + x / (2 * Math.sqrt(2 + x * x)),
    4: (x: number) => {
      const s = x / Math.sqrt(4 + x * x);
      return 0.5 + 0.75 * (s - s ** 3 / 3);
    },
  };
  for (const df of [1, 2, 4] as const) {
    for (const p of [0.001, 0.03, 0.2, 0.4999, 0.5, 0.73, 0.999]) {
      near(t, cdf[df](tQuantile(p, df)), p, 1e-14, `${p} on ${df} df`);
      near(t, tQuantile(1 - p, df), -tQuantile(p, df), 1e-9 * Math.abs(tQuantile(p, df)) + 1e-12, 'odd');
    }
    t.true(Number.isFinite(tQuantile(0, df)) && Number.isFinite(tQuantile(1, df)));
  }
});

test('rejection draws have the mean and variance of each posterior, by either envelope', async (t) => {
  const model = await certifiedModel(certified('cbpp'));
  const integrand = new Integrand(model);
  integrand.setParameters({ beta: Float64Array.of(-1.4, -1, -1.1, -1.6), sigma: 0.9 });
  for (const eStep of [rejection(), rejection({ envelope: 'prior' })]) {
    const set = drawAll(eStep, integrand, 4000, 11, 1, undefined);
    t.true(set.acceptance > 0.1 && set.acceptance < 0.95, `acceptance ${set.acceptance}`);
    for (let i = 0; i < model.clusterLabels.length; i++) {
      integrand.select(i);
      const line = new NodeLine(integrand, 0);
      const z = new Float64Array(line.needed());
      const logWeight = new Float64Array(z.length);
      line.place(z, logWeight);
      const mass = z.map((x, k) => Math.exp(integrand.value(x) + logWeight[k]));
      const total = mass.reduce((sum, w) => sum + w, 0);
      const moment = (of: (x: number) => number): number =>
        z.reduce((sum, x, k) => sum + (mass[k] / total) * of(x), 0);
      const mean = moment((x) => x);
      const variance = moment((x) => (x - mean) ** 2);
      const fourth = moment((x) => (x - mean) ** 4);
      const draws = set.of(set.z, i);
      const found = draws.reduce((sum, x) => sum + x, 0) / 4000;
      const squares = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 4000;
      near(
        t,
        found,
        mean,
        4 * Math.sqrt(variance / 4000),
        `mean of cluster ${i} by ${eStep.settings.envelope}`,
      );
      near(t, squares, variance, 4 * Math.sqrt((fourth - variance ** 2) / 4000), `variance of cluster ${i}`);
    }
  }
});

test('the supremum of a likelihood: closed forms, and limits where it rises for ever', (t) => {
  const rows = [
    { g: 1, y: 3, n: 10 },
    { g: 2, y: 5, n: 5 },
    { g: 3, y: 0, n: 4 },
  ];
  const model = glmm('y | trials(n) ~ 1 + (1 | g)', rows, { family: binomial() });
  const integrand = new Integrand(model);
  integrand.setParameters({ beta: Float64Array.of(0.4), sigma: 0.7 });
  for (let i = 0; i < 3; i++) {
    integrand.select(i);
    // Values are measured from the saturated model's, which one row a cluster reaches.
    near(t, likelihoodSupremum(integrand), 0, 1e-12, `cluster ${i}`);
  }
});

test('rejection() refuses before the start what need not be log-concave', async (t) => {
  for (const [model, eStep, message] of [
    [heavyTailed(studentT(3)), rejection(), /log-concave density of the intercepts, found student-t/],
    [
      glmm(
        'y ~ 1 + (1 | g)',
        [0, 1, 1, 0].map((y, g) => ({ y, g: g % 2 })),
        { family: binomial('cauchit') },
      ),
      rejection({ envelope: 'prior' }),
      /which that of binomial with the cauchit link need not be/,
    ],
  ] as const) {
    const error = await t.throwsAsync(fit(model, mcem({ eStep })), { code: 'unsupported-model' });
    t.regex(error!.message, message);
  }
});

test('proposals from F serve intercepts of any distribution, and corners are no trouble', async (t) => {
  for (const [effect, eStep] of [
    [studentT(3), rejection({ envelope: 'prior' })],
    [laplaceEffect(), rejection()],
  ] as const) {
    const model = heavyTailed(effect);
    landed(t, await fit(model, mcem({ eStep }), { seed: 2 }), await fit(model, quadrature()), 0.02);
  }
});

test('hopeless proposals end soon, and say what to do', async (t) => {
  const stream = rng(3);
  const rows = Array.from({ length: 40 }, (_, k) => ({
    g: Math.floor(k / 4),
    y: Math.floor(1e9 * Math.exp(Math.floor(k / 4) / 3) * (1 + 1e-4 * stream.uniform())),
  }));
  const model = glmm('y ~ 1 + (1 | g)', rows, { family: poisson() });
  const start = performance.now();
  const eStep = rejection({ envelope: 'prior' });
  for (const strategy of [
    mcem({ eStep }),
    mcem({ eStep, polish: false }),
    mcnr({ eStep }),
    mcml({ eStep }),
    saem({ eStep }),
  ]) {
    const found = await fit(model, strategy);
    t.false(found.converged, strategy.name);
    t.deepEqual(
      found.findings.map(({ code }) => code),
      ['rejection-hopeless'],
      strategy.name,
    );
    t.regex(found.findings[0].message, /envelope: 'prior'/);
    t.regex(found.findings[0].advice, /Use rejection\(\), importance\(\) or quasiMonteCarlo\(\)/);
    t.true(found.estimates.every(({ value }) => Number.isFinite(value)));
  }
  t.true(performance.now() - start < 20_000);
});

test("a person's own E-step that draws no number is told so", async (t) => {
  const eStep = {
    name: 'broken',
    settings: {},
    dependent: false,
    draw(_integrand: Integrand, _stream: Stream, draws: ClusterDraws): number {
      draws.z.fill(Number.NaN);
      return 1;
    },
  };
  const error = await t.throwsAsync(fit(await certifiedModel(certified('cbpp')), mcem({ eStep })), {
    code: 'bad-e-step',
  });
  t.regex(error!.message, /'broken' should fill z with finite draws, found NaN at place 0 of 100/);
});

const refused: readonly [string, () => unknown, string][] = [
  [
    'an unknown envelope',
    () => rejection({ envelope: 'flat' as 'prior' }),
    "rejection(): envelope must be 'log-concave' or 'prior', found 'flat'",
  ],
  [
    'a misspelt option',
    () => rejection({ envelop: 'prior' } as RejectionOptions),
    "rejection() has no option 'envelop'; did you mean 'envelope'?",
  ],
  [
    'three shifts',
    () => quasiMonteCarlo({ shifts: 3 }),
    'quasiMonteCarlo(): shifts must be a whole number >= 4, found 3',
  ],
  ['scale 0', () => quasiMonteCarlo({ scale: 0 }), 'quasiMonteCarlo(): scale must be a number > 0, found 0'],
  [
    'a wrong expansion',
    () => mcem({ expanded: 'mean' as 'scale' }),
    "mcem(): expanded must be true, false or 'scale', found 'mean'",
  ],
];

for (const [what, make, message] of refused) {
  test(`refused: ${what}`, (t) => {
    t.throws(make, { name: 'GlmmcError', message });
  });
}

test('defaults are kept in the settings', (t) => {
  t.deepEqual(quasiMonteCarlo().settings, { shifts: 16, scale: 2 });
  t.deepEqual(quasiMonteCarlo({ shifts: 4 }).settings, { shifts: 4, scale: 2 });
  t.deepEqual(rejection().settings, { envelope: 'log-concave' });
  t.deepEqual(quadratureEStep().settings, {});
});
