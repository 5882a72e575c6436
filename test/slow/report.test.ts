// Pages of many kinds of models: every one whole, strict, and with the sections that it should have.
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { pictures } from '../../scripts/forest.js';
import { compare } from '../../src/compare/compare.js';
import { collapsed } from '../../src/estimate/collapsed.js';
import { type Fit, fit } from '../../src/estimate/fit.js';
import { gibbs } from '../../src/estimate/gibbs.js';
import { mcem } from '../../src/estimate/mcem/mcem.js';
import { laplace, quadrature } from '../../src/estimate/quadrature.js';
import { pql } from '../../src/estimate/quasi-likelihood.js';
import { saem } from '../../src/estimate/saem/saem.js';
import { laplaceEffect } from '../../src/model/effects/laplace.js';
import { logGamma } from '../../src/model/effects/log-gamma.js';
import { pointMasses } from '../../src/model/effects/point-masses.js';
import { studentT } from '../../src/model/effects/student-t.js';
import { binomial, gamma, gaussian, negativeBinomial, poisson } from '../../src/model/family.js';
import { glmm } from '../../src/model/model.js';
import { fittedPlot } from '../../src/report/plots/fitted.js';
import { reportHtml } from '../../src/report/report.js';
import { shipped } from '../helpers.js';
import { checkPage } from '../page-checks.js';

const epil = await shipped('epil');
const positive = { ...epil, y: Float64Array.from(epil.y as ArrayLike<number>, (y) => y + 0.5) };
const seeds = await shipped('seeds');
const cases: Readonly<Record<string, () => Promise<Fit>>> = {
  'gaussian, intercept alone, few rows': async () =>
    fit(glmm('Yield ~ 1 + (1 | Batch)', await shipped('dyestuff'), { family: gaussian() }), quadrature()),
  'gaussian, draws': async () =>
    fit(
      glmm('Yield ~ 1 + (1 | Batch)', await shipped('dyestuff'), { family: gaussian() }),
      gibbs({ chains: 2, warmup: 200, draws: 200 }),
    ),
  'sigma at 0': async () =>
    fit(glmm('Yield ~ 1 + (1 | Batch)', await shipped('dyestuff2'), { family: gaussian() }), mcem()),
  'held parameters': async () =>
    fit(glmm('r | trials(n) ~ x1 * x2 + (1 | plate)', seeds, { family: binomial('probit') }), laplace(), {
      fixed: { sigma: 0.3, beta: { x2: 1 } },
    }),
  'held sigma, draws of one chain': async () =>
    fit(
      glmm('r | trials(n) ~ x1 + (1 | plate)', seeds, { family: binomial() }),
      gibbs({ chains: 1, warmup: 100, draws: 100 }),
      { fixed: { sigma: 0.3 } },
    ),
  'poisson, student t': async () =>
    fit(
      glmm('y ~ trt + poly(lage, 2) + log(base) + (1 | subject)', epil, {
        family: poisson(),
        randomEffect: studentT(5),
      }),
      laplace(),
    ),
  'poisson, log-gamma, offset': async () =>
    fit(
      glmm('y ~ trt + offset(lage) + (1 | subject)', epil, { family: poisson(), randomEffect: logGamma() }),
      quadrature(),
    ),
  'negative binomial': async () =>
    fit(glmm('y ~ trt * lbase + (1 | subject)', epil, { family: negativeBinomial() }), saem()),
  gamma: async () => fit(glmm('y ~ lbase + (1 | subject)', positive, { family: gamma() }), pql()),
  'Laplace intercepts, draws': async () =>
    fit(
      glmm('r | trials(n) ~ x1 + (1 | plate)', seeds, { family: binomial(), randomEffect: laplaceEffect() }),
      collapsed({ chains: 2, warmup: 200, draws: 200 }),
    ),
  'point masses': async () =>
    fit(
      glmm('r | trials(n) ~ x1 + (1 | plate)', seeds, { family: binomial(), randomEffect: pointMasses(3) }),
      quadrature(),
    ),
};

for (const [name, make] of Object.entries(cases)) {
  test(`a page of ${name}`, async (t) => {
    const text = await reportHtml(await make());
    checkPage(t, text);
    for (const id of ['findings', 'model', 'clusters', 'caterpillar', 'fitted', 'calibration']) {
      t.true(text.includes(`id="${id}"`), id);
    }
    t.false(/\b(NaN|undefined)\b|\[object/.test(text.replace(/<[^>]*>/g, ' ')), 'no number that is none');
    t.false(/="[^"]*\bNaN\b[^"]*"/.test(text.replace(/href="[^"]*"/g, '')), 'no NaN in SVG');
  });
}

test('1000 persons stay readable, and their CSV is whole', async (t) => {
  const lsat = await readFile(new URL('../../examples/data/lsat_long.csv', import.meta.url), 'utf8');
  t.true(lsat.length > 0);
  const model = glmm(
    'y ~ 0 + item1 + item2 + item3 + item4 + item5 + (1 | person)',
    await shipped('lsat_long'),
    {
      family: binomial(),
    },
  );
  const result = await fit(model, quadrature());
  t.deepEqual(
    [...new Set(fittedPlot(result).data.values.map(({ place }) => place))],
    ['item1', 'item2', 'item3', 'item4', 'item5'],
  );
  const text = await reportHtml(result);
  checkPage(t, text);
  t.true(text.length < 400_000, String(text.length));
  const [, csv] = /download="intercepts.csv" href="([^"]*)"/.exec(text)!;
  t.is(decodeURIComponent(csv).trim().split('\n').length, 1001);
});

test('a strategy that fails is a line of the page', async (t) => {
  const model = glmm('r | trials(n) ~ x1 + (1 | plate)', seeds, { family: binomial() });
  const broken = { ...laplace(), name: 'broken', run: () => Promise.reject(new Error('no <b>luck</b>')) };
  const text = await reportHtml(await compare(model, [laplace(), broken]));
  checkPage(t, text);
  t.true(text.includes('no &lt;b&gt;luck&lt;/b&gt;') && text.includes('broken failed'));
});

test('the pictures of the README are what scripts/forest.ts draws, and small', async (t) => {
  for (const [name, text] of Object.entries(await pictures())) {
    t.is(await readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8'), text, name);
    t.true(text.length < 50_000);
  }
});
