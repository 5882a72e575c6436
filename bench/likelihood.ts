// How fast the likelihood is: its kernels, whole certified fits from 1e4 to 1e7 rows, a wide design, small data.
//   npm run bench:likelihood -- --rows 1e4,1e5,1e6,1e7 --only kernels,fits,wide,small --runs 5
// What is measured is the built package. Each fit has a process of its own, so that a first call is one and memory is
// its own; the plain evaluation is made in the same process. Results go to bench/results/likelihood.json, where those of
// the same size are replaced and the others stay.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureFit, measureKernels, measureSmall, SMALL_DATA } from './measure.js';
import {
  type FitResult,
  type LikelihoodResults,
  machine,
  readResults,
  type SmallResult,
  writeResults,
} from './results.js';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '1e4,1e5,1e6' },
    only: { type: 'string', default: 'kernels,fits,wide,small' },
    runs: { type: 'string', default: '5' },
    kernelRows: { type: 'string', default: '1e6' },
    wideRows: { type: 'string', default: '910000' },
    /** What the processes that this one starts are told to do: a fit by design and workers, or a small data set. */
    child: { type: 'string' },
  },
});
const runs = Number(options.runs);
const WORKERS = [1, 2];

if (options.child) console.log(JSON.stringify(await child(options.child)));
else await measureAll();

async function child(task: string): Promise<FitResult | SmallResult> {
  const [kind, what, workers] = task.split(' ');
  if (kind === 'small') return measureSmall(what, 40 * runs);
  return measureFit(kind === 'wide' ? 'wide' : 'simulated', Number(what), Number(workers), runs);
}

/** Runs a task in a process of its own. */
function inProcess<T>(task: string): T {
  const text = execFileSync(
    process.execPath,
    [fileURLToPath(import.meta.url), '--runs', options.runs, '--child', task],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return JSON.parse(text);
}

async function measureAll(): Promise<void> {
  const wanted = new Set(options.only.split(','));
  let results: LikelihoodResults = {
    kernels: [],
    plainNanosecondsPerRow: Number.NaN,
    fits: [],
    wide: [],
    small: [],
    ...readResults<LikelihoodResults>('likelihood'),
    machine: machine(),
  };
  const keep = (part: Partial<LikelihoodResults>): void => {
    results = { ...results, ...part };
    writeResults('likelihood', results);
  };
  const fits = (kind: 'fits' | 'wide', rows: number): void => {
    for (const workers of WORKERS) {
      const result = inProcess<FitResult>(`${kind} ${rows} ${workers}`);
      keep({ [kind]: replaceFit(results[kind], result) });
      const { first, warm, plain, memoryPeak } = result;
      console.log(
        `${kind} ${rows} rows, ${workers} workers: first ${first.toFixed(0)} ms, warm ${warm.toFixed(0)} ms, ` +
          `${(warm / plain).toFixed(2)} plain evaluations, peak ${(memoryPeak / 2 ** 20).toFixed(0)} MiB`,
      );
    }
  };
  if (wanted.has('kernels')) {
    const measured = await measureKernels(Number(options.kernelRows), runs);
    keep(measured);
    console.table(measured.kernels);
    console.log(`plain: ${measured.plainNanosecondsPerRow.toFixed(1)} ns a row`);
  }
  if (wanted.has('small')) {
    const small = SMALL_DATA.map((name) => inProcess<SmallResult>(`small ${name}`));
    keep({ small });
    console.table(small);
  }
  if (wanted.has('fits')) for (const rows of options.rows.split(',')) fits('fits', Number(rows));
  if (wanted.has('wide')) fits('wide', Number(options.wideRows));
}

/** The list with that result in its place, by rows and workers. */
function replaceFit(list: readonly FitResult[], result: FitResult): FitResult[] {
  const others = list.filter(({ rows, workers }) => rows !== result.rows || workers !== result.workers);
  return [...others, result].sort((a, b) => a.rows - b.rows || a.workers - b.workers);
}
