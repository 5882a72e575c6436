// How the intercepts go along with (beta, log sigma): the lines that their conditional means and spreads follow.

import { linearPredictors } from '../../likelihood/integrand.js';
import type { Parameters } from '../../model/parameters.js';
import { invertSymmetric } from '../../numeric/cholesky.js';
import type { MarginalPosterior } from '../marginal-posterior.js';
import { pooledStart } from '../pooled-start.js';
import type { GibbsState } from './state.js';

/** Newton steps to a conditional mode, and their cap in z: the answer only tunes a proposal. */
const NEWTON_STEPS = 25;
const LONGEST_STEP = 1.5;
/** The conditional moments are sums over nodes this many curvature sds apart, until the density has dropped so far. */
const SPACING = 0.4;
const DROP = 12;
const MOST_NODES = 60;

/**
 * With phi = (free coefficients, log sigma), a map between the intercepts and residuals r,
 * eps_i = mean_i + G_i' (phi - phi0) + e^(k_i' (phi - phi0)) r_i, where mean_i is the conditional mean of eps_i given the
 * data at phi0, G_i its slope in phi and k_i the slope of the log of its conditional standard deviation. The residuals
 * are then nearly independent of phi under the posterior, and a step that moves phi with r held lets every intercept
 * follow. The map is exact for any constants: they only decide how well a step does (partial non-centring:
 * Papaspiliopoulos, Roberts, Skoeld 2007, Statistical Science 22).
 */
export interface Transport {
  /** phi0, length q. */
  readonly centre: Float64Array;
  /** Covariance of phi under the normal approximation of the marginal posterior (dispersion held), q x q. */
  readonly covariance: Float64Array;
  /** Conditional mean and standard deviation of eps_i at phi0, m each. */
  readonly mean: Float64Array;
  readonly spread: Float64Array;
  /** G and k, m x q. */
  readonly slope: Float64Array;
  readonly spreadSlope: Float64Array;
  /** Sums of k over the clusters, q: the slope of the log volume of the map. */
  readonly volumeSlope: Float64Array;
  /** Whether the constants belong to this posterior; if not they are a stand-in that any posterior can use. */
  readonly tuned: boolean;
}

/**
 * The transport at the mode of the marginal posterior; undefined where there is none to be found.
 * `state` lends its memory and is left at no particular point.
 */
export function tuneTransport(posterior: MarginalPosterior, state: GibbsState): Transport | undefined {
  const { space } = posterior;
  const { freeBeta, sigmaIsFree } = state;
  const mode = posterior.mode();
  const { hessian } = mode.evaluation;
  const q = freeBeta.length + (sigmaIsFree ? 1 : 0);
  // The dispersion, where there is one, stands last among the free coordinates.
  const curvature = Float64Array.from(
    { length: q * q },
    (_, k) => -hessian[Math.floor(k / q) * posterior.dimension + (k % q)],
  );
  const covariance = invertSymmetric(curvature, q);
  if (!mode.converged || !covariance?.every(Number.isFinite)) return undefined;
  const parameters = posterior.parameters(mode.point);
  const transport = emptyTransport(state, space.pack(parameters).slice(0, q), covariance, true);
  place(state, parameters);
  if (!state.hasEffects) return transport;
  const m = state.z.length;
  const moments = new ConditionalMoments(state, q);
  for (let i = 0; i < m; i++) {
    moments.collect(i);
    transport.mean[i] = moments.mean;
    transport.spread[i] = moments.spread;
    for (let a = 0; a < q; a++) {
      transport.slope[i * q + a] = moments.slope[a];
      transport.spreadSlope[i * q + a] = moments.spreadSlope[a];
      transport.volumeSlope[a] += moments.spreadSlope[a];
    }
  }
  const numbers = [transport.mean, transport.spread, transport.slope, transport.spreadSlope];
  return numbers.every((column) => column.every(Number.isFinite)) ? transport : undefined;
}

/**
 * A stand-in where the marginal posterior has no mode to be found: z is held, and the covariance is a guess by the
 * curvature along each coefficient at the pooled fit.
 */
export function heldTransport(state: GibbsState): Transport {
  const { freeBeta, sigmaIsFree, model, x } = state;
  const b = freeBeta.length;
  const q = b + (sigmaIsFree ? 1 : 0);
  place(state, { ...pooledStart(model), sigma: 0 });
  state.refresh();
  const covariance = new Float64Array(q * q);
  for (let k = 0; k < b; k++) {
    let information = -state.priors.beta[freeBeta[k]].secondDerivative(0);
    for (let r = 0; r < state.second.length; r++)
      information += Math.abs(state.second[r]) * x[r * b + k] ** 2;
    covariance[k * q + k] = Number.isFinite(information) ? 1 / information : 1;
  }
  const transport = emptyTransport(state, new Float64Array(q), covariance, false);
  if (!sigmaIsFree) return transport;
  covariance[q * q - 1] = 0.25;
  for (let i = 0; i < state.z.length; i++) transport.spreadSlope[i * q + b] = 1;
  transport.volumeSlope[b] = state.z.length;
  return transport;
}

