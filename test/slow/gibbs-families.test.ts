// gibbs() on other families and links, and under other priors, against exact posteriors.
import test from 'ava';
import { fit } from '../../src/estimate/fit.js';
import { type GibbsOptions, gibbs } from '../../src/estimate/gibbs.js';
import { halfNormal, halfT, normalPrior } from '../../src/estimate/priors.js';
import { quadraturePosterior } from '../../src/estimate/quadrature-posterior.js';
import { binomial, gamma } from '../../src/model/family.js';
import { glmm } from '../../src/model/model.js';
import { agrees, exactFrom, exactOf, printed, reference, referenceModel } from '../gibbs-helpers.js';
import { shipped } from '../helpers.js';

const infectionTable = await shipped('infection');
const infection = (family = binomial()) =>
  glmm('x | trials(n) ~ t + (1 | clinic)', infectionTable, { family });
const dyestuffGamma = glmm('Yield ~ 1 + (1 | Batch)', await shipped('dyestuff'), { family: gamma() });

test('surgical with a half-t prior', async (t) => {
  const table = {
    deaths: [0, 18, 8, 46, 8, 13, 9, 31, 14, 8, 29, 24],
    operations: [47, 148, 119, 810, 211, 196, 148, 215, 207, 97, 256, 360],
    hospital: Array.from({ length: 12 }, (_, i) => i + 1),
  };
  const model = glmm('deaths | trials(operations) ~ 1 + (1 | hospital)', table, { family: binomial() });
  const priors = { sigma: halfT(3, 2.5) };
  const { draws } = await fit(model, gibbs({ draws: 3000, priors }), { seed: 1 });
  agrees(t, draws, printed(['(Intercept)', 'sigma'], [-2.563103, 0.460694], [0.169278, 0.177392]), 4000);
});

const others: readonly [string, () => Promise<ReturnType<typeof glmm>>, GibbsOptions][] = [
  [
    'gaussian',
    () => referenceModel('dyestuff'),
    {
      draws: 3000,
      priors: { beta: normalPrior(0, 10), sigma: halfNormal(2.5), dispersion: halfNormal(2.5) },
    },
  ],
  ['gamma, log', async () => dyestuffGamma, { draws: 3000 }],
  ['binomial, probit', async () => infection(binomial('probit')), { draws: 3000 }],
  ['binomial, cloglog', async () => infection(binomial('cloglog')), { draws: 3000 }],
];
for (const [name, model, options] of others) {
  test(`${name}: against the quadrature posterior`, async (t) => {
    const known = await model();
    const exact = await quadraturePosterior(known, options.priors);
    const { draws } = await fit(known, gibbs(options), { seed: 7 });
    agrees(t, draws, exactFrom(exact), 4000);
  });
}

test('dyestuff against the reference too', async (t) => {
  const file = reference('dyestuff');
  const priors = { beta: normalPrior(0, 10), sigma: halfNormal(2.5), dispersion: halfNormal(2.5) };
  const { draws } = await fit(await referenceModel('dyestuff'), gibbs({ draws: 3000, priors }), { seed: 8 });
  agrees(t, draws, exactOf(file).slice(0, 2), 4000);
});
