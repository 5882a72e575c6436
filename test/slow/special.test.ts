// Special models on simulated data: estimates, errors, tests and fit statistics have the distributions that they claim.
import test from 'ava';
import { mean, sd } from '../../samplers/diagnostics/descriptive.js';
import { binomial as binomialVariate } from '../../samplers/discrete-variates.js';
import { rng, type Stream } from '../../samplers/rng.js';
import { beta as betaVariate, normal } from '../../samplers/variates.js';
import { binomial } from '../../src/model/family.js';
import { glmm } from '../../src/model/model.js';
import { betaBinomial } from '../../src/special/beta-binomial.js';
import { metaAnalysis } from '../../src/special/meta-analysis.js';
import { andersenTest } from '../../src/special/rasch/andersen.js';
import { conditionalEstimates } from '../../src/special/rasch/conditional.js';
import { fitStatistics } from '../../src/special/rasch/fit-statistics.js';
import { jointEstimates } from '../../src/special/rasch/joint.js';
import { informativePatterns, readResponses, unconnected } from '../../src/special/rasch/responses.js';
import { weightedLikelihoodScore } from '../../src/special/rasch/scores.js';
import { near } from '../helpers.js';

const chance = (eta: number): number => 1 / (1 + Math.exp(-eta));

/** Binomial with odds exp(eta). */
const draw = (stream: Stream, n: number, eta: number): number =>
  binomialVariate(stream, n, chance(eta), chance(-eta));

test('Rasch: conditional estimates are unbiased, joint ones too far apart; tests and fit have their null distributions', (t) => {
  const k = 6;
  const easiness = Float64Array.from({ length: k }, (_, j) => (j - (k - 1) / 2) * 0.4);
  const z: number[] = [];
  const ratio: number[] = [];
  const statistics: number[] = [];
  const infit: number[] = [];
  const outfit: number[] = [];
  for (let seed = 1; seed <= 400; seed++) {
    const stream = rng(seed).stream('rasch');
    const rows: { y: number; person: number; item: number }[] = [];
    for (let person = 0; person < 400; person++) {
      // Nothing like normal: two kinds of persons.
      const ability = stream.uniform() < 0.3 ? 1.2 : -0.4;
      easiness.forEach((b, item) => {
        rows.push({ y: stream.uniform() < chance(ability + b) ? 1 : 0, person, item });
      });
    }
    const responses = readResponses(rows, { response: 'y', fixed: 'item', random: 'person' });
    t.is(unconnected(responses.answers, k).length, 0);
    const patterns = informativePatterns(responses.patterns);
    const conditional = conditionalEstimates(patterns, k);
    const joint = jointEstimates(patterns, k);
    const at = seed % k;
    z.push((conditional.value[at] - easiness[at]) / Math.sqrt(conditional.covariance[at * k + at]));
    ratio.push((joint.value[k - 1] - joint.value[0]) / (conditional.value[k - 1] - conditional.value[0]));
    const { statistic, df } = andersenTest(responses, patterns, 'mean', conditional.logLik);
    t.is(df, k - 1);
    statistics.push(statistic);
    const fit = fitStatistics(responses, patterns, conditional.value).fixed[at];
    infit.push(fit.infit);
    outfit.push(fit.outfit);
  }
  const within = (values: readonly number[], expected: number, name: string): void =>
    near(
      t,
      mean(Float64Array.from(values)),
      expected,
      (4 * sd(Float64Array.from(values))) / Math.sqrt(values.length),
      name,
    );
  within(z, 0, 'mean of z');
  near(t, sd(Float64Array.from(z)), 1, 0.15, 'sd of z');
  near(t, mean(Float64Array.from(ratio)), k / (k - 1), 0.03, 'joint over conditional');
  within(statistics, k - 1, "mean of Andersen's statistic");
  near(t, sd(Float64Array.from(statistics)), Math.sqrt(2 * (k - 1)), 0.6, 'its sd');
  within(infit, 1, 'infit');
  within(outfit, 1, 'outfit');
});

