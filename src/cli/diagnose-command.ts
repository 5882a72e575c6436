// `glmmc diagnose`: what draws are worth, from the Stan CSV of any program.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { type SummaryRow, summarizeDraws } from '../../samplers/diagnostics/summary.js';
import { allChains, type Draws, makeDraws } from '../../samplers/draws.js';
import { GlmmcError } from '../../samplers/errors.js';
import { wrap } from '../../samplers/text.js';
import { LARGEST_RHAT, LEAST_ESS_PER_CHAIN } from '../estimate/posterior-fit.js';
import { someOf } from '../model/finding.js';
import { readStanCsv } from '../report/stan-csv.js';
import { EXIT, type ExitCode, type Io } from './io.js';

/** R-hat splits each chain in halves of at least two draws. */
const LEAST_DRAWS = 4;

export function addDiagnoseCommand(program: Command, io: Io, finish: (code: ExitCode) => void): void {
  program
    .command('diagnose')
    .description('Print R-hat, effective sample sizes and Monte Carlo errors of draws')
    .argument('<draws...>', 'Stan CSV files, one per chain, written by any program')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  glmmc diagnose /tmp/seeds_1.csv /tmp/seeds_2.csv
  glmmc diagnose output_*.csv --json

Exit codes: 0 done, 1 bad input.`,
    )
    .action(async (paths: string[], flags: { json?: true }) => {
      const all = readStanCsv(await Promise.all(paths.map(read)), paths);
      const draws = withoutSamplerColumns(all);
      const summary = summarizeDraws(draws);
      if (flags.json) io.out(`${JSON.stringify(summary, null, 2)}\n`);
      else {
        const { chains, iterations } = draws;
        io.out(`${chains} ${chains === 1 ? 'chain' : 'chains'} of ${iterations} draws\n\n${summary}\n\n`);
        io.out(`${verdict(summary, draws)}\n${divergences(all)}`);
      }
      finish(EXIT.done);
    });
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new GlmmcError('file-not-found', `no file '${path}'; check the path`);
    throw new GlmmcError('unreadable-file', `cannot read '${path}': ${message}`);
  }
}

/** Stan's own columns (`accept_stat__`, `treedepth__`, ...) are no parameters; `lp__` is kept. */
function withoutSamplerColumns(draws: Draws): Draws {
  const kept = draws.variables.filter((name) => name === 'lp__' || !name.endsWith('__'));
  const storage = Array.from({ length: draws.chains }, (_, c) => {
    const block = new Float64Array(kept.length * draws.iterations);
    kept.forEach((name, v) => {
      block.set(draws.chain(name, c), v * draws.iterations);
    });
    return block;
  });
  return makeDraws(kept, draws.chains, draws.iterations, storage);
}

/** Whether the draws can be trusted. What never moves has no diagnostics; any other NaN is a failure. */
function verdict(rows: readonly SummaryRow[], draws: Draws): string {
  const { chains, iterations } = draws;
  const least = LEAST_ESS_PER_CHAIN * chains;
  const constant = rows.filter(({ variable }) => isConstant(allChains(draws, variable)));
  const moving = rows.filter((row) => !constant.includes(row));
  const undefinedRows = moving.filter(({ rhat }) => Number.isNaN(rhat));
  const apart = moving.filter(({ rhat }) => rhat >= LARGEST_RHAT);
  const few = moving.filter((row) => !(row.ess_bulk >= least && row.ess_tail >= least));
  const names = (some: readonly SummaryRow[]): string => someOf(some.map(({ variable }) => variable));
  const lines: string[] = [];
  if (undefinedRows.length > 0) {
    const why =
      iterations < LEAST_DRAWS
        ? `It takes ${LEAST_DRAWS} draws a chain, found ${iterations}: draw more.`
        : 'Draws that are no finite numbers, or chains that stand still: look at them.';
    lines.push(`R-hat not defined: ${names(undefinedRows)}. ${why}`);
  }
  if (apart.length > 0) {
    const advice =
      chains === 1 ? 'The chain still drifts: run it longer.' : 'The chains disagree: run them longer.';
    lines.push(`R-hat above ${LARGEST_RHAT}: ${names(apart)}. ${advice}`);
  }
  if (few.length > 0) {
    const each = chains === 1 ? '' : ` (${LEAST_ESS_PER_CHAIN} a chain)`;
    lines.push(`Effective sample size below ${least}${each}, or not defined: ${names(few)}. Draw more.`);
  }
  if (moving.length > 0 && lines.length === 0) {
    const every = constant.length > 0 ? 'Of the others, every' : 'Every';
    lines.push(`${every} R-hat is below ${LARGEST_RHAT} and every effective sample size at least ${least}.`);
  }
  if (constant.length > 0) {
    const told = `The same in every draw, so without diagnostics: ${names(constant)}. Held fixed, or stuck?`;
    if (moving.length > 0 && undefinedRows.length + apart.length + few.length === 0) lines.unshift(told);
    else lines.push(told);
  }
  if (chains === 1) {
    lines.push('One chain: R-hat compares its halves, and cannot tell whether others would agree; run 4.');
  }
  return lines.flatMap((line) => wrap(line, '', '  ')).join('\n');
}

function isConstant(chains: readonly Float64Array[]): boolean {
  const [[first]] = chains;
  return chains.every((chain) => chain.every((value) => value === first));
}

function divergences(draws: Draws): string {
  if (!draws.variables.includes('divergent__')) return '';
  const count = allChains(draws, 'divergent__').reduce(
    (sum, chain) => sum + chain.reduce((a, b) => a + b, 0),
    0,
  );
  return count === 0 ? '' : `${count} divergent transitions: parts of the posterior were not reached.\n`;
}
