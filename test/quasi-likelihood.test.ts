// pql() and mql(): R's iteration over nlme's lme to six digits, exact normal models, and what they say of themselves.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { rng } from '../samplers/rng.js';
import { compare } from '../src/compare/compare.js';
import { fit } from '../src/estimate/fit.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { WorkingModel } from '../src/estimate/quasi-likelihood/working-model.js';
import { mql, pql, type QuasiLikelihoodOptions } from '../src/estimate/quasi-likelihood.js';
import { customFamily } from '../src/model/custom-family.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, type Family, gamma, gaussian, negativeBinomial, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import type { Parameters } from '../src/model/parameters.js';
import { certified, certifiedModel, near, shipped } from './helpers.js';

interface Golden {
  readonly beta: readonly number[];
  readonly sigma: number;
  readonly dispersion?: number;
  readonly standardErrors: readonly number[];
  readonly effects: readonly number[];
  readonly logLik: number;
}

const golden: Readonly<Record<string, Golden>> = JSON.parse(
  readFileSync(new URL('data/quasi-likelihood/golden.json', import.meta.url), 'utf8'),
);

const models: Readonly<Record<string, () => Promise<Model>>> = {
  ...Object.fromEntries(
    ['cbpp', 'seeds', 'booth_hobert', 'infection', 'toenail', 'epil'].map((name) => [
      name,
      () => certifiedModel(certified(name)),
    ]),
  ),
  cbpp_probit: async () =>
    glmm('cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)', await shipped('cbpp'), {
      family: binomial('probit'),
    }),
  epil_gamma: async () =>
    glmm('I(y + 1) ~ lbase + trtprog + (1 | subject)', await shipped('epil'), { family: gamma() }),
};

for (const [name, make] of Object.entries(models)) {
  for (const [what, strategy] of [
    ['pql', pql],
    ['mql', mql],
  ] as const) {
    for (const variance of ['ml', 'reml'] as const) {
      test(`${what}({ variance: '${variance}' }) on ${name} is what lme's iteration converges to`, async (t) => {
        const expected = golden[`${name}:${what}:${variance}`];
        const found = await fit(await make(), strategy({ variance }));
        t.true(found.converged);
        const values = [
          ...expected.beta,
          expected.sigma,
          ...(expected.dispersion ? [expected.dispersion] : []),
        ];
        values.forEach((value, k) => {
          near(t, found.estimates[k].value, value, 2e-6, found.estimates[k].name);
        });
        expected.standardErrors.forEach((value, k) => {
          near(t, found.estimates[k].standardError, value, 2e-6, `SE of ${found.estimates[k].name}`);
        });
        near(t, found.objective, expected.logLik, 2e-4, 'log-likelihood of the working model');
        const finding = found.findings.find(({ code }) => code === 'approximate');
        t.is(finding?.severity, 'warning');
        t.true(found.estimates.every(({ monteCarloError }) => monteCarloError === 0));
      });
    }
  }
}

test("MASS's glmmPQL itself, at its own tolerance of 1e-3 in eta", async (t) => {
  const published = golden['epil_gamma:glmmPQL'];
  const found = await fit(await models.epil_gamma(), pql());
  [...published.beta, published.sigma, published.dispersion!].forEach((value, k) => {
    near(t, found.estimates[k].value, value, 1e-3, found.estimates[k].name);
  });
});

test('both are exact for Gaussian responses with the identity link', async (t) => {
  const model = await certifiedModel(certified('dyestuff'));
  const exact = await fit(model, quadrature());
  for (const strategy of [pql(), mql()]) {
    const found = await fit(model, strategy);
    found.estimates.forEach(({ name, value, standardError }, k) => {
      near(t, value / exact.estimates[k].value, 1, 1e-7, name);
      near(t, standardError / exact.estimates[k].standardError, 1, 1e-5, `SE of ${name}`);
    });
    near(t, found.objective, exact.logLik, 1e-8, 'objective');
    t.false(found.findings.some(({ code }) => code === 'approximate'));
  }
  // lme4's REML fit of Dyestuff, as its documentation prints it; a balanced analysis of variance gives the same.
  const reml = await fit(model, pql({ variance: 'reml' }));
  near(t, reml.parameters.sigma, 42.0006, 1e-3, 'sigma by REML');
  near(t, reml.parameters.dispersion!, 2451.25, 1e-3, 'residual variance by REML');
});

