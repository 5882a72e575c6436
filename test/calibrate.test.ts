// calibrate(): the same data for all, sums by hand, known biases, failures that are counted.
import test from 'ava';
import type { Draws } from '../samplers/draws.js';
import { rng } from '../samplers/rng.js';
import { normal } from '../samplers/variates.js';
import { strategyOf } from '../src/compare/calibrate/job.js';
import { type Calibration, type CalibrationRow, calibrate } from '../src/compare/calibrate.js';
import { albertChib } from '../src/estimate/albert-chib.js';
import { collapsed } from '../src/estimate/collapsed.js';
import { diagnose, hasConverged } from '../src/estimate/diagnose.js';
import type { Fit, FitTask, LikelihoodFit, Strategy } from '../src/estimate/fit.js';
import { fit } from '../src/estimate/fit.js';
import { fixedEffects } from '../src/estimate/fixed-effects.js';
import { gibbs } from '../src/estimate/gibbs.js';
import { importance } from '../src/estimate/mcem/importance.js';
import { mcem } from '../src/estimate/mcem/mcem.js';
import { mcml } from '../src/estimate/mcml/mcml.js';
import { mcnr } from '../src/estimate/mcnr/mcnr.js';
import { nuts } from '../src/estimate/nuts.js';
import { polyaGamma } from '../src/estimate/polya-gamma.js';
import { pooled } from '../src/estimate/pooled.js';
import { halfCauchy } from '../src/estimate/priors.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { mql, pql } from '../src/estimate/quasi-likelihood.js';
import { saem } from '../src/estimate/saem/saem.js';
import { tellingOf } from '../src/estimate/telling.js';
import { marginalLink } from '../src/inspect/marginal-link.js';
import { binomial, gaussian } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { near, shipped } from './helpers.js';

const seeds = glmm('r | trials(n) ~ x1 + (1 | plate)', await shipped('seeds'), { family: binomial() });
const truth = { beta: Float64Array.of(-0.4, -0.3), sigma: 0.4 };

/** The pooled fit with something changed, and what was asked of it kept. */
function probe(name: string, change: (task: FitTask, exact: LikelihoodFit) => Partial<LikelihoodFit>) {
  const asked: FitTask[] = [];
  const strategy: Strategy = {
    name,
    settings: {},
    async run(task: FitTask): Promise<Fit> {
      asked.push(task);
      const exact = await pooled().run(task);
      return { ...exact, fixed: [], ...change(task, exact) };
    },
  };
  return { strategy, asked };
}

/** A balanced design: `m` clusters of `n` rows, x alternating within them. */
function balanced(m: number, n: number, family: ReturnType<typeof gaussian>) {
  const rows = Array.from({ length: m * n }, (_, r) => r);
  // Any responses that are allowed: those of the simulation take their place.
  const table = {
    y: rows.map((r) => (family.name === 'binomial' ? (r >> 1) % 2 : Math.sin(r * r))),
    x: rows.map((r) => r % 2),
    z: rows.map((r) => Math.floor(r / n) % 3),
    g: rows.map((r) => Math.floor(r / n)),
  };
  return (formula: string) => glmm(formula, table, { family });
}

function told(calibration: Calibration, strategy: string, name: string) {
  const row = calibration.rows.find((one) => one.strategy === strategy)!;
  return row.parameters.find((one) => one.name === name)!;
}

const timeless = ({ rows }: Calibration): CalibrationRow[] =>
  rows.map((row) => ({ ...row, milliseconds: 0 }));

test('data depend on the seed and the replication alone, and are the same for all strategies', async (t) => {
  const [one, two, more] = ['one', 'two', 'more'].map((name) => probe(name, () => ({})));
  await calibrate(seeds, [one.strategy, two.strategy], { replications: 3, seed: 7, parameters: truth });
  await calibrate(seeds, [laplace(), more.strategy], { replications: 5, seed: 7, parameters: truth });
  const data = ({ asked }: typeof one) => asked.map(({ model }) => Array.from(model.design.y));
  t.deepEqual(data(one), data(two));
  t.deepEqual(data(more).slice(0, 3), data(one));
  t.deepEqual(
    one.asked.map(({ seed }) => seed),
    more.asked.slice(0, 3).map(({ seed }) => seed),
  );
  t.notDeepEqual(data(one)[0], data(one)[1]);
  const run = (workers: number) =>
    calibrate(seeds, [quadrature(), fixedEffects()], {
      replications: 4,
      seed: 7,
      parameters: truth,
      workers,
    });
  t.deepEqual(timeless(await run(2)), timeless(await run(1)));
});

