// Printed summaries of fits as exact text: digits by their errors, points below each other, what is held fixed.
import test from 'ava';
import { fit, type LikelihoodFit } from '../src/estimate/fit.js';
import { gibbs } from '../src/estimate/gibbs.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { scoreTestText } from '../src/estimate/summary.js';
import { binomial, gaussian } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { shipped } from './helpers.js';

const seeds = glmm('r | trials(n) ~ x1 * x2 + (1 | plate)', await shipped('seeds'), { family: binomial() });
const dyestuff = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff'), { family: gaussian() });

/** From the table of information to the line of the certificate. */
function tables(one: LikelihoodFit): string {
  const blocks = String(one).split('\n\n');
  return blocks
    .slice(
      1,
      blocks.findIndex((block) => block.startsWith('Log-likelihood')),
    )
    .join('\n\n');
}

test('maximum likelihood: four decimals where standard errors are about 0.2', async (t) => {
  t.is(
    tables(await fit(seeds, quadrature())),
    `
  logLik     AIC     BIC  parameters
-53.7574  117.51  122.74           5

Coefficients:
             Estimate  Std. Error  z value  Pr(>|z|)
(Intercept)   -0.5484       0.167    -3.29    9.9e-4
x1             0.0970       0.278     0.35    0.7272
x2             1.3370       0.237     5.64    1.7e-8
x1:x2         -0.8105       0.385    -2.10    0.0354

Scales (sigma: normal intercepts of plate):
       Estimate  Std. Error  Variance
sigma    0.2362       0.110   0.05581`.slice(1),
  );
});

test('columns of different sizes stand by their decimal points', async (t) => {
  t.is(
    tables(await fit(dyestuff, quadrature())),
    `
   logLik     AIC     BIC  parameters
-163.6635  333.33  337.53           3

Coefficients:
             Estimate  Std. Error  z value  Pr(>|z|)
(Intercept)   1527.50        17.7    86.33    <2e-16

Scales (sigma: normal intercepts of Batch; dispersion: residual variance):
            Estimate  Std. Error  Variance
sigma          37.26        14.7      1388
dispersion   2451.2        708`.slice(1),
  );
});

test('what is held fixed is said to be, in text and in JSON', async (t) => {
  const one = await fit(seeds, quadrature(), { fixed: { sigma: 0, beta: { x1: 0.25 } } });
  t.deepEqual(one.fixed, ['x1', 'sigma']);
  t.deepEqual((one.toJSON() as { fixed: unknown }).fixed, ['x1', 'sigma']);
  t.regex(String(one), /\nx1 +0\.25 +fixed +- +-\n/);
  t.regex(String(one), /\nsigma +0 +fixed +0\n/);
  t.deepEqual((await fit(seeds, laplace())).fixed, []);
});

test('laplace() prints what it maximised, which is what glmer prints', async (t) => {
  const one = await fit(seeds, laplace());
  // The Laplace maximum of test/data/maximum-likelihood/seeds.json.
  t.true(Math.abs(one.objective - -53.7695714554316) < 1e-6);
  t.true(String(one).includes(`Maximised: ${one.objective.toFixed(4)}, the approximation's log-likelihood`));
  t.notRegex(String(await fit(seeds, quadrature())), /Maximised/);
  // For gaussian responses the approximation is exact, and there is nothing to tell apart.
  t.notRegex(String(await fit(dyestuff, laplace())), /Maximised/);
});

test('draws: digits stop where the error of the mean does, left of the point too', async (t) => {
  const size = { chains: 2, warmup: 300, draws: 300, thin: 2 };
  const one = await fit(dyestuff, gibbs(size), { seed: 3 });
  const { monteCarloError } = one.estimates[2];
  t.true(monteCarloError > 10 && monteCarloError < 100);
  const line = String(one)
    .split('\n')
    .find((text) => text.startsWith('dispersion'))!;
  const [, mean, , ...rest] = line.split(/\s+/);
  for (const number of [mean, ...rest.slice(0, 4)]) t.regex(number, /^\d+0$/, line);
  t.regex(String(one), /after 300 of warm-up, one in 2 kept\)/);
  for (const text of String(one).split('\n')) t.true(text.length <= 80, text);
});

test('draws: what is held fixed has neither prior nor diagnostics', async (t) => {
  const size = { chains: 2, warmup: 100, draws: 100 };
  const fixed = { sigma: 0.3, beta: { '(Intercept)': -0.5 } };
  const one = await fit(seeds, gibbs(size), { fixed });
  t.deepEqual(one.fixed, ['(Intercept)', 'sigma']);
  t.regex(String(one), /\n {2}Priors: beta ~ normal\(0, 10\)\n/);
  t.regex(String(one), /\nsigma +0\.3 +fixed( +-){7}\n/);
  t.is(one.settings.priors && JSON.stringify(one.settings.priors), '{"beta":"normal(0, 10)"}');
});

test('score tests of any size', (t) => {
  t.is(scoreTestText({ statistic: 5.7, df: 5, pValue: 0.3361 }), 'T = 5.70 on 5 df, p = 0.3361');
  t.is(scoreTestText({ statistic: 40, df: 5, pValue: 1.5e-7 }), 'T = 40.00 on 5 df, p = 1.5e-7');
  t.is(scoreTestText({ statistic: 432040072.69, df: 5, pValue: 0 }), 'T = 432000000 on 5 df, p < 2e-16');
  t.is(scoreTestText({ statistic: Number.NaN, df: 5, pValue: Number.NaN }), 'T = - on 5 df, p = -');
});
