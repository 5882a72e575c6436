// What the ranks of one quantity say: uniform or not, and if not, how the posterior is wrong.
import type { CountLaw, EcdfBand } from '../../../samplers/diagnostics/ecdf-bands.js';

/**
 * What the ranks of one quantity say of the posteriors in `sbc()`, and if they are not uniform, how the posteriors are
 * wrong.
 */
export type RankVerdict =
  | 'calibrated'
  | 'biased low'
  | 'biased high'
  | 'too narrow'
  | 'too wide'
  | 'not uniform';

/** The ranks 0 .. draws of a true value among posterior draws, one a replication. */
export interface RankedQuantity {
  readonly name: string;
  readonly ranks: Int32Array;
  /** Share of the ranks at or below k, less (k + 1) / (draws + 1), for k = 0 .. draws. */
  readonly difference: Float64Array;
  /** Whether `difference` is within the band everywhere. */
  readonly inside: boolean;
  /** Of uniform ranks, by the farthest point of the distribution function (exact). */
  readonly pValue: number;
  /** What is wrong where the p-value is too small: the posterior lies too low, is too narrow, ... */
  readonly verdict: RankVerdict;
}

/** A quantity's ranks judged. @param least the p-value below which they are not uniform */
export function judgeRanks(
  name: string,
  ranks: Int32Array,
  draws: number,
  law: CountLaw,
  band: EcdfBand,
  least: number,
): RankedQuantity {
  const counts = new Int32Array(draws + 1);
  for (const rank of ranks) counts[rank]++;
  for (let k = 1; k <= draws; k++) counts[k] += counts[k - 1];
  const pValue = law.pValue(counts);
  return {
    name,
    ranks,
    difference: Float64Array.from(counts, (count, k) => count / ranks.length - (k + 1) / (draws + 1)),
    inside: counts.every((count, k) => count >= band.lower[k] && count <= band.upper[k]),
    pValue,
    verdict: pValue >= least ? 'calibrated' : shape(ranks, draws),
  };
}

/** Mean and spread of the ranks, in the errors that uniform ones have: which is farther out. */
function shape(ranks: Int32Array, draws: number): RankVerdict {
  const n = ranks.length;
  let sum = 0;
  let squares = 0;
  for (const rank of ranks) {
    // Middles of the cells, on (-1/2, 1/2): variance 1/12 and fourth moment 1/80 as for a uniform.
    const u = (rank + 0.5) / (draws + 1) - 0.5;
    sum += u;
    squares += u * u;
  }
  const location = (sum / n) * Math.sqrt(12 * n);
  const spread = (squares / n - 1 / 12) * Math.sqrt(180 * n);
  const far = 3;
  if (Math.max(Math.abs(location), Math.abs(spread)) < far) return 'not uniform';
  // High ranks: the truth lies above the draws. Ranks all at one end spread too, 1 / 0.77 times as far out.
  if (Math.abs(location) >= 0.7 * Math.abs(spread)) return location > 0 ? 'biased low' : 'biased high';
  return spread > 0 ? 'too narrow' : 'too wide';
}
