// nuts() against exact posteriors; its gradient against differences.
import test from 'ava';
import { rng } from '../samplers/rng.js';
import { fit } from '../src/estimate/fit.js';
import { GibbsState } from '../src/estimate/gibbs/state.js';
import { JointPosterior } from '../src/estimate/nuts/joint-posterior.js';
import { whiten } from '../src/estimate/nuts/whitening.js';
import { nuts } from '../src/estimate/nuts.js';
import { ParameterSpace } from '../src/estimate/parameter-space.js';
import { pooledStart } from '../src/estimate/pooled-start.js';
import { halfT, resolvePriors } from '../src/estimate/priors.js';
import { bridge } from '../src/model/effects/bridge.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { logistic } from '../src/model/effects/logistic.js';
import { normal } from '../src/model/effects/normal.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, type Family, gamma, gaussian, negativeBinomial, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import type { RandomEffect } from '../src/model/random-effect.js';
import { agrees, exactOf, reference, referenceModel } from './gibbs-helpers.js';

const table = {
  y: [1, 0, 2, 3, 1, 4, 2, 2, 5, 1],
  n: [3, 2, 4, 3, 5, 6, 2, 4, 6, 3],
  pos: [0.4, 1.3, 2.2, 0.9, 3.1, 0.7, 1.6, 1.1, 0.5, 2.4],
  x: [0.1, -0.7, 1.2, 0.4, -1.5, 0.8, 0.3, -0.2, 1.9, -0.6],
  g: [1, 1, 1, 2, 2, 3, 3, 3, 3, 4],
  w: [1, 2, 1, 1, 1, 3, 1, 1, 2, 1],
  cw: [2, 2, 2, 1, 1, 1, 1, 1, 1, 0],
};
const families: readonly [string, Family][] = [
  ['y | trials(n)', binomial()],
  ['y | trials(n)', binomial('probit')],
  ['y | trials(n)', binomial('cloglog')],
  ['y | trials(n)', binomial('cauchit')],
  ['y', poisson()],
  ['y', poisson('sqrt')],
  ['pos', gaussian()],
  ['pos', gaussian('log')],
  ['pos', gamma()],
  ['y', negativeBinomial()],
];
const effects: readonly RandomEffect[] = [
  normal(),
  studentT(4),
  logistic(),
  laplaceEffect(),
  logGamma(),
  bridge(),
];

function posteriorOf(model: Model, fixed = {}, Posterior = JointPosterior): JointPosterior {
  const space = new ParameterSpace(model, fixed);
  const priors = resolvePriors(model, { sigma: halfT(3, 1.5) }, fixed);
  const state = new GibbsState(space, model.clusters, priors);
  const start = space.hold(pooledStart(model));
  state.beta.set(start.beta);
  state.sigma = 0;
  state.dispersion = start.dispersion ?? 1;
  state.refresh();
  return new Posterior(space, model.clusters, priors, whiten(state));
}

/** A point off every corner of a density. */
function pointFor(posterior: JointPosterior): Float64Array {
  const stream = rng('point');
  return Float64Array.from({ length: posterior.dimension }, () => {
    const u = 1.2 * stream.uniform() - 0.6;
    return u + Math.sign(u) * 0.1;
  });
}

for (const [response, family] of families) {
  test(`${family.name}, ${family.link.name}: the gradient is that of the density, for every distribution`, (t) => {
    for (const randomEffect of effects) {
      for (const fixed of [{}, { sigma: 0.7 }, { sigma: 0, beta: { x: 0.2 } }]) {
        const model = glmm(`${response} ~ x + (1 | g)`, table, { family, randomEffect, weights: 'w' });
        const posterior = posteriorOf(model, fixed);
        const at = pointFor(posterior);
        const slopes = new Float64Array(at.length);
        const value = posterior.gradient(at, slopes);
        t.is(value, posterior.logDensity(at));
        t.true(Number.isFinite(value));
        at.forEach((x, k) => {
          const shifted = (shift: number): number => posterior.logDensity(at.with(k, x + shift));
          const h = 1e-3;
          const difference = (8 * (shifted(h) - shifted(-h)) - (shifted(2 * h) - shifted(-2 * h))) / (12 * h);
          const near = Math.abs(slopes[k] - difference) < 1e-6 * Math.max(1, Math.abs(difference));
          t.true(near, `${randomEffect.name}, coordinate ${k}: ${slopes[k]}, differences give ${difference}`);
        });
      }
    }
  });
}

test('a point and its coordinates are the same', (t) => {
  const model = glmm('pos ~ x + (1 | g)', table, { family: gaussian() });
  const posterior = posteriorOf(model);
  const point = {
    beta: Float64Array.of(0.7, -0.3),
    sigma: 0.6,
    dispersion: 1.7,
    z: Float64Array.of(0.1, -1, 2, 0.4),
  };
  const x = posterior.position(point);
  const out = new Float64Array(2 + 1 + 1 + 1 + 4);
  posterior.record(x, 5, Int32Array.of(0, 1, 2, 3), out);
  const expected = [0.7, -0.3, 0.6, 1.7, 5 - 4 * Math.log(0.6), 0.06, -0.6, 1.2, 0.24];
  for (const [k, value] of expected.entries()) t.true(Math.abs(out[k] - value) < 1e-12, `${k}: ${out[k]}`);
});

test('seeds: within 4 combined errors of the reference', async (t) => {
  const { draws, converged } = await fit(await referenceModel('seeds'), nuts({ warmup: 500, draws: 1000 }), {
    seed: 42,
  });
  t.true(converged);
  agrees(t, draws, exactOf(reference('seeds')), 600);
});
