// Complete-data score and information of one cluster, averaged over weighted points z_k (Fisher's and Louis's identities).
import type { Integrand } from './integrand.js';

/**
 * E[D] and E[D2] over weighted points, D the complete-data score in theta = (beta, sigma, dispersion) and D2 its
 * derivative. Points may be quadrature nodes or draws, weights on any scale. Sums are kept per row, so that a point
 * costs the rows of the cluster and the design matrix is touched once a cluster, not once a point.
 */
export class ExpectedDerivatives {
  readonly size: number;
  /** The complete-data score at the last point that it was computed for. */
  readonly score: Float64Array;
  protected readonly integrand: Integrand;
  protected readonly columns: number;
  protected readonly hasDispersion: boolean;
  weight = 0;
  /** Per row: weighted sums of d/d eta, d2/d eta2, z times that, and d2/d eta d dispersion. */
  protected readonly rowScore: Float64Array;
  protected readonly rowCurvature: Float64Array;
  protected readonly rowCurvatureZ: Float64Array;
  private readonly rowMixed: Float64Array;
  protected sigmaScore = 0;
  private dispersionScore = 0;
  protected sigmaSigma = 0;
  private sigmaDispersion = 0;
  private dispersionDispersion = 0;

  constructor(integrand: Integrand) {
    const { clusters, outcome } = integrand;
    this.integrand = integrand;
    this.columns = clusters.columns;
    this.hasDispersion = outcome.dispersionDerivatives !== undefined;
    this.size = this.columns + 1 + (this.hasDispersion ? 1 : 0);
    this.score = new Float64Array(this.size);
    this.rowScore = new Float64Array(clusters.largest);
    this.rowCurvature = new Float64Array(clusters.largest);
    this.rowCurvatureZ = new Float64Array(clusters.largest);
    this.rowMixed = new Float64Array(clusters.largest);
  }

  /** Starts the integrand's selected cluster. */
  reset(): void {
    const length = this.integrand.to - this.integrand.from;
    this.weight = 0;
    this.rowScore.fill(0, 0, length);
    this.rowCurvature.fill(0, 0, length);
    this.rowCurvatureZ.fill(0, 0, length);
    this.rowMixed.fill(0, 0, length);
    this.sigmaScore = 0;
    this.dispersionScore = 0;
    this.sigmaSigma = 0;
    this.sigmaDispersion = 0;
    this.dispersionDispersion = 0;
  }

  /** Adds the point z, where the integrand was last evaluated. */
  add(z: number, weight: number): void {
    const { from, to, row, effectPart, scoreSum, curvatureSum, dispersionPart } = this.integrand;
    const length = to - from;
    this.weight += weight;
    for (let k = 0; k < length; k++) {
      const curvature = weight * row.second[k];
      this.rowScore[k] += weight * row.first[k];
      this.rowCurvature[k] += curvature;
      this.rowCurvatureZ[k] += z * curvature;
    }
    this.sigmaScore += weight * (z * scoreSum + effectPart.sigma);
    this.sigmaSigma += weight * (z * z * curvatureSum + effectPart.sigmaSigma);
    if (!this.hasDispersion) return;
    this.integrand.evaluateDispersion(z);
    let mixed = 0;
    for (let k = 0; k < length; k++) {
      this.rowMixed[k] += weight * dispersionPart.eta[k];
      mixed += dispersionPart.eta[k];
    }
    this.dispersionScore += weight * dispersionPart.first;
    this.sigmaDispersion += weight * z * mixed;
    this.dispersionDispersion += weight * dispersionPart.second;
  }

  /** The complete-data score at z, where the integrand (and its dispersion part) was last evaluated, into `score`. */
  protected computeScore(z: number): void {
    const { from, to, row, effectPart, scoreSum, dispersionPart, clusters } = this.integrand;
    const { x } = clusters;
    const { score, columns } = this;
    score.fill(0);
    for (let r = from; r < to; r++) {
      const s = row.first[r - from];
      const base = r * columns;
      for (let j = 0; j < columns; j++) score[j] += s * x[base + j];
    }
    score[columns] = z * scoreSum + effectPart.sigma;
    if (this.hasDispersion) score[columns + 1] = dispersionPart.first;
  }

