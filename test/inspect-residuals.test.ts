// residuals(): distribution functions against sums, quantile residuals normal under every family, the others by definition.
import test from 'ava';
import { Matrix } from 'ml-matrix';
import { mean, sd } from '../samplers/diagnostics/descriptive.js';
import { lgam, ndtr } from '../samplers/special.js';
import { fit, type LikelihoodFit } from '../src/estimate/fit.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { simulate } from '../src/estimate/simulate.js';
import { augment } from '../src/inspect/augment.js';
import { predict } from '../src/inspect/predict.js';
import { tailsOf } from '../src/inspect/residuals/tails.js';
import { residuals } from '../src/inspect/residuals.js';
import { customFamily } from '../src/model/custom-family.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { normal } from '../src/model/effects/normal.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, type Family, gamma, gaussian, negativeBinomial, poisson } from '../src/model/family.js';
import { glmm, withResponse } from '../src/model/model.js';
import type { Parameters } from '../src/model/parameters.js';
import type { RandomEffect } from '../src/model/random-effect.js';
import { caseModel, likelihoodCase, posteriorCase } from './fit-cases.js';
import { kolmogorov, near } from './helpers.js';

const out = new Float64Array(4);

test('tails of counts are sums of probabilities', (t) => {
  const logFactorial = (k: number): number => lgam(k + 1);
  for (const [family, n, probability] of [
    [poisson(), 1, (k: number, mu: number) => Math.exp(k * Math.log(mu) - mu - logFactorial(k))],
    [
      binomial(),
      7,
      (k: number, mu: number) =>
        k > 7
          ? 0
          : Math.exp(logFactorial(7) - logFactorial(k) - logFactorial(7 - k)) * mu ** k * (1 - mu) ** (7 - k),
    ],
    [binomial(), 1, (k: number, mu: number) => [1 - mu, mu][k] ?? 0],
    [
      negativeBinomial(),
      1,
      (k: number, mu: number) =>
        Math.exp(lgam(k + 2.5) - lgam(2.5) - logFactorial(k)) *
        (2.5 / (2.5 + mu)) ** 2.5 *
        (mu / (2.5 + mu)) ** k,
    ],
  ] as const) {
    for (const mu of [0.001, 0.2, 0.7, ...(family.name === 'binomial' ? [] : [4, 30])]) {
      for (const y of [0, 1, 3, 7].filter((k) => family.name !== 'binomial' || k <= n)) {
        tailsOf(family)!(y, mu, n, 2.5, out);
        const sum = (from: number, to: number): number =>
          Array.from({ length: Math.max(0, to - from) }, (_, k) => probability(from + k, mu)).reduce(
            (a, b) => a + b,
            0,
          );
        for (const [value, expected, what] of [
          [out[0], sum(0, y), 'below'],
          [out[1], sum(0, y + 1), 'up to'],
          [out[2], sum(y + 1, 400), 'above'],
          [out[3], sum(y, 400), 'from'],
        ] as const) {
          near(
            t,
            value,
            expected,
            1e-10 * expected + 1e-300,
            `${family.name} ${y} of ${n} at ${mu}: ${what}`,
          );
        }
      }
    }
  }
});

test('tails of continuous responses, and at the ends of the line', (t) => {
  const at = (family: Family, y: number, mu: number, dispersion: number): number[] => {
    tailsOf(family)!(y, mu, 1, dispersion, out);
    return [...out];
  };
  // Shape 2: 1 - (1 + x) e^-x.
  const [lower, , upper] = at(gamma(), 3, 2, 0.5);
  near(t, upper, (1 + 3) * Math.exp(-3), 1e-13, 'gamma');
  near(t, lower + upper, 1, 1e-14, 'both');
  near(t, at(gaussian(), 3, 1, 4)[1], ndtr(1), 1e-15, 'normal');
  t.deepEqual(at(poisson(), 5, 1e6, 1), [0, 0, 1, 1]);
  t.deepEqual(at(poisson(), 5, Number.POSITIVE_INFINITY, 1), [0, 0, 1, 1]);
  t.deepEqual(at(poisson(), 400, 1e-5, 1), [1, 1, 0, 0]);
  t.deepEqual(at(gamma(), 1, 1e-320, 1), [1, 1, 0, 0]);
  t.deepEqual(at(negativeBinomial({ theta: 2 }), 0, 1, 99), at(negativeBinomial(), 0, 1, 2));
});

