// tidy() and glance(): broom's names, values by hand, boundaries.
import test from 'ava';
import { makeDraws } from '../samplers/draws.js';
import { GlmmcError } from '../samplers/errors.js';
import { fit, type PosteriorFit } from '../src/estimate/fit.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { glance } from '../src/inspect/glance.js';
import { ranef } from '../src/inspect/ranef.js';
import { tidy } from '../src/inspect/tidy.js';
import { binomial, gaussian, negativeBinomial } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { near, shipped } from './helpers.js';

const seeds = glmm('r | trials(n) ~ x1 * x2 + (1 | plate)', await shipped('seeds'), { family: binomial() });
const dyestuff = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff'), { family: gaussian() });

test('one row an estimate, with the columns of broom.mixed', async (t) => {
  const rows = tidy(await fit(seeds, quadrature()));
  t.deepEqual(Object.keys(rows[0]), [
    'effect',
    'group',
    'term',
    'estimate',
    'std.error',
    'statistic',
    'p.value',
    'conf.low',
    'conf.high',
    'mc.error',
  ]);
  t.deepEqual(
    rows.map(({ effect, group, term }) => [effect, group, term]),
    [
      ['fixed', null, '(Intercept)'],
      ['fixed', null, 'x1'],
      ['fixed', null, 'x2'],
      ['fixed', null, 'x1:x2'],
      ['ran_pars', 'plate', 'sd__(Intercept)'],
    ],
  );
  const x2 = rows[2];
  near(t, x2.statistic, 1.3370393 / 0.2369356, 1e-4, 'z');
  near(t, x2['conf.low'], x2.estimate - 1.959963984540054 * x2['std.error'], 1e-12, 'low');
  near(t, x2['conf.high'], x2.estimate + 1.959963984540054 * x2['std.error'], 1e-12, 'high');
  t.is(x2['mc.error'], 0);
  const sigma = rows[4];
  t.true(Number.isNaN(sigma.statistic) && Number.isNaN(sigma['p.value']));
  // Wald's interval on the log scale stays above 0.
  const factor = Math.exp((1.959963984540054 * sigma['std.error']) / sigma.estimate);
  near(t, sigma['conf.low'], sigma.estimate / factor, 1e-12, 'low of sigma');
  near(t, sigma['conf.high'], sigma.estimate * factor, 1e-12, 'high of sigma');
  t.regex(
    String(rows),
    /^term +group +estimate[\s\S]*\nx2 +1\.337 +0\.237 +5\.64[\s\S]*\nsd__\(Intercept\) +plate +0\.236 +0\.110 +- +- /,
  );
});

test('the residual variance is told as its standard deviation', async (t) => {
  const result = await fit(dyestuff, quadrature());
  const row = tidy(result)[2];
  t.deepEqual([row.effect, row.group, row.term], ['ran_pars', 'Residual', 'sd__Observation']);
  near(t, row.estimate, Math.sqrt(result.parameters.dispersion!), 1e-12, 'sd');
  near(t, row['std.error'], result.estimates[2].standardError / (2 * row.estimate), 1e-12, 'its error');
});

test('level: default 0.95, other levels, and what is no level', async (t) => {
  const result = await fit(seeds, laplace());
  t.deepEqual(tidy(result), tidy(result, { level: 0.95 }));
  const [row] = tidy(result, { level: 0.5 });
  near(t, row['conf.high'] - row.estimate, 0.6744897501960817 * row['std.error'], 1e-12, 'half width');
  for (const level of [0, 1, 95, Number.NaN]) t.throws(() => tidy(result, { level }), { code: 'bad-option' });
  t.throws(() => tidy(result, { levl: 0.9 } as never), {
    code: 'unknown-option',
    message: /did you mean 'level'/,
  });
});

test('sigma on its boundary has neither error nor interval', async (t) => {
  const model = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff2'), { family: gaussian() });
  const [, sigma] = tidy(await fit(model, quadrature()));
  t.is(sigma.estimate, 0);
  t.true([sigma['std.error'], sigma['conf.low'], sigma['conf.high']].every(Number.isNaN));
});

test('what is held fixed has its value at both ends', async (t) => {
  const rows = tidy(await fit(seeds, quadrature(), { fixed: { sigma: 0, beta: { x1: 0.25 } } }));
  for (const [k, value] of [
    [1, 0.25],
    [4, 0],
  ]) {
    t.deepEqual([rows[k].estimate, rows[k]['conf.low'], rows[k]['conf.high']], [value, value, value]);
  }
  t.true(rows[0]['conf.low'] < rows[0].estimate);
});

test('glance: cluster weights count rows as the long form does', async (t) => {
  const patterns = {
    y: [1, 0, 1, 1, 0, 0, 0],
    g: ['a', 'a', 'b', 'b', 'c', 'c', 'c'],
    w: [2, 2, 1, 1, 3, 3, 3],
  };
  const copies = patterns.y.flatMap((y, i) =>
    Array.from({ length: patterns.w[i] }, (_, k) => ({ y, g: `${patterns.g[i]}${k}` })),
  );
  const options = { family: binomial() };
  const short = await fit(
    glmm('y ~ 1 + (1 | g)', patterns, { ...options, clusterWeights: 'w' }),
    quadrature(),
  );
  const long = await fit(glmm('y ~ 1 + (1 | g)', copies, options), quadrature());
  t.is(glance(short).nobs, 15);
  for (const name of ['nobs', 'logLik', 'BIC', 'df.residual'] as const) {
    near(t, glance(short)[name], glance(long)[name], 1e-9, name);
  }
  const bic = glance(long).BIC.toFixed(2);
  for (const one of [short, long]) t.true(String(one).includes(bic), String(one));
});

