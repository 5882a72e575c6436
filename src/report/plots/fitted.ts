// Fitted curves: the mean of a typical cluster and of the population along a covariate, or at each level.
import * as v from 'valibot';
import { didYouMean, GlmmcError } from '../../../samplers/errors.js';
import { checkOptions } from '../../../samplers/options.js';
import { requireFit } from '../../estimate/arguments.js';
import type { Fit } from '../../estimate/fit.js';
import { predict } from '../../inspect/predict.js';
import { covariateRows, variableNames } from './covariate-rows.js';
import { coloured, facetBy, finite, measure, type PlotRow, type PlotSpec, plotSpec } from './spec.js';

/** Options of `fittedPlot()`. */
export interface FittedPlotOptions {
  /**
   * The covariate to run along. Where left out: the first numeric one of more than six values; without any, every combination of
   * values that the data have.
   */
  readonly variable?: string;
}

/** Characters above which a list of covariates is no title. */
const LONG = 30;
/** Draws of a posterior fit that are used at most: a plot shows no more. */
const DRAWS = 1000;
const TARGETS = { typical: 'typical cluster', population: 'population' } as const;

/**
 * Means on the response scale with 95% intervals, of a typical cluster (eps = 0) and over all clusters. Along a numeric covariate as
 * curves, one panel for each level of a second covariate of four levels at most; else as points. Other covariates are held at
 * their mean or most common level, which the title says. Of a posterior fit 1000 draws at most are used.
 * @throws GlmmcError `bad-fit`, `unknown-option`, `bad-option`; `unknown-variable` for what no term uses
 */
export function fittedPlot(fit: Fit, options: FittedPlotOptions = {}): PlotSpec {
  requireFit('fittedPlot()', fit);
  const { variable } = checkOptions(
    'fittedPlot()',
    { variable: v.optional(v.string('the name of a column')) },
    options,
  );
  const names = variableNames(fit.model);
  if (variable !== undefined && !names.includes(variable)) {
    throw new GlmmcError(
      'unknown-variable',
      `fittedPlot(): no term uses a column '${variable}'${didYouMean(variable, names)}`,
    );
  }
  const { kind, over, places, groups, table, held } = covariateRows(fit.model, variable);
  const values = (['typical', 'population'] as const).flatMap((target): PlotRow[] =>
    predict(fit, table, { target, interval: true, draws: DRAWS }).map(({ estimate, lower, upper }, r) => ({
      target: TARGETS[target],
      group: groups[r],
      place: places[r],
      mean: finite(estimate),
      lower: finite(lower ?? Number.NaN),
      upper: finite(upper ?? Number.NaN),
    })),
  );
  const { responseName, trials } = fit.model.design;
  const mean = trials || fit.model.family.name === 'binomial' ? 'probability' : `mean of ${responseName}`;
  const still = held.length > 0 ? ` at ${held.join(', ')}` : '';
  const title = `Fitted means${over === '' || over.length > LONG ? '' : ` by ${over}`}${still}`;
  const description = `${mean} for a typical cluster and over all clusters, with 95% intervals, by ${over || 'nothing'}${still}.`;
  const distinct = [...new Set(groups)];
  const layer =
    kind === 'curve'
      ? curve(over, mean, distinct.length === 1 ? 190 : 130)
      : points(mean, [...new Set(places.map(String))]);
  if (distinct.length === 1) {
    const height = kind === 'curve' ? 190 : { step: 13 };
    return plotSpec(title, description, values, { width: kind === 'curve' ? 290 : 230, height, layer });
  }
  return plotSpec(title, description, values, {
    facet: facetBy('group', distinct, 135),
    columns: 2,
    spec: { width: 135, height: 130, layer },
  });
}

const targets = Object.values(TARGETS);
const color = coloured('target', targets);
/** Lines in the legend: the band's patch would be drawn with the dashes of its line. */
const asLines = { symbolType: 'stroke', symbolStrokeWidth: 2, symbolSize: 300 };

function curve(over: string, mean: string, height: number): object[] {
  const x = measure('place', over, { scale: { zero: false, nice: false }, axis: { tickCount: 5 } });
  const y = (field: string): object =>
    measure(field, mean, { scale: { zero: false }, axis: { tickCount: 5, titleLimit: height } });
  return [
    {
      mark: { type: 'area', opacity: 0.18 },
      encoding: { x, y: y('lower'), y2: { field: 'upper' }, color: { ...color, legend: asLines } },
    },
    {
      mark: { type: 'line', strokeWidth: 2 },
      encoding: {
        x,
        y: y('mean'),
        color: { ...color, legend: asLines },
        strokeDash: {
          field: 'target',
          type: 'nominal',
          title: null,
          legend: asLines,
          scale: {
            domain: targets,
            range: [
              [1, 0],
              [5, 3],
            ],
          },
        },
      },
    },
  ];
}

function points(mean: string, order: readonly string[]): object[] {
  const y = { field: 'place', type: 'nominal', sort: order, title: null };
  const x = (field: string): object =>
    measure(field, mean, { scale: { zero: false }, axis: { tickCount: 5 } });
  const offset = { yOffset: { field: 'target', type: 'nominal', sort: targets } };
  return [
    { mark: { type: 'rule' }, encoding: { y, ...offset, x: x('lower'), x2: { field: 'upper' }, color } },
    {
      mark: { type: 'point', filled: true, size: 55, opacity: 1 },
      encoding: {
        y,
        ...offset,
        x: x('mean'),
        color,
        shape: {
          field: 'target',
          type: 'nominal',
          title: null,
          scale: { domain: targets, range: ['circle', 'diamond'] },
        },
      },
    },
  ];
}
