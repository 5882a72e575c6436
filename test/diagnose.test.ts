// diagnose() and the diagnostics beside R-hat and ESS: nested R-hat, PSIS against loo, ECDF bands against bayesplot, rank plots.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { CountLaw } from '../samplers/diagnostics/ecdf-bands.js';
import { ecdfBand, makeDraws, paretoThreshold, psis, rankPlot, rhatNested } from '../samplers/index.js';
import { rng } from '../samplers/rng.js';
import { normal } from '../samplers/variates.js';
import { diagnose } from '../src/estimate/diagnose.js';
import { near } from './helpers.js';

const golden = JSON.parse(readFileSync(new URL('./data/samplers/psis.json', import.meta.url), 'utf8')) as {
  psis: Record<string, number[]>;
  coverage: [number, number, number, number][];
  ranks: { lower: number[]; upper: number[] };
};

function uniforms(n: number): Float64Array {
  let s = 7;
  return Float64Array.from({ length: n }, () => {
    s = (1664525 * s + 1013904223) % 2 ** 32;
    return (s + 0.5) / 2 ** 32;
  });
}

const weights: Readonly<Record<string, readonly [Float64Array, number]>> = {
  vector: [uniforms(2000).map((u) => -0.6 * Math.log(u)), 1],
  light: [uniforms(2000).map((u) => -0.1 * Math.log(u)), 1],
  heavy: [uniforms(500).map((u) => -1.3 * Math.log(u)), 1],
  few: [uniforms(40).map((u) => -0.6 * Math.log(u)), 1],
  correlated: [uniforms(2000).map((u) => -0.6 * Math.log(u)), 0.3],
  large: [uniforms(1000).map((u) => 800 - 0.4 * Math.log(u)), 0.8],
};
for (const [name, [logWeights, rEff]] of Object.entries(weights)) {
  test(`psis as loo has it: ${name}`, (t) => {
    const { logWeights: smoothed, k, ess } = psis(logWeights, rEff);
    const total = Math.log(smoothed.reduce((sum, x) => sum + Math.exp(x), 0));
    const w = smoothed.map((x) => x - total);
    const found = [k, ess, ...w.slice(0, 3), Math.max(...w), Math.min(...w), w.reduce((a, b) => a + b)];
    golden.psis[name].forEach((value, i) => {
      near(t, found[i], value, 1e-9 * Math.max(1, Math.abs(value)), `number ${i}`);
    });
  });
}

test('the threshold of Pareto k falls with few draws', (t) => {
  t.is(paretoThreshold(1e6), 0.7);
  near(t, paretoThreshold(100), 0.5, 1e-15, '100');
  t.is(psis(weights.vector[0]).threshold, paretoThreshold(2000));
});

test('nested R-hat by hand', (t) => {
  // Superchain means 2 and 5; variances of the chain means 2 and 0.5, mean chain variances 1 and 2.5.
  const chains = [
    [0, 1, 2],
    [2, 3, 4],
    [4, 5, 7.5],
    [3, 4.5, 6],
  ];
  const means = [1, 3, 5.5, 4.5];
  const within = [2 + 1, 0.5 + (3.25 + 2.25) / 2];
  const between = (means[0] + means[1] - means[2] - means[3]) ** 2 / 8;
  near(
    t,
    rhatNested(chains, ['a', 'a', 'b', 'b']),
    Math.sqrt(1 + between / ((within[0] + within[1]) / 2)),
    1e-14,
    'two',
  );
  // One draw a chain is enough where superchains have several; the order of the chains is of no matter.
  near(t, rhatNested([[1], [5], [3], [7]], [1, 2, 1, 2]), Math.sqrt(1 + 8 / 2), 1e-14, 'single draws');
  t.true(
    Number.isNaN(
      rhatNested(
        [
          [1, 1],
          [1, 1],
        ],
        [1, 2],
      ),
    ),
  );
  for (const ids of [
    [1, 2],
    [1, 1, 1, 1],
    [1, 1, 1, 2],
  ]) {
    t.throws(() => rhatNested(chains, ids), { code: 'bad-chains' });
  }
});

test('the coverage of a band is that of bayesplot, and the band is the narrowest of its kind', (t) => {
  for (const [size, points, gamma, coverage] of golden.coverage) {
    near(t, CountLaw.uniform(size, points).coverage(gamma), coverage, 1e-11, `${size}, ${points}, ${gamma}`);
  }
  for (const [size, points] of [
    [100, 20],
    [200, 101],
  ]) {
    const law = CountLaw.uniform(size, points);
    const { gamma } = ecdfBand(size, points, 0.95);
    t.true(law.coverage(gamma) >= 0.95 && law.coverage(gamma + 1e-6) < 0.95);
  }
  t.throws(() => ecdfBand(10.5, 3), { code: 'bad-argument' });
});

test('the band of ranks has the pointwise quantiles of bayesplot, and two chains their exact coverage', (t) => {
  const { lower, upper } = CountLaw.ranks(250, 1000, 20).band(0.01);
  t.deepEqual([0, ...lower], golden.ranks.lower);
  t.deepEqual([0, ...upper], golden.ranks.upper);
  // All 70 ways to share 8 ranks between two chains of 4.
  const law = CountLaw.ranks(4, 8, 4);
  const cover = (gamma: number): number => {
    const band = law.band(gamma);
    let inside = 0;
    for (let mask = 0; mask < 256; mask++) {
      const counts = [2, 4, 6, 8].map((to) => {
        let count = 0;
        for (let r = 0; r < to; r++) count += (mask >> r) & 1;
        return count;
      });
      if (counts[3] === 4 && counts.every((c, k) => c >= band.lower[k] && c <= band.upper[k])) inside++;
    }
    return inside / 70;
  };
  for (const gamma of [0.02, 0.1, 0.3, 0.6]) near(t, law.coverage(gamma), cover(gamma), 1e-12, `${gamma}`);
});

