// Merging of equal rows and clusters: the likelihood and its derivatives stay, the rows of the model stay, little is paid.
import test from 'ava';
import { rng } from '../samplers/rng.js';
import { fit } from '../src/estimate/fit.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { ranef } from '../src/inspect/ranef.js';
import { FINE } from '../src/likelihood/engines/engine.js';
import { GeneralEngine } from '../src/likelihood/engines/general.js';
import { linearPredictors } from '../src/likelihood/integrand.js';
import { marginal } from '../src/likelihood/marginal.js';
import { MarginalLikelihood } from '../src/likelihood/marginal-likelihood.js';
import type { Clusters } from '../src/model/clusters.js';
import { binomial, type Family, gamma, gaussian, negativeBinomial, poisson } from '../src/model/family.js';
import { mergeClusters } from '../src/model/merge.js';
import { mergeRows } from '../src/model/merge-rows.js';
import { glmm, type Model } from '../src/model/model.js';
import { near } from './helpers.js';

const CLUSTERS = 12;
const PER_CLUSTER = 80;

/** Rows of two covariates with few values, in no order; every number is small, so that many rows are equal. */
function repetitive(family: Family, counts: boolean, largest = 4): Model {
  const stream = rng(11).stream('rows');
  const few = (k: number): number => Math.floor(k * stream.uniform());
  const rows = Array.from({ length: CLUSTERS * PER_CLUSTER }, (_, r) => {
    const n = counts ? [0, 1, largest, 2 * largest][few(4)] : 1;
    // Clusters of their own levels, so that sigma is not 0.
    const success = Math.floor((n + 1) * stream.uniform() ** Math.exp(Math.sin(r % CLUSTERS)));
    return {
      g: r % CLUSTERS,
      a: few(2),
      b: few(2) - 0.5,
      w: [0, 1, 0.3, 2][few(4)],
      o: 0.2 * few(2),
      n,
      y: family.name === 'binomial' ? success : 1 + few(3) + (r % CLUSTERS),
    };
  });
  return glmm(`${counts ? 'y | trials(n)' : 'y'} ~ a * b + (1 | g)`, rows, {
    family,
    weights: 'w',
    offset: 'o',
  });
}

/** Every cluster by the general engine, unmerged: log-likelihood, gradient, Hessian (lower triangle). */
function plainly(model: Model, clusters: Clusters, parameters: { beta: Float64Array; sigma: number }) {
  const engine = new GeneralEngine(model, clusters);
  engine.setParameters(parameters);
  const size = parameters.beta.length + ('dispersion' in parameters ? 2 : 1);
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  const out = { logIntegral: 0, error: 0, nodes: 0, mode: 0, modeSd: 0, laplace: 0 };
  let logLik = 0;
  for (let i = 0; i < clusters.count; i++) {
    engine.integrate(i, 0, FINE, Number.POSITIVE_INFINITY, true, out);
    logLik += clusters.clusterWeights[i] * (out.logIntegral + clusters.constants[i]);
    engine.addDerivatives(clusters.clusterWeights[i], gradient, hessian);
  }
  return { logLik, gradient, hessian };
}

const cases: readonly (readonly [name: string, model: Model, dispersion?: number])[] = [
  ['logit, single trials', repetitive(binomial(), false)],
  ['logit, counts', repetitive(binomial(), true)],
  ['logit, larger counts', repetitive(binomial(), true, 40)],
  ['probit', repetitive(binomial('probit'), true)],
  ['poisson', repetitive(poisson(), false)],
  ['poisson-sqrt', repetitive(poisson('sqrt'), false)],
  ['negative binomial', repetitive(negativeBinomial(), false), 1.5],
  ['gaussian', repetitive(gaussian(), false), 0.8],
  ['gamma', repetitive(gamma(), false), 0.8],
];

for (const [name, model, dispersion] of cases) {
  test(`merging rows changes nothing but the last digits: ${name}`, (t) => {
    const { clusters } = model;
    const merged = mergeRows(clusters, model.family.outcome.mergesResponses);
    t.true(merged.rows < 0.8 * clusters.rows, `${merged.rows} rows`);
    const weight = (of: Clusters): number => of.weights.reduce((sum, w) => sum + w, 0);
    near(t, weight(merged), weight(clusters), 1e-9, 'weight');
    for (const sigma of [0.3, 1.4]) {
      const parameters = {
        beta: Float64Array.of(0.4, -0.2, 0.3, 0.1),
        sigma,
        ...(dispersion && { dispersion }),
      };
      const expected = plainly(model, clusters, parameters);
      const found = plainly(model, merged, parameters);
      near(t, found.logLik, expected.logLik, 1e-12 * Math.abs(expected.logLik), 'logLik');
      for (const what of ['gradient', 'hessian'] as const) {
        const size = expected[what].reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        expected[what].forEach((value, k) => {
          near(t, found[what][k], value, 1e-12 * size, `${what} ${k}`);
        });
      }
    }
  });
}

