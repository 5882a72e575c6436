// `glmmc diagnose`: what draws are worth, from the Stan CSV of any program.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { summarizeDraws } from '../../samplers/diagnostics/summary.js';
import { type Draws, makeDraws } from '../../samplers/draws.js';
import { GlmmcError } from '../../samplers/errors.js';
import { wrap } from '../../samplers/text.js';
import { diagnose, isSamplerColumn, LARGEST_RHAT, LEAST_ESS_PER_CHAIN } from '../estimate/diagnose.js';
import { findingLines } from '../estimate/summary.js';
import { readStanCsv } from '../report/stan-csv.js';
import { EXIT, type ExitCode, type Io } from './io.js';
import { sparklines } from './sparkline.js';

export function addDiagnoseCommand(program: Command, io: Io, finish: (code: ExitCode) => void): void {
  program
    .command('diagnose')
    .description('Print R-hat, effective sample sizes, Monte Carlo errors and small traces of draws')
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
        io.out(
          `${chains} ${chains === 1 ? 'chain' : 'chains'} of ${iterations} draws\n\n${summary}\n\n${sparklines(draws)}\n\n`,
        );
        io.out(`${verdict(all)}\n`);
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

/** Stan's own columns (`accept_stat__`, `treedepth__`, ...) are no parameters. */
function withoutSamplerColumns(draws: Draws): Draws {
  const kept = draws.variables.filter((name) => !isSamplerColumn(name));
  const storage = Array.from({ length: draws.chains }, (_, c) => {
    const block = new Float64Array(kept.length * draws.iterations);
    kept.forEach((name, v) => {
      block.set(draws.chain(name, c), v * draws.iterations);
    });
    return block;
  });
  return makeDraws(kept, draws.chains, draws.iterations, storage);
}

/** What speaks against the draws, or that nothing does. */
function verdict(draws: Draws): string {
  const findings = diagnose(draws);
  const lines = findingLines(findings).slice(1);
  const against = findings.filter(({ code }) => code !== 'one-chain' && code !== 'draws-constant');
  if (against.length > 0) return lines.join('\n');
  const constant = findings.some(({ code }) => code === 'draws-constant');
  const well = `${constant ? 'Of the others, every' : 'Every'} R-hat is below ${LARGEST_RHAT} and every effective sample size at least ${LEAST_ESS_PER_CHAIN * draws.chains}.`;
  return [...lines, ...wrap(well, '', '  ')].join('\n');
}
