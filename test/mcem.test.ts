// mcem(): both E-steps land on the quadrature within their own Monte Carlo errors. Wrong ones are caught: slow/mcem-proof.test.ts.
import test from 'ava';
import { fit } from '../src/estimate/fit.js';
import { ascentBased } from '../src/estimate/mcem/ascent-based.js';
import type { EStep } from '../src/estimate/mcem/e-step.js';
import { importance } from '../src/estimate/mcem/importance.js';
import { type McemOptions, mcem } from '../src/estimate/mcem/mcem.js';
import { metropolis } from '../src/estimate/mcem/metropolis.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { Integrand } from '../src/likelihood/integrand.js';
import { gamma } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import { certified, certifiedModel, landed, near } from './helpers.js';

const eSteps: readonly EStep[] = [importance(), metropolis()];

for (const name of ['cbpp', 'seeds', 'booth_hobert']) {
  for (const eStep of eSteps) {
    test(`mcem(${eStep.name}) lands on ${name}`, async (t) => {
      const model = await certifiedModel(certified(name));
      const exact = await fit(model, quadrature());
      // Seeds 1 to 200: test/slow.
      landed(t, await fit(model, mcem({ eStep }), { seed: 1 }), exact, 0.02);
    });
  }
}

test('a sharper target is met', async (t) => {
  const model = await certifiedModel(certified('cbpp'));
  const sharp = await fit(model, mcem({ monteCarloError: 0.002 }), { seed: 4 });
  landed(t, sharp, await fit(model, quadrature()), 0.002);
});

const variants: readonly [string, McemOptions][] = [
  ['the textbook M-step', { expanded: false }],
  ['plain averages', { controlVariates: false }],
  ['a random walk', { eStep: metropolis({ proposal: 'random-walk' }) }],
  ["McCulloch's prior proposals", { eStep: metropolis({ proposal: 'prior' }) }],
];

for (const [what, options] of variants) {
  test(`mcem() with ${what} lands on Booth and Hobert's data`, async (t) => {
    const model = await certifiedModel(certified('booth_hobert'));
    const exact = await fit(model, quadrature());
    landed(t, await fit(model, mcem({ monteCarloError: 0.05, ...options }), { seed: 5 }), exact, 0.05);
  });
}

/** 30 clusters of 1 to 6 gamma responses. */
function gammaModel(): Model {
  let state = 11;
  const uniform = (): number => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return (state + 0.5) / 2 ** 32;
  };
  const rows = Array.from({ length: 30 }, (_, g) => {
    const eps = 1.5 * (uniform() + uniform() + uniform() - 1.5);
    return Array.from({ length: 1 + (g % 6) }, () => {
      const x = uniform();
      const exponentials = -Math.log(uniform()) - Math.log(uniform());
      return { g, x, y: 0.5 * exponentials * Math.exp(0.3 + 0.8 * x + eps) };
    });
  });
  return glmm('y ~ x + (1 | g)', rows.flat(), { family: gamma() });
}

test('mcem() lands on Poisson, Gaussian and gamma models, dispersion included', async (t) => {
  const [epil, dyestuff] = [
    await certifiedModel(certified('epil')),
    await certifiedModel(certified('dyestuff')),
  ];
  for (const [model, steps] of [
    [epil, [importance()]],
    [dyestuff, eSteps],
    [gammaModel(), eSteps],
  ] as const) {
    const exact = await fit(model, quadrature());
    for (const eStep of steps) landed(t, await fit(model, mcem({ eStep }), { seed: 6 }), exact, 0.02);
  }
});

test('a sigma of 0 is found, and said', async (t) => {
  const model = await certifiedModel(certified('dyestuff2'));
  for (const options of [...eSteps.map((eStep) => ({ eStep })), { polish: false }]) {
    const found = await fit(model, mcem(options), { seed: 1 });
    t.is(found.parameters.sigma, 0);
    t.true(found.history.length < 60, `${found.history.length} iterations`);
    t.true(found.findings.some(({ code }) => code === 'sigma-boundary'));
    near(t, found.logLik, certified('dyestuff2').maximumLikelihood.logLik, 1e-7, 'logLik');
  }
});

test('the same seed gives the same bits; another seed other numbers', async (t) => {
  const model = await certifiedModel(certified('cbpp'));
  for (const eStep of eSteps) {
    const [a, b, c] = [
      await fit(model, mcem({ eStep }), { seed: 'x' }),
      await fit(model, mcem({ eStep }), { seed: 'x', workers: 2 }),
      await fit(model, mcem({ eStep }), { seed: 'y' }),
    ];
    t.deepEqual(a.estimates, b.estimates);
    t.notDeepEqual(a.estimates, c.estimates);
  }
});

