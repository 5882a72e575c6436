// Louis's information comes out the same for missing data that move with the parameters, without the cancellation.
import test from 'ava';
import { Integrand } from '../src/likelihood/integrand.js';
import { LouisMoments } from '../src/likelihood/moments.js';
import { findPeak } from '../src/likelihood/peak.js';
import { TransportedMoments } from '../src/likelihood/transported-moments.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, gamma, gaussian, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import { dot } from '../src/numeric/newton.js';
import { near } from './helpers.js';

const rows = Array.from({ length: 12 }, (_, r) => ({ g: r % 3, x: Math.sin(r), y: 1 + ((r * 7) % 5), n: 6 }));
const poissonRows = { family: poisson() };
const cases: readonly [string, Model, number | undefined][] = [
  ['poisson', glmm('y ~ x + (1 | g)', rows, poissonRows), undefined],
  ['binomial', glmm('y | trials(n) ~ x + (1 | g)', rows, { family: binomial('cloglog') }), undefined],
  ['gaussian', glmm('y ~ x + (1 | g)', rows, { family: gaussian() }), 0.4],
  ['gamma', glmm('y ~ x + (1 | g)', rows, { family: gamma() }), 0.4],
  ['t intercepts', glmm('y ~ x + (1 | g)', rows, { ...poissonRows, randomEffect: studentT(4) }), undefined],
  [
    'Laplace intercepts',
    glmm('y ~ x + (1 | g)', rows, { ...poissonRows, randomEffect: laplaceEffect() }),
    undefined,
  ],
];

for (const [what, model, dispersion] of cases) {
  test(`the information is the same by every choice of the missing data: ${what}`, (t) => {
    const integrand = new Integrand(model);
    const beta = Float64Array.of(0.3, -0.2);
    integrand.setParameters({ beta, sigma: 0.8, ...(dispersion && { dispersion }) });
    const plain = new LouisMoments(integrand);
    const moved = new TransportedMoments(integrand);
    const { size } = plain;
    const direction = Float64Array.of(0.5, -1, 0.7, 0.3).subarray(0, size);
    for (let i = 0; i < model.clusters.count; i++) {
      integrand.select(i);
      const { z: mode } = findPeak(integrand, 0);
      const expected = new Float64Array(size * size);
      const found = new Float64Array(size * size);
      plain.reset();
      moved.start(mode);
      const { x } = model.clusters;
      const shift = Float64Array.from({ length: integrand.to - integrand.from }, (_, k) =>
        dot(x.subarray(2 * (integrand.from + k), 2 * (integrand.from + k) + 2), direction.subarray(0, 2)),
      );
      const peak = integrand.value(mode);
      const [sums, weights] = [new Float64Array(3), { total: 0 }];
      for (let z = mode - 14; z < mode + 14; z += 0.002) {
        const weight = Math.exp(integrand.evaluate(z) - peak);
        if (weight < 1e-18) continue;
        plain.add(z, weight);
        moved.add(z, weight);
        const score = dot(moved.moved, direction);
        weights.total += weight;
        sums[0] += weight * moved.secondAlong(z, direction, shift);
        sums[1] += weight * score;
        sums[2] += weight * score * score;
      }
      plain.addHessian(1, expected);
      moved.addHessian(1, found);
      const scale = Math.max(...expected.map(Math.abs));
      let along = 0;
      for (let a = 0; a < size; a++) {
        for (let b = 0; b <= a; b++) {
          near(t, found[a * size + b], expected[a * size + b], 1e-8 * scale, `${a}, ${b} of cluster ${i}`);
          along += (a === b ? 1 : 2) * direction[a] * direction[b] * found[a * size + b];
        }
      }
      const [second, mean, square] = sums.map((sum) => sum / weights.total);
      near(t, second + square - mean * mean, along, 1e-8 * scale, `along a direction, cluster ${i}`);
    }
  });
}

test('by blocks of points single logit trials give the same information, and the scores of each point', (t) => {
  const trials = Array.from({ length: 12 }, (_, r) => ({
    g: r < 5 ? 0 : 1,
    x: Math.sin(r),
    between: r < 5 ? 1 : 0,
    y: (r * 7) % 3 === 0 ? 1 : 0,
  }));
  const integrand = new Integrand(glmm('y ~ x + between + (1 | g)', trials, { family: binomial() }));
  integrand.setParameters({ beta: Float64Array.of(0.3, -0.2, 0.5), sigma: 1.4 });
  const plain = new LouisMoments(integrand);
  const moved = new TransportedMoments(integrand);
  const { size } = plain;
  for (let i = 0; i < 2; i++) {
    integrand.select(i);
    const { z: mode, value: peak } = findPeak(integrand, 0);
    const z = Float64Array.from({ length: 1001 }, (_, k) => mode + 0.02 * (k - 500));
    const weights = z.map((point) => Math.exp(integrand.value(point) - peak));
    const scores = new Float64Array(size * z.length);
    plain.reset();
    moved.start(mode);
    moved.addAll(z, weights, scores);
    for (let k = 0; k < z.length; k++) {
      integrand.evaluate(z[k]);
      plain.add(z[k], weights[k]);
      for (let a = 0; a < size; a++) near(t, scores[k * size + a], plain.score[a], 1e-12, `point ${k}, ${a}`);
    }
    const [expected, found] = [new Float64Array(size * size), new Float64Array(size * size)];
    const [score, gradient] = [new Float64Array(size), new Float64Array(size)];
    plain.addHessian(1, expected);
    moved.addHessian(1, found);
    plain.addScore(1, score);
    moved.addScore(1, gradient);
    for (let a = 0; a < size; a++) {
      near(t, gradient[a], score[a], 1e-12, `score ${a} of cluster ${i}`);
      for (let b = 0; b <= a; b++) near(t, found[a * size + b], expected[a * size + b], 1e-8, `${a}, ${b}`);
    }
  }
});
