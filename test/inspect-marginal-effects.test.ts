// Average marginal effects and comparisons, the marginal link, the median odds ratio: closed forms, differences, draws.
import test from 'ava';
import { mean, quantile, sd } from '../samplers/diagnostics/descriptive.js';
import { allChains } from '../samplers/draws.js';
import { ndtr } from '../samplers/special.js';
import { fit } from '../src/estimate/fit.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { marginalCoefficients } from '../src/inspect/marginal-coefficients.js';
import { averageComparisons, averageMarginalEffects } from '../src/inspect/marginal-effects.js';
import { marginalLink } from '../src/inspect/marginal-link.js';
import { medianOddsRatio } from '../src/inspect/median-odds-ratio.js';
import { predict } from '../src/inspect/predict.js';
import { bridge } from '../src/model/effects/bridge.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { binomial } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import {
  caseFamilies,
  caseModel,
  likelihoodCase,
  posteriorCase,
  varianceByDifferences,
} from './fit-cases.js';
import { near, shipped } from './helpers.js';

const rows = { x: [-1, -0.2, 0.3, 0.4, 1.2] };
const setting = { variable: 'x', from: 0, to: 1 };

test('closed forms: identity, log and probit links', async (t) => {
  const gaussian = await likelihoodCase('gaussian');
  const [slope] = averageMarginalEffects(gaussian, rows);
  near(t, slope.estimate, gaussian.parameters.beta[1], 1e-9, 'gaussian slope');
  near(t, slope.standardError, gaussian.estimates[1].standardError, 1e-9, 'its error');

  const poisson = await likelihoodCase('poisson');
  const { beta, sigma } = poisson.parameters;
  const means = rows.x.map((x) => Math.exp(beta[0] + beta[1] * x + sigma ** 2 / 2));
  near(t, averageMarginalEffects(poisson, rows)[0].estimate, beta[1] * mean(means), 1e-8, 'Poisson slope');
  const ratio = averageComparisons(poisson, rows, setting)[3];
  near(t, ratio.estimate, Math.exp(beta[1]), 1e-12, 'rate ratio');
  near(
    t,
    ratio.standardError / ratio.estimate,
    poisson.estimates[1].standardError,
    1e-10,
    'error of its log',
  );
  near(
    t,
    Math.log(ratio.upper),
    beta[1] + 1.959963984540054 * poisson.estimates[1].standardError,
    1e-9,
    'upper',
  );

  const probit = await likelihoodCase('probit');
  const b = probit.parameters.beta;
  const a = 1 / Math.sqrt(1 + probit.parameters.sigma ** 2);
  const density = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  const exact = mean(rows.x.map((x) => a * b[1] * density(a * (b[0] + b[1] * x))));
  near(t, averageMarginalEffects(probit, rows)[0].estimate, exact, 1e-9, 'probit slope');
  const [at0, at1, difference] = averageComparisons(probit, rows, setting);
  near(t, at0.estimate, ndtr(a * b[0]), 1e-12, 'probit at 0');
  near(t, difference.estimate, ndtr(a * (b[0] + b[1])) - ndtr(a * b[0]), 1e-12, 'risk difference');
  t.true(at1.lower < at1.estimate && at1.estimate < at1.upper);
});

test('bridge intercepts: the marginal odds ratio is exp(phi beta)', async (t) => {
  const result = await likelihoodCase('binomial', bridge());
  const { beta, sigma } = result.parameters;
  const phi = 1 / Math.sqrt(1 + (3 * sigma * sigma) / Math.PI ** 2);
  near(
    t,
    averageComparisons(result, rows, setting)[4].estimate,
    Math.exp(phi * beta[1]),
    1e-10,
    'odds ratio',
  );
  const typical = averageComparisons(result, rows, { ...setting, target: 'typical' })[4];
  near(t, typical.estimate, Math.exp(beta[1]), 1e-12, 'of the typical cluster');
});

