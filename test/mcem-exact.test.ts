// EM by quadrature nodes: it climbs, ends at the maximum, and contracts at the rates that theory gives.

import test from 'ava';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { fit } from '../src/estimate/fit.js';
import { controlsFor } from '../src/estimate/mcem/control-variates.js';
import { drawAll } from '../src/estimate/mcem/e-step.js';
import { mStep } from '../src/estimate/mcem/m-step.js';
import { mcem } from '../src/estimate/mcem/mcem.js';
import { quadratureEStep } from '../src/estimate/mcem/quadrature-e-step.js';
import { weigh } from '../src/estimate/mcem/weigh.js';
import { ParameterSpace } from '../src/estimate/parameter-space.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { Integrand } from '../src/likelihood/integrand.js';
import { marginal } from '../src/likelihood/marginal.js';
import { constantDirection } from '../src/model/constant-direction.js';
import { bridge } from '../src/model/effects/bridge.js';
import { customEffect } from '../src/model/effects/custom.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import type { Parameters } from '../src/model/parameters.js';
import { newtonStep } from '../src/numeric/newton.js';
import { heavyTailed } from './heavy-tailed.js';
import { certified, certifiedModel, near, shipped } from './helpers.js';

/** One exact EM iteration from any parameters. */
function emStep(model: Model, expanded: boolean | 'scale'): (from: Parameters) => Parameters {
  const integrand = new Integrand(model);
  const space = new ParameterSpace(model);
  const direction = constantDirection(
    model,
    space.free.filter((k) => k < model.coefficientNames.length),
  );
  return (from) => {
    integrand.setParameters(from);
    const set = drawAll(quadratureEStep(), integrand, 1, 1, 1, undefined);
    const controls = controlsFor(set, true);
    const weighed = weigh(integrand, set, controls);
    return mStep(integrand, space, from, weighed, controls, direction, expanded).parameters;
  };
}

/** quadrature()'s answer, polished to the last digits. */
async function maximum(model: Model): Promise<Parameters> {
  let { parameters } = await fit(model, quadrature());
  for (let k = 0; k < 3; k++) {
    const { gradient, hessian } = marginal(model, parameters);
    const step = newtonStep(gradient, Float64Array.from(hessian.to1DArray()))!;
    const p = parameters.beta.length;
    parameters = { beta: parameters.beta.map((b, j) => b + step[j]), sigma: parameters.sigma + step[p] };
  }
  return parameters;
}

/** Spectral radius of the derivative of an EM iteration at its fixed point, by central differences. */
function rate(em: (from: Parameters) => Parameters, at: Parameters): number {
  const size = at.beta.length + 1;
  const jacobian = new Matrix(size, size);
  const moved = (a: number, h: number): number[] => {
    const beta = at.beta.slice();
    if (a < beta.length) beta[a] += h;
    const to = em({ beta, sigma: at.sigma + (a === beta.length ? h : 0) });
    return [...to.beta, to.sigma];
  };
  for (let a = 0; a < size; a++) {
    const up = moved(a, 1e-4);
    const down = moved(a, -1e-4);
    for (let b = 0; b < size; b++) jacobian.set(b, a, (up[b] - down[b]) / 2e-4);
  }
  return Math.max(...new EigenvalueDecomposition(jacobian).realEigenvalues.map(Math.abs));
}

/** The 32 response patterns of the LSAT with their counts: the same likelihood as that of 1000 persons. */
async function lsatPatterns(): Promise<Model> {
  const long = await shipped('lsat_long');
  const counts = new Map<string, number>();
  for (let r = 0; r < long.y.length; r += 5) {
    const pattern = Array.from({ length: 5 }, (_, j) => long.y[r + j]).join('');
    counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
  }
  const rows = [...counts].flatMap(([pattern, count], g) =>
    [...pattern].map((y, j) => ({ g, y: Number(y), count, item: j + 1 })),
  );
  return glmm('y ~ 0 + factor(item) + (1 | g)', rows, { family: binomial(), clusterWeights: 'count' });
}

const surgical = (): Model => {
  const deaths = [0, 18, 8, 46, 8, 13, 9, 31, 14, 8, 29, 24];
  const operations = [47, 148, 119, 810, 211, 196, 148, 215, 207, 97, 256, 360];
  const rows = deaths.map((r, g) => ({ r, n: operations[g], g }));
  return glmm('r | trials(n) ~ 1 + (1 | g)', rows, { family: binomial() });
};

const shippedModel = (name: string) => (): Promise<Model> => certifiedModel(certified(name));

