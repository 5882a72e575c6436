// The command line: results on stdout, one line on stderr for bad input, exit codes, every option.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { makeDraws } from '../samplers/draws.js';
import { rng } from '../samplers/rng.js';
import { normal } from '../samplers/variates.js';
import { wantsColour } from '../src/cli/colour.js';
import { runCommand } from '../src/cli/program.js';
import { progressLine } from '../src/cli/progress.js';
import { sparklines } from '../src/cli/sparkline.js';
import { parseCsv } from '../src/data/csv.js';
import { fromStanCsv } from '../src/report/stan-csv.js';
import { glmmc } from './run-glmmc.js';

const data = (name: string): string =>
  fileURLToPath(new URL(`../examples/data/${name}.csv`, import.meta.url));
const seeds = [data('seeds'), '-F', 'binomial', '-f', 'r | trials(n) ~ x1 * x2 + (1 | plate)'];

test('fit: the summary alone on stdout', async (t) => {
  const { code, out, err } = await glmmc('fit', ...seeds);
  t.deepEqual([code, err], [0, '']);
  t.regex(out, /^Random-intercept GLMM by quadrature\n/);
  t.regex(out, /x1:x2 +-0\.8105/);
});

test('fit: --strategy, --seed, --json', async (t) => {
  const { code, out } = await glmmc('fit', ...seeds, '--strategy', 'laplace', '--seed', '42', '--json');
  const plain = JSON.parse(out);
  t.deepEqual([code, plain.schema, plain.strategy, plain.seed], [0, 'glmmc/fit', 'laplace', 42]);
  const named = await glmmc('fit', ...seeds, '-S', 'laplace', '-s', 'tuesday', '--json');
  t.is(JSON.parse(named.out).seed, 'tuesday');
});

test('fit: --start takes negative numbers', async (t) => {
  const clinics = ['fit', data('infection'), '-F', 'binomial', '-f', 'x | trials(n) ~ 1 + (1 | clinic)'];
  for (const start of [['--start', '-1.5'], ['--start=-1.5,0.7'], ['--start', '-1.5,0.7']]) {
    const { code, out, err } = await glmmc(...clinics, ...start);
    t.deepEqual([code, err], [0, ''], start.join(' '));
    t.regex(out, /sigma +1\.3/);
  }
  const bad = await glmmc(...clinics, '--start', '-1.5,1,2');
  t.is(bad.code, 1);
  t.regex(
    bad.err,
    /--start: expected 2 numbers \(\(Intercept\), sigma\) or the 1 coefficients alone, found 3/,
  );
  const text = await glmmc(...clinics, '--start', '1,a');
  t.is(text.code, 1);
  t.regex(text.err, /found 'a'/);
});

test('fit: --weights, --cluster-weights and --offset name columns', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'glmmc-'));
  const file = join(folder, 'w.csv');
  await writeFile(file, 'g,y,w,cw,o\na,1,2,3,0.5\na,0,1,3,0.5\nb,1,1,1,0\nb,2,1,1,0\nc,4,2,2,1\nc,3,1,2,1\n');
  const args = ['fit', file, '-F', 'poisson', '-f', 'y ~ 1 + (1 | g)', '--json'];
  const logLiks = new Set<number>();
  for (const option of [[], ['--weights', 'w'], ['--cluster-weights', 'cw'], ['--offset', 'o']]) {
    const { code, out, err } = await glmmc(...args, ...option);
    t.deepEqual([code, err], [0, ''], option.join(' '));
    logLiks.add(JSON.parse(out).logLik);
  }
  t.is(logLiks.size, 4);
  const unknown = await glmmc(...args, '--weights', 'ww');
  t.is(unknown.code, 1);
  await rm(folder, { recursive: true });
});

