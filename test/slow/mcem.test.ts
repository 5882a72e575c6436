// mcem() where it takes its time: LSAT's 1000 persons; the toenail data, where EM is slow; long runs without the polish.
import test from 'ava';
import { fit } from '../../src/estimate/fit.js';
import { importance } from '../../src/estimate/mcem/importance.js';
import { type McemOptions, mcem } from '../../src/estimate/mcem/mcem.js';
import { metropolis } from '../../src/estimate/mcem/metropolis.js';
import { quadrature } from '../../src/estimate/quadrature.js';
import { certified, certifiedModel, landed } from '../helpers.js';

// How the errors scatter over seeds: mcem-calibration.test.ts, on data that take less time.
for (const [eStep, sharp] of [
  [importance(), 0.005],
  [metropolis(), 0.02],
] as const) {
  test(`mcem(${eStep.name}) lands on lsat`, async (t) => {
    const model = await certifiedModel(certified('lsat'));
    const exact = await fit(model, quadrature());
    landed(t, await fit(model, mcem({ eStep, monteCarloError: sharp }), { seed: 4 }), exact, sharp);
  });

  test(`mcem(${eStep.name}) lands on toenail, where EM is slow`, async (t) => {
    const model = await certifiedModel(certified('toenail'));
    const found = await fit(model, mcem({ eStep }), { seed: 1 });
    landed(t, found, await fit(model, quadrature()), 0.02);
    t.true(found.landing!.landed);
    t.true(found.logLikError < 1e-9);
    t.true(Math.abs(found.logLik - -625.3975179) < 1e-3);
  });
}

test('without the polish a chain lands too, by the textbook M-step and with reused draws', async (t) => {
  const cbpp = await certifiedModel(certified('cbpp'));
  const exact = await fit(cbpp, quadrature());
  const options: readonly McemOptions[] = [{ eStep: metropolis() }, { expanded: false }, { reuse: true }];
  for (const one of options) {
    landed(t, await fit(cbpp, mcem({ ...one, polish: false }), { seed: 2 }), exact, 0.02);
  }
});
