// clusterLogLik(), rowLogLik(), elpd(): against densities written out, and against fits to the data without each cluster.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { mean } from '../samplers/diagnostics/descriptive.js';
import { lgam } from '../samplers/special.js';
import { collapsed } from '../src/estimate/collapsed.js';
import { fit } from '../src/estimate/fit.js';
import { gibbs } from '../src/estimate/gibbs.js';
import { halfNormal, normalPrior } from '../src/estimate/priors.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { quadraturePosterior } from '../src/estimate/quadrature-posterior.js';
import { pql } from '../src/estimate/quasi-likelihood.js';
import { importance } from '../src/inspect/elpd/importance.js';
import { elpd } from '../src/inspect/elpd.js';
import { clusterLogLik, rowLogLik } from '../src/inspect/log-lik.js';
import { marginal } from '../src/likelihood/marginal.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { binomial, gamma, gaussian, poisson } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import type { Parameters } from '../src/model/parameters.js';
import { referenceModel } from './gibbs-helpers.js';
import { near, shipped } from './helpers.js';

const infectionTable = await shipped('infection');
const formula = 'x | trials(n) ~ t + (1 | clinic)';
const infection = glmm(formula, infectionTable, { family: binomial() });

/** The infection trial's rows of the clinics for which `keep` holds. */
function clinics(keep: (clinic: number) => boolean) {
  const clinic = infectionTable.clinic as ArrayLike<number>;
  const rows = Array.from({ length: clinic.length }, (_, r) => r).filter((r) => keep(clinic[r]));
  return Object.fromEntries(
    Object.entries(infectionTable).map(([name, column]) => [
      name,
      rows.map((r) => (column as ArrayLike<number>)[r]),
    ]),
  );
}
const labels = infection.clusterLabels;
const others = labels.map((label) =>
  glmm(
    formula,
    clinics((c) => String(c) !== label),
    { family: binomial() },
  ),
);

/** Cluster i's log-likelihood: that of all the data less that of the others. */
function alone(i: number, parameters: Parameters): number {
  const options = { tolerance: 1e-12 };
  return marginal(infection, parameters, options).logLik - marginal(others[i], parameters, options).logLik;
}

test("the clusters' log-likelihoods are those of each cluster alone, and add up to the fit's", async (t) => {
  const ml = await fit(infection, quadrature());
  const found = clusterLogLik(ml);
  labels.forEach((label, i) => {
    near(t, found[i], alone(i, ml.parameters), 1e-10, label);
  });
  // 32 patterns merged by their sums, with weights.
  const lsat = await fit(await referenceModel('lsat'), quadrature());
  const values = clusterLogLik(lsat);
  const { clusterWeights } = lsat.model.clusters;
  near(
    t,
    values.reduce((sum, x, i) => sum + clusterWeights[i] * x, 0),
    lsat.logLik,
    1e-8,
    'LSAT',
  );
});

test("a posterior fit's are those at every draw", async (t) => {
  const bayes = await fit(infection, collapsed({ chains: 2, warmup: 20, draws: 10 }));
  const draws = clusterLogLik(bayes);
  t.deepEqual(
    draws.variables,
    labels.map((label) => `log_lik[${label}]`),
  );
  const at = (name: string): number => bayes.draws.chain(name, 1)[7];
  const parameters = { beta: Float64Array.of(at('(Intercept)'), at('t')), sigma: at('sigma') };
  labels.forEach((label, i) => {
    near(t, draws.chain(`log_lik[${label}]`, 1)[7], alone(i, parameters), 1e-8, label);
  });
});

test('the rows given their intercepts, family by family', async (t) => {
  const table = {
    g: ['b', 'a', 'b', 'a', 'c', 'c'],
    x: [0.3, -0.2, 1, 0.5, -1, 0],
    count: [2, 0, 3, 1, 1, 4],
    n: [4, 3, 5, 1, 2, 6],
    pos: [1.2, 0.7, 3.1, 0.4, 0.9, 2.2],
    w: [1, 2, 1, 1, 1, 3],
  };
  const logFactorial = (k: number): number => lgam(k + 1);
  const cases = [
    [
      'count ~ x + (1 | g)',
      poisson(),
      (r: number, eta: number) => table.count[r] * eta - Math.exp(eta) - logFactorial(table.count[r]),
    ],
    [
      'count | trials(n) ~ x + (1 | g)',
      binomial('probit'),
      (r: number, eta: number) => {
        const [y, n, p] = [table.count[r], table.n[r], binomial('probit').link.inverse(eta)];
        const ways = logFactorial(n) - logFactorial(y) - logFactorial(n - y);
        return ways + y * Math.log(p) + (n - y) * Math.log1p(-p);
      },
    ],
    [
      'pos ~ x + (1 | g)',
      gaussian(),
      (r: number, eta: number, v: number) =>
        -0.5 * Math.log(2 * Math.PI * v) - (table.pos[r] - eta) ** 2 / (2 * v),
    ],
    [
      'pos ~ x + (1 | g)',
      gamma(),
      (r: number, eta: number, phi: number) => {
        const [a, y, mu] = [1 / phi, table.pos[r], Math.exp(eta)];
        return a * Math.log(a / mu) + (a - 1) * Math.log(y) - (a * y) / mu - lgam(a);
      },
    ],
  ] as const;
  // 1 of 1 and 4 of 6: all allowed.
  for (const [text, family, density] of cases) {
    const model = glmm(text, table, { family, weights: 'w' });
    const bayes = await fit(model, gibbs({ chains: 2, warmup: 20, draws: 5 }));
    const found = rowLogLik(bayes);
    t.is(found.variables.length, 6);
    const at = (name: string): number => bayes.draws.chain(name, 1)[3];
    table.g.forEach((g, r) => {
      const eta = at('(Intercept)') + at('x') * table.x[r] + at(`eps[${g}]`);
      const expected = table.w[r] * density(r, eta, family.dispersion ? at('dispersion') : 1);
      near(
        t,
        found.chain(`log_lik[${r + 1}]`, 1)[3],
        expected,
        1e-10 * (1 + Math.abs(expected)),
        `${text} ${r}`,
      );
    });
    t.throws(() => found.chain('log_lik[7]', 0), { code: 'unknown-variable' });
    t.throws(() => found.chain('log_lik[1]', 2), { code: 'unknown-chain' });
  }
});

