// `glmmc simulate`: new responses on the data's own design, as CSV.
import type { Command } from 'commander';
import { GlmmcError } from '../../samplers/errors.js';
import { fit } from '../estimate/fit.js';
import { quadrature } from '../estimate/quadrature.js';
import { simulate } from '../estimate/simulate.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { EXIT, type ExitCode, type Io } from './io.js';
import {
  addModelOptions,
  allParameters,
  fitOptionsFrom,
  type ModelFlags,
  modelFrom,
  numberList,
  parameterNames,
  wholeNumber,
} from './model-options.js';

interface Flags extends ModelFlags {
  readonly at?: readonly number[];
  readonly draws?: number;
}

export function addSimulateCommand(program: Command, io: Io, finish: (code: ExitCode) => void): void {
  addModelOptions(program.command('simulate').description('New responses on the design of the data'))
    .option(
      '--at <numbers>',
      'coefficients, sigma, dispersion (default: the maximum likelihood fit)',
      numberList,
    )
    .option('--draws <n>', 'columns of new responses (default: 1)', wholeNumber)
    .addHelpText(
      'after',
      `
Prints a line for every row used, in the order of the data, and a column for
every draw: counts of successes for binomial responses.

Examples:
  glmmc simulate examples/data/cbpp.csv -F binomial --draws 3 --seed 42 \\
    -f 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)'
  glmmc simulate examples/data/booth_hobert.csv -F binomial --at 6.1,1.3 \\
    -f 'y ~ 0 + x1 + (1 | z1)' > new.csv

Exit codes: 0 done, 1 bad input, 2 the fit to simulate from has not converged.`,
    )
    .action(async (data: string, flags: Flags) => {
      const model = await modelFrom(data, flags);
      const { parameters, converged } = flags.at
        ? { parameters: parametersAt(model, flags.at), converged: true }
        : await fit(model, quadrature(), fitOptionsFrom(model, flags));
      const { seed, draws } = flags;
      const columns = simulate(model, parameters, {
        ...(seed !== undefined && { seed }),
        ...(draws !== undefined && { draws }),
      });
      io.out(`${columns.map((_, k) => `draw_${k + 1}`).join()}\n`);
      for (let r = 0; r < model.observations; r++) io.out(`${columns.map((column) => column[r]).join()}\n`);
      finish(converged ? EXIT.done : EXIT.notConverged);
    });
}

/** @throws GlmmcError `bad-parameters` */
function parametersAt(model: Model, numbers: readonly number[]): Parameters {
  const names = parameterNames(model);
  if (numbers.length !== names.length) {
    throw new GlmmcError(
      'bad-parameters',
      `--at: expected ${names.length} numbers (${names.join(', ')}), found ${numbers.length}; leave --at out to simulate from the fit`,
    );
  }
  return allParameters(model, numbers);
}
