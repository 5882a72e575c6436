// Chains as the diagnostics take them: checked, pooled, split in halves, ranked.

import { GlmmcError } from '../errors.js';
import { ndtri } from '../special.js';
import { isConstant, sorted } from './descriptive.js';

/** Chains of equal length, one array per chain. */
export type Chains = readonly ArrayLike<number>[];

/**
 * The chains as Float64Arrays.
 * @throws GlmmcError `bad-chains` where there is none, or where lengths differ
 */
export function readChains(chains: Chains): Float64Array[] {
  if (!Array.isArray(chains) || chains.length === 0 || chains.some((chain) => typeof chain !== 'object')) {
    throw new GlmmcError('bad-chains', 'diagnostics take an array of chains, each an array of numbers');
  }
  const result = chains.map((chain) => (chain instanceof Float64Array ? chain : Float64Array.from(chain)));
  const length = result[0].length;
  for (const [c, chain] of result.entries()) {
    if (chain.length !== length || length === 0) {
      throw new GlmmcError(
        'bad-chains',
        `chains must be of equal length, at least 1: chain 0 has ${length} draws, chain ${c} has ${chain.length}`,
      );
    }
  }
  return result;
}

/** All draws in one array, chain after chain. */
export function pooled(chains: readonly Float64Array[]): Float64Array {
  const n = chains[0].length;
  const result = new Float64Array(chains.length * n);
  for (const [c, chain] of chains.entries()) result.set(chain, c * n);
  return result;
}

/** Whether a diagnostic has no answer: a draw is NaN or infinite, or all draws are equal. */
export function undiagnosable(chains: readonly Float64Array[]): boolean {
  return !chains.every((chain) => chain.every(Number.isFinite)) || isConstant(pooled(chains));
}

/** Each chain as its two halves, first halves before second halves; the middle draw of an odd chain is left out. */
export function split(chains: readonly Float64Array[]): Float64Array[] {
  const n = chains[0].length;
  if (n === 1) return [...chains];
  const half = Math.floor(n / 2);
  return [
    ...chains.map((chain) => chain.subarray(0, half)),
    ...chains.map((chain) => chain.subarray(n - half)),
  ];
}

/** A function of every draw, chain by chain. */
export function mapDraws(
  chains: readonly Float64Array[],
  transform: (value: number) => number,
): Float64Array[] {
  return chains.map((chain) => chain.map(transform));
}

/**
 * Ranks over all chains together, ties sharing their average, turned into normal scores Phi^-1((r - 3/8) / (S + 1/4)).
 * Source: Vehtari et al. (2021), equation 14; Blom (1958).
 */
export function rankNormalise(chains: readonly Float64Array[]): Float64Array[] {
  const inOrder = sorted(pooled(chains));
  const size = inOrder.length;
  const scores = new Float64Array(size);
  for (let start = 0; start < size; ) {
    let end = start + 1;
    while (end < size && inOrder[end] === inOrder[start]) end++;
    // The average of the ranks start + 1 to end.
    scores[start] = ndtri(((start + 1 + end) / 2 - 3 / 8) / (size + 1 / 4));
    start = end;
  }
  // Sorting values and searching them is several times as fast as sorting their places with a comparison.
  const firstIndex = searcher(inOrder);
  return chains.map((chain) => {
    const out = new Float64Array(chain.length);
    for (let i = 0; i < chain.length; i++) out[i] = scores[firstIndex(chain[i])];
    return out;
  });
}

/** Finds the first element equal to one of the sorted, finite values, from where its part of their range begins. */
function searcher(inOrder: Float64Array): (value: number) => number {
  const size = inOrder.length;
  const least = inOrder[0];
  const range = inOrder[size - 1] - least;
  const scale = size / range;
  // A range too wide or too narrow for such numbers is all one part.
  const inParts = scale > 0 && scale < Number.POSITIVE_INFINITY;
  const partOf = (value: number): number => (inParts ? Math.floor(scale * (value - least)) : 0);
  const begins = new Int32Array(size + 2);
  for (let i = 0, part = 0; i < size; i++) {
    const own = partOf(inOrder[i]);
    while (part < own) begins[++part] = i;
    begins[own + 1] = i + 1;
  }
  return (value) => {
    const part = partOf(value);
    let low = begins[part];
    let high = begins[part + 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (inOrder[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
