// gibbs() against exact posteriors on the data that take their time, and under other priors.
import test from 'ava';
import { fit } from '../../src/estimate/fit.js';
import { type GibbsOptions, gibbs } from '../../src/estimate/gibbs.js';
import { halfT, inverseGammaVariance, normalPrior } from '../../src/estimate/priors.js';
import { quadraturePosterior } from '../../src/estimate/quadrature-posterior.js';
import {
  agrees,
  exactFrom,
  exactOf,
  interceptsAgree,
  printed,
  reference,
  referenceModel,
} from '../gibbs-helpers.js';

const references: readonly [string, GibbsOptions][] = [
  ['seeds', { draws: 6000 }],
  ['booth_hobert', { draws: 7000 }],
  ['lsat', { warmup: 300, draws: 2100 }],
];
for (const [name, options] of references) {
  test(`${name}: 4000 effective draws, within 4 combined errors of the reference`, async (t) => {
    const file = reference(name);
    const { draws, converged, findings } = await fit(await referenceModel(name), gibbs(options), {
      seed: 42,
    });
    t.true(converged);
    t.deepEqual(
      findings.filter(({ code }) => code === 'rhat-high' || code === 'ess-low'),
      [],
    );
    agrees(t, draws, exactOf(file), 4000);
    interceptsAgree(t, draws, file);
  });
}

test('Booth-Hobert with a half-t prior', async (t) => {
  const model = await referenceModel('booth_hobert');
  const priors = { sigma: halfT(3, 2.5) };
  const { draws } = await fit(model, gibbs({ draws: 7000, priors }), { seed: 1 });
  agrees(t, draws, printed(['x1', 'sigma'], [6.379516, 1.61841], [1.367412, 0.742087]), 4000);
});

test('seeds with the priors of BUGS, whose posterior of sigma reaches to 0', async (t) => {
  const model = await referenceModel('seeds');
  const priors = { beta: normalPrior(0, 1000), sigma: inverseGammaVariance(0.001, 0.001) };
  const { draws } = await fit(model, gibbs({ draws: 12000, priors }), { seed: 1 });
  const exact = printed(
    [...model.coefficientNames, 'sigma'],
    [-0.551231, 0.082694, 1.353085, -0.825428, 0.284578],
    [0.192609, 0.31351, 0.273595, 0.434705, 0.14362],
  );
  agrees(t, draws, exact, 4000);
});

test('seeds, half-t: against the quadrature posterior', async (t) => {
  const model = await referenceModel('seeds');
  const priors = { beta: normalPrior(0, 10), sigma: halfT(3, 2.5) };
  const exact = await quadraturePosterior(model, priors);
  const { draws } = await fit(model, gibbs({ draws: 5000, priors }), { seed: 7 });
  agrees(t, draws, exactFrom(exact), 4000);
});
