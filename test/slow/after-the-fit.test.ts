// The bootstrap against bootMer, coverage of sigma, kill -9, p-values drawn from the null; the conditional AIC against cAIC4.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { quantile, sorted } from '../../samplers/diagnostics/descriptive.js';
import { quantileError } from '../../samplers/diagnostics/mcse.js';
import { fit } from '../../src/estimate/fit.js';
import { laplace, quadrature } from '../../src/estimate/quadrature.js';
import { simulate } from '../../src/estimate/simulate.js';
import { bootstrap } from '../../src/inspect/bootstrap.js';
import { confint } from '../../src/inspect/confint.js';
import { informationCriteria } from '../../src/inspect/information-criteria.js';
import { likelihoodRatio } from '../../src/inspect/likelihood-ratio.js';
import { binomial, gaussian, poisson } from '../../src/model/family.js';
import { glmm, withResponse } from '../../src/model/model.js';
import { near, shipped } from '../helpers.js';

interface Golden {
  readonly replications: number;
  readonly quantiles: readonly (readonly number[])[];
}
const golden: Readonly<Record<'cbpp' | 'dyestuff', Golden>> = JSON.parse(
  readFileSync(new URL('../data/after-the-fit/bootstrap.json', import.meta.url), 'utf8'),
);
const LEVELS = [0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975];

const cbpp = glmm('cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)', await shipped('cbpp'), {
  family: binomial(),
});
const dyestuff = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff'), { family: gaussian() });

for (const [name, model, B] of [
  ['cbpp', cbpp, 1500],
  ['dyestuff', dyestuff, 4000],
] as const) {
  test(`${name}: quantiles of bootMer, within the Monte Carlo errors of both`, async (t) => {
    const { replications, failures } = await bootstrap(await fit(model, quadrature()), {
      replications: B,
      seed: 1,
    });
    t.true(failures < 0.02 * B, `${failures} failures`);
    const { quantiles, replications: theirs } = golden[name];
    quantiles.forEach((expected, a) => {
      const values = sorted(replications.getColumn(a));
      LEVELS.forEach((p, k) => {
        // Their error is ours, of another number of replications.
        const error = quantileError(values, p, values.length) * Math.hypot(1, Math.sqrt(B / theirs));
        // lme4 leaves data sets in that have no finite estimate (a period without a case): 1.5% of them, all in one tail.
        near(t, quantile(values, p), expected[k], 4 * error + 1e-3, `estimate ${a}, level ${p}`);
      });
    });
  });
}

test('intervals of level 90% for sigma hold it nine times of ten', async (t) => {
  const rows = Array.from({ length: 240 }, (_, r) => ({ y: r % 7, g: Math.floor(r / 4) }));
  const model = glmm('y ~ 1 + (1 | g)', rows, { family: gaussian() });
  const truth = { beta: Float64Array.of(1), sigma: 1, dispersion: 1 };
  const sets = 100;
  let basic = 0;
  for (const y of simulate(model, truth, { draws: sets, seed: 5 })) {
    const result = await fit(withResponse(model, y), quadrature());
    const options = { method: 'bootstrap', level: 0.9, replications: 120, parameters: ['sigma'] } as const;
    const [{ lower, upper }] = await confint(result, { ...options, interval: 'basic' });
    if (lower <= 1 && 1 <= upper) basic++;
  }
  near(t, basic / sets, 0.9, 3 * Math.sqrt((0.9 * 0.1) / sets), 'coverage');
});

test('kill -9: what was finished is kept, and the rest follows to the same bits', async (t) => {
  const path = mkdtempSync(join(tmpdir(), 'glmmc-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  const options = { replications: 2000, seed: 8 };
  // The child is asked for more than it can finish before it is killed.
  const endless = { ...options, replications: 1_000_000 };
  const child = spawn(
    process.execPath,
    [
      ...['--conditions=glmmc-source', '--import=tsx', '--input-type=module', '--eval'],
      `import { binomial, bootstrap, fit, glmm, quadrature, readCsv } from '${new URL('../../src/index.ts', import.meta.url)}';
      const table = await readCsv('${new URL('../../examples/data/cbpp.csv', import.meta.url).pathname}');
      const model = glmm('${cbpp.formula}', table, { family: binomial() });
      await bootstrap(await fit(model, quadrature()), { ...${JSON.stringify(endless)}, checkpoint: '${path}' });`,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const file = join(path, 'replications');
  const begun = (): boolean => existsSync(file) && statSync(file).size > 10 * 64;
  while (!begun() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
  child.kill('SIGKILL');
  t.is((await ended)[1], 'SIGKILL');
  const result = await fit(cbpp, quadrature());
  let first = -1;
  const again = await bootstrap(result, {
    ...options,
    workers: 2,
    checkpoint: path,
    onProgress: ({ done }) => {
      if (first < 0) first = done;
    },
  });
  t.true(first >= 10 && first < 2000, `went on from ${first}`);
  t.deepEqual(again.replications, (await bootstrap(result, options)).replications);
});

test('many clusters: the p-value by replications is that of the mixture', async (t) => {
  const rows = Array.from({ length: 300 }, (_, r) => ({ y: r % 5, g: Math.floor(r / 3) }));
  const model = glmm('y ~ 1 + (1 | g)', rows, { family: gaussian() });
  const truth = { beta: Float64Array.of(1), sigma: 0.35, dispersion: 1 };
  const data = withResponse(model, simulate(model, truth, { seed: 3 })[0]);
  const none = await fit(data, quadrature(), { fixed: { sigma: 0 } });
  const ratio = await likelihoodRatio(none, await fit(data, quadrature()), {
    bootstrap: { replications: 1500, seed: 2 },
  });
  t.true(ratio.referredPValue > 0.005 && ratio.referredPValue < 0.4, `${ratio.referredPValue}`);
  near(t, ratio.pValue, ratio.referredPValue, 4 * ratio.pValueError, 'p');
});

test('the conditional AIC of counts is that of cAIC4', async (t) => {
  const expected = JSON.parse(
    readFileSync(new URL('../data/after-the-fit/conditional-aic.json', import.meta.url), 'utf8'),
  ).epil;
  const model = glmm('y ~ lbase + V4 + (1 | subject)', await shipped('epil'), { family: poisson() });
  const found = await informationCriteria(await fit(model, laplace()));
  near(t, found.conditionalLogLik, expected.logLik, 1e-4, 'log-likelihood given the intercepts');
  near(t, found.conditionalDf, expected.df, 1e-3, 'degrees of freedom');
});
