// simulate() and what stands on it: variates against their probabilities, scores of simulated data, predictive checks.
import test from 'ava';
import { mean, sd } from '../samplers/diagnostics/descriptive.js';
import {
  binomial as binomialVariate,
  negativeBinomial as nbVariate,
  poisson as poissonVariate,
} from '../samplers/discrete-variates.js';
import { rng, type Stream } from '../samplers/rng.js';
import { chdtrc, lgam } from '../samplers/special.js';
import { fit } from '../src/estimate/fit.js';
import { gibbs } from '../src/estimate/gibbs.js';
import {
  exponentialPrior,
  halfCauchy,
  halfNormal,
  halfT,
  inverseGammaVariance,
  normalPrior,
  type Prior,
  pcPrior,
  uniformPrior,
} from '../src/estimate/priors.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { simulate } from '../src/estimate/simulate.js';
import { posteriorPredictive, priorPredictive } from '../src/inspect/predictive.js';
import { customFamily } from '../src/model/custom-family.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { binomial, gaussian, negativeBinomial, poisson } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { kolmogorov, near, shipped } from './helpers.js';
import { combinations, identities, table, titleOf } from './simulate-cases.js';

const infection = glmm('x | trials(n) ~ t + (1 | clinic)', await shipped('infection'), {
  family: binomial(),
});

/** p-value of Pearson's chi-square over cells of 5 or more expected. */
function pearson(
  draw: (stream: Stream) => number,
  logMass: (k: number) => number,
  from: number,
  to: number,
): number {
  const size = 10_000;
  const stream = rng('variates').stream(`${from}:${to}`);
  const observed = new Map<number, number>();
  for (let i = 0; i < size; i++) {
    const k = draw(stream);
    observed.set(k, (observed.get(k) ?? 0) + 1);
  }
  let statistic = 0;
  let cells = 0;
  let [o, e, seen, all] = [0, 0, 0, 0];
  for (let k = from; k <= to; k++) {
    o += observed.get(k) ?? 0;
    e += size * Math.exp(logMass(k));
    if (e < 5) continue;
    statistic += (o - e) ** 2 / e;
    cells++;
    seen += o;
    all += e;
    [o, e] = [0, 0];
  }
  // What is left, the far tails among it.
  statistic += (size - seen - (size - all)) ** 2 / Math.max(5, size - all);
  return chdtrc(cells, statistic);
}

const choose = (n: number, k: number): number => lgam(n + 1) - lgam(k + 1) - lgam(n - k + 1);

test('Poisson, binomial and negative binomial counts have their probabilities', (t) => {
  for (const m of [0.3, 4, 9.99, 10, 37, 900]) {
    const span = 8 * Math.sqrt(m) + 8;
    const p = pearson(
      (s) => poissonVariate(s, m),
      (k) => k * Math.log(m) - m - lgam(k + 1),
      Math.max(0, Math.floor(m - span)),
      Math.ceil(m + span),
    );
    t.true(p > 1e-4, `Poisson ${m}: p = ${p}`);
  }
  for (const [n, q] of [
    [1, 0.3],
    [7, 0.9],
    [25, 0.4],
    [100, 0.1],
    [100, 0.93],
    [4000, 0.5],
  ]) {
    const p = pearson(
      (s) => binomialVariate(s, n, q),
      (k) => choose(n, k) + k * Math.log(q) + (n - k) * Math.log1p(-q),
      0,
      n,
    );
    t.true(p > 1e-4, `binomial ${n}, ${q}: p = ${p}`);
  }
  const p = pearson(
    (s) => nbVariate(s, 6, 1.7),
    (k) => lgam(k + 1.7) - lgam(1.7) - lgam(k + 1) + 1.7 * Math.log(1.7 / 7.7) + k * Math.log(6 / 7.7),
    0,
    200,
  );
  t.true(p > 1e-4, `negative binomial: p = ${p}`);
  const stream = rng('edges');
  t.is(poissonVariate(stream, 0), 0);
  t.deepEqual(
    [binomialVariate(stream, 0, 0.5), binomialVariate(stream, 9, 0), binomialVariate(stream, 9, 1)],
    [0, 0, 9],
  );
  const large = Float64Array.from({ length: 2000 }, () => poissonVariate(stream, 1e9));
  near(t, mean(large), 1e9, 4 * Math.sqrt(1e9 / 2000), 'mean of counts near 1e9');
  near(t, sd(large) / Math.sqrt(1e9), 1, 0.07, 'their sd');
  t.throws(() => poissonVariate(stream, Infinity), { code: 'bad-argument' });
  t.throws(() => binomialVariate(stream, 2.5, 0.5), { code: 'bad-argument' });
});

