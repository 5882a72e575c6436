// Samples a banana-shaped density with known moments by two kernels, and prints the truth beside what they found.
//   npx tsx --conditions=glmmc-source examples/banana.ts
import {
  allChains,
  digitsFor,
  type Kernel,
  mcseMean,
  randomWalk,
  run,
  slice,
  summarizeDraws,
  type Target,
  table,
} from 'glmmc/samplers';

// Haario, Saksman, Tamminen (1999): two independent normals, bent along a parabola.
const spread = 1;
const bend = 1;
const banana: Target = {
  dimension: 2,
  names: ['along', 'across'],
  logDensity(x) {
    const across = x[1] - bend * (x[0] ** 2 - spread ** 2);
    return -0.5 * ((x[0] / spread) ** 2 + across ** 2);
  },
};
const truth: [string, (along: number, across: number) => number, number][] = [
  ['mean along', (a) => a, 0],
  ['mean across', (_, b) => b, 0],
  ['variance along', (a) => a ** 2, spread ** 2],
  ['variance across', (_, b) => b ** 2, 1 + 2 * bend ** 2 * spread ** 4],
  ['E along^2 across', (a, b) => a ** 2 * b, 2 * bend * spread ** 4],
];

for (const kernel of [randomWalk(banana), slice(banana)] satisfies Kernel[]) {
  const draws = await run(kernel, { seed: 42, chains: 4, warmup: 2000, draws: 20_000 });
  console.log(`${draws.kernel}, ${draws.chains} chains of ${draws.iterations} draws\n`);
  console.log(`${summarizeDraws(draws)}\n`);

  const along = allChains(draws, 'along');
  const across = allChains(draws, 'across');
  const rows = truth.map(([name, of, expected]) => {
    const chains = along.map((chain, c) => chain.map((a, i) => of(a, across[c][i])));
    const error = mcseMean(chains);
    const mean = chains.flatMap((chain) => [...chain]).reduce((a, b) => a + b, 0) / (4 * draws.iterations);
    return [
      name,
      digitsFor(expected, error),
      digitsFor(mean, error),
      digitsFor(error, error / 10),
      ((mean - expected) / error).toFixed(1),
    ];
  });
  console.log(`${table(['', 'truth', 'found', 'mcse', 'z'], rows)}\n`);
}
