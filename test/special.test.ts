// Special models: published tables, R's answers, closed forms, and what is refused.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { hypergeometric } from '../src/special/meta-analysis/hypergeometric.js';
import { metaAnalysis } from '../src/special/meta-analysis.js';
import { certified, near, shipped } from './helpers.js';

const golden = (name: string) =>
  JSON.parse(readFileSync(new URL(`data/special/${name}.json`, import.meta.url), 'utf8'));
const narrow = (text: string): boolean => text.split('\n').every((line) => line.length <= 80);

const catheters = { study: 'study', events: 'events', n: 'patients' } as const;
const lines = { study: 'study', events: 'events', exposure: 'days' } as const;
const armOf = (table: Awaited<ReturnType<typeof shipped>>, coated: number) => {
  const rows = Array.from(table.coated, Number).flatMap((value, r) => (value === coated ? [r] : []));
  return Object.fromEntries(
    Object.entries(table).map(([name, column]) => [name, rows.map((r) => column[r])]),
  );
};

test('metaAnalysis() gives the tables of Stijnen, Hamza and Ozdemir, and the digits of dense sums', async (t) => {
  const { exact } = golden('meta-analysis');
  const arms = await shipped('catheters');
  const days = await shipped('catheter_days');
  // Published estimate, standard error, and standard deviation between studies: their tables III, VIII, II, VII.
  const cases = [
    [
      'oddsRatio',
      await metaAnalysis(arms, { ...catheters, treatment: 'coated', model: 'hypergeometric' }),
      [-1.353, 0.351, 0.83],
    ],
    [
      'rateRatio',
      await metaAnalysis(days, { ...lines, treatment: 'coated', model: 'conditional-binomial' }),
      [-0.476, 0.238, 0.35],
    ],
    ['logOdds', await metaAnalysis(armOf(arms, 0), catheters), [-3.5, 0.26, Math.sqrt(0.81)]],
    ['logRate', await metaAnalysis(armOf(days, 1), lines), [0.85 - Math.log(1000), 0.33, Math.sqrt(0.654)]],
  ] as const;
  for (const [name, { pooled, heterogeneity, fit, ...rest }, [estimate, se, tau]] of cases) {
    near(t, pooled.estimate, exact[name].estimate, 2e-6, `${name}: estimate`);
    near(t, heterogeneity.tau, exact[name].tau, 2e-6, `${name}: tau`);
    near(t, fit.logLik, exact[name].logLik, 1e-8, `${name}: log-likelihood`);
    // R differences its Hessian in (mu, log tau).
    near(t, pooled.standardError, exact[name].se, 2e-5, `${name}: standard error`);
    near(t, pooled.estimate, estimate, 0.005, `${name}: published`);
    near(t, pooled.standardError, se, 0.005, `${name}: published standard error`);
    near(t, heterogeneity.tau, tau, 0.005, `${name}: published tau`);
    t.is(heterogeneity.of, 'effect');
    // Student's t with as many degrees of freedom as studies with an effect, less two.
    const quantile = { 15: 2.131449546, 16: 2.119905299, 7: 2.364624252 }[rest.prediction.df]!;
    const half = quantile * Math.hypot(heterogeneity.tau, pooled.standardError);
    near(t, rest.prediction.upper, pooled.estimate + half, 1e-8, `${name}: prediction`);
    near(t, rest.prediction.lower, pooled.estimate - half, 1e-8, `${name}: prediction`);
  }
  t.deepEqual(
    cases.map(([, { measure }]) => measure),
    ['log odds ratio', 'log rate ratio', 'log odds', 'log rate'],
  );
});

test('the two-step method is that of metafor', async (t) => {
  const { derSimonianLaird } = golden('meta-analysis');
  const arms = await shipped('catheters');
  const days = await shipped('catheter_days');
  const infection = await shipped('infection');
  const cases = {
    oddsRatio: await metaAnalysis(arms, { ...catheters, treatment: 'coated' }),
    rateRatio: await metaAnalysis(days, { ...lines, treatment: 'coated' }),
    logOdds: await metaAnalysis(armOf(arms, 0), catheters),
    logRate: await metaAnalysis(armOf(days, 1), lines),
    infection: await metaAnalysis(infection, { study: 'clinic', events: 'x', n: 'n', treatment: 't' }),
  };
  for (const [name, { twoStep, studies }] of Object.entries(cases)) {
    const { estimate, se, tau, Q, I2, k } = derSimonianLaird[name];
    near(t, twoStep.estimate, estimate, 1e-10, `${name}: estimate`);
    near(t, twoStep.standardError, se, 1e-10, `${name}: standard error`);
    near(t, twoStep.tau, tau, 1e-10, `${name}: tau`);
    near(t, twoStep.q, Q, 1e-9, `${name}: Q`);
    near(t, 100 * twoStep.iSquared, I2, 1e-8, `${name}: I^2`);
    t.is(twoStep.df, k - 1);
    t.is(twoStep.studies.length + twoStep.leftOut.length, studies.length);
    near(
      t,
      twoStep.weights.reduce((a, b) => a + b),
      1,
      1e-14,
      `${name}: weights`,
    );
  }
});

test('random-study is the GLMM of the certified answers, and says what it has no interval for', async (t) => {
  const { beta, sigma, logLik } = certified('infection').maximumLikelihood;
  const infection = await shipped('infection');
  const analysis = await metaAnalysis(infection, { study: 'clinic', events: 'x', n: 'n', treatment: 't' });
  near(t, analysis.pooled.estimate, beta[1], 1e-6, 'treatment');
  near(t, analysis.heterogeneity.tau, sigma, 1e-6, 'sigma');
  near(t, analysis.fit.logLik, logLik, 1e-8, 'log-likelihood');
  t.is(analysis.heterogeneity.of, 'baseline');
  t.true(Number.isNaN(analysis.prediction.lower));
  t.regex(String(analysis), /no interval for the effect in a new study/);
  t.deepEqual(analysis.arms, ['t = 0', 't = 1']);
});

