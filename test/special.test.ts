// Special models: published tables, R's answers, closed forms, and what is refused.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { predict } from '../src/inspect/predict.js';
import { withinCluster } from '../src/inspect/within-cluster.js';
import { binomial } from '../src/model/family.js';
import { logit } from '../src/model/link.js';
import { glmm } from '../src/model/model.js';
import { logBinomialCoefficient } from '../src/model/outcomes/constants.js';
import { SymmetricSums } from '../src/numeric/symmetric-sums.js';
import { BetaBinomialLikelihood } from '../src/special/beta-binomial/likelihood.js';
import { betaBinomial } from '../src/special/beta-binomial.js';
import { conditionalLogistic } from '../src/special/conditional-logistic.js';
import { litters } from '../src/special/litters.js';
import { mcNemar } from '../src/special/matched-pairs/closed-forms.js';
import { matchedPairs } from '../src/special/matched-pairs.js';
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
  t.is(analysis.common, undefined);
  // Clinics as matched sets, one odds ratio for all: two ways to the same conditional likelihood.
  const conditional = await metaAnalysis(infection, {
    study: 'clinic',
    events: 'x',
    n: 'n',
    treatment: 't',
    model: 'hypergeometric',
  });
  const { estimates, standardErrors } = golden('conditional').infection;
  near(t, conditional.common!.estimate, estimates[0], 1e-7, 'common odds ratio');
  near(t, conditional.common!.standardError, standardErrors[0], 1e-7, 'its error');
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
  await refused('no-finite-effect', { ...arms, events: Array.from(arms.patients, () => 0) }, options);
  const none = {
    ...arms,
    events: Array.from(arms.events, (e, r) => (Number(arms.coated[r]) === 1 ? Number(e) : 0)),
  };
  await refused('no-finite-effect', none, options);
  await refused('no-finite-effect', none, { ...options, model: 'hypergeometric' });
  await refused('no-finite-effect', { ...arms, events: arms.patients }, catheters);
  await refused('few-studies', { ...arms, study: Array.from(arms.patients, () => 'one') }, options);
});

test('symmetric sums are those of all choices, with the moments as derivatives', (t) => {
  const eta = [0.3, -1.2, 2.1, 0, -40, 700];
  const x = [1, 0, 0.5, 2, -1, 0.3, 0, 1, 2, 2, 1, -1];
  const sums = new SymmetricSums(3, 2);
  eta.forEach((value, j) => {
    sums.add(value, x, 2 * j);
  });
  for (let k = 0; k <= 3; k++) {
    // Every choice of k, from the highest weight down so that nothing overflows.
    const choices = Array.from({ length: 64 }, (_, code) => eta.map((_, j) => (code >> j) & 1)).filter(
      (choice) => choice.reduce((a, b) => a + b) === k,
    );
    const logs = choices.map((choice) => choice.reduce((sum, c, j) => sum + c * eta[j], 0));
    const top = Math.max(...logs);
    const mass = logs.map((l) => Math.exp(l - top));
    const total = mass.reduce((a, b) => a + b);
    near(t, sums.logSum[k], top + Math.log(total), 1e-13 * Math.max(1, top), `order ${k}`);
    const sumOf = (choice: number[], a: number): number =>
      choice.reduce((sum, c, j) => sum + c * x[2 * j + a], 0);
    const mean = [0, 1].map(
      (a) => choices.reduce((sum, choice, i) => sum + mass[i] * sumOf(choice, a), 0) / total,
    );
    for (const a of [0, 1]) {
      near(t, sums.mean[2 * k + a], mean[a], 1e-13, `mean ${k}`);
      for (let b = 0; b <= a; b++) {
        const covariance =
          choices.reduce(
            (sum, choice, i) => sum + mass[i] * (sumOf(choice, a) - mean[a]) * (sumOf(choice, b) - mean[b]),
            0,
          ) / total;
        near(t, sums.covariance[(2 * k + a) * 2 + b], covariance, 1e-13, `covariance ${k}`);
      }
    }
  }
  // 600 units alike: binomial coefficients, in orders where the difference algorithm has no digit left.
  const many = new SymmetricSums(300, 0);
  for (let j = 0; j < 600; j++) many.add(0, []);
  let choose = 0;
  for (let k = 1; k <= 300; k++) choose += Math.log((600 - k + 1) / k);
  near(t, many.logSum[300], choose, 1e-10, 'C(600, 300)');
});

