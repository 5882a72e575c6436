// Nonparametric maximum likelihood: derivatives, the maximum against plain EM, the gradient function, refusals.
import test from 'ava';
import { rng } from '../samplers/rng.js';
import { lgam } from '../samplers/special.js';
import { normal as normalVariate } from '../samplers/variates.js';
import { fit, type Strategy } from '../src/estimate/fit.js';
import { gibbs } from '../src/estimate/gibbs.js';
import { mcem } from '../src/estimate/mcem/mcem.js';
import { FreeMasses } from '../src/estimate/point-masses/free-masses.js';
import { Mixture, type MixturePoint } from '../src/estimate/point-masses/mixture.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { quadraturePosterior } from '../src/estimate/quadrature-posterior.js';
import { ranef } from '../src/inspect/ranef.js';
import { marginal } from '../src/likelihood/marginal.js';
import { normal } from '../src/model/effects/normal.js';
import { placesAndMasses, pointMasses } from '../src/model/effects/point-masses.js';
import { type Family, gamma, gaussian, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import type { RandomEffect } from '../src/model/random-effect.js';
import { near } from './helpers.js';

/** 60 clusters of 6 rows from two masses: -0.6 with 2/3, 1.2 with 1/3. */
function data() {
  const stream = rng(8).stream('data');
  return Array.from({ length: 60 }, (_, g) => {
    const eps = g % 3 === 2 ? 1.2 : -0.6;
    return Array.from({ length: 6 }, () => {
      const x = stream.uniform() - 0.5;
      const eta = 0.4 + x + eps;
      return {
        x,
        g,
        count: Math.floor(Math.exp(eta) + stream.uniform()),
        value: eta + 0.7 * normalVariate(stream),
        positive: Math.exp(eta + 0.3 * normalVariate(stream)),
      };
    });
  }).flat();
}

const rows = data();
const model = (family: Family, randomEffect: RandomEffect, terms = 'x'): Model => {
  const response = { poisson: 'count', gaussian: 'value', gamma: 'positive' }[family.name];
  return glmm(`${response} ~ ${terms} + (1 | g)`, rows, { family, randomEffect });
};

test('derivatives in coefficients, places, masses and dispersion agree with differences', (t) => {
  for (const [family, terms] of [
    [poisson(), 'x'],
    [gaussian(), 'x'],
    [gamma(), '0 + x'],
  ] as const) {
    const m = model(family, pointMasses(3), terms);
    const mixture = new Mixture(m);
    const coordinates = new FreeMasses(
      mixture,
      m.coefficientNames.map((_, j) => j),
    );
    const template: MixturePoint = {
      beta: new Float64Array(m.coefficientNames.length).fill(0.3),
      places: Float64Array.of(-0.8, 0.3, 1.1),
      masses: Float64Array.of(0.5, 0.3, 0.2),
      dispersion: family.dispersion ? 0.6 : 1,
    };
    const theta = coordinates.pack(template);
    const at = (a: number, step: number) => {
      const moved = theta.slice();
      moved[a] += step;
      return coordinates.evaluate(coordinates.unpack(moved, template));
    };
    const exact = at(0, 0);
    const h = 1e-3;
    theta.forEach((_, a) => {
      const [p1, m1, p2, m2] = [h, -h, 2 * h, -2 * h].map((step) => at(a, step));
      const slope = (8 * (p1.value - m1.value) - (p2.value - m2.value)) / (12 * h);
      near(t, exact.gradient[a], slope, 1e-6 * Math.max(1, Math.abs(slope)), `${family.name}: ${a}`);
      theta.forEach((_, b) => {
        const second = (8 * (p1.gradient[b] - m1.gradient[b]) - (p2.gradient[b] - m2.gradient[b])) / (12 * h);
        const found = exact.hessian[a * theta.length + b];
        near(t, found, second, 1e-6 * Math.max(1, Math.abs(second)), `${family.name}: ${a}, ${b}`);
      });
    });
  }
});

test('two masses are found again, with honest standard errors', async (t) => {
  for (const family of [poisson(), gaussian()]) {
    const two = await fit(model(family, pointMasses(2)), quadrature());
    t.true(two.converged, two.findings.map(({ message }) => message).join('\n'));
    const [places, masses] = placesAndMasses(two.parameters.shape!);
    near(t, places[1] - places[0], 1.8, 0.25, 'distance of the places');
    near(t, masses[1], 1 / 3, 0.1, 'mass');
    near(t, masses[0] * places[0] + masses[1] * places[1], 0, 1e-12, 'mean');
    near(t, two.estimates[0].value, 0.4, 4 * two.estimates[0].standardError, 'intercept');
    const sigma = two.estimates.find(({ name }) => name === 'sigma')!;
    near(t, sigma.value, 1.8 * Math.sqrt(2 / 9), 4 * sigma.standardError, 'sigma');
    // About sqrt(60) times the spread of one cluster's contribution.
    t.true(sigma.standardError > 0.02 && sigma.standardError < 0.2, `${sigma.standardError}`);
    // The truth beats the normal.
    const bell = await fit(model(family, normal()), quadrature());
    t.true(two.logLik > bell.logLik + 1);
    t.is(two.logLikError < 1e-9, true);
    near(t, two.objective, two.logLik, 1e-9, 'objective');
    const there = marginal(two.model, two.parameters);
    near(t, there.logLik, two.logLik, 1e-9, 'marginal()');
    there.gradient.forEach((slope, k) => {
      near(t, slope, 0, 1e-5, `gradient ${k}`);
    });
  }
});

test('the maximum is that of plain EM from many starts, and the gradient function says when masses suffice', async (t) => {
  const family = poisson();
  const many = await fit(model(family, pointMasses(12)), quadrature());
  t.true(many.converged, many.findings.map(({ message }) => message).join('\n'));
  const enough = many.findings.find(({ code }) => code === 'masses-enough');
  t.truthy(enough);
  const k = many.parameters.shape!.length / 2;
  t.true(k < 12);
  // Fewer masses than that leave something, and say so; the bound holds.
  const few = await fit(model(family, pointMasses(2)), quadrature());
  if (k > 2) {
    const finding = few.findings.find(({ code }) => code === 'masses-too-few')!;
    t.truthy(finding);
    const bound = Number(/still ([\d.e+-]+)/.exec(finding.message)![1]);
    t.true(bound > 1e-3);
  }
  t.true(many.logLik >= few.logLik - 1e-9);

  // Plain EM over masses at fixed places of a fine grid, the coefficients held: the mixture's maximum over F.
  const m = many.model;
  const { clusters } = m;
  const grid = Array.from({ length: 241 }, (_, s) => -3 + s * 0.025);
  const likelihood = Array.from({ length: clusters.count }, (_, i) =>
    grid.map((eps) => {
      let sum = 0;
      for (let r = clusters.starts[i]; r < clusters.starts[i + 1]; r++) {
        const eta = many.parameters.beta[0] + many.parameters.beta[1] * clusters.x[2 * r + 1] + eps;
        sum += clusters.y[r] * eta - Math.exp(eta) - lgam(clusters.y[r] + 1);
      }
      return Math.exp(sum);
    }),
  );
  let weights = grid.map(() => 1 / grid.length);
  let logLik = 0;
  for (let iteration = 0; iteration < 4000; iteration++) {
    const next = grid.map(() => 0);
    logLik = 0;
    for (const row of likelihood) {
      const total = row.reduce((sum, value, s) => sum + value * weights[s], 0);
      logLik += Math.log(total);
      row.forEach((value, s) => {
        next[s] += (value * weights[s]) / total / clusters.count;
      });
    }
    weights = next;
  }
  // The grid's places are near the best ones, and EM is near its end: both fall short of the maximum by little.
  t.true(logLik <= many.logLik + 1e-3, `EM reached ${logLik}, the fit ${many.logLik}`);
  near(t, logLik, many.logLik, 0.05, 'EM');
});

test('no variation between clusters: all mass at 0', async (t) => {
  const even = { y: [1, 2, 2, 1, 2, 1, 1, 2, 1, 2, 2, 1], g: [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3] };
  const none = await fit(
    glmm('y ~ 1 + (1 | g)', even, { family: poisson(), randomEffect: pointMasses(3) }),
    quadrature(),
  );
  t.is(none.parameters.sigma, 0);
  t.true(none.converged && none.findings.some(({ code }) => code === 'sigma-boundary'));
});

test('ranef() gives the probabilities of the places their mean, and prints', async (t) => {
  const two = await fit(model(gaussian(), pointMasses(2)), quadrature());
  const [places] = placesAndMasses(two.parameters.shape!);
  const effects = ranef(two);
  effects.forEach((row, g) => {
    // Six rows of sd 0.7 tell two masses 1.8 apart nearly for sure.
    near(t, row.mean, places[g % 3 === 2 ? 1 : 0], 0.5, row.cluster);
    t.true(row.q5 <= row.q95 && row.sd >= 0);
  });
  t.regex(effects.toString(), /cluster/);
  t.deepEqual(JSON.parse(JSON.stringify(two.toJSON())).parameters.shape.length, 4);
});

test('draws have the places and masses of the shape', (t) => {
  const stream = rng(1).stream('draws');
  const effect = pointMasses(3);
  const shape = Float64Array.of(-1, 0.5, 2, 0.5, 0.4, 0.1);
  const draws = Array.from({ length: 5000 }, () => 2 * effect.draw(stream, 2, shape));
  for (const [j, mass] of [0.5, 0.4, 0.1].entries()) {
    const share = draws.filter((eps) => Math.abs(eps - shape[j]) < 1e-12).length / 5000;
    near(t, share, mass, 4 * Math.sqrt((mass * (1 - mass)) / 5000), `place ${j}`);
  }
});

test('refusals come before work, and name quadrature()', async (t) => {
  const m = model(poisson(), pointMasses(2));
  const strategies: Strategy[] = [
    mcem(),
    gibbs(),
    laplace(),
    quadrature({ rule: 'gauss-hermite', nodes: 9 }),
  ];
  for (const strategy of strategies) {
    const error = await t.throwsAsync(fit(m, strategy), { code: 'unsupported-effect' });
    t.regex(error!.message, /quadrature\(\)/);
  }
  await t.throwsAsync(quadraturePosterior(m), { code: 'unsupported-effect' });
  await t.throwsAsync(fit(m, quadrature(), { fixed: { sigma: 1 } }), { code: 'bad-fixed' });
  t.throws(() => pointMasses(1), { code: 'bad-option' });
  const beta = Float64Array.of(0, 0);
  t.throws(() => marginal(m, { beta, sigma: 1 }), { code: 'bad-parameters', message: /shape/ });
  const shape = Float64Array.of(-1, 1, 0.7, 0.3);
  t.throws(() => marginal(m, { beta, sigma: 1, shape }), { code: 'bad-parameters', message: /mean 0/ });
});