const refusals: Record<string, [string[], RegExp]> = {
  'a missing file': [
    ['fit', data('sedes'), ...seeds.slice(1)],
    /no file '.*sedes\.csv'; did you mean '.*seeds\.csv'\?/,
  ],
  'an unknown column': [['fit', seeds[0], '-F', 'binomial', '-f', 'r | trials(n) ~ x3 + (1 | plate)'], /x3/],
  'an unknown family': [['fit', seeds[0], '-F', 'binomail', '-f', seeds[4]], /did you mean 'binomial'/],
  'an unknown strategy': [['fit', ...seeds, '-S', 'laplac'], /no strategy 'laplac'; did you mean 'laplace'/],
  'an unknown strategy among others': [['compare', ...seeds, '-S', 'laplace,mce'], /no strategy 'mce'/],
  'an unknown option': [['fit', ...seeds, '--pdf', 'x.pdf'], /unknown option '--pdf'/],
  'a slip in an option': [
    ['fit', ...seeds, '--familly', 'x'],
    /unknown option '--familly' \(Did you mean --family\?\)/,
  ],
  'no formula': [
    ['fit', seeds[0], '-F', 'binomial'],
    /required option '-f, --formula <formula>' not specified/,
  ],
  'no data': [['fit', ...seeds.slice(1)], /missing required argument 'data'/],
  'data twice': [['fit', seeds[0], ...seeds], /too many arguments/],
  'an unknown command': [['fitt', ...seeds], /unknown command 'fitt' \(Did you mean fit\?\)/],
  'no draws': [['sample', ...seeds, '--draws', '0'], /draws must be/],
  'draws that are no number': [
    ['sample', ...seeds, '--draws', 'many'],
    /expected a whole number, found 'many'/,
  ],
  'an unknown sampler': [['sample', ...seeds, '--sampler', 'gibs'], /did you mean 'gibbs'/],
  'a folder that is not there': [
    ['sample', ...seeds, '--out', '/nowhere/at/all'],
    /cannot write to the folder '\/nowhere\/at'/,
  ],
  'an empty seed': [['fit', ...seeds, '--seed', ''], /expected a number or a text, found ''/],
  'nodes that are no number': [
    ['fit', ...seeds, '--strategy', 'quadrature:adaptive:x'],
    /takes a whole number N, found 'x'/,
  ],
  'draws that are not there': [['diagnose', '/nowhere.csv'], /no file '\/nowhere\.csv'/],
  'draws that are no draws': [['diagnose', seeds[0], data('cbpp')], /same variables/],
};
for (const [what, [args, message]] of Object.entries(refusals)) {
  test(`${what}: one line on stderr, exit code 1`, async (t) => {
    const { code, out, err } = await glmmc(...args);
    t.deepEqual([code, out], [1, '']);
    t.regex(err, message);
    t.regex(err, /^glmmc: [^\n]+\n$/, 'one line');
  });
}

test('a formula error points at the place', async (t) => {
  const refused = async (formula: string): Promise<string> => {
    const { code, err } = await glmmc('fit', seeds[0], '-F', 'binomial', '-f', formula);
    t.is(code, 1);
    return err;
  };
  t.is(
    await refused('r ~ (1 | plate'),
    "glmmc: formula: expected an operator or ')', found the end: 'r ~ (1 | plate▸'\n",
  );
  t.regex(await refused('r ~ ~ (1 | plate)'), /^glmmc: formula: [^\n]+: 'r ~ ▸~ \(1 \| plate\)'\n$/);
  t.regex(await refused('r ~\n x1 $ (1 | plate)'), /^glmmc: formula: [^\n]+▸\$ \(1 \| plate\)'\n$/);
});

test('help of every command has examples and exit codes', async (t) => {
  for (const command of ['fit', 'compare', 'sample', 'diagnose', 'simulate', 'plot']) {
    const { code, out, err } = await glmmc(command, '--help');
    t.deepEqual([code, err], [0, '']);
    t.true(
      out.includes(`Usage: glmmc ${command}`) && out.includes('Examples:') && out.includes('Exit codes:'),
    );
  }
  const { code, out } = await glmmc('--help');
  t.is(code, 0);
  t.regex(out, /glmmc fit --help/);
});

test('compare: the table, JSON, and the strategies asked for', async (t) => {
  const { code, out, err } = await glmmc('compare', ...seeds, '-S', 'laplace,quadrature:adaptive:7');
  t.deepEqual([code, err], [0, '']);
  t.regex(out, /How far from the reference/);
  const json = await glmmc('compare', ...seeds, '-S', 'laplace', '--json');
  t.deepEqual(
    JSON.parse(json.out).rows.map((row: { strategy: string }) => row.strategy),
    ['laplace'],
  );
});

test('exit code 2: fitted but not converged', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'glmmc-'));
  const file = join(folder, 'separated.csv');
  await writeFile(file, 'g,x,y\na,0,0\na,1,1\nb,0,0\nb,1,1\nc,0,0\nc,1,1\n');
  const model = [file, '-F', 'binomial', '-f', 'y ~ x + (1 | g)'];
  t.is((await glmmc('fit', ...model)).code, 2);
  t.is((await glmmc('compare', ...model, '-S', 'laplace')).code, 2);
  await rm(folder, { recursive: true });
});

