// Outcome: a family and a link fused, as the hot loops see them. One call covers all rows of a cluster at one intercept.

/** The rows that an outcome reads, cluster after cluster. */
export interface Rows {
  readonly y: Float64Array;
  /** Binomial trials; ones elsewhere. */
  readonly trials: Float64Array;
  readonly weights: Float64Array;
  /** The linear predictor without the intercept's random part: offset + x' beta. */
  readonly eta: Float64Array;
}

/** Derivatives of weight log f(y | eta) in eta, one entry per row of the current cluster. */
export interface RowDerivatives {
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly third: Float64Array;
}

/** Derivatives that involve the dispersion: sums over the cluster, and the mixed ones per row. */
export interface DispersionDerivatives {
  first: number;
  second: number;
  /** d2 / d eta d dispersion */
  readonly eta: Float64Array;
  /** d3 / d eta^2 d dispersion */
  readonly etaEta: Float64Array;
}

/** What the rows of a cluster add up to, where an outcome is separable: see there. */
export interface SeparableTerms {
  /** a and b, one entry per row of the cluster. */
  readonly slope: Float64Array;
  readonly coefficient: Float64Array;
  /** x = eps + shift: an origin for the intercept at which nothing overflows and few digits cancel. */
  shift: number;
  /** The part N of the value that is free of the response, with two derivatives in the dispersion; 0 without one. */
  normaliser: number;
  normaliserFirst: number;
  normaliserSecond: number;
}

/**
 * A row's log f, as a function of its cluster's intercept, is a constant + a x + b C(x), with one curve C for all rows: the
 * rows of a cluster then matter through sums alone, and a node costs the same whatever the size of the cluster. With
 * a dispersion phi, log f is N(phi) + (what does not depend on phi) / phi, so that a and b are multiples of 1 / phi.
 */
export interface Separable {
  /** C(x + dx) - C(x), without cancellation. */
  rise(x: number, dx: number): number;
  /** C'(x). */
  slope(x: number): number;
  /** C''(x). */
  bend(x: number): number;
  /** Writes a, b and the rest for rows from .. to-1 to `out`. */
  terms(rows: Rows, from: number, to: number, dispersion: number, out: SeparableTerms): void;
}

/**
 * What the likelihood needs of a family and its link. Values leave out the rows' `constant`, which no parameter
 * moves; all rows carry their weights. A family with no dispersion is passed 1 and must ignore it.
 */
export interface Outcome {
  /** log f is concave in eta for every y. */
  readonly logConcave: boolean;
  /** The widest trapezoid step in eta that still integrates to the last digits. */
  readonly step: number;
  /** The part of log f(y) that depends on no parameter. */
  constant(y: number, trials: number): number;
  /** Sum over rows from..to-1 of weight log f(y | eta + eps), less the constants. */
  value(rows: Rows, from: number, to: number, eps: number, dispersion: number): number;
  /** The same sum, with the first two derivatives per row written to `out` (index 0 is row `from`). */
  derivatives(
    rows: Rows,
    from: number,
    to: number,
    eps: number,
    dispersion: number,
    out: RowDerivatives,
  ): number;
  /** Third derivatives per row, which only the derivative of the Laplace and few-node approximations needs. */
  thirdDerivatives(
    rows: Rows,
    from: number,
    to: number,
    eps: number,
    dispersion: number,
    out: RowDerivatives,
  ): void;
  /**
   * Present where log f depends on y (and trials) through y eta (and trials b(eta)) alone, but for its constant: a canonical
   * link, no dispersion. Rows of the same design then share a row of their mean response, and clusters of the same
   * design whose responses add up to the same share an integral. The values of all the rows are measured from the
   * saturated model's, which is not linear in y: this is what each lacks to that at the mean, half its deviance from there;
   * 0 for single trials, whose values are measured from 0.
   */
  readonly mergesResponses?: (y: number, trials: number, meanY: number, meanTrials: number) => number;
  /** Present where a cluster's rows matter through sums alone. */
  readonly separable?: Separable;
  /** Present where the family has a dispersion. */
  dispersionDerivatives?(
    rows: Rows,
    from: number,
    to: number,
    eps: number,
    dispersion: number,
    out: DispersionDerivatives,
  ): void;
}
