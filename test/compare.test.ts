// compare(): verdicts by their stated rules, references, names, failures as rows, and the printed table.
import test from 'ava';
import { mean, sd } from '../samplers/diagnostics/descriptive.js';
import { mcseMean } from '../samplers/diagnostics/mcse.js';
import { allChains, makeDraws } from '../samplers/draws.js';
import { GlmmcError } from '../samplers/errors.js';
import { rng } from '../samplers/rng.js';
import { normal as normalVariate } from '../samplers/variates.js';
import { type Comparison, compare } from '../src/compare/compare.js';
import type { Estimate, FitTask, LikelihoodFit, PosteriorFit, Strategy } from '../src/estimate/fit.js';
import { fit } from '../src/estimate/fit.js';
import { gibbs } from '../src/estimate/gibbs.js';
import { halfCauchy, resolvePriors } from '../src/estimate/priors.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { quadraturePosterior } from '../src/estimate/quadrature-posterior.js';
import { binomial, gaussian } from '../src/model/family.js';
import type { Finding } from '../src/model/finding.js';
import { glmm } from '../src/model/model.js';
import { near, shipped } from './helpers.js';

const seeds = glmm('r | trials(n) ~ x1 * x2 + (1 | plate)', await shipped('seeds'), { family: binomial() });

const dyestuff = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff'), { family: gaussian() });

/** The certified fit with something changed: what a strategy that errs in one way would give. */
function erring(
  name: string,
  change: (exact: LikelihoodFit) => Partial<LikelihoodFit>,
): Strategy<LikelihoodFit> {
  return {
    name,
    settings: { erring: name },
    async run(task: FitTask) {
      const exact = await quadrature().run(task);
      return { ...exact, strategy: name, settings: { erring: name }, ...change(exact) };
    },
  };
}

/** Moves the first estimate by so many standard errors, with this Monte Carlo error in standard errors. */
function moved(by: number, monteCarlo: number): Strategy<LikelihoodFit> {
  return erring(`moved ${by} ${monteCarlo}`, ({ estimates }) => ({
    estimates: estimates.map(
      (estimate, k): Estimate => ({
        ...estimate,
        value: estimate.value + (k === 0 ? by * estimate.standardError : 0),
        monteCarloError: monteCarlo * estimate.standardError,
      }),
    ),
  }));
}

async function verdictOf(strategy: Strategy): Promise<{ verdict: string; codes: string[]; text: string }> {
  const { rows } = await compare(seeds, [strategy]);
  const [row] = rows;
  return {
    verdict: row.verdict,
    codes: row.findings.filter((finding) => !seeds.findings.includes(finding)).map(({ code }) => code),
    text: row.findings.map(({ message }) => message).join(' '),
  };
}

test('deterministic: 0.05 standard errors are the edge of agreement', async (t) => {
  t.is((await verdictOf(moved(0.049, 0))).verdict, 'agrees');
  const off = await verdictOf(moved(0.051, 0));
  t.is(off.verdict, 'approximate');
  t.deepEqual(off.codes, ['approximate']);
  t.regex(off.text, /\(Intercept\) is 0\.051 standard errors from the reference/);
});

test('Monte Carlo: |z| of 4 is the edge of failure, and noise proves nothing', async (t) => {
  t.is((await verdictOf(moved(0.0399, 0.01))).verdict, 'agrees');
  const far = await verdictOf(moved(-0.0401, 0.01));
  t.is(far.verdict, 'failed');
  t.deepEqual(far.codes, ['disagrees']);
  t.regex(far.text, /\(Intercept\) is 4\.0 Monte Carlo errors/);
  // 0.1 standard errors off is no fault where the Monte Carlo error allows it.
  t.is((await verdictOf(moved(0.1, 0.09))).verdict, 'agrees');
  const noisy = await verdictOf(moved(0.1, 0.11));
  t.is(noisy.verdict, 'approximate');
  t.regex(noisy.text, /Monte Carlo error of 11% of its standard error/);
});

test('a log-likelihood 0.01 off is approximate, whatever the estimates', async (t) => {
  const lower = (by: number) => erring('lower', ({ logLik }) => ({ logLik: logLik - by }));
  t.is((await verdictOf(lower(0.0099))).verdict, 'agrees');
  t.is((await verdictOf(lower(0.0101))).verdict, 'approximate');
});

