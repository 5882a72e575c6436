// collapsed() against exact posteriors, and its intercepts against their distribution.
import test from 'ava';
import { collapsed } from '../src/estimate/collapsed.js';
import { fit } from '../src/estimate/fit.js';
import { quadraturePosterior } from '../src/estimate/quadrature-posterior.js';
import { Integrand } from '../src/likelihood/integrand.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import type { Parameters } from '../src/model/parameters.js';
import { agrees, exactFrom, exactOf, interceptsAgree, reference, referenceModel } from './gibbs-helpers.js';
import { near, shipped } from './helpers.js';

const infection = await referenceModel('infection');
const boothHobert = await referenceModel('booth_hobert');
const infectionTable = await shipped('infection');
const counts = {
  y: [3, 1, 4, 0, 2, 5, 1, 0, 9, 7, 2, 2],
  t: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1],
  g: [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6],
};
const poissonModel = (options = {}): Model =>
  glmm('y ~ t + (1 | g)', counts, { family: poisson(), ...options });

test('infection: 4000 effective draws, within 4 combined errors of the reference', async (t) => {
  const file = reference('infection');
  const { draws, converged, kernel, importance } = await fit(infection, collapsed({ draws: 2500 }), {
    seed: 42,
  });
  t.true(converged);
  t.is(kernel, 'independence');
  agrees(t, draws, exactOf(file), 4000);
  t.true(importance.k < 0.7, `Pareto k ${importance.k}`);
  // The reference's own evidence has 60,000 draws or more.
  const error = Math.hypot(importance.logEvidenceError, 0.004);
  near(t, importance.logEvidence, file.posterior.logEvidence, 4 * error, 'log evidence');
  exactOf(file).forEach((row, k) => {
    const estimate = importance.parameters[k];
    const combined = Math.hypot(estimate.meanError, row.meanError);
    near(t, estimate.mean, row.mean, 4 * combined, `importance mean of ${row.name}`);
  });
  interceptsAgree(t, draws, file);
});

test('poisson by Hamiltonian steps: against the quadrature posterior', async (t) => {
  const model = poissonModel();
  const exact = await quadraturePosterior(model);
  const { draws, importance } = await fit(model, collapsed({ kernel: 'hmc', draws: 1500 }), { seed: 7 });
  agrees(t, draws, exactFrom(exact), 1500);
  const error = Math.hypot(importance.logEvidenceError, exact.logEvidenceError);
  near(t, importance.logEvidence, exact.logEvidence, 4 * error, 'log evidence');
});

/** Largest distance between draws of eps and the distribution function by brute force, times the root of their number. */
function kolmogorov(integrand: Integrand, cluster: number, draws: Float64Array, sigma: number): number {
  const sorted = draws.slice().sort();
  integrand.select(cluster);
  const step = 1e-3;
  const density: number[] = [];
  for (let z = -12; z <= 12; z += step) density.push(Math.exp(integrand.value(z + step / 2)));
  const total = density.reduce((sum, f) => sum + f, 0);
  let below = 0;
  let at = 0;
  let largest = 0;
  density.forEach((f, k) => {
    below += f / total;
    const edge = -12 + (k + 1) * step;
    while (at < sorted.length && sorted[at] / sigma <= edge) at++;
    largest = Math.max(largest, Math.abs(at / sorted.length - below));
  });
  return largest * Math.sqrt(sorted.length);
}

const conditionals: readonly [string, Model, Parameters, number][] = [
  ['binomial', infection, { beta: Float64Array.of(-1.2, 0.7), sigma: 1.4 }, 4000],
  ['binary, equal clusters sharing', boothHobert, { beta: Float64Array.of(6), sigma: 1.3 }, 4000],
  ['poisson', poissonModel(), { beta: Float64Array.of(0.5, 0.1), sigma: 0.9 }, 4000],
  [
    'probit',
    glmm('x | trials(n) ~ t + (1 | clinic)', infectionTable, { family: binomial('probit') }),
    { beta: Float64Array.of(-0.7, 0.4), sigma: 0.8 },
    4000,
  ],
  [
    'Laplace intercepts',
    poissonModel({ randomEffect: laplaceEffect() }),
    { beta: Float64Array.of(0.5, 0.1), sigma: 0.7 },
    4000,
  ],
  [
    'Student t intercepts, by the inverse distribution function',
    poissonModel({ randomEffect: studentT(4) }),
    { beta: Float64Array.of(0.5, 0.1), sigma: 0.7 },
    500,
  ],
];
for (const [name, model, parameters, size] of conditionals) {
  test(`intercepts given the parameters follow their distribution: ${name}`, async (t) => {
    const beta = Object.fromEntries(model.coefficientNames.map((label, j) => [label, parameters.beta[j]]));
    const strategy = collapsed({ chains: 1, warmup: 0, draws: size });
    const { draws } = await fit(model, strategy, { seed: 3, fixed: { sigma: parameters.sigma, beta } });
    const integrand = new Integrand(model);
    integrand.setParameters(parameters);
    model.clusterLabels.forEach((label, i) => {
      const off = kolmogorov(integrand, i, draws.chain(`eps[${label}]`, 0), parameters.sigma);
      // The 0.1% point of the Kolmogorov distribution is 1.95; for all the clusters here 2.4.
      t.true(off < 2.4, `eps[${label}]: ${off}`);
    });
  });
}
