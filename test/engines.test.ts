// The fast engines against the general one, on every kind of cluster they are for; merging, shards and threads.
import test, { type ExecutionContext } from 'ava';
import { rng } from '../samplers/rng.js';
import { normal as normalVariate } from '../samplers/variates.js';
import type { Table } from '../src/data/table.js';
import { fit } from '../src/estimate/fit.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { chooseEngine } from '../src/likelihood/engines/choose.js';
import { type ClusterEngine, FINE } from '../src/likelihood/engines/engine.js';
import { GeneralEngine } from '../src/likelihood/engines/general.js';
import { LikelihoodPart } from '../src/likelihood/likelihood-part.js';
import { MarginalLikelihood } from '../src/likelihood/marginal-likelihood.js';
import { binomial, type Family, gamma, gaussian, poisson } from '../src/model/family.js';
import { mergeClusters } from '../src/model/merge.js';
import { glmm, type Model } from '../src/model/model.js';
import type { Parameters } from '../src/model/parameters.js';
import { exp } from '../src/numeric/exp.js';
import { near, shipped } from './helpers.js';

const kinds: readonly [
  name: string,
  family: Family,
  trials: number,
  rowsPerCluster: number,
  weighted: boolean,
][] = [
  ['logit', binomial(), 1, 6, false],
  ['logit, clusters that say much', binomial(), 1, 100, false],
  ['logit, clusters of many rows', binomial(), 1, 400, false],
  ['logit with trials', binomial(), 7, 5, false],
  ['logit with weights', binomial(), 1, 5, true],
  ['poisson', poisson(), 1, 5, false],
  ['poisson with weights', poisson(), 1, 5, true],
  ['gamma', gamma(), 1, 5, false],
  ['gamma with weights', gamma(), 1, 5, true],
  ['gaussian', gaussian(), 1, 5, false],
  ['gaussian with weights', gaussian(), 1, 5, true],
];

/** Rows with one covariate within clusters and one between, an offset, responses all over what the family allows. */
function simulated(family: Family, trials: number, perCluster: number, weighted: boolean): Model {
  const stream = rng(20261124).stream(family.name);
  const rows = Array.from({ length: 6 * perCluster }, (_, r) => {
    const g = Math.floor(r / perCluster);
    const x = normalVariate(stream);
    const eta = 0.4 * x - 0.3 + Math.sin(3 * g);
    const u = stream.uniform();
    const y =
      family.name === 'binomial'
        ? Math.min(trials, Math.floor(u * (trials + 1)))
        : family.name === 'poisson'
          ? Math.floor(4 * u * Math.exp(eta))
          : family.name === 'gamma'
            ? Math.exp(eta) * (0.2 + 2 * u)
            : eta + 2 * u - 1;
    // The last cluster is all alike.
    const alike = family.name === 'binomial' ? trials : family.name === 'poisson' ? 0 : y;
    return { g, x, b: g % 2, o: 0.1 * (r % 3), n: trials, y: g === 5 ? alike : y, w: 0.5 + (r % 4) };
  });
  const response = trials > 1 ? 'y | trials(n)' : 'y';
  return glmm(`${response} ~ x + b + offset(o) + (1 | g)`, rows, {
    family,
    ...(weighted && { weights: 'w' }),
  });
}

interface Sums {
  logLik: number;
  gradient: Float64Array;
  hessian: Float64Array;
  moments: number[];
}

function sumUp(
  engine: ClusterEngine,
  model: Model,
  parameters: Parameters,
  derivatives: 'gradient' | true,
): Sums {
  const size = model.coefficientNames.length + (model.family.dispersion ? 2 : 1);
  const sums: Sums = {
    logLik: 0,
    gradient: new Float64Array(size),
    hessian: new Float64Array(size * size),
    moments: [],
  };
  const out = { logIntegral: 0, error: 0, nodes: 0, mode: 0, modeSd: 0, laplace: 0 };
  engine.setParameters(parameters);
  for (let i = 0; i < model.clusters.count; i++) {
    engine.integrate(i, 0, FINE, 1e-12, derivatives, out);
    engine.addDerivatives(1, sums.gradient, sums.hessian);
    sums.logLik += out.logIntegral;
    if (derivatives === true) sums.moments.push(engine.meanZ(), engine.sdZ());
  }
  return sums;
}

function agree(
  t: ExecutionContext,
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
): void {
  const size = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  for (let k = 0; k < expected.length; k++) near(t, found[k], expected[k], 1e-9 * size, `${what} ${k}`);
}

for (const [name, family, trials, perCluster, weighted] of kinds) {
  test(`the engine of ${name} agrees with the general one`, (t) => {
    const model = simulated(family, trials, perCluster, weighted);
    const general = new GeneralEngine(model, model.clusters);
    const fast = chooseEngine(model, model.clusters, general);
    t.not(fast, general);
    // From no intercepts at all to some that no product of odds can hold.
    for (const sigma of [0, 1e-6, 0.03, 0.4, 1.5, 6, 60, 3000]) {
      const parameters = {
        beta: Float64Array.of(-0.4, 0.7, 0.2),
        sigma,
        ...(family.dispersion && { dispersion: 0.3 }),
      };
      const expected = sumUp(new GeneralEngine(model, model.clusters), model, parameters, true);
      const found = sumUp(fast, model, parameters, true);
      const where = `sigma ${sigma}`;
      near(t, found.logLik, expected.logLik, 1e-11 * (1 + Math.abs(expected.logLik)), where);
      agree(t, found.gradient, expected.gradient, `${where}: gradient`);
      agree(t, found.moments, expected.moments, `${where}: moments of z`);
      agree(t, found.hessian, expected.hessian, `${where}: Hessian`);
      agree(
        t,
        sumUp(fast, model, parameters, 'gradient').gradient,
        expected.gradient,
        `${where}: gradient alone`,
      );
    }
  });
}