test('not converged, an error finding, a value that is not finite: failed', async (t) => {
  const finding: Finding = { code: 'x', severity: 'error', message: 'broken', advice: '' };
  t.is((await verdictOf(erring('a', () => ({ converged: false })))).verdict, 'failed');
  t.is((await verdictOf(erring('b', () => ({ findings: [finding] })))).verdict, 'failed');
  const infinite = erring('c', ({ estimates }) => ({
    estimates: estimates.map((estimate) => ({ ...estimate, value: Number.NaN })),
  }));
  t.is((await verdictOf(infinite)).verdict, 'failed');
});

test('a strategy that throws is a failed row, and the others go on', async (t) => {
  const broken: Strategy = {
    name: 'broken',
    settings: {},
    run() {
      throw new GlmmcError('no-good', 'this cannot be done');
    },
  };
  const { rows } = await compare(seeds, [broken, laplace()]);
  t.deepEqual(
    rows.map(({ strategy, verdict }) => [strategy, verdict]),
    [
      ['broken', 'failed'],
      ['laplace', 'agrees'],
    ],
  );
  t.is(rows[0].findings[0].code, 'no-good');
  t.true(Number.isNaN(rows[0].logLik));
});

test('rows: differences, and the reference itself at 0', async (t) => {
  const { rows, reference } = await compare(seeds, [laplace(), quadrature()]);
  const [approximation, exact] = rows;
  t.is(exact.fit, reference);
  t.deepEqual(exact.standardizedDifference, [0, 0, 0, 0, 0]);
  t.is(exact.deltaLogLik, 0);
  approximation.estimates.forEach(({ value }, k) => {
    const { value: at, standardError } = reference.estimates[k];
    near(t, approximation.standardizedDifference[k], (value - at) / standardError, 1e-12, 'difference');
  });
  near(t, approximation.deltaLogLik, approximation.logLik - reference.logLik, 1e-12, 'delta');
  t.deepEqual(approximation.monteCarloZ, [0, 0, 0, 0, 0]);
  t.is(approximation.essPerSecond, undefined);
});

test('reference: a strategy, a fit, and what is neither', async (t) => {
  const given = await fit(seeds, quadrature({ rule: 'adaptive', nodes: 3 }));
  const byFit = await compare(seeds, [quadrature()], { reference: given });
  t.is(byFit.reference, given);
  t.true(Math.abs(byFit.rows[0].standardizedDifference[4]) > 0);
  const byStrategy = await compare(seeds, [quadrature()], { reference: laplace() });
  t.is(byStrategy.reference.strategy, 'laplace');
  const other = glmm('r | trials(n) ~ x1 + (1 | plate)', await shipped('seeds'), { family: binomial() });
  const foreign = await fit(other, laplace());
  await t.throwsAsync(compare(seeds, [laplace()], { reference: foreign }), { code: 'bad-reference' });
  await t.throwsAsync(compare(seeds, [laplace()], { reference: 'exact' as never }), { code: 'bad-option' });
});

test('fixed parameters agree exactly and have no differences', async (t) => {
  const { rows } = await compare(seeds, [laplace()], { fixed: { sigma: 0.3 } });
  t.is(rows[0].standardizedDifference[4], 0);
  t.is(rows[0].verdict, 'agrees');
});

test('a reference that holds sigma where the fits do not: said so, without infinities', async (t) => {
  const reference = await fit(seeds, quadrature(), { fixed: { sigma: 0.3 } });
  const comparison = await compare(seeds, [laplace()], { reference });
  const [row] = comparison.rows;
  t.is(row.verdict, 'approximate');
  t.regex(row.findings.at(-1)!.message, /^sigma is 0\.23458, and the reference holds it at 0\.3; /);
  t.regex(String(comparison), /\nsigma +0\.3 +\(fixed\) +0\.23458\n/);
  t.notRegex(String(comparison), /Infinity/);
});

test('sigma = 0: no unit for its difference, yet a verdict', async (t) => {
  const model = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff2'), { family: gaussian() });
  const { rows } = await compare(model, [laplace(), quadrature()]);
  t.deepEqual(
    rows.map(({ verdict }) => verdict),
    ['agrees', 'agrees'],
  );
});

test('strategies that share a name are numbered', async (t) => {
  const { rows } = await compare(seeds, [laplace(), laplace(), quadrature(), laplace()]);
  t.deepEqual(
    rows.map(({ strategy }) => strategy),
    ['laplace', 'laplace #2', 'quadrature', 'laplace #3'],
  );
});