function emptyTransport(
  state: GibbsState,
  centre: Float64Array,
  covariance: Float64Array,
  tuned: boolean,
): Transport {
  const m = state.z.length;
  const q = centre.length;
  return {
    centre,
    covariance,
    mean: new Float64Array(m),
    spread: new Float64Array(m),
    slope: new Float64Array(m * q),
    spreadSlope: new Float64Array(m * q),
    volumeSlope: new Float64Array(q),
    tuned,
  };
}

function place(state: GibbsState, parameters: Parameters): void {
  state.beta.set(parameters.beta);
  state.sigma = parameters.sigma;
  state.dispersion = parameters.dispersion ?? 1;
  linearPredictors(state.clusters, state.beta, state.rows.eta);
}

/**
 * Mean of eps_i given y, and its slopes by d E[h] / d phi = Cov(h, D), D the score in phi with eps_i held: sum_r s_r x_r
 * for the coefficients, -1 - z d log f(z) / d z for log sigma.
 */
class ConditionalMoments {
  mean = 0;
  spread = 0;
  readonly slope: Float64Array;
  readonly spreadSlope: Float64Array;
  private readonly state: GibbsState;
  private readonly q: number;
  /** Nodes of one cluster: z, weight, and the q scores. */
  private readonly z: number[] = [];
  private readonly weights: number[] = [];
  private readonly scores: Float64Array[] = [];
  private gradient = 0;
  private information = 1;

  constructor(state: GibbsState, q: number) {
    this.state = state;
    this.q = q;
    this.slope = new Float64Array(q);
    this.spreadSlope = new Float64Array(q);
  }

  collect(i: number): void {
    const { q, slope, spreadSlope, weights, scores } = this;
    const { sigma } = this.state;
    this.layNodes(i);
    const total = weights.reduce((sum, w) => sum + w, 0);
    const average = (f: (k: number) => number): number =>
      weights.reduce((sum, w, k) => sum + w * f(k), 0) / total;
    const mean = average((k) => this.z[k]);
    const variance = average((k) => (this.z[k] - mean) ** 2);
    this.mean = sigma * mean;
    this.spread = sigma * Math.sqrt(variance);
    for (let a = 0; a < q; a++) {
      const centre = average((k) => scores[k][a]);
      slope[a] = sigma * average((k) => (this.z[k] - mean) * (scores[k][a] - centre));
      spreadSlope[a] = (0.5 * average((k) => (this.z[k] - mean) ** 2 * (scores[k][a] - centre))) / variance;
    }
  }

  /** Nodes from the conditional mode outwards on both sides. */
  private layNodes(i: number): void {
    this.z.length = 0;
    this.weights.length = 0;
    this.scores.length = 0;
    const mode = this.findMode(i);
    const peak = this.evaluate(i, mode);
    const step = SPACING / Math.sqrt(this.information);
    this.keep(i, mode, 1);
    for (const sign of [-1, 1]) {
      for (let k = 1; k < MOST_NODES; k++) {
        const z = mode + sign * k * step;
        const drop = peak - this.evaluate(i, z);
        if (!(drop < DROP)) break;
        this.keep(i, z, Math.exp(-drop));
      }
    }
  }

  /** Keeps the node z, where the cluster was last evaluated. */
  private keep(i: number, z: number, weight: number): void {
    const { state, q } = this;
    const { clusters, freeBeta, trial, effectPart, sigmaIsFree, sigma, x } = state;
    const { starts } = clusters;
    const b = freeBeta.length;
    const score = new Float64Array(q);
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      const s = trial.first[r - starts[i]];
      for (let k = 0; k < b; k++) score[k] += s * x[r * b + k];
    }
    if (sigmaIsFree) score[q - 1] = -1 - z * effectPart.z + sigma * effectPart.sigma;
    this.z.push(z);
    this.weights.push(weight);
    this.scores.push(score);
  }

  private evaluate(i: number, z: number): number {
    const { state } = this;
    const { effect, effectPart, sigma, dispersion, rows } = state;
    const value = state.tryCluster(i, rows, sigma * z, dispersion) + effect.logDensity(z, sigma);
    effect.derivatives(z, sigma, effectPart);
    this.gradient = sigma * state.trialScore + effectPart.z;
    this.information = Math.max(-(sigma * sigma * state.trialCurvature + effectPart.zz), 0.1);
    return value;
  }

  private findMode(i: number): number {
    let z = 0;
    for (let k = 0; k < NEWTON_STEPS; k++) {
      this.evaluate(i, z);
      const step = this.gradient / this.information;
      if (!(Math.abs(step) > 1e-4)) break;
      z += Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, step));
    }
    return z;
  }
}
