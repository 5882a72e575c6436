// `glmmc compare`: one model by several strategies, on one yardstick.
import type { Command } from 'commander';
import { compare } from '../compare/compare.js';
import { report } from '../report/report.js';
import { requireWritable } from '../report/writable.js';
import { EXIT, type ExitCode, type Io } from './io.js';
import { addModelOptions, fitOptionsFrom, type ModelFlags, modelFrom } from './model-options.js';
import { progressLine } from './progress.js';
import { STRATEGY_NAMES, strategyNamed } from './strategies.js';

interface Flags extends ModelFlags {
  readonly strategies: string;
  readonly json?: true;
  readonly html?: string;
}

export function addCompareCommand(program: Command, io: Io, finish: (code: ExitCode) => void): void {
  addModelOptions(
    program.command('compare').description('Fit by several strategies and hold each against quadrature'),
  )
    .option('-S, --strategies <names>', `commas between: ${STRATEGY_NAMES}`, 'quadrature,laplace,mcem,gibbs')
    .option('--json', 'print JSON')
    .option('--html <file>', 'write a page with plots and tables')
    .addHelpText(
      'after',
      `
Examples:
  glmmc compare examples/data/cbpp.csv -F binomial --seed 42 \\
    -f 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)' \\
    --html cbpp.html
  glmmc compare examples/data/seeds.csv -F binomial \\
    -f 'r | trials(n) ~ x1 * x2 + (1 | plate)' \\
    --strategies laplace,quadrature:adaptive:7,mcem:metropolis

Exit codes: 0 done, 1 bad input, 2 a strategy failed.`,
    )
    .action(async (data: string, flags: Flags) => {
      const strategies = flags.strategies.split(',').map((name) => strategyNamed(name));
      if (flags.html !== undefined) await requireWritable('--html', flags.html);
      const model = await modelFrom(data, flags);
      const { wipe, ...progress } = progressLine(io);
      const options = { ...fitOptionsFrom(model, flags), ...progress };
      const comparison = await compare(model, strategies, options).finally(wipe);
      if (flags.html !== undefined) await report(comparison, { path: flags.html });
      io.out(`${flags.json ? JSON.stringify(comparison, null, 2) : comparison}\n`);
      const failed = comparison.rows.some((row) => row.verdict === 'failed');
      finish(failed ? EXIT.notConverged : EXIT.done);
    });
}
