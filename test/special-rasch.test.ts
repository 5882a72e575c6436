// Rasch models: eRm's and glm's answers on the LSAT, brute force, both sides random, and what has no finite estimate.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { fit } from '../src/estimate/fit.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { binomial } from '../src/model/family.js';
import { countedRows, glmm } from '../src/model/model.js';
import { weightedLikelihoodScore } from '../src/special/rasch/scores.js';
import { rasch } from '../src/special/rasch.js';
import { certified, near, shipped } from './helpers.js';

const golden = JSON.parse(readFileSync(new URL('data/special/conditional.json', import.meta.url), 'utf8'));
const columns = { response: 'y', person: 'person', item: 'item' } as const;
const lsat = await shipped('lsat_long');
const all = await rasch(lsat, { ...columns, split: 'scores' });
const narrow = (text: string): boolean => text.split('\n').every((line) => line.length <= 80);

test('conditional estimates are those of eRm, marginal ones the certified mixed model, joint ones those of glm', (t) => {
  const { easiness, standardErrors, logLik } = golden.rasch;
  const { beta, sigma, logLik: marginal } = certified('lsat').maximumLikelihood;
  const mean = beta.reduce((sum, b) => sum + b, 0) / 5;
  near(t, all.conditional.logLik, logLik, 1e-8, 'conditional log-likelihood');
  near(t, all.joint.logLik, golden.joint.logLik, 1e-8, 'joint log-likelihood');
  near(t, all.marginal.fit.logLik, marginal, 1e-8, 'marginal log-likelihood');
  near(t, all.marginal.sigma, sigma, 1e-6, 'sigma');
  near(t, all.marginal.mean.value, mean, 1e-6, 'mean of the persons');
  all.fixed.forEach((row, j) => {
    // eRm's general optimiser stops at about 1e-6 (its errors 1e-5); survival's Newton gives the same to ten digits.
    near(t, row.conditional.value, easiness[j], 5e-6, `conditional ${row.label}`);
    near(t, row.conditional.standardError, standardErrors[j], 1e-5, `its error ${row.label}`);
    if (j < 4) {
      const difference = row.conditional.value - all.fixed[4].conditional.value;
      near(t, difference, golden.lsat.estimates[j], 1e-9, `clogit ${row.label}`);
    }
    near(t, row.marginal.value, beta[j] - mean, 1e-6, `marginal ${row.label}`);
    near(t, row.joint.value, golden.joint.easiness[j], 1e-9, `joint ${row.label}`);
    near(t, row.joint.standardError, golden.joint.standardErrors[j], 1e-9, `its error ${row.label}`);
  });
  // Errors of differences come from the covariance.
  const v = all.conditional.covariance;
  near(
    t,
    Math.sqrt(v.get(0, 0) + v.get(4, 4) - 2 * v.get(0, 4)),
    golden.lsat.standardErrors[0],
    1e-9,
    'item1 - item5',
  );
});

test('the marginal estimates are the published ones of the R package ltm, in the scale of its discrimination', (t) => {
  // rasch(LSAT) of ltm: Rizopoulos (2006), Journal of Statistical Software 17(5): difficulties on the scale of persons with
  // standard deviation 1, and their common discrimination, which is sigma here. To the digits that it prints.
  const difficulties = [-3.6153, -1.3224, -0.3176, -1.7301, -2.7802];
  const errors = [0.3266, 0.1422, 0.0977, 0.1691, 0.251];
  const { fit: marginal, sigma, mean } = all.marginal;
  near(t, marginal.logLik, -2466.938, 5e-4, 'log-likelihood');
  near(t, sigma, 0.7551, 5e-5, 'discrimination');
  near(t, marginal.estimates[5].standardError, 0.0694, 5e-5, 'its error');
  all.fixed.forEach((row, j) => {
    const difficulty = -(row.marginal.value + mean.value) / sigma;
    near(t, difficulty, difficulties[j], 5e-5, `difficulty ${row.label}`);
    // d(-b / sigma) = -(db + difficulty dsigma) / sigma.
    const v = (a: number, b: number): number => marginal.covariance.get(a, b);
    const variance = v(j, j) + 2 * difficulty * v(j, 5) + difficulty * difficulty * v(5, 5);
    near(t, Math.sqrt(variance) / sigma, errors[j], 5e-5, `its error ${row.label}`);
  });
});

