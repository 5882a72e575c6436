// Forest plot: every strategy's estimates beside each other, with standard and Monte Carlo errors.
import { GlmmcError } from '../../../samplers/errors.js';
import type { Comparison } from '../../compare/compare.js';
import { largest } from '../../compare/row.js';
import type { Estimate, Fit } from '../../estimate/fit.js';
import { confint } from '../../inspect/confint.js';
import { halfWidth } from '../../inspect/predict/scale.js';
import { requireComparison } from './arguments.js';
import {
  coloured,
  finite,
  leastSpan,
  measure,
  type PlotRow,
  type PlotSpec,
  plotSpec,
  roomFor,
  smallMultiples,
} from './spec.js';

/** Options of `forestPlot()`. */
export interface ForestPlotOptions {
  /** Names of the parameters that are wanted; where left out the ten on which the strategies differ most, sigma among them. */
  readonly parameters?: readonly string[];
}

/** Parameters shown where none are named. */
const MOST_PARAMETERS = 10;
const SHAPES = { reference: 'square', agrees: 'circle', approximate: 'diamond', failed: 'cross' } as const;
const VERDICTS = Object.keys(SHAPES) as (keyof typeof SHAPES)[];
const MAXIMUM = 'maximum likelihood';
const POSTERIOR = 'posterior';

interface Line {
  readonly strategy: string;
  readonly kind: string;
  readonly verdict: string;
  readonly estimates: readonly Estimate[];
  /** Of 95%, one for each estimate. */
  readonly intervals: readonly { readonly lower: number; readonly upper: number }[];
}

/**
 * Estimates with 95% intervals as a thin line: those of confint(), Wald's (for sigma and the dispersion on the log scale) or the 2.5% and
 * 97.5% points of the posterior, which stands at its mean. Value -+ 1.96 Monte Carlo errors as a thick line. What each strategy is held against comes first: the certified maximum, and for draws the
 * quadrature posterior.
 * @throws GlmmcError `bad-comparison`; `unknown-variable` for a parameter that the model has not
 */
export function forestPlot(comparison: Comparison, options: ForestPlotOptions = {}): PlotSpec {
  requireComparison('forestPlot()', comparison);
  const lines = linesOf(comparison);
  const names = options.parameters ?? mostDifferent(comparison);
  const known = comparison.reference.estimates.map(({ name }) => name);
  for (const name of names) {
    if (!known.includes(name)) {
      throw new GlmmcError(
        'unknown-variable',
        `forestPlot(): the model has no parameter '${name}'; it has ${known.join(', ')}`,
      );
    }
  }
  const order = lines.map(({ strategy }) => strategy);
  const values = names.flatMap((name) => withRoom(lines.flatMap((line) => rowOf(line, name))));
  const present = new Set<string>(lines.map(({ verdict }) => verdict));
  const kinds = new Set(lines.map(({ kind }) => kind));
  const color = coloured(
    'kind',
    [MAXIMUM, POSTERIOR].filter((kind) => kinds.has(kind)),
  );
  const y = { field: 'strategy', type: 'nominal', sort: order, title: null };
  const interval = (low: string, high: string): object => ({ ...xAxis(low), x2: { field: high } });
  return plotSpec(
    'Estimates by strategy',
    `Estimates of ${names.join(', ')} by ${order.join(', ')}, each with a 95% interval and its Monte Carlo error.`,
    values,
    smallMultiples('parameter', names, { columns: 1, width: 225, height: { step: 17 } }, [
      roomFor('x', { y }),
      { mark: { type: 'rule' }, encoding: { ...interval('lower', 'upper'), y, color } },
      {
        mark: { type: 'rule', strokeWidth: 5, opacity: 0.55 },
        encoding: { ...interval('noiseLower', 'noiseUpper'), y, color },
      },
      {
        mark: { type: 'point', filled: true, size: 60, opacity: 1 },
        encoding: {
          ...xAxis('value'),
          y,
          color,
          shape: {
            field: 'verdict',
            type: 'nominal',
            title: null,
            scale: {
              domain: VERDICTS.filter((verdict) => present.has(verdict)),
              range: VERDICTS.filter((verdict) => present.has(verdict)).map((verdict) => SHAPES[verdict]),
            },
          },
        },
      },
    ]),
  );
}

