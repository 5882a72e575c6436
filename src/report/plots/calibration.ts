// Calibration plot: what was observed against what the fit predicts, in groups of rows.
import * as v from 'valibot';
import { checkOptions, count } from '../../../samplers/options.js';
import { requireFit } from '../../estimate/arguments.js';
import type { Fit } from '../../estimate/fit.js';
import { predict } from '../../inspect/predict.js';
import { facetBy, finite, leastSpan, measure, type PlotRow, type PlotSpec, plotSpec } from './spec.js';

/** Options of `calibrationPlot()`. */
export interface CalibrationPlotOptions {
  /** Groups of rows by their prediction, of about equal size (10); rows of equal predictions stay together. */
  readonly groups?: number;
}

interface Group {
  readonly predicted: number;
  readonly observed: number;
  readonly standardError: number;
  readonly rows: number;
}

/** Draws of a posterior fit that are used at most: a plot shows no more. */
const DRAWS = 1000;
const TARGETS = { population: 'over all clusters', cluster: 'given the cluster' } as const;

/**
 * Means of the responses against means of the predictions in groups of rows, for predictions over all clusters (`population`) and
 * for those that know each cluster's own responses (`cluster`, which are in sample). Bars are 1.96 standard errors of the difference,
 * robust to clusters: the squares are of a cluster's summed residuals. Trials, weights and cluster weights count. Of a posterior fit
 * 1000 draws at most are used.
 * @throws GlmmcError `bad-fit`, `unknown-option`, `bad-option`
 */
export function calibrationPlot(fit: Fit, options: CalibrationPlotOptions = {}): PlotSpec {
  requireFit('calibrationPlot()', fit);
  const { groups } = checkOptions('calibrationPlot()', { groups: v.optional(count(1), 10) }, options);
  const values = (['population', 'cluster'] as const).flatMap((target): PlotRow[] => {
    const means = predict(fit, undefined, { target, draws: DRAWS });
    const predictions = Float64Array.from(means, ({ estimate }) => estimate);
    if (!predictions.every(Number.isFinite)) return [];
    return calibrationGroups(fit, predictions, groups).map(
      ({ predicted, observed, standardError, rows }) => ({
        target: TARGETS[target],
        predicted,
        observed,
        lower: finite(observed - 1.96 * standardError),
        upper: finite(observed + 1.96 * standardError),
        rows,
      }),
    );
  });
  const shown = Object.values(TARGETS).filter((name) => values.some(({ target }) => target === name));
  const diagonal = shown.flatMap((target): PlotRow[] => {
    const own = values.filter((row) => row.target === target);
    const ends = own.flatMap(({ predicted, observed }) => [Number(predicted), Number(observed)]);
    const { floor, ceiling } = leastSpan(ends, 1e-3);
    return [floor, ceiling].map((end) => ({ target, end }));
  });
  const zero = { scale: { zero: false }, axis: { tickCount: 4 } };
  const x = measure('predicted', 'predicted', zero);
  return plotSpec(
    'Calibration',
    `Observed against predicted means of ${fit.model.design.responseName} in groups of rows by their prediction.`,
    [...values, ...diagonal],
    {
      facet: facetBy('target', shown, 135),
      columns: 2,
      spec: {
        width: 135,
        height: 135,
        layer: [
          {
            transform: [{ filter: { field: 'end', valid: true } }],
            mark: { type: 'line', style: 'reference' },
            encoding: { x: measure('end', 'predicted', zero), y: measure('end', 'observed', zero) },
          },
          {
            transform: [{ filter: { field: 'predicted', valid: true } }],
            mark: { type: 'rule' },
            encoding: { x, y: measure('lower', 'observed', zero), y2: { field: 'upper' } },
          },
          {
            transform: [{ filter: { field: 'predicted', valid: true } }],
            mark: { type: 'point', filled: true, size: 45, opacity: 1 },
            encoding: { x, y: measure('observed', 'observed', zero) },
          },
        ],
      },
      resolve: { scale: { x: 'independent', y: 'independent' } },
    },
  );
}

/** Rows in the order of their predictions, cut where about a `count`-th of their weight is reached. */
export function calibrationGroups(fit: Fit, predictions: Float64Array, count: number): Group[] {
  const { design } = fit.model;
  const { y, trials, weights, clusterWeights, cluster, rows } = design;
  const size = Float64Array.from(
    { length: rows },
    (_, r) => (trials?.[r] ?? 1) * (weights?.[r] ?? 1) * (clusterWeights?.[cluster[r]] ?? 1),
  );
  const total = size.reduce((sum, w) => sum + w, 0);
  const order = Uint32Array.from(predictions, (_, r) => r).sort(
    (a, b) => predictions[a] - predictions[b] || a - b,
  );
  const groups: Group[] = [];
  let from = 0;
  let passed = 0;
  for (let k = 0; k < rows; k++) {
    passed += size[order[k]];
    const full = passed >= ((groups.length + 1) * total) / count - 1e-9 * total;
    const tied =
      k + 1 < rows && predictions[order[k + 1]] - predictions[order[k]] <= tie(predictions[order[k]]);
    if (k + 1 < rows && (!full || tied)) continue;
    groups.push(summarise(order.subarray(from, k + 1)));
    from = k + 1;
  }
  return groups.filter(({ predicted }) => Number.isFinite(predicted));

  function summarise(members: Uint32Array): Group {
    let weight = 0;
    let predicted = 0;
    let observed = 0;
    for (const r of members) {
      weight += size[r];
      predicted += size[r] * predictions[r];
      observed += (size[r] / (trials?.[r] ?? 1)) * y[r];
    }
    const gap = (observed - predicted) / weight;
    const residuals = new Map<number, number>();
    for (const r of members) {
      const residual = (size[r] / (trials?.[r] ?? 1)) * y[r] - size[r] * (predictions[r] + gap);
      residuals.set(cluster[r], (residuals.get(cluster[r]) ?? 0) + residual);
    }
    let squares = 0;
    for (const [i, residual] of residuals) squares += residual ** 2 / (clusterWeights?.[i] ?? 1);
    const clusters = residuals.size;
    const correction = clusters > 1 ? clusters / (clusters - 1) : Number.NaN;
    return {
      predicted: predicted / weight,
      observed: observed / weight,
      standardError: Math.sqrt(correction * squares) / weight,
      rows: members.length,
    };
  }
}

/** Predictions closer than this are equal: rows of one design may differ in their last bits. */
function tie(prediction: number): number {
  return 1e-9 * Math.abs(prediction);
}
