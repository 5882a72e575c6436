// likelihoodRatio(): published statistics, the mixture at sigma = 0, its calibration, and what is not nested.
import test from 'ava';
import { chdtrc } from '../samplers/special.js';
import { fit, type LikelihoodFit } from '../src/estimate/fit.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { simulate } from '../src/estimate/simulate.js';
import { likelihoodRatio } from '../src/inspect/likelihood-ratio.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, type Family, gaussian, negativeBinomial, poisson } from '../src/model/family.js';
import { glmm, withResponse } from '../src/model/model.js';
import type { RandomEffect } from '../src/model/random-effect.js';
import { caseModel, posteriorCase } from './fit-cases.js';
import { certified, certifiedModel, near, shipped } from './helpers.js';

const seeds = await shipped('seeds');
const zero = { fixed: { sigma: 0 } };

test('sigma = 0 on Booth-Hobert and seeds: the statistics and p-values known', async (t) => {
  for (const [name, statistic, pValue] of [
    ['booth_hobert', 6.100377, 0.006758],
    ['seeds', 2.359199, 0.06227],
  ] as const) {
    const model = await certifiedModel(certified(name));
    const ratio = likelihoodRatio(await fit(model, quadrature(), zero), await fit(model, quadrature()));
    near(t, ratio.statistic, statistic, 1e-6, name);
    near(t, ratio.pValue, pValue, 5e-6, `${name}: p`);
    t.is(ratio.df, 1);
    t.regex(ratio.note, /sigma = 0 is the end of its range, so the reference is the 50:50 mixture/);
  }
});

test('pairs at sigma = 0: a ratio of 0 and a p-value of 1', async (t) => {
  const counts = { y: [1, 1, 1, 0, 0, 1, 0, 0], x: [1, 0, 1, 0, 1, 0, 1, 0], g: [1, 1, 2, 2, 3, 3, 4, 4] };
  const pairs = { ...counts, w: [10, 10, 30, 30, 20, 20, 10, 10] };
  const model = glmm('y ~ x + (1 | g)', pairs, { family: binomial(), clusterWeights: 'w' });
  const full = await fit(model, quadrature());
  near(t, full.parameters.beta[1], 0.575364144903562, 1e-8, 'beta');
  const ratio = likelihoodRatio(await fit(model, quadrature(), zero), full);
  near(t, ratio.statistic, 0, 1e-9, 'T');
  t.is(
    likelihoodRatio(await fit(model, quadrature(), zero), { ...full, logLik: full.logLik - 1e-9 }).pValue,
    1,
  );
});

const fitSeeds = (
  formula: string,
  options: { fixed?: object; effect?: RandomEffect; family?: Family } = {},
): Promise<LikelihoodFit> =>
  fit(
    glmm(`r | trials(n) ~ ${formula} + (1 | plate)`, seeds, {
      family: options.family ?? binomial(),
      ...(options.effect && { randomEffect: options.effect }),
    }),
    quadrature(),
    { ...(options.fixed && { fixed: options.fixed }) },
  );

test('terms: twice the difference, its degrees of freedom and its tail', async (t) => {
  const [none, main, full] = [await fitSeeds('1'), await fitSeeds('x1 + x2'), await fitSeeds('x1 * x2')];
  const ratio = likelihoodRatio(main, full);
  near(t, ratio.statistic, 2 * (full.logLik - main.logLik), 1e-12, 'statistic');
  t.is(ratio.df, 1);
  near(t, ratio.pValue, chdtrc(1, ratio.statistic), 1e-15, 'p');
  t.is(likelihoodRatio(none, full).df, 3);
  // Coefficients held fixed, and the two restrictions at once.
  const held = await fitSeeds('x1 * x2', { fixed: { beta: { 'x1:x2': 0 } } });
  near(t, likelihoodRatio(held, full).statistic, ratio.statistic, 1e-7, 'held at 0');
  const both = likelihoodRatio(await fitSeeds('x1 + x2', { fixed: { sigma: 0 } }), full);
  t.is(both.df, 2);
  near(t, both.pValue, 0.5 * (chdtrc(1, both.statistic) + chdtrc(2, both.statistic)), 1e-15, 'mixture');
  t.is(
    String(ratio),
    `Likelihood ratio 4.1480 on 1 df, p = 0.0417
Referred to chi-square with 1 degree of freedom.`,
  );
});