test('sample writes Stan CSV that diagnose reads', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'glmmc-'));
  const prefix = join(folder, 'seeds');
  const size = ['--chains', '2', '--warmup', '200', '--draws', '300', '--seed', '1'];
  const sampled = await glmmc('sample', ...seeds, ...size, '--out', prefix);
  t.is(sampled.err, '');
  t.true(sampled.out.includes(`Draws written to ${prefix}_1.csv, ${prefix}_2.csv`));
  const files = [1, 2].map((c) => `${prefix}_${c}.csv`);
  const draws = fromStanCsv(await Promise.all(files.map((file) => readFile(file, 'utf8'))));
  t.deepEqual([draws.chains, draws.iterations], [2, 300]);
  t.true(draws.variables.includes('x1:x2') && draws.variables.includes('eps[21]'));

  const { code, out } = await glmmc('diagnose', ...files);
  t.is(code, 0);
  t.regex(out, /^2 chains of 300 draws\n\nvariable +mean +median/);
  t.regex(out, /\nx1:x2 /);
  const json = JSON.parse((await glmmc('diagnose', ...files, '--json')).out);
  t.deepEqual(json.map((row: { variable: string }) => row.variable).sort(), [...draws.variables].sort());
  await rm(folder, { recursive: true });
});

test('sample --checkpoint goes on from what is there', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'glmmc-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const run = [
    'sample',
    ...seeds,
    '--chains',
    '1',
    '--warmup',
    '50',
    '--draws',
    '60',
    '--checkpoint',
    folder,
  ];
  const first = await glmmc(...run, '--json');
  t.true((await readFile(join(folder, 'chain-1.draws'))).length > 0);
  const again = await glmmc(...run, '--json');
  t.deepEqual(JSON.parse(again.out).estimates, JSON.parse(first.out).estimates);
  const other = await glmmc(...run, '--seed', '7');
  t.is(other.code, 1);
  t.regex(other.err, /is not of this run: its seed is/);
});

test('diagnose: verdict, divergences, and no sampler columns in the table', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'glmmc-'));
  const file = join(folder, 'apart.csv');
  const rows = Array.from({ length: 100 }, (_, k) => `${-k},${k % 7},${k % 50 === 0 ? 1 : 0},0.9`);
  await writeFile(file, `# a comment\nlp__,mu,divergent__,stepsize__\n${rows.join('\n')}\n`);
  const { code, out } = await glmmc('diagnose', file);
  t.is(code, 0);
  t.regex(out, /^1 chain of 100 draws/);
  t.regex(out, /warning \[rhat-high\] The chain still drifts in lp__: R-hat is/);
  t.regex(out, /2 divergent transitions/);
  t.false(out.includes('stepsize__'));
  await rm(folder, { recursive: true });
});

