// withinCluster(): sharp values, closed forms, errors by differences, draws, and what has no latent scale.
import test from 'ava';
import { mean, sd } from '../samplers/diagnostics/descriptive.js';
import { allChains } from '../samplers/draws.js';
import { type Fit, fit } from '../src/estimate/fit.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { withinCluster } from '../src/inspect/within-cluster.js';
import { PairExpectations } from '../src/likelihood/pair-moments.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { normal } from '../src/model/effects/normal.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, gaussian, poisson } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { trigamma } from '../src/numeric/trigamma.js';
import {
  caseFamilies,
  caseModel,
  likelihoodCase,
  posteriorCase,
  varianceByDifferences,
} from './fit-cases.js';
import { near, shipped } from './helpers.js';

const units = { x: [0, 1] };
const value = (result: Fit, quantity: string, of: object = units): number =>
  withinCluster(result, of as never).find((row) => row.quantity === quantity)!.estimate;

test('the sharp values of the covariance', (t) => {
  const pair = (sigma: number): PairExpectations =>
    new PairExpectations({ family: binomial(), randomEffect: normal() }, { sigma });
  near(t, pair(1).at(0, 0).covariance[0], 0.043379035858093, 1e-14, 'eta (0, 0), sigma 1');
  near(t, pair(2).at(1, -0.5).covariance[0], 0.0855903659288472, 1e-14, 'eta (1, -0.5), sigma 2');
  const probit = new PairExpectations({ family: binomial('probit'), randomEffect: normal() }, { sigma: 2 });
  const { covariance, mean1 } = probit.at(0, 0);
  near(t, covariance[0] + mean1[0] ** 2, 0.397583617650433, 1e-14, 'probit pair');
  // Both probabilities rise with eps.
  for (const [a, b] of [
    [-3, 3],
    [5, 5],
    [-8, 1],
  ])
    t.true(pair(1.5).at(a, b).covariance[0] > 0);
});

test('counts: the closed forms of log-normal and gamma means', async (t) => {
  for (const effect of [normal(), logGamma()]) {
    const result = await likelihoodCase('poisson', effect);
    const { beta, sigma } = result.parameters;
    const s2 = sigma * sigma;
    const shift = effect.name === 'normal' ? s2 / 2 : 0;
    const square = effect.name === 'normal' ? Math.expm1(s2) : s2;
    const [m1, m2] = [0, 1].map((x) => Math.exp(beta[0] + beta[1] * x + shift));
    const variance = (m: number): number => m + m * m * square;
    const close = (quantity: string, exact: number): void =>
      near(t, value(result, quantity) / exact, 1, 1e-10, `${effect.name}: ${quantity}`);
    close('mean 1', m1);
    close('mean 2', m2);
    close('covariance', m1 * m2 * square);
    close('correlation', (m1 * m2 * square) / Math.sqrt(variance(m1) * variance(m2)));
    close('response ICC', (m1 * m1 * square) / variance(m1));
    t.regex(withinCluster(result, units).note, /poisson responses with the log link/);
  }
});

test('gaussian and gamma responses: the closed forms', async (t) => {
  const gaussianFit = await likelihoodCase('gaussian');
  const { sigma, dispersion } = gaussianFit.parameters;
  near(t, value(gaussianFit, 'covariance'), sigma ** 2, 1e-10, 'covariance');
  for (const quantity of ['correlation', 'response ICC', 'latent ICC']) {
    near(t, value(gaussianFit, quantity), sigma ** 2 / (sigma ** 2 + dispersion!), 1e-10, quantity);
  }
  const gammaFit = await likelihoodCase('gamma');
  const s2 = gammaFit.parameters.sigma ** 2;
  const phi = gammaFit.parameters.dispersion!;
  near(t, value(gammaFit, 'latent ICC'), s2 / (s2 + trigamma(1 / phi)), 1e-12, 'of logarithms');
  // E[phi mu^2] = phi m^2 e^(s2).
  near(
    t,
    value(gammaFit, 'response ICC'),
    Math.expm1(s2) / (Math.expm1(s2) + phi * Math.exp(s2)),
    1e-10,
    'ICC',
  );
  const logit = await likelihoodCase('binomial');
  const between = logit.parameters.sigma ** 2;
  near(t, value(logit, 'latent ICC'), between / (between + Math.PI ** 2 / 3), 1e-14, 'logit');
});

