// Colours of plots and pages, for light and dark; in a page they are variables of its style sheet.

/** Colours of plots: for light or dark paper, or by the variables of the page that they stand in. */
export type Theme = 'light' | 'dark' | 'page';

export interface Palette {
  readonly paper: string;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  /** Colours that colour-blind eyes tell apart, after Okabe and Ito (2008). */
  readonly series: readonly string[];
}

export const LIGHT: Palette = {
  paper: '#ffffff',
  ink: '#1f2328',
  muted: '#57606a',
  grid: '#e3e6ea',
  series: ['#0064a4', '#c24e00', '#00805f', '#a8497f', '#7a6000', '#3a8fc7', '#555555', '#6b3fa0'],
};

export const DARK: Palette = {
  paper: '#12161c',
  ink: '#e6edf3',
  muted: '#a3adb8',
  grid: '#30363d',
  series: ['#66b3ff', '#ff9b5e', '#45c9a0', '#eb9fc8', '#e0c04b', '#a5dcff', '#bdbdbd', '#c6a1ff'],
};

/** A palette as the declarations of a style rule. */
export function cssVariables({ paper, ink, muted, grid, series }: Palette): string {
  return [
    `--paper:${paper};--ink:${ink};--muted:${muted};--grid:${grid}`,
    ...series.map((colour, k) => `--series-${k + 1}:${colour}`),
  ].join(';');
}

const PAGE: Palette = {
  paper: 'transparent',
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  grid: 'var(--grid)',
  series: LIGHT.series.map((_, k) => `var(--series-${k + 1})`),
};

const PALETTES: Readonly<Record<Theme, Palette>> = { light: LIGHT, dark: DARK, page: PAGE };

/** Vega-Lite's configuration under a theme. */
export function vegaConfig(theme: Theme): Record<string, unknown> {
  const { paper, ink, muted, grid, series } = PALETTES[theme];
  const [first] = series;
  return {
    // The figure as a whole is described; its thousand marks are not read out.
    aria: false,
    background: paper,
    padding: 6,
    font: 'system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif',
    view: { stroke: null },
    range: { category: [...series] },
    axis: {
      labelFontSize: 11,
      titleFontSize: 11,
      titleFontWeight: 'normal',
      labelColor: muted,
      titleColor: muted,
      gridColor: grid,
      domainColor: grid,
      tickColor: grid,
      labelLimit: 185,
    },
    axisX: { labelOverlap: 'parity', labelSeparation: 4, labelFlush: false },
    // Panels beside each other begin at the same place, whatever the width of their numbers; a long name stays beside its panel.
    axisY: { labelOverlap: false, minExtent: 32, titleLimit: 190 },
    legend: {
      orient: 'bottom',
      columns: 2,
      layout: { bottom: { direction: 'vertical', anchor: 'start', margin: 7 } },
      offset: 8,
      labelFontSize: 11,
      titleFontSize: 11,
      titleFontWeight: 'normal',
      labelColor: ink,
      titleColor: muted,
      symbolBaseFillColor: ink,
      symbolBaseStrokeColor: ink,
      symbolOpacity: 1,
      labelLimit: 200,
    },
    header: {
      labelFontSize: 11.5,
      labelFontWeight: 600,
      labelColor: ink,
      labelAnchor: 'start',
      labelLimit: 260,
    },
    title: { anchor: 'start', fontSize: 14, fontWeight: 600, color: ink, offset: 10, limit: 380 },
    facet: { spacing: 14 },
    point: { color: first },
    line: { color: first },
    area: { color: first },
    rule: { color: first },
    style: {
      reference: { stroke: muted, color: muted, strokeDash: [3, 3], strokeWidth: 1 },
      band: { fill: muted, color: muted, opacity: 0.18 },
    },
  };
}
