// Sharp checks of the marginal likelihood: closed forms and identities, to the last digits.

import test from 'ava';
import { lgam } from '../samplers/special.js';
import { marginal } from '../src/likelihood/marginal.js';
import { customEffect } from '../src/model/effects/custom.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { binomial, type Family, gamma, gaussian, negativeBinomial, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import type { RandomEffect } from '../src/model/random-effect.js';
import { certified, certifiedModel, near, shipped } from './helpers.js';

/** Two identical clusters (one is refused) with the given linear predictors: twice the log-likelihood of one. */
function twice(
  family: Family,
  y: readonly number[],
  eta: readonly number[],
  randomEffect?: RandomEffect,
  trials?: number,
): Model {
  const rows = [0, 1].flatMap((g) => y.map((value, j) => ({ y: value, eta: eta[j], g, n: trials ?? 1 })));
  const response = trials === undefined ? 'y' : 'y | trials(n)';
  return glmm(`${response} ~ 0 + offset(eta) + (1 | g)`, rows, {
    family,
    ...(randomEffect && { randomEffect }),
  });
}

const noBeta = new Float64Array(0);

function logLik(model: Model, sigma: number, dispersion?: number): number {
  const parameters = { beta: noBeta, sigma, ...(dispersion !== undefined && { dispersion }) };
  return marginal(model, parameters).logLik / 2;
}

const plogisMean = (eta: number, sigma: number): number =>
  Math.exp(logLik(twice(binomial(), [1], [eta]), sigma));

test('mean of a logistic of a normal: closed forms and certified values', (t) => {
  near(t, plogisMean(-1, 1), 0.303265329856317, 1e-14, 'eta -1, sigma 1');
  near(t, plogisMean(-1, 1), 0.5 * Math.exp(-0.5), 1e-14, 'half exp(-sigma^2/2)');
  near(t, plogisMean(1, 2), 0.647726438525869, 1e-14, 'eta 1, sigma 2');
  near(t, plogisMean(2, 2), 0.775200245396664, 1e-14, 'eta 2, sigma 2');
  near(t, plogisMean(0, 7), 0.5, 1e-14, 'eta 0, sigma 7');
  for (const sigma of [0.3, 1, 1.7]) {
    const expected = Math.exp(-1.5 * sigma ** 2) * (1 - 0.5 * Math.exp(-0.5 * sigma ** 2));
    near(t, plogisMean(-2 * sigma ** 2, sigma), expected, 1e-14, `eta -2 sigma^2, sigma ${sigma}`);
  }
});

test('probit: closed forms', (t) => {
  const model = (y: number[], eta: number): Model =>
    twice(
      binomial('probit'),
      y,
      y.map(() => eta),
    );
  near(t, Math.exp(logLik(model([1], 1), 2)), 0.672639576990711, 1e-14, 'eta 1, sigma 2');
  for (const n of [1, 2, 5, 20]) {
    const ones = Array.from({ length: n }, () => 1);
    near(t, Math.exp(logLik(model(ones, 0), 1)), 1 / (n + 1), 1e-14, `${n} ones`);
  }
  near(t, Math.exp(logLik(model([1, 1], 0), 2)), 0.397583617650433, 1e-14, 'pair, sigma 2');
});

test('certified values: logit triple, Poisson pair', (t) => {
  near(t, logLik(twice(binomial(), [1, 1, 0], [0.5, 0.5, -0.3]), 1.5), -1.893493802116879, 1e-14, 'logit');
  const model = twice(poisson(), [2, 3], [0.2, 0.2]);
  const factorials = Math.log(2) + Math.log(6);
  near(t, logLik(model, 0.7) + factorials, -1.3233586591398792, 1e-14, 'poisson');
});

test('covariance of two units of a cluster', (t) => {
  const cov = (a: number, b: number, sigma: number): number =>
    Math.exp(logLik(twice(binomial(), [1, 1], [a, b]), sigma)) - plogisMean(a, sigma) * plogisMean(b, sigma);
  near(t, cov(0, 0, 1), 0.043379035858093, 1e-14, 'eta (0, 0), sigma 1');
  near(t, cov(1, -0.5, 2), 0.0855903659288472, 1e-14, 'eta (1, -.5), sigma 2');
});

test('other random effects: Poisson-gamma and beta-binomial in closed form', (t) => {
  // eps = log G, G ~ Gamma(a, a), a = 1 / sigma^2.
  const model = twice(poisson(), [2, 0, 3], [1.2, 0.7, 2].map(Math.log), logGamma());
  near(t, logLik(model, Math.sqrt(1 / 1.5)), -4.610873233072112, 1e-13, 'Poisson-gamma');
  // eps = logit P, P ~ Beta(2, 3).
  const logitBeta = customEffect({
    logDensity: (z) => lgam(5) - lgam(2) - lgam(3) + 2 * z - 5 * Math.log1p(Math.exp(z)),
    logConcave: true,
  });
  near(t, logLik(twice(binomial(), [4], [0], logitBeta, 10), 1), -1.967112356705916, 1e-13, 'beta-binomial');
});

test('Gaussian clusters in closed form; one adaptive node is exact', (t) => {
  const y = [1, 2, 1.5, 3, 2.5, 4];
  const data = { y, g: [1, 1, 1, 2, 2, 2] };
  const model = glmm('y ~ 1 + (1 | g)', data, { family: gaussian() });
  const parameters = { beta: Float64Array.of(2), sigma: Math.sqrt(0.8), dispersion: 0.5 };
  near(t, marginal(model, parameters).logLik, -7.692047575100574, 1e-13, 'certified');
  near(t, marginal(model, parameters, { nodes: 1 }).logLik, -7.692047575100574, 1e-12, 'one node');
});

