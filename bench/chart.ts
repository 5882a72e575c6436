// The chart of time against rows, from the results kept in bench/results: the same results give the same SVG.
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { LikelihoodResults, PeerResults } from './results.js';

interface Point {
  readonly rows: number;
  readonly seconds: number;
  readonly name: string;
}

interface Series {
  readonly program: string;
  /** In the legend. */
  readonly name: string;
  readonly colour: string;
  readonly shape: string;
}

/** What is drawn, in the legend's order; colours that colour-blind eyes tell apart (Okabe and Ito 2008). */
const SERIES: readonly Series[] = [
  { program: 'glmer nAGQ = 25', name: 'glmer, 25 nodes', colour: '#000000', shape: 'square' },
  { program: 'glmer nAGQ = 1', name: 'glmer, Laplace', colour: '#d55e00', shape: 'diamond' },
  { program: 'glmmTMB', name: 'glmmTMB, Laplace', colour: '#cc79a7', shape: 'cross' },
  {
    program: 'glmer nAGQ = 1, no derivatives, nloptwrap',
    name: 'glmer, Laplace, nloptwrap',
    colour: '#e69f00',
    shape: 'triangle-up',
  },
  { program: 'glmmc, 1 thread', name: 'glmmc, certified', colour: '#0072b2', shape: 'circle' },
  { program: 'glmmc, 2 threads', name: 'glmmc, 2 threads', colour: '#56b4e9', shape: 'circle' },
];

/** Seconds against rows on the simulated design: ours on 1 and 2 threads, and the peers' where they were measured. */
export async function drawChart(
  likelihood: LikelihoodResults | undefined,
  peers: PeerResults | undefined,
): Promise<string> {
  const theirs = (peers?.results ?? [])
    .filter(({ data, program }) => data.startsWith('simulated') && !program.startsWith('glmmc'))
    .map(({ rows, seconds, program }) => ({ rows, seconds, program }));
  const ours = (likelihood?.fits ?? []).map(({ rows, warm, workers }) => ({
    rows,
    seconds: warm / 1000,
    program: workers === 1 ? 'glmmc, 1 thread' : `glmmc, ${workers} threads`,
  }));
  const points = [...theirs, ...ours].flatMap(({ rows, seconds, program }) => {
    const series = SERIES.find((candidate) => candidate.program === program);
    return series ? [{ rows, seconds, name: series.name }] : [];
  });
  const series = SERIES.filter(({ name }) => points.some((point) => point.name === name));
  const view = new View(parse(compile(specification(points, series)).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
}

function specification(points: readonly Point[], series: readonly Series[]): TopLevelSpec {
  const domain = series.map(({ name }) => name);
  const legend = { title: null };
  const gridColor = '#e5e5e5';
  const seconds = points.map((point) => point.seconds);
  const rows = points.map((point) => point.rows);
  return {
    background: 'white',
    padding: 12,
    width: 520,
    height: 360,
    data: { values: [...points] },
    title: {
      text: 'Time of a whole fit',
      subtitle: 'logit-normal model, 5 coefficients, 10 rows a cluster',
      anchor: 'start',
    },
    mark: { type: 'line', point: { filled: true, size: 70, opacity: 1 }, strokeWidth: 1.5 },
    encoding: {
      x: {
        field: 'rows',
        type: 'quantitative',
        title: 'rows',
        scale: { type: 'log', domain: domainOf(rows), nice: false },
        axis: { values: powers(rows), format: ',', gridColor },
      },
      y: {
        field: 'seconds',
        type: 'quantitative',
        title: 'seconds',
        scale: { type: 'log', domain: domainOf(seconds), nice: false },
        axis: { values: powers(seconds), format: '~g', gridColor },
      },
      color: {
        field: 'name',
        type: 'nominal',
        scale: { domain, range: series.map(({ colour }) => colour) },
        legend,
      },
      shape: {
        field: 'name',
        type: 'nominal',
        scale: { domain, range: series.map(({ shape }) => shape) },
        legend,
      },
    },
    config: {
      font: 'Helvetica, Arial, sans-serif',
      view: { stroke: null },
      axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal' },
      legend: { labelFontSize: 12, labelLimit: 260, rowPadding: 6 },
      title: { fontSize: 15, subtitleFontSize: 12, offset: 14 },
    },
  };
}

/** Powers of ten among the values, and one beyond at either end. */
function powers(values: readonly number[]): number[] {
  const from = Math.floor(Math.log10(Math.min(...values)));
  const to = Math.ceil(Math.log10(Math.max(...values)));
  // By division, so that 0.001 is what it says.
  return Array.from({ length: to - from + 1 }, (_, k) =>
    from + k < 0 ? 1 / 10 ** -(from + k) : 10 ** (from + k),
  );
}

/** Somewhat beyond what is drawn. */
function domainOf(values: readonly number[]): [number, number] {
  const logs = values.map(Math.log10);
  return [10 ** (Math.min(...logs) - 0.25), 10 ** (Math.max(...logs) + 0.25)];
}