test('under sigma = 0 the mixture is right: a quarter of the p-values is below a quarter', async (t) => {
  const model = caseModel('gaussian');
  const truth = { beta: Float64Array.of(0, 0.5), sigma: 0, dispersion: 1 };
  const draws = simulate(model, truth, { draws: 200, seed: 11 });
  let below = 0;
  let ones = 0;
  for (const y of draws) {
    const data = withResponse(model, y);
    const { pValue } = likelihoodRatio(await fit(data, quadrature(), zero), await fit(data, quadrature()));
    if (pValue < 0.25) below++;
    if (pValue === 1) ones++;
  }
  near(t, below / 200, 0.25, 4 * Math.sqrt((0.25 * 0.75) / 200), 'share below 0.25');
  // About half in large samples, some more in twelve clusters.
  near(t, ones / 200, 0.55, 0.15, 'share of boundary estimates');
});

test('Poisson within negative binomial counts: 1 / theta = 0 is an end too', async (t) => {
  const data = caseModel('negative binomial');
  const { y, cluster, x } = data.design;
  const table = { y: [...y], g: [...cluster], x: Array.from(y, (_, r) => x[2 * r + 1]) };
  const counts = (family: Family): Promise<LikelihoodFit> =>
    fit(glmm('y ~ x + (1 | g)', table, { family }), quadrature());
  const ratio = likelihoodRatio(await counts(poisson()), await counts(negativeBinomial()));
  near(t, ratio.pValue, 0.5 * chdtrc(1, ratio.statistic), 1e-15, 'p');
  const noClusters = await fit(glmm('y ~ x + (1 | g)', table, { family: poisson() }), quadrature(), zero);
  const two = likelihoodRatio(noClusters, await counts(negativeBinomial()));
  t.true(Number.isNaN(two.pValue));
  t.regex(two.note, /at once/);
});

test('references that do not exist', async (t) => {
  const pooled = await fitSeeds('x1', { fixed: { sigma: 0 } });
  for (const effect of [studentT(2), pointMasses(2)]) {
    const ratio = likelihoodRatio(pooled, await fitSeeds('x1', { effect }));
    t.true(Number.isNaN(ratio.pValue) && ratio.statistic >= 0, effect.name);
    t.regex(ratio.note, /data drawn from the null/);
  }
});

test('what is not maximum likelihood is said', async (t) => {
  const model = await certifiedModel(certified('cbpp'));
  const rough = likelihoodRatio(await fit(model, laplace(), zero), await fit(model, laplace()));
  t.regex(rough.note, /laplace maximised something else/);
});

test('other data and what is not nested are refused, with the reason', async (t) => {
  const full = await fitSeeds('x1 * x2');
  const refused = (nullFit: unknown, code: string, message: RegExp): void => {
    t.throws(() => likelihoodRatio(nullFit as LikelihoodFit, full), { code, message });
  };
  const some = Object.fromEntries(
    Object.entries(seeds).map(([name, column]) => [
      name,
      Array.from(column as ArrayLike<number>).slice(0, 20),
    ]),
  );
  const family = binomial();
  const fewer = await fit(glmm('r | trials(n) ~ x1 + (1 | plate)', some, { family }), quadrature());
  refused(fewer, 'different-data', /other numbers of rows \(20 and 21\)/);
  const other = { ...seeds, r: Array.from(seeds.n as ArrayLike<number>, (n, k) => n - Number(seeds.r[k])) };
  refused(
    await fit(glmm('r | trials(n) ~ x1 + (1 | plate)', other, { family }), quadrature()),
    'different-data',
    /other responses/,
  );
  refused(await fitSeeds('x1', { family: binomial('probit') }), 'not-nested', /one family and link/);
  refused(await fitSeeds('x1', { effect: studentT(5) }), 'not-nested', /one distribution of intercepts/);
  refused(await fitSeeds('I(x1 + n)'), 'not-nested', /'I\(x1 \+ n\)' in the null alone/);
  refused(full, 'not-nested', /more parameters/);
  t.throws(() => likelihoodRatio(full, { ...full, logLik: full.logLik - 1 }), { code: 'not-nested' });
  refused(await posteriorCase('gaussian'), 'bad-fit', /elpd\(\)/);
  t.throws(() => likelihoodRatio(full, undefined as never), { code: 'bad-fit', message: /found one/ });
  const dyestuff = await fit(
    glmm('Yield ~ (1 | Batch)', await shipped('dyestuff'), { family: gaussian() }),
    quadrature(),
  );
  refused(dyestuff, 'different-data', /numbers of rows/);
});
