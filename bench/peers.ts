// The node side of bench/peers.sh: writes the CSV files that all programs read, then fits them and scores the others.
//   node bench/dist/peers.js write FOLDER ROWS...
//   node bench/dist/peers.js score FOLDER
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binomial, fit, glmm, type Model, marginal, quadrature, readCsv } from 'glmmc';
import { machine, median, type PeerResult, root, timeSeveral, writeResults } from './results.js';
import { type Columns, SIMULATED_FORMULA, simulated } from './simulated.js';

interface Job {
  readonly name: string;
  readonly file: string;
  readonly formula: string;
}

const SHIPPED: readonly Job[] = [
  {
    name: 'cbpp',
    file: 'cbpp.csv',
    formula: 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)',
  },
  { name: 'booth_hobert', file: 'booth_hobert.csv', formula: 'y ~ 0 + x1 + (1 | z1)' },
];
/** Runs of ours that are timed, of short ones more. */
const RUNS = 5;
const OUR_WORKERS = [1, 2];

const [verb, folder, ...rest] = process.argv.slice(2);
if (verb === 'write') write(rest.flatMap((text) => text.split(' ')).map(Number));
else await score();

/** The CSV files, and the list of them for R. */
function write(sizes: readonly number[]): void {
  const jobs = [...SHIPPED];
  for (const { file } of SHIPPED) copyFileSync(new URL(`examples/data/${file}`, root), join(folder, file));
  for (const rows of sizes) {
    const file = `simulated_${rows}.csv`;
    writeFileSync(join(folder, file), csv(simulated(rows / 10)));
    jobs.push({ name: `simulated, ${rows} rows`, file, formula: SIMULATED_FORMULA });
  }
  const lines = jobs.map(({ name, file, formula }) => `"${name}","${file}","${formula}"`);
  writeFileSync(join(folder, 'jobs.csv'), `name,file,formula\n${lines.join('\n')}\n`);
  writeFileSync(join(folder, 'jobs.json'), JSON.stringify(jobs));
}

/** Numbers in full: what is read is what was written. */
function csv(columns: Columns): string {
  const names = Object.keys(columns);
  const rows = Array.from(columns[names[0]], (_, r) => names.map((name) => columns[name][r]).join(','));
  return `${names.join(',')}\n${rows.join('\n')}\n`;
}

async function score(): Promise<void> {
  const jobs: Job[] = JSON.parse(readFileSync(join(folder, 'jobs.json'), 'utf8'));
  const lines = readFileSync(join(folder, 'peers.jsonl'), 'utf8').trim().split('\n');
  const [{ versions }, ...peers] = lines.map((line) => JSON.parse(line));
  const results: PeerResult[] = [];
  for (const { name, file, formula } of jobs) {
    const table = await readCsv(join(folder, file));
    const build = (): Model => glmm(formula, table, { family: binomial() });
    const model = build();
    const rows = model.observations;
    for (const { beta, sigma, ...others } of peers.filter(({ data }) => data === name)) {
      const certified = marginal(model, { beta: Float64Array.from(beta), sigma }).logLik;
      results.push({ ...others, rows, beta, sigma, certified });
    }
    for (const workers of OUR_WORKERS) {
      const once = () => fit(build(), quadrature(), { workers });
      // The first round warms up.
      await timeSeveral(once, RUNS);
      const times = await timeSeveral(once, RUNS);
      const { parameters, logLik } = await once();
      results.push({
        data: name,
        rows,
        program: `glmmc, ${workers === 1 ? '1 thread' : `${workers} threads`}`,
        seconds: median(times) / 1000,
        runs: times.length,
        beta: [...parameters.beta],
        sigma: parameters.sigma,
        logLik,
        certified: logLik,
      });
    }
  }
  writeResults('peers', { machine: machine(), versions, results });
  console.log(`${results.length} results in ${fileURLToPath(new URL('bench/results/peers.json', root))}`);
}
