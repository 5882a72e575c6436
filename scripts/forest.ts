// Draws the picture of the README, docs/forest-light.svg and docs/forest-dark.svg: one trial by five strategies.
//   npx tsx --conditions=glmmc-source scripts/forest.ts
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  binomial,
  compare,
  forestPlot,
  gibbs,
  glmm,
  laplace,
  mcem,
  parseCsv,
  quadrature,
  quasiMonteCarlo,
  toSvg,
} from 'glmmc';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The texts of both pictures by the names of their files. */
export async function pictures(): Promise<Record<string, string>> {
  const visits = parseCsv(await readFile(here('../examples/data/toenail.csv'), 'utf8'));
  const model = glmm('outcome ~ treatment * time + (1 | patientID)', visits, { family: binomial() });
  const strategies = [quadrature(), laplace(), mcem({ eStep: quasiMonteCarlo() }), gibbs()];
  const comparison = await compare(model, strategies, { seed: 42 });
  const spec = forestPlot(comparison, { parameters: ['(Intercept)', 'sigma'] });
  return {
    'forest-light.svg': await toSvg(spec, { theme: 'light' }),
    'forest-dark.svg': await toSvg(spec, { theme: 'dark' }),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(await pictures())) await writeFile(here(`../docs/${name}`), text);
}