for (const combination of combinations) {
  test(`${titleOf(combination)}: scores of simulated data have mean 0`, (t) => {
    for (const [a, { score }] of identities(combination, 60).entries()) {
      t.true(Math.abs(score) < 4, `score ${a}: z = ${score}`);
    }
  });
}

test('simulate(): order, seeds, places and masses, sigma 0, and what is refused', (t) => {
  const shuffled = { g: ['b', 'a', 'b', 'a'], x: [1000, 0, 1000, 0], y: [1, 2, 3, 4] };
  const model = glmm('y ~ x + (1 | g)', shuffled, { family: gaussian() });
  const parameters = { beta: Float64Array.of(0, 1), sigma: 0, dispersion: 1e-6 };
  const [first, second] = simulate(model, parameters, { seed: 3, draws: 2 });
  for (const [r, mu] of [1000, 0, 1000, 0].entries()) near(t, first[r], mu, 0.01, `row ${r}`);
  t.deepEqual(simulate(model, parameters, { seed: 3 })[0], first);
  t.notDeepEqual(second, first);
  const points = glmm('y ~ 1 + (1 | g)', shuffled, { family: gaussian(), randomEffect: pointMasses(2) });
  const shape = Float64Array.of(-10, 10, 0.5, 0.5);
  const [y] = simulate(points, { beta: Float64Array.of(0), sigma: 10, dispersion: 1e-6, shape }, { seed: 1 });
  t.true(y.every((value) => Math.abs(Math.abs(value) - 10) < 0.1) && Math.abs(y[0] - y[2]) < 0.1);
  const weighted = glmm(
    'y ~ 1 + (1 | g)',
    { ...shuffled, w: [1, 1, 2, 1] },
    { family: gaussian(), weights: 'w' },
  );
  t.throws(() => simulate(weighted, { ...parameters, beta: Float64Array.of(0) }), {
    code: 'bad-weights',
    message: /long form/,
  });
  const bare = customFamily({
    name: 'bare',
    logDensity: (r, eta) => -0.5 * (r - eta) ** 2 - 0.9189385332046728,
  });
  const known = glmm('y ~ 1 + (1 | g)', shuffled, { family: bare });
  t.throws(() => simulate(known, { beta: Float64Array.of(0), sigma: 1 }), {
    code: 'no-draws',
    message: /draw:/,
  });
  t.throws(() => simulate(model, { ...parameters, sigma: -1 }), { code: 'bad-parameters' });
  t.throws(() => simulate(model, parameters, { seeds: 1 } as never), { code: 'unknown-option' });
});

const priors: readonly [Prior, number, number][] = [
  [normalPrior(1, 2), -15, 17],
  [halfNormal(1.5), 0, 12],
  [halfT(3, 1.2), 0, 400],
  [halfCauchy(0.7), 0, 4000],
  [exponentialPrior(2), 0, 20],
  [pcPrior(1, 0.1), 0, 20],
  [inverseGammaVariance(2, 1.5), 0.05, 100],
  [uniformPrior(0.5, 3), 0.5, 3],
];
for (const [prior, low, high] of priors) {
  test(`draws from ${prior.text} follow its density`, (t) => {
    const stream = rng('priors').stream(prior.text);
    const draws = Float64Array.from({ length: 4000 }, () => prior.draw(stream)).sort();
    // The distribution function by the midpoint rule, finest near the lower end.
    const steps = 20_000;
    const x: number[] = [];
    const cdf: number[] = [];
    let sum = 0;
    for (let k = 0; k < steps; k++) {
      const [a, b] = [low + (high - low) * (k / steps) ** 3, low + (high - low) * ((k + 1) / steps) ** 3];
      sum += (b - a) * Math.exp(prior.logDensity((a + b) / 2));
      x.push(b);
      cdf.push(sum);
    }
    let at = 0;
    const distance = kolmogorov(draws, (value) => {
      while (at < steps - 1 && x[at] < value) at++;
      return cdf[at];
    });
    t.true(distance < 1.95, `${distance}`);
  });
}

