// pooled() and fixedEffects(): R's glm() without the clusters and with a dummy for each, closed forms, and what they refuse.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { strategyNamed } from '../src/cli/strategies.js';
import { compare } from '../src/compare/compare.js';
import type { Table } from '../src/data/table.js';
import { fit } from '../src/estimate/fit.js';
import { fixedEffects } from '../src/estimate/fixed-effects.js';
import { pooled } from '../src/estimate/pooled.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { likelihoodRatio } from '../src/inspect/likelihood-ratio.js';
import { predict } from '../src/inspect/predict.js';
import { ranef } from '../src/inspect/ranef.js';
import { refit } from '../src/inspect/refit.js';
import { tidy } from '../src/inspect/tidy.js';
import { marginal } from '../src/likelihood/marginal.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, type Family, gamma, gaussian, negativeBinomial, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import { near, shipped } from './helpers.js';

interface PooledGolden {
  readonly beta: number[];
  readonly se: number[];
  readonly logLik: number;
  readonly robust: number[];
  readonly z: number;
}

interface FixedGolden {
  readonly beta: number | number[];
  readonly se: number | number[];
  readonly intercept: number;
  readonly interceptSe: number;
  readonly sigma: number;
  readonly alpha: number[];
  readonly alphaSe: number[];
  readonly logLik: number;
  readonly dispersion?: number | null;
}

const golden = JSON.parse(
  readFileSync(new URL('data/what-people-do/golden.json', import.meta.url), 'utf8'),
) as {
  data: Record<'made' | 'positive' | 'counts', Table>;
  pooled: Record<'cbpp' | 'epil' | 'made', PooledGolden>;
  fixed: Record<'logit' | 'probit' | 'cloglog' | 'epil' | 'made' | 'gamma' | 'negativeBinomial', FixedGolden>;
};
const { made, positive, counts } = golden.data;
const [herds, seizures] = await Promise.all([shipped('cbpp'), shipped('epil')]);

const ofHerds = (family: Family): Model =>
  glmm('cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)', herds, { family });

/** Matched pairs by their counts: both, the exposed alone, the other alone, none. */
function pairs(counts: readonly number[], weighted = false): Model {
  const columns = { y: [] as number[], x: [] as number[], pair: [] as number[], n: [] as number[] };
  let pair = 0;
  counts.forEach((times, kind) => {
    for (let k = 0; k < (weighted ? 1 : times); k++, pair++) {
      columns.y.push(kind < 2 ? 1 : 0, kind % 2 === 0 ? 1 : 0);
      columns.x.push(1, 0);
      columns.pair.push(pair, pair);
      columns.n.push(times, times);
    }
  });
  return glmm('y ~ x + (1 | pair)', columns, {
    family: binomial(),
    ...(weighted && { clusterWeights: 'n' }),
  });
}

test('pooled() is glm(): coefficients, errors, robust errors, the test by pairs of rows', async (t) => {
  const models = {
    cbpp: ofHerds(binomial()),
    epil: glmm('y ~ trt + V4 + (1 | subject)', seizures, { family: poisson() }),
    made: glmm('y ~ x + w + (1 | id)', made, { family: gaussian() }),
  };
  for (const [name, model] of Object.entries(models)) {
    const answer = golden.pooled[name as keyof typeof models];
    const found = await fit(model, pooled());
    t.true(found.converged);
    answer.beta.forEach((value, j) => {
      near(t, found.estimates[j].value, value, 1e-7, `${name} beta ${j}`);
      near(t, found.estimates[j].standardError / answer.se[j], 1, 1e-6, `${name} se ${j}`);
      near(t, found.robustStandardErrors[j] / answer.robust[j], 1, 1e-6, `${name} robust se ${j}`);
    });
    near(t, found.logLik, answer.logLik, 1e-8, `${name} logLik`);
    near(t, found.heterogeneity.z / answer.z, 1, 1e-6, `${name} z`);
    t.deepEqual(found.fixed, ['sigma']);
    t.is(found.parameters.sigma, 0);
  }
});

