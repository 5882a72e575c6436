// The parameters of a model: coefficients, scale of the intercepts, dispersion.

/** The parameters of a model. */
export interface Parameters {
  /** p coefficients on the link scale. */
  readonly beta: Float64Array;
  /** Standard deviation or scale of the intercepts, >= 0. */
  readonly sigma: number;
  /** Residual variance (gaussian), 1 / shape (gamma) or theta (negative binomial). */
  readonly dispersion?: number;
  /** Further shape parameters of a random-effect distribution. */
  readonly shape?: Float64Array;
}