test('the 1000 persons of LSAT are 6 integrals', async (t) => {
  const model = glmm('y ~ 0 + factor(item) + (1 | person)', await shipped('lsat_long'), {
    family: binomial(),
  });
  const { distinct } = mergeClusters(model.clusters, model.family.outcome.mergesResponses);
  t.is(distinct.count, 6);
  t.is(
    distinct.clusterWeights.reduce((sum, weight) => sum + weight, 0),
    1000,
  );
});

test('merging by sums leaves log-likelihood and derivatives as they are', (t) => {
  const rows = Array.from({ length: 400 }, (_, r) => {
    const g = r >> 2;
    return { g, x: r % 4, n: 3, y: (g * (1 + (r % 4))) % 4, c: (g * (2 + (r % 4))) % 5 };
  });
  for (const [formula, family] of [
    ['y | trials(n) ~ x + (1 | g)', binomial()],
    ['c ~ x + (1 | g)', poisson()],
  ] as const) {
    const model = glmm(formula, rows, { family });
    const merged = new MarginalLikelihood(model);
    t.true(merged.distinctClusters.count < 40);
    const engine = new GeneralEngine(model, model.clusters);
    const parameters = { beta: Float64Array.of(-0.2, 0.1), sigma: 0.8 };
    const expected = sumUp(engine, model, parameters, true);
    merged.evaluate(parameters, { kind: 'plain' }, true);
    const constants = model.clusters.constants.reduce((sum, value) => sum + value, 0);
    near(t, merged.logLik, expected.logLik + constants, 1e-10 * Math.abs(merged.logLik), formula);
    agree(t, merged.gradient, expected.gradient, formula);
  }
});

test('every third cluster, weighted three times, is the likelihood of those clusters', async (t) => {
  const formula = 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)';
  const rows = await shipped('cbpp');
  const model = glmm(formula, rows, { family: binomial() });
  const taken = [0, 3, 6, 9, 12].map((i) => Number(model.clusterLabels[i]));
  const kept = Array.from(rows.herd, Number).flatMap((herd, r) => (taken.includes(herd) ? [r] : []));
  t.true(kept.length > 10);
  const some: Table = {
    ...Object.fromEntries(Object.entries(rows).map(([name, values]) => [name, kept.map((r) => values[r])])),
    three: kept.map(() => 3),
  };
  const alone = new MarginalLikelihood(glmm(formula, some, { family: binomial(), clusterWeights: 'three' }));
  const part = new LikelihoodPart(new MarginalLikelihood(model), 3);
  for (const sigma of [0, 0.7]) {
    const parameters = { beta: Float64Array.of(-1.2, -0.9, -1.1, -1.4), sigma };
    const [ofPart, ofThose] = [part, alone].map((likelihood) =>
      likelihood.evaluate(parameters, { kind: 'plain' }, true),
    );
    near(t, ofPart, ofThose, 1e-11 * Math.abs(ofThose), `value, sigma ${sigma}`);
    part.hessian.forEach((value, k) => {
      near(t, value, alone.hessian[k], 1e-10 * (1 + Math.abs(value)), `second derivatives, sigma ${sigma}`);
    });
  }
});

test('the same bits on any number of threads', async (t) => {
  const stream = rng(7).stream('threads');
  const n = 60_000;
  const columns = { y: new Float64Array(n), x: new Float64Array(n), g: new Float64Array(n) };
  for (let r = 0; r < n; r++) {
    columns.g[r] = r >> 3;
    columns.x[r] = normalVariate(stream);
    columns.y[r] = stream.uniform() < 1 / (1 + Math.exp(0.3 * columns.x[r] - Math.sin(columns.g[r]))) ? 1 : 0;
  }
  const model = glmm('y ~ x + (1 | g)', columns, { family: binomial() });
  const fits = [];
  for (const workers of [1, 2, 3]) fits.push(await fit(model, quadrature(), { workers }));
  for (const { estimates, logLik, logLikError } of fits) {
    t.deepEqual(estimates, fits[0].estimates);
    t.is(logLik, fits[0].logLik);
    t.is(logLikError, fits[0].logLikError);
  }
});

test('exp by table', (t) => {
  for (let x = -706; x < 709; x += 0.0917) near(t, exp(x) / Math.exp(x), 1, 4e-16, `exp(${x})`);
  t.is(exp(0), 1);
  t.is(exp(-1000), 0);
  t.is(exp(1000), Number.POSITIVE_INFINITY);
  t.true(Number.isNaN(exp(Number.NaN)));
});
