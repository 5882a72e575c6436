// ranks(): places counted by hand over draws, probabilities that add up, and what has no ranks.
import test from 'ava';
import { makeDraws } from '../samplers/draws.js';
import { rng } from '../samplers/rng.js';
import { ndtr } from '../samplers/special.js';
import { normal } from '../samplers/variates.js';
import type { PosteriorFit } from '../src/estimate/fit.js';
import { ranks } from '../src/inspect/ranks.js';
import { likelihoodCase, posteriorCase } from './fit-cases.js';
import { near } from './helpers.js';

function posteriorOf(columns: readonly (readonly number[])[], sigma = 1): PosteriorFit {
  const labels = columns.map((_, i) => String.fromCharCode(97 + i));
  const n = columns[0].length;
  const storage = [0, 1].map((c) =>
    Float64Array.from(columns.flatMap((x) => x.slice((c * n) / 2, ((c + 1) * n) / 2))),
  );
  return {
    kind: 'posterior',
    parameters: { beta: new Float64Array(0), sigma },
    model: { clusterLabels: labels, clusterName: 'school' },
    draws: makeDraws(
      labels.map((label) => `eps[${label}]`),
      2,
      n / 2,
      storage,
    ),
  } as unknown as PosteriorFit;
}

test('four draws of three clusters, counted by hand', (t) => {
  const league = ranks(
    posteriorOf([
      [0, 1, 5, 2],
      [1, 2, 0, 1],
      [2, 0, 1, 0],
    ]),
  );
  t.deepEqual(
    league.map(({ cluster, mean }) => [cluster, mean]),
    [
      ['a', (1 + 2 + 3 + 3) / 4],
      ['b', (2 + 3 + 1 + 2) / 4],
      ['c', (3 + 1 + 2 + 1) / 4],
    ],
  );
  t.deepEqual([...league.probabilities('a')], [0.25, 0.25, 0.5]);
  t.deepEqual([...league.probabilities('b')], [0.25, 0.5, 0.25]);
  t.deepEqual([...league.top(1)], [0.5, 0.25, 0.25]);
  t.deepEqual([...league.bottom(2)], [0.5, 0.75, 0.75]);
  t.is(
    String(league),
    `cluster  rank   q5  q50  q95  P(lowest 1)  P(highest 1)
a         2.3  1.1  2.5  3.0         0.25          0.50
b         2.0  1.1  2.0  2.8         0.25          0.25
c         1.8  1.0  1.5  2.8         0.50          0.25`,
  );
});

test('two normal clusters: the chance that one is above the other', (t) => {
  const stream = rng(4).stream('ranks');
  const n = 4000;
  const draw = (shift: number): number[] => Array.from({ length: n }, () => shift + normal(stream));
  const league = ranks(posteriorOf([draw(0), draw(1)]));
  const exact = ndtr(1 / Math.SQRT2);
  near(t, league.top(1)[1], exact, 4 * Math.sqrt((exact * (1 - exact)) / n), 'P(b above a)');
});

for (const name of ['binomial', 'poisson', 'gaussian', 'gamma']) {
  test(`${name}: every place is someone's, every cluster somewhere`, async (t) => {
    const result = await posteriorCase(name);
    const labels = result.model.clusterLabels;
    const league = ranks(result);
    const sums = new Float64Array(labels.length);
    for (const label of labels) {
      const p = league.probabilities(label);
      near(
        t,
        p.reduce((a, b) => a + b, 0),
        1,
        1e-12,
        label,
      );
      p.forEach((value, k) => {
        sums[k] += value;
      });
    }
    sums.forEach((sum, k) => {
      near(t, sum, 1, 1e-12, `place ${k + 1}`);
    });
    near(
      t,
      league.top(3).reduce((a, b) => a + b, 0),
      3,
      1e-12,
      'three are among the top three',
    );
    near(
      t,
      league.reduce((sum, row) => sum + row.mean, 0),
      (12 * 13) / 2,
      1e-9,
      'ranks',
    );
    for (const { q5, q50, q95 } of league) t.true(1 <= q5 && q5 <= q50 && q50 <= q95 && q95 <= 12);
  });
}

test('what has no ranks', async (t) => {
  t.throws(
    () =>
      ranks(
        posteriorOf(
          [
            [0, 0],
            [0, 0],
          ],
          0,
        ),
      ),
    { code: 'bad-fit', message: /none comes first/ },
  );
  const likelihood = await likelihoodCase('gaussian');
  t.throws(() => ranks(likelihood), { code: 'bad-fit', message: /joint|collapsed/ });
  const league = ranks(
    posteriorOf([
      [0, 1],
      [1, 0],
    ]),
  );
  t.throws(() => league.probabilities('z'), { code: 'unknown-cluster' });
  for (const k of [0, 3, 1.5]) t.throws(() => league.top(k), { code: 'bad-option' });
  t.throws(() => league.bottom(Number.NaN), { code: 'bad-option' });
});
