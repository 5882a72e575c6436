// Every strategy on a model whose rows and clusters were merged in DuckDB: the answers of the rows one by one.
import test from 'ava';
import {
  binomial,
  collapsed,
  fit,
  gibbs,
  glmm,
  glmmFromDuckDb,
  laplace,
  mcem,
  mcml,
  mcnr,
  nuts,
  polyaGamma,
  pql,
  quadrature,
  quadratureEStep,
  quadraturePosterior,
  readCsv,
  saem,
  summarizeDraws,
} from '../../src/index.js';

const formula = 'y ~ factor(item) + (1 | person)';
const table = 'examples/data/lsat_long.csv';
const family = binomial();
const merged = await glmmFromDuckDb(formula, ':memory:', { table, family });
const rows = glmm(formula, await readCsv(table), { family });
const exact = await fit(rows, quadrature());

test('1000 persons are as many clusters as there are totals', (t) => {
  t.is(merged.clusterLabels.length, 6);
  t.is(rows.clusterLabels.length, 1000);
});

for (const [name, strategy] of Object.entries({
  laplace: laplace(),
  pql: pql(),
  emStep: mcem({ eStep: quadratureEStep() }),
})) {
  test(`${name}: the same estimates`, async (t) => {
    const [a, b] = [await fit(merged, strategy), await fit(rows, strategy)];
    t.is(a.estimates.length, b.estimates.length);
    a.estimates.forEach((one, j) => {
      t.true(Math.abs(one.value - b.estimates[j]!.value) < 1e-5 * one.standardError, one.name);
    });
  });
}

for (const [name, strategy] of Object.entries({ mcem: mcem(), mcnr: mcnr(), mcml: mcml(), saem: saem() })) {
  test(`${name}: within its Monte Carlo error of the maximum`, async (t) => {
    const result = await fit(merged, strategy, { seed: 5 });
    result.estimates.forEach(({ name: of, value, standardError, monteCarloError }, j) => {
      const distance = Math.abs(value - exact.estimates[j]!.value);
      t.true(monteCarloError > 0 && monteCarloError < standardError, of);
      t.true(distance < 4.5 * monteCarloError, `${of}: ${distance / monteCarloError} Monte Carlo errors`);
    });
  });
}

const small = { chains: 2, warmup: 300, draws: 600 };
for (const [name, strategy] of Object.entries({
  gibbs: gibbs(small),
  polyaGamma: polyaGamma({ chains: 2, warmup: 100, draws: 150 }),
  nuts: nuts({ chains: 2, warmup: 150, draws: 150 }),
  collapsed: collapsed(small),
})) {
  test(`${name}: the posterior of the rows`, async (t) => {
    const { draws } = await fit(merged, strategy, { seed: 6 });
    const { parameters } = await quadraturePosterior(rows);
    const told = summarizeDraws(draws);
    for (const { name: of, mean, sd } of parameters) {
      const row = told.find(({ variable }) => variable === of)!;
      t.true(
        Math.abs(row.mean - mean) < 4.5 * row.mcse_mean + 0.01 * sd,
        `${of}: ${row.mean}, exact ${mean}`,
      );
    }
  });
}