test('merged logit rows whose odds underflow keep their value', (t) => {
  const rows = Array.from({ length: 40 }, (_, r) => ({
    g: r % 5,
    x: 1000 * ((r >> 3) % 2),
    y: Number((r * 7) % 3 === 0),
  }));
  const model = glmm('y ~ x + (1 | g)', rows, { family: binomial() });
  for (const slope of [-1, 1]) {
    const parameters = { beta: Float64Array.of(0.2, slope), sigma: 0.3 };
    const { logLik, gradient } = plainly(model, model.clusters, parameters);
    const found = marginal(model, parameters);
    near(t, found.logLik, logLik, 1e-12 * Math.abs(logLik), 'logLik');
    gradient.forEach((value, k) => {
      near(t, found.gradient[k], value, 1e-9 * Math.max(1, Math.abs(value)), `gradient ${k}`);
    });
  }
});

test('large counts keep their digits: merged rows lose nothing to the constants', (t) => {
  // At the rows' own shares the log-likelihood is of the order of one a row, though y log y is of the order of 1e10.
  const n = 1e9;
  const rows = Array.from({ length: 40 }, (_, r) => ({ g: r % 2, n, y: 4e8 + 3e4 * Math.sin(r) }));
  const whole = rows.map((row) => ({ ...row, y: Math.round(row.y) }));
  const model = glmm('y | trials(n) ~ 1 + (1 | g)', whole, { family: binomial() });
  const { outcome } = model.family;
  const logLikOf = (clusters: Clusters): number => {
    const eta = new Float64Array(clusters.rows);
    linearPredictors(clusters, Float64Array.of(Math.log(4 / 6)), eta);
    return (
      outcome.value({ ...clusters, eta }, 0, clusters.rows, 0, 1) +
      clusters.constants.reduce((sum, constant) => sum + constant, 0)
    );
  };
  const merged = mergeRows(model.clusters, outcome.mergesResponses);
  t.is(merged.rows, 2);
  const expected = logLikOf(model.clusters);
  t.true(Math.abs(expected) < 1000);
  near(t, logLikOf(merged), expected, 1e-6, 'logLik');
});

test('estimates are those of unmerged rows, and what is told of clusters and rows stays', async (t) => {
  for (const family of [binomial(), binomial('probit'), poisson()]) {
    const model = repetitive(family, family.name === 'binomial');
    // A little that makes every row different, too little to matter.
    const apart = (k: number): number => 1e-13 * Math.sin(k);
    const { clusters } = model;
    const x = clusters.x.map((value, k) => (k % clusters.columns === 1 ? value + apart(k) : value));
    const unmerged = { ...model, clusters: { ...clusters, x } };
    t.is(mergeRows(unmerged.clusters, family.outcome.mergesResponses), unmerged.clusters);
    const [found, expected] = [await fit(model, quadrature()), await fit(unmerged, quadrature())];
    near(t, found.logLik, expected.logLik, 1e-10 * Math.abs(expected.logLik), 'logLik');
    found.estimates.forEach(({ name, value, standardError }, k) => {
      near(t, value, expected.estimates[k].value, 1e-6, name);
      near(t, standardError, expected.estimates[k].standardError, 1e-6, `error of ${name}`);
    });
    ranef(found).forEach(({ mean, sd }, i) => {
      near(t, mean, ranef(expected)[i].mean, 1e-6, `mean of cluster ${i}`);
      near(t, sd, ranef(expected)[i].sd, 1e-6, `sd of cluster ${i}`);
    });
    t.is(found.nodes.length, CLUSTERS);
    t.is(model.observations, CLUSTERS * PER_CLUSTER);
    t.is(model.clusters.rows, CLUSTERS * PER_CLUSTER);
  }
});

test('clusters of the same rows in any order become one', (t) => {
  // Successes among the rows with x = 0 and x = 1: 3 of 5 and 4 of 5 in the one half, 4 and 3 in the other (same sum).
  const rows = Array.from({ length: 40 * 10 }, (_, r) => {
    const g = Math.floor(r / 10);
    const k = ((r % 10) * (g % 2 ? 3 : 7) + g) % 10;
    return { g, x: k % 2, y: k >> 1 < (k % 2 === g % 2 ? 3 : 4) ? 1 : 0 };
  });
  const model = glmm('y ~ x + (1 | g)', rows, { family: binomial() });
  const { distinct } = mergeClusters(model.clusters, model.family.outcome.mergesResponses);
  t.is(distinct.rows, 2);
  t.is(distinct.count, 1);
  const merged = new MarginalLikelihood(model);
  const parameters = { beta: Float64Array.of(0.3, -0.7), sigma: 1.1 };
  merged.evaluate(parameters, { kind: 'certified', tolerance: 1e-9 }, true);
  const expected = plainly(model, model.clusters, parameters);
  near(t, merged.logLik, expected.logLik, 1e-11 * Math.abs(expected.logLik), 'logLik');
  near(t, merged.gradient[1], expected.gradient[1], 1e-10, 'slope');
});

test('nothing is merged where little would be saved', (t) => {
  const stream = rng(3).stream('rows');
  const rows = Array.from({ length: 300 }, (_, r) => ({ g: r % 30, x: stream.uniform(), y: r % 2 }));
  const model = glmm('y ~ x + (1 | g)', rows, { family: binomial() });
  t.is(mergeRows(model.clusters, model.family.outcome.mergesResponses), model.clusters);
  // Ten rows of which five patterns are left: the loops for single trials are faster than that.
  const half = rows.map((row, r) => ({ ...row, x: (r % 150) / 30 }));
  const other = glmm('y ~ x + (1 | g)', half, { family: binomial() });
  t.is(mergeRows(other.clusters, other.family.outcome.mergesResponses), other.clusters);
});
