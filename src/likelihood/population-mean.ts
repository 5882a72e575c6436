// The mean response with the intercept integrated out, E[g^-1(eta + eps)], with its derivatives, and its induced link.
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { EffectExpectation, type Terms } from './effect-expectation.js';

/** E[mu] at one linear predictor. */
export interface PopulationMean {
  readonly mean: number;
  /** d mean / d eta */
  readonly slope: number;
  /** d mean / d sigma; 0 at sigma = 0. Of point masses, that of stretching all places. */
  readonly sigmaSlope: number;
}

const INFINITE: PopulationMean = {
  mean: Number.POSITIVE_INFINITY,
  slope: Number.POSITIVE_INFINITY,
  sigmaSlope: Number.POSITIVE_INFINITY,
};

/** Means over the intercepts at given parameters. */
export class PopulationMeans {
  readonly expectation: EffectExpectation;
  private readonly terms: (eta: number) => Terms;
  private readonly squares: (eta: number) => Terms;
  private readonly known = new Map<number, PopulationMean>();
  private readonly out = new Float64Array(3);
  private readonly tolerance: number;
  /** Power tails outgrown by the exponential, however far out: no walk would see it. */
  private readonly infinite: boolean;

  constructor(
    model: Pick<Model, 'family' | 'randomEffect'>,
    parameters: Pick<Parameters, 'sigma' | 'shape'>,
    tolerance: number = 1e-12,
  ) {
    const { link } = model.family;
    const { tailDf } = model.randomEffect;
    this.tolerance = tolerance;
    this.infinite = link.name === 'log' && tailDf < Number.POSITIVE_INFINITY && parameters.sigma > 0;
    this.expectation = new EffectExpectation(model.randomEffect, parameters);
    if (link.name === 'log') {
      // The exponents are added first: neither factor need be a number.
      this.terms = (eta) => (node, out) => {
        out[0] = Math.exp(node.logWeight + eta + node.eps);
        out[1] = out[0];
        out[2] = out[0] * (node.z + node.sigmaSlope);
      };
      this.squares = (eta) => (node, out) => {
        out[0] = Math.exp(node.logWeight + 2 * (eta + node.eps));
      };
    } else {
      this.terms = (eta) => (node, out) => {
        const weight = Math.exp(node.logWeight);
        const at = eta + node.eps;
        const slope = weight * link.derivative(at);
        out[0] = weight * link.inverse(at);
        out[1] = slope;
        out[2] = node.z * slope + node.sigmaSlope * out[0];
      };
      this.squares = (eta) => (node, out) => {
        out[0] = Math.exp(node.logWeight) * link.inverse(eta + node.eps) ** 2;
      };
    }
  }

  /** An infinite or undefined mean is Infinity or NaN. */
  at(eta: number): PopulationMean {
    const known = this.known.get(eta);
    if (known) return known;
    const { out, expectation } = this;
    if (this.infinite) return INFINITE;
    expectation.expect(3, this.terms(eta), out, this.tolerance);
    const found = { mean: out[0], slope: out[1], sigmaSlope: expectation.sigma === 0 ? 0 : out[2] };
    this.known.set(eta, found);
    return found;
  }

  /** The variance of mu over clusters, Infinity where there is none. */
  variance(eta: number): number {
    const { mean } = this.at(eta);
    const { out } = this;
    if (!Number.isFinite(mean)) return mean;
    this.expectation.expect(1, this.squares(eta), out, this.tolerance);
    return Math.max(0, out[0] - mean * mean);
  }
}
