// Moves that shift coefficients and intercepts against each other, so that no linear predictor changes.
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { Stream } from '../../../samplers/rng.js';
import { sliceStep } from '../../../samplers/slice.js';
import { normal } from '../../../samplers/variates.js';
import { backwardSolve, choleskyInPlace, choleskySolve } from '../../numeric/cholesky.js';
import type { GibbsState } from './state.js';
import type { GibbsStep } from './step.js';

/** Below this share of its length a direction of the design counts as constant within clusters. */
const CONSTANT = 1e-9;

/**
 * Let the columns of C span the free coefficient directions d for which X d is constant within every cluster, t_i its
 * value in cluster i. Then beta + C a and eps_i - t_i' a have the same linear predictors for every a, and a given the
 * rest is drawn anew: this is hierarchical centring (Gelfand, Sahu, Carlin 1995) of the intercept and of every covariate
 * of the clusters, as one more step. Exactly normal for normal intercepts, else by slice steps along each direction.
 */
export class TranslationStep implements GibbsStep {
  readonly name = 'translation';
  protected readonly state: GibbsState;
  /** Number of directions; the step does nothing where there is none. */
  readonly directions: number;
  /** p x q, and m x q. */
  private readonly c: Float64Array;
  private readonly t: Float64Array;
  /** T'T and C' D^-1 C, q x q, D the prior variances. */
  private readonly tt: Float64Array;
  private readonly cc: Float64Array;
  private readonly precision: Float64Array;
  private readonly a: Float64Array;
  private readonly noise: Float64Array;
  private readonly move: Float64Array;
  private direction = 0;
  private readonly alongLine: (a: number) => number;

  constructor(state: GibbsState) {
    this.state = state;
    const p = state.beta.length;
    const m = state.z.length;
    const basis = constantDirections(state);
    const q = basis.length;
    this.directions = q;
    this.c = Float64Array.from({ length: p * q }, (_, k) => basis[k % q][Math.floor(k / q)]);
    this.t = new Float64Array(m * q);
    const { x, columns, starts } = state.clusters;
    for (let i = 0; i < m; i++) {
      const base = starts[i] * columns;
      basis.forEach((direction, k) => {
        for (let j = 0; j < p; j++) this.t[i * q + k] += x[base + j] * direction[j];
      });
    }
    this.tt = new Float64Array(q * q);
    this.cc = new Float64Array(q * q);
    for (let k = 0; k < q; k++) {
      for (let l = 0; l < q; l++) {
        for (let i = 0; i < m; i++) this.tt[k * q + l] += this.t[i * q + k] * this.t[i * q + l];
        for (const j of state.freeBeta) {
          this.cc[k * q + l] += (this.c[j * q + k] * this.c[j * q + l]) / state.priors.beta[j].sd ** 2;
        }
      }
    }
    this.precision = new Float64Array(q * q);
    this.a = new Float64Array(q);
    this.noise = new Float64Array(q);
    this.move = new Float64Array(q);
    this.alongLine = (a) => this.logDensityAlong(a);
  }

  update(rng: Stream): number {
    if (this.directions === 0) return 1;
    if (this.state.effect.name === 'normal') {
      this.drawNormal(rng);
      this.shift(this.a);
      return 1;
    }
    for (let k = 0; k < this.directions; k++) {
      this.direction = k;
      this.move.fill(0);
      this.move[k] = sliceStep(rng, 0, this.alongLine, this.state.sigma);
      this.shift(this.move);
    }
    return 1;
  }

  /** a ~ N(Q^-1 b, Q^-1), Q = T'T / sigma^2 + C' D^-1 C, b = T'z / sigma - C' D^-1 (beta - mean). */
  private drawNormal(rng: Stream): void {
    const { state, directions: q, a, noise, precision, t, c } = this;
    const { z, sigma, beta, priors, freeBeta } = state;
    for (let k = 0; k < q * q; k++) precision[k] = this.tt[k] / (sigma * sigma) + this.cc[k];
    a.fill(0);
    for (let i = 0; i < z.length; i++) {
      const scaled = z[i] / sigma;
      for (let k = 0; k < q; k++) a[k] += t[i * q + k] * scaled;
    }
    for (let f = 0; f < freeBeta.length; f++) {
      const j = freeBeta[f];
      const slope = priors.beta[j].derivative(beta[j]);
      for (let k = 0; k < q; k++) a[k] += c[j * q + k] * slope;
    }
    for (let k = 0; k < q; k++) noise[k] = normal(rng);
    if (!choleskyInPlace(precision, q)) {
      a.fill(0);
      return;
    }
    choleskySolve(precision, q, a);
    backwardSolve(precision, q, noise);
    for (let k = 0; k < q; k++) a[k] += noise[k];
  }

  /** Log density after a move by `a` along the current direction. */
  private logDensityAlong(a: number): number {
    const { state, directions: q, direction, t, c } = this;
    const { z, sigma, effect, beta, priors, freeBeta } = state;
    let sum = 0;
    for (let i = 0; i < z.length; i++)
      sum += effect.logDensity(z[i] - (t[i * q + direction] * a) / sigma, sigma);
    for (let f = 0; f < freeBeta.length; f++) {
      const j = freeBeta[f];
      sum += priors.beta[j].logDensity(beta[j] + c[j * q + direction] * a);
    }
    return sum;
  }

  /** beta <- beta + C a, eps_i <- eps_i - t_i' a. */
  private shift(a: Float64Array): void {
    const { state, directions: q, t, c } = this;
    const { z, sigma, beta, clusters, rows } = state;
    const { starts } = clusters;
    for (let j = 0; j < beta.length; j++) {
      for (let k = 0; k < q; k++) beta[j] += c[j * q + k] * a[k];
    }
    for (let i = 0; i < z.length; i++) {
      let shift = 0;
      for (let k = 0; k < q; k++) shift += t[i * q + k] * a[k];
      z[i] -= shift / sigma;
      for (let r = starts[i]; r < starts[i + 1]; r++) rows.eta[r] += shift;
    }
  }
}

/**
 * An orthonormal basis (in units of the columns' lengths) of the free coefficient directions along which the design is
 * constant within clusters: the null space of the columns centred within clusters.
 */
function constantDirections(state: GibbsState): Float64Array[] {
  const { clusters, freeBeta, beta } = state;
  const { x, columns, starts, count, rows } = clusters;
  const q = freeBeta.length;
  if (q === 0) return [];
  const lengths = Float64Array.from(freeBeta, (j) => {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += x[r * columns + j] ** 2;
    return Math.sqrt(sum) || 1;
  });
  const gram = Matrix.zeros(q, q);
  const centred = new Float64Array(q);
  for (let i = 0; i < count; i++) {
    const size = starts[i + 1] - starts[i];
    const means = new Float64Array(q);
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      for (let k = 0; k < q; k++) means[k] += x[r * columns + freeBeta[k]] / size;
    }
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      for (let k = 0; k < q; k++) centred[k] = (x[r * columns + freeBeta[k]] - means[k]) / lengths[k];
      for (let k = 0; k < q; k++) {
        for (let l = 0; l < q; l++) gram.set(k, l, gram.get(k, l) + centred[k] * centred[l]);
      }
    }
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(gram, { assumeSymmetric: true });
  const basis: Float64Array[] = [];
  realEigenvalues.forEach((value, e) => {
    if (value > CONSTANT ** 2 * rows && value > 1e-14) return;
    const direction = new Float64Array(beta.length);
    for (let k = 0; k < q; k++) direction[freeBeta[k]] = eigenvectorMatrix.get(k, e) / lengths[k];
    basis.push(direction);
  });
  return basis;
}