for (const name of Object.keys(caseFamilies)) {
  test(`${name}: errors are the delta method's, by differences`, async (t) => {
    const result = await likelihoodCase(name);
    for (const target of ['population', 'typical'] as const) {
      averageComparisons(result, rows, { ...setting, target }).forEach((row, k) => {
        const of = (at: typeof result): number =>
          averageComparisons(at, rows, { ...setting, target })[k].estimate;
        near(t, row.standardError / Math.sqrt(varianceByDifferences(result, of)), 1, 1e-6, row.contrast);
      });
      const [slope] = averageMarginalEffects(result, rows, { target });
      const of = (at: typeof result): number => averageMarginalEffects(at, rows, { target })[0].estimate;
      near(
        t,
        slope.standardError / Math.sqrt(varianceByDifferences(result, of)),
        1,
        1e-5,
        `slope, ${target}`,
      );
    }
  });
}

for (const name of ['binomial', 'poisson', 'gaussian', 'gamma']) {
  test(`${name}, draws: the same functions of every draw`, async (t) => {
    const result = await posteriorCase(name);
    const column = (variable: string): number[] =>
      allChains(result.draws, variable).flatMap((chain) => [...chain]);
    const [b0, b1, sigma] = ['(Intercept)', 'x', 'sigma'].map(column);
    const inverse = result.model.family.link.inverse;
    const typical = b0.map((b, k) => inverse(b + b1[k]) - inverse(b));
    const difference = averageComparisons(result, rows, { ...setting, target: 'typical', level: 0.8 })[2];
    near(t, difference.estimate, mean(typical), 1e-12, 'difference');
    near(t, difference.standardError, sd(typical), 1e-12, 'sd');
    near(t, difference.lower, quantile(typical, 0.1), 1e-12, 'lower');
    if (name === 'poisson' || name === 'gamma') {
      const ratio = averageComparisons(result, rows, setting)[3];
      near(t, ratio.estimate, mean(b1.map(Math.exp)), 1e-8, 'ratio');
      const mor = medianOddsRatio(result);
      t.is(mor.measure, 'ratio of means');
      near(
        t,
        mor.estimate,
        mean(sigma.map((s) => Math.exp(Math.SQRT2 * 0.6744897501960817 * s))),
        1e-9,
        'median',
      );
    }
    const [slope] = averageMarginalEffects(result, rows);
    t.true(slope.lower < slope.estimate && slope.estimate < slope.upper);
    if (name === 'gaussian') near(t, slope.estimate, mean(b1), 1e-6, 'slope');
  });
}

test('categories, transformed and interacting variables', async (t) => {
  const herds = await shipped('cbpp');
  const formula = 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)';
  const cbpp = await fit(glmm(formula, herds, { family: binomial() }), quadrature());
  const comparison = averageComparisons(cbpp, herds, { variable: 'period', from: 1, to: 4 });
  const [p1, p4] = predict(cbpp, { period: [1, 4] }, { target: 'population' });
  near(t, comparison[2].estimate, p4.estimate - p1.estimate, 1e-12, 'risk difference');
  near(t, comparison[3].estimate, p4.estimate / p1.estimate, 1e-12, 'risk ratio');
  t.deepEqual(
    comparison.map(({ contrast }) => contrast),
    ['mean at 1', 'mean at 4', 'difference 4 - 1', 'ratio 4 / 1', 'odds ratio 4 / 1'],
  );
  t.deepEqual([...averageMarginalEffects(cbpp, herds)], []);
  t.throws(() => averageComparisons(cbpp, herds, { variable: 'period', from: 1, to: 9 }), {
    code: 'unseen-level',
  });

  const { y, cluster, trials } = caseModel('binomial').design;
  const z = Array.from(y, (_, r) => 1 + ((r * 5) % 7));
  const kind = Array.from(y, (_, r) => (r % 2 ? 'b' : 'a'));
  const table = { y: [...y], n: [...trials!], g: [...cluster], z, kind };
  const model = glmm('y | trials(n) ~ log(z) * kind + (1 | g)', table, { family: binomial() });
  const result = await fit(model, quadrature());
  const [effect, ...more] = averageMarginalEffects(result, table);
  t.deepEqual([effect.variable, more.length], ['z', 0]);
  const { beta } = result.parameters;
  const link = marginalLink(model, result.parameters);
  const slopes = z.map((value, r) => {
    const b = kind[r] === 'b' ? 1 : 0;
    const eta = (w: number): number =>
      beta[0] + beta[1] * Math.log(w) + b * (beta[2] + beta[3] * Math.log(w));
    return (link.mean(eta(value + 1e-4)) - link.mean(eta(value - 1e-4))) / 2e-4;
  });
  near(t, effect.estimate, mean(slopes), 1e-8, 'through log(z) and its interaction');
  t.throws(() => averageMarginalEffects(result, table, { variables: ['kind'] }), {
    message: /averageComparisons/,
  });
  t.throws(() => averageMarginalEffects(result, table, { variables: ['zz'] }), { code: 'unknown-column' });
  const wider = { ...table, w: z };
  t.throws(() => averageMarginalEffects(result, wider, { variables: ['w'] }), {
    code: 'unknown-column',
    message: /does not use the column 'w'.*it uses z, kind/,
  });
  t.throws(() => averageMarginalEffects(result, undefined as never), {
    code: 'bad-data',
    message: /give it again/,
  });
  t.throws(() => averageComparisons(result, table, { variable: 'z' } as never), { code: 'bad-option' });
  t.throws(() => averageComparisons(result, table, { variable: 'z', from: 'low', to: 'high' }), {
    code: 'bad-option',
    message: /numeric/,
  });
});

