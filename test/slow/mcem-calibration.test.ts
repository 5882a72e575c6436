// The errors of every Monte Carlo E-step of mcem() are what they say: seeds 1 to 200 on two data sets.
import test from 'ava';
import { ndtri, stdtr } from '../../samplers/special.js';
import { fit } from '../../src/estimate/fit.js';
import { importance } from '../../src/estimate/mcem/importance.js';
import { mcem } from '../../src/estimate/mcem/mcem.js';
import { metropolis } from '../../src/estimate/mcem/metropolis.js';
import { quasiMonteCarlo } from '../../src/estimate/mcem/quasi-monte-carlo.js';
import { rejection } from '../../src/estimate/mcem/rejection.js';
import { quadrature } from '../../src/estimate/quadrature.js';
import { certified, certifiedModel } from '../helpers.js';

for (const eStep of [importance(), metropolis(), rejection(), quasiMonteCarlo()]) {
  for (const name of ['booth_hobert', 'cbpp']) {
    test(`the errors of mcem(${eStep.name}) on ${name} are what they say, seeds 1 to 200`, async (t) => {
      const model = await certifiedModel(certified(name));
      const exact = await fit(model, quadrature());
      const z: number[][] = [];
      const p: number[] = [];
      for (let seed = 1; seed <= 200; seed++) {
        const found = await fit(model, mcem({ eStep }), { seed });
        const { scoreTest } = found.landing!;
        const off = found.estimates.map(
          ({ value, monteCarloError }, k) => (value - exact.estimates[k].value) / monteCarloError,
        );
        // A lattice's error comes from its replicates: t is turned into the normal of the same probability.
        const { replicates } = scoreTest;
        z.push(replicates ? off.map((t15) => ndtri(stdtr(replicates - 1, t15))) : off);
        p.push(scoreTest.pValue);
      }
      exact.estimates.forEach(({ name: parameter }, k) => {
        const mean = z.reduce((sum, row) => sum + row[k], 0) / z.length;
        const sd = Math.sqrt(z.reduce((sum, row) => sum + (row[k] - mean) ** 2, 0) / (z.length - 1));
        t.log(`${parameter}: mean ${mean.toFixed(2)}, sd ${sd.toFixed(2)}`);
        t.true(Math.abs(mean) < 0.25, `mean of z of ${parameter}: ${mean}`);
        t.true(sd > 0.83 && sd < 1.17, `sd of z of ${parameter}: ${sd}`);
      });
      t.true(uniformityPValue(p) > 0.001, `score tests' p-values are not uniform: ${uniformityPValue(p)}`);
    });
  }
}

test('the errors of an EM without a polish are what they say, cbpp, seeds 1 to 100', async (t) => {
  const model = await certifiedModel(certified('cbpp'));
  const z: (readonly number[])[] = [];
  const p: number[] = [];
  for (let seed = 1; seed <= 100; seed++) {
    const { landing } = await fit(model, mcem({ polish: false }), { seed });
    z.push(landing!.z);
    p.push(landing!.scoreTest.pValue);
  }
  for (let k = 0; k < z[0].length; k++) {
    const mean = z.reduce((sum, row) => sum + row[k], 0) / z.length;
    const sd = Math.sqrt(z.reduce((sum, row) => sum + (row[k] - mean) ** 2, 0) / (z.length - 1));
    t.true(Math.abs(mean) < 0.25, `mean of z, ${k}: ${mean}`);
    t.true(sd > 0.83 && sd < 1.17, `sd of z, ${k}: ${sd}`);
  }
  t.true(uniformityPValue(p) > 0.001);
});

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
