// Stan CSV out and in: what readers ask for, names that survive, files of CmdStan, and what is refused.
import test from 'ava';
import { makeDraws } from '../samplers/draws.js';
import { fromStanCsv, toStanCsv } from '../src/report/stan-csv.js';

const variables = ['(Intercept)', 'poly(x, 2)1', 'log(a.b)', 'sigma', 'lp__', 'eps[7]', 'eps[Smith, J.]'];
const storage = [0, 1].map((c) => Float64Array.from({ length: 14 }, (_, k) => (k + 1) / 3 + 100 * c));
const draws = makeDraws(variables, 2, 2, storage);

test('one text a chain, lp__ first, names that Stan readers can split', (t) => {
  const [first, second] = toStanCsv(draws);
  const lines = first.split('\n');
  t.is(
    lines.find((line) => !line.startsWith('#')),
    'lp__,(Intercept),poly(x_2)1,log(a_b),sigma,eps.1,eps.2',
  );
  t.is(lines.filter((line) => line !== '' && !line.startsWith('#')).length, 3);
  // cmdstanr asks for these (read_csv_metadata), ArviZ for the counts as plain integers.
  for (const line of ['method = sample', 'num_samples = 2', 'save_warmup = 0', 'thin = 1', 'id = 1']) {
    t.true(lines.includes(`# ${line}`), line);
  }
  t.true(second.includes('# id = 2'));
  t.true(lines.includes(`# glmmc variables: ${JSON.stringify(variables)}`));
  t.false(first.includes('num_warmup'), 'draws do not know how long the warm-up was');
});

test('there and back every name and every bit survives', (t) => {
  const back = fromStanCsv(toStanCsv(draws));
  t.deepEqual(back.variables, variables);
  t.deepEqual([back.chains, back.iterations], [2, 2]);
  for (const name of variables)
    for (const c of [0, 1]) t.deepEqual(back.chain(name, c), draws.chain(name, c));
});

test('columns that somebody put in another order keep their names', (t) => {
  const [text] = toStanCsv(makeDraws(['a.b', 'lp__'], 1, 1, [Float64Array.of(1, 2)]));
  const turned = fromStanCsv([text.replace('\nlp__,a_b\n2,1\n', '\na_b,lp__\n1,2\n')]);
  t.deepEqual([turned.variables, [...turned.chain('a.b', 0)]], [['a.b', 'lp__'], [1]]);
});

test('not-a-number and infinities survive', (t) => {
  const odd = makeDraws(['x'], 1, 3, [Float64Array.of(Number.NaN, Infinity, -Infinity)]);
  t.deepEqual(fromStanCsv(toStanCsv(odd)).chain('x', 0), odd.chain('x', 0));
});

test('names that would collide in the header are told apart', (t) => {
  const twins = makeDraws(['a.b', 'a,b'], 1, 1, [Float64Array.of(1, 2)]);
  const [text] = toStanCsv(twins);
  t.true(text.includes('\na_b,a_b_2\n'));
  t.deepEqual(fromStanCsv([text]).variables, ['a.b', 'a,b']);
});

/** As CmdStan 2.34 writes with save_warmup = 1: comments before, between and after. */
const cmdstan = `# stan_version_major = 2
# method = sample (Default)
#     num_warmup = 2
#     save_warmup = true
lp__,accept_stat__,divergent__,mu,theta.1,theta.2,Omega.1.2
-9,0.5,0,90,91,92,93
-8,0.5,0,90,91,92,93
# Adaptation terminated
# Step size = 0.8
# Diagonal elements of inverse mass matrix:
# 1.1, 0.9
-1.5,0.9,0,1,2,3,4
-2.5,0.8,1,1e-3,-inf,nan,4

#  Elapsed Time: 0.01 seconds (Warm-up)
`;

test('a file of CmdStan: comments passed over, saved warm-up left out, indices in brackets', (t) => {
  for (const text of [cmdstan, cmdstan.replaceAll('\n', '\r\n')]) {
    const read = fromStanCsv([text]);
    t.deepEqual(read.variables, [
      'lp__',
      'accept_stat__',
      'divergent__',
      'mu',
      'theta[1]',
      'theta[2]',
      'Omega[1,2]',
    ]);
    t.deepEqual([...read.chain('lp__', 0)], [-1.5, -2.5]);
    t.deepEqual([...read.chain('mu', 0)], [1, 0.001]);
    t.deepEqual([...read.chain('theta[1]', 0)], [2, -Infinity]);
    t.true(Number.isNaN(read.chain('theta[2]', 0)[1]));
  }
});

test('what is no Stan CSV is refused with the place', (t) => {
  const refused: [string[], RegExp][] = [
    [[], /at least one text/],
    [[''], /found neither/],
    [['a,b\n'], /a header alone/],
    [['a,b\n1,2\n1\n'], /line 3 should have 2 numbers, found 1; was the file cut off/],
    [['a,b\n1,x\n'], /line 2, b: expected a number, found 'x'/],
    [['a,b\n1,\n'], /found ''/],
    [['a\n1\n', 'b\n1\n'], /same variables; chain 2/],
    [['a\n1\n2\n', 'a\n1\n'], /chain 1 has 2 draws, chain 2 has 1/],
    [['a\n1\n', 'a\nx\n'], /chain 2: line 2/],
  ];
  for (const [texts, message] of refused)
    t.throws(() => fromStanCsv(texts), { code: 'bad-stan-csv', message });
});
