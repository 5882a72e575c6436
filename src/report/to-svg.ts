// A plot as SVG, drawn by Vega without a browser; Vega is loaded when the first plot is drawn.
import * as v from 'valibot';
import type { TopLevelSpec } from 'vega-lite';
import { GlmmcError } from '../../samplers/errors.js';
import { checkOptions } from '../../samplers/options.js';
import { isObject, whatIs } from '../model/arguments.js';
import { withoutControls } from './html/markup.js';
import type { PlotSpec } from './plots/spec.js';
import { textWidth } from './text-width.js';
import { type Theme, vegaConfig } from './theme.js';

/** Options of `toSvg()`. */
export interface SvgOptions {
  /** `light` (default), `dark`, or `page`: colours by the variables `--ink`, `--muted`, `--grid`, `--series-1` ... of a page. */
  readonly theme?: Theme;
}

/**
 * The SVG of a specification, the same bytes for the same specification. Nothing is fetched: data that are not in the
 * specification are refused.
 * @throws GlmmcError `bad-plot`, `unknown-option`, `bad-option`
 */
export async function toSvg(spec: PlotSpec, options: SvgOptions = {}): Promise<string> {
  if (!isObject(spec) || !('$schema' in spec)) {
    throw new GlmmcError(
      'bad-plot',
      `toSvg() takes a Vega-Lite specification such as forestPlot(comparison), found ${whatIs(spec)}`,
    );
  }
  const { theme } = checkOptions(
    'toSvg()',
    { theme: v.optional(v.picklist(['light', 'dark', 'page'], "'light', 'dark' or 'page'"), 'light') },
    options,
  );
  const drawn = lastPlot.then(() => draw(spec, theme));
  lastPlot = drawn.catch(() => {});
  return await drawn;
}

/** One plot at a time: how Vega measures texts is a setting of the whole module, put back after each plot. */
let lastPlot: Promise<unknown> = Promise.resolve();

interface TextMetrics {
  width(item: { readonly fontSize?: number; readonly limit?: number }, text: unknown): number;
}

async function draw(spec: PlotSpec, theme: Theme): Promise<string> {
  const [vega, { compile }, { expressionInterpreter }] = await Promise.all([
    import('vega'),
    import('vega-lite'),
    import('vega-interpreter'),
  ]);
  const { textMetrics } = vega as unknown as { textMetrics: TextMetrics };
  const { width } = textMetrics;
  // A text longer than its limit is cut there, and takes no more room.
  textMetrics.width = ({ fontSize = 11, limit }, text) =>
    Math.min(textWidth(String(text ?? ''), fontSize), limit || Number.POSITIVE_INFINITY);
  const config = vegaConfig(theme);
  let asked = false;
  const load = (): Promise<never> => {
    asked = true;
    return Promise.reject(elsewhere());
  };
  try {
    const compiled = compile(spec as unknown as TopLevelSpec, { config, logger: vega.logger(vega.None) });
    // Expressions are interpreted: pages with a strict content security policy forbid code from text.
    const view = new vega.View(vega.parse(compiled.spec, undefined, { ast: true }), {
      expr: expressionInterpreter,
      renderer: 'none',
      logLevel: vega.None,
      loader: { load, sanitize: load, http: load, file: load } as never,
    });
    try {
      const svg = await view.toSVG();
      // Vega draws what it has where data do not come.
      if (asked) throw elsewhere();
      return `${withoutControls(renumbered(svg))}\n`;
    } finally {
      view.finalize();
    }
  } catch (error) {
    if (error instanceof GlmmcError) throw error;
    throw new GlmmcError('bad-plot', `toSvg(): Vega could not draw the plot: ${(error as Error).message}`);
  } finally {
    textMetrics.width = width;
  }
}

function elsewhere(): GlmmcError {
  return new GlmmcError(
    'bad-plot',
    'toSvg() draws data that stand in the specification, found an address; put the values there (data.values)',
  );
}

/** Vega counts clip paths over all plots of a process; here each plot counts its own. */
function renumbered(svg: string): string {
  const numbers = new Map<string, number>();
  return svg.replace(/(\bid="|url\(#)((?:clip|gradient)_?)(\d+)/g, (_, before, kind, number) => {
    const key = `${kind}${number}`;
    if (!numbers.has(key)) numbers.set(key, numbers.size + 1);
    return `${before}${kind}${numbers.get(key)}`;
  });
}
