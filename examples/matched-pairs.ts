// Matched pairs and sets: the mixed model beside conditioning, which needs no distribution of the intercepts.
//   npx tsx --conditions=glmmc-source examples/matched-pairs.ts
import { fileURLToPath } from 'node:url';
import { binomial, conditionalLogistic, fit, glmm, matchedPairs, quadrature, readCsv } from 'glmmc';
import { table } from 'glmmc/samplers';

const shipped = (name: string) => readCsv(fileURLToPath(new URL(`data/${name}.csv`, import.meta.url)));

// Agresti: 1600 persons asked twice whether they approve of the prime minister.
const answers = await shipped('approval');
console.log(`${await matchedPairs(answers, { response: 'approve', exposure: 'survey', pair: 'person' })}\n`);

// Sets of up to seven visits: toenails of 294 patients. Conditioning uses the 115 patients who changed, and only what varies
// within them; the treatment itself goes with the intercepts, its effect over time does not.
const visits = await shipped('toenail');
const model = glmm('outcome ~ treatment * time + (1 | patientID)', visits, { family: binomial() });
const conditional = conditionalLogistic(model);
console.log(`${conditional}\n`);

const mixed = await fit(model, quadrature());
const rows = conditional.estimates.map(({ name, value, standardError }) => {
  const other = mixed.estimates.find((estimate) => estimate.name === name)!;
  return [
    name,
    `${value.toFixed(4)} (${standardError.toFixed(4)})`,
    `${other.value.toFixed(4)} (${other.standardError.toFixed(4)})`,
  ];
});
console.log(table(['', 'conditional', 'mixed model, all patients'], rows));
