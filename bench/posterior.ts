// Effective draws a second of each posterior sampler, on the data and with the priors that R's programs are measured with.
//   npm run bench:posterior -- --data seeds,lsat --samplers collapsed,gibbs
// What is measured is the built package, each sampler on each data set in a process of its own. Results go to
// bench/results/posterior.json, where those of the same data and program are replaced. bench/posterior-peers.sh measures
// rstanarm's NUTS and JAGS beside them.
//   node bench/dist/posterior.js write FOLDER    the CSV files and the list of them for R
//   node bench/dist/posterior.js read FOLDER     what R printed, into the results
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  binomial,
  collapsed,
  diagnose,
  essBulk,
  fit,
  gibbs,
  glmm,
  mcseMean,
  nuts,
  type PosteriorFit,
  polyaGamma,
  readCsv,
  type Strategy,
} from 'glmmc';
import { chainsOf } from './chains-of.js';
import {
  machine,
  type PosteriorResult,
  type PosteriorResults,
  readResults,
  root,
  writeResults,
} from './results.js';

/** File of examples/data, formula, and the same formula for R; all binomial with logit link. */
const DATA: Readonly<Record<string, readonly [file: string, formula: string, inR: string]>> = {
  booth_hobert: ['booth_hobert', 'y ~ 0 + x1 + (1 | z1)', 'y ~ 0 + x1 + (1 | z1)'],
  infection: ['infection', 'x | trials(n) ~ t + (1 | clinic)', 'cbind(x, n - x) ~ t + (1 | clinic)'],
  seeds: ['seeds', 'r | trials(n) ~ x1 * x2 + (1 | plate)', 'cbind(r, n - r) ~ x1 * x2 + (1 | plate)'],
  cbpp: [
    'cbpp',
    'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)',
    'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)',
  ],
  lsat: ['lsat_long', 'y ~ 0 + factor(item) + (1 | person)', 'y ~ 0 + factor(item) + (1 | person)'],
  toenail: [
    'toenail',
    'outcome ~ treatment * time + (1 | patientID)',
    'outcome ~ treatment * time + (1 | patientID)',
  ],
  approval: ['approval', 'approve ~ survey + (1 | person)', 'approve ~ survey + (1 | person)'],
};

interface Length {
  readonly draws: number;
}

const SAMPLERS: Readonly<Record<string, (length: Length) => Strategy<PosteriorFit>>> = {
  collapsed,
  gibbs,
  polyaGamma,
  nuts,
};
const CHAINS = 4;
const FIRST_DRAWS = 1000;
/** Processor time that the longest run is to take, and the most draws a chain that it may have. */
const LONG_SECONDS = 4;
const MOST_DRAWS = 30_000;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string', default: Object.keys(DATA).join() },
    samplers: { type: 'string', default: Object.keys(SAMPLERS).join() },
    /** What the processes that this one starts are told to do. */
    child: { type: 'string' },
  },
});

if (options.child) {
  const [data, sampler] = options.child.split(' ');
  console.log(JSON.stringify(await measure(data, sampler)));
} else if (positionals[0] === 'write') writeJobs(positionals[1]);
else if (positionals[0] === 'read') readPeers(positionals[1]);
else {
  for (const data of options.data.split(',')) {
    for (const sampler of options.samplers.split(',')) {
      const text = execFileSync(
        process.execPath,
        [fileURLToPath(import.meta.url), '--child', `${data} ${sampler}`],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
      );
      keep([JSON.parse(text)]);
      process.stdout.write(text);
    }
  }
}

/** Puts results in the place of those of the same data and program. */
function keep(found: readonly PosteriorResult[], versions: PosteriorResults['versions'] = {}): void {
  const before = readResults<PosteriorResults>('posterior');
  const replaced = (old: PosteriorResult): boolean =>
    found.some(({ data, program }) => data === old.data && program === old.program);
  const results = [...(before?.results ?? []).filter((old) => !replaced(old)), ...found];
  const order = ({ data }: PosteriorResult): number => Object.keys(DATA).indexOf(data);
  results.sort((a, b) => order(a) - order(b) || (a.program < b.program ? -1 : 1));
  writeResults('posterior', { machine: machine(), versions: { ...before?.versions, ...versions }, results });
}

/**
 * The processor time that a draw costs is that of a long run less that of a short one, over the draws between them: what
 * comes before the draws (warm-up, tuning, proposals) takes no part. Nor does the judging of draws, which is timed again by
 * itself.
 */
async function measure(data: string, sampler: string): Promise<PosteriorResult> {
  const [file, formula] = DATA[data];
  const table = await readCsv(fileURLToPath(new URL(`examples/data/${file}.csv`, root)));
  const model = glmm(formula, table, { family: binomial() });
  const run = async (draws: number): Promise<{ seconds: number; judging: number; found: PosteriorFit }> => {
    const before = process.cpuUsage();
    const found = await fit(model, SAMPLERS[sampler]({ draws }), { seed: 1 });
    const seconds = secondsSince(before);
    const between = process.cpuUsage();
    judge(found);
    return { seconds, judging: secondsSince(between), found };
  };
  await run(FIRST_DRAWS);
  const usual = await run(FIRST_DRAWS);
  const times = Math.max(3, LONG_SECONDS / usual.seconds);
  const long = await run(Math.min(MOST_DRAWS, Math.ceil(FIRST_DRAWS * times)));
  const { draws } = long.found;
  const [ess, variable] = smallestEss(long.found);
  const between = long.seconds - long.judging - (usual.seconds - usual.judging);
  const sampling = (between * draws.iterations) / (draws.iterations - FIRST_DRAWS);
  const [usualEss] = smallestEss(usual.found);
  return {
    data,
    program: sampler,
    draws: CHAINS * draws.iterations,
    ess,
    variable,
    seconds: sampling,
    perSecond: ess / sampling,
    perSecondInAll: usualEss / usual.seconds,
  };
}

function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** What a fit does with its draws once it has them. */
function judge({ draws, estimates }: PosteriorFit): void {
  diagnose(draws, { variables: [...estimates.map(({ name }) => name), 'lp__'] });
  for (const { name } of estimates) mcseMean(chainsOf(draws, name));
}

/** The smallest bulk ESS over coefficients and sigma, and whose it is. */
function smallestEss({ draws, estimates }: PosteriorFit): [ess: number, variable: string] {
  const all = estimates.map(({ name }): [number, string] => [essBulk(chainsOf(draws, name)), name]);
  return all.reduce((least, one) => (one[0] < least[0] ? one : least));
}

function writeJobs(folder: string): void {
  const lines = options.data.split(',').map((name) => {
    const [file, , formula] = DATA[name];
    copyFileSync(new URL(`examples/data/${file}.csv`, root), join(folder, `${file}.csv`));
    return `"${name}","${file}.csv","${formula}"`;
  });
  writeFileSync(join(folder, 'jobs.csv'), `name,file,formula\n${lines.join('\n')}\n`);
}

function readPeers(folder: string): void {
  const lines = readFileSync(join(folder, 'peers.jsonl'), 'utf8').trim().split('\n');
  const [{ versions }, ...found] = lines.map((line) => JSON.parse(line));
  keep(found, versions);
}
