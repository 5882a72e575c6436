// Rasch's model of a test: five items of the Law School Admission Test, 1000 persons.
//   npx tsx --conditions=glmmc-source examples/lsat.ts
import { fileURLToPath } from 'node:url';
import { binomial, fit, glmm, mcem, quadrature, ranef, readCsv, type Table } from 'glmmc';
import { table } from 'glmmc/samplers';

// logit P(person i solves item j) = easiness_j + ability_i. Here PERSONS ARE RANDOM, N(0, sigma^2), and ITEMS ARE
// FIXED, one coefficient each: with 5 items and 1000 persons it is the persons one wants to generalise over.
// (Some lectures have it the other way round, subjects fixed and items random: exchange the two columns.)
const answers = await readCsv(fileURLToPath(new URL('data/lsat_long.csv', import.meta.url)));
const formula = 'y ~ 0 + item1 + item2 + item3 + item4 + item5 + (1 | person)';
const model = glmm(formula, answers, { family: binomial() });

const exact = await fit(model, quadrature());
const simulated = await fit(model, mcem(), { seed: 42 });
console.log(`${exact}\n`);

console.log('Items of test theory: difficulty = -easiness / sigma, discrimination = sigma.\n');
const sigma = exact.parameters.sigma;
const items = exact.estimates.slice(0, 5).map(({ name, value }, j) => {
  const other = simulated.estimates[j];
  const z = (other.value - value) / other.monteCarloError;
  return [name, value.toFixed(4), (-value / sigma).toFixed(3), other.value.toFixed(4), z.toFixed(2)];
});
console.log(`${table(['', 'easiness', 'difficulty', 'mcem', 'z'], items)}\n`);
console.log('z: (mcem - quadrature) in Monte Carlo errors of mcem.\n');

// Persons with the same answers are alike: 30 patterns with their numbers are the same likelihood as 1000 persons.
const patterns = byPattern(answers);
const few = glmm(formula, patterns, { family: binomial(), clusterWeights: 'persons' });
const weighted = await fit(few, quadrature());
console.log(
  `logLik of 1000 persons ${exact.logLik.toFixed(6)}, ` +
    `of ${few.clusterLabels.length} weighted patterns ${weighted.logLik.toFixed(6)}.\n`,
);

console.log('Ability of a person, by items solved (a sum is all that matters in this model):\n');
const abilities = ranef(weighted);
const scores = [0, 1, 2, 3, 4, 5].map((score) => {
  const person = abilities.find(({ cluster }) => solved(cluster) === score)!;
  return [String(score), person.mean.toFixed(3), person.sd.toFixed(3)];
});
console.log(table(['solved', 'ability', 'sd'], scores));

/** One cluster per pattern of answers, with the number of persons who gave it. */
function byPattern(data: Table): Record<string, number | string>[] {
  const persons = new Map<string, number[]>();
  Array.from(data.person, String).forEach((person, r) => {
    const row = persons.get(person) ?? [];
    row[Number(data.item[r]) - 1] = Number(data.y[r]);
    persons.set(person, row);
  });
  const counts = new Map<string, number>();
  for (const row of persons.values()) counts.set(row.join(''), (counts.get(row.join('')) ?? 0) + 1);
  return [...counts].flatMap(([pattern, number]) =>
    [...pattern].map((answer, j) => ({
      person: `pattern ${pattern}`,
      y: Number(answer),
      persons: number,
      ...Object.fromEntries([1, 2, 3, 4, 5].map((k) => [`item${k}`, k === j + 1 ? 1 : 0])),
    })),
  );
}

function solved(pattern: string): number {
  return [...pattern].filter((answer) => answer === '1').length;
}