test("importance weights as R's loo has them", (t) => {
  const file = new URL('./data/samplers/psis.json', import.meta.url);
  const golden = JSON.parse(readFileSync(file, 'utf8')).loo as [number, number, number, number][];
  golden.forEach(([value, pLoo, error, k], i) => {
    const chains = [1, 2].map((c) => {
      let [s, x] = [10 * (i + 1) + c, 0];
      return Float64Array.from({ length: 300 }, () => {
        s = (1664525 * s + 1013904223) % 2 ** 32;
        x = 0.5 * x + (s + 0.5) / 2 ** 32 - 0.5;
        return -(i + 1) - (i + 1) * (x + 0.3) ** 2;
      });
    });
    const found = importance(chains);
    near(t, found.elpd, value, 1e-9, 'elpd');
    near(t, found.pLoo, pLoo, 1e-9, 'p_loo');
    near(t, found.k, k, 1e-9, 'k');
    // loo takes the logarithm of quantiles of a normal, which ours is to first order.
    near(t, found.error / error, 1, 0.03, 'error');
  });
});

test('elpd of a posterior fit: what the posterior without each cluster says of it', async (t) => {
  const priors = { beta: normalPrior(0, 10), sigma: halfNormal(2.5) };
  const bayes = await fit(infection, collapsed({ draws: 1000, priors }), { seed: 11 });
  const found = await elpd(bayes);
  const rough = { error: 0.05 };
  const all = await quadraturePosterior(infection, priors, rough);
  for (const row of found.clusters) t.true(row.error < 0.05 && row.k < 0.7 && !row.refit);
  for (const i of [3]) {
    const row = found.clusters[i];
    const rest = await quadraturePosterior(others[i], priors, rough);
    const exact = all.logEvidence - rest.logEvidence;
    const error = Math.hypot(row.error, all.logEvidenceError, rest.logEvidenceError);
    near(t, row.elpd, exact, 4 * error, `elpd of ${row.cluster}`);
  }
  near(
    t,
    found.elpd,
    found.clusters.reduce((total, row) => total + row.elpd, 0),
    1e-12,
    'the sum',
  );
  t.true(found.pLoo > 1.5 && found.pLoo < 4, `pLoo ${found.pLoo} for three parameters`);
  t.is(found.looic, -2 * found.elpd);
  t.deepEqual(found.findings, []);
  const squares = found.clusters.reduce((s, { elpd: e }) => s + (e - found.elpd / 8) ** 2, 0);
  near(t, found.standardError, Math.sqrt((8 * squares) / 7), 1e-12, 'standard error');
  t.regex(
    found.toString(),
    /^Leave-one-cluster-out cross-validation of 8 clusters \(clinic\)\s+Estimate +SE\s+elpd +-\d\d\.\d/,
  );
});

test('clusters that the draws say too little of are computed anew, or found: pareto-k-high', async (t) => {
  // One cluster so far from the others that no draw with it looks like one without it.
  const table = {
    y: [1, 2, 0, 1, 2, 1, 60, 75],
    g: [1, 1, 2, 2, 3, 3, 4, 4],
  };
  const model = glmm('y ~ 1 + (1 | g)', table, { family: poisson() });
  const priors = { beta: normalPrior(0, 2), sigma: halfNormal(1) };
  const bayes = await fit(model, collapsed({ draws: 500, priors }), { seed: 2 });
  const found = await elpd(bayes, { refits: 0 });
  t.deepEqual(
    found.findings.map(({ code }) => code),
    ['pareto-k-high'],
  );
  t.deepEqual(found.findings[0].where, ['4']);
  t.regex(found.findings[0].advice, /refits: 1/);
  const anew = await elpd(bayes);
  t.deepEqual(anew.findings, []);
  t.true(anew.clusters[3].refit && anew.clusters[3].k === found.clusters[3].k);
  const keep = <T>(column: readonly T[]): T[] => column.slice(0, 6);
  const rest = glmm('y ~ 1 + (1 | g)', { y: keep(table.y), g: keep(table.g) }, { family: poisson() });
  const [all, without] = [
    await quadraturePosterior(model, priors, { error: 0.05 }),
    await quadraturePosterior(rest, priors, { error: 0.05 }),
  ];
  const error = Math.hypot(anew.clusters[3].error, all.logEvidenceError, without.logEvidenceError);
  near(t, anew.clusters[3].elpd, all.logEvidence - without.logEvidence, 4 * error, 'elpd of 4');
});