test('pooled() is the null of the likelihood ratio, whatever the intercepts are said to be', async (t) => {
  const model = ofHerds(binomial());
  const full = await fit(model, quadrature());
  const none = await fit(model, pooled());
  const byHolding = await fit(model, quadrature(), { fixed: { sigma: 0 } });
  t.deepEqual(likelihoodRatio(none, full), likelihoodRatio(byHolding, full));
  for (const randomEffect of [studentT(3), logGamma(), pointMasses(3)]) {
    const other = await fit({ ...model, randomEffect }, pooled());
    near(t, other.logLik, none.logLik, 1e-10, randomEffect.name);
    t.true(ranef(other).every(({ mean }) => mean === 0));
    near(t, marginal(other.model, other.parameters).logLik, none.logLik, 1e-9, randomEffect.name);
  }
  const again = await refit(none, model.design.y);
  t.deepEqual(again.parameters, none.parameters);
  await t.throwsAsync(fit(model, pooled(), { fixed: { sigma: 1 } }), { code: 'bad-fixed' });
  t.throws(() => pooled({ robust: true } as never), { code: 'unknown-option' });
  // Counts of trials, and weights, are what they stand for.
  const trials = { s: [2, 0, 1, 3, 2], n: [3, 2, 1, 3, 4], x: [0, 1, 2, 0, 1], g: [1, 1, 2, 3, 3] };
  const each = trials.n.flatMap((n, r) =>
    Array.from({ length: n }, (_, k) => ({ y: k < trials.s[r] ? 1 : 0, x: trials.x[r], g: trials.g[r] })),
  );
  const kinds = trials.n.flatMap((n, r) => [
    { y: 1, w: trials.s[r], x: trials.x[r], g: trials.g[r] },
    { y: 0, w: n - trials.s[r], x: trials.x[r], g: trials.g[r] },
  ]);
  for (const family of [binomial(), binomial('probit')]) {
    const long = await fit(glmm('y ~ x + (1 | g)', each, { family }), pooled());
    const short = await fit(glmm('s | trials(n) ~ x + (1 | g)', trials, { family }), pooled());
    const weighted = await fit(glmm('y ~ x + (1 | g)', kinds, { family, weights: 'w' }), pooled());
    near(t, weighted.heterogeneity.z, long.heterogeneity.z, 1e-7, 'weights');
    near(t, short.heterogeneity.z, long.heterogeneity.z, 1e-7, 'trials');
  }
  const singles = { y: [0, 1, 1, 0, 1], x: [1, 2, 3, 2, 1], g: [1, 2, 3, 4, 5] };
  const single = await fit(glmm('y ~ x + (1 | g)', singles, { family: binomial() }), pooled());
  t.true(Number.isNaN(single.heterogeneity.z));
  t.regex(single.findings.find(({ code }) => code === 'clusters-ignored')!.message, /No score test/);
  const rows = [...Array(40).keys()];
  const separated = glmm(
    'y ~ x + (1 | g)',
    { y: rows.map((r) => r % 2), x: rows.map((r) => r % 2), g: rows.map((r) => r >> 2) },
    { family: binomial() },
  );
  const endless = await fit(separated, pooled());
  t.deepEqual(
    endless.findings.map(({ code }) => code),
    ['separation'],
  );
  t.true(endless.robustStandardErrors.every(Number.isNaN));
});