test('bad input is refused before any work', async (t) => {
  await t.throwsAsync(compare({} as never, [laplace()]), { code: 'bad-model' });
  await t.throwsAsync((compare as (model: object) => Promise<unknown>)({}), { code: 'bad-model' });
  await t.throwsAsync(compare(seeds, []), { code: 'bad-strategy' });
  await t.throwsAsync(compare(seeds, laplace() as never), { code: 'bad-strategy' });
  await t.throwsAsync(compare(seeds, [laplace] as never), { code: 'bad-strategy' });
  await t.throwsAsync(compare(seeds, [laplace()], { sed: 1 } as never), {
    code: 'unknown-option',
    message: /did you mean 'seed'/,
  });
  await t.throwsAsync(compare(seeds, [laplace()], { seed: Number.NaN }), { code: 'bad-option' });
  await t.throwsAsync(compare(seeds, [laplace()], { fixed: { sigma: -1 } }), { code: 'bad-fixed' });
});

test('an abort rejects with its reason; progress names the strategy', async (t) => {
  const abort = new AbortController();
  const stages: string[] = [];
  const comparing = compare(seeds, [laplace(), quadrature({ rule: 'adaptive' })], {
    signal: abort.signal,
    onProgress({ stage }) {
      stages.push(stage);
      if (stage.startsWith('laplace')) abort.abort(new Error('enough'));
    },
  });
  await t.throwsAsync(comparing, { message: 'enough' });
  t.true(stages[0].startsWith('reference: '));
});

/** Independent draws with the exact means and these multiples of the exact sds. */
function drawing(widen: number, shift: number): Strategy<PosteriorFit> {
  const settings = { priors: {} };
  return {
    name: 'drawing',
    settings,
    async run({ model, seed, startedAt }) {
      const exact = await quadraturePosterior(model);
      const names = exact.parameters.map(({ name }) => name);
      const stream = rng(seed).stream('drawing');
      const n = 1000;
      const storage = [0, 1, 2, 3].map(() =>
        Float64Array.from({ length: n * names.length }, (_, k) => {
          const { mean, sd } = exact.parameters[Math.floor(k / n)];
          return mean + shift * sd + widen * sd * normalVariate(stream);
        }),
      );
      const draws = makeDraws(names, 4, n, storage);
      const estimates = names.map((name) => {
        const chains = allChains(draws, name);
        const all = chains.flatMap((chain) => [...chain]);
        return { name, value: mean(all), standardError: sd(all), monteCarloError: mcseMean(chains) };
      });
      return {
        kind: 'posterior',
        strategy: 'drawing',
        settings,
        priors: resolvePriors(model),
        seed,
        model,
        parameters: {
          beta: Float64Array.from(estimates.slice(0, 4), (e) => e.value),
          sigma: estimates[4].value,
        },
        estimates,
        fixed: [],
        converged: true,
        findings: [],
        milliseconds: performance.now() - startedAt,
        draws,
        toJSON: () => ({}),
      };
    },
  };
}

test('draws are held against the quadrature posterior: means and standard deviations', async (t) => {
  const right = await compare(seeds, [drawing(1, 0), laplace()], { seed: 3 });
  const [row] = right.rows;
  t.is(row.verdict, 'agrees');
  t.is(right.posteriors.length, 1);
  t.deepEqual(right.posteriors[0].rows, [row]);
  const sigma = right.posteriors[0].posterior.parameters[4];
  near(
    t,
    row.standardizedDifference[4],
    (row.estimates[4].value - sigma.mean) / sigma.sd,
    1e-12,
    'difference',
  );
  const z =
    (row.estimates[4].value - sigma.mean) / Math.hypot(row.estimates[4].monteCarloError, sigma.meanError);
  near(t, row.jointZ[4], z, 1e-12, 'joint z');
  const own = (row.estimates[4].value - sigma.mean) / row.estimates[4].monteCarloError;
  near(t, row.monteCarloZ[4], own, 1e-12, 'z in its own errors');
  t.true(row.essPerSecond! > 0 && row.spreadZ!.length === 5);
  t.is(right.rows[1].essPerSecond, undefined);
  t.regex(String(right), /Posterior: mean \(standard deviation\)/);
  t.regex(String(right), /Priors: beta ~ normal\(0, 10\), sigma ~ half-normal\(2\.5\)/);
  for (const line of String(right).split('\n')) t.true(line.length <= 80, line);

  const shifted = await compare(seeds, [drawing(1, 0.15)], { seed: 3 });
  t.is(shifted.rows[0].verdict, 'failed');
  const wide = await compare(seeds, [drawing(1.1, 0)], { seed: 3 });
  t.is(wide.rows[0].verdict, 'failed');
  t.regex(wide.rows[0].findings.at(-1)!.message, /The posterior sd of .* Monte Carlo errors/);
});

