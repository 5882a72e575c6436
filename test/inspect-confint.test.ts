// confint(): profiles against lme4's and against their own definition, Wald's rule, draws, flat directions.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { fit } from '../src/estimate/fit.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { confint, type Interval } from '../src/inspect/confint.js';
import { tidy } from '../src/inspect/tidy.js';
import { bridge } from '../src/model/effects/bridge.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, gaussian, negativeBinomial, poisson } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { caseModel, likelihoodCase, posteriorCase } from './fit-cases.js';
import { near, shipped } from './helpers.js';

interface Golden {
  readonly names: readonly string[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}
const golden: Readonly<Record<string, Golden>> = JSON.parse(
  readFileSync(new URL('data/after-the-fit/golden.json', import.meta.url), 'utf8'),
);

/** The rows by lme4's names: standard deviations in place of variances. */
function byLme4(rows: readonly Interval[]): Map<string, readonly [number, number]> {
  return new Map(
    rows.map(({ name, lower, upper }) => {
      if (name === 'dispersion') return ['.sigma', [Math.sqrt(lower), Math.sqrt(upper)] as const];
      return [
        name === 'sigma' ? '.sig01' : name.replace('factor(period)', 'period'),
        [lower, upper] as const,
      ];
    }),
  );
}

const cbpp = glmm('cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)', await shipped('cbpp'), {
  family: binomial(),
});
const dyestuff = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff'), { family: gaussian() });
const dyestuff2 = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff2'), { family: gaussian() });

test("profile intervals are lme4's, to what its splines allow", async (t) => {
  for (const [set, model, level] of [
    ['cbpp95', cbpp, 0.95],
    ['cbpp80', cbpp, 0.8],
    ['dyestuff95', dyestuff, 0.95],
    ['dyestuff2', dyestuff2, 0.95],
  ] as const) {
    const rows = byLme4(await confint(await fit(model, quadrature()), { method: 'profile', level }));
    const { names, lower, upper } = golden[set];
    t.is(rows.size, names.length);
    names.forEach((name, k) => {
      const [low, high] = rows.get(name)!;
      near(t, low, lower[k], 1e-5 * Math.max(1, Math.abs(lower[k])), `${set}: lower ${name}`);
      near(t, high, upper[k], 1e-5 * Math.max(1, Math.abs(upper[k])), `${set}: upper ${name}`);
    });
  }
});

for (const name of ['binomial', 'poisson', 'gaussian', 'gamma', 'negative binomial']) {
  test(`${name}: at a limit twice the log-likelihood has fallen by the chi-square quantile`, async (t) => {
    const result = await likelihoodCase(name);
    const rows = await confint(result, { method: 'profile', level: 0.9 });
    const fallen = async (fixed: object): Promise<number> => {
      const held = await fit(result.model, quadrature(), { fixed });
      return 2 * (result.logLik - held.logLik);
    };
    // The 90% point of chi-square with 1 degree of freedom.
    const quantile = 1.6448536269514722 ** 2;
    for (const row of rows.filter((one) => one.name !== 'dispersion')) {
      for (const end of [row.lower, row.upper]) {
        const what = `${row.name} at ${end}`;
        if (row.name === 'sigma' && end === 0) t.true((await fallen({ sigma: 0 })) <= quantile, what);
        else if (row.name === 'sigma') near(t, await fallen({ sigma: end }), quantile, 1e-6, what);
        else near(t, await fallen({ beta: { [row.name]: end } }), quantile, 1e-6, what);
      }
    }
  });
}

for (const effect of [bridge(), studentT(4), laplaceEffect(), logGamma()]) {
  test(`${effect.name} intercepts: the limits of sigma`, async (t) => {
    const result = await likelihoodCase('gamma', effect);
    const [{ lower, upper }] = await confint(result, { method: 'profile', parameters: ['sigma'] });
    for (const sigma of [lower, upper]) {
      const held = await fit(result.model, quadrature(), { fixed: { sigma } });
      near(t, 2 * (result.logLik - held.logLik), 1.959963984540054 ** 2, 1e-6, `${sigma}`);
    }
    t.true(0 < lower && lower < result.parameters.sigma && result.parameters.sigma < upper);
  });
}

test('theta without bound has a lower limit alone', async (t) => {
  const { y, cluster } = caseModel('binomial').design;
  const model = glmm('y ~ 1 + (1 | g)', { y: [...y], g: [...cluster] }, { family: negativeBinomial() });
  const result = await fit(model, quadrature());
  t.true(result.findings.some(({ code }) => code === 'theta-unbounded'));
  const intervals = await confint(result, { method: 'profile', parameters: ['dispersion'] });
  t.is(intervals[0].upper, Number.POSITIVE_INFINITY);
  const poissonFit = await fit(
    glmm('y ~ 1 + (1 | g)', { y: [...y], g: [...cluster] }, { family: poisson() }),
    quadrature(),
  );
  // At the limit the counts with theta given.
  const given = negativeBinomial({ theta: intervals[0].lower });
  const held = await fit(
    glmm('y ~ 1 + (1 | g)', { y: [...y], g: [...cluster] }, { family: given }),
    quadrature(),
  );
  near(t, 2 * (poissonFit.logLik - held.logLik), 1.959963984540054 ** 2, 1e-5, 'the limit that there is');
});

test('a profile is that of the likelihood, whatever strategy made the fit', async (t) => {
  const exact = await confint(await fit(cbpp, quadrature()), { method: 'profile', parameters: ['sigma'] });
  const rough = await confint(await fit(cbpp, laplace()), { method: 'profile', parameters: ['sigma'] });
  t.is(rough.length, 1);
  near(t, rough[0].lower, exact[0].lower, 1e-6, 'lower');
  near(t, rough[0].upper, exact[0].upper, 1e-6, 'upper');
});

test("Wald's intervals are tidy()'s; those of a dispersion are of the variance", async (t) => {
  const result = await fit(dyestuff, quadrature());
  const rows = confint(result, { level: 0.9 });
  tidy(result, { level: 0.9 }).forEach((row, k) => {
    const root = rows[k].name === 'dispersion' ? Math.sqrt : (x: number): number => x;
    near(t, root(rows[k].lower), row['conf.low'], 1e-12 * Math.abs(row['conf.low']), `lower ${row.term}`);
    near(t, root(rows[k].upper), row['conf.high'], 1e-12 * Math.abs(row['conf.high']), `upper ${row.term}`);
  });
  const boundary = confint(await fit(dyestuff2, quadrature()), { method: 'wald' });
  t.true(Number.isNaN(boundary[1].lower));
  t.deepEqual(
    boundary.findings.map(({ code }) => code),
    ['no-wald-interval'],
  );
});

test('what is held fixed stays where it is', async (t) => {
  const result = await fit(cbpp, quadrature(), { fixed: { sigma: 0.5 } });
  for (const rows of [confint(result), await confint(result, { method: 'profile' })]) {
    t.deepEqual(rows[4], { name: 'sigma', lower: 0.5, upper: 0.5 });
    t.true(rows[0].lower < rows[0].upper);
  }
});

test('flat directions have no limit, and are named', async (t) => {
  // x separates: every success has x = 1, and among x = 1 there are failures too.
  const rows = Array.from({ length: 48 }, (_, r) => ({
    y: r % 2 === 1 && r % 3 > 0 ? 1 : 0,
    x: r % 2,
    g: Math.floor(r / 4),
  }));
  const result = await fit(glmm('y ~ x + (1 | g)', rows, { family: binomial() }), quadrature());
  const intervals = await confint(result, { method: 'profile', parameters: ['x'] });
  t.is(intervals[0].upper, Number.POSITIVE_INFINITY);
  // The supremum: no successes at x = 0, and at x = 1 those that there are, clusters alike.
  const successes = rows.filter(({ y }) => y === 1).length;
  const supremum = successes * Math.log(successes / 24) + (24 - successes) * Math.log(1 - successes / 24);
  const held = await fit(result.model, quadrature(), { fixed: { beta: { x: intervals[0].lower } } });
  near(t, 2 * (supremum - held.logLik), 1.959963984540054 ** 2, 1e-6, 'the limit that there is');
  t.deepEqual(
    intervals.findings.map(({ code, where }) => [code, where]),
    [['flat-profile', ['x']]],
  );
});

test('a posterior fit: quantiles of the draws, and nothing else', async (t) => {
  const result = await posteriorCase('gamma');
  const rows = confint(result, { level: 0.8 });
  t.deepEqual(
    rows.map(({ name }) => name),
    ['(Intercept)', 'x', 'sigma', 'dispersion'],
  );
  rows.forEach(({ name, lower, upper }) => {
    let below = 0;
    let above = 0;
    for (let c = 0; c < result.draws.chains; c++) {
      for (const value of result.draws.chain(name, c)) {
        if (value < lower) below++;
        if (value > upper) above++;
      }
    }
    const total = result.draws.chains * result.draws.iterations;
    near(t, below / total, 0.1, 0.01, `below ${name}`);
    near(t, above / total, 0.1, 0.01, `above ${name}`);
  });
  t.throws(() => confint(result, { method: 'wald' }), { code: 'bad-option', message: /likelihood fit/ });
});

test('what is no method, level or parameter is refused', async (t) => {
  const result = await likelihoodCase('binomial');
  t.throws(() => confint(result, { method: 'posterior' }), { code: 'bad-option', message: /'profile'/ });
  t.throws(() => confint(result, { method: 'walt' as never }), { code: 'bad-option' });
  t.throws(() => confint(result, { level: 95 }), { code: 'bad-option' });
  t.throws(() => confint(result, { parameters: ['sigm'] }), {
    code: 'bad-option',
    message: /did you mean 'sigma'/,
  });
  t.throws(() => confint(undefined as never), { code: 'bad-fit' });
  const masses = await likelihoodCase('binomial', pointMasses(2));
  t.throws(() => confint(masses, { method: 'profile' }), { code: 'unsupported-effect' });
  t.is(confint(masses).length, 3);
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  await t.throwsAsync(async () => confint(result, { method: 'profile', signal: controller.signal }), {
    message: 'enough',
  });
});

test('the printed table', async (t) => {
  const text = String(await confint(await fit(dyestuff2, quadrature()), { method: 'profile' }));
  t.is(
    text,
    `             lower  upper
(Intercept)   4.31   7.02
sigma         0.00   2.08
dispersion     8.4   23.2`,
  );
});
