// What plain JavaScript lets people hand in: met by a GlmmcError that says what was due, never by a TypeError.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { didYouMean, nearestName } from '../samplers/errors.js';
import { makeDraws, randomWalk } from '../samplers/index.js';
import * as glmmc from '../src/index.js';
import { shipped } from './helpers.js';

const { GlmmcError, fit, gaussian, glmm, laplace, marginal, summarizeDraws } = glmmc;
const formula = 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)';
const herds = await shipped('cbpp');
const model = glmm(formula, herds, { family: glmmc.binomial() });
const start = { beta: [0, 0, 0, 0], sigma: 1 };
const draws = makeDraws(['a'], 1, 4, [Float64Array.of(1, 2, 3, 4)]);

/** Any arguments at all, as JavaScript allows. */
function call(verb: unknown, ...args: readonly unknown[]): () => unknown {
  return () => (verb as (...any: readonly unknown[]) => unknown)(...args);
}

const misuses: readonly (readonly [() => unknown, string, RegExp])[] = [
  [
    call(gaussian, 4),
    'unknown-link',
    /^gaussian\(\) takes a link by its name \('identity', 'log'\), found 4$/,
  ],
  [
    call(glmmc.binomial, { link: 'logit' }),
    'unknown-link',
    /'logit', 'probit', 'cloglog', 'cauchit', 'log'\), found an object$/,
  ],
  [call(glmmc.binomial, null), 'unknown-link', /found null$/],
  [call(marginal), 'bad-model', /^marginal\(\) takes a model as its first argument, found undefined/],
  [call(marginal, {}, start), 'bad-model', /found an object; make one with glmm\(/],
  [call(marginal, laplace(), start), 'bad-model', /found a strategy/],
  [call(marginal, model), 'bad-parameters', /expected \{ beta, sigma \}.*found undefined$/],
  [call(marginal, model, [1]), 'bad-parameters', /beta with 4 numbers .*, found none$/],
  [call(marginal, model, { beta: 3, sigma: 1 }), 'bad-parameters', /beta with 4 numbers .*, found 3$/],
  [call(marginal, model, { beta: 'abcd', sigma: 1 }), 'bad-parameters', /found 'abcd'$/],
  [call(summarizeDraws), 'bad-draws', /^summarizeDraws\(\) takes draws \{.*found undefined$/],
  [call(summarizeDraws, {}), 'bad-draws', /found an object$/],
  [call(summarizeDraws, model), 'bad-draws', /found an object$/],
  [call(summarizeDraws, [[1, 2, 3]]), 'bad-draws', /found an array$/],
  [call(summarizeDraws, { draws }), 'bad-draws', /hand in its \.draws$/],
  [call(glmmc.toStanCsv, {}), 'bad-draws', /^toStanCsv\(\) takes draws/],
  [call(glmmc.fromStanCsv), 'bad-stan-csv', /expected a list of texts, one per chain, found undefined$/],
  [call(glmmc.fromStanCsv, 'lp__\n1'), 'bad-stan-csv', /found one text; put it in \[ \]$/],
  [call(glmmc.fromStanCsv, ['lp__\n1', 3]), 'bad-stan-csv', /found 3 in it$/],
  [call(glmmc.parseCsv), 'bad-csv', /^parseCsv\(\) takes the text of a CSV file, found undefined$/],
  [call(glmmc.readCsv), 'unreadable-file', /^readCsv\(\) takes the path of a file, found undefined$/],
  [call(randomWalk), 'bad-target', /^expected a target \{ dimension, logDensity\(x\) \}, found undefined$/],
  [call(glmmc.quadraturePosterior, {}), 'bad-model', /^quadraturePosterior\(\) takes a model/],
  [
    call(glmm, formula, herds, {}),
    'bad-option',
    /^glmm\(\): family must be a family such as binomial\(\), found undefined$/,
  ],
  [
    call(glmm, formula, herds, { family: gaussian(), levels: { t: 'b' } }),
    'bad-option',
    /levels\.t must be a list of levels, the reference first, found 'b'$/,
  ],
  [
    call(glmm, formula, herds, { family: gaussian(), levels: { t: [null] } }),
    'bad-option',
    /levels\.t\.0 must be a text, a number or a boolean, found null$/,
  ],
  [
    call(fit, model, laplace(), { seed: '' }),
    'bad-option',
    /seed must be a finite number, or a text that is not empty, found ''$/,
  ],
  [
    call(fit, model, laplace(), { fixed: { beta: 3 } }),
    'bad-option',
    /beta must be numbers by coefficient, found 3$/,
  ],
  [
    call(glmmc.compare, model, [laplace()], { workers: 'a' }),
    'bad-option',
    /workers must be a whole number >= 1, found 'a'$/,
  ],
];
misuses.forEach(([misuse, code, message], k) => {
  test(`misuse ${k + 1}: ${code}`, async (t) => {
    await t.throwsAsync(async () => misuse(), { instanceOf: GlmmcError, code, message });
  });
});

test('a near name is one slip in three letters away; else the known ones are listed', (t) => {
  const known = ['log', 'exp', 'quadrature'];
  const near: [string, string | undefined][] = [
    ...(['lgo', 'Log', 'lo', 'logs', 'lag'] as const).map((slip): [string, string] => [slip, 'log']),
    ...(['foo', 'lx', 'fog1'] as const).map((other): [string, undefined] => [other, undefined]),
    ['qudratrue', 'quadrature'],
    ['quad', undefined],
  ];
  for (const [name, expected] of near) t.is(nearestName(name, known), expected, name);
  t.is(didYouMean('foo', known), '; known: log, exp, quadrature');
  t.is(didYouMean('foo', []), '; it takes none');
  const many = Array.from({ length: 40 }, (_, k) => `column${k}`);
  t.regex(didYouMean('z', many), /^; known: column0, .*, column29, \.\.\.$/);
});

test('a URL is a path to readCsv, as to all of Node', async (t) => {
  const url = new URL('../examples/data/seeds.csv', import.meta.url);
  t.is((await glmmc.readCsv(url as never)).r.length, 21);
});

test('the README names the files that `glmmc sample` writes', (t) => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, prefix] = /glmmc sample .* --out (\S+)/.exec(readme)!;
  const [, files] = /glmmc diagnose (.*)/.exec(readme)!;
  t.deepEqual(
    files.split(' '),
    [1, 2, 3, 4].map((chain) => `${prefix}_${chain}.csv`),
  );
});
