// sensitivity(): each row is the fit it says it is; population averages by closed forms; orders by their definitions; refusals.
import test from 'ava';
import { rng } from '../samplers/rng.js';
import { kendall, spearman } from '../src/compare/sensitivity/rank-correlation.js';
import { sensitivity } from '../src/compare/sensitivity.js';
import { fit } from '../src/estimate/fit.js';
import { fixedEffects } from '../src/estimate/fixed-effects.js';
import { gibbs } from '../src/estimate/gibbs.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { simulate } from '../src/estimate/simulate.js';
import { glance } from '../src/inspect/glance.js';
import { averageMarginalEffects } from '../src/inspect/marginal-effects.js';
import { ranef } from '../src/inspect/ranef.js';
import { bridge } from '../src/model/effects/bridge.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { logistic } from '../src/model/effects/logistic.js';
import { normal } from '../src/model/effects/normal.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, gamma, gaussian, poisson } from '../src/model/family.js';
import { glmm, withResponse } from '../src/model/model.js';
import { near, shipped } from './helpers.js';

const herds = await shipped('cbpp');
const model = glmm('cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)', herds, {
  family: binomial(),
});
const all = [normal(), studentT(4), logistic(), bridge(), laplaceEffect(), logGamma(), pointMasses(3)];

test('a population without a mean is said to have none', async (t) => {
  const seizures = glmm('y ~ V4 + (1 | subject)', await shipped('epil'), { family: poisson() });
  const { rows, findings } = await sensitivity(seizures, [normal(), studentT(4)]);
  t.is(rows[1].populationMean, Number.POSITIVE_INFINITY);
  t.deepEqual(
    findings.map(({ code, where }) => [code, where]),
    [['no-mean', ['student-t(4)']]],
  );
});

test('every row is the fit under its distribution, beside the first', async (t) => {
  const found = await sensitivity(model, all, { seed: 3 });
  t.deepEqual(
    found.rows.map(({ distribution }) => distribution),
    ['normal', 'student-t(4)', 'logistic', 'bridge', 'laplace', 'log-gamma', 'point-masses(3)'],
  );
  const first = await fit(model, quadrature());
  const scores = ranef(first).map(({ mean }) => mean);
  for (const [k, randomEffect] of all.entries()) {
    const row = found.rows[k];
    const alone = await fit({ ...model, randomEffect }, quadrature());
    t.deepEqual(row.estimates, alone.estimates, randomEffect.name);
    t.is(row.logLik, alone.logLik);
    t.is(row.aic, glance(alone).AIC);
    near(t, row.deltaAic, glance(alone).AIC - glance(first).AIC, 1e-12, 'AIC');
    t.is(row.standardDeviation, randomEffect.standardDeviation(alone.parameters));
    row.shift.forEach((shift, j) => {
      const { value, standardError } = first.estimates[j];
      near(t, shift, (alone.estimates[j].value - value) / standardError, 1e-12, 'shift');
    });
    const own = ranef(alone).map(({ mean }) => mean);
    near(t, row.kendall, tauB(own, scores), 1e-12, 'kendall');
  }
  t.deepEqual(
    found.findings.map(({ code }) => code),
    ['intercept-differs'],
  );
  const text = String(found);
  t.true(
    text.split('\n').every((line) => line.length <= 80),
    text,
  );
  t.regex(text, /point-masses\(3\): 9 from 6 to 8/);
  const plain = JSON.parse(JSON.stringify(found));
  t.is(plain.schema, 'glmmc/sensitivity');
  t.is(plain.rows[6].distribution, 'point-masses(3)');
  t.false('fit' in plain.rows[0]);
});

