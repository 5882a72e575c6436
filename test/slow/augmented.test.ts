// polyaGamma() and albertChib() against exact posteriors, at length.
import test from 'ava';
import { compare } from '../../src/compare/compare.js';
import { albertChib } from '../../src/estimate/albert-chib.js';
import { fit } from '../../src/estimate/fit.js';
import { polyaGamma } from '../../src/estimate/polya-gamma.js';
import { halfT, inverseGammaVariance, normalPrior } from '../../src/estimate/priors.js';
import { quadraturePosterior } from '../../src/estimate/quadrature-posterior.js';
import { binomial } from '../../src/model/family.js';
import { glmm } from '../../src/model/model.js';
import { agrees, exactFrom, exactOf, reference, referenceModel } from '../gibbs-helpers.js';
import { shipped } from '../helpers.js';

for (const [name, draws, least] of [
  ['booth_hobert', 4000, 1000],
  ['cbpp', 2500, 1000],
  ['lsat', 700, 1000],
  ['toenail', 2400, 1000],
  ['approval', 1400, 1000],
] as const) {
  test(`polyaGamma() on ${name}: within 4 combined errors of the reference`, async (t) => {
    const model = await referenceModel(name);
    const { draws: found, converged } = await fit(model, polyaGamma({ draws, warmup: 200 }), { seed: 42 });
    t.true(converged);
    agrees(t, found, exactOf(reference(name)), least);
  });
}

test('albertChib() on seeds: against the quadrature posterior', async (t) => {
  const { formula } = reference('seeds');
  const model = glmm(formula, await shipped('seeds'), { family: binomial('probit') });
  const exact = await quadraturePosterior(model);
  const { draws, converged } = await fit(model, albertChib({ draws: 1500, warmup: 200 }), { seed: 42 });
  t.true(converged);
  agrees(t, draws, exactFrom(exact), 1500);
});

test('other priors, row and cluster weights, an offset, a fixed coefficient', async (t) => {
  const table = {
    y: [3, 1, 4, 2, 5, 5],
    n: [5, 5, 6, 4, 5, 5],
    t: [0, 1, 0, 1, 0, 1],
    o: [0.5, 0, 0, -0.3, 0, 0.2],
    w: [1, 0.5, 1.3, 1, 1, 1],
    g: ['a', 'a', 'b', 'b', 'c', 'c'],
    v: [4, 4, 3, 3, 0, 0],
  };
  const options = { weights: 'w', clusterWeights: 'v', offset: 'o' };
  const model = glmm('y | trials(n) ~ t + (1 | g)', table, { ...options, family: binomial() });
  const fixed = { beta: { t: -0.4 } };
  for (const sigma of [halfT(3, 1), inverseGammaVariance(2, 1)]) {
    const priors = { beta: normalPrior(0.5, 2), sigma };
    const exact = await quadraturePosterior(model, priors, { fixed });
    const { draws } = await fit(model, polyaGamma({ draws: 2000, warmup: 200, priors }), { seed: 2, fixed });
    const free = exactFrom(exact).filter(({ sd }) => sd > 0);
    t.deepEqual(
      free.map(({ name }) => name),
      ['(Intercept)', 'sigma'],
    );
    const variables = free.map(({ name }) => name);
    agrees(t, { ...draws, variables }, free, 1500);
    t.true(draws.chain('t', 0).every((x) => x === -0.4));
  }
});

test('compare() holds them against the exact posterior', async (t) => {
  const settings = { draws: 1500, warmup: 200 };
  const probit = glmm('x | trials(n) ~ t + (1 | clinic)', await shipped('infection'), {
    family: binomial('probit'),
  });
  for (const [name, make, model] of [
    ['polya-gamma', polyaGamma, await referenceModel('infection')],
    ['albert-chib', albertChib, probit],
  ] as const) {
    const { rows } = await compare(model, [make(settings)], { seed: 4 });
    t.deepEqual([rows[0].strategy, rows[0].verdict], [name, 'agrees']);
  }
});