test('p-values of the band are uniform, or larger, and small where the draws are not uniform', (t) => {
  const law = CountLaw.uniform(50, 10);
  const stream = rng('p-values');
  const pOf = (power: number): number => {
    const counts = new Int32Array(10);
    for (let i = 0; i < 50; i++) {
      const x = stream.uniform() ** power;
      for (let k = 0; k < 10; k++) if (x <= (k + 1) / 10) counts[k]++;
    }
    return law.pValue(counts);
  };
  const p = Array.from({ length: 2000 }, () => pOf(1)).sort((a, b) => a - b);
  // P(p <= a) <= a, near equality where the steps are small: 3.3 standard errors.
  for (const a of [0.01, 0.05, 0.2, 0.5]) {
    const share = p.filter((value) => value <= a).length / 2000;
    t.true(share <= a + 3.3 * Math.sqrt((a * (1 - a)) / 2000), `${share} below ${a}`);
    t.true(share > 0.55 * a, `${share} below ${a}`);
  }
  t.true(pOf(4) < 1e-6);
});

const stream = rng('diagnose');
const chainsOf = (n: number, m: number, f: (z: number, c: number, t: number) => number): Float64Array[] =>
  Array.from({ length: m }, (_, c) => Float64Array.from({ length: n }, (_, t) => f(normal(stream), c, t)));

test('rank plots: shares of the ranks, and which chain is apart', (t) => {
  const same = rankPlot(chainsOf(500, 4, (z) => z));
  t.is(same.expected, 25);
  t.true(same.chains.every(({ inside }) => inside));
  for (let bin = 0; bin < 20; bin++) {
    t.is(
      same.chains.reduce((sum, { counts }) => sum + counts[bin], 0),
      100,
    );
  }
  near(t, same.chains[0].difference.at(-1)!, 0, 0, 'at the end');
  const apart = rankPlot(
    chainsOf(500, 4, (z, c) => (c === 2 ? z + 0.5 : z)),
    { bins: 10 },
  );
  t.false(apart.chains[2].inside);
  t.true(apart.chains[2].difference[9] < apart.lower[9]);
  t.true(apart.chains[2].counts[0] < 30 && apart.chains[2].counts[9] > 70);
  t.throws(() => rankPlot([[1, 2]]), { code: 'bad-chains' });
  t.throws(
    () =>
      rankPlot(
        [
          [1, 2],
          [1, 2],
        ],
        { points: 3 },
      ),
    { code: 'bad-argument', message: /from 1 to 2/ },
  );
});

/** Draws of the variables given, each by its chains. */
function drawsOf(columns: Readonly<Record<string, readonly Float64Array[]>>) {
  const names = Object.keys(columns);
  const chains = columns[names[0]];
  const n = chains[0].length;
  const storage = chains.map((_, c) => {
    const block = new Float64Array(names.length * n);
    names.forEach((name, v) => {
      block.set(columns[name][c], v * n);
    });
    return block;
  });
  return makeDraws(names, chains.length, n, storage);
}

const good = chainsOf(400, 4, (z) => z);
const codes = (columns: Parameters<typeof drawsOf>[0], options = {}): string[] =>
  diagnose(drawsOf(columns), options).map(({ code }) => code);

test('nothing speaks against independent draws; each trouble has its code, its place and its next step', (t) => {
  t.deepEqual(codes({ mu: good, lp__: good }), []);
  const apart = chainsOf(400, 4, (z, c) => z + c);
  const constant = chainsOf(400, 4, () => 0.3);
  const broken = chainsOf(400, 4, (z, _, k) => (k === 7 ? Number.NaN : z));
  const slow = chainsOf(400, 4, () => 0).map((chain) => {
    for (let k = 1; k < chain.length; k++) chain[k] = 0.97 * chain[k - 1] + normal(stream);
    return chain;
  });
  t.deepEqual(codes({ mu: apart }), ['rhat-high', 'ess-low']);
  t.deepEqual(codes({ mu: good, sigma: constant }), ['draws-constant']);
  t.deepEqual(codes({ mu: broken }), ['draws-not-finite']);
  t.true(codes({ mu: slow }).includes('ess-low'));
  t.deepEqual(codes({ mu: good.map((chain) => chain.slice(0, 3)) }), ['draws-few']);
  t.deepEqual(codes({ mu: good.slice(0, 1) }), ['one-chain']);
  // Only what is asked for is judged; Stan's own columns are not.
  t.deepEqual(codes({ mu: apart, tau: good }, { variables: ['tau'] }), []);
  const divergent = chainsOf(400, 4, (_, c, k) => (c === 0 && k < 3 ? 1 : 0));
  const energy = chainsOf(400, 4, (z, _, k) => 0.1 * k + z);
  t.deepEqual(codes({ mu: good, divergent__: divergent, stepsize__: constant, energy__: energy }), [
    'divergences',
    'ebfmi-low',
  ]);
  for (const finding of diagnose(drawsOf({ mu: apart, tau: good }))) {
    t.deepEqual(finding.where, ['mu']);
    t.regex(finding.advice, /twice what they were|times as many draws/);
  }
  t.throws(() => codes({ mu: good }, { variables: ['tau'] }), { code: 'unknown-variable' });
  t.throws(() => diagnose({ draws: 1 } as never), { code: 'bad-draws' });
});
