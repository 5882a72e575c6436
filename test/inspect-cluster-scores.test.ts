// sandwich() and influence(): scores against differences, R's sandwich, closed forms, refits without each cluster.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { type Fit, fit, type LikelihoodFit } from '../src/estimate/fit.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { pql } from '../src/estimate/quasi-likelihood.js';
import { simulate } from '../src/estimate/simulate.js';
import { influence } from '../src/inspect/influence.js';
import { clusterLogLik } from '../src/inspect/log-lik.js';
import { sandwich } from '../src/inspect/sandwich.js';
import { clusterDerivatives } from '../src/likelihood/cluster-derivatives.js';
import { marginal } from '../src/likelihood/marginal.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { normal } from '../src/model/effects/normal.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, gaussian, poisson } from '../src/model/family.js';
import { glmm, withResponse } from '../src/model/model.js';
import { caseFamilies, caseModel, likelihoodCase, moved, posteriorCase } from './fit-cases.js';
import { near, shipped } from './helpers.js';

const herds = await shipped('cbpp');
const formula = 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)';
const cbpp = glmm(formula, herds, { family: binomial() });

for (const [name, effect] of [
  ...Object.keys(caseFamilies).map((family) => [family, normal()] as const),
  ['poisson', studentT(4)] as const,
  ['gamma', laplaceEffect()] as const,
]) {
  test(`${name}, ${effect.name}: scores and Hessians of the clusters by differences`, async (t) => {
    const result = moved(await likelihoodCase(name, effect), 0, 0.1);
    const found = clusterDerivatives(result.model, result.parameters);
    const size = result.estimates.length;
    const values = (a: number, h: number): Float64Array => clusterLogLik(moved(result, a, h));
    const scores = (a: number, h: number) => {
      const { model, parameters } = moved(result, a, h);
      return clusterDerivatives(model, parameters);
    };
    for (let a = 0; a < size; a++) {
      const h = 1e-3;
      const [up, down, up2, down2] = [h, -h, 2 * h, -2 * h].map((step) => values(a, step));
      const [sUp, sDown, sUp2, sDown2] = [h, -h, 2 * h, -2 * h].map((step) => scores(a, step));
      found.forEach(({ score, hessian }, i) => {
        const slope = (8 * (up[i] - down[i]) - (up2[i] - down2[i])) / (12 * h);
        near(t, score[a], slope, 1e-6 * (1 + Math.abs(slope)), `score ${a} of ${i}`);
        for (let b = 0; b < size; b++) {
          const bend =
            (8 * (sUp[i].score[b] - sDown[i].score[b]) - (sUp2[i].score[b] - sDown2[i].score[b])) / (12 * h);
          near(t, hessian[a * size + b], bend, 1e-6 * (1 + Math.abs(bend)), `Hessian ${a}, ${b} of ${i}`);
        }
      });
    }
    const whole = marginal(result.model, result.parameters);
    for (let a = 0; a < size; a++) {
      const sum = found.reduce((total, { score }) => total + score[a], 0);
      near(t, sum, whole.gradient[a], 1e-7 * (1 + Math.abs(sum)), `they add up, ${a}`);
    }
  });
}

test('clusters that share a sum of responses keep their own scores', async (t) => {
  // Same design, same sum, merged by the likelihood: the scores in x differ by the x of the success.
  const rows = { y: [1, 0, 0, 1, 1, 1, 0, 0], x: [0, 1, 0, 1, 0, 1, 0, 1], g: [1, 1, 2, 2, 3, 3, 4, 4] };
  const model = glmm('y ~ x + (1 | g)', rows, { family: binomial() });
  const found = clusterDerivatives(model, { beta: Float64Array.of(0.2, -0.3), sigma: 0.8 });
  near(t, found[1].score[1] - found[0].score[1], 1, 1e-12, 'difference of the scores in x');
  near(t, found[1].score[0], found[0].score[0], 1e-12, 'the same for the intercept');
});

test('pooled fits have the robust covariance of the R package sandwich', async (t) => {
  const golden = JSON.parse(
    readFileSync(new URL('data/after-the-fit/sandwich.json', import.meta.url), 'utf8'),
  );
  const counts = glmm('incidence ~ factor(period) + (1 | herd)', herds, { family: poisson() });
  for (const [name, model] of [
    ['binomial', cbpp],
    ['poisson', counts],
  ] as const) {
    const pooled = await fit(model, quadrature(), { fixed: { sigma: 0 } });
    const { covariance, estimates } = sandwich(pooled, { correction: 'none' });
    const corrected = sandwich(pooled).covariance;
    for (let a = 0; a < 4; a++) {
      for (let b = 0; b < 4; b++) {
        near(t, covariance.get(a, b), golden[name][4 * a + b], 1e-8, `${name} ${a}, ${b}`);
        near(t, corrected.get(a, b), (15 / 14) * covariance.get(a, b), 1e-12, 'times m / (m - 1)');
      }
    }
    t.is(estimates[4].standardError, 0);
  }
});