test('three point masses of ability give the conditional estimates of five items: a theorem, by another likelihood', async (t) => {
  // de Leeuw and Verhelst (1986), J. Educational Statistics 11; Lindsay, Clogg and Grego (1991), JASA 86: a mixture of (k + 1) / 2
  // points or more fits the distribution of the scores exactly, and what is left is the conditional likelihood.
  const model = glmm('y ~ 0 + factor(item) + (1 | person)', lsat, {
    family: binomial(),
    randomEffect: pointMasses(3),
  });
  const { parameters, covariance, logLik } = await fit(model, quadrature());
  const mean = parameters.beta.reduce((sum, b) => sum + b, 0) / 5;
  const counts = all.scores.map(({ count }) => count);
  const ofScores = counts.reduce((sum, n) => sum + n * Math.log(n / 1000), 0);
  near(t, logLik, all.conditional.logLik + ofScores, 1e-8, 'log-likelihood');
  const v = all.conditional.covariance;
  all.fixed.forEach(({ conditional, label }, j) => {
    near(t, parameters.beta[j] - mean, conditional.value, 1e-7, `easiness ${label}`);
    if (j === 0) return;
    // Of the difference to the first item, in which the mean of the persons has no part.
    const variance = covariance.get(0, 0) + covariance.get(j, j) - 2 * covariance.get(0, j);
    near(t, Math.sqrt(variance), Math.sqrt(v.get(0, 0) + v.get(j, j) - 2 * v.get(0, j)), 1e-6, 'its error');
  });
});

test("scores: eRm's maximum likelihood, Warm's weighted likelihood, means given the answers", (t) => {
  t.deepEqual(
    all.scores.map(({ count }) => count),
    [3, 20, 85, 237, 357, 298],
  );
  for (let score = 0; score <= 5; score++) {
    const { ml, wle, eap } = all.scores[score];
    near(t, wle.value, golden.warm[score], 5e-6, `weighted ${score}`);
    if (score === 0) t.is(ml.value, Number.NEGATIVE_INFINITY);
    else if (score === 5) t.is(ml.value, Number.POSITIVE_INFINITY);
    else {
      near(t, ml.value, golden.ml[score - 1], 5e-6, `ML ${score}`);
      near(t, ml.standardError, golden.mlErrors[score - 1], 5e-5, `its error ${score}`);
    }
    // E[ability | score] by a dense sum over the normal distribution of the persons.
    const { sigma, mean } = all.marginal;
    let mass = 0;
    let first = 0;
    let second = 0;
    for (let z = -9; z <= 9; z += 0.02) {
      const theta = mean.value + sigma * z;
      let log = -0.5 * z * z + score * theta;
      for (const { marginal } of all.fixed) log -= Math.log1p(Math.exp(theta + marginal.value));
      const w = Math.exp(log);
      mass += w;
      first += w * theta;
      second += w * theta * theta;
    }
    near(t, eap.value, first / mass, 1e-6, `mean ${score}`);
    near(t, eap.standardError, Math.sqrt(second / mass - (first / mass) ** 2), 1e-6, `sd ${score}`);
  }
});

test('weighted likelihood: the highest of several maxima where locations lie far apart', (t) => {
  // The likelihood of a score times the root of the information, on a grid.
  for (const locations of [[-5, -1, 5], [-4, 0.5, 3.7], [0]]) {
    for (let score = 0; score <= locations.length; score++) {
      let [best, place] = [Number.NEGATIVE_INFINITY, 0];
      for (let k = -12000; k <= 12000; k++) {
        const theta = k / 1000;
        const chances = locations.map((b) => 1 / (1 + Math.exp(-theta - b)));
        const information = chances.reduce((sum, p) => sum + p * (1 - p), 0);
        const log =
          score * theta +
          locations.reduce((sum, b) => sum - Math.log1p(Math.exp(theta + b)), 0) +
          0.5 * Math.log(information);
        if (log > best) [best, place] = [log, theta];
      }
      near(t, weightedLikelihoodScore(score, locations).value, place, 6e-4, `${score} of ${locations}`);
    }
  }
  // Two items far apart: two maxima as high, of which the lower is taken.
  near(t, weightedLikelihoodScore(1, [-3, 3]).value, -1.8386, 1e-4, 'equal');
});

