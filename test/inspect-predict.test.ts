// predict(): every target and scale of every family against recomputation, differences, dense sums and the draws themselves.
import test from 'ava';
import { mean, quantile, sd } from '../samplers/diagnostics/descriptive.js';
import { allChains } from '../samplers/draws.js';
import { fit } from '../src/estimate/fit.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { type PredictOptions, predict } from '../src/inspect/predict.js';
import { ranef } from '../src/inspect/ranef.js';
import { bridge } from '../src/model/effects/bridge.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { logistic } from '../src/model/effects/logistic.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, gaussian } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { effectDensities } from './brute-force.js';
import { caseFamilies, likelihoodCase, moved, posteriorCase, varianceByDifferences } from './fit-cases.js';
import { near, shipped } from './helpers.js';

const fresh = { x: [0.3, 0.3, -0.7], g: ['c2', 'new', 'c2'] };

for (const name of Object.keys(caseFamilies)) {
  test(`${name}: values and delta-method errors`, async (t) => {
    const result = await likelihoodCase(name);
    const { link } = result.model.family;
    const { beta, sigma } = result.parameters;
    const eta = beta[0] + 0.3 * beta[1];
    const at = (options: PredictOptions, r = 0): number[] => {
      const row = predict(result, fresh, options)[r];
      return [row.estimate, row.standardError];
    };
    for (const target of ['typical', 'population', 'cluster'] as const) {
      for (const scale of ['link', 'response'] as const) {
        const what = `${target}, ${scale}`;
        const [estimate, standardError] = at({ target, scale });
        const variance = varianceByDifferences(
          result,
          (moved) => predict(moved, fresh, { target, scale })[0].estimate,
        );
        const spread = target === 'cluster' ? spreadOf(scale) : 0;
        near(t, standardError / Math.sqrt(variance + spread), 1, 1e-6, `error: ${what}`);
        if (target === 'typical') near(t, estimate, scale === 'link' ? eta : link.inverse(eta), 1e-14, what);
      }
    }
    near(
      t,
      link.apply(at({ target: 'population' })[0]),
      at({ target: 'population', scale: 'link' })[0],
      1e-9,
      'g',
    );
    near(t, at({ target: 'cluster' }, 1)[0], at({ target: 'population' }, 1)[0], 1e-12, 'a new cluster');

    // The cluster's own distribution, by dense sums over eps.
    function spreadOf(scale: 'link' | 'response'): number {
      const [m, s] = posteriorMoments((e) => (scale === 'link' ? eta + e : link.inverse(eta + e)));
      near(t, at({ target: 'cluster', scale })[0], m, 1e-7 * Math.max(1, Math.abs(m)), `E[. | y], ${scale}`);
      return s;
    }

    function posteriorMoments(of: (eps: number) => number): [number, number] {
      const { clusters, family, clusterLabels } = result.model;
      const i = clusterLabels.indexOf('c2');
      const [from, to] = [clusters.starts[i], clusters.starts[i + 1]];
      const rows = {
        y: clusters.y,
        trials: clusters.trials,
        weights: clusters.weights,
        eta: Float64Array.from(
          { length: clusters.rows },
          (_, r) => beta[0] * clusters.x[2 * r] + beta[1] * clusters.x[2 * r + 1],
        ),
      };
      const logs: number[] = [];
      const eps = Array.from({ length: 8001 }, (_, k) => -8 + k / 500);
      for (const e of eps) {
        const value = family.outcome.value(rows, from, to, e, result.parameters.dispersion ?? 1);
        logs.push(value - 0.5 * (e / sigma) ** 2);
      }
      const top = Math.max(...logs);
      const weights = logs.map((value) => Math.exp(value - top));
      const total = weights.reduce((a, b) => a + b, 0);
      const average = (f: (e: number) => number): number =>
        weights.reduce((sum, w, k) => sum + w * f(eps[k]), 0) / total;
      const m = average(of);
      return [m, average((e) => (of(e) - m) ** 2)];
    }
  });
}

test('other distributions of intercepts: delta-method errors, new clusters', async (t) => {
  for (const effect of [logGamma(), laplaceEffect()]) {
    const result = await likelihoodCase('binomial', effect);
    for (const target of ['population', 'cluster'] as const) {
      for (const scale of ['link', 'response'] as const) {
        const of = (at: typeof result): number => predict(at, fresh, { target, scale })[1].estimate;
        const held = scale === 'link' ? effect.standardDeviation(result.parameters) ** 2 : undefined;
        const { standardError } = predict(result, fresh, { target, scale })[1];
        const expected =
          varianceByDifferences(result, of) + (target === 'cluster' ? (held ?? Number.NaN) : 0);
        if (!Number.isNaN(expected)) {
          near(t, standardError, Math.sqrt(expected), 1e-6, `${effect.name}, ${target}, ${scale}`);
        }
      }
    }
  }
  // Places and masses are what they are: the mean is a sum.
  const masses = await likelihoodCase('binomial', pointMasses(2));
  const { shape, beta } = masses.parameters;
  const [low, high, m1, m2] = shape!;
  const inverse = masses.model.family.link.inverse;
  const eta = beta[0] + 0.3 * beta[1];
  const exact = m1 * inverse(eta + low) + m2 * inverse(eta + high);
  near(t, predict(masses, fresh, { target: 'population' })[0].estimate, exact, 1e-14, 'point masses');
});

