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

/** Of two maxima as high the lower one is taken. */
const TIE = 1e-9;
/** Where no root may hide: derivatives of a chance change sign no closer than this. */
const STEP = 0.5;

/** The root of a function that falls through 0 once between `low` and `high`, by halving down to the last bit. */
function root(f: (theta: number) => number, low: number, high: number): number {
  let [below, above] = [low, high];
  for (let k = 0; k < HALVINGS; k++) {
    const middle = 0.5 * (below + above);
    if (middle <= below || middle >= above) break;
    if (f(middle) > 0) below = middle;
    else above = middle;
  }
  return 0.5 * (below + above);
}

/** Every theta at which a score may have its estimate. */
function range(locations: readonly number[]): readonly [low: number, high: number] {
  return [-FAR - Math.max(...locations), FAR - Math.min(...locations)];
}

/** Where the expected score is the score; infinite (with infinite error) for none or all right. */
export function maximumLikelihoodScore(score: number, locations: readonly number[]): ScoreEstimate {
  if (score === 0) return { value: Number.NEGATIVE_INFINITY, standardError: Number.POSITIVE_INFINITY };
  if (score === locations.length)
    return { value: Number.POSITIVE_INFINITY, standardError: Number.POSITIVE_INFINITY };
  const value = root((theta) => score - sumsAt(theta, locations)[0], ...range(locations));
  return { value, standardError: 1 / Math.sqrt(informationAt(value, locations)) };
}

/**
 * Weighted likelihood: the root of score - E score + I' / (2 I), which takes the bias of first order away and is finite for every
 * score. Where locations lie some 4 logits or more apart there may be several roots: the one at which what they are stationary points of,
 * the likelihood times the root of the information, is largest (the lower of equal ones). Source: Warm (1989), Psychometrika 54.
 */
export function weightedLikelihoodScore(score: number, locations: readonly number[]): ScoreEstimate {
  const slopeAt = (theta: number): number => {
    const [expected, info, slope] = sumsAt(theta, locations);
    return score - expected + slope / (2 * info);
  };
  const [low, high] = range(locations);
  // Beyond the outermost locations it only falls.
  const grid = [low];
  for (let at = low + FAR; at < high - FAR; at += STEP) grid.push(at);
  grid.push(high - FAR, high);
  const slopes = grid.map(slopeAt);
  const roots = grid.flatMap((at, k) =>
    k > 0 && slopes[k - 1] > 0 && slopes[k] <= 0 ? [root(slopeAt, grid[k - 1], at)] : [],
  );
  const value = roots.reduce((best, at) =>
    logWeighted(at, score, locations) > logWeighted(best, score, locations) + TIE ? at : best,
  );
  return { value, standardError: 1 / Math.sqrt(informationAt(value, locations)) };
}

/** The log-likelihood of a score and half the logarithm of the information. */
function logWeighted(theta: number, score: number, locations: readonly number[]): number {
  const chances = locations.reduce(
    (sum, b) => sum - Math.max(theta + b, 0) - Math.log1p(Math.exp(-Math.abs(theta + b))),
    score * theta,
  );
  return chances + 0.5 * Math.log(informationAt(theta, locations));
}

/** The chance of a right answer. */
export function chanceAt(theta: number, location: number): number {
  return chance(theta + location);
}
