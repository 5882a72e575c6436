// Marginal likelihoods under random-effect distributions: closed forms, needles, extremes; the table's rows are tested by themselves.
import test from 'ava';
import { lgam } from '../samplers/special.js';
import { marginal } from '../src/likelihood/marginal.js';
import { bridge } from '../src/model/effects/bridge.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, gamma, gaussian, poisson } from '../src/model/family.js';
import { bruteForce } from './brute-force.js';
import { at, responses, twice, unbounded, withDensity } from './combination-cases.js';
import { near } from './helpers.js';

test('closed forms: Poisson with log-gamma, logit with bridge intercepts', (t) => {
  for (const sigma of [1e-6, 0.05, Math.sqrt(1 / 1.5), 3, 50]) {
    const y = [2, 0, 3];
    const mu = [1.2, 0.7, 2];
    const a = 1 / (sigma * sigma);
    const total = mu.reduce((sum, m) => sum + m, 0);
    // Gamma(a + s) / Gamma(a) / (a + M)^s as a product, (1 + M / a)^-a: nothing cancels for large a.
    let expected = -a * Math.log1p(total / a);
    for (let k = 0; k < 5; k++) expected += Math.log((a + k) / (a + total));
    y.forEach((v, j) => {
      expected += v * Math.log(mu[j]) - lgam(v + 1);
    });
    const found = at(twice(poisson(), logGamma(), y, mu.map(Math.log)), sigma).logLik / 2;
    near(t, found, expected, 1e-11, `Poisson-gamma, sigma ${sigma}`);
  }
  near(
    t,
    at(twice(poisson(), logGamma(), [2, 0, 3], [1.2, 0.7, 2].map(Math.log)), Math.sqrt(1 / 1.5)).logLik / 2,
    -4.610873233072112,
    1e-12,
    'negative binomial, by its closed form',
  );
  for (const sigma of [1e-8, 1e-3, 0.3, 1, 3, 50]) {
    const phi = 1 / Math.sqrt(1 + (3 * sigma * sigma) / Math.PI ** 2);
    for (const eta of [-700, -20, -1, 0, 0.4, 6, 700]) {
      const found = at(twice(binomial(), bridge(), [1], [eta]), sigma).logLik / 2;
      const expected = -(eta < 0
        ? Math.log1p(Math.exp(phi * eta)) - phi * eta
        : Math.log1p(Math.exp(-phi * eta)));
      near(t, found, expected, 1e-10 * Math.max(1, Math.abs(expected)), `bridge, sigma ${sigma}, eta ${eta}`);
    }
  }
});

test('clusters of a thousand rows, whose likelihood is a needle far from where the effect is', (t) => {
  // Gaussian rows: the mean is sufficient, so that a single row of the mean, of variance phi / n, gives the same.
  const n = 1000;
  for (const { name: effectName, effect, density } of withDensity) {
    for (const [sigma, center] of [
      [0.5, 4],
      [2, -30],
    ]) {
      const y = Array.from({ length: n }, (_, j) => center + Math.sin(j));
      const mean = y.reduce((sum, v) => sum + v, 0) / n;
      const squares = y.reduce((sum, v) => sum + (v - mean) ** 2, 0);
      const found = at(
        twice(
          gaussian(),
          effect,
          y,
          y.map(() => 0),
        ),
        sigma,
      );
      const phi = 0.7;
      const rest = -0.5 * (n - 1) * Math.log(2 * Math.PI * phi) - squares / (2 * phi) - 0.5 * Math.log(n);
      const integral = bruteForce(
        (eps) => -0.5 * Math.log((2 * Math.PI * phi) / n) - (n * (mean - eps) ** 2) / (2 * phi),
        (eps) => density!(eps, sigma),
        1e-6,
        [mean],
      );
      if (integral < -1e4) continue;
      near(
        t,
        found.logLik / 2,
        rest + integral,
        1e-9 * Math.abs(rest + integral),
        `${effectName}, sigma ${sigma}`,
      );
    }
  }
});

test('extremes give finite numbers and an error bound, in bounded work', (t) => {
  for (const { name: familyName, family } of unbounded) {
    for (const { name: effectName, effect } of withDensity) {
      // The plain rule for normal tails is tested elsewhere.
      if (effectName === 'normal') continue;
      for (const sigma of [0, 1e-8, 0.3, 50]) {
        for (const level of [-700, -650, 650, 700]) {
          const eta = [level, level + 30];
          const y = responses(familyName, 2, level > 0);
          const what = `${familyName}, ${effectName}, sigma ${sigma}, eta ${eta}`;
          const model = twice(family, effect, y, eta);
          // At and near sigma = 0 a mean of exp(700) beside a small response has no likelihood that doubles hold.
          const impossible =
            !(Math.abs(at(model, 0.3).logLik) < 1e6) || (sigma < 0.1 && !familyName.startsWith('binomial'));
          if (impossible) continue;
          const { logLik, gradient, nodes } = at(model, sigma);
          t.true(Number.isFinite(logLik) && gradient.every(Number.isFinite), `${what}: ${logLik}`);
          t.true(
            nodes.every((count) => count < 10_000),
            `${what}: ${nodes[0]} nodes`,
          );
        }
      }
    }
  }
});

test('few adaptive nodes stand at the global mode, and are refused at a corner', (t) => {
  // Bimodal: a t1 effect against ten rows that are sure of eps = 6.
  const y = Array.from({ length: 10 }, (_, j) => 6 + 0.1 * Math.sin(j));
  const model = twice(
    gaussian(),
    studentT(1),
    y,
    y.map(() => 0),
  );
  const parameters = { beta: new Float64Array(0), sigma: 0.05, dispersion: 0.7 };
  const exact = marginal(model, parameters).logLik;
  near(t, marginal(model, parameters, { nodes: 1 }).logLik, exact, 0.1, 'Laplace');
  near(t, marginal(model, parameters, { nodes: 30 }).logLik, exact, 1e-3, '30 nodes');
  const kinked = twice(gamma(), laplaceEffect(), [1, 2], [0, 0]);
  t.throws(() => marginal(kinked, { ...parameters, sigma: 1 }, { nodes: 5 }), { code: 'unsupported-effect' });
});
