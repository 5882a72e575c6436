// Three comparisons as pages to be read in a browser: cbpp, the toenail trial where Laplace fails, and five items of LSAT.
//   npx tsx --conditions=glmmc-source examples/reports.ts [folder]
import { mkdir, mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  binomial,
  collapsed,
  compare,
  gibbs,
  glmm,
  laplace,
  mcem,
  quadrature,
  quasiMonteCarlo,
  readCsv,
  report,
  type Strategy,
} from 'glmmc';

interface Page {
  readonly name: string;
  readonly title: string;
  readonly formula: string;
  readonly strategies: readonly Strategy[];
}

const lattices = mcem({ eStep: quasiMonteCarlo() });
const pages: readonly Page[] = [
  {
    name: 'cbpp',
    title: 'Pleuropneumonia in 15 herds',
    formula: 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)',
    strategies: [quadrature(), laplace(), mcem(), gibbs({ warmup: 500, draws: 500 })],
  },
  {
    name: 'toenail',
    title: 'Toenail infection: Laplace is wrong here',
    formula: 'outcome ~ treatment * time + (1 | patientID)',
    strategies: [quadrature(), laplace(), quadrature({ rule: 'adaptive', nodes: 10 }), lattices],
  },
  {
    name: 'lsat_long',
    title: 'LSAT: 1000 persons, five items',
    formula: 'y ~ 0 + factor(item) + (1 | person)',
    strategies: [quadrature(), lattices, collapsed({ draws: 1000 })],
  },
];

const folder = process.argv[2] ?? (await mkdtemp(join(tmpdir(), 'glmmc-reports-')));
await mkdir(folder, { recursive: true });
for (const { name, title, formula, strategies } of pages) {
  const data = await readCsv(fileURLToPath(new URL(`data/${name}.csv`, import.meta.url)));
  const comparison = await compare(glmm(formula, data, { family: binomial() }), strategies, { seed: 42 });
  const path = await report(comparison, { path: join(folder, `${name}.html`), title });
  console.log(`${path}: ${((await stat(path)).size / 1024).toFixed(0)} kB`);
  for (const { strategy, findings } of comparison.rows) {
    for (const { severity, code } of findings) console.log(`  ${strategy}: ${severity} ${code}`);
  }
}
