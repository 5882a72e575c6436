// bootstrap(): replications against fits assembled by hand and closed forms; threads, disk, aborts; p-values drawn from the null.
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { mean, quantile, sd } from '../samplers/diagnostics/descriptive.js';
import { rng } from '../samplers/rng.js';
import { fdtrc, ndtr } from '../samplers/special.js';
import { fit, type LikelihoodFit } from '../src/estimate/fit.js';
import { mcem } from '../src/estimate/mcem/mcem.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { pql } from '../src/estimate/quasi-likelihood.js';
import { againOf } from '../src/inspect/bootstrap/options.js';
import type { Plan } from '../src/inspect/bootstrap/replicate.js';
import { clusterDraws } from '../src/inspect/bootstrap/resample.js';
import { runReplications } from '../src/inspect/bootstrap/run.js';
import { bootstrap } from '../src/inspect/bootstrap.js';
import { confint } from '../src/inspect/confint.js';
import { likelihoodRatio } from '../src/inspect/likelihood-ratio.js';
import { refit } from '../src/inspect/refit.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, gaussian, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import { ResponseDraws } from '../src/model/response-draws.js';
import { caseFamilies, caseModel, likelihoodCase, posteriorCase } from './fit-cases.js';
import { referenceModel } from './gibbs-helpers.js';
import { kolmogorov, near, shipped } from './helpers.js';

const families = Object.keys(caseFamilies);

for (const name of families) {
  test(`${name}: a replication is a fit to responses drawn from the fit, or to clusters copied out`, async (t) => {
    const result = await likelihoodCase(name);
    const { model, parameters } = result;
    const found = await bootstrap(result, { replications: 3, seed: 'one' });
    t.is(found.failures, 0);
    const draws = new ResponseDraws('test', model);
    for (let k = 0; k < 3; k++) {
      const stream = rng('one').stream(`bootstrap:${k}`);
      const eps = draws.intercepts(stream, parameters, new Float64Array(12));
      const again = await refit(result, draws.responses(stream, parameters, eps));
      same(t, found.replications.getRow(k), again, `${k}`);
    }
    const resampled = await bootstrap(result, { replications: 2, seed: 'one', type: 'cluster' });
    for (let k = 0; k < resampled.replications.rows; k++) {
      const counts = clusterDraws('test', new Float64Array(12).fill(1))(rng('one').stream(`bootstrap:${k}`));
      const again = await fit(copiedOut(model, counts), quadrature());
      same(t, resampled.replications.getRow(k), again, `${k}, copied out`);
    }
  });
}

/** A replication's numbers are the estimates of a fit; a theta without bound is infinite. */
function same(t: ExecutionContext, row: readonly number[], again: LikelihoodFit, what: string): void {
  const unbounded = again.findings.some(({ code }) => code === 'theta-unbounded');
  again.estimates.forEach(({ name, value, standardError }, a) => {
    if (unbounded && name === 'dispersion') t.is(row[a], Number.POSITIVE_INFINITY);
    else near(t, row[a], value, 1e-5 * (standardError || 1), `${what}: ${name}`);
  });
}

/** The model of a case with cluster i copied counts[i] times, every copy a cluster of its own. */
function copiedOut({ design, family }: Model, counts: Float64Array): Model {
  const rows: { y: number; x: number; n: number; g: string }[] = [];
  for (let r = 0; r < design.rows; r++) {
    for (let copy = 0; copy < counts[design.cluster[r]]; copy++) {
      const g = `${design.cluster[r]}.${copy}`;
      rows.push({ y: design.y[r], x: design.x[2 * r + 1], n: design.trials?.[r] ?? 1, g });
    }
  }
  return glmm(design.trials ? 'y | trials(n) ~ x + (1 | g)' : 'y ~ x + (1 | g)', rows, { family });
}

