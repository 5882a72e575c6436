// Each intercept given the rest, by one of three proposals: a Newton step, an independent draw, a tuned random walk.
import type { Memory } from '../../../samplers/memory.js';
import { power } from '../../../samplers/power.js';
import type { Stream } from '../../../samplers/rng.js';
import { normal, studentT } from '../../../samplers/variates.js';
import type { GibbsState } from './state.js';
import type { GibbsStep } from './step.js';
import type { Transport } from './transport.js';

/** Share of sweeps by random walk: it moves where the others, far out in a skewed tail, would not. */
const WALK_SHARE = 0.05;
/** Share of sweeps by independent draws, where the transport is tuned. */
const INDEPENDENCE_SHARE = 0.7;
/** Degrees of freedom and width (in conditional standard deviations) of the independent draws. */
const DF = 5;
const WIDTH = 0.9;
/** The curvature of -log density in z is taken to be at least this (that of a standard normal is 1). */
const LEAST_CURVATURE = 0.1;
const WALK_TARGET = 0.44;

/**
 * Metropolis-Hastings for z_1 .. z_m, which are independent given (beta, sigma, dispersion).
 * Newton: normal about the point where a Newton step from z lands, with the curvature at z as its precision; for a
 * quadratic log density an exact draw. Forward and reverse proposals are both computed (Gamerman 1997, Statistics and
 * Computing 7, in one dimension). Independence: Student t with the conditional mean and spread that `Transport` predicts;
 * its tails serve where the density is skewed and Newton's proposals, narrow on the steep side, come back too rarely.
 */
export class InterceptStep implements GibbsStep {
  readonly name = 'intercepts';
  protected readonly state: GibbsState;
  /** Proposal scales of the random walk. */
  readonly scales: Float64Array;
  private readonly updates: Float64Array;
  private frozen = false;
  /** Where the proposal from the point last given is centred, and its precision. */
  private centre = 0;
  private precision = 1;

  private readonly transport: Transport | undefined;
  /** phi - phi0 of the transport. */
  private readonly distance: Float64Array;

  constructor(state: GibbsState, transport: Transport | undefined = undefined) {
    this.state = state;
    this.transport = transport?.tuned ? transport : undefined;
    this.distance = new Float64Array(transport?.centre.length ?? 0);
    this.scales = new Float64Array(state.z.length).fill(1);
    this.updates = new Float64Array(state.z.length);
  }

  update(rng: Stream): number {
    const { length } = this.state.z;
    const u = rng.uniform();
    let sum = 0;
    if (u < WALK_SHARE) for (let i = 0; i < length; i++) sum += this.walk(rng, i);
    else if (this.transport && u < WALK_SHARE + INDEPENDENCE_SHARE) {
      this.locate(this.transport);
      for (let i = 0; i < length; i++) sum += this.independence(rng, i, this.transport);
    } else for (let i = 0; i < length; i++) sum += this.newton(rng, i);
    return sum / length;
  }

  freeze(): void {
    this.frozen = true;
  }

  remember(memory: Memory): void {
    memory.numbers(this.scales);
    memory.numbers(this.updates);
    this.frozen = memory.flag(this.frozen);
  }

  private newton(rng: Stream, i: number): number {
    const { state } = this;
    const { effect, sigma, z } = state;
    this.propose(z[i], state.score[i], state.curvature[i]);
    const noise = normal(rng);
    const forwardPrecision = this.precision;
    const next = this.centre + noise / Math.sqrt(forwardPrecision);
    const value = state.tryCluster(i, state.rows, sigma * next, state.dispersion);
    this.propose(next, state.trialScore, state.trialCurvature);
    const back = z[i] - this.centre;
    const logProposals =
      0.5 * Math.log(this.precision / forwardPrecision) -
      0.5 * this.precision * back * back +
      0.5 * noise * noise;
    const logRatio =
      value -
      state.logLik[i] +
      effect.logDensity(next, sigma) -
      effect.logDensity(z[i], sigma) +
      this.correction(logProposals);
    return this.decide(rng, i, next, value, logRatio);
  }

  /** What the proposals add to the log acceptance ratio: log q(z | next) - log q(next | z). */
  protected correction(logProposals: number): number {
    return logProposals;
  }

  private propose(z: number, score: number, curvature: number): void {
    const { effect, effectPart, sigma } = this.state;
    effect.derivatives(z, sigma, effectPart);
    this.precision = Math.max(-(sigma * sigma * curvature + effectPart.zz), LEAST_CURVATURE);
    this.centre = z + (sigma * score + effectPart.z) / this.precision;
  }

  private locate({ centre }: Transport): void {
    const { state, distance } = this;
    const { freeBeta, beta, sigma, sigmaIsFree } = state;
    const b = freeBeta.length;
    for (let k = 0; k < b; k++) distance[k] = beta[freeBeta[k]] - centre[k];
    if (sigmaIsFree) distance[b] = Math.log(sigma) - centre[b];
  }

  private independence(rng: Stream, i: number, { mean, spread, slope, spreadSlope }: Transport): number {
    const { state, distance } = this;
    const { effect, sigma, z } = state;
    const q = distance.length;
    let centre = mean[i];
    let logSpread = 0;
    for (let a = 0, k = i * q; a < q; a++, k++) {
      centre += slope[k] * distance[a];
      logSpread += spreadSlope[k] * distance[a];
    }
    // On the scale of z.
    const width = (WIDTH * spread[i] * Math.exp(logSpread)) / sigma;
    centre /= sigma;
    const t = studentT(rng, DF);
    const next = centre + width * t;
    const back = (z[i] - centre) / width;
    const logProposals = 0.5 * (DF + 1) * Math.log((DF + t * t) / (DF + back * back));
    const value = state.tryCluster(i, state.rows, sigma * next, state.dispersion);
    const logRatio =
      value -
      state.logLik[i] +
      effect.logDensity(next, sigma) -
      effect.logDensity(z[i], sigma) +
      this.correction(logProposals);
    return this.decide(rng, i, next, value, logRatio);
  }

  private walk(rng: Stream, i: number): number {
    const { state, scales } = this;
    const { effect, sigma, z } = state;
    const next = z[i] + scales[i] * normal(rng);
    const value = state.tryCluster(i, state.rows, sigma * next, state.dispersion);
    const logRatio =
      value - state.logLik[i] + effect.logDensity(next, sigma) - effect.logDensity(z[i], sigma);
    const acceptance = this.decide(rng, i, next, value, logRatio);
    if (!this.frozen) {
      // Robbins-Monro on the log scale (Andrieu and Thoms 2008).
      const gain = Math.min(1, 4 * power(++this.updates[i], -0.6));
      scales[i] *= Math.exp(gain * (acceptance - WALK_TARGET));
    }
    return acceptance;
  }

  private decide(rng: Stream, i: number, next: number, value: number, logRatio: number): number {
    // A log-likelihood that overflowed is improbable data: NaN is a rejection.
    const acceptance = logRatio >= 0 ? 1 : Math.exp(logRatio) || 0;
    if (rng.uniform() < acceptance) {
      this.state.z[i] = next;
      this.state.acceptCluster(i, value);
    }
    return acceptance;
  }
}
