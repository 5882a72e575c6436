// Meta-analyses of rare events: studies without any are taken as they are, where the two-step method adds halves.
//   npx tsx --conditions=glmmc-source examples/meta-analysis.ts
import { fileURLToPath } from 'node:url';
import { metaAnalysis, readCsv } from 'glmmc';

// Niel-Weise, Stijnen, van den Broek (2007): infections of the bloodstream with anti-infective central venous catheters
// (coated = 1) and plain ones, 18 trials. One trial saw no infection at all, five saw none in one arm.
const arms = await readCsv(fileURLToPath(new URL('data/catheters.csv', import.meta.url)));
const columns = { study: 'study', events: 'events', n: 'patients' };

// Trials differ in what the coating does: each has its own odds ratio, and its baseline is conditioned away.
console.log(`${await metaAnalysis(arms, { ...columns, treatment: 'coated', model: 'hypergeometric' })}\n`);

// The same authors (2008): infections by days with the catheter, so that arms are compared by rates.
const days = await readCsv(fileURLToPath(new URL('data/catheter_days.csv', import.meta.url)));
const rates = { study: 'study', events: 'events', exposure: 'days', treatment: 'coated' };
console.log(`${await metaAnalysis(days, { ...rates, model: 'conditional-binomial' })}\n`);

// One group: how often do plain catheters infect, and in what range does that lie in a new hospital?
const plain = Array.from(arms.coated, Number).flatMap((coated, r) => (coated === 0 ? [r] : []));
const controls = Object.fromEntries(
  Object.entries(arms).map(([name, column]) => [name, plain.map((r) => column[r])]),
);
console.log(`${await metaAnalysis(controls, columns)}`);
