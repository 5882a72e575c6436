// sigma = 0 under every effect: the slope of the log-likelihood in sigma^2, and fits that end there or do not.
import test from 'ava';
import { slopeInVariance } from '../src/estimate/boundary-slope.js';
import { fit } from '../src/estimate/fit.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { MarginalLikelihood } from '../src/likelihood/marginal-likelihood.js';
import { bridge } from '../src/model/effects/bridge.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { logistic } from '../src/model/effects/logistic.js';
import { normal } from '../src/model/effects/normal.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, gaussian, poisson } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import type { RandomEffect } from '../src/model/random-effect.js';
import { near } from './helpers.js';

/** Effects with the variance of z. */
const effects: readonly (readonly [RandomEffect, number])[] = [
  [normal(), 1],
  [studentT(5), 5 / 3],
  [studentT(2.5), 5],
  [logistic(), Math.PI ** 2 / 3],
  [laplaceEffect(), 2],
  [logGamma(), 1],
  [bridge(), 1],
];

const y = [1, 3, 0, 2, 5, 4, 0, 0, 1];
const g = [1, 1, 1, 2, 2, 2, 3, 3, 3];

test('the slope in sigma^2 is that of the certified log-likelihood, at and away from the pooled fit', (t) => {
  const parameters = { beta: Float64Array.of(0.3), sigma: 0, dispersion: 1.3 };
  for (const family of [poisson(), gaussian()]) {
    for (const [randomEffect, variance] of effects) {
      const likelihood = new MarginalLikelihood(glmm('y ~ 1 + (1 | g)', { y, g }, { family, randomEffect }));
      const found = slopeInVariance(likelihood, parameters);
      const value = (sigma: number): number =>
        likelihood.evaluate({ ...parameters, sigma }, { kind: 'certified', tolerance: 1e-12 }, false);
      const base = value(0);
      const h = 0.0005;
      const quotient = (k: number): number => (value(k * h) - base) / (k * h) ** 2;
      // Terms of order sigma (Student t: |sigma|^df) and sigma^2 of the quotient are extrapolated away.
      const difference = 3 * quotient(1) - 3 * quotient(2) + quotient(3);
      const what = `${family.name}, ${randomEffect.name} ${randomEffect.tailDf}`;
      // For df = 2.5 the quotient falls as sigma^0.5, too slowly to be extrapolated.
      if (!(randomEffect.tailDf < 3)) near(t, found, difference, 2e-3 * Math.abs(found), what);
      if (randomEffect.name === 'bridge') continue;
      // By its closed form.
      let formula = 0;
      for (const cluster of [1, 2, 3]) {
        let score = 0;
        let information = 0;
        y.forEach((value, r) => {
          if (g[r] !== cluster) return;
          const mu = Math.exp(0.3);
          score += family.name === 'poisson' ? value - mu : (value - 0.3) / 1.3;
          information += family.name === 'poisson' ? mu : 1 / 1.3;
        });
        const mean = randomEffect.name === 'log-gamma' ? -0.5 : 0;
        formula += 0.5 * variance * (score * score - information) + mean * score;
      }
      near(t, found, formula, 1e-9 * Math.max(1, Math.abs(formula)), `${what}: formula`);
    }
  }
});

test('bridge intercepts: the slope in closed form where every cluster is one row', (t) => {
  const eta = [0.4, -1, 2, 0.1, -0.7];
  const success = [1, 0, 1, 0, 1];
  const rows = eta.map((value, r) => ({ y: success[r], eta: value, g: r }));
  const model = glmm('y ~ 0 + offset(eta) + (1 | g)', rows, { family: binomial(), randomEffect: bridge() });
  const found = slopeInVariance(new MarginalLikelihood(model), { beta: new Float64Array(0), sigma: 0 });
  // l = sum log plogis(+-phi eta), phi = 1 - 3 sigma^2 / (2 pi^2) + ...
  const inPhi = eta.reduce((sum, u, r) => sum + u * (success[r] - 1 / (1 + Math.exp(-u))), 0);
  near(t, found, (-3 / (2 * Math.PI ** 2)) * inPhi, 1e-8, 'slope');
});

test('the slope is not defined where z has no variance', (t) => {
  const model = glmm('y ~ 1 + (1 | g)', { y, g }, { family: poisson(), randomEffect: studentT(2) });
  t.true(
    Number.isNaN(slopeInVariance(new MarginalLikelihood(model), { beta: Float64Array.of(0), sigma: 0 })),
  );
});

test('fits end at sigma = 0 where the data say so, and inside where they do not', async (t) => {
  const even = { y: [1, 2, 2, 1, 2, 1, 1, 2, 1, 2, 2, 1], g: [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3] };
  const uneven = { y: [0, 1, 0, 1, 4, 6, 5, 4, 12, 9, 14, 11], g: even.g };
  for (const [randomEffect] of [...effects, [studentT(1), 0] as const]) {
    const what = `${randomEffect.name} ${randomEffect.tailDf}`;
    const none = await fit(glmm('y ~ 1 + (1 | g)', even, { family: poisson(), randomEffect }), quadrature());
    t.is(none.parameters.sigma, 0, what);
    t.true(none.converged && none.findings.some(({ code }) => code === 'sigma-boundary'), what);
    const some = await fit(
      glmm('y ~ 1 + (1 | g)', uneven, { family: poisson(), randomEffect }),
      quadrature(),
    );
    t.true(some.converged && some.parameters.sigma > 0.1, `${what}: ${some.findings.map((f) => f.message)}`);
    t.true(some.logLikError < 1e-9, what);
  }
});