test('gibbs on a gaussian model, under priors of ones own and the default ones, each against its own posterior', async (t) => {
  const own = gibbs({ priors: { sigma: halfCauchy(30) } });
  const comparison = await compare(dyestuff, [gibbs(), own, gibbs()], { seed: 5 });
  t.deepEqual(
    comparison.rows.map(({ strategy, verdict }) => [strategy, verdict]),
    [
      ['gibbs', 'agrees'],
      ['gibbs #2', 'agrees'],
      ['gibbs #3', 'agrees'],
    ],
  );
  t.deepEqual(
    comparison.posteriors.map(({ rows }) => rows.map(({ strategy }) => strategy)),
    [['gibbs', 'gibbs #3'], ['gibbs #2']],
  );
  const [defaults, cauchy] = comparison.posteriors.map(({ posterior }) => posterior.parameters[1].mean);
  t.true(Math.abs(defaults - cauchy) > 1);
});

/** Durations differ from run to run. */
function timeless(comparison: Comparison): string {
  return String(comparison)
    .replace(/ *\d+(\.\d+)? m?s(?= )/g, ' TIME')
    .replace(/ +time(?= )/g, ' time');
}

test('the printed table, as text', async (t) => {
  const comparison = await compare(seeds, [
    quadrature(),
    laplace(),
    quadrature({ rule: 'gauss-hermite', nodes: 2 }),
  ]);
  const text = timeless(comparison);
  for (const line of text.split('\n')) t.true(line.length <= 80, line);
  t.is(
    text,
    `r | trials(n) ~ x1 * x2 + (1 | plate)
binomial (logit), normal intercepts; 21 rows, 21 clusters by plate; seed 1

Maximum likelihood: estimate (standard error), then the other estimates

                                               quadrature
                  quadrature  laplace  (gauss-hermite, 2)
(Intercept)  -0.5484 (0.167)  -0.5485             -0.5271
x1            0.0970 (0.278)   0.0974              0.0724
x2            1.3370 (0.237)   1.3368              1.2944
x1:x2        -0.8105 (0.385)  -0.8100             -0.8105
sigma         0.2362 (0.110)   0.2346              0.2818

How far from the reference

                        logLik    delta  diff/SE time  verdict
quadrature            -53.7574        0        0 TIME  agrees
laplace               -53.7575  -1.1e-4    0.015 TIME  agrees
quadrature            -53.8717    -0.11    0.414 TIME  approximate
  (gauss-hermite, 2)

logLik   certified, at the estimate; delta: less the reference's
diff/SE  largest distance from the reference, in the reference's standard errors
verdict  failed       no fit, not converged, an error below
         approximate  diff/SE > 0.05, or |delta| > 0.01
         agrees       the rest

Findings (! warning, !! error)

- data: 1 of 21 clusters have all successes or all failures (16).
  [clusters-all-alike]
! quadrature(gauss-hermite, 2): With 2 gauss-hermite nodes the log-likelihood is
  wrong by 0.77 at this estimate. [quadrature-inaccurate]
- quadrature(gauss-hermite, 2): sigma is 0.41 standard errors from the
  reference; its log-likelihood differs from the reference's by -0.11.
  [approximate]`,
  );
});

test('toJSON is plain data', async (t) => {
  const comparison = await compare(seeds, [laplace()], { seed: 'a' });
  const plain = JSON.parse(JSON.stringify(comparison));
  t.is(plain.schema, 'glmmc/comparison');
  t.is(plain.version, 1);
  t.is(plain.seed, 'a');
  t.is(plain.rows[0].strategy, 'laplace');
  t.is(plain.rows[0].verdict, 'agrees');
  t.is(plain.rows[0].standardizedDifference.length, 5);
  t.is(plain.reference.strategy, 'quadrature');
  t.is(plain.rows[0].fit, undefined);
});
