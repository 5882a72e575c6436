// Draws exchanged: files that R has read, files that rstan wrote, ArviZ's groups and Arrow-shaped columns.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { type SummaryRow, summarizeDraws } from '../samplers/diagnostics/summary.js';
import { makeDraws } from '../samplers/draws.js';
import { rng } from '../samplers/rng.js';
import { normal } from '../samplers/variates.js';
import { toTable } from '../src/data/table.js';
import { toArrow } from '../src/report/arrow.js';
import { toArviz } from '../src/report/arviz.js';
import { fromStanCsv, toStanCsv } from '../src/report/stan-csv.js';

const file = (name: string): string =>
  readFileSync(new URL(`./data/exchange/${name}`, import.meta.url), 'utf8');
const golden = JSON.parse(file('exchange.json')) as {
  columns: string[];
  glmmc: Record<string, number[]>;
  rstan: { iterations: number; ends: Record<string, [number, number]> };
};

const variables = ['(Intercept)', 'x1:x2', 'poly(x, 2)1', 'sigma', 'lp__', 'eps[7]', 'eps[Smith, J.]'];
const storage = [0, 1].map((c) => {
  const stream = rng('exchange').stream(`chain:${c}`);
  return Float64Array.from({ length: 7 * 50 }, () => normal(stream));
});
const draws = makeDraws(variables, 2, 50, storage);

test('the files that R has read are those that are written, and R found in them what is in the draws', (t) => {
  t.deepEqual(toStanCsv(draws), [file('glmmc_1.csv'), file('glmmc_2.csv')]);
  const inR: Readonly<Record<string, string>> = {
    'poly(x, 2)1': 'poly(x_2)1',
    'eps[7]': 'eps[1]',
    'eps[Smith, J.]': 'eps[2]',
  };
  for (const row of summarizeDraws(draws)) {
    const read = golden.glmmc[inR[row.variable] ?? row.variable];
    golden.columns.forEach((column, k) => {
      const own = row[column as keyof SummaryRow] as number;
      t.true(
        Math.abs(own - read[k]) < 1e-9 * Math.max(1, Math.abs(own)),
        `${row.variable}, ${column}: ${own}, in R ${read[k]}`,
      );
    });
  }
});

test('files of rstan, thinned and adapted, are read as rstan reads them', (t) => {
  const read = fromStanCsv([file('rstan_1.csv'), file('rstan_2.csv')]);
  t.deepEqual([read.chains, read.iterations], [2, golden.rstan.iterations]);
  t.deepEqual(read.variables.slice(0, 3), ['lp__', 'accept_stat__', 'stepsize__']);
  const parameters = read.variables.filter((name) => name === 'lp__' || !name.endsWith('__'));
  t.deepEqual([...parameters].sort(), Object.keys(golden.rstan.ends).sort());
  for (const [name, ends] of Object.entries(golden.rstan.ends)) {
    t.deepEqual([read.chain(name, 0)[0], read.chain(name, 1).at(-1)], ends, name);
  }
});

test('saved warm-up is left out also where nothing adapted', (t) => {
  const rows = Array.from({ length: 8 }, (_, k) => `${k}\n`).join('');
  const text = (settings: string): string => `# algorithm = fixed_param\n${settings}x\n${rows}`;
  const read = (settings: string): number[] => [...fromStanCsv([text(settings)]).chain('x', 0)];
  t.deepEqual(
    read('#     num_warmup = 5\n#     save_warmup = true\n#     thin = 2 (Default)\n'),
    [3, 4, 5, 6, 7],
  );
  t.deepEqual(read('# warmup=2\n# save_warmup=1\n# thin=1\n'), [2, 3, 4, 5, 6, 7]);
  t.is(read('# num_warmup = 5\n# save_warmup = 0 (Default)\n').length, 8);
  t.is(fromStanCsv(['z.1.real,z.1.imag\n1,2\n']).variables.join(' '), 'z[1,real] z[1,imag]');
});

test("ArviZ's groups: [chain][draw] by variable, lp among the sampler's", (t) => {
  const { posterior, sample_stats, coords, dims } = JSON.parse(JSON.stringify(toArviz(draws)));
  t.deepEqual(
    Object.keys(posterior),
    variables.filter((name) => name !== 'lp__'),
  );
  t.deepEqual(Object.keys(sample_stats), ['lp']);
  t.deepEqual(posterior['eps[7]'][1], [...draws.chain('eps[7]', 1)]);
  t.deepEqual(sample_stats.lp[0], [...draws.chain('lp__', 0)]);
  t.deepEqual([coords.chain, coords.draw.length, coords.draw.at(-1)], [[0, 1], 50, 49]);
  t.deepEqual(
    [dims.sigma, dims.lp],
    [
      ['chain', 'draw'],
      ['chain', 'draw'],
    ],
  );
  const stan = fromStanCsv([file('rstan_1.csv')]);
  t.deepEqual(Object.keys(toArviz(stan).sample_stats).sort(), [
    'acceptance_rate',
    'diverging',
    'energy',
    'lp',
    'n_steps',
    'step_size',
    'tree_depth',
  ]);
  t.throws(() => toArviz({ draws } as never), { code: 'bad-draws', message: /hand in its \.draws/ });
});

test('Arrow-shaped columns: one row a draw, and glmm() reads them as data', (t) => {
  const table = toArrow(draws);
  t.is(table.numRows, 100);
  const names = table.schema.fields.map(({ name }) => name);
  t.deepEqual(names, ['.chain', '.iteration', '.draw', ...variables]);
  const sigma = table.getChild('sigma')!;
  t.is(sigma.get(53), draws.chain('sigma', 1)[3]);
  t.deepEqual([...sigma.toArray()], [...draws.chain('sigma', 0), ...draws.chain('sigma', 1)]);
  const at = (name: string): number => table.getChild(name)!.get(53);
  t.deepEqual([at('.chain'), at('.iteration'), at('.draw')], [2, 4, 54]);
  t.is(table.getChild('tau'), null);
  t.deepEqual(toTable(table).sigma, sigma.toArray());
  t.throws(() => toArrow(makeDraws(['.draw'], 1, 1, [Float64Array.of(1)])), { code: 'bad-draws' });
});
