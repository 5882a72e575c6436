// informationCriteria(): broom's AIC and BIC, conditional AICs of R and by refits, and where there are none.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { fit, type LikelihoodFit } from '../src/estimate/fit.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { pql } from '../src/estimate/quasi-likelihood.js';
import { glance } from '../src/inspect/glance.js';
import { informationCriteria } from '../src/inspect/information-criteria.js';
import { ranef } from '../src/inspect/ranef.js';
import { refit } from '../src/inspect/refit.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, gaussian, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import { caseModel, likelihoodCase, posteriorCase } from './fit-cases.js';
import { near, shipped } from './helpers.js';

const golden = JSON.parse(
  readFileSync(new URL('data/after-the-fit/conditional-aic.json', import.meta.url), 'utf8'),
);

for (const name of ['binomial', 'poisson', 'gaussian', 'gamma', 'negative binomial']) {
  test(`${name}: AIC and BIC are glance's, and BIC by clusters`, async (t) => {
    const result = await likelihoodCase(name);
    const found = await informationCriteria(result, { refits: 0 });
    const { AIC, BIC, logLik } = glance(result);
    t.is(found.AIC, AIC);
    t.is(found.BIC, BIC);
    t.is(found.parameters, result.estimates.length);
    near(t, found.clusterBIC, -2 * logLik + found.parameters * Math.log(12), 1e-10, 'by clusters');
    t.is(Number.isNaN(found.conditionalAIC), name !== 'gaussian');
    t.regex(String(found), /conditional +[-\d]/);
  });
}

test("a Gaussian and a binary model: R's, fitted as R does", async (t) => {
  const batches = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff'), { family: gaussian() });
  const dyestuff = await informationCriteria(await fit(batches, quadrature()));
  near(t, dyestuff.conditionalLogLik, golden.dyestuff.logLik, 1e-6, 'dyestuff');
  near(t, dyestuff.conditionalDf, golden.dyestuff.df, 1e-4, 'dyestuff, degrees');
  const { conditionalLogLik, conditionalDf, conditionalAIC } = dyestuff;
  near(t, conditionalAIC, -2 * conditionalLogLik + 2 * conditionalDf, 1e-12, 'AIC of these');
  const trials = glmm('y ~ x1 - 1 + (1 | z1)', await shipped('booth_hobert'), { family: binomial() });
  const booth = await informationCriteria(await fit(trials, laplace()));
  near(t, booth.conditionalLogLik, golden.boothHobert.logLik, 1e-4, 'Booth and Hobert');
  near(t, booth.conditionalDf, golden.boothHobert.df, 1e-4, 'Booth and Hobert, degrees');
});

/** x' beta + mode of the intercept, row by row. */
function predictors(result: LikelihoodFit): Float64Array {
  const { model, parameters } = result;
  const { design } = model;
  const modes = ranef(result);
  return Float64Array.from(design.cluster, (i, r) => {
    let eta = modes[i].mode;
    parameters.beta.forEach((b, j) => {
      eta += b * design.x[r * design.columns + j];
    });
    return eta;
  });
}

test('Gaussian degrees are the slopes of the fitted values in their own responses', async (t) => {
  const result = await likelihoodCase('gaussian');
  const { conditionalDf } = await informationCriteria(result);
  let sum = 0;
  const h = 1e-3;
  for (let r = 0; r < 60; r++) {
    const at = async (step: number): Promise<number> => {
      const y = result.model.design.y.slice();
      y[r] += step;
      return predictors(await refit(result, y))[r];
    };
    sum += ((await at(h)) - (await at(-h))) / (2 * h);
  }
  near(t, conditionalDf, sum + 1, 1e-4, 'and 1 for the residual variance');
});

