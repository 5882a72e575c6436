// Data that once led the fits astray: each ends soon, with the right answer or an honest finding.
import test from 'ava';
import { fit } from '../src/estimate/fit.js';
import { mcem } from '../src/estimate/mcem/mcem.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { ClusterPosteriors } from '../src/likelihood/cluster-posterior.js';
import { Integrand } from '../src/likelihood/integrand.js';
import { marginal } from '../src/likelihood/marginal.js';
import { binomial, gamma, gaussian, poisson } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { certified, certifiedModel, landed, near } from './helpers.js';

function generator(seed: number): { uniform: () => number; normal: () => number } {
  let state = seed;
  const uniform = (): number => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return (state + 0.5) / 2 ** 32;
  };
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()) };
}

test('probit with large intercepts: the score at the maximum is 0', async (t) => {
  const { normal } = generator(5);
  const rows = Array.from({ length: 40 }, (_, g) => {
    const eps = 8 * normal();
    return Array.from({ length: 10 }, () => {
      const x = normal();
      return { g, x, y: 0.5 * x + eps + normal() > 0 ? 1 : 0 };
    });
  });
  const model = glmm('y ~ x + (1 | g)', rows.flat(), { family: binomial('probit') });
  const found = await fit(model, quadrature());
  t.true(found.converged);
  for (const slope of marginal(model, found.parameters).gradient) near(t, slope, 0, 1e-6, 'score');
});

test('probit and cloglog far out neither throw nor lose digits', async (t) => {
  const rows = Array.from({ length: 60 }, (_, r) => ({
    g: r % 12,
    o: r < 30 ? 40 : -40,
    y: (r * 13) % 5 < 2 ? 1 : 0,
  }));
  for (const link of ['probit', 'cloglog', 'logit']) {
    const model = glmm('y ~ offset(o) + (1 | g)', rows, { family: binomial(link) });
    for (const strategy of [quadrature(), laplace()]) {
      const found = await fit(model, strategy);
      t.true(Number.isFinite(found.logLik), `${link} ${strategy.name}`);
    }
  }
});

test('offsets of 100 either way: no hang', async (t) => {
  const rows = Array.from({ length: 60 }, (_, r) => ({
    g: r % 12,
    o: r % 2 ? 100 : -100,
    y: (r * 13) % 5 < 2 ? 1 : 0,
  }));
  const model = glmm('y ~ offset(o) + (1 | g)', rows, { family: binomial() });
  for (const strategy of [quadrature(), laplace()]) {
    t.true(Number.isFinite((await fit(model, strategy)).logLik));
  }
});

test('every cluster of one kind: mcem() stops, and says why', async (t) => {
  const rows = Array.from({ length: 100 }, (_, r) => ({ g: r % 20, y: r % 2 }));
  const found = await fit(glmm('y ~ 1 + (1 | g)', rows, { family: binomial() }), mcem());
  t.false(found.converged);
  t.true(found.findings.some(({ code }) => code === 'sigma-unbounded'));
});

test('a separated model without intercepts is no converged fit', async (t) => {
  const rows = Array.from({ length: 40 }, (_, r) => ({
    g: r % 8,
    x: r < 20 ? 0 : 1,
    y: r < 20 && (7 * r) % 5 < 2 ? 0 : 1,
  }));
  const model = glmm('y ~ x + (1 | g)', rows, { family: binomial() });
  for (const strategy of [quadrature(), mcem()]) {
    const found = await fit(model, strategy, { fixed: { sigma: 0 } });
    t.false(found.converged, strategy.name);
    t.true(found.findings.some(({ code }) => code === 'separation'));
  }
});

test('a start at sigma 0 is no trap', async (t) => {
  const rows = Array.from({ length: 80 }, (_, r) => ({
    g: r % 16,
    y: (r * 7) % 11 < (r % 16 < 8 ? 8 : 3) ? 1 : 0,
  }));
  const model = glmm('y ~ 1 + (1 | g)', rows, { family: binomial() });
  const expected = await fit(model, quadrature());
  t.true(expected.converged && expected.parameters.sigma > 0.1);
  const found = await fit(model, quadrature(), { start: { beta: Float64Array.of(0), sigma: 0 } });
  near(t, found.logLik, expected.logLik, 1e-9, 'logLik');
});

