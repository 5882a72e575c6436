// refit() and augment(): the same strategy on other responses, and the rows of the data with what the fit says of them.
import test from 'ava';
import { lgam } from '../samplers/special.js';
import { collapsed } from '../src/estimate/collapsed.js';
import { type Fit, fit, type Strategy } from '../src/estimate/fit.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { pql } from '../src/estimate/quasi-likelihood.js';
import { simulate } from '../src/estimate/simulate.js';
import { augment } from '../src/inspect/augment.js';
import { ranef } from '../src/inspect/ranef.js';
import { refit } from '../src/inspect/refit.js';
import { binomial } from '../src/model/family.js';
import { glmm, withResponse } from '../src/model/model.js';
import { caseModel, likelihoodCase, posteriorCase } from './fit-cases.js';
import { near, shipped } from './helpers.js';

const short = { chains: 1, warmup: 50, draws: 50 };
const strategies: readonly Strategy<Fit>[] = [
  quadrature({ rule: 'adaptive', nodes: 5 }),
  laplace(),
  pql(),
  collapsed(short),
];
for (const name of ['binomial', 'poisson', 'gaussian', 'gamma']) {
  test(`${name}: refit is fit with the new response, to the last bit`, async (t) => {
    const model = caseModel(name);
    const truth = (await fit(model, laplace())).parameters;
    const [y] = simulate(model, truth, { seed: 9 });
    for (const strategy of strategies) {
      const options = { seed: 7, fixed: { beta: { x: -0.4 } } };
      const first = await fit(model, strategy, options);
      const again = await refit(first, y);
      const direct = await fit(withResponse(model, y), strategy, options);
      t.is(again.kind, first.kind);
      t.deepEqual(again.settings, direct.settings);
      t.deepEqual(again.estimates, direct.estimates, strategy.name);
      t.deepEqual(again.fixed, ['x']);
      t.notDeepEqual(again.parameters, first.parameters);
      // The response it came from leads back.
      t.deepEqual((await refit(again, model.design.y)).estimates, first.estimates, strategy.name);
    }
  });
}

test('what is no response is refused', async (t) => {
  const result = await likelihoodCase('binomial');
  const y = result.model.design.y;
  const refused = (response: unknown, code: string, message: RegExp): Promise<unknown> =>
    t.throwsAsync(() => refit(result, response as number[]), { code, message });
  await refused(y.slice(1), 'bad-response', /60 rows that were used, found 59/);
  await refused(
    y.map((v) => v + 0.5),
    'bad-response',
    /whole numbers of successes/,
  );
  await refused('0101', 'bad-response', /found '0101'/);
  await refused(undefined, 'bad-response', /found undefined/);
  await t.throwsAsync(() => refit({ ...result }, y), { code: 'bad-fit', message: /found a copy/ });
  await t.throwsAsync(() => refit(undefined as never, y), { code: 'bad-fit' });
  const gamma = await likelihoodCase('gamma');
  await t.throwsAsync(() => refit(gamma, new Float64Array(60).fill(2)), { code: 'constant-response' });
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  await t.throwsAsync(() => refit(result, y, { signal: controller.signal }), { message: 'enough' });
});

/** log f(y | mu), written out anew. */
const logDensity: Readonly<Record<string, (y: number, mu: number, n: number, phi: number) => number>> = {
  binomial: (y, mu, n) => (y > 0 ? y * Math.log(mu) : 0) + (n > y ? (n - y) * Math.log(1 - mu) : 0),
  poisson: (y, mu) => (y > 0 ? y * Math.log(mu) : 0) - mu,
  gaussian: (y, mu) => -0.5 * (y - mu) ** 2,
  gamma: (y, mu) => -Math.log(mu) - y / mu,
  'negative binomial': (y, mu, _n, theta) =>
    lgam(y + theta) + (y > 0 ? y * Math.log(mu / (mu + theta)) : 0) + theta * Math.log(theta / (mu + theta)),
};

for (const name of Object.keys(logDensity)) {
  test(`${name}: rows of augment()`, async (t) => {
    const density = logDensity[name];
    for (const result of [
      await likelihoodCase(name),
      ...(name === 'gamma' ? [await posteriorCase(name)] : []),
    ]) {
      const rows = augment(result);
      const { design } = result.model;
      const effects = ranef(result);
      t.is(rows.length, 60);
      const phi = result.parameters.dispersion ?? 1;
      let zeros = 0;
      rows.forEach((row, r) => {
        t.is(row.response, design.y[r]);
        near(t, row['.fitted'] - row['.fixed'], effects[design.cluster[r]].mean, 1e-9, `row ${r}`);
        const n = row.trials;
        const saturated = density(row.response, row.response / n, n, phi);
        const gap = 2 * (saturated - density(row.response, row['.mu'], n, phi));
        near(t, row['.resid'] ** 2, gap, 1e-9, `deviance of row ${r}`);
        if (row['.resid'] !== 0) t.is(Math.sign(row['.resid']), Math.sign(row.response - n * row['.mu']));
        if (row.response === 0) zeros++;
      });
      t.true(zeros > 0 || name === 'gaussian' || name === 'gamma');
    }
  });
}

test('augment() says which row of the data each is', async (t) => {
  const seeds = await shipped('seeds');
  const holed = {
    ...seeds,
    x1: Array.from(seeds.x1 as ArrayLike<number>, (x, k) => (k === 2 ? Number.NaN : x)),
  };
  const rows = augment(
    await fit(glmm('r | trials(n) ~ x1 + (1 | plate)', holed, { family: binomial() }), quadrature()),
  );
  t.deepEqual(
    rows.slice(0, 4).map(({ row }) => row),
    [1, 2, 4, 5],
  );
  t.deepEqual(Object.keys(rows[0]), [
    ...['row', 'cluster', 'response', 'trials'],
    ...['.fitted', '.se.fit', '.fixed', '.mu', '.resid', '.offset', '.weights'],
  ]);
  t.throws(() => augment(undefined as never), { code: 'bad-fit' });
});