test('on two threads the replications are shared, to the same bits', async (t) => {
  const options = { replications: 12, seed: 7, parameters: truth };
  // The first replication takes long, so that threads are worth it; threads cannot be told of this strategy.
  const { strategy, asked } = probe('slow', () => ({}));
  const slow: Strategy = {
    ...strategy,
    async run(task) {
      if (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 400));
      return strategy.run(task);
    },
  };
  const spied = laplace();
  const { run } = spied;
  let here = 0;
  Object.assign(spied, {
    run(task: FitTask) {
      here++;
      return run(task);
    },
  });
  const steps: number[] = [];
  const shared = await calibrate(seeds, [fixedEffects(), slow, spied], {
    ...options,
    workers: 2,
    onProgress: ({ done }) => steps.push(done),
  });
  // Replications 0, 2, 4, ... on this thread, the others elsewhere.
  t.is(here, 6);
  t.is(asked.length, 12);
  t.deepEqual(steps, [...Array(13).keys()]);
  const alone = await calibrate(seeds, [fixedEffects(), strategy, laplace()], options);
  t.deepEqual(timeless(shared), timeless(alone));
});

test('threads can be told of every strategy, but for what has functions in its options', (t) => {
  const makers = {
    laplace,
    pql,
    mql,
    pooled,
    fixedEffects,
    gibbs,
    nuts,
    collapsed,
    polyaGamma,
    albertChib,
    mcem,
    saem,
    mcnr,
    mcml,
  };
  for (const [name, make] of Object.entries(makers)) {
    const made = make();
    const again = strategyOf(tellingOf(made)!);
    t.deepEqual([again.name, again.settings], [made.name, made.settings], name);
    t.is(tellingOf({ ...made }), undefined, name);
  }
  const seven = quadrature({ rule: 'adaptive', nodes: 7 });
  t.deepEqual(strategyOf(tellingOf(seven)!).settings, seven.settings);
  t.is(tellingOf(gibbs({ priors: { sigma: halfCauchy(1) } })), undefined);
  t.is(tellingOf(mcem({ eStep: importance() })), undefined);
});

test('sums by hand, and failures that are counted and left out', async (t) => {
  // Estimates 0.1 above and 0.3 below the truth by turns, with errors of 0.1; every fifth fit fails, one of ten throws.
  let k = -1;
  const { strategy } = probe('by turns', (_, { estimates }) => {
    k++;
    if (k % 10 === 9) throw new Error('broken');
    const finding = { code: 'x', severity: 'error', message: 'broken', advice: '' } as const;
    const by = k % 2 === 0 ? 0.1 : -0.3;
    return {
      estimates: estimates.map((estimate, j) => ({
        ...estimate,
        value: [...truth.beta, truth.sigma][j] + by,
        standardError: j === 2 && k % 4 === 0 ? Number.NaN : 0.1,
      })),
      ...(k % 10 === 4 && { findings: [finding, finding] }),
    };
  });
  const calibration = await calibrate(seeds, [strategy], { replications: 20, seed: 1, parameters: truth });
  const [row] = calibration.rows;
  t.is(row.failures, 4);
  t.is(row.failureRate, 0.2);
  t.deepEqual(row.failureCodes, { threw: 2, x: 2 });
  t.deepEqual(
    calibration.findings.map(({ code }) => code),
    ['many-failures'],
  );
  // 16 are left: of 0, 2, 6, 8 (+10) above and of 1, 3, 5, 7 (+10) below.
  const [intercept, , sigma] = row.parameters;
  t.is(intercept.fits, 16);
  near(t, intercept.bias, -0.1, 1e-12, 'bias');
  near(t, intercept.sd, Math.sqrt((16 * 0.04) / 15), 1e-12, 'sd');
  near(t, intercept.biasError, intercept.sd / 4, 1e-12, 'error of the bias');
  near(t, intercept.rmse, Math.sqrt(0.05), 1e-12, 'rmse');
  near(t, intercept.meanStandardError, 0.1, 1e-12, 'mean standard error');
  // 0.1 away is inside of 1.64 errors, 0.3 outside of 1.96.
  t.deepEqual(
    intercept.coverage.map(({ level, value, intervals }) => [level, value, intervals]),
    [
      [0.9, 0.5, 16],
      [0.95, 0.5, 16],
    ],
  );
  near(t, intercept.coverage[0].error, Math.sqrt((0.5 * 0.5) / 16), 1e-12, 'error of the coverage');
  // Of k = 0, 8, 12, 16 sigma has no error; k = 4 failed.
  t.is(sigma.coverage[0].intervals, 12);
  t.regex(String(calibration), /by turns: 20 fits of .*, 4 failed \(threw 2, x 2\)/);
  t.regex(String(calibration), /sigma: no interval in 4 of 16 fits/);
  const plain = JSON.parse(JSON.stringify(calibration));
  t.is(plain.schema, 'glmmc/calibration');
  t.deepEqual(plain.truth, { '(Intercept)': -0.4, x1: -0.3, sigma: 0.4 });
  t.deepEqual(plain.rows[0].failureCodes, { threw: 2, x: 2 });
  t.true(
    String(calibration)
      .split('\n')
      .every((line) => line.length <= 80),
  );
});

