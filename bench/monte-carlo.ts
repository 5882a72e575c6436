// How long each Monte Carlo strategy takes until its error is 1% of the standard error, and how near it then is.
//   npm run bench:monte-carlo -- --data cbpp,lsat --programs importance,saem --seeds 5 --most 40
// What is measured is the built package, each program on each data set in a process of its own: one fit to warm up where fits
// are short, then one for every seed. Results go to bench/results/monte-carlo.json, where those of the same data and program
// are replaced.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  binomial,
  type Fit,
  fit,
  glmm,
  importance,
  type LikelihoodFit,
  mcem,
  mcml,
  mcnr,
  metropolis,
  quadrature,
  quadratureEStep,
  quasiMonteCarlo,
  readCsv,
  rejection,
  type Strategy,
  saem,
} from 'glmmc';
import {
  type MonteCarloResult,
  type MonteCarloResults,
  machine,
  median,
  readResults,
  root,
  writeResults,
} from './results.js';

const TARGET = { monteCarloError: 0.01 };
/** Milliseconds of a fit that needs none before it to warm up. */
const LONG = 4000;

/** File of examples/data and formula of each; all binomial with logit link. */
const DATA: Readonly<Record<string, readonly [string, string]>> = {
  booth_hobert: ['booth_hobert', 'y ~ 0 + x1 + (1 | z1)'],
  infection: ['infection', 'x | trials(n) ~ t + (1 | clinic)'],
  cbpp: ['cbpp', 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)'],
  seeds: ['seeds', 'r | trials(n) ~ x1 * x2 + (1 | plate)'],
  lsat: ['lsat_long', 'y ~ 0 + factor(item) + (1 | person)'],
  toenail: ['toenail', 'outcome ~ treatment * time + (1 | patientID)'],
};

const PROGRAMS: Readonly<Record<string, () => Strategy<LikelihoodFit>>> = {
  quadrature: () => quadrature(),
  quadratureEStep: () => mcem({ eStep: quadratureEStep(), ...TARGET }),
  quasiMonteCarlo: () => mcem({ eStep: quasiMonteCarlo(), ...TARGET }),
  importance: () => mcem({ eStep: importance(), ...TARGET }),
  rejection: () => mcem({ eStep: rejection(), ...TARGET }),
  metropolis: () => mcem({ eStep: metropolis(), ...TARGET }),
  mcnr: () => mcnr(TARGET),
  mcml: () => mcml(TARGET),
  saem: () => saem(TARGET),
};

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: Object.keys(DATA).join() },
    programs: { type: 'string', default: Object.keys(PROGRAMS).join() },
    seeds: { type: 'string', default: '5' },
    /** Seconds after which no other seed is begun; a process that has not ended after twice that is given up. */
    most: { type: 'string', default: '40' },
    /** Kept with the results, such as that other programs ran. */
    remark: { type: 'string' },
    /** What the processes that this one starts are told to do. */
    child: { type: 'string' },
  },
});
const most = Number(options.most);

if (options.child) {
  const [data, program] = options.child.split(' ');
  console.log(JSON.stringify(await measure(data, program)));
} else measureAll();

function measureAll(): void {
  for (const data of options.data.split(',')) {
    for (const program of options.programs.split(',')) {
      const result = { ...inProcess(data, program), ...(options.remark && { remark: options.remark }) };
      const others = readResults<MonteCarloResults>('monte-carlo')?.results ?? [];
      const results = [...others.filter((one) => one.data !== data || one.program !== program), result];
      const order = ({ data, program }: MonteCarloResult): number =>
        100 * Object.keys(DATA).indexOf(data) + Object.keys(PROGRAMS).indexOf(program);
      results.sort((a, b) => order(a) - order(b));
      writeResults('monte-carlo', { machine: machine(), results });
      console.log(JSON.stringify(result));
    }
  }
}

function inProcess(data: string, program: string): MonteCarloResult {
  const settings = ['--seeds', options.seeds, '--most', options.most, '--child', `${data} ${program}`];
  try {
    const text = execFileSync(process.execPath, [fileURLToPath(import.meta.url), ...settings], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 2000 * most,
    });
    return JSON.parse(text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ETIMEDOUT') throw error;
    return { data, program, runs: 0, landed: 0, seconds: 2 * most };
  }
}

async function measure(data: string, program: string): Promise<MonteCarloResult> {
  const [file, formula] = DATA[data];
  const table = await readCsv(fileURLToPath(new URL(`examples/data/${file}.csv`, root)));
  const model = glmm(formula, table, { family: binomial() });
  const exact = await fit(model, quadrature());
  const strategy = PROGRAMS[program]();
  const begin = performance.now();
  const first = await fit(model, strategy, { seed: 1 });
  // A long fit has warmed up on the way.
  const fits: LikelihoodFit[] = first.milliseconds > LONG ? [first] : [];
  for (let seed = fits.length + 1; seed <= Number(options.seeds); seed++) {
    if (seed > 1 && performance.now() - begin > 1000 * most) break;
    fits.push(await fit(model, strategy, { seed }));
  }
  const landings = fits.flatMap(({ landing }) => landing ?? []);
  return {
    data,
    program,
    runs: fits.length,
    landed: fits.filter(({ converged, landing }) => converged && (landing?.landed ?? true)).length,
    seconds: median(fits.map(({ milliseconds }: Fit) => milliseconds)) / 1000,
    distance: Math.max(...fits.map((found) => distance(found, exact))),
    ...(landings.length > 0 && {
      draws: median(landings.map(({ draws }) => draws)),
      stated: median(landings.map(({ largestErrorRatio }) => largestErrorRatio)),
    }),
  };
}

/** The largest difference of an estimate to the exact one, in its standard error. */
function distance(found: LikelihoodFit, exact: LikelihoodFit): number {
  return Math.max(
    ...exact.estimates.map(({ value, standardError }, k) =>
      Math.abs((found.estimates[k].value - value) / standardError),
    ),
  );
}
