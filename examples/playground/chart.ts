// Small charts of where each parameter goes: one line a chain, or one of the search.

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 240;
const HEIGHT = 72;
/** Points of a line; beyond them every second one goes. */
const MOST = 400;
const COLOURS = 6;

interface Chart {
  /** Where the last line stands now. */
  readonly value: HTMLElement;
  /** What the lowest and the highest point of the picture are. */
  readonly range: HTMLElement;
  readonly svg: SVGSVGElement;
  readonly lines: Map<number, number[]>;
}

/** The charts of all parameters, in a list. */
export class Charts {
  private readonly host: HTMLElement;
  private charts: Chart[] = [];

  constructor(host: HTMLElement) {
    this.host = host;
  }

  /** Begins anew, with a chart for each name. */
  begin(names: readonly string[]): void {
    this.host.replaceChildren();
    this.charts = names.map((name) => {
      const item = document.createElement('li');
      const label = document.createElement('span');
      label.className = 'name';
      label.textContent = name;
      const value = document.createElement('span');
      value.className = 'value';
      const svg = document.createElementNS(SVG, 'svg');
      svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
      svg.setAttribute('preserveAspectRatio', 'none');
      // The value beside it says what the picture shows.
      svg.setAttribute('aria-hidden', 'true');
      const range = document.createElement('span');
      range.className = 'range';
      item.append(label, value, svg, range);
      this.host.append(item);
      return { value, range, svg, lines: new Map() };
    });
  }

  clear(): void {
    for (const { value, range, svg, lines } of this.charts) {
      lines.clear();
      svg.replaceChildren();
      value.textContent = '';
      range.textContent = '';
    }
  }

  add(chain: number, values: readonly number[]): void {
    this.charts.forEach(({ lines, value }, k) => {
      const line = lines.get(chain) ?? [];
      line.push(values[k]);
      if (line.length > MOST) line.splice(0, line.length, ...line.filter((_, i) => i % 2 === 1));
      lines.set(chain, line);
      value.textContent = `at ${values[k].toPrecision(4)}`;
    });
  }

  draw(): void {
    for (const { svg, lines, range } of this.charts) {
      const all = [...lines.values()].flat().filter(Number.isFinite);
      const low = Math.min(...all);
      const high = Math.max(...all);
      const span = high - low || 1;
      range.textContent = all.length > 0 ? `drawn from ${low.toPrecision(3)} to ${high.toPrecision(3)}` : '';
      const longest = Math.max(2, ...[...lines.values()].map(({ length }) => length));
      const paths = [...lines].map(([chain, line]) => {
        const path = document.createElementNS(SVG, 'polyline');
        const place = (v: number, i: number): string =>
          `${((i * WIDTH) / (longest - 1)).toFixed(1)},${(HEIGHT - 3 - ((v - low) / span) * (HEIGHT - 6)).toFixed(1)}`;
        path.setAttribute('points', line.filter(Number.isFinite).map(place).join(' '));
        path.setAttribute('class', `line chain-${chain % COLOURS}`);
        return path;
      });
      svg.replaceChildren(...paths);
    }
  }
}