const draws = Float64Array.from({ length: 2000 }, (_, k) => ((k * 997) % 1000) / 1000 + 0.0005);
const posterior = {
  kind: 'posterior',
  model: { ...dyestuff, coefficientNames: ['(Intercept)'] },
  parameters: { beta: Float64Array.of(1527.5), sigma: 37.3, dispersion: 2451 },
  estimates: [
    { name: '(Intercept)', value: 0.5, standardError: 0.29, monteCarloError: 0.01 },
    { name: 'dispersion', value: 0.25, standardError: 0.3, monteCarloError: 0.02 },
  ],
  draws: makeDraws(['(Intercept)', 'dispersion'], 1, 1000, [draws]),
} as unknown as PosteriorFit;

test('a posterior fit: intervals from the draws, no test', (t) => {
  const [row, dispersion] = tidy(posterior, { level: 0.9 });
  near(t, row['conf.low'], 0.05, 1e-3, 'low');
  near(t, row['conf.high'], 0.95, 1e-3, 'high');
  t.true(Number.isNaN(row.statistic) && Number.isNaN(row['p.value']));
  t.is(row['mc.error'], 0.01);
  near(t, dispersion['conf.high'], Math.sqrt(0.95), 1e-3, 'high of the residual sd');
});

test('glance: nobs, logLik and what follows from it', async (t) => {
  const one = glance(await fit(seeds, quadrature()));
  t.deepEqual(Object.keys(one), ['nobs', 'sigma', 'logLik', 'AIC', 'BIC', 'deviance', 'df.residual']);
  near(t, one.logLik, -53.757420695129, 1e-7, 'logLik');
  near(t, one.AIC, 2 * 53.757420695129 + 10, 1e-6, 'AIC');
  near(t, one.BIC, 2 * 53.757420695129 + 5 * Math.log(21), 1e-6, 'BIC');
  t.deepEqual([one.nobs, one.sigma, one['df.residual']], [21, 1, 16]);
});

test('glance: a fixed sigma is not counted, an estimated 0 is', async (t) => {
  const fixed = glance(await fit(seeds, quadrature(), { fixed: { sigma: 0 } }));
  t.is(fixed['df.residual'], 21 - 4);
  const model = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff2'), { family: gaussian() });
  const boundary = glance(await fit(model, quadrature()));
  t.is(boundary['df.residual'], 30 - 3);
  near(t, boundary.sigma, Math.sqrt((await fit(model, quadrature())).parameters.dispersion!), 1e-12, 'sigma');
});

test('theta is no scale: told as it is, and no residual sd, as in glmer.nb', async (t) => {
  const epil = await shipped('epil');
  const model = glmm('y ~ lbase * trt + lage + V4 + (1 | subject)', epil, { family: negativeBinomial() });
  const result = await fit(model, quadrature());
  const row = tidy(result).at(-1)!;
  const { value, standardError } = result.estimates.at(-1)!;
  t.deepEqual([row.effect, row.group, row.term], ['ran_pars', null, 'theta']);
  t.deepEqual([row.estimate, row['std.error']], [value, standardError]);
  near(t, row['conf.high'], value * Math.exp((1.959963984540054 * standardError) / value), 1e-9, 'high');
  // R: sigma(glmer.nb(...)) is 1.
  t.is(glance(result).sigma, 1);
});

test('glance of a posterior fit: the likelihood at the posterior mean, no AIC', (t) => {
  const one = glance({ ...posterior, model: dyestuff });
  near(t, one.logLik, -163.6635, 1e-3, 'logLik near its maximum');
  t.true(Number.isNaN(one.AIC) && Number.isNaN(one.BIC));
});

test('what is no fit is refused, with what was found', async (t) => {
  const one = await fit(seeds, laplace());
  for (const verb of [tidy, glance, ranef] as ((value: never) => unknown)[]) {
    const refused = (value: unknown, message: RegExp): void => {
      t.throws(() => verb(value as never), { instanceOf: GlmmcError, code: 'bad-fit', message });
    };
    refused(undefined, /takes a fit as its first argument, found undefined; make one with await fit\(/);
    refused(3, /found 3/);
    refused({}, /found an object/);
    refused(seeds, /found a model/);
    refused(Promise.resolve(one), /found a promise, which needs await/);
    refused(one.toJSON(), /found its JSON/);
  }
});

test('what is no model is refused by fit()', async (t) => {
  for (const [value, message] of [
    [undefined, /^fit\(\) takes a model as its first argument, found undefined; make one with glmm\(/],
    [{}, /found an object/],
    [quadrature(), /found a strategy/],
    [await fit(seeds, laplace()), /found a fit/],
  ] as [never, RegExp][]) {
    await t.throwsAsync(fit(value, quadrature()), { instanceOf: GlmmcError, code: 'bad-model', message });
  }
  await t.throwsAsync(fit(seeds, quadrature as never), {
    message: /the function quadrature; write quadrature\(\)/,
  });
});