test('population averages: bridge, Gaussian and Poisson in closed form, and as averageMarginalEffects() has them', async (t) => {
  const seeds = await shipped('seeds');
  const found = await sensitivity(
    glmm('r | trials(n) ~ x1 + x2 + (1 | plate)', seeds, { family: binomial() }),
    [bridge(), normal()],
  );
  const [row, second] = found.rows;
  const { beta, sigma } = row.fit!.parameters;
  // The marginal logit is phi times the conditional one (Wang and Louis 2003).
  const phi = 1 / Math.sqrt(1 + (3 * sigma * sigma) / Math.PI ** 2);
  const x1 = seeds.x1 as ArrayLike<number>;
  const x2 = seeds.x2 as ArrayLike<number>;
  const mu = Array.from(x1, (x, r) => 1 / (1 + Math.exp(-phi * (beta[0] + beta[1] * x + beta[2] * x2[r]))));
  const average = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  near(t, row.populationMean, average(mu), 1e-10, 'mean');
  const slope = average(mu.map((m) => m * (1 - m) * phi));
  t.deepEqual(
    row.averageSlopes.map(({ name }) => name),
    ['x1', 'x2'],
  );
  row.averageSlopes.forEach(({ value }, j) => {
    near(t, value, slope * beta[j + 1], 1e-10, 'slope');
  });
  const effects = averageMarginalEffects(second.fit!, seeds, { variables: ['x1', 'x2'] });
  second.averageSlopes.forEach(({ value }, j) => {
    near(t, value, effects[j].estimate, 1e-8, 'averageMarginalEffects()');
  });
  const made = {
    y: [1, 2, 4, 3, 5, 9, 7, 8, 6, 2],
    x: [0, 1, 0, 1, 1, 2, 0, 1, 1, 0],
    g: [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
  };
  const straight = await sensitivity(glmm('y ~ x + (1 | g)', made, { family: gaussian() }), [
    normal(),
    studentT(5),
  ]);
  for (const { averageSlopes, populationMean, fit: one } of straight.rows) {
    near(t, averageSlopes[0].value, one!.parameters.beta[1], 1e-10, 'identity');
    near(t, populationMean, one!.parameters.beta[0] + 0.7 * one!.parameters.beta[1], 1e-9, 'identity');
  }
  for (const family of [poisson(), gamma()]) {
    const [normalRow, heavy] = (
      await sensitivity(glmm('y ~ x + (1 | g)', made, { family }), [normal(), studentT(5)])
    ).rows;
    const { beta: b, sigma: s } = normalRow.fit!.parameters;
    const mean = average(made.x.map((x) => Math.exp(b[0] + b[1] * x + (s * s) / 2)));
    near(t, normalRow.populationMean / mean, 1, 1e-10, family.name);
    // No such mean under power tails, unless there are no intercepts.
    if (heavy.fit!.parameters.sigma > 0) t.is(heavy.populationMean, Number.POSITIVE_INFINITY);
  }
});

test('weights count rows and clusters as the long form does; no row is left out but in large data', async (t) => {
  const short = {
    y: [1, 0, 0, 1, 1, 1, 0, 1],
    x: [0, 1, 2, 0, 1, 2, 0, 3],
    g: [1, 1, 2, 2, 3, 3, 4, 4],
    c: [3, 3, 1, 1, 2, 2, 1, 1],
  };
  const rows = [0, 1, 0, 1, 0, 1, 2, 3, 4, 5, 4, 5, 6, 7];
  const long = {
    y: rows.map((r) => short.y[r]),
    x: rows.map((r) => short.x[r]),
    g: rows.map((_, k) => k >> 1),
  };
  const options = { fixed: { sigma: 0.7 } };
  const weighted = glmm('y ~ x + (1 | g)', short, { family: binomial(), clusterWeights: 'c' });
  const [a] = (await sensitivity(weighted, [normal()], options)).rows;
  const [b] = (await sensitivity(glmm('y ~ x + (1 | g)', long, { family: binomial() }), [normal()], options))
    .rows;
  near(t, a.populationMean, b.populationMean, 1e-9, 'mean');
  near(t, a.averageSlopes[0].value, b.averageSlopes[0].value, 1e-9, 'slope');
  near(t, a.aic, b.aic, 1e-8, 'AIC');
  const many = Array.from({ length: 12_000 }, (_, r) => r);
  const large = glmm(
    'y ~ x + (1 | g)',
    { y: many.map((r) => (r * r) % 4), x: many.map((r) => r % 2), g: many.map((r) => r >> 3) },
    { family: poisson() },
  );
  const [row] = (await sensitivity(large, [normal()], { fixed: { sigma: 0 } })).rows;
  // Every third of them: both values of x are as frequent as in all. Means of 0 and 1.
  near(t, row.populationMean, 0.5, 1e-6, 'mean of many');
});

test('data of two kinds of clusters: two masses fit them best', async (t) => {
  const rows = Array.from({ length: 150 * 8 }, (_, r) => r);
  const table = { y: rows.map((r) => r % 2), x: rows.map((r) => Math.cos(r)), g: rows.map((r) => r >> 3) };
  const two = glmm('y ~ x + (1 | g)', table, { family: binomial(), randomEffect: pointMasses(2) });
  const truth = {
    beta: Float64Array.of(0, 1),
    sigma: Math.sqrt(3),
    shape: Float64Array.of(-1, 3, 0.75, 0.25),
  };
  const [y] = simulate(two, truth, { seed: 6 });
  const found = await sensitivity(withResponse(two, y), [normal(), studentT(4), pointMasses(2)]);
  const [ofNormal, heavy, masses] = found.rows;
  t.true(masses.deltaAic < -5, String(found));
  t.true(heavy.deltaAic > masses.deltaAic);
  near(t, masses.standardDeviation, Math.sqrt(3), 0.4, 'sd');
  // The slope hardly depends on what is said of the intercepts.
  t.true(Math.abs(masses.shift[1]) < 1);
  t.true(ofNormal.kendall === 1 && masses.kendall > 0.7);
});

test('orders by their definitions, ties and all', (t) => {
  const stream = rng(5);
  for (let trial = 0; trial < 50; trial++) {
    const n = 2 + Math.floor(stream.uniform() * 30);
    const draw = (): number[] =>
      Array.from({ length: n }, () => Math.floor(stream.uniform() * (trial % 2 ? 6 : 1e6)));
    const [a, b] = [draw(), draw()];
    const [tau, expected] = [kendall(a, b), tauB(a, b)];
    if (Number.isNaN(expected)) t.true(Number.isNaN(tau));
    else near(t, tau, expected, 1e-12, `trial ${trial}`);
  }
  // R: cor(c(1, 2, 3, 4.5, 4.5), c(2, 1, 4, 3, 5), method = "spearman") is 0.7181848464596.
  near(t, spearman([1, 2, 3, 4.5, 4.5], [2, 1, 4, 3, 5]), 7 / Math.sqrt(9.5 * 10), 1e-12, 'spearman');
  t.true(Number.isNaN(spearman([2, 2, 2], [1, 2, 3])));
  t.true(Number.isNaN(kendall([2, 2, 2], [1, 2, 3])));
});

/** Over all pairs. */
function tauB(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  let ofA = 0;
  let ofB = 0;
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < i; j++) {
      const [x, y] = [Math.sign(a[i] - a[j]), Math.sign(b[i] - b[j])];
      sum += x * y;
      ofA += x * x;
      ofB += y * y;
    }
  }
  return ofA * ofB > 0 ? sum / Math.sqrt(ofA * ofB) : Number.NaN;
}