test('fit given the score, by all 32 patterns', (t) => {
  const { infit, outfit, infitZ, outfitZ, person, personFit } = golden.fit;
  all.fixed.forEach((row, j) => {
    near(t, row.infit, infit[j], 2e-6, 'infit');
    near(t, row.outfit, outfit[j], 5e-6, 'outfit');
    near(t, row.infitZ, infitZ[j], 2e-4, 'infit z');
    near(t, row.outfitZ, outfitZ[j], 2e-4, 'outfit z');
  });
  const row = all.random.find(({ label }) => label === String(person))!;
  near(t, row.infit, personFit[0], 1e-5, 'person infit');
  near(t, row.outfit, personFit[1], 1e-5, 'person outfit');
  // Their standard deviations: over all patterns with the same score, with their chances given it.
  const b = all.fixed.map(({ conditional }) => conditional.value);
  for (const { label, score, ...fitted } of all.random.filter((_, i) => i % 97 === 5)) {
    if (score === 0 || score === 5) continue;
    const patterns = Array.from({ length: 32 }, (_, code) => b.map((_, j) => (code >> j) & 1)).filter(
      (y) => y.reduce((x, z) => x + z) === score,
    );
    const weights = patterns.map((y) => Math.exp(y.reduce((sum, yes, j) => sum + yes * b[j], 0)));
    const total = weights.reduce((x, z) => x + z);
    const p = b.map((_, j) => patterns.reduce((sum, y, i) => sum + (weights[i] / total) * y[j], 0));
    const of = (y: readonly number[]): readonly [number, number] => {
      const squares = y.map((yes, j) => (yes - p[j]) * (yes - p[j]));
      const variance = p.map((chance) => chance * (1 - chance));
      const sum = (values: readonly number[]): number => values.reduce((x, z) => x + z);
      return [sum(squares) / sum(variance), sum(squares.map((square, j) => square / variance[j])) / 5];
    };
    const sdOf = (which: 0 | 1): number =>
      Math.sqrt(patterns.reduce((sum, y, i) => sum + (weights[i] / total) * (of(y)[which] - 1) ** 2, 0));
    near(t, fitted.infitZ, (fitted.infit - 1) / sdOf(0), 1e-9, `person ${label}: infit z`);
    near(t, fitted.outfitZ, (fitted.outfit - 1) / sdOf(1), 1e-9, `person ${label}: outfit z`);
  }
  t.true(all.random.filter(({ score }) => score === 5).every((extreme) => Number.isNaN(extreme.infit)));
});

