// Time of a whole fit by each strategy on the shipped data: medians of warm runs, in one process, as a Markdown table.
import { fileURLToPath } from 'node:url';
import {
  binomial,
  type Family,
  type Fit,
  fit,
  gibbs,
  glmm,
  importance,
  laplace,
  mcem,
  metropolis,
  poisson,
  quadrature,
  readCsv,
  type Strategy,
} from 'glmmc';

const RUNS = 5;

const models: readonly [string, string, Family][] = [
  ['cbpp', 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)', binomial()],
  ['seeds', 'r | trials(n) ~ x1 * x2 + (1 | plate)', binomial()],
  ['booth_hobert', 'y ~ 0 + x1 + (1 | z1)', binomial()],
  ['infection', 'x | trials(n) ~ t + (1 | clinic)', binomial()],
  ['toenail', 'outcome ~ treatment * time + (1 | patientID)', binomial()],
  ['lsat_long', 'y ~ 0 + factor(item) + (1 | person)', binomial()],
  ['approval', 'approve ~ survey + (1 | person)', binomial()],
  ['epil', 'y ~ lbase + trtprog + lbase_trtprog + lage + V4 + (1 | subject)', poisson()],
];

const strategies: readonly Strategy<Fit>[] = [
  quadrature(),
  laplace(),
  quadrature({ rule: 'adaptive', nodes: 25 }),
  mcem({ eStep: importance() }),
  mcem({ eStep: metropolis() }),
  gibbs(),
];

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

console.log(`| data | rows | clusters | ${strategies.map(({ name }) => name).join(' | ')} |`);
console.log(`| --- | --- | --- | ${strategies.map(() => '---').join(' | ')} |`);
for (const [name, formula, family] of models) {
  const table = await readCsv(fileURLToPath(new URL(`../examples/data/${name}.csv`, import.meta.url)));
  const model = glmm(formula, table, { family });
  const cells: string[] = [];
  for (const strategy of strategies) {
    const times: number[] = [];
    // The first run warms up; a strategy that takes long is run less often.
    for (let run = 0; run <= RUNS && (run < 2 || times[0] < 5000); run++) {
      const { milliseconds } = await fit(model, strategy, { seed: run + 1 });
      if (run > 0) times.push(milliseconds);
    }
    cells.push(median(times).toPrecision(3));
  }
  console.log(`| ${name} | ${model.observations} | ${model.clusterLabels.length} | ${cells.join(' | ')} |`);
}
