// A meta-analysis: one treatment in eight clinics whose patients differ, by the exact binomial-normal model.
//   npx tsx --conditions=glmmc-source examples/infection.ts
import { fileURLToPath } from 'node:url';
import { binomial, compare, fit, gibbs, glmm, laplace, mcem, quadrature, ranef, readCsv, tidy } from 'glmmc';

// Beitler and Landis (1985): x of n patients cured of an infection by a cream (t = 1) or a control (t = 0).
// Clinics are the studies: some have no success at all in the control group, so no log odds ratio of their own,
// yet the binomial likelihood takes them as they are.
const arms = await readCsv(fileURLToPath(new URL('data/infection.csv', import.meta.url)));
const model = glmm('x | trials(n) ~ t + (1 | clinic)', arms, { family: binomial() });

const strategies = [quadrature(), laplace(), mcem(), gibbs()];
const comparison = await compare(model, strategies, { seed: 42 });
console.log(`${comparison}\n`);

const exact = comparison.reference;
const effect = tidy(exact).find(({ term }) => term === 't')!;
const [ratio, low, high] = [effect.estimate, effect['conf.low'], effect['conf.high']].map(Math.exp);
console.log(
  `Odds ratio of cure ${ratio.toFixed(3)}, 95% interval ${low.toFixed(2)} to ${high.toFixed(2)} (p ${effect['p.value'].toFixed(4)}).`,
);
const ignored = await fit(model, quadrature(), { fixed: { sigma: 0 } });
console.log(
  `Had the clinics been ignored: ${Math.exp(ignored.parameters.beta[1]).toFixed(3)}, ` +
    `at a log-likelihood ${(exact.logLik - ignored.logLik).toFixed(1)} lower.\n`,
);
console.log('The clinics (log odds of cure above the average clinic):\n');
console.log(ranef(exact).toString());
