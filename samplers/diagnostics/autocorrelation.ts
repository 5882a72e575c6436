// Autocovariance and autocorrelation of one chain, by fast Fourier transform.
import FFT from 'fft.js';
import { GlmmcError } from '../errors.js';
import { mean, variance } from './descriptive.js';

/** Shortest power of two that keeps lags 0..n-1 of n values from wrapping around. */
function paddedLength(n: number): number {
  let size = 4;
  while (size < 2 * n) size *= 2;
  return size;
}

// Chains of one analysis have one length: the last transform's tables are worth keeping.
let transform = new FFT(4);

/**
 * Biased autocovariances at lags 0..n-1: divisor n at every lag (Geyer 1992), zero for a constant chain.
 * Scaled so that lag 0 is the variance with divisor n, as the R package posterior does.
 */
export function autocovariance(chain: Float64Array): Float64Array {
  const n = chain.length;
  const result = new Float64Array(n);
  const total = variance(chain);
  if (!(total > 0)) return result;
  const size = paddedLength(n);
  if (transform.size !== size) transform = new FFT(size);
  const centre = mean(chain);
  const signal = new Float64Array(size);
  for (let i = 0; i < n; i++) signal[i] = chain[i] - centre;
  const spectrum = new Float64Array(2 * size);
  transform.realTransform(spectrum, signal);
  transform.completeSpectrum(spectrum);
  for (let i = 0; i < spectrum.length; i += 2) {
    spectrum[i] = spectrum[i] ** 2 + spectrum[i + 1] ** 2;
    spectrum[i + 1] = 0;
  }
  const back = new Float64Array(2 * size);
  transform.inverseTransform(back, spectrum);
  const scale = (total * (n - 1)) / n / back[0];
  for (let lag = 0; lag < n; lag++) result[lag] = back[2 * lag] * scale;
  return result;
}

/**
 * Autocorrelations of a chain at lags 0..maxLag (all n - 1 by default), from biased autocovariances.
 * NaN at every lag where the chain is constant or holds a value that is not finite.
 * @throws GlmmcError `bad-argument` unless maxLag is a whole number from 0 to n - 1
 */
export function autocorrelation(
  chain: ArrayLike<number>,
  maxLag: number = Math.max(0, chain.length - 1),
): Float64Array {
  if (!Number.isInteger(maxLag) || maxLag < 0 || maxLag > Math.max(0, chain.length - 1)) {
    throw new GlmmcError(
      'bad-argument',
      `autocorrelation: maxLag must be a whole number from 0 to ${chain.length - 1}, found ${maxLag}`,
    );
  }
  const values = Float64Array.from(chain);
  if (!values.every(Number.isFinite)) return new Float64Array(maxLag + 1).fill(Number.NaN);
  const covariances = autocovariance(values);
  return covariances.subarray(0, maxLag + 1).map((value) => value / covariances[0]);
}