test('diagnose: what is not defined is not well, what never moves is set apart', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'glmmc-'));
  const verdict = async (header: string, ...chains: string[][]): Promise<string> => {
    const files = chains.map((_, c) => join(folder, `${c}.csv`));
    await Promise.all(files.map((file, c) => writeFile(file, `${header}\n${chains[c].join('\n')}\n`)));
    const { code, out } = await glmmc('diagnose', ...files);
    t.is(code, 0);
    t.true(out.split('\n').every((line) => line.length <= 80));
    return out.split('\n\n')[4];
  };
  const short = await verdict('mu', ['1', '2', '3'], ['2', '3', '1']);
  t.regex(
    short,
    /^warning \[draws-few\] R-hat and effective sample sizes are not defined: they take\s+4 draws a chain, found 3\./,
  );
  t.notRegex(short, /Every/);
  t.regex(
    await verdict('mu', ['1', '2', '3', 'nan', '5']),
    /^warning \[draws-not-finite\] Some draws of mu are no finite/,
  );
  const stream = rng(1).stream('diagnose');
  const good = (): string[] => Array.from({ length: 1000 }, () => `${normal(stream)},0.1`);
  const well = await verdict('mu,sigma', good(), good());
  t.regex(well, /^warning \[draws-constant\] The same in every draw[^.]+sigma\./);
  t.regex(well, /Of the others, every R-hat is below 1\.01 and every effective sample size at\s+least 200\./);
  t.regex(await verdict('mu,sigma', good()), /One chain: R-hat compares its halves/);
  t.regex(
    await verdict('mu', ['1', '1', '1', '1'], ['2', '2', '2', '2'], ['4', '4', '4', '4']),
    /\[rhat-high\] The chains do not agree yet on mu: R-hat is Infinity/,
  );
  await rm(folder, { recursive: true });
});

test('diagnose: errors name the file', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'glmmc-'));
  const [good, bad, long] = ['good.csv', 'bad.csv', 'long.csv'].map((name) => join(folder, name));
  await writeFile(good, 'mu\n1\n');
  await writeFile(bad, 'mu\nx\n');
  await writeFile(long, 'mu\n1\n2\n');
  const place = `'${bad}': line 2, mu: expected a number`;
  t.true((await glmmc('diagnose', bad)).err.includes(place));
  t.true((await glmmc('diagnose', good, bad)).err.includes(place));
  const { err } = await glmmc('diagnose', good, long);
  t.true(err.includes(`'${good}' has 1 draws, '${long}' has 2`));
  await rm(folder, { recursive: true });
});

test('progress: only on a terminal, ten lines a second at most, wiped before results', (t) => {
  let err = '';
  const io = {
    out() {},
    err(text: string) {
      err += text;
    },
    terminal: true,
  };
  let time = 0;
  const line = progressLine(io, () => time);
  for (; time < 250; time += 10) line.onProgress?.({ stage: 'em', done: time, total: 250 });
  line.wipe();
  t.is(err, '\r\u001b[Kem 0 of 250\r\u001b[Kem 100 of 250\r\u001b[Kem 200 of 250\r\u001b[K');
  t.is(progressLine({ ...io, terminal: false }).onProgress, undefined);
});

test('progress: after a second, with the time left where it is known', (t) => {
  const lines: string[] = [];
  const io = { out() {}, err: (text: string) => lines.push(text.slice(4)), terminal: true };
  let time = 0;
  const { onProgress } = progressLine(io, () => time);
  time = 2500;
  onProgress?.({ stage: 'sampling', done: 2000, total: 8000, detail: { secondsLeft: 7.4 } });
  time = 3000;
  onProgress?.({ stage: 'em', done: 12, total: 500, detail: { gain: 1 } });
  t.deepEqual(lines, ['sampling 2000 of 8000 [#####---------------] 8 s left', 'em 12 of 500, 3 s so far']);
});

