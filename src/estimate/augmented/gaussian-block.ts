// (sigma, beta, every intercept) in one draw, given latent weights under which the model is a normal linear mixed model.
import { SliceWidth } from '../../../samplers/adapt.js';
import type { Memory } from '../../../samplers/memory.js';
import type { Stream } from '../../../samplers/rng.js';
import { sliceStep } from '../../../samplers/slice.js';
import { normal } from '../../../samplers/variates.js';
import { backwardSolve, choleskyInPlace, forwardSolve } from '../../numeric/cholesky.js';
import type { GibbsState } from '../gibbs/state.js';
import { knownPredictors } from './known-predictors.js';

/**
 * Given the latent variables a row's log density is h eta - w eta^2 / 2 up to a constant. With the intercepts integrated out
 * cluster i says that its mean residual ybar_i - xbar_i' beta is normal with precision v_i = A_i / (1 + sigma^2 A_i),
 * A_i = sum w, beside what its rows say within the cluster (a Schur complement, taken about the cluster's weighted means,
 * so that nothing cancels). So sigma is drawn with beta and eps integrated out, by a slice step on its logarithm; then
 * beta; then each eps_i: one draw of all of them given the latent variables (partially collapsed: van Dyk and Park 2008).
 */
export class GaussianBlock {
  protected readonly state: GibbsState;
  private readonly p: number;
  /** Part of the linear predictor that no free parameter moves: offset and fixed coefficients. */
  private readonly known: Float64Array;
  /** Per cluster: sum of the weights, weighted means of the working response and of the free columns. */
  private readonly total: Float64Array;
  private readonly meanResponse: Float64Array;
  private readonly meanX: Float64Array;
  /** What does not depend on sigma: priors, and scatter within clusters; p x p (lower triangle) and p. */
  private readonly within: Float64Array;
  private readonly withinResponse: Float64Array;
  private readonly factor: Float64Array;
  private readonly solution: Float64Array;
  private readonly centred: Float64Array;
  private readonly density: (logSigma: number) => number;
  /** Of slices of log sigma. */
  private readonly tuned: SliceWidth;
  /** The sigma that factor and solution belong to. */
  private solvedAt = Number.NaN;

  constructor(state: GibbsState) {
    const { freeBeta, clusters } = state;
    const p = freeBeta.length;
    const m = clusters.count;
    this.state = state;
    this.p = p;
    this.known = knownPredictors(state);
    this.total = new Float64Array(m);
    this.meanResponse = new Float64Array(m);
    this.meanX = new Float64Array(m * p);
    this.within = new Float64Array(p * p);
    this.withinResponse = new Float64Array(p);
    this.factor = new Float64Array(p * p);
    this.solution = new Float64Array(p);
    this.centred = new Float64Array(p);
    this.density = (logSigma) => this.logDensity(logSigma);
    this.tuned = new SliceWidth(1 / Math.sqrt(2 * m));
  }

  freeze(): void {
    this.tuned.freeze();
  }

  remember(memory: Memory): void {
    this.tuned.remember(memory);
  }

  /** Takes the latent weights w and linear terms h, one of each per row. */
  condition(w: Float64Array, h: Float64Array): void {
    const { state, p, known, total, meanResponse, meanX, within, withinResponse, centred } = this;
    const { x, clusters, priors, freeBeta } = state;
    const { starts } = clusters;
    this.solvedAt = Number.NaN;
    within.fill(0);
    for (let k = 0; k < p; k++) {
      const { mean, sd } = priors.beta[freeBeta[k]];
      const precision = 1 / (sd * sd);
      within[k * p + k] = precision;
      withinResponse[k] = precision * mean;
    }
    meanX.fill(0);
    for (let i = 0; i < total.length; i++) {
      const base = i * p;
      let weight = 0;
      let response = 0;
      for (let r = starts[i]; r < starts[i + 1]; r++) {
        weight += w[r];
        response += h[r] - w[r] * known[r];
        for (let k = 0; k < p; k++) meanX[base + k] += w[r] * x[r * p + k];
      }
      total[i] = weight;
      meanResponse[i] = weight > 0 ? response / weight : 0;
      if (!(weight > 0)) continue;
      for (let k = 0; k < p; k++) meanX[base + k] /= weight;
      for (let r = starts[i]; r < starts[i + 1]; r++) {
        const g = h[r] - w[r] * known[r];
        for (let k = 0; k < p; k++) {
          const d = x[r * p + k] - meanX[base + k];
          centred[k] = d;
          if (d === 0) continue;
          withinResponse[k] += d * g;
          const wd = w[r] * d;
          for (let l = 0; l <= k; l++) within[k * p + l] += wd * centred[l];
        }
      }
    }
  }

  /** Whether the density of g h stays a normal one without linear term in g: no offsets, no prior means. */
  get scalable(): boolean {
    const { known, state } = this;
    return known.every((x) => x === 0) && state.priors.beta.every(({ mean }) => mean === 0);
  }