test('fixedEffects() is glm() with a dummy a cluster, of every family', async (t) => {
  const some = Object.fromEntries(
    Object.entries(seizures).map(([name, column]) => [
      name,
      Array.from(column as ArrayLike<number>).filter(
        (_, r) => (seizures.subject as ArrayLike<number>)[r] !== 58,
      ),
    ]),
  );
  const models: Record<keyof typeof golden.fixed, readonly [Model, string[]]> = {
    logit: [ofHerds(binomial()), ['factor(period)2', 'factor(period)3', 'factor(period)4']],
    probit: [ofHerds(binomial('probit')), ['factor(period)2', 'factor(period)3', 'factor(period)4']],
    cloglog: [ofHerds(binomial('cloglog')), ['factor(period)2', 'factor(period)3', 'factor(period)4']],
    epil: [glmm('y ~ V4 + (1 | subject)', some, { family: poisson() }), ['V4']],
    made: [glmm('y ~ x + w + (1 | id)', made, { family: gaussian() }), ['x', 'w']],
    gamma: [glmm('y ~ x + w + (1 | id)', positive, { family: gamma() }), ['x', 'w']],
    negativeBinomial: [glmm('y ~ x + (1 | id)', counts, { family: negativeBinomial() }), ['x']],
  };
  for (const [name, [model, terms]] of Object.entries(models)) {
    const answer = golden.fixed[name as keyof typeof models];
    const found = await fit(model, fixedEffects());
    t.true(found.converged, name);
    // R's standard errors of other links are those of the expected information.
    const canonical = ['logit', 'epil', 'made'].includes(name);
    const loose = name === 'negativeBinomial' ? 100 : 1;
    [answer.beta].flat().forEach((value, j) => {
      const estimate = found.estimates.find((one) => one.name === terms[j])!;
      near(t, estimate.value, value, 1e-7 * loose, `${name} ${terms[j]}`);
      if (canonical) near(t, estimate.standardError / [answer.se].flat()[j], 1, 1e-6, `${name} se`);
    });
    near(t, found.objective, answer.logLik, 1e-7 * loose, `${name} logLik`);
    if (typeof answer.dispersion === 'number') {
      near(t, found.parameters.dispersion! / answer.dispersion, 1, 1e-6 * loose, `${name} dispersion`);
    }
    near(t, found.logLik, marginal(model, found.parameters).logLik, 1e-9, `${name} marginal`);
    if (name === 'negativeBinomial') continue;
    near(t, found.estimates[0].value, answer.intercept, 1e-7, `${name} intercept`);
    near(t, found.parameters.sigma, answer.sigma, 1e-7, `${name} sigma`);
    answer.alpha.forEach((value, i) => {
      near(t, found.clusterCoefficients[i].value, value, 1e-6, `${name} cluster ${i}`);
    });
    if (!canonical) continue;
    near(t, found.estimates[0].standardError / answer.interceptSe, 1, 1e-6, `${name} intercept se`);
    answer.alphaSe.forEach((value, i) => {
      near(t, found.clusterCoefficients[i].standardError / value, 1, 1e-6, `${name} cluster se ${i}`);
    });
  }
  // A cluster of zeros alone changes nothing.
  const all = await fit(glmm('y ~ V4 + (1 | subject)', seizures, { family: poisson() }), fixedEffects());
  near(t, all.estimates[1].value, golden.fixed.epil.beta as number, 1e-7, 'with the zeros');
  near(t, all.objective, golden.fixed.epil.logLik, 1e-7, 'with the zeros');
  t.deepEqual(all.findings.find(({ code }) => code === 'clusters-without-information')?.where, ['58']);
  t.is(all.clusterCoefficients[57].value, Number.NEGATIVE_INFINITY);
});

test('matched pairs: twice the conditional estimate', async (t) => {
  const found = await fit(pairs([30, 20, 8, 42]), fixedEffects());
  near(t, found.estimates[1].value, 2 * Math.log(20 / 8), 1e-9, 'beta');
  // Each discordant pair: log p + log p with logit p = beta / 2.
  near(t, found.objective, 2 * (20 * Math.log(20 / 28) + 8 * Math.log(8 / 28)), 1e-9, 'objective');
  near(t, found.estimates[1].standardError, 2 * Math.sqrt((1 / 20 + 1 / 8) / 2), 1e-7, 'standard error');
  const said = found.findings.find(({ code }) => code === 'incidental-parameters')!;
  t.regex(
    said.message,
    /exactly twice those of the conditional likelihood \(Andersen 1970\), which are x 0\.916/,
  );
  t.is(found.findings.find(({ code }) => code === 'clusters-without-information')?.where?.length, 72);
  // A pair of weight w is w pairs.
  const weighted = await fit(pairs([30, 20, 8, 42], true), fixedEffects());
  found.estimates.forEach(({ name, value, standardError }, k) => {
    near(t, weighted.estimates[k].value, value, 1e-9, name);
    if (name !== 'sigma') near(t, weighted.estimates[k].standardError, standardError, 1e-9, name);
  });
  near(t, weighted.objective, found.objective, 1e-9, 'objective');
  // No pair against it: the coefficient runs away.
  const separated = await fit(pairs([30, 20, 0, 42]), fixedEffects());
  t.false(separated.converged);
  t.deepEqual(separated.findings.find(({ code }) => code === 'separation')?.where, ['x']);
  await t.throwsAsync(fit(pairs([30, 0, 0, 42]), fixedEffects()), { code: 'no-information' });
});

