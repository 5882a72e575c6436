// mcem() at the sizes that take their time: LSAT's 1000 persons, and the toenail data, where EM is slow.
import test from 'ava';
import { fit } from '../../src/estimate/fit.js';
import { importance } from '../../src/estimate/mcem/importance.js';
import { mcem } from '../../src/estimate/mcem/mcem.js';
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