test('exact derivatives agree with finite differences, all families and rules', (t) => {
  let state = 7;
  const uniform = (): number => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return (state + 0.5) / 2 ** 32;
  };
  const g = Array.from({ length: 40 }, (_, r) => Math.floor(r / 5) + (r % 5 === 0 ? 0.5 : 0));
  const x = g.map(() => uniform() - 0.5);
  const responses: Record<string, (u: number) => number> = {
    binomial: (u) => Math.floor(4 * u),
    poisson: (u) => Math.floor(6 * u),
    'negative-binomial': (u) => Math.floor(6 * u),
    gaussian: (u) => 4 * u - 1,
    gamma: (u) => 0.2 + 3 * u,
  };
  const families = [
    binomial(),
    binomial('probit'),
    binomial('cloglog'),
    binomial('cauchit'),
    poisson(),
    poisson('sqrt'),
    gaussian(),
    gaussian('log'),
    gamma(),
    negativeBinomial(),
    negativeBinomial({ theta: 1.5 }),
  ];
  for (const family of families) {
    const y = g.map(() => responses[family.name](uniform()));
    const n = g.map(() => 3);
    const response = family.counts ? 'y | trials(n)' : 'y';
    const w = g.map(() => 0.5 + uniform());
    const model = glmm(`${response} ~ x + (1 | g)`, { y, x, g, n, w }, { family, weights: 'w' });
    const names = ['(Intercept)', 'x', 'sigma', ...(family.dispersion ? ['dispersion'] : [])];
    const at = (shift: number, a: number) => ({
      beta: Float64Array.of(0.2 + (a === 0 ? shift : 0), -0.4 + (a === 1 ? shift : 0)),
      sigma: 0.8 + (a === 2 ? shift : 0),
      ...(family.dispersion && { dispersion: 0.6 + (a === 3 ? shift : 0) }),
    });
    for (const options of [{}, { nodes: 1 }, { nodes: 5 }]) {
      const exact = marginal(model, at(0, 0), options);
      const what = `${family.name}-${family.link.name} ${JSON.stringify(options)}`;
      names.forEach((name, a) => {
        const h = 1e-3;
        const value = (shift: number): number => marginal(model, at(shift, a), options).logLik;
        const gradient = (shift: number): Float64Array => marginal(model, at(shift, a), options).gradient;
        // Five points: the error of the difference is of order h^4.
        const slope = (f1: number, f2: number): number => (8 * f1 - f2) / (12 * h);
        const difference = slope(value(h) - value(-h), value(2 * h) - value(-2 * h));
        near(
          t,
          exact.gradient[a],
          difference,
          1e-6 * Math.max(1, Math.abs(difference)),
          `${what}: d / d ${name}`,
        );
        const [p1, m1, p2, m2] = [h, -h, 2 * h, -2 * h].map(gradient);
        names.forEach((other, b) => {
          const second = slope(p1[b] - m1[b], p2[b] - m2[b]);
          const allowed = 1e-6 * Math.max(1, Math.abs(second));
          near(t, exact.hessian.get(a, b), second, allowed, `${what}: d2 / d ${name} d ${other}`);
        });
      });
    }
  }
});

test('1000 persons of LSAT and 32 weighted patterns have the same likelihood', async (t) => {
  const answer = certified('lsat');
  const persons = await certifiedModel(answer);
  const counts = new Map<string, number>();
  const long = await shipped('lsat_long');
  for (let r = 0; r < 5000; r += 5) {
    const pattern = Array.from({ length: 5 }, (_, j) => long.y[r + j]).join('');
    counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
  }
  const rows = [...counts].flatMap(([pattern, count]) =>
    [...pattern].map((y, j) => ({ pattern: `p${pattern}`, count, y: Number(y), item: j + 1 })),
  );
  const patterns = glmm('y ~ 0 + factor(item) + (1 | pattern)', rows, {
    family: binomial(),
    clusterWeights: 'count',
  });
  const parameters = { beta: Float64Array.from(answer.maximumLikelihood.beta), sigma: 0.7 };
  const whole = marginal(persons, parameters);
  const weighted = marginal(patterns, parameters);
  near(t, weighted.logLik, whole.logLik, 1e-9, 'logLik');
  whole.gradient.forEach((value, k) => {
    near(t, weighted.gradient[k], value, 1e-9, `gradient ${k}`);
  });
});

test('relabelling clusters, permuting rows and shifting x leave the log-likelihood as it is', async (t) => {
  const table = await shipped('toenail');
  const rows = Array.from({ length: table.time.length }, (_, r) => ({
    y: Number(table.outcome[r]),
    time: Number(table.time[r]),
    trt: Number(table.treatment[r]),
    id: Number(table.patientID[r]),
  }));
  const model = (data: typeof rows): Model => glmm('y ~ trt + time + (1 | id)', data, { family: binomial() });
  const at = (model: Model, intercept: number): number =>
    marginal(model, { beta: Float64Array.of(intercept, -0.2, -0.4), sigma: 4 }).logLik;
  const expected = at(model(rows), -1.6);
  const permuted = rows.map((_, r) => rows[(r * 997) % rows.length]);
  near(t, at(model(permuted), -1.6), expected, 1e-10, 'permuted');
  const relabelled = rows.map((row) => ({ ...row, id: 1000 - row.id }));
  near(t, at(model(relabelled), -1.6), expected, 1e-10, 'relabelled');
  const shifted = rows.map((row) => ({ ...row, time: row.time + 5 }));
  near(t, at(model(shifted), -1.6 + 0.4 * 5), expected, 1e-10, 'shifted');
});
