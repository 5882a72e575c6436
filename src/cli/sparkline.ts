// Traces small enough for a terminal: one line a variable, one block of characters a chain.
import type { Draws } from '../../samplers/draws.js';
import { allChains } from '../../samplers/draws.js';

const LEVELS = '▁▂▃▄▅▆▇█';
const WIDTH = 80;
/** Characters of a chain. */
const MOST = 24;
const LEAST = 6;
const LONGEST_NAME = 24;

/**
 * Draws at even steps of each chain, from the lowest (▁) to the highest (█) that any chain of the variable has. Chains that mix look
 * alike and level; a chain elsewhere is higher or lower than the rest, one that drifts a slope. Chains that do not fit a line are left out.
 * A variable that never moves is a line of ▁, and what is not finite a gap.
 */
export function sparklines(draws: Draws): string {
  const names = draws.variables.map((name) => shortened(name, LONGEST_NAME));
  const longest = Math.max(...names.map(({ length }) => length));
  const room = WIDTH - longest - 1;
  const shown = Math.min(draws.chains, Math.floor(room / (LEAST + 1)));
  const width = Math.min(MOST, Math.floor(room / shown) - 1, draws.iterations);
  const lines = draws.variables.map((variable, k) => {
    const chains = allChains(draws, variable);
    const finite = chains.map((chain) => chain.filter(Number.isFinite));
    const low = Math.min(
      ...finite.map((chain) => chain.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)),
    );
    const high = Math.max(
      ...finite.map((chain) => chain.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)),
    );
    const blocks = chains.slice(0, shown).map((chain) => sparkline(chain, width, low, high));
    return `${names[k].padEnd(longest)} ${blocks.map((block) => ` ${block}`).join('')}`.trimEnd();
  });
  const some = shown < draws.chains ? ` (the first ${shown} of ${draws.chains})` : '';
  return [`Traces, a block a chain${some}`, '', ...lines].join('\n');
}

function sparkline(chain: Float64Array, width: number, low: number, high: number): string {
  let line = '';
  for (let i = 0; i < width; i++) {
    const value = chain[Math.floor(((i + 0.5) * chain.length) / width)];
    const level = high > low ? Math.floor(((value - low) / (high - low)) * LEVELS.length) : 0;
    line += Number.isFinite(value) ? LEVELS[Math.min(LEVELS.length - 1, level)] : ' ';
  }
  return line;
}

function shortened(name: string, most: number): string {
  const letters = [...name];
  return letters.length <= most ? name : `${letters.slice(0, most - 1).join('')}…`;
}
