// Caterpillar plot: the clusters' intercepts in their order, the extremes and some between where they are many.
import * as v from 'valibot';
import { checkOptions, count } from '../../../samplers/options.js';
import { requireFit } from '../../estimate/arguments.js';
import type { Fit } from '../../estimate/fit.js';
import { type RandomIntercept, type RandomIntercepts, ranef } from '../../inspect/ranef.js';
import { facetBy, finite, leastSpan, measure, type PlotRow, type PlotSpec, plotSpec } from './spec.js';

/** Options of `caterpillarPlot()`. */
export interface CaterpillarPlotOptions {
  /** Clusters shown at most, 6 or more (45): a third of them the lowest, a third the highest, the rest evenly between. */
  readonly most?: number;
}

const MOST_CLUSTERS = 45;

/**
 * Mean intercepts with their 5% to 95% points (thick) and 1.96 standard deviations with the parameters' uncertainty added (thin),
 * from the lowest to the highest cluster.
 * @throws GlmmcError `bad-fit`, `unknown-option`, `bad-option`
 */
export function caterpillarPlot(fit: Fit, options: CaterpillarPlotOptions = {}): PlotSpec {
  requireFit('caterpillarPlot()', fit);
  const { most } = checkOptions('caterpillarPlot()', { most: v.optional(count(6), MOST_CLUSTERS) }, options);
  return caterpillarOf(fit, ranef(fit), most);
}

/** The same of intercepts that are there already. */
export function caterpillarOf(
  fit: Fit,
  intercepts: RandomIntercepts,
  most: number = MOST_CLUSTERS,
): PlotSpec {
  const { clusterName } = fit.model;
  const groups = chosenClusters(intercepts, most);
  const values = groups.flatMap(([group, rows]) =>
    rows.map(
      ({ cluster, mean, sdTotal, q5, q95, rank }): PlotRow => ({
        group,
        cluster,
        rank,
        mean: finite(mean),
        q5: finite(q5),
        q95: finite(q95),
        lower: finite(mean - 1.96 * sdTotal),
        upper: finite(mean + 1.96 * sdTotal),
      }),
    ),
  );
  const order = values.map(({ cluster }) => cluster);
  const names = groups.map(([group]) => group);
  const ends = values.flatMap(({ lower, upper, q5, q95 }) => [lower, upper, q5, q95]).map(Number);
  const room = ends.some((end) => end !== 0) ? leastSpan([0, ...ends], 0) : { floor: -1, ceiling: 1 };
  const x = (field: string): object =>
    measure(field, 'intercept on the scale of the linear predictor', {
      scale: { zero: false, domain: [room.floor, room.ceiling] },
      axis: { tickCount: 6 },
    });
  const y = {
    field: 'cluster',
    type: 'nominal',
    sort: order,
    title: null,
  };
  const layer = [
    { mark: { type: 'rule', style: 'reference' }, encoding: { x: { datum: 0, type: 'quantitative' } } },
    { mark: { type: 'rule' }, encoding: { x: x('lower'), x2: { field: 'upper' }, y } },
    {
      mark: { type: 'rule', strokeWidth: 4, opacity: 0.45 },
      encoding: { x: x('q5'), x2: { field: 'q95' }, y },
    },
    { mark: { type: 'point', filled: true, size: 34, opacity: 1 }, encoding: { x: x('mean'), y } },
  ];
  const each = { width: 250, height: { step: 13 }, layer };
  const title = `Intercepts of ${clusterName}`;
  const all = intercepts.length;
  const description = `Intercepts of ${order.length} of ${all} clusters by ${clusterName} with intervals, from lowest to highest.`;
  if (names.length === 1) return plotSpec(title, description, values, each);
  return plotSpec(title, description, values, {
    facet: facetBy('group', names, 250),
    columns: 1,
    spec: each,
    resolve: { scale: { x: 'shared', y: 'independent' } },
  });
}

/** Groups of clusters from the lowest to the highest, each with what it holds; one nameless group where all are shown. */
export function chosenClusters(
  intercepts: readonly RandomIntercept[],
  most: number,
): [string, RandomIntercept[]][] {
  const place = new Map(intercepts.map((row, i) => [row, i]));
  const rows = [...intercepts].sort((a, b) => a.mean - b.mean || place.get(a)! - place.get(b)!);
  if (rows.length <= most) return [['', rows]];
  const third = Math.floor(most / 3);
  const between = rows.slice(third, rows.length - third);
  const wanted = most - 2 * third;
  const middle = Array.from(
    { length: wanted },
    (_, k) => between[Math.floor(((k + 0.5) * between.length) / wanted)],
  );
  const every = (between.length / wanted).toFixed(0);
  return [
    [`the ${third} lowest`, rows.slice(0, third)],
    [`between: 1 of ${every}`, middle],
    [`the ${third} highest`, rows.slice(rows.length - third)],
  ];
}