test('priorPredictive(): parameters from the priors, and what they expect of the data', (t) => {
  const known = { beta: normalPrior(0, 1), sigma: halfNormal(1) };
  const found = priorPredictive(infection, known, { draws: 500, seed: 2 });
  t.deepEqual(found.parameters.variables, ['(Intercept)', 't', 'sigma']);
  near(t, sd(found.parameters.chain('t', 0)), 1, 0.13, 'sd of the slope');
  t.is(found.responses.length, 500);
  const trials = infection.design.trials!;
  t.true(found.responses.every((y) => y.every((value, r) => value >= 0 && value <= trials[r])));
  const row = found.rows.find(({ statistic }) => statistic === 'mean')!;
  near(t, row.mean, 0.5, 0.06, 'mean proportion, by symmetry');
  t.true(row.q5 < 0.3 && row.q95 > 0.7 && row.pValue > 0.05);
  t.deepEqual(found.findings, []);
  t.deepEqual(priorPredictive(infection, known, { draws: 2, seed: 2 }).responses[1], found.responses[1]);
  // Poisson means of e^40 are no data, and the data are out of such priors' reach.
  const counts = glmm('y ~ x + (1 | g)', table, { family: poisson() });
  const wild = priorPredictive(
    counts,
    { beta: normalPrior(800, 100), sigma: halfCauchy(50) },
    { draws: 200 },
  );
  t.deepEqual(wild.findings.map(({ code }) => code)[0], 'predictive-overflow');
  const high = priorPredictive(counts, { beta: normalPrior(9, 0.1), sigma: halfNormal(0.1) }, { draws: 300 });
  t.true(
    high.findings.some(({ code, where }) => code === 'prior-predictive-extreme' && where!.includes('max')),
  );
});

test('posteriorPredictive(): a model that fits is not surprised, one that does not is', async (t) => {
  const bayes = await fit(infection, gibbs({ chains: 2, draws: 400 }), { seed: 1 });
  for (const clusters of ['same', 'new'] as const) {
    const found = posteriorPredictive(bayes, { draws: 400, seed: 3, clusters });
    t.deepEqual(found.findings, []);
    t.true(
      found.rows.every(({ pValue }) => pValue > 0.02 && pValue < 0.98),
      `${found}`,
    );
  }
  // New clusters vary more in their order: cluster means of the same clusters stay near the data's.
  const spread = (clusters: 'same' | 'new'): number => {
    const { responses } = posteriorPredictive(bayes, { draws: 400, clusters });
    return sd(responses.map((y) => y[0]));
  };
  t.true(spread('new') > 1.2 * spread('same'));
  // Counts with three times a Poisson's variance: the sd and a statistic of one's own tell.
  const stream = rng('overdispersed');
  const g = Array.from({ length: 120 }, (_, r) => r % 12);
  const y = g.map(() => nbVariate(stream, 5, 1.2));
  const model = glmm('y ~ 1 + (1 | g)', { y, g }, { family: poisson() });
  const wrong = await fit(model, gibbs({ chains: 1, warmup: 300, draws: 300 }), { seed: 1 });
  const found = posteriorPredictive(wrong, {
    draws: 300,
    statistics: { 'above 12': (values) => values.filter((value) => value > 12).length },
  });
  const finding = found.findings.find(({ code }) => code === 'posterior-predictive-extreme');
  t.true(finding!.where!.includes('sd') && finding!.where!.includes('above 12'));
  t.regex(
    found.toString(),
    /Posterior predictive check, 300 replications\n {2}Clusters: same\n\n +observed +mean/,
  );
  const right = await fit(
    glmm('y ~ 1 + (1 | g)', { y, g }, { family: negativeBinomial() }),
    gibbs({ chains: 1, warmup: 300, draws: 300 }),
  );
  t.deepEqual(posteriorPredictive(right, { draws: 300 }).findings, []);
  const ml = await fit(infection, quadrature());
  t.throws(() => posteriorPredictive(ml as never), { code: 'bad-fit', message: /simulate/ });
  t.throws(() => posteriorPredictive(bayes, { clusters: 'all' as never }), {
    code: 'bad-option',
    message: /'same' or 'new'/,
  });
});