test('a start with a tiny sigma, or far away, is no trap for any strategy', async (t) => {
  const model = await certifiedModel(certified('cbpp'));
  const beta = Float64Array.of(-1.27, -1.17, -1.3, -1.78);
  const starts = [0.3, 0.01, 1e-4, 1e-9].map((sigma) => ({ beta, sigma }));
  for (const strategy of [quadrature(), laplace()]) {
    const { estimates } = await fit(model, strategy);
    for (const start of [...starts, { beta: beta.map((value) => 100 * value), sigma: 1e-3 }]) {
      const found = await fit(model, strategy, { start });
      t.true(found.converged, `${strategy.name} from ${start.sigma}`);
      for (const [k, { name, value }] of found.estimates.entries())
        near(t, value, estimates[k].value, 1e-5, name);
    }
  }
  const exact = await fit(model, quadrature());
  for (const start of starts) landed(t, await fit(model, mcem(), { seed: 1, start }), exact, 0.02);
});

test('a start does not hide that sigma is 0', async (t) => {
  const model = await certifiedModel(certified('dyestuff2'));
  const { beta, dispersion } = (await fit(model, quadrature())).parameters;
  const found = await fit(model, quadrature(), { start: { beta, dispersion: dispersion!, sigma: 1e-5 } });
  t.is(found.parameters.sigma, 0);
  t.true(found.findings.some(({ code }) => code === 'sigma-boundary'));
});

test('quadrature() lets itself be aborted', async (t) => {
  const { normal, uniform } = generator(3);
  const rows = Array.from({ length: 20000 }, (_, r) => ({
    g: r >> 1,
    x: normal(),
    y: uniform() < 0.5 ? 1 : 0,
  }));
  const model = glmm('y ~ x + (1 | g)', rows, { family: binomial() });
  const controller = new AbortController();
  const reason = new Error('enough');
  setTimeout(() => controller.abort(reason), 20);
  t.is(await t.throwsAsync(fit(model, quadrature(), { signal: controller.signal })), reason);
});

for (const [name, formula, family] of [
  ['binomial', 'y | trials(n) ~ x + (1 | g)', binomial()],
  ['poisson', 'c ~ x + (1 | g)', poisson()],
] as const) {
  test(`${name} counts of 1e9 keep their digits`, async (t) => {
    // So many counts fix each cluster's mean: the intercepts are as good as seen, and sigma is their root mean square.
    const eps = [-0.3, 0.5, 0.1, -0.6, 0.4];
    const rows = eps.flatMap((e, g) =>
      [0, 1].map((x) => {
        const eta = 0.3 * x - 0.8 + e;
        return {
          g,
          x,
          n: 1e9,
          y: Math.round(1e9 / (1 + Math.exp(-eta))),
          c: Math.round(1e9 * Math.exp(eta)),
        };
      }),
    );
    const { estimates, logLikError, converged } = await fit(glmm(formula, rows, { family }), quadrature());
    t.true(converged);
    t.true(logLikError < 1e-10);
    const mean = eps.reduce((sum, e) => sum + e, 0) / eps.length;
    const sigma = Math.sqrt(eps.reduce((sum, e) => sum + (e - mean) ** 2, 0) / eps.length);
    const [intercept, slope, scale] = estimates;
    near(t, intercept.value, mean - 0.8 + (name === 'poisson' ? Math.log(1e9) : 0), 1e-6, 'intercept');
    near(t, slope.value, 0.3, 1e-6, 'slope');
    near(t, scale.value, sigma, 1e-6, 'sigma');
    near(t, intercept.standardError, sigma / Math.sqrt(5), 1e-6, 'standard error of the intercept');
    near(t, scale.standardError, sigma / Math.sqrt(10), 1e-6, 'standard error of sigma');
  });
}