test('elpd of a likelihood fit: each cluster under the maximum of the others', async (t) => {
  const ml = await fit(infection, quadrature());
  const found = await elpd(ml);
  for (const [i, row] of found.clusters.entries()) {
    const rest = await fit(others[i], quadrature());
    near(t, row.elpd, alone(i, rest.parameters), 1e-5, `elpd of ${row.cluster}`);
    t.true(row.refit && Number.isNaN(row.k));
  }
  near(t, found.elpd + found.pLoo, ml.logLik, 1e-8, 'elpd + pLoo');
  t.is(found.monteCarloError, 0);
  t.deepEqual(found.findings, []);
  // The refits are the same whatever made the fit; that it was no maximum is said.
  const other = await elpd(await fit(infection, pql()));
  near(t, other.elpd, found.elpd, 1e-4, 'elpd of a pql() fit');
  t.deepEqual(
    other.findings.map(({ code }) => code),
    ['elpd-of-maximum-likelihood'],
  );
  // What is held stays held: here nothing is left to estimate.
  const fixed = { sigma: 1.2, beta: { '(Intercept)': -1.3, t: 0.6 } };
  near(t, (await elpd(await fit(infection, quadrature(), { fixed }))).pLoo, 0, 1e-9, 'pLoo');
});

test('cluster weights stand for as many clusters', async (t) => {
  const table = {
    y: [1, 0, 2, 2, 0, 1],
    n: [2, 2, 2, 2, 3, 2],
    g: [1, 1, 2, 2, 3, 3],
    w: [3, 3, 2, 2, 4, 4],
  };
  const copies = [1, 1, 1, 2, 2, 3, 3, 3, 3].flatMap((g, c) =>
    [0, 1].map((j) => ({ y: table.y[2 * g - 2 + j], n: table.n[2 * g - 2 + j], g: c })),
  );
  const text = 'y | trials(n) ~ 1 + (1 | g)';
  const weighted = glmm(text, table, { family: binomial(), clusterWeights: 'w' });
  const long = glmm(text, copies, { family: binomial() });
  const [a, b] = [await elpd(await fit(weighted, quadrature())), await elpd(await fit(long, quadrature()))];
  near(t, a.elpd, b.elpd, 1e-5, 'elpd');
  near(t, a.standardError, b.standardError, 1e-5, 'standard error');
});

test('what is refused, and an abort', async (t) => {
  const ml = await fit(infection, quadrature());
  t.throws(() => rowLogLik(ml as never), { code: 'bad-fit', message: /clusterLogLik/ });
  await t.throwsAsync(elpd({} as never), { code: 'bad-fit' });
  await t.throwsAsync(elpd(ml, { refit: 3 } as never), { code: 'unknown-option', message: /refits/ });
  const points = glmm(formula, infectionTable, { family: binomial(), randomEffect: pointMasses(2) });
  await t.throwsAsync(elpd(await fit(points, quadrature())), { code: 'unsupported-effect' });
  const reason = new Error('enough');
  t.is(await t.throwsAsync(elpd(ml, { signal: AbortSignal.abort(reason) })), reason);
  t.true(mean(clusterLogLik(ml)) < 0);
});

test('clusters of equal rows and sums, and different responses, keep their own log-likelihoods', async (t) => {
  // In each cluster five rows of one design: a fit merges them and averages their responses.
  const counts = [
    [0, 3, 6, 2, 4],
    [3, 3, 3, 3, 3],
    [1, 2, 0, 1, 0],
    [5, 9, 4, 7, 5],
  ];
  const rows = counts.flatMap((ys, i) => ys.map((y) => ({ y, g: String.fromCharCode(97 + i) })));
  const model = glmm('y ~ 1 + (1 | g)', rows, { family: poisson() });
  const found = await fit(model, quadrature());
  const each = clusterLogLik(found);
  near(
    t,
    each.reduce((a, b) => a + b, 0),
    found.logLik,
    1e-9,
    'sum',
  );
  // The integral of both is the same, but for the factorials.
  const factorials = (ys: readonly number[]): number => ys.reduce((sum, y) => sum + lgam(y + 1), 0);
  near(t, each[0] - each[1], factorials(counts[1]) - factorials(counts[0]), 1e-9, 'difference');
});
