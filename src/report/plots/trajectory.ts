// Trajectory: how a strategy's iterations came to its estimate.
import { GlmmcError } from '../../../samplers/errors.js';
import { requireFit } from '../../estimate/arguments.js';
import type { Fit } from '../../estimate/fit.js';
import {
  finite,
  leastSpan,
  measure,
  type PlotRow,
  type PlotSpec,
  plotSpec,
  roomFor,
  smallMultiples,
} from './spec.js';

const DRAWS = 'draws a cluster';
const MOST_PARAMETERS = 8;

/**
 * Every free parameter along the iterations of `fit.history`, counted from 1, with the final estimate as a line, and the Monte Carlo size where
 * the strategy tells it (`detail.draws`) and it changes. Eight parameters at most: the last ones, sigma among them.
 * @throws GlmmcError `bad-fit`; `no-history` for draws and for a fit without iterations
 */
export function trajectoryPlot(fit: Fit): PlotSpec {
  requireFit('trajectoryPlot()', fit);
  if (fit.kind === 'posterior' || !hasTrajectory(fit)) {
    throw new GlmmcError(
      'no-history',
      fit.kind === 'posterior'
        ? 'trajectoryPlot() shows the iterations of a likelihood fit, found draws; tracePlot() shows those'
        : `trajectoryPlot(): the fit by ${fit.strategy} has no iterations to show`,
    );
  }
  const { history, estimates, fixed } = fit;
  const p = fit.model.coefficientNames.length;
  const free = estimates.flatMap(({ name, value }, k) => (fixed.includes(name) ? [] : [{ name, value, k }]));
  const shown = free.slice(-MOST_PARAMETERS);
  const values = shown.flatMap(({ name, value, k }): PlotRow[] => {
    const rows = history.map(({ parameters: { beta, sigma, dispersion } }, step) => {
      const at = k < p ? beta[k] : k === p ? sigma : (dispersion ?? Number.NaN);
      return { parameter: name, iteration: step + 1, value: finite(at), estimate: finite(value) };
    });
    const ends = leastSpan(
      rows.flatMap((row) => [row.value, row.estimate]),
      1e-6,
    );
    return rows.map((row) => ({ ...row, ...ends }));
  });
  const sizes = history.flatMap(({ detail }, step): PlotRow[] =>
    typeof detail?.draws === 'number'
      ? [{ parameter: DRAWS, iteration: step + 1, value: finite(detail.draws), estimate: null }]
      : [],
  );
  const varies = new Set(sizes.map(({ value }) => value)).size > 1;
  const order = [...shown.map(({ name }) => name), ...(varies ? [DRAWS] : [])];
  const y = (field: string): object =>
    measure(field, null, { scale: { zero: false }, axis: { tickCount: 4 } });
  const x = measure('iteration', 'iteration', {
    scale: { zero: false, nice: false },
    axis: { tickCount: Math.min(5, history.length), format: 'd' },
  });
  return plotSpec(
    `Iterations of ${fit.strategy}`,
    `${order.join(', ')} along ${history.length} iterations of ${fit.strategy}.`,
    [...values, ...(varies ? sizes : [])],
    smallMultiples(
      'parameter',
      order,
      { columns: 2, width: 130, height: 80 },
      [
        roomFor('y'),
        {
          mark: { type: 'rule', style: 'reference' },
          encoding: { y: { ...y('estimate'), aggregate: 'min' } },
        },
        {
          mark: { type: 'line', point: { filled: true, size: history.length > 40 ? 8 : 22 } },
          encoding: { x, y: y('value') },
        },
      ],
      'x',
    ),
  );
}

/** Whether there are iterations to show. */
export function hasTrajectory(fit: Fit): boolean {
  return fit.kind === 'likelihood' && fit.history.length > 1;
}