test('a Gaussian model of balanced clusters: the spread of their means', async (t) => {
  const table = await shipped('dyestuff');
  const result = await fit(glmm('Yield ~ (1 | Batch)', table, { family: gaussian() }), quadrature());
  const { estimates, covariance } = sandwich(result, { correction: 'none' });
  const y = table.Yield as ArrayLike<number>;
  const means = [0, 1, 2, 3, 4, 5].map((i) => [0, 1, 2, 3, 4].reduce((sum, j) => sum + y[5 * i + j] / 5, 0));
  const all = means.reduce((sum, x) => sum + x / 6, 0);
  const variance = means.reduce((sum, x) => sum + (x - all) ** 2, 0) / 36;
  near(t, estimates[0].standardError, Math.sqrt(variance), 1e-6, 'of the mean');
  // The score in the dispersion alone, (within + between parts), by the same means: from the two sums of squares a batch has.
  const { sigma, dispersion = 0 } = result.parameters;
  const between = dispersion + 5 * sigma ** 2;
  const parts = means.map((x, i) => {
    const within = [0, 1, 2, 3, 4].reduce((sum, j) => sum + (y[5 * i + j] - x) ** 2, 0);
    return { within, square: 5 * (x - all) ** 2, deviation: 5 * (x - all) };
  });
  // l_i = -(4 log d + within / d + log b + square / b) / 2, b = d + 5 s: the maximum likelihood of d and b is in closed form, and the
  // sandwich of (d, b) diagonal but for the meat.
  const scores = parts.map(({ within, square }) => [
    -2 / dispersion + within / (2 * dispersion ** 2),
    -1 / (2 * between) + square / (2 * between ** 2),
  ]);
  const bread = [(6 * 4) / (2 * dispersion ** 2), 6 / (2 * between ** 2)];
  const varianceOfDispersion = scores.reduce((sum, [d]) => sum + d * d, 0) / bread[0] ** 2;
  near(t, Math.sqrt(varianceOfDispersion) / estimates[2].standardError, 1, 1e-6, 'of the dispersion');
  const both = scores.reduce((sum, [d, b]) => sum + d * b, 0) / (bread[0] * bread[1]);
  // sigma = sqrt((b - d) / 5).
  const covarianceOfBoth = (both - varianceOfDispersion) / (10 * sigma);
  near(t, covariance.get(1, 2) / covarianceOfBoth, 1, 1e-6, 'between sigma and dispersion');
});

test('under the right model and many clusters both standard errors agree', async (t) => {
  const rows = Array.from({ length: 6000 }, (_, r) => ({
    y: r % 4,
    x: ((r * 7) % 11) / 5 - 1,
    g: Math.floor(r / 4),
  }));
  const model = glmm('y ~ x + (1 | g)', rows, { family: poisson() });
  const truth = { beta: Float64Array.of(0.5, -0.3), sigma: 0.6 };
  const result = await fit(withResponse(model, simulate(model, truth, { seed: 9 })[0]), quadrature());
  const { estimates, findings } = sandwich(result);
  t.deepEqual(findings, []);
  // sqrt((kurtosis - 1) / 4 m) with a kurtosis of 5 is 0.026.
  for (const { name, standardError, modelStandardError } of estimates) {
    near(t, standardError / modelStandardError, 1, 0.08, name);
  }
});

test('what has no score has no sandwich', async (t) => {
  const boundary = await fit(
    glmm('Yield ~ (1 | Batch)', await shipped('dyestuff2'), { family: gaussian() }),
    quadrature(),
  );
  const { estimates, findings } = sandwich(boundary);
  t.true(estimates[0].standardError > 0 && estimates[2].standardError > 0);
  t.is(estimates[1].standardError, Number.NaN);
  t.deepEqual(
    findings.map(({ code }) => code),
    ['sigma-boundary', 'few-clusters'],
  );
  t.true(influence(boundary).every(({ dfbetas, estimates }) => dfbetas[1] === 0 && estimates[1] === 0));
  // Pairs of trials, where the Laplace approximation is at its worst.
  const pairs = Array.from({ length: 80 }, (_, r) => ({
    y: [0, 0, 1, 1, 0, 1, 1, 1][r % 8],
    g: Math.floor(r / 2),
  }));
  const rough = await fit(glmm('y ~ 1 + (1 | g)', pairs, { family: binomial() }), laplace());
  t.deepEqual(
    sandwich(rough).findings.map(({ code }) => code),
    ['off-maximum'],
  );
  const posterior = await posteriorCase('poisson');
  const quasi = await fit(caseModel('poisson'), pql());
  const masses = await fit(caseModel('poisson', pointMasses(2)), quadrature());
  for (const [of, code] of [
    [posterior, 'bad-fit'],
    [quasi, 'bad-fit'],
    [masses, 'unsupported-effect'],
  ] as const) {
    t.throws(() => sandwich(of as Fit), { code });
    t.throws(() => influence(of as Fit), { code });
  }
  t.throws(() => sandwich(quasi, { corection: 'none' } as never), {
    code: 'unknown-option',
    message: /'correction'/,
  });
  t.throws(() => sandwich(quasi, { correction: 'm' as never }), { code: 'bad-option' });
  t.regex(String(sandwich(boundary)), /Robust SE +Model SE +ratio/);
});

