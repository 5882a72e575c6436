// Two units of one cluster: moments of their means over the intercept they share, with derivatives.
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { EffectExpectation, type EffectNode } from './effect-expectation.js';

/** Of mu_1 = g^-1(eta_1 + eps) and mu_2 = g^-1(eta_2 + eps): a value, and its slopes in eta_1, eta_2 and sigma. */
export type Moment = readonly [value: number, eta1: number, eta2: number, sigma: number];

export interface PairMoments {
  readonly mean1: Moment;
  readonly mean2: Moment;
  /** E[mu_1 mu_2] - E[mu_1] E[mu_2] */
  readonly covariance: Moment;
  readonly variance1: Moment;
  readonly variance2: Moment;
}

const TERMS = 16;

/** Infinite or undefined moments are Infinity or NaN. */
export class PairExpectations {
  private readonly expectation: EffectExpectation;
  private readonly sigma: number;
  private readonly infinite: boolean;
  private readonly fill: (eta1: number, eta2: number) => (node: EffectNode, out: Float64Array) => void;
  private readonly out = new Float64Array(TERMS);
  private readonly tolerance: number;

  constructor(
    model: Pick<Model, 'family' | 'randomEffect'>,
    parameters: Pick<Parameters, 'sigma' | 'shape'>,
    tolerance: number = 1e-12,
  ) {
    const { link } = model.family;
    this.tolerance = tolerance;
    this.sigma = parameters.sigma;
    this.expectation = new EffectExpectation(model.randomEffect, parameters);
    this.infinite =
      link.name === 'log' && model.randomEffect.tailDf < Number.POSITIVE_INFINITY && parameters.sigma > 0;
    if (link.name === 'log') {
      // The exponents are added first: no factor need be a number.
      this.fill = (eta1, eta2) => (node, out) => {
        const once = node.logWeight + node.eps;
        const twice = once + node.eps;
        out[0] = Math.exp(once + eta1);
        out[1] = Math.exp(once + eta2);
        out[2] = Math.exp(twice + eta1 + eta2);
        out[3] = Math.exp(twice + 2 * eta1);
        out[4] = Math.exp(twice + 2 * eta2);
        out[5] = out[0];
        out[6] = out[1];
        out[7] = out[2];
        out[8] = out[2];
        out[9] = out[3];
        out[10] = out[4];
        slopesInSigma(node, out);
      };
    } else {
      this.fill = (eta1, eta2) => (node, out) => {
        const w = Math.exp(node.logWeight);
        const m1 = link.inverse(eta1 + node.eps);
        const m2 = link.inverse(eta2 + node.eps);
        const d1 = w * link.derivative(eta1 + node.eps);
        const d2 = w * link.derivative(eta2 + node.eps);
        out[0] = w * m1;
        out[1] = w * m2;
        out[2] = out[0] * m2;
        out[3] = out[0] * m1;
        out[4] = out[1] * m2;
        out[5] = d1;
        out[6] = d2;
        out[7] = d1 * m2;
        out[8] = m1 * d2;
        out[9] = m1 * d1;
        out[10] = m2 * d2;
        slopesInSigma(node, out);
      };
    }
  }

  at(eta1: number, eta2: number): PairMoments {
    const { out, infinite } = this;
    if (infinite) out.fill(Number.POSITIVE_INFINITY);
    else this.expectation.expect(TERMS, this.fill(eta1, eta2), out, this.tolerance);
    const [h1, h2, h12, h11, h22, d1, d2, d1h2, h1d2, h1d1, h2d2, s1, s2, s12, s11, s22] = out;
    const inSigma = (slope: number): number => (this.sigma === 0 ? 0 : slope);
    return {
      mean1: [h1, d1, 0, inSigma(s1)],
      mean2: [h2, 0, d2, inSigma(s2)],
      covariance: [h12 - h1 * h2, d1h2 - d1 * h2, h1d2 - h1 * d2, inSigma(s12 - s1 * h2 - h1 * s2)],
      variance1: [h11 - h1 * h1, 2 * (h1d1 - h1 * d1), 0, inSigma(s11 - 2 * h1 * s1)],
      variance2: [h22 - h2 * h2, 0, 2 * (h2d2 - h2 * d2), inSigma(s22 - 2 * h2 * s2)],
    };
  }
}

/** What the terms 0 to 4 (means, product, squares) move by with sigma, from the terms 5 to 10, their slopes. */
function slopesInSigma({ z, sigmaSlope }: EffectNode, out: Float64Array): void {
  out[11] = z * out[5] + sigmaSlope * out[0];
  out[12] = z * out[6] + sigmaSlope * out[1];
  out[13] = z * (out[7] + out[8]) + sigmaSlope * out[2];
  out[14] = 2 * z * out[9] + sigmaSlope * out[3];
  out[15] = 2 * z * out[10] + sigmaSlope * out[4];
}