test("conditionalLogistic() is R's exact clogit", async (t) => {
  const answers = golden('conditional');
  const family = binomial();
  const fits = {
    toenail: glmm('outcome ~ treatment * time + (1 | patientID)', await shipped('toenail'), { family }),
    infert: glmm('case ~ spontaneous + induced + (1 | stratum)', answers.infertData, { family }),
    lsat: glmm('y ~ 0 + item1 + item2 + item3 + item4 + item5 + (1 | person)', await shipped('lsat_long'), {
      family,
    }),
    infection: glmm('x | trials(n) ~ t + (1 | clinic)', await shipped('infection'), { family }),
  };
  for (const [name, model] of Object.entries(fits)) {
    const answer = conditionalLogistic(model);
    t.true(answer.converged);
    t.true(narrow(String(answer)), String(answer));
    answer.estimates.forEach((row, k) => {
      near(t, row.value, answers[name].estimates[k], 1e-9, `${name}: ${row.name}`);
      near(t, row.standardError, answers[name].standardErrors[k], 1e-9, `${name}: error of ${row.name}`);
    });
    // R has a row a patient, without the binomial constants.
    let constants = 0;
    const { y, trials } = model.design;
    for (let r = 0; trials && r < y.length; r++) {
      for (let k = 1; k <= y[r]; k++) constants += Math.log((trials[r] - k + 1) / k);
    }
    near(t, answer.logLik - constants, answers[name].logLik, 1e-8, `${name}: log-likelihood`);
  }
  t.deepEqual(conditionalLogistic(fits.toenail).notEstimable, ['(Intercept)', 'treatment']);
  t.deepEqual(conditionalLogistic(fits.lsat).notEstimable, ['item5']);
});

test('conditionalLogistic(): offsets, weights of clusters, separation, and what has no conditional likelihood', async (t) => {
  const family = binomial();
  const toenail = await shipped('toenail');
  const formula = 'outcome ~ time + (1 | patientID)';
  const plain = conditionalLogistic(glmm(formula, toenail, { family }));
  const shifted = { ...toenail, half: Array.from(toenail.time, (x) => Number(x) / 2) };
  const offset = conditionalLogistic(glmm(formula, shifted, { family, offset: 'half' }));
  near(t, offset.estimates[0].value, plain.estimates[0].value - 0.5, 1e-8, 'offset');
  near(t, offset.logLik, plain.logLik, 1e-9, 'offset');
  const twice = conditionalLogistic(
    glmm(formula, { ...toenail, two: Array.from(toenail.time, () => 2) }, { family, clusterWeights: 'two' }),
  );
  near(t, twice.logLik, 2 * plain.logLik, 1e-9, 'cluster weights');
  near(
    t,
    twice.estimates[0].standardError,
    plain.estimates[0].standardError / Math.SQRT2,
    1e-10,
    'cluster weights',
  );
  const rows = {
    y: [1, 0, 1, 0, 0, 1],
    x: [3e4, 1e4, 2e4, 1e4, 1e4, 2e4],
    z: [0, 1, 1, 0, 1, 0],
    g: [1, 1, 2, 2, 3, 3],
  };
  const separated = conditionalLogistic(glmm('y ~ x + z + (1 | g)', rows, { family }));
  t.false(separated.converged);
  t.deepEqual(
    separated.findings.map(({ code }) => code),
    ['separation'],
  );
  t.true(Number.isNaN(separated.estimates[0].standardError));
  t.notRegex(String(separated), /NaN/);
  const refused = (code: string, run: () => unknown): void => {
    t.is((t.throws(run) as { code?: string }).code, code);
  };
  refused('bad-model', () => conditionalLogistic(rows as never));
  refused('no-conditional-likelihood', () =>
    conditionalLogistic(glmm('y ~ x + (1 | g)', rows, { family: binomial('probit') })),
  );
  refused('no-information', () =>
    conditionalLogistic(glmm('y ~ x + (1 | g)', { ...rows, y: [1, 1, 0, 0, 1, 1] }, { family })),
  );
  refused('no-information', () =>
    conditionalLogistic(glmm('y ~ w + (1 | g)', { ...rows, w: [1, 1, 2, 2, 5, 5] }, { family })),
  );
});