test('the report holds what people read, in 80 columns', async (t) => {
  const arms = await shipped('catheters');
  const options = { ...catheters, treatment: 'coated', model: 'hypergeometric' } as const;
  const analysis = await metaAnalysis(arms, options);
  const text = String(analysis);
  t.true(narrow(text), text);
  t.regex(text, /exact, Wald +-1\.353 +0\.351 +-2\.041 +-0\.665/);
  t.regex(text, /Yucel 2004 +- +- +- +-1\.35 /);
  t.regex(text, /leaves out Yucel 2004/);
  t.regex(text, /added 1\/2 to the cells of 5/);
  // A study without information is any study: the pooled effect, known as badly as one of a new study.
  const yucel = analysis.studies.find(({ study }) => study === 'Yucel 2004')!;
  near(t, yucel.shrunken, analysis.pooled.estimate, 1e-9, 'no information');
  // Others lie between their own effect and the pooled one.
  for (const { raw, shrunken, corrected } of analysis.studies) {
    if (Number.isNaN(raw) || corrected) continue;
    t.true(
      (raw - shrunken) * (shrunken - analysis.pooled.estimate) > -1e-9 || Math.abs(raw - shrunken) < 0.1,
    );
  }
  // Neither the order of the rows nor a swap of the arms matters, but for the sign.
  const backwards = Object.fromEntries(
    Object.entries(arms).map(([name, column]) => [name, Array.from(column as never[]).reverse()]),
  ) as Record<string, number[]>;
  const swapped = await metaAnalysis({ ...backwards, coated: backwards.coated.map((c) => 1 - c) }, options);
  near(t, swapped.pooled.estimate, -analysis.pooled.estimate, 1e-7, 'swapped');
  near(t, swapped.fit.logLik, analysis.fit.logLik, 1e-9, 'swapped');
});

test('the noncentral hypergeometric density adds up to 1, and its derivatives are exact', (t) => {
  const size = { treated: 7, control: 5 };
  const s = 6;
  const eta = 0.8;
  const family = (k: number) =>
    hypergeometric(
      [
        {
          label: 'a',
          treated: { events: k, size: size.treated },
          control: { events: s - k, size: size.control },
        },
      ],
      [0],
    );
  const rows = (e: number) => ({
    y: Float64Array.of(0),
    trials: Float64Array.of(1),
    weights: Float64Array.of(1),
    eta: Float64Array.of(e),
  });
  let total = 0;
  let mean = 0;
  for (let k = 1; k <= 6; k++) {
    const { outcome } = family(k);
    const mass = Math.exp(outcome.value(rows(eta), 0, 1, 0, 1));
    total += mass;
    mean += k * mass;
  }
  near(t, total, 1, 1e-14, 'total');
  const { outcome } = family(3);
  const out = { first: new Float64Array(1), second: new Float64Array(1), third: new Float64Array(1) };
  outcome.derivatives(rows(eta), 0, 1, 0, 1, out);
  outcome.thirdDerivatives(rows(eta), 0, 1, 0, 1, out);
  near(t, out.first[0], 3 - mean, 1e-13, 'slope');
  const h = 1e-4;
  const slopeAt = (e: number, what: 'first' | 'second'): number => {
    const at = { first: new Float64Array(1), second: new Float64Array(1), third: new Float64Array(1) };
    outcome.derivatives(rows(e), 0, 1, 0, 1, at);
    return at[what][0];
  };
  near(
    t,
    out.second[0],
    (slopeAt(eta + h, 'first') - slopeAt(eta - h, 'first')) / (2 * h),
    1e-7,
    'curvature',
  );
  near(t, out.third[0], (slopeAt(eta + h, 'second') - slopeAt(eta - h, 'second')) / (2 * h), 1e-7, 'third');
  // Arms of 1e9: the Poisson limit, events given their sum being binomial with even odds.
  const big = hypergeometric(
    [{ label: 'a', treated: { events: 3, size: 1e9 }, control: { events: 2, size: 1e9 } }],
    [0],
  );
  near(t, big.outcome.value(rows(0), 0, 1, 0, 1), Math.log(10 / 32), 1e-8, 'large arms');
});

test('metaAnalysis() refuses what makes no sense, with what to do', async (t) => {
  const arms = await shipped('catheters');
  const options = { ...catheters, treatment: 'coated' } as const;
  const refused = async (code: string, data: object, given: object): Promise<void> => {
    const error = await t.throwsAsync(metaAnalysis(data as never, given as never));
    t.is((error as { code?: string }).code, code);
  };
  await refused('bad-option', arms, { study: 'study', events: 'events' });
  await refused('bad-option', arms, { ...options, exposure: 'patients' });
  await refused('bad-option', arms, { ...catheters, model: 'hypergeometric' });
  await refused('bad-option', arms, { ...options, model: 'conditional-binomial' });
  await refused('unknown-option', arms, { ...options, treatmnt: 'coated' });
  await refused('unknown-column', arms, { ...options, events: 'event' });
  await refused('bad-arms', arms, { ...options, treatment: 'study' });
  await refused('bad-counts', { ...arms, events: Array.from(arms.patients, (n) => Number(n) + 1) }, options);
  await refused('bad-counts', { ...arms, events: Array.from(arms.patients, () => 0.5) }, options);
  await refused('no-events', { ...arms, events: Array.from(arms.patients, () => 0) }, options);
  await refused('few-studies', { ...arms, study: Array.from(arms.patients, () => 'one') }, options);
});
