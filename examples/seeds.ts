// Germination counts on 21 plates: a two by two design with overdispersion, and a test of whether it is there.
//   npx tsx --conditions=glmmc-source examples/seeds.ts
import { fileURLToPath } from 'node:url';
import { binomial, compare, fit, glmm, laplace, mcem, quadrature, readCsv } from 'glmmc';

// Crowder (1978): seeds of two species of Orobanche (x1) brushed with extracts of two roots (x2);
// r of n seeds germinated. Plates differ more than binomial chance: the intercept of each plate takes that up.
const plates = await readCsv(fileURLToPath(new URL('data/seeds.csv', import.meta.url)));
const model = glmm('r | trials(n) ~ x1 * x2 + (1 | plate)', plates, { family: binomial() });

const comparison = await compare(model, [quadrature(), laplace(), mcem()], { seed: 42 });
console.log(`${comparison}\n`);

// Is sigma = 0 tenable? Zero is the edge of the parameter space, so under it the statistic is 0 half of the time and
// chi-square with one degree of freedom the other half: the p-value is half of the usual one.
const without = await fit(model, quadrature(), { fixed: { sigma: 0 } });
const { logLik } = comparison.reference;
const statistic = 2 * (logLik - without.logLik);
console.log(`Log-likelihood with plates ${logLik.toFixed(4)}, without ${without.logLik.toFixed(4)}.`);
console.log(`Likelihood ratio ${statistic.toFixed(4)}; 2.71 would be the 5% point of the 50:50 mixture.`);
console.log('The data lean towards plates that differ, without settling it.');
