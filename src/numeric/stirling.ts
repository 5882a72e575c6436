// What Stirling's formula leaves of log Gamma, with two derivatives: the small part that large counts must not lose.

/** From here on the asymptotic series is exact to the last bits. */
const LARGE = 10;
const HALF_LOG_2PI = 0.5 * Math.log(2 * Math.PI);

/** delta(1), ..., delta(9), to the last bit: most counts are small. */
const WHOLE: readonly number[] = [
  0.08106146679532726, 0.0413406959554093, 0.02767792568499834, 0.020790672103765093, 0.016644691189821193,
  0.013876128823070748, 0.01189670994589177, 0.010411265261972096, 0.009255462182712733,
];

/**
 * delta(x) = log Gamma(x) - (x - 1/2) log x + x - log(2 pi) / 2 for x > 0; about 1 / (12 x).
 * Asymptotic series from x = 10 (Abramowitz and Stegun 6.1.41), below that by the recurrence of Gamma.
 */
export function stirlingRest(x: number): number {
  if (x >= LARGE) return restSeries(x);
  if (Number.isInteger(x)) return WHOLE[x - 1];
  let shifted = x;
  let product = 1;
  while (shifted < LARGE) product *= shifted++;
  const logGamma =
    (shifted - 0.5) * Math.log(shifted) - shifted + HALF_LOG_2PI + restSeries(shifted) - Math.log(product);
  return logGamma - (x - 0.5) * Math.log(x) + x - HALF_LOG_2PI;
}

/** delta'(x) = psi(x) - log x + 1 / (2 x), about -1 / (12 x^2). */
export function stirlingRestSlope(x: number): number {
  if (x >= LARGE) return slopeSeries(x);
  let shifted = x;
  let sum = 0;
  while (shifted < LARGE) sum += 1 / shifted++;
  return slopeSeries(shifted) + Math.log(shifted / x) - 0.5 / shifted + 0.5 / x - sum;
}

/** delta''(x) = psi'(x) - 1 / x - 1 / (2 x^2), about 1 / (6 x^3). */
export function stirlingRestCurvature(x: number): number {
  if (x >= LARGE) return curvatureSeries(x);
  let shifted = x;
  let sum = 0;
  while (shifted < LARGE) {
    sum += 1 / (shifted * shifted);
    shifted++;
  }
  return curvatureSeries(shifted) + (1 + 0.5 / shifted) / shifted - (1 + 0.5 / x) / x + sum;
}

// Sums of B_2k / (2k (2k - 1)) x^(1 - 2k) and their derivatives, k = 1..8, by Horner's rule in q = 1 / x^2.

function restSeries(x: number): number {
  const q = 1 / (x * x);
  const tail = 1 / 1188 - q * (691 / 360360 - q * (1 / 156 - (q * 3617) / 122400));
  return (1 / 12 - q * (1 / 360 - q * (1 / 1260 - q * (1 / 1680 - q * tail)))) / x;
}

function slopeSeries(x: number): number {
  const q = 1 / (x * x);
  const tail = 1 / 132 - q * (691 / 32760 - q * (1 / 12 - (q * 3617) / 8160));
  return -q * (1 / 12 - q * (1 / 120 - q * (1 / 252 - q * (1 / 240 - q * tail))));
}

function curvatureSeries(x: number): number {
  const q = 1 / (x * x);
  const tail = 5 / 66 - q * (691 / 2730 - q * (7 / 6 - (q * 3617) / 510));
  return (q * (1 / 6 - q * (1 / 30 - q * (1 / 42 - q * (1 / 30 - q * tail))))) / x;
}
