// `glmmc plot`: one plot of a fit or a comparison, as SVG or as its Vega-Lite specification.
import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { GlmmcError } from '../../samplers/errors.js';
import { compare } from '../compare/compare.js';
import { fit } from '../estimate/fit.js';
import type { PlotSpec } from '../report/plots/spec.js';
import type { Theme } from '../report/theme.js';
import { toSvg } from '../report/to-svg.js';
import { requireWritable } from '../report/writable.js';
import { EXIT, type ExitCode, type Io } from './io.js';
import { addModelOptions, fitOptionsFrom, type ModelFlags, modelFrom } from './model-options.js';
import { KINDS, kindNamed } from './plot-kinds.js';
import { progressLine } from './progress.js';
import { STRATEGY_NAMES, samplerNamed, strategyNamed } from './strategies.js';

interface Flags extends ModelFlags {
  readonly kind: string;
  readonly svg?: string;
  readonly json?: true;
  readonly strategy?: string;
  readonly strategies: string;
  readonly variable?: string;
  readonly theme: Theme;
}

export function addPlotCommand(program: Command, io: Io, finish: (code: ExitCode) => void): void {
  addModelOptions(program.command('plot').description('Draw one plot as SVG, without a browser'))
    .requiredOption('-k, --kind <name>', Object.keys(KINDS).join(', '))
    .option('--svg <file>', 'write the SVG there')
    .option('--json', 'print the Vega-Lite specification')
    .option('-S, --strategy <name>', `of plots of one fit: ${STRATEGY_NAMES}`)
    .option(
      '--strategies <names>',
      'of forest and time-error, commas between',
      'quadrature,laplace,mcem,gibbs',
    )
    .option('--variable <name>', 'the parameter, or the covariate of fitted')
    .addOption(new Option('--theme <name>', 'colours').choices(['light', 'dark']).default('light'))
    .addHelpText(
      'after',
      `
Examples:
  glmmc plot examples/data/cbpp.csv -F binomial --kind forest --svg forest.svg \\
    -f 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)'
  glmmc plot examples/data/epil.csv -F poisson --kind fitted --svg fitted.svg \\
    -f 'y ~ lbase + trt + (1 | subject)'

Exit codes: 0 done, 1 bad input, 2 not converged.`,
    )
    .action(async (data: string, flags: Flags) => {
      const kind = kindNamed(flags.kind);
      if (flags.svg === undefined && !flags.json) {
        throw new GlmmcError('bad-option', 'glmmc plot takes --svg FILE, --json, or both; found neither');
      }
      if (flags.svg !== undefined) await requireWritable('--svg', flags.svg);
      const strategies =
        kind.of === 'fit'
          ? [
              kind.draws
                ? samplerNamed(flags.strategy ?? kind.strategy, {})
                : strategyNamed(flags.strategy ?? kind.strategy),
            ]
          : flags.strategies.split(',').map((name) => strategyNamed(name));
      if (flags.variable !== undefined && !kind.variable) {
        throw new GlmmcError(
          'bad-option',
          `--variable: a ${flags.kind} plot shows all parameters; leave it out`,
        );
      }
      const model = await modelFrom(data, flags);
      const { wipe, ...progress } = progressLine(io);
      const options = { ...fitOptionsFrom(model, flags), ...progress };
      let spec: PlotSpec;
      let done: boolean;
      if (kind.of === 'comparison') {
        const comparison = await compare(model, strategies, options).finally(wipe);
        spec = kind.draw(comparison, flags.variable);
        done = comparison.rows.every(({ verdict }) => verdict !== 'failed');
      } else {
        const result = await fit(model, strategies[0], options).finally(wipe);
        spec = await kind.draw(result, flags.variable);
        done = result.converged;
      }
      if (flags.svg !== undefined) await writeFile(flags.svg, await toSvg(spec, { theme: flags.theme }));
      if (flags.json) io.out(`${JSON.stringify(spec, null, 2)}\n`);
      finish(done ? EXIT.done : EXIT.notConverged);
    });
}
