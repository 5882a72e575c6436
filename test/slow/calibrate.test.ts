// Coverage near its level for every family, by likelihood and by draws; the test of sigma = 0 at its level.
import test from 'ava';
import { type CalibratedParameter, calibrate } from '../../src/compare/calibrate.js';
import { collapsed } from '../../src/estimate/collapsed.js';
import { fit } from '../../src/estimate/fit.js';
import { pooled } from '../../src/estimate/pooled.js';
import { quadrature } from '../../src/estimate/quadrature.js';
import { simulate } from '../../src/estimate/simulate.js';
import { binomial, type Family, gamma, gaussian, poisson } from '../../src/model/family.js';
import { glmm, type Model, withResponse } from '../../src/model/model.js';

/** m clusters of n rows with x across and within them, and some responses that the family allows. */
function design(m: number, n: number, family: Family): Model {
  const rows = Array.from({ length: m * n }, (_, r) => r);
  const some: Record<string, (r: number) => number> = {
    binomial: (r) => ((r * r + r) % 3) % 2,
    poisson: (r) => (r * r) % 5,
    gaussian: (r) => Math.sin(r * r),
    gamma: (r) => 1 + ((r * r) % 7),
  };
  const table = {
    y: rows.map(some[family.name]),
    x: rows.map((r) => Math.cos(r)),
    g: rows.map((r) => Math.floor(r / n)),
  };
  return glmm('y ~ x + (1 | g)', table, { family });
}

const families: readonly (readonly [Family, number | undefined])[] = [
  [binomial(), undefined],
  [poisson(), undefined],
  [gaussian(), 0.5],
  [gamma(), 0.5],
];

const off = (one: CalibratedParameter): boolean =>
  one.coverage.some(({ level, value, error }) => Math.abs(value - level) > 4 * error);

for (const [family, dispersion] of families) {
  test(`${family.name}: Wald's intervals of quadrature() hold the coefficients as often as they say`, async (t) => {
    const parameters = { beta: Float64Array.of(0.3, 0.5), sigma: 0.7, ...(dispersion && { dispersion }) };
    const model = design(40, 5, family);
    const found = await calibrate(model, [quadrature()], { replications: 300, seed: 2, parameters });
    const [row] = found.rows;
    t.is(row.failures, 0);
    const [, slope] = row.parameters;
    t.false(off(slope), String(found));
    t.true(Math.abs(slope.bias) < 4 * slope.biasError, String(found));
    t.true(Math.abs(slope.meanStandardError / slope.sd - 1) < 4 / Math.sqrt(2 * 300), String(found));
  });

  test(`${family.name}: the test of sigma = 0 rejects a true one as often as it says, and finds a false one`, async (t) => {
    const model = design(60, 4, family);
    const common = { beta: Float64Array.of(0.3, 0.5), ...(dispersion && { dispersion }) };
    const rejected = async (sigma: number): Promise<number> => {
      let times = 0;
      for (const y of simulate(model, { ...common, sigma }, { seed: 4, draws: 400 })) {
        const { heterogeneity } = await fit(withResponse(model, y), pooled());
        if (heterogeneity.pValue < 0.05) times++;
      }
      return times / 400;
    };
    const level = await rejected(0);
    t.true(Math.abs(level - 0.05) < 4 * Math.sqrt((0.05 * 0.95) / 400), `${level}`);
    const power = await rejected(0.8);
    t.true(power > 0.6, `${power}`);
  });
}

test('draws: credible intervals hold the truth about as often as they say', async (t) => {
  const model = design(40, 5, binomial());
  const sampler = collapsed({ chains: 4, warmup: 200, draws: 1000 });
  const parameters = { beta: Float64Array.of(0.3, 0.5), sigma: 0.7 };
  const found = await calibrate(model, [sampler], {
    replications: 100,
    seed: 3,
    parameters,
  });
  const [row] = found.rows;
  t.true(row.failures < 5, String(found));
  t.false(row.parameters.some(off), String(found));
  const again = await calibrate(model, [sampler], {
    replications: 3,
    seed: 3,
    parameters,
    workers: 2,
  });
  const once = await calibrate(model, [sampler], {
    replications: 3,
    seed: 3,
    parameters,
  });
  t.deepEqual(again.rows[0].parameters, once.rows[0].parameters);
});