test('what is not possible is a row that says why', async (t) => {
  const found = await sensitivity(model, [pointMasses(2), normal(), laplaceEffect(), studentT(3)], {
    strategy: laplace(),
  });
  t.deepEqual(
    found.rows.map(({ refused }) => refused?.code),
    ['unsupported-effect', undefined, 'unsupported-effect', undefined],
  );
  // The first that could be fitted is the one that others are held against.
  t.is(found.rows[1].deltaLogLik, 0);
  t.true(found.rows[3].deltaLogLik !== 0);
  t.regex(String(found), /point-masses\(2\) is refused: laplace/);
  // Masses allow a link that unbounded intercepts do not.
  const counts = { y: [5, 6, 4, 9, 7, 8, 20, 22, 25], g: [1, 1, 1, 2, 2, 2, 3, 3, 3] };
  const identity = glmm('y ~ 1 + (1 | g)', counts, {
    family: poisson('identity'),
    randomEffect: pointMasses(2),
  });
  const improper = await sensitivity(identity, [pointMasses(2), normal(), bridge()]);
  t.deepEqual(
    improper.rows.map(({ refused }) => refused?.code),
    [undefined, 'improper-model', 'improper-model'],
  );
  near(t, improper.rows[0].populationMean, 106 / 9, 1e-6, 'mean');
  const between = glmm(
    'y ~ x + (1 | g)',
    { y: [1, 0, 2, 4, 3, 2], x: [0, 0, 1, 1, 2, 2], g: [1, 1, 2, 2, 3, 3] },
    { family: poisson() },
  );
  await t.throwsAsync(sensitivity(between, [normal()], { strategy: fixedEffects() }), {
    code: 'no-fit',
    message: /none of/,
  });
  await t.throwsAsync(sensitivity(model, [pointMasses(2)], { strategy: laplace() }), {
    code: 'no-fit',
    message: /of point-masses\(2\)/,
  });
  await t.throwsAsync(sensitivity(model, []), { code: 'bad-effect' });
  await t.throwsAsync(sensitivity(model, normal() as never), { code: 'bad-effect' });
  await t.throwsAsync(sensitivity(model, [normal] as never), {
    code: 'bad-effect',
    message: /write normal\(\)/,
  });
  await t.throwsAsync(sensitivity(model, [normal()], { stratgy: laplace() } as never), {
    code: 'unknown-option',
  });
  await t.throwsAsync(sensitivity({} as never, [normal()]), { code: 'bad-model' });
  const abort = new AbortController();
  const stopped = sensitivity(model, [normal(), logistic()], {
    signal: abort.signal,
    onProgress({ stage }) {
      if (stage.startsWith('logistic')) abort.abort(new Error('enough'));
    },
  });
  await t.throwsAsync(stopped, { message: 'enough' });
});

test('by draws, and with sigma held at 0', async (t) => {
  const found = await sensitivity(model, [normal(), logistic()], {
    strategy: gibbs({ chains: 1, warmup: 100, draws: 200 }),
    seed: 4,
  });
  const again = await sensitivity(model, [normal(), logistic()], {
    strategy: gibbs({ chains: 1, warmup: 100, draws: 200 }),
    seed: 4,
    workers: 2,
  });
  t.deepEqual(
    again.rows.map(({ estimates }) => estimates),
    found.rows.map(({ estimates }) => estimates),
  );
  t.true(Number.isNaN(found.rows[1].aic) && Number.isFinite(found.rows[1].deltaLogLik));
  t.regex(String(found), /delta/);
  t.true(found.rows[1].kendall > 0.8);
  const none = await sensitivity(model, [normal(), logistic()], { fixed: { sigma: 0 } });
  near(t, none.rows[1].deltaLogLik, 0, 1e-9, 'no intercepts, no distribution');
  t.true(Number.isNaN(none.rows[1].kendall));
  t.regex(String(none), /logistic +-\d+\.\d+ +0\.00 +0 +0\.000 +0\.\d+ +- +-/);
});