test('matchedPairs(): closed forms where pairs agree, sigma = 0 where they do not', async (t) => {
  const alike = await matchedPairs({ n11: 30, n10: 20, n01: 8, n00: 42 });
  near(t, alike.glmm!.estimate, 0.9162907318741551, 1e-8, 'beta');
  near(t, alike.glmm!.standardError, 0.41833001, 1e-8, 'standard error');
  near(t, alike.glmm!.sigma, 2.445993, 1e-6, 'sigma');
  near(t, alike.glmm!.logLik, -124.948795376525, 1e-9, 'log-likelihood');
  near(t, alike.conditional.standardError, Math.sqrt(1 / 20 + 1 / 8), 1e-15, 'conditional');
  near(t, alike.joint.estimate, 2 * alike.glmm!.estimate, 1e-8, 'joint');
  t.true(alike.agree);
  // binom.test(20, 28) and mcnemar.test(correct = FALSE) of R.
  near(t, alike.mcnemar.exactPValue, 0.03569813817739484, 1e-14, 'exact p');
  near(t, alike.mcnemar.statistic, 144 / 28, 1e-14, 'chi-square');
  near(t, alike.mcnemar.pValue, 0.02334220201289088, 1e-13, 'p');
  near(
    t,
    alike.conditional.exactLower,
    Math.log(0.5133316845510594 / (1 - 0.5133316845510594)),
    1e-10,
    'exact lower',
  );
  const apart = await matchedPairs({ n11: 10, n10: 30, n01: 20, n00: 10 });
  t.is(apart.glmm!.sigma, 0);
  near(t, apart.glmm!.estimate, 0.575364144903562, 1e-9, 'beta at sigma = 0');
  near(t, apart.glmm!.test.statistic, 0, 1e-9, 'likelihood ratio');
  near(t, apart.marginal.estimate, apart.glmm!.estimate, 1e-9, 'marginal');
  t.false(apart.agree);
  for (const answer of [alike, apart]) t.true(narrow(String(answer)), String(answer));
  const independent = await matchedPairs({ n11: 12, n10: 24, n01: 9, n00: 18 });
  t.true(independent.agree);
  near(t, independent.glmm!.estimate, Math.log(24 / 9), 1e-7, 'independent');
});

test('matchedPairs() reads data, agrees with conditionalLogistic(), and says what is infinite', async (t) => {
  const approval = await shipped('approval');
  const columns = { response: 'approve', exposure: 'survey', pair: 'person' };
  const answer = await matchedPairs(approval, columns);
  t.deepEqual(answer.counts, { n11: 794, n10: 86, n01: 150, n00: 570 });
  near(t, answer.glmm!.estimate, Math.log(86 / 150), 1e-7, 'beta');
  const model = glmm('approve ~ survey + (1 | person)', approval, { family: binomial() });
  const [conditional] = conditionalLogistic(model).estimates;
  near(t, conditional.value, answer.conditional.estimate, 1e-10, 'conditional');
  near(t, conditional.standardError, answer.conditional.standardError, 1e-10, 'its error');
  const cut = Object.fromEntries(
    Object.entries(approval).map(([name, column]) => [name, Array.from(column as number[]).slice(1)]),
  );
  const one = await matchedPairs(cut, columns);
  t.is(one.findings[0].code, 'pairs-incomplete');
  const oneSided = await matchedPairs({ n11: 5, n10: 6, n01: 0, n00: 5 });
  t.is(oneSided.glmm, undefined);
  t.is(oneSided.conditional.exactUpper, Number.POSITIVE_INFINITY);
  near(t, oneSided.mcnemar.exactPValue, 1 / 32, 1e-15, 'exact p');
  // Mid-p of Fagerland's R package contingencytables: its tables bentur_2009, cavo_2012, ezra_2010; and one with n10 = n01.
  const pairs = [
    [1, 7, 0.0390625],
    [6, 16, 0.03468966484069828],
    [25, 2, 3.032386302948004e-6],
    [4, 4, 0.86328125],
  ];
  for (const [n10, n01, midP] of pairs) {
    near(t, mcNemar({ n11: 3, n10, n01, n00: 5 }).midPValue, midP, 1e-14, `mid-p ${n10}, ${n01}`);
  }
  // Clopper and Pearson: p^6 = 0.025.
  const p = 0.025 ** (1 / 6);
  near(t, oneSided.conditional.exactLower, Math.log(p / (1 - p)), 1e-10, 'exact lower');
  t.regex(String(oneSided), /do so the same\s+way/);
  t.is(answer.success, 'approve = 1');
  t.regex(String(answer), /1600 matched pairs, survey = 1 against survey = 0; 1 is approve = 1/);
  // Patterns of answers are no clusters that people know, and nothing here uses Laplace's approximation.
  t.deepEqual(answer.findings, []);
  t.true(narrow(String(await matchedPairs({ n11: 1e7, n10: 2e6, n01: 1e6, n00: 1e7 }))));
  const alone = { ...approval, person: Array.from(approval.person, (_, r) => r) };
  await t.throwsAsync(matchedPairs(alone as never, columns), { message: /found no pair with both members/ });
  const refused = async (code: string, run: Promise<unknown>): Promise<void> => {
    t.is(((await t.throwsAsync(run)) as { code?: string }).code, code);
  };
  // So few pairs disagree that sigma is beyond what is searched.
  const rare = await matchedPairs({ n11: 1e6, n10: 100, n01: 200, n00: 1e6 });
  t.false(rare.agree);
  t.regex(rare.why, /the search for sigma ended/);
  await refused('no-information', matchedPairs({ n11: 5, n10: 0, n01: 0, n00: 5 }));
  await refused('unknown-option', matchedPairs({ n11: 5, n10: 0, n10x: 0, n00: 5 } as never));
  await refused('bad-option', matchedPairs({ n11: 5, n10: 1.5, n01: 0, n00: 5 }));
  await refused('bad-option', matchedPairs(approval, { response: 'approve', exposure: 'survey' }));
  await refused('bad-option', matchedPairs(approval));
  await refused('bad-pairs', matchedPairs(approval, { ...columns, pair: 'survey' }));
});