test('separation within clusters is read off the data', async (t) => {
  const where = async (
    rows: readonly (readonly number[])[],
    family: ReturnType<typeof binomial>,
  ): Promise<readonly string[] | undefined> => {
    const column = (k: number): number[] => rows.map((row) => row[k]);
    const table = { g: column(0), y: column(1), x: column(2), z: column(3) };
    const found = await fit(glmm('y ~ x + z + (1 | g)', table, { family }), fixedEffects());
    return found.findings.find(({ code }) => code === 'separation')?.where;
  };
  // [cluster, response, x, z]: x + z tells successes from failures in every cluster; neither column does so alone.
  const together = [
    ...[...[1, 1, 3, 0], ...[1, 0, 0, 2], ...[2, 1, 0, 3], ...[2, 0, 2, 0]],
    ...[...[3, 1, 12, 10], ...[3, 0, 11, 10], ...[3, 0, 10, 11.5]],
  ];
  const rows = (flat: readonly number[]): number[][] =>
    Array.from({ length: flat.length / 4 }, (_, r) => flat.slice(4 * r, 4 * r + 4));
  t.deepEqual(await where(rows(together), binomial()), ['x', 'z']);
  // One cluster the other way round: a finite maximum.
  t.is(await where(rows([...together, ...[4, 1, 0, 0], ...[4, 0, 1, 1]]), binomial()), undefined);
  // Counts of 0 wherever x is 0, beside others that differ: x runs off, z does not.
  const counts = [
    ...[...[1, 0, 0, 1], ...[1, 3, 1, 0], ...[1, 5, 1, 2], ...[1, 2, 1, 1]],
    ...[...[2, 0, 0, 0], ...[2, 4, 1, 1], ...[2, 1, 1, 0], ...[2, 0, 0, 2]],
  ];
  t.deepEqual(await where(rows(counts), poisson()), ['x']);
  t.is(await where(rows([...counts, ...[2, 1, 0, 1]]), poisson()), undefined);
});

test('what is constant within clusters is not identified, and what is not stays', async (t) => {
  const z = (made.id as number[]).map((id) => (id % 3) / 2);
  const table = { ...made, z, twice: (made.x as number[]).map((x, r) => 2 * x + z[r]) };
  const model = glmm('y ~ z + x + w + (1 | id)', table, { family: gaussian() });
  const found = await fit(model, fixedEffects());
  const missing = found.findings.find(({ code }) => code === 'not-identified');
  t.deepEqual(missing?.where, ['(Intercept)', 'z']);
  for (const [k, name] of [2, 3].entries()) {
    near(t, found.estimates[name].value, (golden.fixed.made.beta as number[])[k], 1e-8, `term ${k}`);
    near(t, found.estimates[name].standardError, (golden.fixed.made.se as number[])[k], 1e-8, `se ${k}`);
  }
  t.true([0, 1, 4].every((k) => Number.isNaN(found.estimates[k].value)));
  t.true(Number.isNaN(found.logLik));
  near(t, found.objective, golden.fixed.made.logLik, 1e-8, 'objective');
  t.regex(String(found), /No marginal log-likelihood/);
  t.throws(() => predict(found), { code: 'not-identified', message: /none of \(Intercept\), z, sigma/ });
  t.throws(() => ranef(found), { code: 'not-identified' });
  t.is(tidy(found).length, 6);
  t.is(JSON.parse(JSON.stringify(found)).clusterCoefficients.length, 12);
  const { rows } = await compare(model, [fixedEffects()]);
  t.is(rows[0].verdict, 'approximate');
  t.regex(rows[0].findings.at(-1)!.message, /no estimate of \(Intercept\), z, sigma/);
  // Collinear within clusters though not between them: neither of the two is told, the third is.
  const both = await fit(glmm('y ~ x + twice + w + (1 | id)', table, { family: gaussian() }), fixedEffects());
  t.deepEqual(both.findings.find(({ code }) => code === 'not-identified')?.where, [
    '(Intercept)',
    'x',
    'twice',
  ]);
  near(t, both.estimates[3].value, (golden.fixed.made.beta as number[])[1], 1e-8, 'w');
  // A full set of dummies in the intercept's place takes the mean of the clusters' coefficients in its stead.
  const sets = await fit(
    glmm('cbind(incidence, size - incidence) ~ 0 + factor(period) + (1 | herd)', herds, {
      family: binomial(),
    }),
    fixedEffects(),
  );
  const { intercept, interceptSe, beta } = golden.fixed.logit;
  near(t, sets.estimates[0].value, intercept, 1e-7, 'period 1');
  near(t, sets.estimates[0].standardError, interceptSe, 1e-6, 'period 1 se');
  near(t, sets.estimates[2].value, intercept + (beta as number[])[1], 1e-7, 'period 3');
});