  /** Adds `multiplicity` times E[D] of the cluster to `gradient`. */
  addScore(multiplicity: number, gradient: Float64Array): void {
    const { from, to, clusters } = this.integrand;
    const { columns } = this;
    const { x } = clusters;
    const scale = multiplicity / this.weight;
    for (let r = from; r < to; r++) {
      const score = scale * this.rowScore[r - from];
      for (let j = 0; j < columns; j++) gradient[j] += score * x[r * columns + j];
    }
    gradient[columns] += scale * this.sigmaScore;
    if (this.hasDispersion) gradient[columns + 1] += scale * this.dispersionScore;
  }

  /** Adds `multiplicity` times E[D2] of the cluster to the lower triangle of `hessian`. */
  addSecond(multiplicity: number, hessian: Float64Array): void {
    const { size, columns } = this;
    const { from, to, clusters } = this.integrand;
    const { x } = clusters;
    const scale = multiplicity / this.weight;
    const sigmaRow = columns * size;
    const dispersionRow = sigmaRow + size;
    for (let r = from; r < to; r++) {
      const k = r - from;
      const base = r * columns;
      const curvature = scale * this.rowCurvature[k];
      const curvatureZ = scale * this.rowCurvatureZ[k];
      const mixed = scale * this.rowMixed[k];
      for (let a = 0; a < columns; a++) {
        const xa = x[base + a];
        for (let b = 0; b <= a; b++) hessian[a * size + b] += curvature * xa * x[base + b];
        hessian[sigmaRow + a] += curvatureZ * xa;
        if (this.hasDispersion) hessian[dispersionRow + a] += mixed * xa;
      }
    }
    hessian[sigmaRow + columns] += scale * this.sigmaSigma;
    if (this.hasDispersion) {
      hessian[dispersionRow + columns] += scale * this.sigmaDispersion;
      hessian[dispersionRow + columns + 1] += scale * this.dispersionDispersion;
    }
  }
}

/**
 * The same with the covariance of D, and the moments of z: the cluster's contribution to the observed information is
 * E[-D2] - Cov(D) (Louis 1982, equation 3.2), expectations over the posterior of z given y.
 */
export class LouisMoments extends ExpectedDerivatives {
  /** Second moments are taken about the first point, so that few digits cancel. */
  private readonly center: Float64Array;
  private readonly sum: Float64Array;
  private readonly sumSquares: Float64Array;
  private centerZ = 0;
  private sumZ = 0;
  private sumZZ = 0;
  private first = true;

  constructor(integrand: Integrand) {
    super(integrand);
    this.center = new Float64Array(this.size);
    this.sum = new Float64Array(this.size);
    this.sumSquares = new Float64Array(this.size * this.size);
  }

  override reset(): void {
    super.reset();
    this.sum.fill(0);
    this.sumSquares.fill(0);
    this.sumZ = 0;
    this.sumZZ = 0;
    this.first = true;
  }

  override add(z: number, weight: number): void {
    super.add(z, weight);
    const { score, center, sum, sumSquares, size } = this;
    this.computeScore(z);
    if (this.first) {
      center.set(score);
      this.centerZ = z;
      this.first = false;
    }
    this.sumZ += weight * (z - this.centerZ);
    this.sumZZ += weight * (z - this.centerZ) ** 2;
    for (let a = 0; a < size; a++) {
      const d = weight * (score[a] - center[a]);
      sum[a] += d;
      for (let b = 0; b <= a; b++) sumSquares[a * size + b] += d * (score[b] - center[b]);
    }
  }

  /** Posterior mean of z. */
  meanZ(): number {
    return this.centerZ + this.sumZ / this.weight;
  }

  /** Posterior standard deviation of z. */
  sdZ(): number {
    const shift = this.sumZ / this.weight;
    return Math.sqrt(Math.max(0, this.sumZZ / this.weight - shift * shift));
  }

  /** Adds `multiplicity` times E[D2] + Cov(D) of the cluster to the lower triangle of `hessian`. */
  addHessian(multiplicity: number, hessian: Float64Array): void {
    this.addSecond(multiplicity, hessian);
    const { size, sum, sumSquares, weight } = this;
    const scale = multiplicity / weight;
    for (let a = 0; a < size; a++) {
      for (let b = 0; b <= a; b++) {
        hessian[a * size + b] += scale * (sumSquares[a * size + b] - (sum[a] * sum[b]) / weight);
      }
    }
  }
}
