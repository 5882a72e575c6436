// How many draws a Monte Carlo estimate needs, by the error that fewer of them left.
import { GlmmcError } from '../../../samplers/errors.js';
import type { Model } from '../../model/model.js';
import type { DrawSet } from '../mcem/e-step.js';
import type { WeighedDraws } from '../mcem/weigh.js';

/**
 * Fewest draws a cluster behind a final answer: the error itself needs them, and the control variates' coefficients. Of
 * many clusters the noise of both averages out. A lattice of so many points a replicate tells its error by replicates: over
 * seeds on thousands of clusters of 4 or 5 rows sigma's z had sd 1.8 with 4 points, 1.1 to 1.3 with 6 and 1.06 to 1.25 with
 * 8, where Student's t has 1.07; 7 keep the time within ten times that of quadrature().
 */
const LEAST_DRAWS = 1000;
const LEAST_DRAWS_OF_MANY = 100;
const LEAST_DRAWS_IN_ALL = 50_000;
const LEAST_POINTS = 7;
const MOST_LEAST_POINTS = 16;
const LEAST_POINTS_IN_ALL = 200;
/** Of a chain as many must be effective: the error of fewer, by batch means, is too small. */
export const LEAST_EFFECTIVE = 1000;
/** Relative Monte Carlo error that a standard error may have. */
const STANDARD_ERROR_ERROR = 0.01;
/** Memory: all clusters' draws stand in arrays of this many numbers at the most. */
const MOST_NUMBERS = 5e7;
/** Draws are not increased by more at once. */
const MOST_GROWTH = 100;
const LEAST_GROWTH = 1.5;
const MARGIN = 1.3;

/**
 * What is asked for to begin with must be allowed.
 * @throws GlmmcError `bad-option`
 */
export function requireRoom(
  owner: string,
  { draws, maxDraws }: { readonly draws: number; readonly maxDraws: number },
): void {
  if (draws <= maxDraws) return;
  throw new GlmmcError(
    'bad-option',
    `${owner}: draws must be at most maxDraws, found ${draws} > ${maxDraws}; raise maxDraws`,
  );
}

/** Most draws a cluster. */
export function mostDraws(model: Model, maxDraws: number): number {
  return Math.max(100, Math.min(maxDraws, Math.floor(MOST_NUMBERS / model.clusters.count)));
}

/** Fewest draws a cluster behind a final answer, by draws such as these. */
export function leastDraws({ dependent, replicates }: DrawSet, clusters: number): number {
  if (replicates > 0) {
    const points = Math.max(LEAST_POINTS, Math.ceil(LEAST_POINTS_IN_ALL / clusters));
    return replicates * Math.min(MOST_LEAST_POINTS, points);
  }
  if (dependent) return LEAST_DRAWS;
  return Math.min(LEAST_DRAWS, Math.max(LEAST_DRAWS_OF_MANY, Math.ceil(LEAST_DRAWS_IN_ALL / clusters)));
}

/** What an estimate's draws left of error. */
export interface Precision {
  /** The largest Monte Carlo error in standard errors, and the largest relative one of a standard error. */
  readonly ratio: number;
  readonly varianceRatio: number;
  readonly weighed: WeighedDraws;
}

/** Whether these draws, no fewer than `least`, suffice for an error of `target`, as nodes do; otherwise how many will. */
export function drawsFor(
  { ratio, varianceRatio, weighed }: Precision,
  target: number,
  least: number = LEAST_DRAWS,
): { readonly enough: boolean; readonly wanted: number } {
  const { perCluster, dependent, exact } = weighed.set;
  const excess = Math.max(
    (ratio / target) ** 2,
    (varianceRatio / STANDARD_ERROR_ERROR) ** 2,
    dependent ? LEAST_EFFECTIVE / weighed.smallestEss : 0,
  );
  const wanted = Math.min(perCluster * MARGIN * excess, MOST_GROWTH * perCluster);
  return {
    enough: exact || (excess <= 1 && perCluster >= least),
    wanted: Math.ceil(Math.max(least, LEAST_GROWTH * perCluster, wanted)),
  };
}