test('weights of rows, held coefficients, offsets, scales of other distributions', async (t) => {
  const model = glmm('y ~ x + w + (1 | id)', made, { family: gaussian() });
  const free = await fit(model, fixedEffects());
  const held = await fit(model, fixedEffects(), { fixed: { beta: { w: free.parameters.beta[2] } } });
  near(t, held.estimates[1].value, free.estimates[1].value, 1e-9, 'held at its estimate');
  near(t, held.objective, free.objective, 1e-9, 'objective');
  t.is(held.estimates[2].standardError, 0);
  const moved = { ...made, o: (made.x as number[]).map((x) => 3 * x) };
  const shifted = await fit(
    glmm('y ~ x + w + (1 | id)', moved, { family: gaussian(), offset: 'o' }),
    fixedEffects(),
  );
  near(t, shifted.estimates[1].value, free.estimates[1].value - 3, 1e-9, 'offset');
  const rows = (made.id as number[]).flatMap((_, r) => (r % 3 === 0 ? [r, r] : [r]));
  const twice = Object.fromEntries(
    Object.entries(made).map(([name, column]) => [name, rows.map((r) => (column as number[])[r])]),
  );
  const weights = (made.id as number[]).map((_, r) => (r % 3 === 0 ? 2 : 1));
  const long = await fit(glmm('y ~ x + w + (1 | id)', twice, { family: gaussian() }), fixedEffects());
  const short = await fit(
    glmm('y ~ x + w + (1 | id)', { ...made, k: weights }, { family: gaussian(), weights: 'k' }),
    fixedEffects(),
  );
  near(t, short.objective, long.objective, 1e-9, 'weights');
  long.estimates.forEach(({ name, value }, k) => {
    near(t, short.estimates[k].value, value, 1e-9, name);
  });
  // An origin far away, rows without weight, a cluster without any: nothing moves but the intercept.
  const far = (origin: number) => {
    const rows = [...Array(40).keys()];
    const table = {
      y: rows.map((r) => (r * r) % 3),
      x: rows.map((r) => (r % 4) + origin),
      k: rows.map((r) => (r % 5 ? 1 : 0)),
      c: rows.map((r) => (r < 4 ? 0 : 1)),
      g: rows.map((r) => r >> 2),
    };
    const options = { family: poisson(), weights: 'k', clusterWeights: 'c' };
    return fit(glmm('y ~ x + (1 | g)', table, options), fixedEffects());
  };
  const [near0, far6] = [await far(0), await far(1e6)];
  t.true(near0.converged && far6.converged);
  near(t, far6.estimates[1].value, near0.estimates[1].value, 1e-10, 'origin');
  near(t, far6.objective, near0.objective, 1e-8, 'origin');
  t.is(
    near0.findings.find(({ code }) => code === 'clusters-without-information'),
    undefined,
  );
  t.true(Number.isNaN(near0.clusterCoefficients[0].value));
  for (const randomEffect of [studentT(5), logGamma()]) {
    const { parameters } = await fit({ ...model, randomEffect }, fixedEffects());
    near(t, randomEffect.standardDeviation(parameters), free.parameters.sigma, 1e-9, randomEffect.name);
  }
  const refused = (randomEffect: Model['randomEffect']) => fit({ ...model, randomEffect }, fixedEffects());
  await t.throwsAsync(refused(studentT(2)), { code: 'unsupported-effect' });
  await t.throwsAsync(refused(pointMasses(2)), { code: 'unsupported-effect' });
  await t.throwsAsync(fit(ofHerds(binomial('cauchit')), fixedEffects()), { code: 'unsupported-family' });
  await t.throwsAsync(fit(model, fixedEffects(), { fixed: { sigma: 1 } }), { code: 'bad-fixed' });
});

test('ten thousand clusters cost what their rows cost', async (t) => {
  const many = await fit(pairs([3_000, 4_000, 1_600, 3_000]), fixedEffects());
  near(t, many.estimates[1].value, 2 * Math.log(2.5), 1e-9, 'beta');
  t.is(many.clusterCoefficients.length, 11_600);
  // A matrix of that order would take minutes.
  t.true(many.milliseconds < 20_000);
});

test('both by name', (t) => {
  t.is(strategyNamed('pooled').name, 'pooled');
  t.is(strategyNamed('fixed-effects').name, 'fixed-effects');
  t.throws(() => strategyNamed('pooled:robust'), { code: 'unknown-strategy' });
});