/** One litter, y of n, intercept only. */
const oneLitter = (y: number, n: number): BetaBinomialLikelihood =>
  new BetaBinomialLikelihood(
    {
      p: 1,
      x: Float64Array.of(1),
      offset: new Float64Array(1),
      y: Float64Array.of(y),
      trials: Float64Array.of(n),
      weights: Float64Array.of(1),
      constant: logBinomialCoefficient(y, n),
    },
    logit,
  );

test('the beta-binomial likelihood: a sharp value, no overdispersion, derivatives', (t) => {
  // Beta(2, 3): mean 2/5, phi = 1/5.
  const likelihood = oneLitter(4, 10);
  const eta = Math.log(2 / 3);
  near(t, likelihood.at([eta], 0.2).value, -1.967112356705916, 1e-14, 'beta-binomial(4; 10, 2, 3)');
  const binomialValue = logBinomialCoefficient(4, 10) + 4 * Math.log(0.4) + 6 * Math.log(0.6);
  near(t, likelihood.at([eta], 0).value, binomialValue, 1e-14, 'phi = 0');
  let total = 0;
  for (let y = 0; y <= 10; y++) total += Math.exp(oneLitter(y, 10).at([eta], 0.2).value);
  near(t, total, 1, 1e-14, 'total');
  const h = 1e-5;
  const at = (a: number, b: number) => likelihood.at([eta + a], 0.2 + b);
  const { gradient, hessian } = at(0, 0);
  near(t, gradient[0], (at(h, 0).value - at(-h, 0).value) / (2 * h), 1e-9, 'eta');
  near(t, gradient[1], (at(0, h).value - at(0, -h).value) / (2 * h), 1e-9, 'phi');
  for (const k of [0, 1]) {
    near(t, hessian[k], (at(h, 0).gradient[k] - at(-h, 0).gradient[k]) / (2 * h), 1e-8, 'eta, once more');
    near(t, hessian[2 + k], (at(0, h).gradient[k] - at(0, -h).gradient[k]) / (2 * h), 1e-8, 'phi, once more');
  }
});

test("betaBinomial() is VGAM's, and the maximum of the lgamma form", async (t) => {
  const { vgam, ...answers } = golden('beta-binomial');
  const seeds = await shipped('seeds');
  const formula = 'r | trials(n) ~ x1 * x2 + (1 | plate)';
  for (const link of ['logit', 'cloglog'] as const) {
    const answer = betaBinomial(glmm(formula, seeds, { family: binomial(link) }));
    t.true(answer.converged);
    near(t, answer.logLik, answers[link].logLik, 1e-8, `${link}: log-likelihood`);
    answer.estimates.forEach((row, k) => {
      near(t, row.value, answers[link].estimates[k], 2e-5, `${link}: ${row.name}`);
      near(t, row.standardError, answers[link].standardErrors[k], 1e-4, `${link}: error of ${row.name}`);
      if (link === 'logit') near(t, row.value, vgam.estimates[k], 2e-6, `VGAM: ${row.name}`);
    });
    t.true(narrow(String(answer)), String(answer));
  }
});

