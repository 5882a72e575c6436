// The benches' own design, and the tables of docs/benchmarks.md, which must be those of the results kept.
import { readFileSync } from 'node:fs';
import test from 'ava';
import {
  type LikelihoodResults,
  type MonteCarloPeers,
  type MonteCarloResults,
  type PeerResults,
  readResults,
} from '../bench/results.js';
import { simulated, wide } from '../bench/simulated.js';
import { fillTables, likelihoodTables, monteCarloTable, peerTable } from '../bench/tables.js';

test('the simulated design is the one that speed has been stated for', (t) => {
  const data = simulated(300);
  const sum = (column: Float64Array): number => column.reduce((total, value) => total + value, 0);
  // From the program that the first figures were measured with.
  t.is(sum(data.y), 1526);
  t.is(sum(data.x1), 97.3642131368636);
  t.is(sum(data.x2), 1490);
  t.is(sum(data.x3), 22.281085554442697);
  t.is(sum(data.x4), 1468);
  t.is(data.x3[1234], -0.8930437180016246);
  t.is(data.id[2999], 299);
});

test('the wide design has its groups, and covariates of groups do not vary within them', (t) => {
  const { group, g1, g14, u1 } = wide(5000, 200);
  t.is(new Set(group).size, 200);
  const seen = new Map<number, [number, number]>();
  const varies = new Set<number>();
  group.forEach((i, r) => {
    const [a, b] = seen.get(i) ?? [g1[r], g14[r]];
    seen.set(i, [a, b]);
    if (a !== g1[r] || b !== g14[r]) varies.add(i);
  });
  t.is(varies.size, 0);
  t.is(new Set(u1).size, 5000);
});

test('the tables of docs/benchmarks.md are those of the results', (t) => {
  const page = readFileSync(new URL('../docs/benchmarks.md', import.meta.url), 'utf8');
  const likelihood = readResults<LikelihoodResults>('likelihood')!;
  const peers = readResults<PeerResults>('peers')!;
  const monteCarlo = monteCarloTable(
    readResults<MonteCarloResults>('monte-carlo')!,
    readResults<MonteCarloPeers>('monte-carlo-peers')!,
  );
  const tables = { ...likelihoodTables(likelihood), peers: peerTable(peers), monteCarlo };
  for (const name of Object.keys(tables)) t.true(page.includes(`<!-- begin ${name} -->`), name);
  t.is(fillTables(page, tables), page);
});
