// `glmmc sample`: draws from the posterior, summarised and, with --out, written as Stan CSV.
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { wrap } from '../../samplers/text.js';
import { fit } from '../estimate/fit.js';
import { toStanCsv } from '../report/stan-csv.js';
import { requireWritable } from '../report/writable.js';
import { EXIT, type ExitCode, type Io } from './io.js';
import { addModelOptions, fitOptionsFrom, type ModelFlags, modelFrom, wholeNumber } from './model-options.js';
import { progressLine } from './progress.js';
import { SAMPLER_NAMES, type SamplerSettings, samplerNamed } from './strategies.js';

interface Flags extends ModelFlags, SamplerSettings {
  readonly sampler: string;
  readonly out?: string;
  readonly checkpoint?: string;
  readonly json?: true;
}

export function addSampleCommand(program: Command, io: Io, finish: (code: ExitCode) => void): void {
  addModelOptions(program.command('sample').description('Draw from the posterior'))
    .option('--sampler <name>', SAMPLER_NAMES, 'gibbs')
    .option('--chains <n>', 'independent chains', wholeNumber)
    .option('--warmup <n>', 'steps of each chain that tune and are thrown away', wholeNumber)
    .option('--draws <n>', 'kept draws of each chain', wholeNumber)
    .option('--thin <n>', 'steps between kept draws', wholeNumber)
    .option('-o, --out <prefix>', 'write PREFIX_1.csv, PREFIX_2.csv, ...: Stan CSV, one file a chain')
    .option('--checkpoint <folder>', 'keep the draws there as they come, and go on from what is there')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  glmmc sample examples/data/seeds.csv -F binomial --seed 42 \\
    -f 'r | trials(n) ~ x1 * x2 + (1 | plate)'
  glmmc sample examples/data/seeds.csv -F binomial --chains 4 --draws 2000 \\
    -f 'r | trials(n) ~ x1 * x2 + (1 | plate)' --out /tmp/seeds
  glmmc diagnose /tmp/seeds_*.csv

Exit codes: 0 done, 1 bad input, 2 the chains have not converged.`,
    )
    .action(async (data: string, flags: Flags) => {
      const { chains, warmup, draws, thin } = flags;
      const sampler = samplerNamed(flags.sampler, {
        ...(chains !== undefined && { chains }),
        ...(warmup !== undefined && { warmup }),
        ...(draws !== undefined && { draws }),
        ...(thin !== undefined && { thin }),
      });
      if (flags.out !== undefined) await requireWritable('--out', fileOf(flags.out, 0));
      const model = await modelFrom(data, flags);
      const { wipe, ...progress } = progressLine(io);
      const { checkpoint } = flags;
      const result = await fit(model, sampler, {
        ...fitOptionsFrom(model, flags),
        ...progress,
        ...(checkpoint !== undefined && { checkpoint }),
      }).finally(wipe);
      const files = flags.out === undefined ? [] : await write(flags.out, toStanCsv(result.draws));
      io.out(`${flags.json ? JSON.stringify(result, null, 2) : result}\n`);
      if (files.length > 0 && !flags.json) {
        io.out(`\n${wrap(`Draws written to ${files.join(', ')}`, '', '  ').join('\n')}\n`);
      }
      finish(result.converged ? EXIT.done : EXIT.notConverged);
    });
}

async function write(prefix: string, texts: readonly string[]): Promise<string[]> {
  const files = texts.map((_, c) => fileOf(prefix, c));
  await Promise.all(files.map((file, c) => writeFile(file, texts[c])));
  return files;
}

/** The file of a chain. */
function fileOf(prefix: string, chain: number): string {
  return `${prefix}_${chain + 1}.csv`;
}