/** The rows of cbpp but those of a herd. */
function without(herd: string): Record<string, unknown[]> {
  const column = herds.herd as ArrayLike<number>;
  const kept = Array.from({ length: column.length }, (_, r) => r).filter((r) => String(column[r]) !== herd);
  return Object.fromEntries(
    Object.entries(herds).map(([name, values]) => [name, kept.map((r) => (values as ArrayLike<number>)[r])]),
  );
}

test('cbpp without each herd: one step is near the refit', async (t) => {
  const result = await fit(cbpp, quadrature());
  const found = influence(result);
  let worst = 0;
  for (const row of found) {
    const again = await fit(
      glmm(formula, without(row.cluster) as never, { family: binomial() }),
      quadrature(),
    );
    again.estimates.forEach(({ name, value }, k) => {
      const { standardError } = result.estimates[k];
      const off = Math.abs(row.estimates[k] - value) / standardError;
      worst = Math.max(worst, off);
      const change = Math.abs(value - result.estimates[k].value) / standardError;
      t.true(off < 0.05 + 0.25 * change, `${row.cluster} ${name}: ${off} of a change of ${change}`);
    });
  }
  t.log(`largest error of a step: ${worst.toFixed(3)} standard errors`);
});

test('a planted outlier has the largest distance, and the step knows where the estimates would be', async (t) => {
  const clean = caseModel('gaussian');
  const y = clean.design.y.map((value, r) => value + (clean.design.cluster[r] === 4 ? 6 : 0));
  const result = await fit(withResponse(clean, y), quadrature());
  const found = influence(result);
  const far = found.reduce((a, b) => (b.cooksDistance > a.cooksDistance ? b : a));
  t.is(far.cluster, result.model.clusterLabels[4]);
  t.true(far.cooksDistance > 5 * [...found].map((row) => row.cooksDistance).sort((a, b) => b - a)[1]);
  t.true(far.dfbetas[2] > 1, 'sigma rests on it');
  t.regex(String(found), new RegExp(`Cook.*\\n${far.cluster} `));
  const { dfbetas, estimates, cooksDistance } = far;
  const [own] = result.estimates;
  near(t, estimates[0], own.value - dfbetas[0] * own.standardError, 1e-6, 'dfbetas are in standard errors');
  t.true(cooksDistance > 0);
});

test('clusters alike have the influence of one, in long form or by weight', async (t) => {
  const pairs = [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ];
  const times = [30, 9, 12, 25];
  const long = pairs.flatMap((pair, i) =>
    Array.from({ length: times[i] }, (_, copy) => pair.map((y) => ({ y, g: `${i}.${copy}` }))).flat(),
  );
  const short = pairs.flatMap((pair, i) => pair.map((y) => ({ y, g: i, w: times[i] })));
  const [one, other] = await Promise.all(
    [
      glmm('y ~ 1 + (1 | g)', long, { family: binomial() }),
      glmm('y ~ 1 + (1 | g)', short, { family: binomial(), clusterWeights: 'w' }),
    ].map((model): Promise<LikelihoodFit> => fit(model, quadrature())),
  );
  const [inLong, inShort] = [influence(one), influence(other)];
  for (const row of inLong) {
    const pattern = inShort[Number(row.cluster[0])];
    near(t, row.cooksDistance, pattern.cooksDistance, 1e-8, row.cluster);
    near(t, row.dfbetas[1], pattern.dfbetas[1], 1e-8, row.cluster);
  }
  const [a, b] = [sandwich(one), sandwich(other)];
  t.is(a.clusters, 76);
  t.is(b.clusters, 76);
  near(t, a.estimates[1].standardError, b.estimates[1].standardError, 1e-7, 'robust, weighted');
});

test('a cluster that an estimate rests on alone is named', async (t) => {
  const rows = caseModel('gaussian').design;
  const table = {
    y: [...rows.y],
    g: [...rows.cluster],
    z: Array.from(rows.cluster, (i) => (i === 2 ? 1 : 0)),
  };
  const found = influence(await fit(glmm('y ~ z + (1 | g)', table, { family: gaussian() }), quadrature()));
  t.is(found.findings[0].code, 'not-estimable-without');
  t.deepEqual(found.findings[0].where, ['2']);
  t.is(found[2].cooksDistance, Number.NaN);
  t.true(found[3].cooksDistance >= 0);
});
