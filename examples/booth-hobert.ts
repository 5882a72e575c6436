// Monte Carlo EM as Booth and Hobert (1999) introduced it, on their data, with the path it takes.
//   npx tsx --conditions=glmmc-source examples/booth-hobert.ts
import { fileURLToPath } from 'node:url';
import { binomial, fit, glmm, importance, mcem, quadrature, readCsv } from 'glmmc';
import { table } from 'glmmc/samplers';

// 10 clusters of 15 binary responses, logit P(y = 1) = beta x + eps_i with x = j / 15, made with beta 5, sigma^2 0.5.
const data = await readCsv(fileURLToPath(new URL('data/booth_hobert.csv', import.meta.url)));
const model = glmm('y ~ 0 + x1 + (1 | z1)', data, { family: binomial() });

const em = await fit(model, mcem({ eStep: importance() }), { seed: 42 });
console.log('The path. Draws a cluster grow when a step is lost in Monte Carlo noise:\n');
const path = em.history.map(({ iteration, parameters, detail }) => [
  String(iteration),
  String(detail?.draws ?? '-'),
  parameters.beta[0].toFixed(4),
  parameters.sigma.toFixed(4),
  Number(detail?.gain).toExponential(1),
  Number(detail?.gainError).toExponential(1),
]);
console.log(`${table(['step', 'draws', 'beta', 'sigma', 'gain of Q', 'its error'], path)}\n`);
console.log(`${em}\n`);

const exact = await fit(model, quadrature());
const rows = em.estimates.map(({ name, value, monteCarloError }, k) => {
  const truth = exact.estimates[k];
  return [
    name,
    value.toFixed(5),
    monteCarloError.toExponential(1),
    truth.value.toFixed(6),
    ((value - truth.value) / monteCarloError).toFixed(2),
    ((100 * monteCarloError) / truth.standardError).toFixed(2),
  ];
});
console.log('Held against the certified maximum:\n');
console.log(`${table(['', 'mcem', 'MC error', 'exact', 'z', '% of SE'], rows)}\n`);
const [, sigma] = em.estimates;
console.log(
  `The paper: beta 6.132, sigma^2 1.766. Here: beta ${em.estimates[0].value.toFixed(3)}, sigma^2 ${(sigma.value ** 2).toFixed(3)}.`,
);