test('sigma = 0 is found, and held where asked for', async (t) => {
  const model = await certifiedModel(certified('dyestuff2'));
  const exact = await fit(model, quadrature());
  for (const strategy of [pql(), mql()]) {
    const found = await fit(model, strategy);
    t.is(found.parameters.sigma, 0);
    t.true(Number.isNaN(found.estimates[1].standardError));
    t.true(found.findings.some(({ code }) => code === 'sigma-boundary'));
    near(t, found.logLik, exact.logLik, 1e-8, 'logLik');
  }
  const cbpp = await certifiedModel(certified('cbpp'));
  const pooled = await fit(cbpp, quadrature(), { fixed: { sigma: 0 } });
  const held = await fit(cbpp, pql(), { fixed: { sigma: 0 } });
  held.estimates.forEach(({ value }, k) => {
    near(t, value, pooled.estimates[k].value, 1e-8, 'pooled');
  });
});

test('fixed parameters are held, and the rest fitted around them', async (t) => {
  const model = await certifiedModel(certified('cbpp'));
  const free = await fit(model, pql());
  // Held at their own estimates nothing moves.
  const { sigma, beta } = free.parameters;
  for (const fixed of [{ sigma }, { beta: { '(Intercept)': beta[0] } }]) {
    const held = await fit(model, pql(), { fixed });
    held.estimates.forEach(({ name, value }, k) => {
      near(t, value, free.estimates[k].value, 1e-7, name);
    });
    t.is(held.fixed.length, 1);
  }
  const other = await fit(model, mql(), { fixed: { sigma: 0.3, beta: { 'factor(period)2': -1 } } });
  t.is(other.parameters.sigma, 0.3);
  t.is(other.parameters.beta[1], -1);
});

/** 40 clusters of 5 counts with more than Poisson variance. */
function overdispersed(family: Family): Model {
  const stream = rng(3);
  const rows = Array.from({ length: 200 }, (_, r) => {
    const g = Math.floor(r / 5);
    const mean = Math.exp(1 + 0.8 * Math.sin(7 * g) + 0.3 * (r % 5));
    // A geometric count has variance mu + mu^2.
    return { g, x: r % 5, y: Math.floor(Math.log1p(-stream.uniform()) / Math.log(mean / (1 + mean))) };
  });
  return glmm('y ~ x + (1 | g)', rows, { family });
}

test('negative binomial: theta given is a variance function, theta free is fitted beside it', async (t) => {
  const free = await fit(overdispersed(negativeBinomial()), pql());
  t.true(free.converged);
  const theta = free.parameters.dispersion!;
  const given = await fit(overdispersed(negativeBinomial({ theta })), pql());
  given.estimates.forEach(({ name, value }, k) => {
    near(t, value, free.estimates[k].value, 1e-7, name);
  });
  const exact = await fit(overdispersed(negativeBinomial()), quadrature());
  near(t, free.parameters.beta[1], exact.parameters.beta[1], 0.1, 'slope');
});

const working: readonly [string, Family, Parameters][] = [
  ['poisson', poisson(), { beta: Float64Array.of(0.9, 0.25), sigma: 0.7 }],
  ['gamma', gamma(), { beta: Float64Array.of(0.9, 0.25), sigma: 0.7, dispersion: 0.8 }],
  ['gaussian', gaussian(), { beta: Float64Array.of(3, 0.7), sigma: 1.7, dispersion: 6 }],
  [
    'negative binomial',
    negativeBinomial(),
    { beta: Float64Array.of(0.9, 0.25), sigma: 0.7, dispersion: 1.5 },
  ],
];