test('clusters all alike: whether sigma or the intercept runs off is told apart', (t) => {
  const findings = (y: (r: number) => number): readonly string[] =>
    glmm(
      'y ~ 1 + (1 | g)',
      Array.from({ length: 20 }, (_, r) => ({ g: r % 5, y: y(r) })),
      { family: binomial() },
    ).findings.map(({ code, message, advice }) => `${code} ${message} ${advice}`);
  t.regex(findings(() => 0)[0], /^clusters-all-alike Every response is a failure.*intercept/);
  t.regex(findings(() => 1)[0], /^clusters-all-alike Every response is a success.*intercept/);
  t.regex(findings((r) => (r % 5 < 2 ? 1 : 0))[0], /^clusters-all-alike 5 of 5.*sigma grows/);
  t.regex(findings((r) => (r === 3 ? 1 : 0))[0], /^clusters-all-alike 4 of 5.*Laplace/);
  t.deepEqual(
    findings((r) => (r < 10 ? 1 : 0)),
    [],
  );
});

test('one trial a cluster: no strategy takes sigma for estimated', async (t) => {
  const { uniform } = generator(5);
  const rows = Array.from({ length: 60 }, (_, g) => {
    const x = 2 * uniform() - 1;
    return { g, pair: g >> 1, x, y: uniform() < 1 / (1 + Math.exp(-2 * x - 0.7)) ? 1 : 0 };
  });
  const family = binomial('probit');
  for (const strategy of [quadrature(), laplace()]) {
    const single = glmm('y ~ x + (1 | g)', rows, { family });
    const found = await fit(single, strategy);
    const finding = found.findings.find(({ code }) => code === 'one-trial-clusters');
    t.is(finding?.severity === 'error', found.parameters.sigma > 0, strategy.name);
    t.is(found.converged, found.parameters.sigma === 0, strategy.name);
    for (const quiet of [
      await fit(single, strategy, { fixed: { sigma: 0 } }),
      await fit(glmm('y ~ x + (1 | pair)', rows, { family }), strategy),
    ]) {
      t.true(quiet.converged, strategy.name);
      t.false(quiet.findings.some(({ code }) => code === 'one-trial-clusters'));
    }
  }
});

const sizeOne = Array.from({ length: 30 }, (_, g) => ({ g, y: Math.sin(g) + 2, w: 0 }));
const refused: readonly [string, () => unknown, string][] = [
  [
    'one row a cluster with a residual variance',
    () => glmm('y ~ 1 + (1 | g)', sizeOne, { family: gaussian() }),
    'unidentified',
  ],
  [
    'weights that are all 0',
    () => glmm('y ~ 1 + (1 | g)', sizeOne, { family: gamma(), weights: 'w' }),
    'no-information',
  ],
  [
    'a constant gamma response',
    () => glmm('y ~ 1 + (1 | g)', { y: [2, 2, 2, 2], g: [1, 1, 2, 2] }, { family: gamma() }),
    'constant-response',
  ],
];
for (const [what, make, code] of refused) {
  test(`refused: ${what}`, (t) => {
    t.throws(make, { name: 'GlmmcError', code });
  });
}

test('clusters of one binary row under very wide intercepts: probabilities sum to 1, with all digits', (t) => {
  for (const y of [0, 1]) {
    const one = glmm('y ~ 1 + (1 | g)', { y: [y, y], g: [1, 2] }, { family: binomial() });
    const other = glmm('y ~ 1 + (1 | g)', { y: [1 - y, 1 - y], g: [1, 2] }, { family: binomial() });
    for (const [eta, sigma] of [
      [0, 1e4],
      [0, 1e10],
      [-252, 2700],
      [486, 2700],
      [100, 1e8],
    ]) {
      const at = { beta: Float64Array.of(eta), sigma };
      const [a, b] = [marginal(one, at), marginal(other, at)];
      near(t, Math.exp(a.logLik / 2) + Math.exp(b.logLik / 2), 1, 1e-9, `eta ${eta}, sigma ${sigma}`);
      t.true(a.error < 1e-8 && b.error < 1e-8);
    }
    // Given y the intercept is half a normal but for terms of order 1 / sigma^2.
    const integrand = new Integrand(one, one.clusters);
    integrand.setParameters({ beta: Float64Array.of(0), sigma: 1e4 });
    const { mean, sd, quantile } = new ClusterPosteriors(integrand).of(0);
    const sign = y === 1 ? 1 : -1;
    near(t, mean, sign * Math.sqrt(2 / Math.PI), 1e-7, 'mean');
    near(t, sd, Math.sqrt(1 - 2 / Math.PI), 1e-7, 'sd');
    near(t, quantile(0.5), sign * 0.6744897501960817, 1e-7, 'median');
  }
});
