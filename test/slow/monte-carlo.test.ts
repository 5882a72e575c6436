// saem(), mcnr() and mcml() at their defaults on more data, and the calibration of their Monte Carlo errors.
import test from 'ava';
import { fit, type LikelihoodFit, type Strategy } from '../../src/estimate/fit.js';
import { metropolis } from '../../src/estimate/mcem/metropolis.js';
import { rejection } from '../../src/estimate/mcem/rejection.js';
import { mcml } from '../../src/estimate/mcml/mcml.js';
import { mcnr } from '../../src/estimate/mcnr/mcnr.js';
import { quadrature } from '../../src/estimate/quadrature.js';
import { saem } from '../../src/estimate/saem/saem.js';
import { certified, certifiedModel, landed, near } from '../helpers.js';

/** Where a fit takes long one seed has to do. */
const seedsOf = (set: string): number[] => (set === 'epil' || set === 'lsat' ? [1] : [1, 2]);

for (const set of ['cbpp', 'seeds', 'booth_hobert', 'infection', 'epil', 'lsat']) {
  for (const [strategy, most] of [
    [mcnr(), 0.02],
    [mcml(), 0.05],
  ] as const) {
    test(`${strategy.name} lands on ${set}`, async (t) => {
      const model = await certifiedModel(certified(set));
      const exact = await fit(model, quadrature());
      for (const seed of seedsOf(set)) landed(t, await fit(model, strategy, { seed }), exact, most);
    });
  }

  // Of epil and LSAT, where EM is slow, it says that it errs by more than 5% of a standard error: that must be true.
  test(`saem() errs by what it says on ${set}`, async (t) => {
    const model = await certifiedModel(certified(set));
    const exact = await fit(model, quadrature());
    for (const seed of seedsOf(set)) {
      const found = await fit(model, saem(), { seed });
      found.estimates.forEach(({ name, value, monteCarloError }, k) => {
        near(t, (value - exact.estimates[k].value) / monteCarloError, 0, 4, name);
      });
      t.true(found.landing!.scoreTest.pValue > 1e-4);
      if (set !== 'epil' && set !== 'lsat') t.true(found.converged);
    }
  });
}

test('mcml() on the toenail data lands, or says that its budget did not suffice', async (t) => {
  const model = await certifiedModel(certified('toenail'));
  const exact = await fit(model, quadrature());
  landed(t, await fit(model, mcml(), { seed: 1 }), exact, 0.05);
  const short = await fit(model, mcml({ monteCarloError: 0.005 }), { seed: 1 });
  t.false(short.converged);
  t.true(short.findings.some(({ code }) => code === 'monte-carlo-error-above-target'));
  t.true(short.milliseconds < 60_000);
});

for (const name of ['booth_hobert', 'cbpp']) {
  test(`the errors of saem() by exact draws are what they say on ${name}, seeds 1 to 40`, async (t) => {
    const model = await certifiedModel(certified(name));
    const z: (readonly number[])[] = [];
    for (let seed = 1; seed <= 40; seed++) {
      z.push((await fit(model, saem({ eStep: rejection() }), { seed })).landing!.z);
    }
    for (let k = 0; k < z[0].length; k++) {
      const mean = z.reduce((sum, row) => sum + row[k], 0) / z.length;
      const sd = Math.sqrt(z.reduce((sum, row) => sum + (row[k] - mean) ** 2, 0) / (z.length - 1));
      t.true(sd > 0.83 && sd < 1.17, `sd of z, ${k}: ${sd}`);
    }
  });
}

const calibrated: readonly (readonly [string, Strategy<LikelihoodFit>])[] = [
  ['saem', saem({ exploration: 60, smoothing: 60, monteCarloError: 0.1 })],
  ['mcnr', mcnr()],
  ['mcnr without control variates', mcnr({ controlVariates: false, monteCarloError: 0.1 })],
  ['mcml', mcml({ monteCarloError: 0.1 })],
];

for (const [name, strategy] of calibrated) {
  test(`the errors of ${name} are what they say, seeds 1 to 100`, async (t) => {
    const model = await certifiedModel(certified('booth_hobert'));
    const exact = await fit(model, quadrature());
    const z: number[][] = [];
    for (let seed = 1; seed <= 100; seed++) {
      const { estimates } = await fit(model, strategy, { seed });
      z.push(
        estimates.map(
          ({ value, monteCarloError }, k) => (value - exact.estimates[k].value) / monteCarloError,
        ),
      );
    }
    exact.estimates.forEach(({ name: parameter }, k) => {
      const mean = z.reduce((sum, row) => sum + row[k], 0) / z.length;
      const sd = Math.sqrt(z.reduce((sum, row) => sum + (row[k] - mean) ** 2, 0) / (z.length - 1));
      t.true(Math.abs(mean) < 0.4, `mean of z of ${parameter}: ${mean}`);
      t.true(sd > 0.76 && sd < 1.24, `sd of z of ${parameter}: ${sd}`);
    });
  });
}

test('other E-steps serve them too', async (t) => {
  const model = await certifiedModel(certified('infection'));
  const exact = await fit(model, quadrature());
  landed(t, await fit(model, mcnr({ eStep: metropolis() }), { seed: 1 }), exact, 0.02);
  landed(
    t,
    await fit(model, mcnr({ controlVariates: false, monteCarloError: 0.1 }), { seed: 1 }),
    exact,
    0.1,
  );
  landed(t, await fit(model, mcml({ eStep: metropolis(), monteCarloError: 0.1 }), { seed: 1 }), exact, 0.1);
  const textbook = { expanded: false, smoothing: 60, monteCarloError: 0.3 };
  landed(t, await fit(model, saem(textbook), { seed: 1 }), exact, 0.3);
});
