// Why quadrature with a fixed number of nodes fails: the toenail trial by ten rules, and the answer.
//   npx tsx --conditions=glmmc-source examples/toenail.ts
import { fileURLToPath } from 'node:url';
import { binomial, fit, glmm, quadrature, readCsv } from 'glmmc';
import { table } from 'glmmc/samplers';

// 294 patients, two treatments, severe infection or not at up to seven visits (De Backer et al. 1998). As in Lesaffre
// and Spiessens (2001) time is the planned month of the visit.
const visits = await readCsv(fileURLToPath(new URL('data/toenail.csv', import.meta.url)));
const planned = [0, 1, 2, 3, 6, 9, 12];
const month = Float64Array.from(visits.visit as ArrayLike<number>, (visit) => planned[visit - 1]);
const model = glmm(
  'outcome ~ treatment * month + (1 | patientID)',
  { ...visits, month },
  { family: binomial() },
);

const rules = [
  ...[3, 5, 10, 20, 50].map((nodes) => ({ rule: 'gauss-hermite' as const, nodes })),
  ...[3, 5, 10, 20].map((nodes) => ({ rule: 'adaptive' as const, nodes })),
];
const rows: string[][] = [];
for (const options of rules) {
  const { parameters, objective } = await fit(model, quadrature(options));
  const estimates = [...parameters.beta, parameters.sigma].map((value) => value.toFixed(3));
  rows.push([`${options.rule} ${options.nodes}`, ...estimates, (-2 * objective).toFixed(2)]);
}
const certified = await fit(model, quadrature());
rows.push([
  'certified',
  ...certified.estimates.map(({ value }) => value.toFixed(3)),
  (-2 * certified.logLik).toFixed(2),
]);

console.log('Each row is the maximum of the log-likelihood as that rule computes it.\n');
console.log(`${table(['rule, nodes', ...certified.estimates.map(({ name }) => name), '-2 logLik'], rows)}\n`);
console.log(`Certified: -2 logLik ${(-2 * certified.logLik).toFixed(6)}, error below ${certified.logLikError.toExponential(0)}.
sigma is 4, so the patients' integrands are narrow and far from 0: nodes centred
at 0 (gauss-hermite) miss them, and what is missed changes as the parameters
move. The effect of treatment changes sign between 5, 10 and 20 nodes. Adaptive
nodes follow each integrand but still need more than 20 here; the certified rule
refines each patient by himself until the error is known.`);
