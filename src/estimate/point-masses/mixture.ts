// The likelihood of a finite mixture over intercepts, with its derivatives in coefficients, places, masses and dispersion.
import { Integrand } from '../../likelihood/integrand.js';
import { mergeClusters } from '../../model/merge.js';
import type { Model } from '../../model/model.js';
import { mirror } from '../../numeric/cholesky.js';

/** Coefficients, places (eps, not necessarily of mean 0), masses, dispersion (1 where there is none). */
export interface MixturePoint {
  readonly beta: Float64Array;
  readonly places: Float64Array;
  readonly masses: Float64Array;
  readonly dispersion: number;
}

/**
 * l = sum_i c_i log sum_j p_j f(y_i | e_j). Derivatives are in the order (beta, e_1 .. e_k, a_1 .. a_k, dispersion), the
 * masses p = softmax(a), by Louis's identities: with D_ij the score of cluster i if it stood at place j and w_ij its
 * probability of standing there, the gradient is sum w D and the Hessian sum w (D2 + D D') - (sum w D)(sum w D)'.
 */
export class Mixture {
  readonly model: Model;
  readonly integrand: Integrand;
  readonly hasDispersion: boolean;
  logLik: number = Number.NaN;
  gradient: Float64Array = new Float64Array(0);
  hessian: Float64Array = new Float64Array(0);
  /** Of the expected complete-data log-likelihood, which EM climbs. */
  complete: Float64Array = new Float64Array(0);
  /** Sum of w_ij over the clusters, by weight: EM's new masses, up to their total. */
  occupancy: Float64Array = new Float64Array(0);
  /** Total cluster weight. */
  readonly total: number;
  /** log f(y_i) of the distinct clusters, without their constants. */
  readonly clusterLogLik: Float64Array;

  constructor(model: Model) {
    const { outcome } = model.family;
    this.model = model;
    this.integrand = new Integrand(model, mergeClusters(model.clusters, outcome.mergesResponses).distinct);
    this.hasDispersion = outcome.dispersionDerivatives !== undefined;
    this.total = this.integrand.clusters.clusterWeights.reduce((sum, weight) => sum + weight, 0);
    this.clusterLogLik = new Float64Array(this.integrand.clusters.count);
  }

  /** Number of derivatives with k places. */
  size(k: number): number {
    return this.integrand.clusters.columns + 2 * k + (this.hasDispersion ? 1 : 0);
  }

  evaluate(point: MixturePoint): number {
    const { integrand } = this;
    const { places, masses } = point;
    const { count, clusterWeights, constants, columns, x, largest } = integrand.clusters;
    const k = places.length;
    const q = this.size(k);
    this.gradient = new Float64Array(q);
    this.hessian = new Float64Array(q * q);
    this.complete = new Float64Array(q * q);
    this.occupancy = new Float64Array(k);
    integrand.setParameters({ beta: point.beta, sigma: 1, dispersion: point.dispersion });
    const scores = new Float64Array(k * q);
    const seconds = new Float64Array(k * largest);
    const mixed = new Float64Array(k * largest);
    const dispersionSecond = new Float64Array(k);
    const logs = new Float64Array(k);
    let logLik = 0;
    for (let i = 0; i < count; i++) {
      integrand.select(i);
      const { from, to, row, dispersionPart } = integrand;
      scores.fill(0);
      let top = Number.NEGATIVE_INFINITY;
      for (let j = 0; j < k; j++) {
        logs[j] = Math.log(masses[j]) + integrand.evaluate(places[j]);
        top = Math.max(top, logs[j]);
        const at = j * q;
        for (let r = from; r < to; r++) {
          const s = row.first[r - from];
          for (let a = 0; a < columns; a++) scores[at + a] += s * x[r * columns + a];
          seconds[j * largest + r - from] = row.second[r - from];
        }
        scores[at + columns + j] = integrand.scoreSum;
        for (let m = 0; m < k; m++) scores[at + columns + k + m] = (m === j ? 1 : 0) - masses[m];
        if (!this.hasDispersion) continue;
        integrand.evaluateDispersion(places[j]);
        scores[at + q - 1] = dispersionPart.first;
        dispersionSecond[j] = dispersionPart.second;
        for (let r = from; r < to; r++) mixed[j * largest + r - from] = dispersionPart.eta[r - from];
      }
      let sum = 0;
      for (let j = 0; j < k; j++) sum += Math.exp(logs[j] - top);
      this.clusterLogLik[i] = top + Math.log(sum);
      const multiplicity = clusterWeights[i];
      logLik += multiplicity * (this.clusterLogLik[i] + constants[i]);
      const mean = new Float64Array(q);
      for (let j = 0; j < k; j++) {
        const w = Math.exp(logs[j] - this.clusterLogLik[i]);
        if (!(w > 0)) continue;
        const weight = multiplicity * w;
        this.occupancy[j] += weight;
        const at = j * q;
        for (let a = 0; a < q; a++) {
          mean[a] += w * scores[at + a];
          for (let b = 0; b <= a; b++) this.hessian[a * q + b] += weight * scores[at + a] * scores[at + b];
        }
        this.addSecond(weight, j, k, q, seconds, mixed, dispersionSecond[j], masses);
      }
      for (let a = 0; a < q; a++) {
        this.gradient[a] += multiplicity * mean[a];
        for (let b = 0; b <= a; b++) this.hessian[a * q + b] -= multiplicity * mean[a] * mean[b];
      }
    }
    for (let a = 0; a < q * q; a++) this.hessian[a] += this.complete[a];
    mirror(this.hessian, q);
    mirror(this.complete, q);
    this.logLik = logLik;
    return logLik;
  }

  /** Adds the second derivatives of the selected cluster at place j. */
  private addSecond(
    weight: number,
    j: number,
    k: number,
    q: number,
    seconds: Float64Array,
    mixed: Float64Array,
    dispersionSecond: number,
    masses: Float64Array,
  ): void {
    const { complete, integrand } = this;
    const { from, to, clusters } = integrand;
    const { columns, x, largest } = clusters;
    const place = columns + j;
    for (let r = from; r < to; r++) {
      const second = weight * seconds[j * largest + r - from];
      const base = r * columns;
      for (let a = 0; a < columns; a++) {
        for (let b = 0; b <= a; b++) complete[a * q + b] += second * x[base + a] * x[base + b];
        complete[place * q + a] += second * x[base + a];
      }
      complete[place * q + place] += second;
      if (!this.hasDispersion) continue;
      const cross = weight * mixed[j * largest + r - from];
      for (let a = 0; a < columns; a++) complete[(q - 1) * q + a] += cross * x[base + a];
      complete[(q - 1) * q + place] += cross;
    }
    if (this.hasDispersion) complete[q * q - 1] += weight * dispersionSecond;
    for (let m = 0; m < k; m++) {
      for (let n = 0; n <= m; n++) {
        complete[(columns + k + m) * q + columns + k + n] -=
          weight * masses[m] * ((m === n ? 1 : 0) - masses[n]);
      }
    }
  }
}