test('resampled clusters: as many as there are, each as likely as its weight', (t) => {
  const weights = Float64Array.of(1, 0, 3, 2, 4);
  const draw = clusterDraws('test', weights);
  const sums = new Float64Array(5);
  const B = 4000;
  for (let k = 0; k < B; k++) {
    const counts = draw(rng(1).stream(`${k}`));
    t.is(
      counts.reduce((a, b) => a + b),
      10,
    );
    counts.forEach((count, i) => {
      sums[i] += count;
    });
  }
  weights.forEach((w, i) => {
    const error = Math.sqrt((10 * (w / 10) * (1 - w / 10)) / B);
    near(t, sums[i] / B, w, 4 * error, `weight ${w}`);
  });
  t.throws(() => clusterDraws('bootstrap()', Float64Array.of(1, 1.5)), { code: 'bad-weights' });
});

test('a balanced Gaussian model: the distribution of every estimate in closed form', async (t) => {
  const dyestuff = await fit(await referenceModel('dyestuff'), quadrature());
  const { beta, sigma, dispersion = 0 } = dyestuff.parameters;
  const [m, n, B] = [6, 5, 300];
  const between = dispersion + n * sigma * sigma;
  const { replications, failures, standardErrors, standardErrorErrors, bias, biasErrors, findings } =
    await bootstrap(dyestuff, { replications: B, seed: 11 });
  t.is(failures, 0);
  const column = (a: number): Float64Array => Float64Array.from(replications.getColumn(a));
  const normal = (x: number): number => ndtr((x - beta[0]) / Math.sqrt(between / (m * n)));
  t.true(kolmogorov(column(0), normal) < 1.95, 'the mean of all is normal');
  // sigma is 0 where the ratio of mean squares, (between / within) F, is at most m / (m - 1).
  const [d1, d2] = [m - 1, m * (n - 1)];
  const f = (m / (m - 1)) * (dispersion / between);
  const atZero = 1 - fdtrc(d1, d2, f);
  const zeros = column(1).filter((value) => value === 0).length;
  near(t, zeros / B, atZero, 4 * Math.sqrt((atZero * (1 - atZero)) / B), 'share of sigma = 0');
  t.is(findings[0].code, 'bootstrap-boundary');
  // n sigma^2 + dispersion is the sum of squares between over m, where sigma > 0; in any case the sum of all squares is m n
  // times sigma^2 + dispersion: its mean and variance are those of weighted chi-squares.
  const total = column(2).map((value, k) => value + column(1)[k] ** 2);
  const expected = (d1 * between + d2 * dispersion) / (m * n);
  near(t, mean(total), expected, (4 * sd(total)) / Math.sqrt(B), 'mean of the sum of both variances');
  const spread = Math.sqrt(2 * (d1 * between ** 2 + d2 * dispersion ** 2)) / (m * n);
  near(t, sd(total), spread, 0.2 * spread, 'its sd');
  near(t, bias[0], 0, 4 * biasErrors[0], 'no bias of the mean');
  near(t, standardErrors[0], Math.sqrt(between / (m * n)), 4 * standardErrorErrors[0], 'its standard error');
});

test('intervals are quantiles of the replications, or of their distance from the estimate', async (t) => {
  const result = await likelihoodCase('gamma');
  const options = { replications: 60, seed: 2 } as const;
  const found = await bootstrap(result, options);
  const sigma = found.replications.getColumn(2);
  const [row] = await confint(result, { method: 'bootstrap', level: 0.8, parameters: ['sigma'], ...options });
  t.is(row.name, 'sigma');
  near(t, row.lower, quantile(sigma, 0.1), 1e-12, 'lower');
  near(t, row.upper, quantile(sigma, 0.9), 1e-12, 'upper');
  t.true(row.lowerError! > 0 && row.upperError! > 0);
  const basic = await confint(result, { method: 'bootstrap', level: 0.8, interval: 'basic', ...options });
  t.is(basic.length, 4);
  const { sigma: own } = result.parameters;
  near(t, basic[2].lower, 2 * own - row.upper, 1e-12, 'basic, lower');
  near(t, basic[2].upper, 2 * own - row.lower, 1e-12, 'basic, upper');
  t.is(basic[2].lowerError, row.upperError);
  t.false(basic.findings.some(({ code }) => code === 'replications-few'));
  const far = found.intervals(0.999, 'basic');
  t.is(far.findings.at(-1)?.code, 'replications-few');
  t.regex(far.findings.at(-1)!.advice, /10000 replications/);
  t.true(far.every(({ lower, upper }) => lower < upper) && far[2].lower >= 0);
  t.regex(String(basic), /lower +upper +MC error +MC error/);
  t.regex(String(found), /Bootstrap \(parametric\): 60 data sets drawn from the fit/);
});