test('Gaussian responses: closed forms', async (t) => {
  const [m, n] = [12, 4];
  const model = balanced(m, n, gaussian())('y ~ x + (1 | g)');
  const parameters = { beta: Float64Array.of(1, 0.5), sigma: 1, dispersion: 0.5 };
  const found = await calibrate(model, [quadrature(), pooled(), fixedEffects()], {
    replications: 150,
    seed: 11,
    parameters,
  });
  for (const strategy of ['quadrature', 'pooled', 'fixed-effects']) {
    const { bias, biasError, sd, fits } = told(found, strategy, 'x');
    t.is(fits, 150);
    t.true(Math.abs(bias) < 4 * biasError, `${strategy}: ${bias} by ${biasError}`);
    // x is balanced in every cluster: all three are the difference of means.
    near(t, sd / Math.sqrt((4 * 0.5) / (m * n)), 1, 4 / Math.sqrt(2 * 150), strategy);
  }
  // The residual sum of squares over all rows: short of the truth by the degrees of freedom (Neyman and Scott).
  const { bias, biasError } = told(found, 'fixed-effects', 'dispersion');
  near(t, bias, -0.5 * ((m + 1) / (m * n)), 4 * biasError, 'Neyman and Scott');
  const whole = told(found, 'pooled', 'dispersion');
  near(t, whole.mean, (0.5 * (m * n - m - 1) + (m - 1) * (n + 0.5)) / (m * n), 4 * whole.biasError, 'pooled');
  // Rows taken for independent: too wide for what varies within clusters, too narrow for the intercept.
  t.true(told(found, 'pooled', 'x').coverage[1].value > 0.98);
  t.true(told(found, 'pooled', '(Intercept)').coverage[1].value < 0.85);
  t.true(
    Math.abs(told(found, 'quadrature', 'x').coverage[1].value - 0.95) <
      4 * told(found, 'quadrature', 'x').coverage[1].error,
  );
});

test('binary pairs: a coefficient a cluster doubles, pooling attenuates', async (t) => {
  const model = balanced(400, 2, binomial())('y ~ x + (1 | g)');
  const parameters = { beta: Float64Array.of(-0.5, 1), sigma: 1.5 };
  const found = await calibrate(model, [pooled(), fixedEffects()], { replications: 40, seed: 5, parameters });
  const twice = told(found, 'fixed-effects', 'x');
  // 2 log of a ratio of counts, whose own bias is near (1 - 2p) / (n p (1 - p)) / 2 a count.
  near(t, twice.mean, 2, 4 * twice.biasError + 0.02, 'twice');
  t.true(twice.coverage[1].value < 0.5);
  const link = marginalLink(model, parameters);
  const expected = link.marginalPredictor(0.5) - link.marginalPredictor(-0.5);
  const whole = told(found, 'pooled', 'x');
  t.true(expected < 0.8);
  near(t, whole.mean, expected, 4 * whole.biasError + 0.01, 'attenuated');
});