function xAxis(field: string): { x: unknown } {
  return { x: measure(field, null, { scale: { zero: false }, axis: { tickCount: 5 } }) };
}

function linesOf({ rows, reference, posteriors }: Comparison): Line[] {
  const likelihood = rows.filter(({ fit }) => fit?.kind === 'likelihood');
  const held = posteriors.map((yardstick, k): Line[] => [
    {
      strategy: `quadrature posterior${posteriors.length > 1 ? ` ${k + 1}` : ''}`,
      kind: POSTERIOR,
      verdict: 'reference',
      estimates: yardstick.posterior.parameters.map(({ name, mean, sd, meanError }) => ({
        name,
        value: mean,
        standardError: sd,
        monteCarloError: meanError,
      })),
      intervals: yardstick.posterior.parameters,
    },
    ...yardstick.rows.map((row) => ({ ...row, kind: POSTERIOR, intervals: intervalsOf(row.fit) })),
  ]);
  const alone = rows.filter(
    (row) => row.fit?.kind === 'posterior' && !posteriors.some((one) => one.rows.includes(row)),
  );
  return [
    ...(likelihood.some(({ fit }) => fit === reference)
      ? []
      : [{ ...reference, kind: MAXIMUM, verdict: 'reference', intervals: intervalsOf(reference) }]),
    ...likelihood.map((row) => ({
      ...row,
      kind: MAXIMUM,
      verdict: row.fit === reference ? 'reference' : row.verdict,
      intervals: intervalsOf(row.fit),
    })),
    ...held.flat(),
    ...alone.map((row) => ({ ...row, kind: POSTERIOR, intervals: intervalsOf(row.fit) })),
  ];
}

function intervalsOf(fit: Fit | undefined): Line['intervals'] {
  return fit ? confint(fit) : [];
}

/** Estimates that are all one number, as a sigma of 0 without errors is, would leave an axis without a length. */
function withRoom(rows: readonly PlotRow[]): PlotRow[] {
  const drawn = rows.flatMap(({ value, lower, upper }) => [value, lower, upper]);
  return rows.map((row) => ({ ...row, ...leastSpan(drawn, 1e-9) }));
}

function rowOf({ strategy, kind, verdict, estimates, intervals }: Line, parameter: string): PlotRow[] {
  const k = estimates.findIndex(({ name }) => name === parameter);
  if (k < 0) return [];
  const estimate = estimates[k];
  const { value, standardError, monteCarloError } = estimate;
  const z = halfWidth(0.95);
  const row = { parameter, strategy, kind, verdict, value, standardError, monteCarloError };
  const ends = {
    lower: intervals[k]?.lower ?? Number.NaN,
    upper: intervals[k]?.upper ?? Number.NaN,
    noiseLower: value - z * monteCarloError,
    noiseUpper: value + z * monteCarloError,
  };
  const numbers = Object.entries({ ...row, ...ends }).map(([key, x]) => [
    key,
    typeof x === 'number' ? finite(x) : x,
  ]);
  return [Object.fromEntries(numbers)];
}

/** In the order of the estimates. */
function mostDifferent({ rows, reference }: Comparison): string[] {
  const free = reference.estimates.filter(({ name }) => !reference.fixed.includes(name));
  const names = reference.estimates.map(({ name }) => name);
  const distance = (name: string): number =>
    name === 'sigma'
      ? Number.POSITIVE_INFINITY
      : largest(rows.flatMap((row) => row.standardizedDifference[names.indexOf(name)] ?? 0));
  const chosen = free
    .map(({ name }) => name)
    .sort((a, b) => distance(b) - distance(a) || names.indexOf(a) - names.indexOf(b))
    .slice(0, MOST_PARAMETERS);
  return names.filter((name) => chosen.includes(name));
}
