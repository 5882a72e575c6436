// The main job: one model, fitted to real data by five strategies, all on one yardstick. Run by `npm start`.
//   npx tsx --conditions=glmmc-source examples/cbpp.ts
import { fileURLToPath } from 'node:url';
import {
  binomial,
  compare,
  fit,
  gibbs,
  glmm,
  importance,
  laplace,
  mcem,
  metropolis,
  quadrature,
  ranef,
  readCsv,
} from 'glmmc';

// Contagious bovine pleuropneumonia in 15 herds of Ethiopian zebu cattle: new cases among the animals at risk,
// in four periods. Herds differ, so each gets an intercept of its own, drawn from N(0, sigma^2).
const herds = await readCsv(fileURLToPath(new URL('data/cbpp.csv', import.meta.url)));
const model = glmm('cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)', herds, {
  family: binomial(),
});

const strategies = [
  quadrature(),
  laplace(),
  mcem({ eStep: importance() }),
  mcem({ eStep: metropolis() }),
  gibbs(),
];
console.log(`${await compare(model, strategies, { seed: 42 })}\n`);

const herdsApart = ranef(await fit(model, quadrature()));
console.log('What the certified fit says of each herd (log odds above the average herd):\n');
console.log(`${herdsApart}\n`);
console.log('sdTotal adds the uncertainty of the estimated parameters to sd.');
