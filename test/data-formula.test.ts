// The formula language: what it reads, and the place it points at where it cannot.
import test from 'ava';
import { GlmmcError } from '../samplers/errors.js';
import { parseFormula } from '../src/data/formula-parse.js';
import { deparse } from '../src/data/formula-tree.js';
import { labelText, numberText } from '../src/data/number-text.js';
import { expandTerms } from '../src/data/terms.js';

function summary(formula: string): string {
  const parsed = parseFormula(formula);
  const { variables, terms, intercept, offsets } = expandTerms(parsed);
  const parts = [
    intercept ? '1' : '0',
    ...terms.map((term) => term.map((v) => deparse(variables[v]!)).join(':')),
    ...offsets.map((node) => `offset(${deparse(node)})`),
    ...parsed.random.map((random) => random.text),
  ];
  return `${deparse(parsed.response)} ~ ${parts.join(' + ')}`;
}

const readings: readonly (readonly [string, string])[] = [
  ['y~x+(1|g)', 'y ~ 1 + x + (1 | g)'],
  ['  y ~\n  x\t+ (1 | factor(g)) ', 'y ~ 1 + x + (1 | factor(g))'],
  ['cbind(r, n-r) ~ 1 + (1|g)', 'cbind(r, n - r) ~ 1 + (1 | g)'],
  ['r | trials(n) ~ 0 + x + (1|g)', 'r | trials(n) ~ 0 + x + (1 | g)'],
  ['y ~ (1|g) + a*b*c - a:b:c', 'y ~ 1 + a + b + c + a:b + a:c + b:c + (1 | g)'],
  ['y ~ (a+b+c)**2 - a:b - 1 + (1|g)', 'y ~ 0 + a + b + c + a:c + b:c + (1 | g)'],
  ['y ~ b:a + a + (1|g)', 'y ~ 1 + a + b:a + (1 | g)'],
  ['y ~ a/b + c %in% a + (1|g)', 'y ~ 1 + a + a:b + a:c + (1 | g)'],
  ['y ~ -1 + x + offset(log(t)) + (1|g)', 'y ~ 0 + x + offset(log(t)) + (1 | g)'],
  ['y ~ x + x + 0 - 0 + (1|g)', 'y ~ 1 + x + (1 | g)'],
  ['y ~ `my col` * `x` + (1|`the herd`)', 'y ~ 1 + `my col` + x + `my col`:x + (1 | `the herd`)'],
  [
    'log(y) ~ scale(log(x)) + I(-x^2/3 + 1e5)+ (1|g)',
    'log(y) ~ 1 + scale(log(x)) + I(-x^2/3 + 1e+05) + (1 | g)',
  ],
  ['y ~ größe + x.1_b + .z + (1|g)', 'y ~ 1 + größe + x.1_b + .z + (1 | g)'],
  ['y ~ (x | g) + (1 | h) + (0 + x || g/h)', 'y ~ 1 + (x | g) + (1 | h) + (0 + x || g/h)'],
  ['y ~ -(a:b) + a*b + (1|g)', 'y ~ 1 + a + b + a:b + (1 | g)'],
  ['y ~ x + -1 + (1|g)', 'y ~ 0 + x + (1 | g)'],
];
for (const [formula, reading] of readings) {
  test(`reads ${formula}`, (t) => {
    t.is(summary(formula), reading);
  });
}

const mistakes: readonly (readonly string[])[] = [
  ['y ~ x + ) + (1 | g)', "expected a column, a number or a function, found ')'", '        ^'],
  ['y ~ x + (1 | g', "expected an operator or ')', found the end", '              ^'],
  ['y ~ log(x + (1 | g)', "expected an operator, ',' or ')', found the end", '                   ^'],
  ['y ~ x z + (1 | g)', "expected an operator such as '+', found 'z'", '      ^'],
  ['y ~ x +', 'expected a column, a number or a function, found the end', '       ^'],
  ['y + ~ x', "expected a column, a number or a function, found '~'", '    ^'],
  ['y x + (1 | g)', "expected '~' between the response and the terms", '             ^'],
  ['~ x + (1 | g)', "expected a response before '~'", '^'],
  ['y ~ x ~ z', "expected one '~' only, found '~'", '      ^'],
  ['y ~ x + 1 | g', 'a random term needs parentheses: ... + (1 | cluster)', '          ^'],
  ['y ~ x * (1 | g)', 'a random term must be a summand by itself: ... + (1 | cluster)', '           ^'],
  ['y ~ x - (1 | g)', 'a random term can be added, not taken away', '        ^'],
  ['y ~ x > 2 + (1 | g)', 'comparisons are not supported; make a column of the result first', '      ^'],
  [
    'y ~ x & z + (1 | g)',
    'logical operators are not supported; interactions are written x:z or x*z',
    '      ^',
  ],
  ['y ~ !x + (1 | g)', 'logical operators are not supported; make a column of the result first', '    ^'],
  ['y ~ I(x != 2)', 'comparisons are not supported; make a column of the result first', '        ^'],
  [
    'y ~ poly(x, degree = 2)',
    'named arguments are not supported; poly(x, k), scale(x) and the others take what they need in order',
    '                   ^',
  ],
  ['y ~ `x + (1 | g)', 'this backquote is not closed, or has nothing between', '    ^'],
  ['y ~ x # z', "expected a name, a number or an operator, found '#'", '      ^'],
  ['y ~ d$x', 'columns are named without the table they are in: y, not data$y', '     ^'],
  [
    'y ~ 2 * x + (1 | g)',
    'a number can only be added or taken away among terms; arithmetic goes inside I()',
    '    ^',
  ],
  ['y ~ x + 2 + (1 | g)', 'expected a column, 0 or 1, found 2; arithmetic goes inside I()', '        ^'],
  [
    'y ~ x^0.5 + (1 | g)',
    'expected a whole number after ^ among terms; powers of a column go inside I(): I(x^2)',
    '      ^',
  ],
  ['y ~ x:offset(z) + (1 | g)', 'an offset must be a summand by itself', '      ^'],
  ['y ~ . + (1 | g)', "'.' for all other columns is not supported; name the columns", '    ^'],
];
for (const [formula, problem, caret] of mistakes) {
  test(`points into ${formula}`, (t) => {
    const error = t.throws(() => summary(formula!), { instanceOf: GlmmcError, code: 'formula-syntax' });
    t.is(error!.message, `formula: ${problem}\n  ${formula}\n  ${caret}`);
  });
}

test('the place is that of the formula with its white space normalised', (t) => {
  const error = t.throws(() => parseFormula('y ~\n    x +\n    * z'));
  t.is(
    error!.message,
    "formula: expected a column, a number or a function, found '*'\n  y ~ x + * z\n          ^",
  );
});

test('numbers print as in R', (t) => {
  const deparsed = [
    1,
    0.5,
    1e5,
    123456,
    1e-4,
    0.0001234,
    1e-5,
    1e15,
    0.1 + 0.2,
    1 / 3,
    1234567.125,
    -2.5e-10,
    3e22,
  ];
  t.deepEqual(deparsed.map(numberText), [
    ...['1', '0.5', '1e+05', '123456', '1e-04', '0.0001234', '1e-05', '1e+15', '0.3', '0.333333333333333'],
    ...['1234567.125', '-2.5e-10', '3e+22'],
  ]);
  t.deepEqual([100000, 1, 1.5, -0, -3].map(labelText), ['100000', '1', '1.5', '0', '-3']);
});
