// A plot as a figure of a page: the SVG in the page's colours, described for those who do not see it.
import type { PlotSpec } from '../plots/spec.js';
import { toSvg } from '../to-svg.js';
import { escapeHtml, Html, html } from './markup.js';

/** @param id distinct in the page; the plot's own names (clip paths) begin with it */
export async function figure(id: string, spec: PlotSpec, caption: Html | string = ''): Promise<Html> {
  const { title, ...untitled } = spec;
  const svg = await toSvg(untitled as PlotSpec, { theme: 'page' });
  return html`<figure id="${id}">
${inPage(svg, id, spec.description)}<figcaption><strong>${title}.</strong> ${caption}</figcaption>
</figure>
`;
}

/** Attributes that say nothing in a page: parts of an image have no roles, and these values are the defaults. */
const UNUSED =
  / (?:class|role|aria-[a-z]+|pointer-events)="[^"]*"| (?:opacity|fill-opacity)="1"| font-weight="normal"/g;

/** Vega escapes all texts of its SVG. */
function inPage(svg: string, id: string, description: string): Html {
  const size = /\bwidth="([\d.]+)" height="([\d.]+)"/.exec(svg);
  const [, width, height] = size ?? ['', '600', '400'];
  const opening = `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escapeHtml(description)}" width="${scaled(width)}" height="${scaled(height)}" viewBox="0 0 ${width} ${height}">`;
  const inside = svg
    .replace(/^[\s\S]*?<svg[^>]*>/, '')
    .replace(/<[a-z][^>]*>/g, (tag) => tag.replace(UNUSED, ''))
    .replace(/(\bid="|url\(#)((?:clip|gradient)_?\d+)/g, `$1${id}-$2`);
  return new Html(opening + inside);
}

/** Plots are drawn for a phone's width; where there is room they are somewhat larger, all by the same factor. */
function scaled(pixels: string): string {
  return (Number(pixels) * 1.2).toFixed(0);
}
