// The spectral density of a chain at frequency 0: n times the variance of its mean, by an autoregression.
import { GlmmcError } from '../errors.js';
import { autocovariance } from './autocorrelation.js';
import { mean, variance } from './descriptive.js';

/**
 * Spectral density at 0 from the autoregression of Yule and Walker whose order has the smallest AIC (up to
 * 10 log10 n): innovation variance / (1 - sum of coefficients)^2. 0 for a constant or exactly linear chain, NaN where a
 * value is not finite or there are fewer than 2.
 * Source: Heidelberger and Welch (1981); coda's `spectrum0.ar` over R's `ar.yw`.
 */
export function spectrum0(chain: ArrayLike<number>): number {
  const x = Float64Array.from(chain);
  const n = x.length;
  if (n < 3 || !x.every(Number.isFinite)) return Number.NaN;
  if (isLine(x)) return 0;
  const highest = Math.min(n - 1, Math.floor(10 * Math.log10(n)));
  const r = autocovariance(x);

  // Levinson and Durbin: the autoregression of every order, each from the one before.
  let phi = new Float64Array(highest + 1);
  let next = new Float64Array(highest + 1);
  let innovation = r[0];
  let best = { aic: n * Math.log(innovation), order: 0, innovation, sum: 0 };
  for (let order = 1; order <= highest; order++) {
    let reflection = r[order];
    for (let j = 1; j < order; j++) reflection -= phi[j] * r[order - j];
    reflection /= innovation;
    next[order] = reflection;
    let sum = reflection;
    for (let j = 1; j < order; j++) {
      next[j] = phi[j] - reflection * phi[order - j];
      sum += next[j];
    }
    innovation *= 1 - reflection * reflection;
    const aic = n * Math.log(innovation) + 2 * order;
    if (aic < best.aic) best = { aic, order, innovation, sum };
    [phi, next] = [next, phi];
  }
  return (best.innovation * n) / (n - (best.order + 1)) / (1 - best.sum) ** 2;
}

/** Whether nothing but rounding is left of the chain once a straight line is taken out. */
function isLine(x: Float64Array): boolean {
  const n = x.length;
  const total = variance(x) * (n - 1);
  if (total === 0) return true;
  const centre = mean(x);
  const middle = (n - 1) / 2;
  let cross = 0;
  for (let i = 0; i < n; i++) cross += (i - middle) * (x[i] - centre);
  const slope = cross / ((n * (n * n - 1)) / 12);
  let residual = 0;
  for (let i = 0; i < n; i++) residual += (x[i] - centre - slope * (i - middle)) ** 2;
  return residual <= 1e-15 * total;
}

/** A chain for the single-chain diagnostics. @throws GlmmcError `bad-chains` where it is shorter than `least` */
export function readChain(owner: string, chain: ArrayLike<number>, least: number): Float64Array {
  if (typeof chain !== 'object' || chain === null || !(chain.length >= least)) {
    throw new GlmmcError(
      'bad-chains',
      `${owner} takes one chain of at least ${least} draws, found ${chain?.length ?? String(chain)}`,
    );
  }
  return Float64Array.from(chain);
}