test('what is fixed stays, and a strategy of its own kind fits again', async (t) => {
  const model = caseModel('binomial');
  for (const strategy of [laplace(), pql(), quadrature({ rule: 'adaptive', nodes: 5 })]) {
    const result = await fit(model, strategy, { fixed: { beta: { x: -0.4 } } });
    const found = await bootstrap(result, { replications: 2, workers: 2 });
    t.deepEqual(found.replications.getColumn(1), [-0.4, -0.4], strategy.name);
    t.is(found.standardErrors[1], 0);
    const again = await refit(
      result,
      new ResponseDraws('test', model).responses(...responseArguments(result)),
    );
    near(t, found.replications.get(0, 2), again.parameters.sigma, 1e-4, strategy.name);
  }
});

function responseArguments({
  model,
  parameters,
}: {
  model: Model;
  parameters: Parameters<ResponseDraws['responses']>[1];
}) {
  const stream = rng(1).stream('bootstrap:0');
  const eps = new ResponseDraws('test', model).intercepts(stream, parameters, new Float64Array(12));
  return [stream, parameters, eps] as const;
}

test('Monte Carlo strategies are repeated too, on one thread', async (t) => {
  const result = await fit(caseModel('poisson'), mcem());
  const found = await bootstrap(result, { replications: 2, workers: 2 });
  t.is(found.findings[0].code, 'one-thread');
  const exact = await bootstrap(await likelihoodCase('poisson'), { replications: 2 });
  exact.estimates.forEach((_, a) => {
    near(
      t,
      found.replications.get(1, a),
      exact.replications.get(1, a),
      0.1 * exact.standardErrors[a] + 0.02,
      `${a}`,
    );
  });
});

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'glmmc-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function planFor(model: Model, type: Plan['type'] = 'parametric'): Promise<Plan> {
  const result = await fit(model, quadrature());
  return { type, fits: [againOf('test', result)], tells: 'estimates', seed: 4 };
}

/** Pairs, each pattern as often as its weight says. */
function weighted(): Model {
  const patterns = {
    y: [0, 0, 0, 1, 1, 0, 1, 1],
    g: [1, 1, 2, 2, 3, 3, 4, 4],
    w: [30, 30, 9, 9, 12, 12, 25, 25],
  };
  return glmm('y ~ 1 + (1 | g)', patterns, { family: binomial(), clusterWeights: 'w' });
}

test('cluster weights are numbers of clusters: as the clusters themselves', async (t) => {
  const found = await bootstrap(await fit(weighted(), quadrature()), { type: 'cluster', replications: 2 });
  const counts = clusterDraws('test', Float64Array.of(30, 9, 12, 25))(rng(1).stream('bootstrap:1'));
  t.is(
    counts.reduce((a, b) => a + b),
    76,
  );
  const pairs = [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ];
  const rows = pairs.flatMap((pair, i) =>
    Array.from({ length: counts[i] }, (_, copy) => pair.map((y) => ({ y, g: `${i}.${copy}` }))).flat(),
  );
  const again = await fit(glmm('y ~ 1 + (1 | g)', rows, { family: binomial() }), quadrature());
  same(t, found.replications.getRow(1), again, 'pairs');
});

test('threads give the same bits, in long form and with cluster weights', async (t) => {
  const heavy = caseModel('poisson', studentT(5));
  for (const plan of [await planFor(heavy), await planFor(weighted(), 'cluster')]) {
    const [one, two] = await Promise.all(
      [1, 2].map((workers) => runReplications('test', plan, { replications: 7, workers, worthThreads: 0 })),
    );
    t.deepEqual(two.values, one.values);
    t.true(one.values.every((values) => values?.length === plan.fits[0].model.coefficientNames.length + 1));
  }
});