/** 200 clusters of four, and what a fit at the truth would be of data drawn from it. */
function atTruth(family: Family, effect: RandomEffect, parameters: Parameters, seed = 8): LikelihoodFit {
  const counts = family.name === 'binomial' ? 'y | trials(n)' : 'y';
  const rows = Array.from({ length: 800 }, (_, r) => ({
    y: 1 + (r % 3),
    n: [1, 4, 9][r % 3] + 3,
    x: (r % 5) / 4 - 0.5,
    g: Math.floor(r / 4),
  }));
  const model = glmm(`${counts} ~ x + (1 | g)`, rows, { family, randomEffect: effect });
  const drawn = withResponse(model, simulate(model, parameters, { seed })[0]);
  const covariance = Matrix.zeros(4, 4);
  return {
    kind: 'likelihood',
    model: drawn,
    parameters,
    covariance,
    findings: [],
    fixed: [],
  } as unknown as LikelihoodFit;
}

const truth = { beta: Float64Array.of(0.3, -0.6), sigma: 0.9 };
const cases: readonly (readonly [Family, RandomEffect, number?])[] = [
  [binomial(), normal()],
  [binomial('probit'), normal()],
  [binomial('cloglog'), studentT(4)],
  [poisson(), normal()],
  [poisson(), logGamma()],
  [gaussian(), normal(), 0.7],
  [gaussian('log'), normal(), 0.7],
  [gamma(), normal(), 0.5],
  [negativeBinomial(), normal(), 1.7],
  [negativeBinomial({ theta: 3 }), studentT(5)],
];
for (const [family, effect, dispersion] of cases) {
  test(`${family.name} (${family.link.name}), ${effect.name}: quantile residuals are standard normal`, (t) => {
    const parameters = { ...truth, ...(dispersion !== undefined && { dispersion }) };
    const result = atTruth(family, effect, parameters);
    const within = residuals(result, { type: 'quantile', seed: 3 });
    t.true(kolmogorov(within, ndtr) < 1.95, `given intercepts: ${kolmogorov(within, ndtr)}`);
    const marginal = residuals(result, { type: 'quantile', target: 'population', seed: 3 });
    // One row a cluster, which are independent.
    for (const j of [0, 3]) {
      const some = marginal.filter((_, r) => r % 4 === j);
      t.true(kolmogorov(some, ndtr) < 1.95, `population: ${kolmogorov(some, ndtr)}`);
    }
    // Those of a cluster hang together where its intercept is integrated out, and do not where it is given.
    const together = (z: Float64Array): number =>
      mean(z.filter((_, r) => r % 4 === 0).map((a, i) => a * z[4 * i + 1]));
    t.true(Math.abs(together(within)) < 4 / Math.sqrt(200), `given: ${together(within)}`);
    t.true(together(marginal) > 0.1, `population: ${together(marginal)}`);
  });
}

test('and they are not where the model is wrong', (t) => {
  const result = atTruth(poisson(), normal(), { ...truth, sigma: 1.2 });
  const wrong = { ...result, parameters: { ...truth, sigma: 0.4 } };
  const marginal = residuals(wrong, { type: 'quantile', target: 'population' });
  t.true(
    kolmogorov(
      marginal.filter((_, r) => r % 4 === 0),
      ndtr,
    ) > 1.95,
  );
  // Negative binomial counts taken for Poisson ones.
  const dispersed = atTruth(negativeBinomial(), normal(), { ...truth, dispersion: 1 });
  const { model } = dispersed;
  const taken = { ...dispersed, model: { ...model, family: poisson() }, parameters: truth };
  t.true(kolmogorov(residuals(taken, { type: 'quantile' }), ndtr) > 1.95);
});

test('Gaussian residuals of the population are those over the whole sd', async (t) => {
  const result = await likelihoodCase('gaussian');
  const { sigma, dispersion = 0 } = result.parameters;
  const fixed = predict(result, undefined, { target: 'typical' });
  const scale = Math.sqrt(sigma * sigma + dispersion);
  const quantile = residuals(result, { type: 'quantile', target: 'population' });
  const pearson = residuals(result, { type: 'pearson', target: 'population' });
  result.model.design.y.forEach((y, r) => {
    near(t, quantile[r], (y - fixed[r].estimate) / scale, 1e-8, `quantile ${r}`);
    near(t, pearson[r], (y - fixed[r].estimate) / scale, 1e-8, `Pearson ${r}`);
  });
});