test("Andersen's test is eRm's", async (t) => {
  const { scores, mean } = golden.andersen;
  near(t, all.andersen.statistic, scores.statistic, 1e-5, 'every score');
  t.is(all.andersen.df, scores.df);
  const halves = await rasch(lsat, columns);
  near(t, halves.andersen.statistic, mean.statistic, 1e-5, 'mean');
  t.is(halves.andersen.df, mean.df);
  // All informative scores are at or below the median, 4.
  const median = await rasch(lsat, { ...columns, split: 'median' });
  t.true(Number.isNaN(median.andersen.statistic));
  t.regex(String(median), /Andersen's test: none\. All informative scores/);
  for (const answer of [all, halves, median]) t.true(narrow(String(answer)), String(answer));
});

test('curves and information', (t) => {
  const thetas = [-1.5, 0, 2];
  const h = 1e-5;
  const information = all.information(thetas);
  thetas.forEach((theta, k) => {
    // The slope of the expected score is the information.
    const score = (at: number): number =>
      all.fixed.reduce((sum, { label }) => sum + all.curve(label, [at])[0], 0);
    near(t, information[k], (score(theta + h) - score(theta - h)) / (2 * h), 1e-9, 'information');
  });
  const [p] = all.curve('3', [0.4]);
  near(t, p, 1 / (1 + Math.exp(-0.4 - all.fixed[2].conditional.value)), 1e-15, 'curve');
  near(t, all.information([0.4], '3')[0], p * (1 - p), 1e-15, 'one item');
  // What is no ability and no label is refused, not answered by nothing or NaN.
  const wrong = [
    () => all.curve('6', [0]),
    () => all.curve(3 as never, [0]),
    () => all.curve('3', 0 as never),
    () => all.curve('3', undefined as never),
    () => all.curve('3', [0, Number.NaN]),
    () => all.information('0.5' as never),
    () => all.information([Number.POSITIVE_INFINITY]),
  ];
  for (const call of wrong) t.is((t.throws(call) as { code?: string }).code, 'bad-option');
  t.deepEqual(all.information(Float64Array.of(0.4) as never), all.information([0.4]));
});

/** LSAT with every seventh row taken out, as the script of the goldens does. */
function withHoles(): Record<string, unknown[]> {
  const rows = Array.from({ length: 5000 }, (_, r) => r).filter((r) => r % 7 !== 0);
  return Object.fromEntries(Object.entries(lsat).map(([name, column]) => [name, rows.map((r) => column[r])]));
}

test('answers not given: eRm again, and each score by what was answered', async (t) => {
  const answer = await rasch(withHoles() as never, columns);
  const { easiness, standardErrors, logLik } = golden.missing;
  near(t, answer.conditional.logLik, logLik, 1e-8, 'log-likelihood');
  answer.fixed.forEach(({ conditional }, j) => {
    near(t, conditional.value, easiness[j], 5e-6, 'easiness');
    near(t, conditional.standardError, standardErrors[j], 1e-5, 'error');
  });
  t.true(Number.isNaN(answer.andersen.statistic));
  const four = answer.random.find(({ answered, score }) => answered === 4 && score === 2)!;
  t.true(Number.isFinite(four.ml.value) && Number.isFinite(four.eap.value));
  t.is(countedRows(answer.marginal.fit.model), 5000 - Math.ceil(5000 / 7));
});

test('either side random: the same with the columns exchanged, and the mixed model of the other side', async (t) => {
  const rows = Array.from({ length: 5000 }, (_, r) => r).filter((r) => Math.floor(r / 5) % 29 === 3);
  const part = Object.fromEntries(
    Object.entries(lsat).map(([name, column]) => [name, rows.map((r) => Number(column[r]))]),
  );
  const answer = await rasch(part, { ...columns, random: 'items' });
  const exchanged = await rasch(part, { ...columns, person: 'item', item: 'person' });
  t.deepEqual(answer.sides, { fixed: 'persons', random: 'items' });
  t.deepEqual(answer.fixed, exchanged.fixed);
  t.deepEqual(answer.random, exchanged.random);
  t.regex(String(answer), /items are random and persons have a coefficient each: the other way round/);
  // Persons with all items right have infinite abilities: left out, and told.
  t.is(answer.findings[0].code, 'infinite-locations');
  const kept = rows
    .map((_, r) => r)
    .filter((r) => answer.fixed.some(({ label }) => label === String(part.person[r])));
  const table = Object.fromEntries(
    Object.entries(part).map(([name, column]) => [name, kept.map((r) => column[r])]),
  );
  const model = glmm('y ~ 0 + factor(person) + (1 | item)', table, { family: binomial() });
  const result = await fit(model, quadrature());
  near(t, answer.marginal.fit.logLik, result.logLik, 1e-9, 'log-likelihood');
  near(t, answer.marginal.sigma, result.parameters.sigma, 1e-6, 'sigma');
  // Equal scores are equal abilities, by all three methods.
  const same = answer.fixed.filter(({ right }) => right === 3);
  for (const method of ['conditional', 'marginal', 'joint'] as const) {
    near(t, same[0][method].value, same[same.length - 1][method].value, 1e-6, method);
  }
});

test('two items: the joint estimate is twice the conditional one, which is that of matched pairs', async (t) => {
  const rows = Array.from({ length: 5000 }, (_, r) => r).filter((r) => Number(lsat.item[r]) < 3);
  const two = Object.fromEntries(
    Object.entries(lsat).map(([name, column]) => [name, rows.map((r) => Number(column[r]))]),
  );
  const [first] = (await rasch(two, columns)).fixed;
  near(t, first.joint.value, 2 * first.conditional.value, 1e-8, 'joint');
  let [n10, n01] = [0, 0];
  for (let i = 0; i < 2000; i += 2) {
    if (two.y[i] > two.y[i + 1]) n10++;
    if (two.y[i] < two.y[i + 1]) n01++;
  }
  near(t, 2 * first.conditional.value, Math.log(n10 / n01), 1e-8, 'conditional');
});

test('the report says which answer is right: the second in order, whatever it is called', async (t) => {
  t.is(all.right, 'y = 1');
  t.regex(String(all), /5000 answers \(right: y = 1\), 5 items fixed/);
  const words = { ...lsat, y: Array.from(lsat.y, (y) => (Number(y) === 1 ? 'right' : 'wrong')) };
  const answer = await rasch(words as never, columns);
  t.is(answer.right, 'y = wrong');
  near(t, answer.fixed[0].conditional.value, -all.fixed[0].conditional.value, 1e-9, 'the other way round');
});

test('rasch() refuses what has no finite estimate and what is no test', async (t) => {
  const refused = async (code: string, data: object, options: object = {}): Promise<void> => {
    const error = await t.throwsAsync(rasch(data as never, { ...columns, ...options }));
    t.is((error as { code?: string }).code, code);
  };
  // A Guttman scale: item 1 is right whenever another is.
  const guttman = {
    y: [1, 0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0],
    person: [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4],
    item: [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3],
  };
  await refused('no-finite-estimate', guttman);
  // The way out is the model of these data: items numbered 1, 2, 3 are a factor.
  const renamed = { right: guttman.y, who: guttman.person, what: guttman.item };
  await t.throwsAsync(rasch(renamed, { response: 'right', person: 'who', item: 'what' }), {
    message: /glmm\('right ~ 0 \+ factor\(what\) \+ \(1 \| who\)'/,
  });
  await refused('too-few-units', { y: [1, 0, 1, 1], person: [1, 1, 2, 2], item: [1, 2, 1, 2] });
  await refused('repeated-answer', { y: [1, 0, 1, 1], person: [1, 1, 2, 2], item: [1, 1, 1, 2] });
  await refused('bad-response', { y: [1, 0, 2, 1], person: [1, 1, 2, 2], item: [1, 2, 1, 2] });
  await refused('too-many-units', lsat, { random: 'items' });
  await refused('unknown-option', lsat, { persons: 'person' });
  await refused('unknown-column', lsat, { item: 'itm' });
});
