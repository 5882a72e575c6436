// ranef(): held against certified cluster effects, against the closed form of the Gaussian model, and against draws.
import test from 'ava';
import { makeDraws } from '../samplers/draws.js';
import { rng } from '../samplers/rng.js';
import { normal as normalVariate } from '../samplers/variates.js';
import { collapsed } from '../src/estimate/collapsed.js';
import { fit, type LikelihoodFit, type PosteriorFit } from '../src/estimate/fit.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { caterpillar } from '../src/inspect/caterpillar.js';
import { ranef } from '../src/inspect/ranef.js';
import { MarginalLikelihood } from '../src/likelihood/marginal-likelihood.js';
import { normal } from '../src/model/effects/normal.js';
import { binomial, gaussian } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import type { Parameters } from '../src/model/parameters.js';
import { certified, certifiedModel, near, shipped } from './helpers.js';

const sets = ['cbpp', 'seeds', 'infection', 'booth_hobert', 'epil', 'ohio', 'dyestuff'];
for (const name of sets) {
  test(`${name}: means, sds and modes of the clusters are the certified ones`, async (t) => {
    const answer = certified(name);
    const rows = ranef(await fit(await certifiedModel(answer), quadrature()));
    const effects = answer.maximumLikelihood.clusterEffects;
    t.true(effects.length > 0);
    for (const effect of effects) {
      const row = rows.find(({ cluster }) => cluster === String(effect.cluster))!;
      near(t, row.mean, effect.postMean, 1e-5, `mean of ${row.cluster}`);
      near(t, row.sd, effect.postSd, 1e-5, `sd of ${row.cluster}`);
      near(t, row.mode, effect.mode, 1e-5, `mode of ${row.cluster}`);
      if (effect.modeSd !== undefined) near(t, row.modeSd, effect.modeSd, 1e-5, `modeSd of ${row.cluster}`);
      t.true(row.q5 < row.mean && row.mean < row.q95 && row.sdTotal >= row.sd);
    }
  });
}

test('gaussian clusters: mean, sd and quantiles are the closed form', async (t) => {
  const model = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff'), { family: gaussian() });
  const result = await fit(model, quadrature());
  const { beta, sigma, dispersion } = result.parameters;
  const rows = ranef(result);
  const { starts, y } = model.clusters;
  rows.forEach((row, i) => {
    const n = starts[i + 1] - starts[i];
    const sum = y.slice(starts[i], starts[i + 1]).reduce((a, b) => a + b - beta[0], 0);
    const precision = n / dispersion! + 1 / sigma ** 2;
    const sd = 1 / Math.sqrt(precision);
    const mean = sum / dispersion! / precision;
    near(t, row.mean, mean, 1e-8, 'mean');
    near(t, row.mode, mean, 1e-8, 'mode');
    near(t, row.sd, sd, 1e-8, 'sd');
    near(t, row.modeSd, sd, 1e-8, 'modeSd');
    // The 95% point of the standard normal.
    near(t, row.q95, mean + 1.6448536269514722 * sd, 1e-6, 'q95');
    near(t, row.q5, mean - 1.6448536269514722 * sd, 1e-6, 'q5');
    // A cluster's own mean residual is pulled to 0 by this share.
    near(t, row.shrinkage, 1 - mean / (sum / n), 1e-8, 'shrinkage');
  });
  t.deepEqual(
    rows.map(({ rank }) => rank),
    [3, 4, 5, 2, 6, 1],
  );
});

/** sdTotal by central differences of the posterior means over the parameters. */
function sdTotalByDifferences(result: LikelihoodFit): number[] {
  const { model, parameters, covariance } = result;
  const likelihood = new MarginalLikelihood(model);
  const p = parameters.beta.length;
  const means = (at: Parameters): Float64Array => {
    likelihood.evaluate(at, { kind: 'certified', tolerance: 1e-11 }, true);
    return likelihood.clusters.mean.map((z) => at.sigma * z);
  };
  const moved = (a: number, step: number): Parameters => {
    if (a === p) return { ...parameters, sigma: parameters.sigma + step };
    if (a === p + 1) return { ...parameters, dispersion: parameters.dispersion! + step };
    return { ...parameters, beta: parameters.beta.map((b, j) => (j === a ? b + step : b)) };
  };
  const size = result.estimates.length;
  const slopes = Array.from({ length: size }, (_, a) => {
    const step = 1e-4 * result.estimates[a].standardError;
    const up = means(moved(a, step));
    const down = means(moved(a, -step));
    return up.map((value, i) => (value - down[i]) / (2 * step));
  });
  return ranef(result).map(({ sd }, i) => {
    let extra = 0;
    for (let a = 0; a < size; a++)
      for (let b = 0; b < size; b++) extra += slopes[a][i] * covariance.get(a, b) * slopes[b][i];
    return Math.sqrt(sd * sd + extra);
  });
}

for (const name of ['cbpp', 'dyestuff', 'booth_hobert']) {
  test(`${name}: sdTotal is the delta method, by differences of the means`, async (t) => {
    const result = await fit(await certifiedModel(certified(name)), quadrature());
    const expected = sdTotalByDifferences(result);
    ranef(result).forEach((row, i) => {
      near(t, row.sdTotal, expected[i], 1e-5 * expected[i], row.cluster);
      t.true(row.sdTotal > row.sd);
    });
  });
}