test('on disk: cut short, torn, gone on with, asked for more', async (t) => {
  const plan = await planFor(caseModel('gamma'));
  const path = folder(t);
  const file = join(path, 'replications');
  const whole = await runReplications('test', plan, { replications: 12, workers: 1 });
  const controller = new AbortController();
  const reason = new Error('enough');
  const cut = runReplications('test', plan, {
    replications: 9,
    workers: 1,
    checkpoint: path,
    signal: controller.signal,
    onProgress: ({ done }) => done === 4 && controller.abort(reason),
  });
  t.is(await t.throwsAsync(cut), reason);
  const record = 8 * (4 + 3);
  t.is(readFileSync(file).length, 4 * record);
  // The last record torn, the one before it with a wrong bit.
  const bytes = readFileSync(file);
  bytes[2 * record + 20] ^= 1;
  writeFileSync(file, bytes);
  truncateSync(file, 4 * record - 5);
  const seen: number[] = [];
  const again = await runReplications('test', plan, {
    replications: 12,
    workers: 2,
    worthThreads: 0,
    checkpoint: path,
    onProgress: ({ done }) => seen.push(done),
  });
  t.is(seen[0], 2);
  t.deepEqual(again.values, whole.values);
  t.is(readFileSync(file).length, 12 * record);
  // Fewer than there are: nothing is run.
  const fewer = await runReplications('test', plan, { replications: 5, workers: 1, checkpoint: path });
  t.deepEqual(fewer.values, whole.values.slice(0, 5));
  for (const [other, message] of [
    [{ ...plan, seed: 5 }, /its seed is "4"/],
    [{ ...plan, type: 'cluster' }, /its bootstrap is "parametric"/],
    [await planFor(caseModel('gaussian')), /its family is/],
    [{ ...plan, fits: [{ ...plan.fits[0], strategy: laplace() }] }, /its strategy is/],
  ] as const) {
    const refused = runReplications('test', other, { replications: 5, workers: 1, checkpoint: path });
    await t.throwsAsync(refused, { code: 'foreign-checkpoint', message });
  }
});

test('fits that fail are left out, counted and said', async (t) => {
  // Three clusters of two: many a data set is all failures, or sigma has no finite estimate.
  const model = glmm(
    'y ~ 1 + (1 | g)',
    { y: [0, 1, 0, 0, 1, 0], g: [1, 1, 2, 2, 3, 3] },
    { family: binomial() },
  );
  const found = await bootstrap(await fit(model, quadrature()), { replications: 20, seed: 3 });
  t.true(found.failures > 0 && found.failures < 20);
  t.is(found.replications.rows, 20 - found.failures);
  const finding = found.findings.find(({ code }) => code === 'bootstrap-failures');
  t.is(finding?.severity, found.failures > 1 ? 'warning' : 'note');
  t.regex(String(found), new RegExp(`${found.failures} of 20 replications`));
  t.true(found.intervals().some(({ lower }) => Number.isFinite(lower)));
});

test('refused with the reason', async (t) => {
  const result = await likelihoodCase('poisson');
  const posterior = await posteriorCase('poisson');
  await t.throwsAsync(bootstrap(posterior), { code: 'bad-fit', message: /likelihood fit.*confint\(fit\)/ });
  await t.throwsAsync(confint(posterior, { method: 'bootstrap' }), { code: 'bad-fit' });
  await t.throwsAsync(bootstrap({ ...result }), { code: 'bad-fit', message: /copy/ });
  await t.throwsAsync(bootstrap(result, { replication: 5 } as never), {
    code: 'unknown-option',
    message: /'replications'/,
  });
  await t.throwsAsync(bootstrap(result, { type: 'rows' as never }), { code: 'bad-option' });
  await t.throwsAsync(bootstrap(result, { replications: 1 }), { code: 'bad-option' });
  await t.throwsAsync(confint(result, { method: 'bootstrap', interval: 'bca' as never }), {
    code: 'bad-option',
  });
  await t.throwsAsync(confint(result, { method: 'bootstrap', parameters: ['sigm'] }), { code: 'bad-option' });
  await t.throwsAsync(bootstrap(await fit(weighted(), quadrature())), {
    code: 'bad-weights',
    message: /clusterWeights/,
  });
  const reason = new Error('stop');
  await t.throwsAsync(bootstrap(result, { signal: AbortSignal.abort(reason) }), { is: reason });
});

