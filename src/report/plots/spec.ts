// What a plot is: a Vega-Lite specification as plain JSON, its data inside.

/** One mark's data; a number that is not finite is null. */
export type PlotRow = Readonly<Record<string, string | number | boolean | null>>;

/**
 * A Vega-Lite 6 specification: JSON with the data inlined, without colours, which are the theme's. It draws anywhere Vega-Lite
 * does; `toSvg()` draws it here. Names from the data are values of fields, never names of fields or parts of expressions.
 */
export interface PlotSpec {
  readonly $schema: string;
  readonly title: string;
  /** What is seen, for those who do not see it. */
  readonly description: string;
  readonly data: { readonly values: readonly PlotRow[] };
  readonly [part: string]: unknown;
}

/** A specification from its parts. */
export function plotSpec(
  title: string,
  description: string,
  values: readonly PlotRow[],
  rest: Readonly<Record<string, unknown>>,
): PlotSpec {
  const $schema = 'https://vega.github.io/schema/vega-lite/v6.json';
  return { $schema, title, description, data: { values }, ...rest };
}

/** JSON knows finite numbers only. */
export function finite(x: number): number | null {
  return Number.isFinite(x) ? x : null;
}

/** The facets of small multiples; a name longer than its panel would push the next panel away. */
export function facetBy(field: string, order: readonly string[], width: number): Record<string, unknown> {
  return { field, type: 'nominal', sort: [...order], title: null, header: { labelLimit: width + 12 } };
}

/**
 * Ends of an axis for what is drawn, at least `least` of the largest value apart (0: of 1): an axis without a length shows rounding errors.
 */
export function leastSpan(
  drawn: readonly PlotRow[string][],
  least: number,
): { floor: number | null; ceiling: number | null } {
  const numbers = drawn.filter((x) => typeof x === 'number');
  if (numbers.length === 0) return { floor: null, ceiling: null };
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low > least * size) return { floor: low, ceiling: high };
  const half = size > 0 ? Math.max(least, 1e-3) * size : 1;
  return { floor: low < 0 || low - half >= 0 ? low - half : 0, ceiling: high + half };
}

/** An unseen mark that gives an axis the room of `leastSpan()`. */
export function roomFor(axis: 'x' | 'y', rest: object = {}): Record<string, unknown> {
  const end = measure('floor', null, { scale: { zero: false } });
  return {
    mark: { type: 'rule', opacity: 0 },
    encoding: { [axis]: end, [`${axis}2`]: { field: 'ceiling' }, ...rest },
  };
}

/** Small multiples, one for each value of `field` in this order, each with its own scales. */
export function smallMultiples(
  field: string,
  order: readonly string[],
  size: { readonly columns: 1 | 2; readonly width: number; readonly height: number | { step: number } },
  layer: readonly object[],
  shared: 'x' | 'y' | 'both' | 'none' = 'none',
): Record<string, unknown> {
  const { columns, ...each } = size;
  const scale = (axis: 'x' | 'y'): string =>
    shared === axis || shared === 'both' ? 'shared' : 'independent';
  return {
    facet: facetBy(field, order, size.width),
    columns,
    spec: { ...each, layer },
    resolve: { scale: { x: scale('x'), y: scale('y') }, axis: { x: 'independent', y: 'independent' } },
  };
}

/** A numeric axis. */
export function measure(
  field: string,
  title: string | null,
  rest: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { field, type: 'quantitative', title, ...rest };
}

/** Colour by the values of `field`, in this order. */
export function coloured(field: string, order: readonly string[]): Record<string, unknown> {
  return { field, type: 'nominal', scale: { domain: [...order] }, title: null };
}

/** Colour by chain, all chains on one line of the legend. */
export function colouredByChain(chains: readonly string[]): Record<string, unknown> {
  return { ...coloured('chain', chains), legend: { columns: 0, direction: 'horizontal' }, title: 'chain' };
}
