// Posterior densities of draws, against the quadrature posterior's.
import { pooled } from '../../../samplers/diagnostics/chains.js';
import { quantileSorted, sd, sorted } from '../../../samplers/diagnostics/descriptive.js';
import { essBulk } from '../../../samplers/diagnostics/ess.js';
import { allChains } from '../../../samplers/draws.js';
import { requireFit } from '../../estimate/arguments.js';
import type { PosteriorFit } from '../../estimate/fit.js';
import type { QuadraturePosterior } from '../../estimate/quadrature-posterior.js';
import { kernelDensity, silvermanBandwidth } from '../../numeric/kernel-density.js';
import { chosenVariables, drawsOf } from './arguments.js';
import { coloured, finite, measure, type PlotRow, type PlotSpec, plotSpec, smallMultiples } from './spec.js';

/** Options of `densityPlot()`. */
export interface DensityPlotOptions {
  /** A name or several; the parameters that vary where left out (eight at most). */
  readonly variables?: string | readonly string[];
  /** The exact posterior under the same priors, as `quadraturePosterior()` or a comparison's `posteriors` has it. */
  readonly posterior?: QuadraturePosterior;
}

const PLACES = 80;
/** Of a standard deviation beyond the outermost draws. */
const MARGIN = 0.4;

/**
 * Densities of the draws of all chains, smoothed by a normal kernel (Silverman's bandwidth at the effective sample size), and
 * the exact posterior's smoothed by the same kernel: where the two differ it is Monte Carlo error. Scales are mirrored at 0.
 * @throws GlmmcError `bad-fit`, `bad-draws`, `unknown-variable`
 */
export function densityPlot(fit: PosteriorFit, options: DensityPlotOptions = {}): PlotSpec {
  requireFit('densityPlot()', fit);
  const draws = drawsOf('densityPlot()', fit);
  const names = chosenVariables('densityPlot()', draws, options.variables);
  const { posterior } = options;
  const exact = new Set(posterior?.parameters.map(({ name }) => name));
  const p = fit.model.coefficientNames.length;
  const scales = fit.estimates.slice(p).map(({ name }) => name);
  const curves = [fit.strategy, ...(posterior ? ['quadrature'] : [])];
  const values = names.flatMap((variable): PlotRow[] => {
    const chains = allChains(draws, variable);
    const all = sorted(pooled(chains));
    const spread = sd(all);
    const lowest = scales.includes(variable) ? 0 : Number.NEGATIVE_INFINITY;
    const from = Math.max(lowest, all[0] - MARGIN * spread);
    const to = all[all.length - 1] + MARGIN * spread;
    const at = Float64Array.from({ length: PLACES }, (_, k) => from + ((to - from) * k) / (PLACES - 1));
    const size = Math.min(all.length, Math.max(1, essBulk(chains) || 1));
    const quartiles = [quantileSorted(all, 0.25), quantileSorted(all, 0.75)] as const;
    const bandwidth = silvermanBandwidth(spread, quartiles, size);
    const rows = (curve: string, density: Float64Array): PlotRow[] =>
      Array.from(at, (x, k) => ({ variable, curve, x, density: finite(density[k]) }));
    return [
      ...rows(fit.strategy, kernelDensity(all, undefined, at, bandwidth, lowest)),
      ...(posterior && exact.has(variable)
        ? rows('quadrature', posterior.density(variable, at, bandwidth))
        : []),
    ];
  });
  return plotSpec(
    'Posterior densities',
    `Posterior densities of ${names.join(', ')} by ${curves.join(' and by ')}.`,
    values,
    smallMultiples('variable', names, { columns: 2, width: 140, height: 80 }, [
      {
        mark: { type: 'line', strokeWidth: 1.8 },
        encoding: {
          x: measure('x', null, { scale: { zero: false, nice: false }, axis: { tickCount: 4 } }),
          y: measure('density', null, { axis: null }),
          color: coloured('curve', curves),
          strokeDash: {
            field: 'curve',
            type: 'nominal',
            title: null,
            scale: {
              domain: curves,
              range: [
                [1, 0],
                [4, 3],
              ].slice(0, curves.length),
            },
          },
        },
      },
    ]),
  );
}
