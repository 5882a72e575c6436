// The generalised linear model without intercepts (sigma = 0), by IRLS: where every strategy starts.

import { linearPredictors } from '../likelihood/integrand.js';
import type { Clusters } from '../model/clusters.js';
import type { Family } from '../model/family.js';
import { mergeRows } from '../model/merge-rows.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { choleskyInPlace, choleskySolve } from '../numeric/cholesky.js';

/**
 * Coefficients after the first weighted least-squares step from the family's starting means
 * (McCullagh and Nelder 1989, section 2.5), and the dispersion they leave; sigma = 0. Where the mean is not possible for
 * every eta, the coefficients are drawn towards those of one common mean until it is possible in every row.
 */
export function pooledStart(model: Model, all: Clusters = model.clusters): Parameters {
  const { family } = model;
  // The start of a dispersion counts rows, not weights.
  const clusters = family.dispersion ? all : mergeRows(all, family.outcome.mergesResponses);
  const { rows, columns, y } = clusters;
  const { link } = family;
  const [low, high] = family.traits.domain;
  const inside = (eta: number): boolean => eta > low && eta < high;
  const matrix = new Float64Array(columns * columns);
  let beta: Float64Array = new Float64Array(columns);
  // The same regression of one common eta, for where the coefficients must be drawn back.
  const level = new Float64Array(columns);
  addNormalEquations(clusters, startingRows(family, clusters), matrix, beta, level);
  if (choleskyInPlace(matrix, columns)) {
    choleskySolve(matrix, columns, beta);
    choleskySolve(matrix, columns, level);
  } else {
    beta.fill(0);
    level.fill(0);
  }
  const eta = new Float64Array(rows);
  linearPredictors(clusters, beta, eta);
  const slopes = beta;
  for (let part = 0.5; !eta.every(inside) && part > LEAST_SLOPES; part /= 2) {
    beta = slopes.map((value, j) => level[j] + part * (value - level[j]));
    linearPredictors(clusters, beta, eta);
  }
  if (!family.dispersion) return { beta, sigma: 0 };
  const dispersion = family.dispersion.start(
    y,
    eta.map((value) => link.inverse(value)),
  );
  return { beta, sigma: 0, dispersion: dispersion > 0 && Number.isFinite(dispersion) ? dispersion : 1 };
}

interface StartingRows {
  readonly eta: Float64Array;
  /** 0 where a row has nothing to say. */
  readonly weight: Float64Array;
  /** The link of the mean of all. */
  readonly common: number;
}

function startingRows(family: Family, clusters: Clusters): StartingRows {
  const { link } = family;
  const { rows, y, trials, weights } = clusters;
  const common = link.apply(commonMean(family, clusters));
  const weight = new Float64Array(rows);
  const eta = y.map((value, r) => link.apply(family.startingMean(value, trials[r])));
  for (let r = 0; r < rows; r++) {
    // For canonical links the slope is the variance, the exact weight; for the others it is near enough for a start.
    const information = weights[r] * trials[r] * Math.abs(link.derivative(eta[r]));
    if (information > 0 && Number.isFinite(information * eta[r])) weight[r] = information;
  }
  return { eta, weight, common };
}

/** Adds X'WX (lower triangle), and X'W times eta and times the common eta, both less the offset. */
function addNormalEquations(
  { rows, columns, x, offset }: Clusters,
  { eta, weight, common }: StartingRows,
  matrix: Float64Array,
  slopes: Float64Array,
  level: Float64Array,
): void {
  for (let r = 0; r < rows; r++) {
    if (weight[r] === 0) continue;
    const base = r * columns;
    for (let a = 0; a < columns; a++) {
      const xa = weight[r] * x[base + a];
      slopes[a] += xa * (eta[r] - offset[r]);
      level[a] += xa * (common - offset[r]);
      for (let b = 0; b <= a; b++) matrix[a * columns + b] += xa * x[base + b];
    }
  }
}

/** Drawing back is given up when this part of the slopes is left. */
const LEAST_SLOPES = 1e-4;

/** The weighted mean of the starting means. */
function commonMean(family: Family, { rows, y, trials, weights }: Clusters): number {
  let sum = 0;
  let total = 0;
  for (let r = 0; r < rows; r++) {
    const mean = family.startingMean(y[r], trials[r]);
    const weight = weights[r] * trials[r];
    if (!Number.isFinite(mean)) continue;
    sum += weight * mean;
    total += weight;
  }
  return sum / total;
}