/** Rates: standard, + scale, + scale and mean. */
const rates: readonly [string, () => Model | Promise<Model>, readonly number[]][] = [
  ['booth_hobert', shippedModel('booth_hobert'), [0.814, 0.414, 0.414]],
  ['infection', shippedModel('infection'), [0.926, 0.916, 0.133]],
  ['surgical', surgical, [0.737, 0.703, 0.296]],
  ['cbpp', shippedModel('cbpp'), [0.713, 0.687, 0.149]],
  ['seeds', shippedModel('seeds'), [0.892, 0.478, 0.477]],
  ['lsat', lsatPatterns, [0.942, 0.605, 0.604]],
  ['toenail', shippedModel('toenail'), [0.94, 0.894, 0.892]],
];

for (const [name, make, expected] of rates) {
  test(`EM contracts at the known rates: ${name}`, async (t) => {
    const model = await make();
    const at = await maximum(model);
    ([false, 'scale', true] as const).forEach((expanded, k) => {
      near(t, rate(emStep(model, expanded), at), expected[k], 1e-3, `rate with expanded: ${expanded}`);
    });
  });
}

const gaussianByEps = customEffect({
  name: 'normal by eps',
  logDensityOfEps: (eps, sigma) => -0.5 * (eps / sigma) ** 2 - Math.log(sigma) - 0.5 * Math.log(2 * Math.PI),
});

for (const effect of [logGamma(), bridge(), laplaceEffect(), studentT(3)]) {
  test(`the likelihood never falls, and quadrature()'s answer stands still: ${effect.name}`, async (t) => {
    const model = heavyTailed(effect);
    const top = await maximum(model);
    for (const expanded of [false, true] as const) {
      const em = emStep(model, expanded);
      let at: Parameters = { beta: Float64Array.of(0, 0), sigma: 1.2 };
      let before = marginal(model, at).logLik;
      for (let k = 0; k < 15; k++) {
        at = em(at);
        const { logLik } = marginal(model, at);
        t.true(logLik >= before - 1e-9, `${before} to ${logLik} in step ${k}`);
        before = logLik;
      }
      const next = em(top);
      near(t, next.sigma, top.sigma, 1e-9, 'sigma');
      next.beta.forEach((b, j) => {
        near(t, b, top.beta[j], 1e-9, `beta ${j}`);
      });
    }
  });
}

test('EM goes to the maximum itself, monotonely', async (t) => {
  const model = await certifiedModel(certified('cbpp'));
  const top = await maximum(model);
  const em = emStep(model, true);
  let at: Parameters = { beta: new Float64Array(4), sigma: 2 };
  let before = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < 25; k++) {
    const { logLik } = marginal(model, at);
    t.true(logLik >= before - 1e-9);
    before = logLik;
    at = em(at);
  }
  near(t, at.sigma, top.sigma, 1e-10, 'sigma');
  at.beta.forEach((b, j) => {
    near(t, b, top.beta[j], 1e-10, `beta ${j}`);
  });
});

test('a distribution told by eps takes the steps of the same one told by z, without its expansion', async (t) => {
  const normal = await certifiedModel(certified('cbpp'));
  const table = await shipped('cbpp');
  const custom = glmm(normal.formula, table, { family: binomial(), randomEffect: gaussianByEps });
  const from = { beta: Float64Array.of(-1, -1, -1, -1), sigma: 0.9 };
  const expected = emStep(normal, false)(from);
  const found = emStep(custom, false)(from);
  near(t, found.sigma, expected.sigma, 1e-8, 'sigma');
  found.beta.forEach((b, j) => {
    near(t, b, expected.beta[j], 1e-8, `beta ${j}`);
  });
});

test('mcem() with quadratureEStep() has no Monte Carlo error, and says so', async (t) => {
  const model = await certifiedModel(certified('cbpp'));
  const top = await maximum(model);
  const found = await fit(model, mcem({ eStep: quadratureEStep() }), { seed: 1 });
  t.true(found.converged);
  t.deepEqual(found.findings, []);
  for (const { monteCarloError } of found.estimates) t.is(monteCarloError, 0);
  near(t, found.parameters.sigma, top.sigma, 1e-10, 'sigma');
  near(t, found.objective, found.logLik, 1e-12, 'objective');
  t.is(found.landing!.scoreTest.reference, 'none');
  t.true(found.landing!.logLikGap < 1e-15);
  const text = found.toString();
  t.regex(text, /E-step by quadrature, \d+ nodes a cluster: no Monte Carlo error\./);
  t.notRegex(text, /T = |MC error|Maximised/);
  const other = await fit(model, mcem({ eStep: quadratureEStep() }), { seed: 2 });
  t.deepEqual(other.estimates, found.estimates);
});