test('parameters held fixed add nothing to sdTotal', async (t) => {
  const model = glmm('r | trials(n) ~ x1 * x2 + (1 | plate)', await shipped('seeds'), { family: binomial() });
  const free = await fit(model, quadrature());
  const { beta, sigma } = free.parameters;
  const names = Object.fromEntries(model.coefficientNames.map((name, j) => [name, beta[j]]));
  const held = await fit(model, quadrature(), { fixed: { sigma, beta: names } });
  for (const row of ranef(held)) near(t, row.sdTotal, row.sd, 1e-12, row.cluster);
});

test('sigma = 0: every intercept is 0', async (t) => {
  const model = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff2'), { family: gaussian() });
  for (const { cluster, ...row } of ranef(await fit(model, quadrature()))) {
    const { rank, shrinkage, ...numbers } = row;
    t.is(shrinkage, 1);
    t.true(
      Object.values(numbers).every((value) => value === 0),
      cluster,
    );
    t.is(rank, 3.5);
  }
});

test('draws: moments and quantiles of the draws, no mode', (t) => {
  const stream = rng(7).stream('ranef');
  const variables = ['eps[a]', 'eps[b]', 'sigma'];
  const n = 2000;
  const storage = [0, 1].map(() =>
    Float64Array.from({ length: 3 * n }, (_, k) =>
      k < 2 * n ? normalVariate(stream) * (k < n ? 1 : 2) + (k < n ? 5 : 1) : 4,
    ),
  );
  const posterior = {
    kind: 'posterior',
    model: { clusterLabels: ['a', 'b'], randomEffect: normal() },
    parameters: { beta: new Float64Array(0), sigma: 4 },
    draws: makeDraws(variables, 2, n, storage),
  } as unknown as PosteriorFit;
  const [a, b] = ranef(posterior);
  near(t, a.mean, 5, 4 / Math.sqrt(2 * n), 'mean a');
  near(t, b.sd, 2, 0.15, 'sd b');
  near(t, b.shrinkage, b.sd ** 2 / 16, 1e-12, 'shrinkage b');
  near(t, a.q95, 5 + 1.645, 0.15, 'q95 a');
  t.is(a.sd, a.sdTotal);
  t.true(Number.isNaN(a.mode) && Number.isNaN(a.modeSd));
  t.deepEqual([a.rank, b.rank], [2, 1]);
});

test('the printed table', async (t) => {
  const model = glmm('x | trials(n) ~ t + (1 | clinic)', await shipped('infection'), { family: binomial() });
  const text = String(ranef(await fit(model, quadrature())));
  t.is(
    text.split('\n').slice(0, 3).join('\n'),
    `cluster    mean    mode     sd  sdTotal  shrinkage      q5     q95  rank
1        -0.112  -0.099  0.260    0.576       0.03  -0.546   0.308     5
2         1.868   1.850  0.306    0.603       0.05   1.375   2.382     8`,
  );
});

test('caterpillar(): clusters in order, three intervals each that know more and more of what is not known', async (t) => {
  const model = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff'), { family: gaussian() });
  const found = await fit(model, quadrature());
  const posterior = await fit(model, collapsed({ draws: 500 }), { seed: 5 });
  const held = await fit(model, collapsed({ draws: 20 }), { seed: 5, fixed: { sigma: 0 } });
  t.true(ranef(held).every(({ mean, sd, shrinkage }) => mean === 0 && sd === 0 && shrinkage === 1));
  const rows = caterpillar(found, { level: 0.8, posterior });
  t.deepEqual(
    rows.map(({ cluster, place }) => `${cluster} ${place}`),
    ['F 1', 'D 2', 'A 3', 'B 4', 'C 5', 'E 6'],
  );
  const scores = new Map(ranef(found).map((row) => [row.cluster, row]));
  const drawn = new Map(ranef(posterior).map((row) => [row.cluster, row]));
  // The 90% point of the standard normal.
  const z = 1.2815515655446004;
  for (const row of rows) {
    const { mean, sd, sdTotal } = scores.get(row.cluster)!;
    near(t, row.upper, mean + z * sd, 1e-5 * sd, 'plug-in');
    near(t, row.upperTotal, mean + z * sdTotal, 1e-5 * sdTotal, 'corrected');
    near(t, row.lowerTotal, mean - z * sdTotal, 1e-5 * sdTotal, 'corrected');
    t.is(row.posteriorMean, drawn.get(row.cluster)!.mean);
    t.true(row.lowerPosterior < row.posteriorMean && row.posteriorMean < row.upperPosterior);
  }
  t.regex(
    String(rows),
    /^cluster +place +mean +plug-in +corrected +posterior\nF +1 +-42\.5 +-66\.9 to -18\.1 /,
  );
  t.notRegex(String(caterpillar(posterior)), /posterior/);
  const other = await fit(
    glmm('x | trials(n) ~ t + (1 | clinic)', await shipped('infection'), { family: binomial() }),
    quadrature(),
  );
  t.throws(() => caterpillar(other, { posterior }), { code: 'different-models' });
  t.throws(() => caterpillar(found, { level: 1 }), { code: 'bad-option' });
});
