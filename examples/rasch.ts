// Rasch's model by three likelihoods, with either side random: the LSAT, and the same test with the roles exchanged.
//   npx tsx --conditions=glmmc-source examples/rasch.ts
import { fileURLToPath } from 'node:url';
import { rasch, readCsv } from 'glmmc';

// Bock and Lieberman (1970): five items of section 6 of the Law School Admission Test, 1000 persons.
const answers = await readCsv(fileURLToPath(new URL('data/lsat_long.csv', import.meta.url)));
const columns = { response: 'y', person: 'person', item: 'item' };

// Persons random, items fixed: what is known of a test. Every score has a group of its own in Andersen's test.
console.log(`${await rasch(answers, { ...columns, split: 'scores' })}\n`);

// Items random, persons fixed: what is known of persons who took a few items out of many. Every 50th person.
const some = Array.from(answers.person, Number).flatMap((person, r) => (person % 50 === 4 ? [r] : []));
const few = Object.fromEntries(
  Object.entries(answers).map(([name, column]) => [name, some.map((r) => column[r])]),
);
console.log(`${await rasch(few, { ...columns, random: 'items' })}`);
