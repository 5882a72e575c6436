// The plots that `glmmc plot` draws, by name.
import { didYouMean, GlmmcError } from '../../samplers/errors.js';
import type { Comparison } from '../compare/compare.js';
import type { Fit } from '../estimate/fit.js';
import { quadraturePosterior } from '../estimate/quadrature-posterior.js';
import { calibrationPlot } from '../report/plots/calibration.js';
import { caterpillarPlot } from '../report/plots/caterpillar.js';
import { autocorrelationPlot, rankEcdfPlot, tracePlot } from '../report/plots/chains.js';
import { densityPlot } from '../report/plots/density.js';
import { fittedPlot } from '../report/plots/fitted.js';
import { forestPlot } from '../report/plots/forest.js';
import type { PlotSpec } from '../report/plots/spec.js';
import { timeErrorPlot } from '../report/plots/time-error.js';
import { trajectoryPlot } from '../report/plots/trajectory.js';

/** A plot by name: what it is made of, and how. */
export type Kind =
  | {
      readonly of: 'comparison';
      readonly variable?: true;
      draw(comparison: Comparison, variable: string | undefined): PlotSpec;
    }
  | {
      readonly of: 'fit';
      /** By which the plot is made where none is named. */
      readonly strategy: string;
      readonly draws?: true;
      readonly variable?: true;
      draw(result: Fit, variable: string | undefined): PlotSpec | Promise<PlotSpec>;
    };

const chains = (
  draw: (result: Fit & { kind: 'posterior' }, variable: string | undefined) => PlotSpec | Promise<PlotSpec>,
): Kind => ({
  of: 'fit',
  strategy: 'gibbs',
  draws: true,
  variable: true,
  draw: (result, variable) => draw(result as Fit & { kind: 'posterior' }, variable),
});

/** By the names `--kind` takes. */
export const KINDS: Readonly<Record<string, Kind>> = {
  forest: {
    of: 'comparison',
    variable: true,
    draw: (comparison, variable) =>
      forestPlot(comparison, variable === undefined ? {} : { parameters: [variable] }),
  },
  'time-error': { of: 'comparison', draw: timeErrorPlot },
  trajectory: { of: 'fit', strategy: 'mcem', draw: trajectoryPlot },
  trace: chains(tracePlot),
  ranks: chains(rankEcdfPlot),
  autocorrelation: chains(autocorrelationPlot),
  density: chains(async (result, variable) =>
    densityPlot(result, {
      ...(variable !== undefined && { variables: variable }),
      posterior: await quadraturePosterior(result.model, result.priors.given, { seed: result.seed }),
    }),
  ),
  caterpillar: { of: 'fit', strategy: 'quadrature', draw: (result) => caterpillarPlot(result) },
  fitted: {
    of: 'fit',
    strategy: 'quadrature',
    variable: true,
    draw: (result, variable) => fittedPlot(result, variable === undefined ? {} : { variable }),
  },
  calibration: { of: 'fit', strategy: 'quadrature', draw: (result) => calibrationPlot(result) },
};

/** @throws GlmmcError `unknown-kind` */
export function kindNamed(name: string): Kind {
  if (Object.hasOwn(KINDS, name)) return KINDS[name];
  throw new GlmmcError('unknown-kind', `--kind: no plot '${name}'${didYouMean(name, Object.keys(KINDS))}`);
}
