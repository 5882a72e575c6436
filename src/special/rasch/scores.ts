// What a score says of its random unit, the fixed side being known: maximum and weighted likelihood, information.

/** An estimate of a location, with its standard error. */
export interface ScoreEstimate {
  readonly value: number;
  readonly standardError: number;
}

/** The chance of a right answer at the sum of ability and easiness. */
function chance(eta: number): number {
  return eta < 0 ? Math.exp(eta) / (1 + Math.exp(eta)) : 1 / (1 + Math.exp(-eta));
}

/** Sums over the answered units at theta: expected score, information, and its derivative. */
function sumsAt(
  theta: number,
  locations: readonly number[],
): readonly [score: number, info: number, slope: number] {
  let score = 0;
  let info = 0;
  let slope = 0;
  for (const b of locations) {
    const p = chance(theta + b);
    const q = chance(-theta - b);
    score += p;
    info += p * q;
    slope += p * q * (q - p);
  }
  return [score, info, slope];
}

/** Test information at theta, the sum of P (1 - P). */
export function informationAt(theta: number, locations: readonly number[]): number {
  return sumsAt(theta, locations)[1];
}

/** No root lies farther than this beyond the outermost location. */
const FAR = 40;
/** Halvings after which an interval has no middle left. */
const HALVINGS = 100;

/** The root of a function that falls through 0 once, by halving down to the last bit. */
function root(f: (theta: number) => number, locations: readonly number[]): number {
  let low = -FAR - Math.max(...locations);
  let high = FAR - Math.min(...locations);
  for (let k = 0; k < HALVINGS; k++) {
    const middle = 0.5 * (low + high);
    if (middle <= low || middle >= high) break;
    if (f(middle) > 0) low = middle;
    else high = middle;
  }
  return 0.5 * (low + high);
}

/** Where the expected score is the score; infinite (with infinite error) for none or all right. */
export function maximumLikelihoodScore(score: number, locations: readonly number[]): ScoreEstimate {
  if (score === 0) return { value: Number.NEGATIVE_INFINITY, standardError: Number.POSITIVE_INFINITY };
  if (score === locations.length)
    return { value: Number.POSITIVE_INFINITY, standardError: Number.POSITIVE_INFINITY };
  const value = root((theta) => score - sumsAt(theta, locations)[0], locations);
  return { value, standardError: 1 / Math.sqrt(informationAt(value, locations)) };
}

/**
 * Weighted likelihood: the root of score - E score + I' / (2 I), which takes the bias of first order away and is finite for every
 * score. Source: Warm (1989), Psychometrika 54.
 */
export function weightedLikelihoodScore(score: number, locations: readonly number[]): ScoreEstimate {
  const value = root((theta) => {
    const [expected, info, slope] = sumsAt(theta, locations);
    return score - expected + slope / (2 * info);
  }, locations);
  return { value, standardError: 1 / Math.sqrt(informationAt(value, locations)) };
}

/** The chance of a right answer. */
export function chanceAt(theta: number, location: number): number {
  return chance(theta + location);
}
