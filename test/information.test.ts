// Data that can tell nothing of some parameter are refused before any fitting, and those that can are not.
import test from 'ava';
import { fit } from '../src/estimate/fit.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { binomial, gamma, gaussian } from '../src/model/family.js';
import { glmm, type Model, type ModelOptions } from '../src/model/model.js';
import { invertSymmetric } from '../src/numeric/cholesky.js';
import { near } from './helpers.js';

const ys = [0, 1, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0];
const f = ys.map((_, i) => (i % 3 === 0 ? 'a' : 'b'));
const w = f.map((level) => (level === 'a' ? 0 : 1));
const g = ys.map((_, i) => i % 4);

test('a coefficient that only rows without weight or trials could tell of is refused by name', (t) => {
  const refused = {
    name: 'GlmmcError',
    code: 'rank-deficient',
    message: /'fb'.*weights and trials|weights and trials.*'fb'/,
  };
  const family = binomial();
  t.throws(() => glmm('y ~ f + (1 | g)', { y: ys, f, w, g }, { family, weights: 'w' }), refused);
  const counts = { y: ys.map((y, i) => y * w[i]), n: w, f, g };
  t.throws(() => glmm('y | trials(n) ~ f + (1 | g)', counts, { family }), refused);
  const byCluster = {
    y: ys,
    f: g.map((label) => (label < 2 ? 'a' : 'b')),
    g,
    w: g.map((label) => (label < 2 ? 0 : 1)),
  };
  t.throws(() => glmm('y ~ f + (1 | g)', byCluster, { family, clusterWeights: 'w' }), refused);
});

test('weights of 0 that leave every coefficient its rows are nothing to refuse', async (t) => {
  const some = ys.map((_, i) => (i % 5 === 0 ? 0 : 1));
  const weighted = glmm('y ~ f + (1 | g)', { y: ys, f, w: some, g }, { family: binomial(), weights: 'w' });
  const pick = <T>(column: readonly T[]): T[] => column.filter((_, i) => some[i] > 0);
  const without = glmm('y ~ f + (1 | g)', { y: pick(ys), f: pick(f), g: pick(g) }, { family: binomial() });
  near(
    t,
    (await fit(weighted, quadrature())).logLik,
    (await fit(without, quadrature())).logLik,
    1e-9,
    'logLik',
  );
});

test('no inverse of a matrix that is singular but for rounding', (t) => {
  const nearly = (gap: number): Float64Array => Float64Array.of(1, 1 - gap, 1 - gap, 1);
  t.is(invertSymmetric(nearly(1e-16), 2), undefined);
  // 1 / (1 - (1 - gap)^2)
  near(t, invertSymmetric(nearly(1e-8), 2)![0] / (1 / (2e-8 - 1e-16)), 1, 1e-6, 'inverse');
  near(t, invertSymmetric(Float64Array.of(1e-20, 0, 0, 1e20), 2)![0] / 1e20, 1, 1e-12, 'inverse');
});

const rows = Array.from({ length: 60 }, (_, i) => i);
/** 12 clusters of 5, a covariate within them, one constant in each, and noise of this size. */
function table(noise: number): Record<'x' | 'c' | 'g' | 'e', number[]> {
  return {
    x: rows,
    c: rows.map((i) => Math.sqrt(1 + (i % 12))),
    g: rows.map((i) => i % 12),
    e: rows.map((i) => noise * Math.sin(7 * i * i + 1)),
  };
}
const { x, c, e } = table(1);
const response = (y: readonly number[], formula: string, options: ModelOptions): Model =>
  glmm(formula, { ...table(1), y, w: rows.map((i) => (i < 30 ? 1 : 0)) }, options);

const explained: readonly [string, readonly number[], string, ModelOptions][] = [
  ['constant within clusters, gaussian', c, 'y ~ 1 + (1 | g)', { family: gaussian() }],
  ['constant within clusters, gamma', c, 'y ~ 1 + (1 | g)', { family: gamma() }],
  ['a straight line', x.map((i) => 2 * i + 1), 'y ~ x + (1 | g)', { family: gaussian() }],
  [
    'a line within clusters',
    x.map((i, r) => 0.1 * i + Math.sin(c[r])),
    'y ~ x + (1 | g)',
    { family: gaussian() },
  ],
  [
    'an exponential curve, gamma',
    x.map((i) => Math.exp(0.3 * i - 2)),
    'y ~ x + (1 | g)',
    { family: gamma() },
  ],
  [
    'a line but for its offset',
    x.map((i, r) => 3 * i + e[r]),
    'y ~ x + offset(e) + (1 | g)',
    { family: gaussian() },
  ],
  [
    'a line among the rows with weight',
    x.map((i, r) => (i < 30 ? 2 * i + 1 : e[r])),
    'y ~ x + (1 | g)',
    { family: gaussian(), weights: 'w' },
  ],
  [
    'one row a cluster on a curve, gamma',
    x.map((i) => Math.exp(0.3 * i)),
    'y ~ x + (1 | x)',
    { family: gamma() },
  ],
];
for (const [what, y, formula, options] of explained) {
  test(`no residual, and said so: ${what}`, (t) => {
    const error = t.throws(() => response(y, formula, options), { name: 'GlmmcError', code: 'no-residual' });
    t.regex(error?.message ?? '', /'y' to the last digit.*dispersion/);
  });
}

test('a residual however small beside the rest is one, and is estimated', async (t) => {
  for (const [noise, level] of [
    [1e-3, 0],
    [1, 1e6],
    [1e-6, 1],
  ]) {
    const y = x.map((i, r) => level + noise * (i / 10 + 2 * Math.sin(3 * (i % 12)) + e[r]));
    const found = await fit(response(y, 'y ~ x + (1 | g)', { family: gaussian() }), quadrature());
    t.true(found.converged, `noise ${noise}`);
    // The same response in other units: the residual standard deviation goes along.
    const plain = await fit(
      response(
        y.map((value) => (value - level) / noise),
        'y ~ x + (1 | g)',
        { family: gaussian() },
      ),
      quadrature(),
    );
    near(
      t,
      found.parameters.dispersion! / noise ** 2 / plain.parameters.dispersion!,
      1,
      1e-4,
      `noise ${noise}`,
    );
  }
});

test('one row a cluster with gamma responses, and pairs on a line but for one, are fitted', (t) => {
  t.notThrows(() =>
    response(
      x.map((_, r) => Math.exp(e[r])),
      'y ~ 1 + (1 | x)',
      { family: gamma() },
    ),
  );
  t.notThrows(() =>
    response(
      x.map((i) => (i === 59 ? 0 : 2 * i)),
      'y ~ x + (1 | g)',
      { family: gaussian() },
    ),
  );
});

test('large data: the first rows on a line do not stand for the others', (t) => {
  const many = Array.from({ length: 6000 }, (_, i) => i);
  const make = (y: number[]): Model =>
    glmm('y ~ x + (1 | g)', { y, x: many, g: many.map((i) => Math.floor(i / 5)) }, { family: gaussian() });
  t.notThrows(() => make(many.map((i) => (i === 5999 ? 0 : 2 * i))));
  t.throws(() => make(many.map((i) => 2 * i)), { code: 'no-residual' });
});