test('betaBinomial(): litters given row by row, no overdispersion, and what it refuses', async (t) => {
  const seeds = await shipped('seeds');
  const family = binomial();
  const whole = betaBinomial(glmm('r | trials(n) ~ x1 * x2 + (1 | plate)', seeds, { family }));
  // A row a seed: the same litters, but for the binomial constants.
  const rows = Array.from(seeds.plate, (plate, i) =>
    Array.from({ length: Number(seeds.n[i]) }, (_, k) => ({
      plate,
      x1: seeds.x1[i],
      x2: seeds.x2[i],
      y: k < Number(seeds.r[i]) ? 1 : 0,
    })),
  ).flat();
  const single = betaBinomial(glmm('y ~ x1 * x2 + (1 | plate)', rows, { family }));
  const constants = Array.from(seeds.r, (r, i) =>
    logBinomialCoefficient(Number(r), Number(seeds.n[i])),
  ).reduce((a, b) => a + b);
  near(t, single.logLik + constants, whole.logLik, 1e-9, 'log-likelihood');
  whole.estimates.forEach(({ value }, k) => {
    near(t, single.estimates[k].value, value, 1e-8, 'estimate');
  });
  const even = { y: [5, 5, 5, 4, 6], n: [10, 10, 10, 10, 10], g: [1, 2, 3, 4, 5] };
  const flat = betaBinomial(glmm('y | trials(n) ~ 1 + (1 | g)', even, { family }));
  t.is(flat.rho, 0);
  t.deepEqual(
    flat.findings.map(({ code }) => code),
    ['rho-boundary'],
  );
  near(t, flat.estimates[0].standardError, Math.sqrt(4 / 50), 1e-12, 'binomial error');
  t.true(Number.isNaN(flat.estimates[1].standardError));
  const full = { y: [5, 3, 10, 10, 10], n: [10, 10, 10, 10, 10], x: [0, 0, 1, 1, 1], g: [1, 2, 3, 4, 5] };
  const separated = betaBinomial(glmm('y | trials(n) ~ x + (1 | g)', full, { family }));
  t.false(separated.converged);
  t.is(separated.findings[0].code, 'separation');
  t.true(Number.isNaN(separated.estimates[1].standardError));
  const refused = (code: string, run: () => unknown): void => {
    t.is((t.throws(run) as { code?: string }).code, code);
  };
  refused('bad-model', () => betaBinomial(even as never));
  refused('covariates-vary', () =>
    betaBinomial(glmm('y ~ x + (1 | g)', { y: [1, 0, 1, 0], x: [1, 2, 2, 1], g: [1, 1, 2, 2] }, { family })),
  );
  refused('no-information', () =>
    betaBinomial(glmm('y ~ 1 + (1 | g)', { y: [1, 0, 1], g: [1, 2, 3] }, { family })),
  );
});

test('litters(): both models on one yardstick', async (t) => {
  const seeds = await shipped('seeds');
  const model = glmm('r | trials(n) ~ x1 * x2 + (1 | plate)', seeds, { family: binomial() });
  const answer = await litters(model);
  const { logLik } = certified('seeds').maximumLikelihood;
  near(t, answer.glmm.logLik, logLik, 1e-8, 'mixed model');
  // One plate is all of a kind, which bears on the Laplace approximation alone: the fit says so, the report does not.
  t.true(answer.glmm.findings.some(({ code }) => code === 'clusters-all-alike'));
  t.deepEqual(answer.findings, []);
  near(t, answer.difference, logLik - answer.betaBinomial.logLik, 1e-8, 'difference');
  near(t, answer.tests.glmm.statistic, 2.359199, 1e-5, 'ratio');
  near(t, answer.tests.glmm.pValue, 0.06227, 1e-5, 'p');
  t.is(answer.groups.length, 4);
  t.deepEqual(answer.groups.map((group) => group.litters).sort(), [5, 5, 5, 6]);
  for (const { covariates, glmm: mixed, betaBinomial: beta, trials, litters: count } of answer.groups) {
    const [, x1, x2] = covariates;
    const [mean] = predict(answer.glmm, { x1: [x1], x2: [x2] }, { target: 'population' });
    near(t, mixed.mean, mean.estimate, 1e-10, 'mean');
    const icc = withinCluster(answer.glmm, { x1: [x1], x2: [x2] }).find(
      ({ quantity }) => quantity === 'response ICC',
    )!;
    near(t, mixed.icc, icc.estimate, 1e-10, 'ICC');
    near(t, beta.inflation, 1 + (trials / count - 1) * answer.betaBinomial.rho, 1e-12, 'inflation');
  }
  t.true(narrow(String(answer)), String(answer));
  t.regex(String(answer), /beta-binomial +-53\.7668 +2\.341 +0\.0630/);
});