test('known clusters under other distributions: dense sums, and errors by differences', async (t) => {
  const effects = {
    t3: studentT(3),
    logistic: logistic(),
    laplace: laplaceEffect(),
    'log-gamma': logGamma(),
    bridge: bridge(),
  };
  for (const family of ['binomial', 'gamma']) {
    for (const [name, effect] of Object.entries(effects)) {
      const result = await likelihoodCase(family, effect);
      const { model, parameters } = result;
      const { beta, sigma, dispersion = 1 } = parameters;
      const { clusters } = model;
      const i = model.clusterLabels.indexOf('c2');
      const eta = Float64Array.from(
        { length: clusters.rows },
        (_, r) => beta[0] + beta[1] * clusters.x[2 * r + 1],
      );
      const rows = { y: clusters.y, trials: clusters.trials, weights: clusters.weights, eta };
      const log = (e: number): number =>
        model.family.outcome.value(rows, clusters.starts[i], clusters.starts[i + 1], e, dispersion) +
        effectDensities[name](e, sigma);
      const top = log(0);
      const at = beta[0] + 0.3 * beta[1];
      let [total, first, second] = [0, 0, 0];
      const step = 2e-3;
      for (let k = -8000; k < 8000; k++) {
        for (const place of [0.5 - Math.sqrt(1 / 12), 0.5 + Math.sqrt(1 / 12)]) {
          const e = (k + place) * step;
          const weight = Math.exp(log(e) - top);
          const mu = model.family.link.inverse(at + e);
          total += weight;
          first += weight * mu;
          second += weight * mu * mu;
        }
      }
      const mean = first / total;
      const spread = second / total - mean * mean;
      const row = predict(result, fresh)[0];
      near(t, row.estimate, mean, 1e-9 * mean, `${family}, ${name}`);
      const variance = varianceByDifferences(result, (moved) => predict(moved, fresh)[0].estimate);
      near(t, row.standardError / Math.sqrt(variance + spread), 1, 1e-6, `error: ${family}, ${name}`);
    }
  }
});

test('the rows of the fit: cluster predictions on the link scale are x beta + ranef', async (t) => {
  const herds = await shipped('cbpp');
  const formula = 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)';
  const result = await fit(glmm(formula, herds, { family: binomial() }), quadrature());
  const effects = ranef(result);
  const typical = predict(result, undefined, { target: 'typical', scale: 'link' });
  const cluster = predict(result, undefined, { target: 'cluster', scale: 'link', interval: 0.9 });
  const again = predict(result, herds, { target: 'cluster', scale: 'link', interval: 0.9 });
  t.deepEqual([...again], [...cluster]);
  t.is(cluster.length, 56);
  cluster.forEach(({ estimate, standardError, lower, upper }, r) => {
    const i = result.model.design.cluster[r];
    near(t, estimate - typical[r].estimate, effects[i].mean, 1e-12, `row ${r}`);
    near(t, upper! - lower!, 2 * 1.6448536269514722 * standardError, 1e-12, `interval ${r}`);
  });
  const population = predict(result, undefined, { target: 'population', interval: true });
  for (const { lower, estimate, upper } of population)
    t.true(0 < lower! && lower! < estimate && estimate < upper! && upper! < 1);
  t.deepEqual(population.findings, []);
  t.is(
    String(predict(result, { period: [1, 4], herd: [1, 99] }, { target: 'cluster', interval: true })),
    `   Estimate  Std. Error  lower  upper
1     0.309       0.079  0.171  0.479
2     0.057       0.044  0.011  0.189`,
  );
});

test('gaussian: closed forms of the three targets', async (t) => {
  const result = await fit(
    glmm('Yield ~ (1 | Batch)', await shipped('dyestuff'), { family: gaussian() }),
    quadrature(),
  );
  const { beta, sigma } = result.parameters;
  const [row] = predict(result, { Batch: ['Z'] }, { target: 'cluster', scale: 'link' });
  near(t, row.estimate, beta[0], 1e-10, 'estimate');
  near(t, row.standardError, Math.hypot(result.estimates[0].standardError, sigma), 1e-9, 'error');
  const [population] = predict(result, { Batch: ['Z'] }, { target: 'population' });
  near(t, population.estimate, beta[0], 1e-9, 'population');
  near(t, population.standardError, result.estimates[0].standardError, 1e-9, 'its error');
});