test('the marginal link: its inverse, and the attenuation', (t) => {
  const parameters = (sigma: number) => ({ beta: Float64Array.of(0.2, 1), sigma });
  for (const effect of [undefined, bridge(), laplaceEffect(), logGamma()]) {
    const model = caseModel('binomial', effect);
    for (const sigma of [0.4, 2]) {
      const link = marginalLink(model, parameters(sigma));
      for (const eta of [-6, -1, 0, 0.5, 4]) {
        near(t, link.apply(link.mean(eta)), eta, 1e-9, `${model.randomEffect.name} ${sigma}: ${eta}`);
        const h = 1e-3;
        const f = link.marginalPredictor;
        const slope = (8 * (f(eta + h) - f(eta - h)) - f(eta + 2 * h) + f(eta - 2 * h)) / (12 * h);
        near(t, link.attenuation(eta), slope, 1e-9, 'attenuation');
        t.true(link.attenuation(eta) < 1);
        if (effect?.name === 'bridge') near(t, link.attenuation(eta), link.constant.value, 1e-10, 'constant');
      }
    }
  }
  const probit = marginalLink(caseModel('probit'), parameters(2));
  t.deepEqual(probit.constant, { value: 1 / Math.sqrt(5), exact: true });
  near(t, probit.attenuation(1.3), 1 / Math.sqrt(5), 1e-12, 'probit');
  const logit = marginalLink(caseModel('binomial'), parameters(1));
  near(t, logit.constant.value, 1 / Math.sqrt(1.345843), 1e-6, 'c^2 = 0.345843');
  // The formula is of the mean: E plogis(eta + eps) is near plogis(constant eta), to 0.01 at this sigma.
  for (const eta of [-3, -1, 0.5, 2]) {
    near(t, logit.mean(eta), 1 / (1 + Math.exp(-logit.constant.value * eta)), 0.01, 'the approximation');
  }
  near(t, logit.mean(-1), 0.5 * Math.exp(-0.5), 1e-14, 'the sharp value');
  for (const bad of [0, 1, 1.5]) t.throws(() => logit.apply(bad), { code: 'bad-argument' });
  near(t, marginalLink(caseModel('poisson'), parameters(1)).attenuation(3), 1, 1e-12, 'log');
});

