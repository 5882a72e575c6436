// Matched pairs: two answers a person, where the Laplace approximation is 92 log units off.
//   npx tsx --conditions=glmmc-source examples/approval.ts
import { fileURLToPath } from 'node:url';
import { binomial, compare, glmm, laplace, quadrature, readCsv } from 'glmmc';
import { table } from 'glmmc/samplers';

// Agresti, Categorical Data Analysis: 1600 persons asked twice whether they approve of the prime minister.
const answers = await readCsv(fileURLToPath(new URL('data/approval.csv', import.meta.url)));
const model = glmm('approve ~ survey + (1 | person)', answers, { family: binomial() });

const rules = [1, 5, 15, 25].map((nodes) =>
  nodes === 1 ? laplace() : quadrature({ rule: 'adaptive', nodes }),
);
const comparison = await compare(model, [...rules, quadrature()]);
const { reference, rows } = comparison;

console.log('What each rule takes the log-likelihood at its own maximum to be:\n');
const values = rows.map(({ strategy, estimates, fit }) => {
  const objective = fit?.kind === 'likelihood' ? fit.objective : Number.NaN;
  return [
    strategy,
    ...estimates.map(({ value }) => value.toFixed(4)),
    objective.toFixed(2),
    (objective - reference.logLik).toFixed(2),
  ];
});
const names = reference.estimates.map(({ name }) => name);
console.log(`${table(['', ...names, 'its logLik', 'off by'], values)}\n`);

// With more agreement than chance the model fits the two by two table exactly, so its answers are known:
const [both, first, second, neither] = pairs();
const n = both + first + second + neither;
const beta = Math.log(second / first);
const se = Math.sqrt(1 / first + 1 / second);
const saturated = [both, first, second, neither].reduce((sum, count) => sum + count * Math.log(count / n), 0);
const slope = reference.estimates[1];
const closed = [
  ['survey', slope.value.toFixed(8), beta.toFixed(8)],
  ['its standard error', slope.standardError.toFixed(8), se.toFixed(8)],
  ['log-likelihood', reference.logLik.toFixed(6), saturated.toFixed(6)],
];
console.log(`Pairs (yes yes, yes no, no yes, no no): ${both}, ${first}, ${second}, ${neither}\n`);
console.log(`${table(['', 'quadrature', 'closed form'], closed)}\n`);
console.log(`sigma is ${reference.parameters.sigma.toFixed(1)} with two answers a person: the integrands are far from normal.
Laplace gives a sigma of ${rows[0].estimates[2].value.toFixed(1)} and a survey effect of ${rows[0].estimates[1].value.toFixed(2)},
and no program that uses it alone can tell.`);

/** How many persons approved (both times, first only, second only, never). */
function pairs(): number[] {
  const counts = [0, 0, 0, 0];
  const byPerson = new Map<string, number>();
  Array.from(answers.person, String).forEach((person, r) => {
    const code = Number(answers.approve[r]) === 1 ? (Number(answers.survey[r]) === 0 ? 2 : 1) : 0;
    byPerson.set(person, (byPerson.get(person) ?? 0) + code);
  });
  for (const code of byPerson.values()) counts[3 - code]++;
  return counts;
}
