// `glmmc fit`: one model by one strategy.
import type { Command } from 'commander';
import { fit } from '../estimate/fit.js';
import { report } from '../report/report.js';
import { requireWritable } from '../report/writable.js';
import { EXIT, type ExitCode, type Io } from './io.js';
import { addModelOptions, fitOptionsFrom, type ModelFlags, modelFrom } from './model-options.js';
import { progressLine } from './progress.js';
import { STRATEGY_NAMES, strategyNamed } from './strategies.js';

interface Flags extends ModelFlags {
  readonly strategy: string;
  readonly json?: true;
  readonly html?: string;
}

export function addFitCommand(program: Command, io: Io, finish: (code: ExitCode) => void): void {
  addModelOptions(program.command('fit').description('Fit a model and print its summary'))
    .option('-S, --strategy <name>', STRATEGY_NAMES, 'quadrature')
    .option('--json', 'print JSON')
    .option('--html <file>', 'write a page with plots and tables')
    .addHelpText(
      'after',
      `
Examples:
  glmmc fit examples/data/cbpp.csv -F binomial \\
    -f 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)'
  glmmc fit examples/data/epil.csv -F poisson --strategy mcem --seed 42 \\
    -f 'y ~ lbase + trt + (1 | subject)' --html epil.html

Exit codes: 0 done, 1 bad input, 2 fitted but not converged.`,
    )
    .action(async (data: string, flags: Flags) => {
      const strategy = strategyNamed(flags.strategy);
      if (flags.html !== undefined) await requireWritable('--html', flags.html);
      const model = await modelFrom(data, flags);
      const { wipe, ...progress } = progressLine(io);
      const result = await fit(model, strategy, { ...fitOptionsFrom(model, flags), ...progress }).finally(
        wipe,
      );
      if (flags.html !== undefined) await report(result, { path: flags.html });
      io.out(`${flags.json ? JSON.stringify(result, null, 2) : result}\n`);
      finish(result.converged ? EXIT.done : EXIT.notConverged);
    });
}
