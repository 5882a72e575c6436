// How many draws a Monte Carlo estimate needs, by the error that fewer of them left.
import type { Model } from '../../model/model.js';
import type { WeighedDraws } from '../mcem/weigh.js';

/** Fewest draws a cluster behind a final answer: the error itself is estimated from them. */
const LEAST_DRAWS = 1000;
/** Of a chain as many must be effective: the error of fewer, by batch means, is too small. */
const LEAST_EFFECTIVE = 1000;
/** Relative Monte Carlo error that a standard error may have. */
const STANDARD_ERROR_ERROR = 0.01;
/** Memory: all clusters' draws stand in arrays of this many numbers at the most. */
const MOST_NUMBERS = 5e7;
/** Draws are not increased by more at once. */
const MOST_GROWTH = 100;
const LEAST_GROWTH = 1.5;
const MARGIN = 1.3;

/** Most draws a cluster. */
export function mostDraws(model: Model, maxDraws: number): number {
  return Math.max(100, Math.min(maxDraws, Math.floor(MOST_NUMBERS / model.clusters.count)));
}

/** What an estimate's draws left of error. */
export interface Precision {
  /** The largest Monte Carlo error in standard errors, and the largest relative one of a standard error. */
  readonly ratio: number;
  readonly varianceRatio: number;
  readonly weighed: WeighedDraws;
}

/** Whether these draws suffice for an error of `target`, as nodes do; otherwise how many will. */
export function drawsFor(
  { ratio, varianceRatio, weighed }: Precision,
  target: number,
): { readonly enough: boolean; readonly wanted: number } {
  const { perCluster, dependent, exact } = weighed.set;
  const excess = Math.max(
    (ratio / target) ** 2,
    (varianceRatio / STANDARD_ERROR_ERROR) ** 2,
    dependent ? LEAST_EFFECTIVE / weighed.smallestEss : 0,
  );
  const wanted = Math.min(MARGIN * excess, MOST_GROWTH) * perCluster;
  return {
    enough: exact || (excess <= 1 && perCluster >= LEAST_DRAWS),
    wanted: Math.ceil(Math.max(LEAST_DRAWS, LEAST_GROWTH * perCluster, wanted)),
  };
}