test('fixed parameters are held', async (t) => {
  const model = await certifiedModel(certified('cbpp'));
  for (const fixed of [{ sigma: 0.5 }, { sigma: 0 }, { beta: { '(Intercept)': -1.5 } }]) {
    const exact = await fit(model, quadrature(), { fixed });
    const found = await fit(model, mcem(), { fixed, seed: 3 });
    found.estimates.forEach(({ value, monteCarloError }, k) => {
      const allowed = 4 * monteCarloError + 1e-9;
      near(
        t,
        value,
        exact.estimates[k].value,
        allowed,
        `${JSON.stringify(fixed)} ${found.estimates[k].name}`,
      );
    });
  }
});

test('history tells of every iteration; progress is reported; abort rejects with the reason', async (t) => {
  const model = await certifiedModel(certified('cbpp'));
  const stages: string[] = [];
  const found = await fit(model, mcem(), { seed: 1, onProgress: ({ stage }) => stages.push(stage) });
  t.true(found.history.length >= 3);
  t.deepEqual(Object.keys(found.history[0].detail!), [
    'draws',
    'drawn',
    'gain',
    'gainError',
    'acceptance',
    'smallestEss',
    'decision',
  ]);
  t.deepEqual([...new Set(stages)], ['em', 'polish']);
  const controller = new AbortController();
  const reason = new Error('enough');
  const aborted = fit(model, mcem(), {
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  t.is(await t.throwsAsync(aborted), reason);
});

const refused: readonly [string, () => unknown, string][] = [
  [
    'an unknown name',
    () => mcem({ estep: importance() } as McemOptions),
    "mcem() has no option 'estep'; did you mean 'eStep'?",
  ],
  [
    'error 0',
    () => mcem({ monteCarloError: 0 }),
    'mcem(): monteCarloError must be a number between 0 and 1, found 0',
  ],
  [
    'no iterations',
    () => mcem({ maxIterations: 0 }),
    'mcem(): maxIterations must be a whole number >= 1, found 0',
  ],
  ['no draws', () => ascentBased({ draws: 0 }), 'ascentBased(): draws must be a whole number >= 10, found 0'],
  [
    'a text for an E-step',
    () => mcem({ eStep: 'importance' as unknown as EStep }),
    "mcem(): eStep must be an E-step such as importance() or metropolis(), found 'importance'",
  ],
  ['df 0', () => importance({ df: 0 }), 'importance(): df must be a number > 0, found 0'],
  [
    'an unknown proposal',
    () => metropolis({ proposal: 'gibbs' as 'prior' }),
    "metropolis(): proposal must be 'independence', 'random-walk' or 'prior', found 'gibbs'",
  ],
];

for (const [what, make, message] of refused) {
  test(`refused: ${what}`, (t) => {
    t.throws(make, { name: 'GlmmcError', message });
  });
}

test('chains that mix slowly are worth fewer draws, and get more', async (t) => {
  const model = await certifiedModel(certified('booth_hobert'));
  const slow = await fit(model, mcem({ eStep: metropolis({ proposal: 'random-walk' }) }), { seed: 1 });
  const { draws, smallestEss } = slow.landing!;
  t.true(smallestEss >= 1000);
  // A random walk of tuned scale has an integrated autocorrelation time near 4 or 5.
  t.true(smallestEss < draws / 2 && smallestEss > draws / 15, `${smallestEss} of ${draws}`);
});

test('the objective is Q at the estimate: the posterior mean of log f(y, z)', async (t) => {
  const model = await certifiedModel(certified('cbpp'));
  const found = await fit(model, mcem({ monteCarloError: 0.005 }), { seed: 2 });
  const integrand = new Integrand(model);
  integrand.setParameters(found.parameters);
  let expected = 0;
  for (let i = 0; i < model.clusters.count; i++) {
    integrand.select(i);
    let total = 0;
    let sum = 0;
    for (let z = -8; z <= 8; z += 0.01) {
      const value = integrand.value(z);
      total += Math.exp(value);
      sum += value * Math.exp(value);
    }
    expected += sum / total + model.clusters.constants[i];
  }
  near(t, found.objective, expected, 0.02, 'objective');
});

test('a budget too small is said, not hidden', async (t) => {
  const model = await certifiedModel(certified('booth_hobert'));
  const found = await fit(model, mcem({ monteCarloError: 0.0001, maxDraws: 1000 }), { seed: 1 });
  t.false(found.converged);
  t.true(found.findings.some(({ code }) => code === 'monte-carlo-error-above-target'));
});