test('Poisson degrees by refits with one count less', async (t) => {
  const result = await likelihoodCase('poisson');
  const { conditionalDf, conditionalLogLik } = await informationCriteria(result);
  const { y } = result.model.design;
  const own = predictors(result);
  let sum = 0;
  let logLik = 0;
  for (let r = 0; r < 60; r++) {
    let factorial = 0;
    for (let k = 2; k <= y[r]; k++) factorial += Math.log(k);
    logLik += y[r] * own[r] - Math.exp(own[r]) - factorial;
    if (y[r] === 0) continue;
    const less = y.slice();
    less[r]--;
    sum += y[r] * (own[r] - predictors(await refit(result, less))[r]);
  }
  near(t, conditionalDf, sum, 1e-5, 'degrees');
  near(t, conditionalLogLik, logLik, 1e-9, 'log-likelihood given the intercepts');
  t.true(conditionalDf > 2 && conditionalDf < 14);
});

test('cluster weights stand for as many clusters', async (t) => {
  const pairs = [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ];
  const times = [9, 4, 3, 8];
  const long = pairs.flatMap((pair, i) =>
    Array.from({ length: times[i] }, (_, copy) => pair.map((y) => ({ y, g: `${i}.${copy}` }))).flat(),
  );
  const short = pairs.flatMap((pair, i) => pair.map((y) => ({ y, g: i, w: times[i] })));
  const one = await fit(glmm('y ~ 1 + (1 | g)', long, { family: poisson() }), quadrature(), {
    fixed: { sigma: 0.7 },
  });
  const other = await fit(
    glmm('y ~ 1 + (1 | g)', short, { family: poisson(), clusterWeights: 'w' }),
    quadrature(),
    { fixed: { sigma: 0.7 } },
  );
  const [a, b] = [await informationCriteria(one), await informationCriteria(other)];
  near(t, a.BIC, b.BIC, 1e-8, 'rows');
  near(t, a.clusterBIC, b.clusterBIC, 1e-8, 'clusters');
  near(t, a.conditionalLogLik, b.conditionalLogLik, 1e-8, 'given the intercepts');
});

test('where there is none, the reason', async (t) => {
  const reasonOf = async (model: Model, fixed = {}): Promise<string> => {
    const found = await informationCriteria(await fit(model, quadrature(), { fixed }));
    t.is(found.conditionalAIC, Number.NaN);
    t.true(Number.isFinite(found.AIC));
    return found.findings.find(({ code }) => code === 'no-conditional-aic')!.message;
  };
  const dyestuff2 = glmm('Yield ~ (1 | Batch)', await shipped('dyestuff2'), { family: gaussian() });
  t.regex(await reasonOf(dyestuff2), /sigma is 0/);
  t.regex(await reasonOf(caseModel('binomial')), /binomial counts.*single trials/);
  t.regex(await reasonOf(caseModel('gamma')), /gamma \(log\) responses/);
  t.regex(await reasonOf(caseModel('probit')), /binomial \(probit\)/);
  t.regex(await reasonOf(caseModel('gaussian', studentT(5))), /student-t intercepts/);
  t.regex(await reasonOf(caseModel('poisson', pointMasses(2))), /point masses/);
  const result = await likelihoodCase('poisson');
  const few = await informationCriteria(result, { refits: 59 });
  t.regex(few.findings[0].message, /60 rows, and refits allows 59/);
  const boundary = await informationCriteria(await fit(dyestuff2, quadrature()));
  t.deepEqual(
    boundary.findings.map(({ code }) => code),
    ['sigma-boundary', 'no-conditional-aic'],
  );
  await t.throwsAsync(informationCriteria(await posteriorCase('poisson')), {
    code: 'bad-fit',
    message: /elpd/,
  });
  await t.throwsAsync(informationCriteria(await fit(result.model, pql())), {
    code: 'bad-fit',
    message: /pql/,
  });
  await t.throwsAsync(informationCriteria(result, { refit: 3 } as never), { code: 'unknown-option' });
  const reason = new Error('stop');
  await t.throwsAsync(informationCriteria(result, { signal: AbortSignal.abort(reason) }), { is: reason });
});
