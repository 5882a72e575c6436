// Deviances without cancellation, so that log-likelihoods of counts to 1e9 keep their digits (Loader 2000).

/** log(1 + x) - x for x > -1, about -x^2 / 2. */
export function log1pMinus(x: number): number {
  const v = x / (2 + x);
  if (Math.abs(v) > 0.1) return Math.log1p(x) - x;
  // log(1 + x) = 2 artanh v and x - 2 v = x v.
  const q = v * v;
  const tail = 1 / 9 + q * (1 / 11 + q * (1 / 13 + q * (1 / 15 + q * (1 / 17 + q / 19))));
  return 2 * v * q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * tail))) - x * v;
}

/**
 * x log(x / m) + m - x >= 0 for a count x >= 0 and its mean m = size * part, half a Poisson deviance
 * (bd0 of Loader 2000). `logPart` is log(part), which still speaks where part underflows.
 */
export function halfDeviance(x: number, size: number, part: number, logPart: number): number {
  const mean = size * part;
  if (x === 0) return mean;
  const excess = (mean - x) / x;
  if (Math.abs(excess) < 0.5) return -x * log1pMinus(excess);
  return x * (Math.log(x / size) - logPart) + mean - x;
}
