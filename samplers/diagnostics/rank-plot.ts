// What rank plots show: each chain's share of the ranks, as a histogram and as a distribution function with its band.
import { GlmmcError } from '../errors.js';
import { type Chains, pooled, readChains } from './chains.js';
import { CountLaw } from './ecdf-bands.js';

/** One chain among the others. Arrays along the bins, or along the points k / points. */
export interface ChainRanks {
  /** Draws of this chain in each bin of the pooled ranks. */
  readonly counts: Int32Array;
  /** Share of this chain's draws at or below each point, less the point. */
  readonly difference: Float64Array;
  /** Whether `difference` is within the band at every point. */
  readonly inside: boolean;
}

/** What `rankPlot()` gives: histograms and distribution functions of the chains' ranks, with their band. */
export interface RankPlot {
  readonly chains: readonly ChainRanks[];
  /** What `counts` would be if every chain had its share. */
  readonly expected: number;
  /** The points of the distribution functions, from 1 / points to 1. */
  readonly points: Float64Array;
  /** All chains are inside at all points with probability `level` or more, where they agree and the draws are independent. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** Options of `rankPlot()`. */
export interface RankPlotOptions {
  /** Bins of the histograms (20). */
  readonly bins?: number;
  /** Points of the distribution functions, at most the draws of a chain (20). */
  readonly points?: number;
  /** Of the band (0.95). */
  readonly level?: number;
}

/**
 * Data for rank plots: the ranks of each chain among the draws of all, counted in bins, and their distribution functions less
 * what agreement expects, with a simultaneous band. Ties are ranked in the order of chains and draws. The band holds for
 * independent draws: thin the chains to their effective sizes before judging by it. With more than two chains
 * it is widened by Bonferroni's rule.
 *
 * Source: Vehtari et al. (2021), section 4.3; Sailynoja, Buerkner, Vehtari (2022), section 3, the law of the counts exact here.
 * @throws GlmmcError `bad-chains` below two chains, `bad-argument`
 */
export function rankPlot(chains: Chains, options: RankPlotOptions = {}): RankPlot {
  const values = readChains(chains);
  const n = values[0].length;
  const { bins = 20, points = Math.min(20, n), level = 0.95 } = options;
  if (values.length < 2) {
    throw new GlmmcError('bad-chains', 'rankPlot compares chains: expected two or more, found one');
  }
  for (const [name, value, most] of [
    ['bins', bins, Number.MAX_SAFE_INTEGER],
    ['points', points, n],
  ] as const) {
    if (!(Number.isInteger(value) && value >= 1 && value <= most)) {
      throw new GlmmcError(
        'bad-argument',
        `rankPlot: ${name} must be a whole number from 1 to ${most}, found ${value}`,
      );
    }
  }
  if (!(level > 0 && level < 1)) {
    throw new GlmmcError('bad-argument', `rankPlot: level must be between 0 and 1, found ${level}`);
  }
  const size = values.length * n;
  const all = pooled(values);
  const order = Array.from(all.keys()).sort((a, b) => all[a] - all[b] || a - b);
  const ranks = new Int32Array(size);
  order.forEach((draw, rank) => {
    ranks[draw] = rank;
  });
  // Two chains mirror each other: one band for both.
  const comparisons = values.length === 2 ? 1 : values.length;
  const band = CountLaw.ranks(n, size, points).bandAt(1 - (1 - level) / comparisons);
  const at = Float64Array.from({ length: points }, (_, k) => (k + 1) / points);
  const share = (counts: Int32Array): Float64Array => at.map((z, k) => counts[k] / n - z);
  return {
    chains: values.map((_, c) => {
      const own = ranks.subarray(c * n, (c + 1) * n);
      const counts = new Int32Array(bins);
      const below = new Int32Array(points);
      for (const rank of own) {
        counts[Math.floor((rank * bins) / size)]++;
        for (let k = 0; k < points; k++) if (rank < Math.floor(((k + 1) * size) / points)) below[k]++;
      }
      const inside = below.every((count, k) => count >= band.lower[k] && count <= band.upper[k]);
      return { counts, difference: share(below), inside };
    }),
    expected: n / bins,
    points: at,
    lower: share(band.lower),
    upper: share(band.upper),
  };
}
