// The commands put together; errors become one line and an exit code.
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { GlmmcError } from '../../samplers/errors.js';
import { paint } from './colour.js';
import { addCompareCommand } from './compare-command.js';
import { addDiagnoseCommand } from './diagnose-command.js';
import { addFitCommand } from './fit-command.js';
import { EXIT, type ExitCode, type Io } from './io.js';
import { addPlotCommand } from './plot-command.js';
import { addSampleCommand } from './sample-command.js';
import { addSimulateCommand } from './simulate-command.js';

/** Runs the command line `args` (without node and the script) and returns its exit code. */
export async function runCommand(args: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const painted: Io = io.colour ? { ...io, out: (text) => io.out(paint(text)) } : io;
  const program = build(painted, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
    if (!(error instanceof GlmmcError)) throw error;
    io.err(`glmmc: ${oneLine(markPlace(error.message))}\n`);
    return EXIT.badInput;
  }
}

function build(io: Io, finish: (code: ExitCode) => void): Command {
  const program = new Command('glmmc')
    .description(
      'Random-intercept GLMMs by quadrature, Monte Carlo EM and MCMC, each held against the others',
    )
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      // Commander puts its suggestion on a second line.
      outputError: (text, write) => write(`glmmc: ${oneLine(text)}\n`),
    })
    .addHelpText('after', "\nEvery command has examples: 'glmmc fit --help'.");
  addFitCommand(program, io, finish);
  addCompareCommand(program, io, finish);
  addSampleCommand(program, io, finish);
  addDiagnoseCommand(program, io, finish);
  addSimulateCommand(program, io, finish);
  addPlotCommand(program, io, finish);
  return program;
}

/** A formula error has the formula below it, and a caret below that; on one line a mark stands at the place. */
function markPlace(message: string): string {
  const match = /^(.*?)\n {2}(.*)\n {2}( *)\^$/s.exec(message);
  if (match === null) return message;
  const [, problem, formula, { length: place }] = match;
  return `${problem}: '${formula.slice(0, place)}▸${formula.slice(place)}'`;
}

function oneLine(text: string): string {
  return text
    .trim()
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ');
}

function version(): string {
  const manifest: { version: string } = createRequire(import.meta.url)('glmmc/package.json');
  return manifest.version;
}
