// The fast sums for single trials with the logit link are the outcome's own sums, far out too.
import test from 'ava';
import { rng } from '../samplers/rng.js';
import { DrawMoments } from '../src/likelihood/draw-moments.js';
import { Integrand } from '../src/likelihood/integrand.js';
import { ExpectedDerivatives, LouisMoments } from '../src/likelihood/moments.js';
import { findPeak } from '../src/likelihood/peak.js';
import { TransportedMoments } from '../src/likelihood/transported-moments.js';
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

test('clusters of more rows, and draws of more points, than a block holds', (t) => {
  const many = Array.from({ length: 300 }, (_, r) => ({
    g: r < 290 ? 0 : 1,
    x: Math.sin(r),
    y: (r * 7) % 3 === 0 ? 1 : 0,
  }));
  const integrand = new Integrand(glmm('y ~ x + (1 | g)', many, { family: binomial() }));
  integrand.setParameters({ beta: Float64Array.of(-0.7, 0.4), sigma: 1.2 });
  const size = 3;
  const moments = new DrawMoments(integrand);
  const moved = new TransportedMoments(integrand);
  const slow = new LouisMoments(integrand);
  for (let i = 0; i < 2; i++) {
    integrand.select(i);
    const { z: mode, width } = findPeak(integrand, 0);
    const peak = integrand.value(mode);
    const z = Float64Array.from({ length: 601 }, (_, k) => mode + (width * (k - 300)) / 25);
    const logProposal = z.map((point) => -0.1 * (point - mode) ** 2);
    const weights = z.map((point, k) => Math.exp(integrand.value(point) - peak - logProposal[k]));
    slow.reset();
    for (let k = 0; k < z.length; k++) {
      integrand.evaluate(z[k]);
      slow.add(z[k], weights[k]);
    }
    const expected = new Float64Array(size);
    slow.addScore(1, expected);
    const scores: Float64Array[] = [];
    const keep = (): void => {
      scores.push(new Float64Array(size));
      moments.addScore(1, scores[scores.length - 1]);
    };
    moments.addAll(z, weights);
    keep();
    moments.addAllScores(z, weights);
    keep();
    t.true(moments.addRatios(z, logProposal, 0, z.length, mode));
    keep();
    for (const score of scores) {
      for (let a = 0; a < size; a++) near(t, score[a], expected[a], 1e-10, `score ${a}`);
    }
    const replicated = new Float64Array(size * 4);
    moved.start(mode);
    moved.addAll(z.subarray(0, 600), weights.subarray(0, 600), undefined, replicated);
    // The information is the same by either choice of the missing data where the weights are the posterior's.
    const posterior = z.map((point) => Math.exp(integrand.value(point) - peak));
    const [louis, hessian] = [new Float64Array(size * size), new Float64Array(size * size)];
    slow.reset();
    for (let k = 0; k < z.length; k++) {
      integrand.evaluate(z[k]);
      slow.add(z[k], posterior[k]);
    }
    slow.addHessian(1, louis);
    moved.start(mode);
    moved.addAll(z, posterior);
    moved.addHessian(1, hessian);
    for (let a = 0; a < size; a++) {
      for (let b = 0; b <= a; b++) near(t, hessian[a * size + b], louis[a * size + b], 1e-7, `${a}, ${b}`);
    }
    // The parts' sums of weighted scores are what a part alone has.
    for (let part = 0; part < 4; part++) {
      const [from, to] = [150 * part, 150 * (part + 1)];
      const alone = new Float64Array(size);
      moments.addAll(z, weights, from, to);
      moments.addScore(moments.weight, alone);
      for (let a = 0; a < size; a++)
        near(t, replicated[part * size + a], alone[a], 1e-9, `part ${part}, ${a}`);
    }
  }
});

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
