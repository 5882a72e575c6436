// The built package as its users meet it: imported by its own name, without conditions, and run as a command.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** A child node with none of this process's flags. */
async function node(args: readonly string[]): Promise<string> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { stdout } = await run(process.execPath, args, { cwd: root, env });
  return stdout;
}

async function evaluate(code: string): Promise<string> {
  return node(['--input-type=module', '--eval', code]);
}

test('what package.json points to has been built', (t) => {
  const targets = [
    manifest.bin.glmmc,
    ...['.', './samplers'].flatMap((entry) => [
      manifest.exports[entry].types,
      manifest.exports[entry].default,
    ]),
  ];
  for (const target of targets) t.true(existsSync(new URL(`../${target}`, import.meta.url)), target);
});

test('glmmc by its own name fits a model', async (t) => {
  const text = await evaluate(`
    import { binomial, fit, glmm, quadrature, readCsv } from 'glmmc';
    const data = await readCsv('examples/data/booth_hobert.csv');
    const model = glmm('y ~ 0 + x1 + (1 | z1)', data, { family: binomial() });
    const { parameters, logLik } = await fit(model, quadrature());
    console.log(import.meta.resolve('glmmc'));
    console.log(parameters.beta[0].toFixed(4), parameters.sigma.toFixed(4), logLik.toFixed(5));
  `);
  const [where, numbers] = text.trim().split('\n');
  t.true(where.endsWith('/dist/index.js'), where);
  t.is(numbers, '6.1322 1.3291 -44.05626');
});

test('glmmc/samplers by its own name draws', async (t) => {
  const text = await evaluate(`
    import { randomWalk, rhat, allChains, run } from 'glmmc/samplers';
    const target = { dimension: 1, names: ['x'], logDensity: (x) => -0.5 * x[0] ** 2 };
    const draws = await run(randomWalk(target), { seed: 1, chains: 4, warmup: 500, draws: 2000 });
    console.log(import.meta.resolve('glmmc/samplers'));
    console.log(rhat(allChains(draws, 'x')) < 1.02);
  `);
  const [where, mixed] = text.trim().split('\n');
  t.true(where.endsWith('/dist/samplers.js'), where);
  t.is(mixed, 'true');
});

test('worker threads find their file, and do not keep the program alive', async (t) => {
  const text = await evaluate(`
    import { binomial, fit, glmm, quadrature } from 'glmmc';
    const n = 60000;
    const y = Float64Array.from({ length: n }, (_, r) => ((r * 7919) % 13) % 2);
    const x = Float64Array.from({ length: n }, (_, r) => Math.sin(r));
    const g = Float64Array.from({ length: n }, (_, r) => Math.floor(r / 8));
    const model = glmm('y ~ x + (1 | g)', { y, x, g }, { family: binomial() });
    for (const workers of [1, 2]) console.log((await fit(model, quadrature(), { workers })).logLik);
  `);
  const [one, two] = text.trim().split('\n');
  t.is(one, two);
});

test('the command prints its help, and its version is that of package.json', async (t) => {
  const help = await node([manifest.bin.glmmc, '--help']);
  t.regex(help, /^Usage: glmmc /);
  for (const command of ['fit', 'compare', 'sample', 'diagnose']) t.true(help.includes(command), command);
  t.is((await node([manifest.bin.glmmc, '--version'])).trim(), manifest.version);
});

test('where DuckDB is not installed everything else is there, and the error says what to install', async (t) => {
  const hooks = `export const resolve = (name, context, next) => {
    if (name === '@duckdb/node-api') throw new Error('not installed');
    return next(name, context);
  };`;
  const asUrl = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(asUrl(hooks))});`;
  const code = `
    import { binomial, glmmFromDuckDb } from 'glmmc';
    const options = { table: 'examples/data/cbpp.csv', family: binomial() };
    const refused = glmmFromDuckDb('incidence | trials(size) ~ 1 + (1 | herd)', ':memory:', options);
    await refused.catch(({ code, message }) => console.log(code, message));
  `;
  const text = await node(['--import', asUrl(register), '--input-type=module', '--eval', code]);
  t.regex(text, /^no-duckdb .*npm install @duckdb\/node-api\n$/);
});