test('sigma = 0: clusters are alike and sigma is taken as known', async (t) => {
  const model = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff2'), { family: gaussian() });
  const result = await fit(model, quadrature());
  t.is(result.parameters.sigma, 0);
  for (const target of ['cluster', 'typical', 'population'] as const) {
    const [row] = predict(result, undefined, { target });
    near(t, row.estimate, result.parameters.beta[0], 1e-12, target);
    near(t, row.standardError, result.estimates[0].standardError, 1e-12, `${target}: error`);
  }
});

for (const name of ['binomial', 'poisson', 'gaussian', 'gamma']) {
  test(`${name}, draws: the same functions of every draw`, async (t) => {
    const result = await posteriorCase(name);
    const { link } = result.model.family;
    const column = (variable: string): number[] =>
      allChains(result.draws, variable).flatMap((chain) => [...chain]);
    const [b0, b1, sigma, eps] = ['(Intercept)', 'x', 'sigma', 'eps[c2]'].map(column);
    const check = (options: PredictOptions, expected: readonly number[], tolerance: number): void => {
      const row = predict(result, fresh, { ...options, interval: 0.8 })[0];
      const what = JSON.stringify(options);
      const scale = sd(expected);
      near(t, row.estimate, mean(expected), tolerance * scale, what);
      near(t, row.standardError, scale, tolerance * scale, what);
      near(t, row.lower!, quantile(expected, 0.1), tolerance * scale, what);
      near(t, row.upper!, quantile(expected, 0.9), tolerance * scale, what);
    };
    check(
      { target: 'typical', scale: 'link' },
      b0.map((b, k) => b + 0.3 * b1[k]),
      1e-12,
    );
    check(
      { target: 'cluster' },
      b0.map((b, k) => link.inverse(b + 0.3 * b1[k] + eps[k])),
      1e-12,
    );
    if (link.name === 'log') {
      check(
        { target: 'population' },
        b0.map((b, k) => Math.exp(b + 0.3 * b1[k] + sigma[k] ** 2 / 2)),
        1e-8,
      );
    }
    if (link.name === 'identity') {
      check(
        { target: 'population' },
        b0.map((b, k) => b + 0.3 * b1[k]),
        1e-8,
      );
    }
    const rows = predict(result, fresh, { target: 'cluster', scale: 'link' });
    t.deepEqual(
      rows.findings.map(({ code }) => code),
      ['new-clusters'],
    );
    t.true(
      rows[1].standardError > predict(result, fresh, { target: 'typical', scale: 'link' })[1].standardError,
    );
    t.deepEqual([...predict(result, fresh)], [...predict(result, fresh)]);
    t.is(predict(result, fresh, { draws: 50 }).length, 3);
  });
}

test('what cannot be predicted is said', async (t) => {
  const result = await likelihoodCase('binomial');
  const some = predict(result, { x: [0, Number.NaN], g: ['c1', 'c1'] });
  t.true(Number.isNaN(some[1].estimate) && !Number.isNaN(some[0].estimate));
  t.deepEqual(
    some.findings.map(({ code }) => code),
    ['rows-missing'],
  );
  const nameless = predict(result, { x: [0] });
  t.regex(nameless.findings[0].message, /name no clusters/);
  t.throws(() => predict(result, { z: [1] }), { code: 'unknown-column' });
  t.throws(() => predict(result, undefined, { target: 'clusters' as never }), {
    code: 'bad-option',
    message: /'typical'/,
  });
  t.throws(() => predict(result, undefined, { interval: 95 }), { code: 'bad-option' });
  t.throws(() => predict(result, { target: 'typical' } as never), { code: 'bad-option', message: /third/ });
  t.throws(() => predict(result, { draws: 10, seed: 1 } as never), { code: 'bad-option', message: /third/ });
  t.throws(() => predict(result, null as never), { code: 'bad-data' });
  t.throws(() => predict(undefined as never), { code: 'bad-fit' });
  const heavy = await likelihoodCase('poisson', laplaceEffect());
  const infinite = predict(moved(heavy, 2, 2), fresh, { target: 'population' });
  t.is(infinite[0].estimate, Number.POSITIVE_INFINITY);
  t.deepEqual(
    infinite.findings.map(({ code }) => code),
    ['no-mean'],
  );
});

test('population means of many rows, by draws: those of few rows at a time', async (t) => {
  const many = { x: Array.from({ length: 150 }, (_, r) => -3 + r / 25) };
  for (const name of ['binomial', 'poisson']) {
    const result = await posteriorCase(name);
    for (const scale of ['link', 'response'] as const) {
      const options = { target: 'population', scale, interval: true } as const;
      const all = predict(result, many, options);
      [0, 60, 149].forEach((r) => {
        const [alone] = predict(result, { x: [many.x[r]] }, options);
        for (const key of ['estimate', 'standardError', 'lower', 'upper'] as const)
          near(t, all[r][key]!, alone[key]!, 1e-7 * Math.max(1, Math.abs(alone[key]!)), `${name} ${key}`);
      });
    }
  }
});
