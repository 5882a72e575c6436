// Time against error: what each strategy's answer costs, and how far it is from the exact one.
import { power } from '../../../samplers/power.js';
import type { Comparison } from '../../compare/compare.js';
import { largest } from '../../compare/row.js';
import { requireComparison } from './arguments.js';
import { coloured, finite, measure, type PlotRow, type PlotSpec, plotSpec } from './spec.js';

/** Distances below this are drawn here: a logarithmic scale has no 0. */
const SMALLEST = 1e-6;
const DISTANCE = 'distance from the exact answer';
const NOISE = 'its own Monte Carlo error';
const SHAPES: Readonly<Record<string, string>> = { [DISTANCE]: 'circle', [NOISE]: 'triangle-up' };

/**
 * A strategy's largest distance from its reference, and its largest Monte Carlo error, both in the reference's standard errors, against
 * the time of the fit; both axes logarithmic, distances below 1e-6 drawn at 1e-6 (`shown`; `value` is the number itself).
 * @throws GlmmcError `bad-comparison`
 */
export function timeErrorPlot(comparison: Comparison): PlotSpec {
  requireComparison('timeErrorPlot()', comparison);
  const fitted = comparison.rows.filter(({ estimates }) => estimates.length > 0);
  const names = fitted.map(({ strategy }) => strategy);
  const values = fitted.flatMap((row): PlotRow[] => {
    const of = (what: string, value: number): PlotRow => ({
      strategy: row.strategy,
      what,
      seconds: row.milliseconds / 1000,
      value: finite(value),
      shown: finite(Math.max(value, SMALLEST)),
    });
    const noise = row.estimates.map(({ monteCarloError, standardError }) =>
      monteCarloError > 0 ? monteCarloError / standardError : 0,
    );
    return [
      of(DISTANCE, largest(row.standardizedDifference)),
      ...(largest(noise) > 0 ? [of(NOISE, largest(noise))] : []),
    ];
  });
  const kinds = [DISTANCE, NOISE].filter((kind) => values.some(({ what }) => what === kind));
  return plotSpec(
    'Time against error',
    `For ${names.join(', ')}: seconds taken, and the largest distance from the exact answer in standard errors.`,
    values,
    {
      width: 290,
      height: 240,
      // Open marks: a Monte Carlo error may lie on the distance that it explains.
      mark: { type: 'point', filled: false, size: 90, strokeWidth: 2.2, opacity: 1 },
      encoding: {
        x: measure('seconds', 'seconds (log scale)', {
          scale: { type: 'log', domain: aroundLogs(values, 'seconds'), nice: false },
          axis: { values: roundNumbers(values, 'seconds', [1, 2, 5]), format: '~g' },
        }),
        y: measure('shown', 'standard errors (log scale)', {
          scale: { type: 'log', domain: aroundLogs(values, 'shown'), nice: false },
          axis: { values: roundNumbers(values, 'shown', [1]), format: '~g' },
        }),
        color: coloured('strategy', names),
        shape: {
          field: 'what',
          type: 'nominal',
          title: null,
          legend: { columns: 1 },
          scale: { domain: kinds, range: kinds.map((kind) => SHAPES[kind]) },
        },
      },
    },
  );
}

/** Half a power of ten beyond what is drawn. */
function aroundLogs(values: readonly PlotRow[], field: string): [number, number] {
  const logs = values.map((row) => Math.log10(Number(row[field]))).filter(Number.isFinite);
  if (logs.length === 0) return [0.1, 10];
  return [power(10, Math.min(...logs) - 0.4), power(10, Math.max(...logs) + 0.4)];
}

/** Powers of ten, and what is given of their multiples, that are near what is drawn. */
function roundNumbers(values: readonly PlotRow[], field: string, multiples: readonly number[]): number[] {
  const [from, to] = aroundLogs(values, field);
  const wide = to / from > 300 ? [1] : multiples;
  const numbers: number[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
    for (const multiple of wide) {
      const value = Number(`${multiple}e${power}`);
      if (value >= from && value <= to) numbers.push(value);
    }
  }
  return numbers;
}