test('a likelihood ratio referred to data drawn from the null', async (t) => {
  const infection = await shipped('infection');
  const fitOf = (text: string, fixed = {}) =>
    fit(glmm(`x | trials(n) ~ ${text} + (1 | clinic)`, infection, { family: binomial() }), quadrature(), {
      fixed,
    });
  const [none, full] = [await fitOf('1'), await fitOf('t')];
  const ratio = await likelihoodRatio(none, full, { bootstrap: { replications: 40, seed: 6 } });
  const plain = likelihoodRatio(none, full);
  t.is(ratio.statistic, plain.statistic);
  t.is(ratio.referredPValue, plain.pValue);
  const asLarge = ratio.statistics.filter((value) => value >= ratio.statistic).length;
  t.is(ratio.pValue, (1 + asLarge) / (ratio.statistics.length + 1));
  t.is(ratio.pValueError, Math.sqrt((ratio.pValue * (1 - ratio.pValue)) / (ratio.statistics.length + 1)));
  t.is(ratio.statistics.length + ratio.failures, 40);
  t.regex(String(ratio), /Referred to \d+ data sets drawn from the null/);
  // By hand.
  const draws = new ResponseDraws('test', none.model);
  const stream = rng(6).stream('bootstrap:0');
  const eps = draws.intercepts(stream, none.parameters, new Float64Array(none.model.clusterLabels.length));
  const y = draws.responses(stream, none.parameters, eps);
  const [below, above] = [await refit(none, y), await refit(full, y)];
  near(t, ratio.statistics[0], 2 * (above.logLik - below.logLik), 1e-6, 'the first');
  // At sigma = 0 the share of zeros is the point mass, and the p-value of a statistic of 0 is 1.
  const dyestuff2 = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff2'), { family: gaussian() });
  const pooled = await fit(dyestuff2, quadrature(), { fixed: { sigma: 0 } });
  const zero = await likelihoodRatio(pooled, await fit(dyestuff2, quadrature()), {
    bootstrap: { replications: 150 },
  });
  t.is(zero.pValue, 1);
  // P(F(5, 24) <= 6 / 5): the ratio is 0 where sigma is.
  const mass = 1 - fdtrc(5, 24, 6 / 5);
  const zeros = zero.statistics.filter((value) => value < 1e-7).length;
  near(t, zeros / 150, mass, 4 * Math.sqrt((mass * (1 - mass)) / 150), 'share of zeros');
  t.throws(() => likelihoodRatio(none, full, { bootstrap: 100 as never }), { code: 'bad-option' });
  await t.throwsAsync(async () => likelihoodRatio(none, full, { bootstrap: { reps: 3 } as never }), {
    code: 'unknown-option',
  });
  t.throws(() => likelihoodRatio(none, full, { bootstrp: {} } as never), { code: 'unknown-option' });
});

test('counts whose reference is not known have a p-value by replications', async (t) => {
  const model = caseModel('poisson', studentT(2));
  const [none, full] = [
    await fit(model, quadrature(), { fixed: { sigma: 0 } }),
    await fit(model, quadrature()),
  ];
  t.is(likelihoodRatio(none, full).pValue, Number.NaN);
  const ratio = await likelihoodRatio(none, full, { bootstrap: { replications: 4 } });
  t.true(ratio.pValue >= 1 / 5 && ratio.pValue <= 1);
  t.is(poisson().name, model.family.name);
});
