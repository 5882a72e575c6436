// Overdispersed germination counts by two models that compare: a normal intercept a plate, or a beta distribution.
//   npx tsx --conditions=glmmc-source examples/litters.ts
import { fileURLToPath } from 'node:url';
import { betaBinomial, binomial, glmm, litters, readCsv } from 'glmmc';

// Crowder (1978): seeds of two species of Orobanche (x1) brushed with extracts of two roots (x2), r of n germinated; the
// beta-binomial regression was made for these plates, and BUGS later took them for the mixed model.
const plates = await readCsv(fileURLToPath(new URL('data/seeds.csv', import.meta.url)));
const model = glmm('r | trials(n) ~ x1 * x2 + (1 | plate)', plates, { family: binomial() });
console.log(`${await litters(model)}\n`);

// Is the interaction needed? Twice the difference of two log-likelihoods of the beta-binomial, on one degree of freedom.
const additive = glmm('r | trials(n) ~ x1 + x2 + (1 | plate)', plates, { family: binomial() });
const gain = betaBinomial(model).logLik - betaBinomial(additive).logLik;
console.log(`Beta-binomial likelihood ratio of the interaction: ${(2 * gain).toFixed(3)} (5% point 3.84).`);