for (const name of Object.keys(caseFamilies)) {
  test(`${name}: errors are the delta method's, by differences`, async (t) => {
    const result = await likelihoodCase(name);
    for (const row of withinCluster(result, units)) {
      const variance = varianceByDifferences(result, (at) => value(at, row.quantity));
      near(t, row.standardError / Math.sqrt(variance), 1, 1e-6, row.quantity);
      t.true(row.lower < row.estimate && row.estimate < row.upper, row.quantity);
      if (/correlation|ICC/.test(row.quantity)) t.true(row.lower > 0 && row.upper < 1, row.quantity);
    }
  });
}

test('other distributions: the latent ICC is of the standard deviation of eps', async (t) => {
  const result = await likelihoodCase('binomial', logGamma());
  const latent = withinCluster(result, units)[5];
  const between = trigamma(1 / result.parameters.sigma ** 2);
  near(t, latent.estimate, between / (between + Math.PI ** 2 / 3), 1e-12, 'estimate');
  const variance = varianceByDifferences(result, (at) => value(at, 'latent ICC'));
  near(t, latent.standardError / Math.sqrt(variance), 1, 1e-6, 'error');
});

for (const name of ['binomial', 'poisson', 'gaussian', 'gamma']) {
  test(`${name}, draws: the same functions of every draw`, async (t) => {
    const result = await posteriorCase(name);
    const rows = withinCluster(result, units);
    const column = (variable: string): number[] =>
      allChains(result.draws, variable).flatMap((chain) => [...chain]);
    const sigma = column('sigma');
    const exact: Record<string, [string, (k: number) => number]> = {
      binomial: ['latent ICC', (k) => sigma[k] ** 2 / (sigma[k] ** 2 + Math.PI ** 2 / 3)],
      gaussian: ['covariance', (k) => sigma[k] ** 2],
      gamma: ['latent ICC', (k) => sigma[k] ** 2 / (sigma[k] ** 2 + trigamma(1 / column('dispersion')[k]))],
      poisson: ['mean 1', (k) => Math.exp(column('(Intercept)')[k] + sigma[k] ** 2 / 2)],
    };
    const [quantity, of] = exact[name];
    const values = sigma.map((_, k) => of(k));
    const row = rows.find((one) => one.quantity === quantity)!;
    near(t, row.estimate, mean(values), 1e-7 * sd(values), 'mean');
    near(t, row.standardError, sd(values), 1e-7 * sd(values), 'sd');
    for (const { lower, upper, estimate } of rows) t.true(lower < estimate && upper > lower);
  });
}

test('sigma = 0: nothing in common, and no error of that', async (t) => {
  const model = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff2'), { family: gaussian() });
  const rows = withinCluster(await fit(model, quadrature()));
  for (const row of rows.slice(2)) {
    near(t, row.estimate, 0, 1e-12, row.quantity);
    t.true(Number.isNaN(row.standardError), row.quantity);
  }
  t.true(rows[0].standardError > 0);
  t.regex(rows.note, /sigma is 0/);
});

test('units: two, one for two alike, or none for the mean of the rows', async (t) => {
  const result = await likelihoodCase('binomial');
  const alike = withinCluster(result, { x: [0.4] });
  t.deepEqual([...withinCluster(result, { x: [0.4, 0.4] })], [...alike]);
  near(t, alike[3].estimate, alike[4].estimate, 1e-14, 'the correlation of two alike is their ICC');
  const { x, rows } = result.model.design;
  let average = 0;
  for (let r = 0; r < rows; r++) average += x[2 * r + 1] / rows;
  near(
    t,
    withinCluster(result)[2].estimate,
    value(result, 'covariance', { x: [average] }),
    1e-14,
    'mean row',
  );
  t.throws(() => withinCluster(result, { x: [1, 2, 3] }), { code: 'bad-units', message: /found 3 rows/ });
  t.throws(() => withinCluster(result, { x: [1, Number.NaN] }), { code: 'bad-units', message: /missing/ });
  t.throws(() => withinCluster(result, units, { level: 2 }), { code: 'bad-option' });
  t.throws(() => withinCluster(caseModel('binomial') as never), { code: 'bad-fit' });
  t.regex(String(withinCluster(result, units)), /^latent ICC +0\.074 +0\.054 +0\.017 +0\.274$/m);
});

test('moments that do not exist are infinite or no numbers', async (t) => {
  t.regex(
    withinCluster(await likelihoodCase('poisson', studentT(5)), units).note,
    /Some of these do not exist/,
  );
  const pair = new PairExpectations({ family: poisson(), randomEffect: studentT(5) }, { sigma: 0.5 });
  t.false(Number.isFinite(pair.at(0, 0).mean1[0]));
});
