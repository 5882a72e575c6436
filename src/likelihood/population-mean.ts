// The mean response with the intercept integrated out, E[g^-1(eta + eps)], with its derivatives, and its induced link.
import type { Link } from '../model/link.js';
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

/** g(E[mu]) at one linear predictor: that of a marginal model. */
export interface MarginalPredictor {
  readonly value: number;
  /** d value / d eta, by which a coefficient is attenuated here. */
  readonly slope: number;
  /** d value / d sigma */
  readonly sigmaSlope: number;
}

/** Links with g^-1(-eta) = 1 - g^-1(eta). */
const MIRRORED: ReadonlySet<string> = new Set(['logit', 'probit', 'cauchit']);

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
  private readonly link: Link;
  /** Of means that are probabilities for every predictor, which rounding must not carry above 1. */
  private readonly most: number;
  /** Whether the mean at -eta is 1 less that at eta. */
  private readonly mirrored: boolean;

  constructor(
    model: Pick<Model, 'family' | 'randomEffect'>,
    parameters: Pick<Parameters, 'sigma' | 'shape'>,
    tolerance: number = 1e-12,
  ) {
    const { link } = model.family;
    const { tailDf } = model.randomEffect;
    this.link = link;
    this.most = link.name === 'cloglog' || MIRRORED.has(link.name) ? 1 : Number.POSITIVE_INFINITY;
    this.mirrored = MIRRORED.has(link.name) && model.randomEffect.symmetric;
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
    const mean = Math.min(out[0], this.most);
    const found = { mean, slope: out[1], sigmaSlope: expectation.sigma === 0 ? 0 : out[2] };
    this.known.set(eta, found);
    return found;
  }

  /** g of the mean with its derivatives. Near 1 a probability keeps few digits of what it lacks: the smaller tail is taken. */
  predictorAt(eta: number): MarginalPredictor {
    const turn = this.mirrored && eta > 0 ? -1 : 1;
    const { mean, slope, sigmaSlope } = this.at(turn * eta);
    const value = this.link.apply(mean);
    const across = this.link.derivative(value);
    return { value: turn * value, slope: slope / across, sigmaSlope: (turn * sigmaSlope) / across };
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