test('colour: severities alone, where asked for; not under NO_COLOR', async (t) => {
  const dyestuff2 = ['fit', data('dyestuff2'), '-F', 'gaussian', '-f', 'Yield ~ 1 + (1 | Batch)'];
  let out = '';
  const io = {
    out(text: string) {
      out += text;
    },
    err() {},
    terminal: false,
    colour: true,
  };
  await runCommand(dyestuff2, io);
  t.true(out.includes('\n\u001b[33mwarning\u001b[39m [sigma-boundary]'));
  const plain = await glmmc(...dyestuff2);
  t.is(out.replaceAll('\u001b[33m', '').replaceAll('\u001b[39m', ''), plain.out);
  t.true(wantsColour(true, {}));
  t.false(wantsColour(false, {}));
  t.false(wantsColour(true, { NO_COLOR: '1' }));
  t.false(wantsColour(true, { TERM: 'dumb' }));
});

test('sparklines: a chain elsewhere and a drift are seen, lines fit the page', (t) => {
  const iterations = 96;
  const numbers = (of: (i: number) => number): number[] =>
    Array.from({ length: iterations }, (_, i) => of(i));
  const long = 'a name that is far too long for a line of a terminal';
  const block = (level: number): Float64Array =>
    Float64Array.from([
      ...numbers(() => level),
      ...numbers((i) => i),
      ...numbers(() => 5),
      ...numbers(() => Number.NaN),
    ]);
  const draws = makeDraws(['apart', 'drift', long, 'none'], 2, iterations, [block(0), block(7)]);
  const [title, , apart, drift, constant, none] = sparklines(draws).split('\n');
  t.is(title, 'Traces, a block a chain');
  t.regex(apart, /^apart +▁{24} █{24}$/);
  t.regex(drift, /^drift +(▁▁▁▂▂▂▃▃▃▄▄▄▅▅▅▆▆▆▇▇▇███) \1$/);
  t.regex(constant, /^a name that is far too … +▁{24} ▁{24}$/);
  t.is(none, 'none');
  const many = makeDraws(
    ['x'],
    20,
    3,
    Array.from({ length: 20 }, () => Float64Array.of(1, 2, 3)),
  );
  t.true(
    sparklines(many)
      .split('\n')
      .every((line) => line.length <= 80),
  );
  t.regex(sparklines(many), /the first 11 of 20/);
});

test('as a process: exit code and streams', async (t) => {
  const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
  const args = [
    '--conditions=glmmc-source',
    '--import=tsx',
    cli,
    'fit',
    ...seeds.slice(0, 3),
    '-f',
    'r ~ x1',
  ];
  const { code, stdout, stderr } = await new Promise<{ code: unknown; stdout: string; stderr: string }>(
    (resolve) => {
      execFile(process.execPath, args, (error, out, err) =>
        resolve({ code: error?.code, stdout: out, stderr: err }),
      );
    },
  );
  t.deepEqual([code, stdout], [1, '']);
  t.regex(stderr, /^glmmc: [^\n]+\n$/);
});

test('simulate: a line a row and a column a draw, from the fit or from given parameters', async (t) => {
  const flags = [data('seeds'), '-F', 'binomial', '-f', 'r | trials(n) ~ x1 * x2 + (1 | plate)'];
  const fitted = await glmmc('simulate', ...flags, '--draws', '3', '--seed', '42');
  t.deepEqual([fitted.code, fitted.err], [0, '']);
  const [head, ...lines] = fitted.out.trimEnd().split('\n');
  t.is(head, 'draw_1,draw_2,draw_3');
  t.is(lines.length, 21);
  t.is((await glmmc('simulate', ...flags, '--draws', '3', '--seed', '42')).out, fitted.out);
  const sure = await glmmc('simulate', ...flags, '--at', '500,0,0,0,0');
  const table = parseCsv(await readFile(data('seeds'), 'utf8'));
  t.deepEqual(sure.out.trimEnd().split('\n').slice(1).map(Number), Array.from(table.n as Float64Array));
  const short = await glmmc('simulate', ...flags, '--at', '1,2');
  t.is(short.code, 1);
  t.regex(short.err, /^glmmc: --at: expected 5 numbers \(\(Intercept\), x1, x2, x1:x2, sigma\), found 2/);
  const none = await glmmc('simulate', ...flags, '--draws', '0');
  t.is(none.code, 1);
});
