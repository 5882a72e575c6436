// Redraws the chart and the tables of docs/benchmarks.md from the results kept in bench/results; measures nothing.
//   npm run bench:report
import { readFileSync, writeFileSync } from 'node:fs';
import { drawChart } from './chart.js';
import {
  type AgreementResults,
  type LikelihoodResults,
  type MonteCarloPeers,
  type MonteCarloResults,
  type PeerResults,
  type PosteriorResults,
  readResults,
  root,
} from './results.js';
import {
  agreementTable,
  fillTables,
  likelihoodTables,
  monteCarloTable,
  peerTable,
  posteriorTable,
} from './tables.js';

const likelihood = readResults<LikelihoodResults>('likelihood');
const peers = readResults<PeerResults>('peers');
const monteCarlo = readResults<MonteCarloResults>('monte-carlo');
const monteCarloPeers = readResults<MonteCarloPeers>('monte-carlo-peers')!;
const posterior = readResults<PosteriorResults>('posterior');
const agreement = readResults<AgreementResults>('agreement');
const page = new URL('docs/benchmarks.md', root);
const tables = {
  ...(likelihood && likelihoodTables(likelihood)),
  ...(peers && { peers: peerTable(peers) }),
  ...(posterior && { posterior: posteriorTable(posterior) }),
  ...(agreement && { agreement: agreementTable(agreement) }),
  ...(monteCarlo && { monteCarlo: monteCarloTable(monteCarlo, monteCarloPeers) }),
};
writeFileSync(page, fillTables(readFileSync(page, 'utf8'), tables));
writeFileSync(new URL('docs/benchmarks.svg', root), await drawChart(likelihood, peers));