test('the truth: the own maximum, what is held, and sigma = 0', async (t) => {
  const own = await calibrate(seeds, [laplace()], { replications: 2 });
  const { parameters } = await fit(seeds, quadrature());
  t.deepEqual(own.parameters, parameters);
  const held = await calibrate(seeds, [quadrature()], { replications: 3, fixed: { sigma: 0 } });
  t.is(held.parameters.sigma, 0);
  t.deepEqual(
    held.findings.map(({ code }) => code),
    ['truth-on-boundary'],
  );
  const sigma = told(held, 'quadrature', 'sigma');
  t.is(sigma.bias, 0);
  t.true(Number.isNaN(sigma.coverage[0].value));
});

test('what is not identified is no failure: no estimate, and it is said', async (t) => {
  const model = balanced(10, 4, gaussian())('y ~ z + x + (1 | g)');
  const parameters = { beta: Float64Array.of(0, 1, 1), sigma: 1, dispersion: 1 };
  const found = await calibrate(model, [fixedEffects()], { replications: 5, parameters });
  t.is(found.rows[0].failures, 0);
  t.is(told(found, 'fixed-effects', 'z').fits, 0);
  t.is(told(found, 'fixed-effects', 'x').fits, 5);
  t.regex(String(found), /z: no estimate in 5 of 5 fits/);
});

test('draws that miss R-hat 1.01 by little are counted, and told beside; others fail', async (t) => {
  // Two chains of 200 draws, `apart` standard deviations from each other.
  const shifts = [0, 0.5, 0.5, 2, 0];
  let k = -1;
  const draws = (apart: number): Draws => {
    const stream = rng(k).stream('draws');
    const chains = [0, apart].map((by) => Float64Array.from({ length: 200 }, () => by + normal(stream)));
    const variables = ['(Intercept)', 'x1', 'sigma', 'lp__'];
    return { variables, chains: 2, iterations: 200, chain: (_: string, c: number) => chains[c] };
  };
  const strategy: Strategy = {
    name: 'chains',
    settings: {},
    async run(task: FitTask): Promise<Fit> {
      k++;
      const sampled = draws(shifts[k]);
      const findings = diagnose(sampled);
      const exact = await pooled().run(task);
      const kind = 'posterior' as const;
      const converged = hasConverged(findings);
      return { ...exact, kind, fixed: [], draws: sampled, findings, converged } as unknown as Fit;
    },
  };
  const found = await calibrate(seeds, [strategy], { replications: 5, parameters: truth });
  const [row] = found.rows;
  t.is(row.unsettled, 2);
  t.is(row.failures, 1);
  t.deepEqual(Object.keys(row.failureCodes).sort(), ['ess-low', 'not-converged', 'rhat-high']);
  t.is(row.findings['rhat-high'], 3);
  t.is(row.parameters[0].fits, 4);
  t.deepEqual(
    found.findings.map(({ code }) => code),
    ['many-failures', 'many-unsettled'],
  );
  t.regex(String(found), /2\s+unsettled/);
});

test('bad input is refused, an abort is heard', async (t) => {
  await t.throwsAsync(calibrate({} as never, [laplace()]), { code: 'bad-model' });
  await t.throwsAsync(calibrate(seeds, []), { code: 'bad-strategy' });
  await t.throwsAsync(calibrate(seeds, [laplace()], { replication: 5 } as never), { code: 'unknown-option' });
  await t.throwsAsync(calibrate(seeds, [laplace()], { replications: 1 }), { code: 'bad-option' });
  const parameters = { beta: Float64Array.of(1), sigma: 1 };
  await t.throwsAsync(calibrate(seeds, [laplace()], { parameters }), { code: 'bad-parameters' });
  const alike = glmm('y ~ 1 + (1 | g)', { y: [1, 1, 0, 0], g: [1, 1, 2, 2] }, { family: binomial() });
  await t.throwsAsync(calibrate(alike, [laplace()]), { code: 'no-truth' });
  const weighted = glmm(
    'y ~ 1 + (1 | g)',
    { y: [1, 0, 0, 1], g: [1, 1, 2, 2], w: [2, 2, 1, 1] },
    { family: binomial(), weights: 'w' },
  );
  await t.throwsAsync(calibrate(weighted, [laplace()]), { code: 'bad-weights' });
  const abort = new AbortController();
  const stopped = calibrate(seeds, [laplace()], {
    replications: 50,
    parameters: truth,
    signal: abort.signal,
    onProgress({ done }) {
      if (done === 2) abort.abort(new Error('enough'));
    },
  });
  await t.throwsAsync(stopped, { message: 'enough' });
});