test('response, Pearson and deviance residuals by their definitions', async (t) => {
  const result = await likelihoodCase('binomial');
  const { design } = result.model;
  const means = predict(result);
  const rows = augment(result);
  const [response, pearson, deviance] = [
    residuals(result, { type: 'response' }),
    residuals(result, { type: 'pearson' }),
    residuals(result),
  ];
  means.forEach(({ estimate: mu }, r) => {
    const [y, n] = [design.y[r], design.trials![r]];
    near(t, response[r], y - n * mu, 1e-12, 'response');
    near(t, pearson[r], (y - n * mu) / Math.sqrt(n * mu * (1 - mu)), 1e-12, 'Pearson');
    near(t, deviance[r], rows[r]['.resid'], 1e-12, 'deviance');
  });
});

for (const [family, dispersion] of [
  [binomial(), undefined],
  [poisson(), undefined],
  [gamma(), 0.5],
  [negativeBinomial(), 2],
] as const) {
  test(`${family.name}: Pearson residuals of the population have mean 0 and variance 1`, (t) => {
    const parameters = { beta: truth.beta, sigma: 0.4, ...(dispersion !== undefined && { dispersion }) };
    const some = [2, 3, 4, 5].flatMap((seed) => {
      const result = atTruth(family, normal(), parameters, seed);
      return [...residuals(result, { type: 'pearson', target: 'population' })].filter((_, r) => r % 4 === 1);
    });
    near(t, mean(some), 0, 4 / Math.sqrt(800), 'mean');
    const squares = some.map((value) => value * value);
    near(t, mean(squares), 1, (4 * sd(squares)) / Math.sqrt(800), 'mean square');
  });
}

test('posterior fits by one of their draws, masses and sigma = 0 as they are', async (t) => {
  const posterior = await posteriorCase('poisson');
  for (const target of ['cluster', 'population'] as const) {
    const found = residuals(posterior, { type: 'quantile', target, seed: 4 });
    t.true(kolmogorov(found, ndtr) < 1.95);
    t.deepEqual(found, residuals(posterior, { type: 'quantile', target, seed: 4 }));
    t.notDeepEqual(found, residuals(posterior, { type: 'quantile', target, seed: 5 }));
  }
  t.is(residuals(posterior).length, 60);
  const masses = await fit(caseModel('poisson', pointMasses(3)), quadrature());
  t.true(kolmogorov(residuals(masses, { type: 'quantile' }), ndtr) < 1.95);
  const pooled = await fit(caseModel('gamma'), quadrature(), { fixed: { sigma: 0 } });
  const [one, other] = (['cluster', 'population'] as const).map((target) =>
    residuals(pooled, { type: 'quantile', target }),
  );
  one.forEach((value, r) => {
    near(t, value, other[r], 1e-9, `sigma = 0, row ${r}`);
  });
});

test('refused with the reason', async (t) => {
  const result = await likelihoodCase('poisson');
  t.throws(() => residuals(result, { type: 'student' as never }), { code: 'bad-option' });
  t.throws(() => residuals(result, { target: 'typical' as never }), { code: 'bad-option' });
  t.throws(() => residuals(result, { typ: 'pearson' } as never), {
    code: 'unknown-option',
    message: /'type'/,
  });
  t.throws(() => residuals(result.model as never), { code: 'bad-fit' });
  const table = { y: [3, 1, 4, 0, 2, 5], g: [1, 1, 2, 2, 3, 3], w: [1, 2, 1, 1, 1, 1] };
  const weighted = await fit(
    glmm('y ~ 1 + (1 | g)', table, { family: poisson(), weights: 'w' }),
    quadrature(),
  );
  t.throws(() => residuals(weighted, { type: 'quantile' }), { code: 'bad-weights' });
  t.is(residuals(weighted, { type: 'pearson' }).length, 6);
  const own = customFamily({
    name: 'counts of my own',
    link: 'log',
    logDensity: (y, eta) => y * eta - Math.exp(eta) - lgam(y + 1),
    response: { expected: 'whole numbers >= 0', allows: (y) => y >= 0 },
    startingMean: (y) => y + 0.1,
  });
  const custom = await fit(glmm('y ~ 1 + (1 | g)', table, { family: own }), quadrature());
  for (const type of ['quantile', 'pearson', 'deviance'] as const) {
    t.throws(() => residuals(custom, { type }), { code: 'no-distribution', message: /log density/ });
  }
  t.is(residuals(custom, { type: 'response' }).length, 6);
  const heavy = await fit(caseModel('poisson', studentT(3)), quadrature());
  t.throws(() => residuals(heavy, { type: 'response', target: 'population' }), { code: 'no-mean' });
  t.is(residuals(heavy, { type: 'quantile', target: 'population' }).length, 60);
});