  /**
   * Twice the part of the log density of the linear terms that grows with their square: h' (X, Z)(precision)^-1 (X, Z)' h,
   * sigma held. For `scalable` blocks.
   */
  explained(): number {
    const { total, meanResponse, solution, state } = this;
    this.logMarginal(state.sigma);
    const s2 = state.sigma * state.sigma;
    let sum = 0;
    for (let i = 0; i < total.length; i++) {
      const a = s2 * total[i];
      sum += (total[i] * meanResponse[i] * meanResponse[i] * a) / (1 + a);
    }
    for (let k = 0; k < solution.length; k++) sum += solution[k] * solution[k];
    return sum;
  }

  /** What `condition` would have taken from g h, for `scalable` blocks. */
  scale(g: number): void {
    const { meanResponse, withinResponse } = this;
    this.solvedAt = Number.NaN;
    for (let i = 0; i < meanResponse.length; i++) meanResponse[i] *= g;
    for (let k = 0; k < withinResponse.length; k++) withinResponse[k] *= g;
  }

  /** Draws sigma, beta and z given what `condition` took. Linear predictors and likelihood are not brought up to date. */
  draw(rng: Stream): void {
    const { state, p, factor, solution, total, meanResponse, meanX } = this;
    const { beta, z, freeBeta } = state;
    if (state.sigmaIsFree) this.drawSigma(rng);
    const { sigma } = state;
    // A slice step ends with the value it takes.
    if (this.solvedAt !== sigma) this.logMarginal(sigma);
    // The solution holds L^-1 r: beta = L^-T (L^-1 r + noise).
    this.solvedAt = Number.NaN;
    for (let k = 0; k < p; k++) solution[k] += normal(rng);
    backwardSolve(factor, p, solution);
    for (let k = 0; k < p; k++) beta[freeBeta[k]] = solution[k];
    if (!state.hasEffects) return;
    for (let i = 0; i < z.length; i++) {
      let residual = meanResponse[i];
      for (let k = 0; k < p; k++) residual -= meanX[i * p + k] * solution[k];
      const precision = 1 + sigma * sigma * total[i];
      z[i] = (sigma * total[i] * residual) / precision + normal(rng) / Math.sqrt(precision);
    }
  }

  private drawSigma(rng: Stream): void {
    const { state } = this;
    const from = Math.log(state.sigma);
    const to = sliceStep(rng, from, this.density, this.tuned.width);
    state.sigma = Math.exp(to);
    this.tuned.update(Math.abs(to - from));
  }

  /** Log density of log sigma given the latent variables, up to a constant. */
  protected logDensity(logSigma: number): number {
    const sum = this.state.logPriorOfLogSigma(logSigma) + this.logMarginal(Math.exp(logSigma));
    // Beyond the range of doubles the density is 0.
    return Number.isNaN(sum) ? Number.NEGATIVE_INFINITY : sum;
  }

  /**
   * Log density of the latent data given sigma, beta and eps integrated out, up to a constant:
   * -1/2 sum log(1 + sigma^2 A_i) - 1/2 sum v_i ybar_i^2 - 1/2 log |Q| + 1/2 r' Q^-1 r, with
   * Q = D^-1 + W + sum v_i xbar_i xbar_i' and r likewise. Leaves the Cholesky factor L of Q and L^-1 r.
   */
  private logMarginal(sigma: number): number {
    const { p, factor, solution, total, meanResponse, meanX, within, withinResponse } = this;
    factor.set(within);
    solution.set(withinResponse);
    this.solvedAt = Number.NaN;
    const s2 = sigma * sigma;
    let logVolume = 0;
    let volume = 1;
    let sum = 0;
    for (let i = 0, base = 0; i < total.length; i++, base += p) {
      const growth = 1 + s2 * total[i];
      const v = total[i] / growth;
      const response = meanResponse[i];
      volume *= growth;
      if (volume > 1e200) {
        logVolume += Math.log(volume);
        volume = 1;
      }
      sum -= v * response * response;
      for (let k = 0; k < p; k++) {
        const vx = v * meanX[base + k];
        solution[k] += vx * response;
        for (let l = 0; l <= k; l++) factor[k * p + l] += vx * meanX[base + l];
      }
    }
    sum -= logVolume + Math.log(volume);
    if (!choleskyInPlace(factor, p)) return Number.NEGATIVE_INFINITY;
    forwardSolve(factor, p, solution);
    this.solvedAt = sigma;
    let pivots = 1;
    for (let k = 0; k < p; k++) {
      pivots *= factor[k * p + k];
      sum += solution[k] * solution[k];
    }
    return 0.5 * sum - (Number.isFinite(pivots) && pivots > 0 ? Math.log(pivots) : this.logPivots());
  }

  /** Where their product leaves the range of doubles. */
  private logPivots(): number {
    const { p, factor } = this;
    let sum = 0;
    for (let k = 0; k < p; k++) sum += Math.log(factor[k * p + k]);
    return sum;
  }
}
