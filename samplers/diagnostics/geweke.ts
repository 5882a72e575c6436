// Geweke's diagnostic: the beginning of a chain against its end.
import { mean } from './descriptive.js';
import { readChain, spectrum0 } from './spectrum.js';

/**
 * z of the difference between the means of the first 10% and the last 50% of a chain, standard normal where the chain
 * is stationary. NaN for a constant chain or one with a value that is not finite.
 *
 * Source: Geweke (1992); windows and spectrum as coda's `geweke.diag`.
 * @throws GlmmcError `bad-chains` below 20 draws
 */
export function geweke(chain: ArrayLike<number>): number {
  const x = readChain('geweke', chain, 20);
  const n = x.length;
  if (!x.every(Number.isFinite)) return Number.NaN;
  const first = x.subarray(0, Math.ceil(1 + 0.1 * (n - 1)));
  const last = x.subarray(Math.floor(n - 0.5 * (n - 1)) - 1);
  const error = spectrum0(first) / first.length + spectrum0(last) / last.length;
  return (mean(first) - mean(last)) / Math.sqrt(error);
}