for (const [name, family, at] of working) {
  for (const restricted of [[], [0, 1]]) {
    test(`derivatives of the working likelihood: ${name}, ${restricted.length > 0 ? 'REML' : 'ML'}`, (t) => {
      const whole = overdispersed(poisson());
      const rows = Array.from(whole.design.y, (y, r) => ({ g: Math.floor(r / 5), x: r % 5, y: y + 1 }));
      const model = glmm('y ~ x + (1 | g)', rows, { family });
      const worked = new WorkingModel(model, family.variance!, restricted);
      worked.expand({ ...at, beta: at.beta.map((value) => value + 0.1) }, new Float64Array(40).fill(0.2));
      const { gradient, hessian } = worked.evaluate(at);
      const size = gradient.length;
      const moved = (k: number, h: number): Parameters => {
        if (k === 2) return { ...at, sigma: at.sigma + h };
        if (k === 3) return { ...at, dispersion: at.dispersion! + h };
        return { ...at, beta: at.beta.map((value, j) => (j === k ? value + h : value)) };
      };
      for (let k = 0; k < size; k++) {
        const up = worked.evaluate(moved(k, 1e-4));
        const down = worked.evaluate(moved(k, -1e-4));
        near(
          t,
          (up.value - down.value) / 2e-4,
          gradient[k],
          1e-5 * (1 + Math.abs(gradient[k])),
          `slope ${k}`,
        );
        for (let l = 0; l < size; l++) {
          const bend = (up.gradient[l] - down.gradient[l]) / 2e-4;
          near(t, bend, hessian[k * size + l], 1e-5 * (1 + Math.abs(bend)), `bend ${k}, ${l}`);
        }
      }
    });
  }
}

test('a weight counts rows or clusters, as it does in the likelihood', async (t) => {
  const table = await shipped('cbpp');
  const herds = Array.from({ length: 56 }, (_, r) => ({
    herd: Number(table.herd[r]),
    y: Number(table.incidence[r]),
    n: Number(table.size[r]),
    w: 1 + (Number(table.herd[r]) % 2),
  }));
  const twice = herds.flatMap((row) => (row.w === 1 ? [row] : [row, { ...row, herd: row.herd + 100 }]));
  const family = binomial();
  for (const strategy of [pql(), mql({ variance: 'reml' })]) {
    const long = await fit(glmm('y | trials(n) ~ 1 + (1 | herd)', twice, { family }), strategy);
    const short = await fit(
      glmm('y | trials(n) ~ 1 + (1 | herd)', herds, { family, clusterWeights: 'w' }),
      strategy,
    );
    short.estimates.forEach(({ name, value, standardError }, k) => {
      near(t, value, long.estimates[k].value, 1e-8, name);
      near(t, standardError, long.estimates[k].standardError, 1e-8, `SE of ${name}`);
    });
  }
});

test('separation is said', async (t) => {
  const rows = Array.from({ length: 40 }, (_, r) => ({ g: r % 8, x: r < 20 ? 0 : 1, y: r < 20 ? r % 2 : 1 }));
  for (const strategy of [pql(), mql()]) {
    const found = await fit(glmm('y ~ x + (1 | g)', rows, { family: binomial() }), strategy);
    t.false(found.converged);
    t.deepEqual(found.findings.find(({ code }) => code === 'separation')?.where, ['x']);
  }
});

test('compare() calls them approximate, and not failed', async (t) => {
  const { rows } = await compare(await certifiedModel(certified('infection')), [quadrature(), pql(), mql()]);
  t.deepEqual(
    rows.map(({ verdict }) => verdict),
    ['agrees', 'approximate', 'approximate'],
  );
});

test('what they cannot fit they refuse before they start', async (t) => {
  const rows = [0, 1, 1, 0, 1, 0, 0, 1].map((y, r) => ({ y, g: r % 3 }));
  const heavy = glmm('y ~ 1 + (1 | g)', rows, { family: binomial(), randomEffect: studentT(4) });
  await t.throwsAsync(fit(heavy, pql()), { code: 'unsupported-effect', message: /quadrature\(\)/ });
  const family = customFamily({ name: 'my-normal', logDensity: (y, eta) => -0.5 * (y - eta) ** 2 });
  await t.throwsAsync(fit(glmm('y ~ 1 + (1 | g)', rows, { family }), mql()), {
    code: 'unsupported-family',
    message: /mql\(\) needs the variance/,
  });
  t.throws(() => pql({ variance: 'REML' as 'reml' }), {
    message: "pql(): variance must be 'ml' or 'reml', found 'REML'",
  });
  t.throws(() => mql({ method: 'ml' } as QuasiLikelihoodOptions), { code: 'unknown-option' });
  t.deepEqual(pql().settings, { variance: 'ml' });
});
