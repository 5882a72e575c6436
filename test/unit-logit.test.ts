// The fast sums for single trials with the logit link are the outcome's own sums, far out too.
import test from 'ava';
import { rng } from '../samplers/rng.js';
import { DrawMoments } from '../src/likelihood/draw-moments.js';
import { Integrand } from '../src/likelihood/integrand.js';
import { ExpectedDerivatives } from '../src/likelihood/moments.js';
import { isUnitLogit } from '../src/likelihood/unit-logit.js';
import { normal } from '../src/model/effects/normal.js';
import { binomial } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { near } from './helpers.js';

const stream = rng(12);
/** Clusters of 1 to 13 rows. */
const rows = Array.from({ length: 13 }, (_, g) =>
  Array.from({ length: g + 1 }, () => ({
    g,
    x: 4 * stream.uniform() - 2,
    y: stream.uniform() < 0.4 ? 1 : 0,
  })),
).flat();
const model = glmm('y ~ x + (1 | g)', rows, { family: binomial() });
const { outcome } = model.family;
const effect = normal();

const places: readonly [string, Float64Array, number][] = [
  ['ordinary', Float64Array.of(0.3, -0.8), 1.3],
  ['odds of e^60', Float64Array.of(58, -0.8), 1.3],
  ['beyond the range of the products', Float64Array.of(-80, 60), 9],
];

for (const [what, beta, sigma] of places) {
  test(`values and derivatives at single points and at many: ${what}`, (t) => {
    const integrand = new Integrand(model);
    integrand.setParameters({ beta, sigma });
    const plain = new Integrand(model);
    plain.setParameters({ beta, sigma });
    const z = Float64Array.from({ length: 9 }, (_, k) => 0.9 * (k - 4));
    const weights = z.map((_, k) => (k + 1) / 45);
    const many = new Float64Array(9);
    const fast = new DrawMoments(integrand);
    const slow = new ExpectedDerivatives(plain);
    for (let i = 0; i < 13; i++) {
      integrand.select(i);
      plain.select(i);
      integrand.valueAll(z, many);
      slow.reset();
      let sum = 0;
      for (let k = 0; k < z.length; k++) {
        const { from, to, row } = plain;
        const own = outcome.value(plain.rows, from, to, sigma * z[k], 1) + effect.logDensity(z[k], sigma);
        const allowed = 1e-13 * (1 + Math.abs(own)) + 1e-12;
        near(t, integrand.value(z[k]), own, allowed, 'value');
        near(t, many[k], own, allowed, 'valueAll');
        near(t, integrand.evaluate(z[k]), own, allowed, 'evaluate');
        sum += weights[k] * own;
        plain.evaluate(z[k]);
        outcome.derivatives(plain.rows, from, to, sigma * z[k], 1, row);
        for (let r = 0; r < to - from; r++) {
          near(t, integrand.row.first[r], row.first[r], 1e-14 + 1e-13 * Math.abs(row.first[r]), 'first');
          near(t, integrand.row.second[r], row.second[r], 1e-14 + 1e-13 * Math.abs(row.second[r]), 'second');
        }
        slow.add(z[k], weights[k]);
      }
      near(t, fast.addAll(z, weights), sum, 1e-12 * (1 + Math.abs(sum)), 'weighted value');
      const found = [new Float64Array(3), new Float64Array(9)];
      const expected = [new Float64Array(3), new Float64Array(9)];
      fast.addScore(2, found[0]);
      fast.addSecond(2, found[1]);
      slow.addScore(2, expected[0]);
      slow.addSecond(2, expected[1]);
      for (const part of [0, 1]) {
        for (const [k, value] of expected[part].entries()) {
          near(t, found[part][k], value, 1e-12 * (1 + Math.abs(value)), `moment ${part}, ${k}`);
        }
      }
    }
  });
}

test('it serves single trials of weight 1 alone', (t) => {
  const two = glmm(
    'y | trials(n) ~ x + (1 | g)',
    rows.map((row) => ({ ...row, n: 2 })),
    { family: binomial() },
  );
  const probit = glmm('y ~ x + (1 | g)', rows, { family: binomial('probit') });
  const weighted = glmm(
    'y ~ x + (1 | g)',
    rows.map((row, k) => ({ ...row, w: k % 2 })),
    {
      family: binomial(),
      weights: 'w',
    },
  );
  t.true(isUnitLogit(model.family.outcome, model.clusters));
  for (const other of [two, probit, weighted]) {
    t.false(isUnitLogit(other.family.outcome, other.clusters));
  }
});
