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
  // Sorting values and searching them is twice as fast as sorting their places with a comparison.
  return mapDraws(chains, (value) => scores[firstIndex(inOrder, value)]);
}

/** Index of the first element of a sorted array that is not below `value`. */
function firstIndex(inOrder: Float64Array, value: number): number {
  let low = 0;
  let high = inOrder.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (inOrder[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