test('the median odds ratio: by its formula, and as a median', async (t) => {
  const result = await likelihoodCase('binomial');
  const { sigma } = result.parameters;
  const mor = medianOddsRatio(result);
  const c = Math.SQRT2 * 0.6744897501960817;
  near(t, mor.estimate, Math.exp(c * sigma), 1e-12, 'estimate');
  t.is(mor.measure, 'odds ratio');
  t.regex(
    String(mor),
    new RegExp(`^Median odds ratio of two clusters ${mor.estimate.toFixed(2).slice(0, 3)}.*95% interval`),
  );
  // The chance that |eps_1 - eps_2| is below log MOR is one half.
  near(t, 2 * ndtr(Math.log(mor.estimate) / (sigma * Math.SQRT2)) - 1, 0.5, 1e-12, 'it is the median');
  const variance = varianceByDifferences(result, (at) => medianOddsRatio(at).estimate);
  near(t, mor.standardError / Math.sqrt(variance), 1, 1e-7, 'error');
  t.true(1 < mor.lower && mor.lower < mor.estimate && mor.estimate < mor.upper);
  t.throws(() => medianOddsRatio(result, { level: 3 }), { code: 'bad-option' });
  const probit = await likelihoodCase('probit');
  t.throws(() => medianOddsRatio(probit), { code: 'no-ratio' });
  const heavy = await likelihoodCase('binomial', laplaceEffect());
  t.throws(() => medianOddsRatio(heavy), { code: 'unsupported-effect' });
});

test('marginal coefficients: closed forms where the marginal predictor is linear', async (t) => {
  const probit = await likelihoodCase('probit');
  const { beta, sigma } = probit.parameters;
  const factor = 1 / Math.sqrt(1 + sigma * sigma);
  marginalCoefficients(probit).forEach((row, j) => {
    near(t, row.marginal, beta[j] * factor, 1e-10, `probit ${row.name}`);
    near(t, row.attenuation, factor, 1e-10, 'attenuation');
    near(
      t,
      row.standardError ** 2,
      varianceByDifferences(
        probit,
        ({ parameters }) => parameters.beta[j] / Math.sqrt(1 + parameters.sigma ** 2),
      ),
      1e-7,
      'its variance',
    );
  });
  for (const name of ['poisson', 'gamma', 'negative binomial']) {
    const counts = await likelihoodCase(name);
    const [intercept, slope] = marginalCoefficients(counts);
    const shift = counts.parameters.sigma ** 2 / 2;
    near(t, intercept.marginal, counts.parameters.beta[0] + shift, 1e-9, `${name}: intercept`);
    near(t, slope.marginal, counts.parameters.beta[1], 1e-9, `${name}: slope`);
    near(t, slope.standardError, counts.estimates[1].standardError, 1e-9, `${name}: error`);
  }
  const gaussian = await likelihoodCase('gaussian');
  marginalCoefficients(gaussian).forEach((row, j) => {
    near(t, row.marginal, gaussian.parameters.beta[j], 1e-10, 'gaussian');
  });
});

test('marginal coefficients of a logit: near the attenuation of Zeger, Liang and Albert; errors by differences; draws', async (t) => {
  const result = await likelihoodCase('binomial');
  const rows = marginalCoefficients(result, { level: 0.9 });
  const { value } = marginalLink(result.model, result.parameters).constant;
  rows.forEach((row, j) => {
    near(t, row.attenuation, value, 0.02, row.name);
    const variance = varianceByDifferences(result, (at) => marginalCoefficients(at)[j].marginal);
    near(t, row.standardError ** 2 / variance, 1, 1e-5, 'variance');
    near(t, (row.upper - row.lower) / row.standardError, 2 * 1.6448536269514722, 1e-9, 'width');
  });
  t.regex(String(rows), /Conditional +Marginal[\s\S]*\(Intercept\)[\s\S]* 0\.9\d\d/);
  const drawn = marginalCoefficients(await posteriorCase('binomial'));
  drawn.forEach((row, j) => {
    near(t, row.marginal, rows[j].marginal, 0.5 * row.standardError, row.name);
  });
  const heavy = await likelihoodCase('poisson', laplaceEffect());
  const stretched = { ...heavy, parameters: { ...heavy.parameters, sigma: 1.2 } };
  t.throws(() => marginalCoefficients(stretched), { code: 'no-mean' });
  t.throws(() => marginalCoefficients(result, { level: 0 }), { code: 'bad-option' });
});
