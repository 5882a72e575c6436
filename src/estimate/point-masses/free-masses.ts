// The free coordinates of a mixture whose masses have mean 0, and the derivatives in them.
import type { Evaluation } from '../../numeric/newton.js';
import type { Mixture, MixturePoint } from './mixture.js';

/**
 * theta = (free coefficients, d_2 .. d_k, a_2 .. a_k, log dispersion): masses p = softmax(0, a), places e_j = d_j - sum p d
 * with d_1 = 0, so that their mean is 0 by construction, whether or not an intercept could take one up.
 */
export class FreeMasses {
  readonly mixture: Mixture;
  readonly freeBeta: readonly number[];

  constructor(mixture: Mixture, freeBeta: readonly number[]) {
    this.mixture = mixture;
    this.freeBeta = freeBeta;
  }

  pack({ beta, places, masses, dispersion }: MixturePoint): Float64Array {
    return Float64Array.from([
      ...this.freeBeta.map((j) => beta[j]),
      ...Array.from(places.subarray(1), (place) => place - places[0]),
      ...Array.from(masses.subarray(1), (mass) => Math.log(mass / masses[0])),
      ...(this.mixture.hasDispersion ? [Math.log(dispersion)] : []),
    ]);
  }

  unpack(theta: Float64Array, template: MixturePoint): MixturePoint {
    const k = template.places.length;
    const f = this.freeBeta.length;
    const beta = template.beta.slice();
    this.freeBeta.forEach((j, a) => {
      beta[j] = theta[a];
    });
    const masses = new Float64Array(k);
    const logits = Float64Array.from({ length: k }, (_, j) => (j === 0 ? 0 : theta[f + k - 2 + j]));
    const top = Math.max(...logits);
    const total = logits.reduce((sum, a) => sum + Math.exp(a - top), 0);
    for (let j = 0; j < k; j++) masses[j] = Math.exp(logits[j] - top) / total;
    const places = Float64Array.from({ length: k }, (_, j) => (j === 0 ? 0 : theta[f + j - 1]));
    const mean = places.reduce((sum, place, j) => sum + masses[j] * place, 0);
    for (let j = 0; j < k; j++) places[j] -= mean;
    const dispersion = this.mixture.hasDispersion ? Math.exp(theta[f + 2 * k - 2]) : 1;
    return { beta, places, masses, dispersion };
  }

  /** d raw / d theta, raw x theta, in the mixture's raw order. */
  jacobian({ places, masses, dispersion }: MixturePoint): Float64Array {
    const { freeBeta, mixture } = this;
    const k = places.length;
    const p = mixture.model.coefficientNames.length;
    const f = freeBeta.length;
    const size = f + 2 * k - 2 + (mixture.hasDispersion ? 1 : 0);
    const q = mixture.size(k);
    const out = new Float64Array(q * size);
    freeBeta.forEach((j, a) => {
      out[j * size + a] = 1;
    });
    for (let j = 0; j < k; j++) {
      for (let m = 1; m < k; m++) {
        out[(p + j) * size + f + m - 1] = (j === m ? 1 : 0) - masses[m];
        out[(p + j) * size + f + k - 2 + m] = -masses[m] * places[m];
      }
      if (j > 0) out[(p + k + j) * size + f + k - 2 + j] = 1;
    }
    if (mixture.hasDispersion) out[q * size - 1] = dispersion;
    return out;
  }

  /** Value, gradient and Hessian in theta. */
  evaluate(point: MixturePoint): Evaluation {
    const { mixture, freeBeta } = this;
    const { places, masses, dispersion } = point;
    const value = mixture.evaluate(point);
    const k = places.length;
    const q = mixture.size(k);
    const p = mixture.model.coefficientNames.length;
    const f = freeBeta.length;
    const jacobian = this.jacobian(point);
    const size = jacobian.length / q;
    const gradient = new Float64Array(size);
    const half = new Float64Array(q * size);
    for (let c = 0; c < q; c++) {
      for (let a = 0; a < size; a++) {
        gradient[a] += mixture.gradient[c] * jacobian[c * size + a];
        let sum = 0;
        for (let d = 0; d < q; d++) sum += mixture.hessian[c * q + d] * jacobian[d * size + a];
        half[c * size + a] = sum;
      }
    }
    const hessian = new Float64Array(size * size);
    for (let a = 0; a < size; a++) {
      for (let b = 0; b < size; b++) {
        for (let c = 0; c < q; c++) hessian[a * size + b] += jacobian[c * size + a] * half[c * size + b];
      }
    }
    // All places move alike with the mean, whose second derivatives remain.
    let pull = 0;
    for (let j = 0; j < k; j++) pull += mixture.gradient[p + j];
    for (let m = 1; m < k; m++) {
      const massRow = f + k - 2 + m;
      for (let n = 1; n < k; n++) {
        const same = m === n ? 1 : 0;
        const cross = -pull * masses[m] * (same - masses[n]);
        hessian[(f + m - 1) * size + f + k - 2 + n] += cross;
        hessian[(f + k - 2 + n) * size + f + m - 1] += cross;
        hessian[massRow * size + f + k - 2 + n] -=
          pull * (same * masses[m] * places[m] - masses[m] * masses[n] * (places[m] + places[n]));
      }
    }
    if (mixture.hasDispersion) hessian[size * size - 1] += mixture.gradient[q - 1] * dispersion;
    return { value, gradient, hessian };
  }
}
