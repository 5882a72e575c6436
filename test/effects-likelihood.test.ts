// Marginal likelihoods under every random-effect distribution, against brute-force integration, closed forms, differences.
import test from 'ava';
import { lgam } from '../samplers/special.js';
import { type Marginal, marginal } from '../src/likelihood/marginal.js';
import { bridge } from '../src/model/effects/bridge.js';
import { customEffect } from '../src/model/effects/custom.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { logistic } from '../src/model/effects/logistic.js';
import { normal } from '../src/model/effects/normal.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, type Family, gamma, gaussian, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import type { RandomEffect } from '../src/model/random-effect.js';
import { bruteForce, effectDensities, outcomeDensities } from './brute-force.js';
import { near } from './helpers.js';

const families: Readonly<Record<string, Family>> = {
  'binomial-logit': binomial(),
  'binomial-probit': binomial('probit'),
  'binomial-cloglog': binomial('cloglog'),
  'binomial-cauchit': binomial('cauchit'),
  'poisson-log': poisson(),
  'poisson-sqrt': poisson('sqrt'),
  'gaussian-identity': gaussian(),
  'gaussian-log': gaussian('log'),
  'gamma-log': gamma(),
};

const effects: Readonly<Record<string, RandomEffect>> = {
  normal: normal(),
  t1: studentT(1),
  t3: studentT(3),
  logistic: logistic(),
  laplace: laplaceEffect(),
  'log-gamma': logGamma(),
  bridge: bridge(),
};

/** Responses by family: mixed, and all alike where binomial. */
function responses(family: string, count: number, alike: boolean): number[] {
  return Array.from({ length: count }, (_, j) => {
    if (family.startsWith('binomial')) return alike ? 1 : j % 2;
    if (family.startsWith('poisson')) return alike ? 0 : (3 * j) % 5;
    if (family.startsWith('gamma')) return 0.2 + (alike ? 5 : 1.7) * (j % 3);
    return alike ? 8 + 0.01 * j : (j % 4) - 1;
  });
}

/** Two equal clusters (one is refused) of these rows. */
function twice(family: Family, effect: RandomEffect, y: readonly number[], eta: readonly number[]): Model {
  const rows = [0, 1].flatMap((g) => y.map((value, j) => ({ y: value, eta: eta[j], g })));
  return glmm('y ~ 0 + offset(eta) + (1 | g)', rows, { family, randomEffect: effect });
}

function at(model: Model, sigma: number): Marginal {
  const dispersion = model.family.dispersion ? { dispersion: 0.7 } : {};
  return marginal(model, { beta: new Float64Array(0), sigma, ...dispersion });
}

/** Places near which the likelihood has structure in eps. */
function centres(family: string, y: readonly number[], eta: readonly number[]): number[] {
  const inverse: Record<string, (y: number) => number[]> = {
    'poisson-sqrt': (v) => [Math.sqrt(v), -Math.sqrt(v)],
    'gaussian-identity': (v) => [v],
  };
  const of = inverse[family] ?? ((v: number) => [Math.log(Math.max(v, 0.1))]);
  return [...new Set([...eta.map((u) => -u), ...y.flatMap((v, j) => of(v).map((u) => u - eta[j]))])];
}

for (const [familyName, family] of Object.entries(families)) {
  test(`${familyName}: every effect against brute force`, (t) => {
    const f = outcomeDensities[familyName];
    for (const [effectName, effect] of Object.entries(effects)) {
      for (const [sigma, eta, alike] of [
        [0.1, [0.3, -0.8, 1.1], false],
        [1, [4, -3, 0.5], false],
        [1, [2, 2, 2, 2, 2, 2, 2, 2, 2, 2], false],
        [3, [-12, -12.5], true],
        [50, [0.3, -0.8, 1.1], true],
      ] as const) {
        const y = responses(familyName, eta.length, alike);
        const { logLik, error, gradient, hessian } = at(twice(family, effect, y, eta), sigma);
        const exact = bruteForce(
          (eps) => y.reduce((sum, value, j) => sum + f(value, eta[j] + eps), 0),
          (eps) => effectDensities[effectName](eps, sigma),
          1e-6 * sigma * sigma,
          centres(familyName, y, eta),
        );
        const what = `${effectName}, sigma ${sigma}, eta ${eta}`;
        near(t, logLik / 2, exact, 1e-9 * Math.max(1, Math.abs(exact)), what);
        t.true(error < 1.01e-9 * Math.max(1, Math.abs(exact)), `${what}: error ${error}`);
        t.true(gradient.every(Number.isFinite) && hessian.to1DArray().every(Number.isFinite), what);
      }
    }
  });
}

test('gradient and Hessian agree with differences under every effect', (t) => {
  let state = 7;
  const uniform = (): number => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return (state + 0.5) / 2 ** 32;
  };
  const g = Array.from({ length: 20 }, (_, r) => Math.floor(r / 5));
  const x = g.map(() => uniform() - 0.5);
  const leaning = customEffect({
    logDensityOfEps: (eps, s) =>
      Math.log(2 / s) - 0.5 * (eps / s) ** 2 - 0.5 * Math.log(2 * Math.PI) - Math.log1p(Math.exp(-eps)),
  });
  for (const [name, family] of Object.entries(families)) {
    const y = responses(name, g.length, false);
    const table = Object.entries(effects).filter(([effect]) => effect !== 'normal');
    if (name === 'binomial-logit') table.push(['leaning', leaning]);
    for (const [effectName, randomEffect] of table) {
      const model = glmm('y ~ x + (1 | g)', { y, x, g }, { family, randomEffect });
      const parameters = (shift: number, a: number) => ({
        beta: Float64Array.of(0.2 + (a === 0 ? shift : 0), -0.4 + (a === 1 ? shift : 0)),
        sigma: 0.8 + (a === 2 ? shift : 0),
        ...(family.dispersion && { dispersion: 0.6 + (a === 3 ? shift : 0) }),
      });
      const size = family.dispersion ? 4 : 3;
      const exact = marginal(model, parameters(0, 0));
      const h = 2e-3;
      for (let a = 0; a < size; a++) {
        const [p1, m1, p2, m2] = [h, -h, 2 * h, -2 * h].map((d) => marginal(model, parameters(d, a)));
        const five = (of: (m: Marginal) => number): number =>
          (8 * (of(p1) - of(m1)) - (of(p2) - of(m2))) / (12 * h);
        const slope = five((m) => m.logLik);
        const what = `${name}, ${effectName}: d / d ${a}`;
        near(t, exact.gradient[a], slope, 1e-6 * Math.max(1, Math.abs(slope)), what);
        for (let b = 0; b < size; b++) {
          const second = five((m) => m.gradient[b]);
          near(t, exact.hessian.get(a, b), second, 1e-6 * Math.max(1, Math.abs(second)), `${what} d ${b}`);
        }
      }
    }
  }
});

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
    'METHODS',
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
  for (const [effectName, effect] of Object.entries(effects)) {
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
        (eps) => effectDensities[effectName](eps, sigma),
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
  for (const [familyName, family] of Object.entries(families)) {
    for (const [effectName, effect] of Object.entries(effects)) {
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
