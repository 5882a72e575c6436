// The arrays that the loops for small logit clusters work in, and what these tell each other.
// The modules that use them take them as constants of their own: the compiler then knows where the arrays are, which makes
// the loops two to three times as fast as over arrays handed to them. So a cluster is done with before the next begins.

/** Rows, slots of the reduced design, and coefficients that there is room for. */
export const MOST_ROWS = 128;
export const MOST_SLOTS = 32;
export const MOST_COEFFICIENTS = 256;
/** Nodes of all levels of a rule, and those that derivatives are summed over. */
export const MOST_NODES = 512;
export const MOST_SUMMED = 128;
/** Numbers in a row of the products of scores: the slots, sigma, and one to make pairs. */
export const SUM_WIDTH: number = MOST_SLOTS + 2;
/** Where in the scores what nobody asks for is left. */
export const SPARE_ROW: number = SUM_WIDTH * MOST_SUMMED;

type Names =
  | 'coefficients'
  | 'odds'
  | 'x'
  | 'responses'
  | 'nodeZ'
  | 'factor'
  | 'weight'
  | 'mu'
  | 'rowMu'
  | 'rowV'
  | 'rowZV'
  | 'scores'
  | 'scoreSums'
  | 'productSums';

export const arrays: Readonly<Record<Names, Float64Array> & { varyingColumns: Int32Array }> = {
  coefficients: new Float64Array(MOST_COEFFICIENTS),
  varyingColumns: new Int32Array(MOST_SLOTS),
  /** Per row exp(x' beta + offset); by slot and row x, slot 0 a column of ones; by slot the sum over rows of x y. */
  odds: new Float64Array(MOST_ROWS),
  x: new Float64Array(MOST_SLOTS * MOST_ROWS).fill(1, 0, MOST_ROWS),
  responses: new Float64Array(MOST_SLOTS),
  /** Per node: z, exp(sigma z), the integrand relative to that at the centre. */
  nodeZ: new Float64Array(MOST_NODES),
  factor: new Float64Array(MOST_NODES),
  weight: new Float64Array(MOST_NODES),
  /** mu at node k and row r of n, at k n + r; v = mu (1 - mu) is its information. */
  mu: new Float64Array(MOST_SUMMED * MOST_ROWS),
  /** Per row: sums over the nodes of weight mu, weight v and weight z v. */
  rowMu: new Float64Array(MOST_ROWS),
  rowV: new Float64Array(MOST_ROWS),
  rowZV: new Float64Array(MOST_ROWS),
  /** By slot and node: minus the score, up to a constant of the slot. */
  scores: new Float64Array(SPARE_ROW + MOST_SUMMED),
  /** Sums over the nodes of weight times `scores`, and of weight times their products. */
  scoreSums: new Float64Array(SUM_WIDTH),
  productSums: new Float64Array(SUM_WIDTH * SUM_WIDTH),
};

/** What a kernel tells besides what it returns. */
export const told = {
  /** `loadRows`: sums over rows of y and y eta, and the largest eta. */
  successes: 0,
  linear: 0,
  largestEta: 0,
  /** `sumMeans`: sum over rows of v. */
  information: 0,
  /**
   * `layNodes`: the log integrand at the centre; nodes evaluated; those of the finest level but one that weigh something,
   * which stand first in their arrays (of the only level, where there is one); the difference of the last two levels.
   */
  logPeak: 0,
  evaluated: 0,
  confirmed: 0,
  error: 0,
  /** The sums over nodes of weight, weight z, weight z^2; of weight z times the sum of mu, weight z^2 times that of v. */
  weight: 0,
  weightZ: 0,
  weightZZ: 0,
  weightZMu: 0,
  weightZZV: 0,
};