test("Warm's estimate takes most of the bias away that maximum likelihood has", (t) => {
  // Exact expectation over all scores at known locations: the distribution of a score is Poisson-binomial.
  const locations = Array.from({ length: 20 }, (_, j) => (j - 9.5) / 5);
  for (const theta of [-1, 0, 1.5]) {
    let mass = [1];
    for (const b of locations) {
      const p = chance(theta + b);
      mass = Array.from(
        { length: mass.length + 1 },
        (_, r) => (mass[r] ?? 0) * (1 - p) + (mass[r - 1] ?? 0) * p,
      );
    }
    const expected = mass.reduce((sum, m, r) => sum + m * weightedLikelihoodScore(r, locations).value, 0);
    near(t, expected, theta, 0.02, `theta ${theta}`);
  }
});

test('meta-analysis of rare events: the exact conditional model is near the truth, two steps fall short', async (t) => {
  const effect = -1;
  const tau = 0.4;
  const z: number[] = [];
  const exact: number[] = [];
  const twoStep: number[] = [];
  let inside = 0;
  const replications = 120;
  for (let seed = 1; seed <= replications; seed++) {
    const stream = rng(seed).stream('meta');
    const rows: { study: number; arm: number; events: number; n: number }[] = [];
    for (let study = 0; study < 40; study++) {
      // Baselines of any shape, since they are conditioned away.
      const baseline = -4 + 1.5 * stream.uniform() ** 2;
      const own = effect + tau * normal(stream);
      rows.push({ study, arm: 0, events: draw(stream, 100, baseline), n: 100 });
      rows.push({ study, arm: 1, events: draw(stream, 100, baseline + own), n: 100 });
    }
    const { pooled, twoStep: other } = await metaAnalysis(rows, {
      study: 'study',
      events: 'events',
      n: 'n',
      treatment: 'arm',
      model: 'hypergeometric',
    });
    exact.push(pooled.estimate);
    twoStep.push(other.estimate);
    z.push((pooled.estimate - effect) / pooled.standardError);
    if (pooled.profileLower <= effect && effect <= pooled.profileUpper) inside++;
  }
  const bias = (values: readonly number[]): number => mean(Float64Array.from(values)) - effect;
  const error = sd(Float64Array.from(exact)) / Math.sqrt(replications);
  t.true(Math.abs(bias(exact)) < 4 * error, `bias ${bias(exact)}, error ${error}`);
  t.true(bias(twoStep) > 8 * error, `bias of two steps ${bias(twoStep)}`);
  near(t, sd(Float64Array.from(z)), 1, 0.2, 'sd of z');
  // Within four binomial errors of 95%.
  near(t, inside / replications, 0.95, 4 * Math.sqrt((0.95 * 0.05) / replications), 'coverage');
});

test('beta-binomial regression: estimates about the truth, errors of the right size', (t) => {
  const z: number[][] = [[], [], []];
  const truth = [-0.5, 0.8, 0.15];
  for (let seed = 1; seed <= 300; seed++) {
    const stream = rng(seed).stream('beta-binomial');
    const rows = Array.from({ length: 150 }, (_, g) => {
      const x = g % 2;
      const mu = chance(truth[0] + truth[1] * x);
      const size = 1 / truth[2] - 1;
      const p = betaVariate(stream, mu * size, (1 - mu) * size);
      return { g, x, n: 12, y: binomialVariate(stream, 12, p, 1 - p) };
    });
    const { estimates } = betaBinomial(glmm('y | trials(n) ~ x + (1 | g)', rows, { family: binomial() }));
    estimates.forEach(({ value, standardError }, k) => {
      z[k].push((value - truth[k]) / standardError);
    });
  }
  z.forEach((values, k) => {
    // Four errors of a mean of 300, and the skewness of rho's estimate.
    near(t, mean(Float64Array.from(values)), 0, k === 2 ? 0.35 : 0.24, `mean of z ${k}`);
    near(t, sd(Float64Array.from(values)), 1, 0.17, `sd of z ${k}`);
  });
});
