// mcem() where it once failed: clusters that say much, sigma = 0, likelihoods without a maximum, scores without a root.
import test from 'ava';
import { rng } from '../samplers/rng.js';
import { normal as normalVariate } from '../samplers/variates.js';
import { fit } from '../src/estimate/fit.js';
import { ascentBased } from '../src/estimate/mcem/ascent-based.js';
import type { EStep } from '../src/estimate/mcem/e-step.js';
import { importance } from '../src/estimate/mcem/importance.js';
import { mcem } from '../src/estimate/mcem/mcem.js';
import { metropolis } from '../src/estimate/mcem/metropolis.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { binomial, gaussian, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import { certified, certifiedModel, near, shipped } from './helpers.js';
import { randomSet } from './random-sets.js';

const eSteps: readonly EStep[] = [importance(), metropolis()];

/** 10 clusters of 5 rows, y ~ x + (1 | g), intercepts with sd 1. */
function informative(row: (eps: number, normal: () => number, uniform: () => number) => object) {
  const stream = rng(7);
  const normal = (): number => normalVariate(stream);
  return Array.from({ length: 10 }, (_, g) => {
    const eps = normal();
    return Array.from({ length: 5 }, () => ({
      g,
      x: stream.uniform(),
      ...row(eps, normal, () => stream.uniform()),
    }));
  }).flat();
}

function counts(mean: number): object[] {
  return informative((eps, normal) => {
    const mu = mean * Math.exp(0.5 * eps);
    return { y: Math.round(mu + Math.sqrt(mu) * normal()) };
  });
}

function successes(n: number): object[] {
  return informative((eps, _, uniform) => {
    const p = 1 / (1 + Math.exp(-eps));
    return {
      n,
      y: Array.from({ length: n }, () => (uniform() < p ? 1 : 0)).reduce((a: number, b) => a + b, 0),
    };
  });
}

const tables: readonly [string, () => Model][] = [
  [
    'Gaussian responses with residual sd 0.1',
    () =>
      glmm(
        'y ~ x + (1 | g)',
        informative((eps, normal) => ({ y: eps + 0.1 * normal() })),
        { family: gaussian() },
      ),
  ],
  ['counts of 150', () => glmm('y ~ x + (1 | g)', counts(150), { family: poisson() })],
  ['400 trials a row', () => glmm('y | trials(n) ~ x + (1 | g)', successes(400), { family: binomial() })],
];

for (const [what, make] of tables) {
  test(`mcem() on clusters that say much: ${what}`, async (t) => {
    const model = make();
    const exact = await fit(model, quadrature());
    for (const eStep of eSteps) {
      for (const seed of [1, 2]) {
        const found = await fit(model, mcem({ eStep }), { seed });
        t.true(found.converged, found.findings.map(({ message }) => message).join('\n'));
        found.estimates.forEach(({ name, value, monteCarloError, standardError }, k) => {
          const of = `${name} by ${eStep.name}, seed ${seed}`;
          near(t, (value - exact.estimates[k].value) / monteCarloError, 0, 4, of);
          near(t, standardError / exact.estimates[k].standardError, 1, 0.05, `standard error of ${of}`);
        });
      }
    }
  });
}

test('a sigma of 0 is not missed where EM comes to rest on the way to it', async (t) => {
  for (const set of [24, 26, 98, 103, 109]) {
    const model = randomSet(set);
    const exact = await fit(model, quadrature());
    t.is(exact.parameters.sigma, 0);
    for (const options of [...eSteps.map((eStep) => ({ eStep })), { polish: false }]) {
      const found = await fit(model, mcem(options), { seed: set });
      t.is(found.parameters.sigma, 0, `set ${set} by ${found.strategy}`);
      t.true(found.history.length < 100, `${found.history.length} iterations`);
      t.true(found.findings.some(({ code }) => code === 'sigma-boundary'));
      near(t, found.logLik, exact.logLik, 1e-9, 'logLik');
    }
  }
});

test('a large sigma with a maximum is not taken for one without', async (t) => {
  const toenail = await certifiedModel(certified('toenail'));
  const rows = Array.from({ length: 40 }, (_, g) =>
    Array.from({ length: 30 }, (_, j) => ({ g, y: (j * 11) % 30 < (g % 5) * 7.5 ? 1 : 0 })),
  ).flat();
  for (const model of [toenail, glmm('y ~ 1 + (1 | g)', rows, { family: binomial() })]) {
    const found = await fit(model, quadrature());
    t.true(found.converged, found.findings.map(({ code }) => code).join());
  }
});

test('where no root is found there are no Monte Carlo errors, and it is said', async (t) => {
  const honest = importance();
  const broken: EStep = {
    ...honest,
    name: 'broken',
    draw(integrand, stream, draws, last) {
      const accepted = honest.draw(integrand, stream, draws, last);
      // Serves EM's few draws, and gives the polish points far from the posterior, all of equal weight.
      if (draws.z.length < 200) return accepted;
      for (let k = 0; k < draws.z.length; k++) {
        draws.z[k] = draws.mode + (k % 2 ? 20 : -20) * draws.spread;
        draws.logProposal[k] = integrand.value(draws.z[k]);
      }
      return accepted;
    },
  };
  const model = await certifiedModel(certified('cbpp'));
  const options = {
    eStep: broken,
    controlVariates: false,
    size: ascentBased({ draws: 50 }),
    maxIterations: 2,
  };
  const found = await fit(model, mcem(options), { seed: 1 });
  t.false(found.converged);
  t.true(found.findings.some(({ code }) => code === 'no-root'));
  t.false(found.findings.some(({ code }) => code === 'score-test-failed'));
  for (const { name, monteCarloError } of found.estimates) t.true(Number.isNaN(monteCarloError), name);
  t.is(found.landing, undefined);
  t.deepEqual(found.parameters, found.history.at(-1)!.parameters);
  t.regex(found.findings.find(({ code }) => code === 'no-root')!.advice, /another start or seed/);

  const cornered = glmm(model.formula, await shipped('cbpp'), {
    family: binomial(),
    randomEffect: laplaceEffect(),
  });
  const lost = await fit(cornered, mcem(options), { seed: 1 });
  t.false(lost.converged);
  t.regex(lost.findings.find(({ code }) => code === 'no-root')!.advice, /corner.*quasiMonteCarlo\(\)/);
});
