// mcem() at the sizes that take their time: LSAT's 1000 persons, and the calibration of the Monte Carlo errors.
import test from 'ava';
import { fit } from '../../src/estimate/fit.js';
import { importance } from '../../src/estimate/mcem/importance.js';
import { mcem } from '../../src/estimate/mcem/mcem.js';
import { metropolis } from '../../src/estimate/mcem/metropolis.js';
import { quadrature } from '../../src/estimate/quadrature.js';
import { certified, certifiedModel, landed } from '../helpers.js';

for (const eStep of [importance(), metropolis()]) {
  test(`mcem(${eStep.name}) lands on lsat`, async (t) => {
    const model = await certifiedModel(certified('lsat'));
    const exact = await fit(model, quadrature());
    for (const seed of [1, 2, 3]) landed(t, await fit(model, mcem({ eStep }), { seed }), exact, 0.02);
    landed(t, await fit(model, mcem({ eStep, monteCarloError: 0.002 }), { seed: 4 }), exact, 0.002);
  });

  test(`mcem(${eStep.name}) lands on toenail, where EM is slow`, async (t) => {
    const model = await certifiedModel(certified('toenail'));
    const found = await fit(model, mcem({ eStep }), { seed: 1 });
    landed(t, found, await fit(model, quadrature()), 0.02);
    t.true(found.landing!.landed);
    t.true(found.logLikError < 1e-9);
    t.true(Math.abs(found.logLik - -625.3975179) < 1e-3);
  });

  for (const name of ['booth_hobert', 'cbpp']) {
    test(`the errors of mcem(${eStep.name}) on ${name} are what they say, seeds 1 to 200`, async (t) => {
      const model = await certifiedModel(certified(name));
      const exact = await fit(model, quadrature());
      const z: number[][] = [];
      const p: number[] = [];
      for (let seed = 1; seed <= 200; seed++) {
        const found = await fit(model, mcem({ eStep }), { seed });
        z.push(
          found.estimates.map(
            ({ value, monteCarloError }, k) => (value - exact.estimates[k].value) / monteCarloError,
          ),
        );
        p.push(found.landing!.scoreTest.pValue);
      }
      exact.estimates.forEach(({ name: parameter }, k) => {
        const mean = z.reduce((sum, row) => sum + row[k], 0) / z.length;
        const sd = Math.sqrt(z.reduce((sum, row) => sum + (row[k] - mean) ** 2, 0) / (z.length - 1));
        t.true(Math.abs(mean) < 0.25, `mean of z of ${parameter}: ${mean}`);
        t.true(sd > 0.83 && sd < 1.17, `sd of z of ${parameter}: ${sd}`);
      });
      t.true(uniformityPValue(p) > 0.001, `score tests' p-values are not uniform: ${uniformityPValue(p)}`);
    });
  }
}

/** Kolmogorov-Smirnov p-value of the uniform distribution (Stephens 1970's approximation). */
function uniformityPValue(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  const distance = Math.max(...sorted.map((p, i) => Math.max(p - i / n, (i + 1) / n - p)));
  const lambda = (Math.sqrt(n) + 0.12 + 0.11 / Math.sqrt(n)) * distance;
  let sum = 0;
  for (let j = 1; j <= 100; j++) sum += 2 * (-1) ** (j - 1) * Math.exp(-2 * j * j * lambda * lambda);
  return Math.min(1, sum);
}
