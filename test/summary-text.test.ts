// Printed summaries of fits as exact text: digits by their errors, points below each other, what is held fixed.
import test from 'ava';
import { fit, type LikelihoodFit } from '../src/estimate/fit.js';
import { gibbs } from '../src/estimate/gibbs.js';
import { mcem } from '../src/estimate/mcem/mcem.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { likelihoodSummary, scoreTestText } from '../src/estimate/summary.js';
import { glance } from '../src/inspect/glance.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { binomial, gaussian, negativeBinomial, poisson } from '../src/model/family.js';
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

test('Monte Carlo EM: its errors, z to the exact maximum, and the proof of landing', async (t) => {
  const one = await fit(seeds, mcem(), { seed: 1 });
  const text = String(one);
  const proof = text.slice(text.indexOf('Coefficients'), text.indexOf(' draws a cluster'));
  t.is(
    proof,
    `
Coefficients:
             Estimate  Std. Error  z value  Pr(>|z|)  MC error   MC z
(Intercept)   -0.5484        0.17    -3.29    1.0e-3  0.000010   0.06
x1             0.0970        0.28     0.35    0.7273  0.000027  -1.30
x2             1.3371        0.24     5.64    1.7e-8  0.000025   1.25
x1:x2         -0.8105        0.39    -2.10    0.0354  0.000034  -0.93

Scales (sigma: normal intercepts of plate):
       Estimate  Std. Error  Variance  MC error  MC z
sigma    0.2363        0.11   0.05585  0.000069  1.36

Log-likelihood certified by quadrature to 5.8e-14, 52 to 56 nodes a cluster.
LANDED, by the exact score and information at the estimates:
  T = 2.84 on 5 df, p = 0.7251; largest |MC z| 1.36;
  log-likelihood still to gain 3.6e-7.
  MC z: distance from the exact maximum, in Monte Carlo errors.
  Log-likelihood by importance sampling -53.7639, MC error 0.035, MC z -0.18.
  1000`.slice(1),
  );
  for (const line of text.split('\n')) t.true(line.length <= 80, line);
  const landing = { ...one.landing!, landed: false, z: [5, 0, 0, 0, -1e5] };
  t.regex(likelihoodSummary({ ...one, landing }), /\nNOT LANDED, by the exact score/);
  t.regex(likelihoodSummary({ ...one, landing }), /largest \|MC z\| 1\.0e\+5;/);
});

test('score tests of any size', (t) => {
  t.is(scoreTestText({ statistic: 5.7, df: 5, pValue: 0.3361 }), 'T = 5.70 on 5 df, p = 0.3361');
  t.is(scoreTestText({ statistic: 40, df: 5, pValue: 1.5e-7 }), 'T = 40.00 on 5 df, p = 1.5e-7');
  t.is(scoreTestText({ statistic: 432040072.69, df: 5, pValue: 0 }), 'T = 432000000 on 5 df, p < 2e-16');
  t.is(scoreTestText({ statistic: Number.NaN, df: 5, pValue: Number.NaN }), 'T = - on 5 df, p = -');
});

test('point masses are shown with their places, and counted with all that is free in them', async (t) => {
  const data = await shipped('seeds');
  const options = { family: binomial(), randomEffect: pointMasses(3) };
  const one = await fit(glmm('r | trials(n) ~ x1 * x2 + (1 | plate)', data, options), quadrature());
  t.is(
    tables(one),
    `
  logLik     AIC     BIC  parameters
-53.0852  118.17  124.44           6

Coefficients:
             Estimate  Std. Error  z value  Pr(>|z|)
(Intercept)   -0.5176       0.173    -2.99    0.0027
x1             0.0703       0.275     0.26    0.7982
x2             1.2975       0.227     5.70    1.2e-8
x1:x2         -0.8229       0.387    -2.12    0.0336

Scales (sigma: point-masses intercepts of plate):
       Estimate  Std. Error  Variance
sigma   0.28396      0.0950   0.08063

Point masses (intercepts on the scale of the linear predictor):
      Place    Mass
1  -0.31258  0.4521
2   0.25797  0.5479`.slice(1),
  );
  t.is(glance(one).AIC, -2 * one.logLik + 12);
  const json = JSON.parse(JSON.stringify(one)) as { parameters: { shape: number[] } };
  t.deepEqual(json.parameters.shape, Array.from(one.parameters.shape!));
});

test('a theta that was given is said to be, in text and in JSON', async (t) => {
  const family = negativeBinomial({ theta: 2.5 });
  const model = glmm('y ~ lbase + (1 | subject)', await shipped('epil'), { family });
  const one = await fit(model, quadrature());
  t.regex(String(one), /\n {2}Family: negative-binomial \(log, theta = 2\.5 given\), normal intercepts\n/);
  t.like(one.toJSON(), { model: { family: 'negative-binomial', link: 'log', given: { theta: 2.5 } } });
  t.like((await fit(seeds, quadrature())).toJSON(), { model: { given: {} } });
});

test('a theta without bound has no standard error, and the others are those of the Poisson limit', async (t) => {
  const rows = Array.from({ length: 60 }, (_, r) => {
    const g = Math.floor(r / 6);
    return { g, x: r % 2, y: 3 + [0, 1, 2, 1, 0, 1][r % 6] + 3 * (g % 4) };
  });
  const free = await fit(glmm('y ~ x + (1 | g)', rows, { family: negativeBinomial() }), quadrature());
  const limit = await fit(glmm('y ~ x + (1 | g)', rows, { family: poisson() }), quadrature());
  t.true(free.findings.some(({ code }) => code === 'theta-unbounded'));
  t.true(Number.isNaN(free.estimates[3].standardError));
  t.regex(String(free), /\ndispersion +\S+ +-\n/);
  for (const k of [0, 1, 2]) {
    const ratio = free.estimates[k].standardError / limit.estimates[k].standardError;
    t.true(Math.abs(ratio - 1) < 1e-5, `${free.estimates[k].name}: ${ratio}`);
    t.true(Number.isNaN(free.covariance.get(3, k)) && Number.isNaN(free.covariance.get(k, 3)));
  }
});
