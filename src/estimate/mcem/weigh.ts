// Weights that carry the draws to each cluster's posterior at the integrand's parameters.
import { paretoK } from '../../../samplers/diagnostics/pareto.js';
import type { Integrand } from '../../likelihood/integrand.js';
import { exp } from '../../numeric/exp.js';
import type { ControlVariates } from './control-variates.js';
import type { DrawSet } from './e-step.js';
import { longRunVariance } from './long-run.js';

/** Draws with their weights, arrays laid out as the draws are. */
export interface WeighedDraws {
  readonly set: DrawSet;
  /** Log integrand at each draw, and its derivative in units of the cluster's curvature sd where controls need it. */
  readonly logTarget: Float64Array;
  readonly slope: Float64Array;
  /** Self-normalised weights, sum 1 in each cluster. */
  readonly base: Float64Array;
  /** The same (or those themselves) after the control variates; expectations use these. */
  readonly calibrated: Float64Array;
  /** Independent draws of the posterior that would tell as much of a cluster's intercept, smallest over the clusters. */
  readonly smallestEss: number;
}

/** Weighs all draws at the integrand's parameters, wherever they were drawn: one evaluation of each. */
export function weigh(integrand: Integrand, set: DrawSet, controls: ControlVariates): WeighedDraws {
  const size = set.z.length;
  const m = integrand.clusters.count;
  const weights = new Float64Array(size);
  const draws = {
    set,
    logTarget: new Float64Array(size),
    slope: new Float64Array(controls.needsSlopes ? size : 0),
    base: weights,
    calibrated: controls.plain ? weights : new Float64Array(size),
    smallestEss: Number.POSITIVE_INFINITY,
  };
  const { logTarget, slope, base } = draws;
  const { z, logProposal, perCluster } = set;
  for (let i = 0; i < m; i++) {
    integrand.select(i);
    const from = i * perCluster;
    const end = from + perCluster;
    if (controls.needsSlopes) {
      for (let k = from; k < end; k++) {
        logTarget[k] = integrand.evaluate(z[k]);
        slope[k] = integrand.gradient * set.spread[i];
      }
    } else integrand.valueAll(z, logTarget, from, end);
    const squares = normalise(logTarget, logProposal, from, end, base);
    const ess = set.dependent ? chainEss(set.of(z, i), set.of(base, i)) : 1 / squares;
    draws.smallestEss = Math.min(draws.smallestEss, ess);
    if (!controls.plain) calibrate(draws, i, controls);
  }
  return draws;
}

/** Self-normalised weights target / proposal of draws from .. end-1, and the sum of their squares. */
function normalise(
  logTarget: Float64Array,
  logProposal: Float64Array,
  from: number,
  end: number,
  base: Float64Array,
): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let k = from; k < end; k++) {
    const logWeight = logTarget[k] - logProposal[k];
    if (logWeight > highest) highest = logWeight;
    base[k] = logWeight;
  }
  let sum = 0;
  for (let k = from; k < end; k++) {
    base[k] = exp(base[k] - highest);
    sum += base[k];
  }
  const share = 1 / sum;
  let squares = 0;
  for (let k = from; k < end; k++) {
    base[k] *= share;
    squares += base[k] * base[k];
  }
  return squares;
}

/** Of a chain: the variance of z over that of its weighted mean; no more than the draws there are. */
function chainEss(z: Float64Array, weights: Float64Array): number {
  let mean = 0;
  for (let k = 0; k < z.length; k++) mean += weights[k] * z[k];
  const series = z.map((value) => value - mean);
  let variance = 0;
  for (let k = 0; k < z.length; k++) variance += weights[k] * series[k] * series[k];
  return Math.min(z.length, variance / longRunVariance(series, 1, weights, true)[0]);
}

/** (Re)computes cluster i's control variates and calibrated weights from what is stored. */
export function calibrate(draws: WeighedDraws, i: number, controls: ControlVariates): void {
  const { set } = draws;
  if (controls.plain) return;
  const standardised = controls.needsSlopes
    ? set.of(set.z, i).map((z) => (z - set.mode[i]) / set.spread[i])
    : set.of(set.z, i);
  controls.calibrate(
    standardised,
    set.of(draws.slope, i),
    set.of(draws.base, i),
    set.of(draws.calibrated, i),
  );
}

/** A largest weight of no more than so many times their mean makes none heavy. */
const ALL_BUT_EQUAL = 1.01;
/** The tail of fewer weights says nothing: the largest k of many clusters would be noise. */
const LEAST_WEIGHTS = 1000;
/** So many groups are told apart. */
const MOST_GROUPS = 1000;

/**
 * Largest Pareto k-hat of a cluster's weights; of few draws a cluster, that of so many neighbouring clusters together as
 * give weights enough (each normalised to the same sum). NaN for draws that carry none, as those of a rejection sampler,
 * and for weights all but equal, whatever the shape of what is left of their tail.
 */
export function largestParetoK({ set, base }: WeighedDraws): number {
  if (set.dependent || set.exact) return Number.NaN;
  const clusters = set.mode.length;
  const share = Math.ceil(clusters / MOST_GROUPS);
  const together = Math.min(clusters, Math.max(share, Math.ceil(LEAST_WEIGHTS / set.perCluster)));
  let largest = Number.NaN;
  for (let i = 0; i < clusters; i += together) {
    // The last group reaches back, so that it is no smaller.
    const from = Math.min(i, clusters - together) * set.perCluster;
    const weights = base.subarray(from, from + together * set.perCluster);
    if (!(set.perCluster * greatest(weights) > ALL_BUT_EQUAL)) continue;
    const k = paretoK(weights.map(Math.log));
    if (!Number.isNaN(k)) largest = Number.isNaN(largest) ? k : Math.max(largest, k);
  }
  return largest;
}

function greatest(values: Float64Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < values.length; k++) most = Math.max(most, values[k]);
  return most;
}
