// Which coefficients a model with one coefficient a cluster can tell: those of columns that vary within clusters by themselves.
import type { Clusters } from '../../model/clusters.js';

export interface Identified {
  /** Columns whose coefficients are estimated; with those of the others at 0 nothing of the fit is lost. */
  readonly kept: readonly number[];
  /**
   * Directions of the coefficients, one for each column that is not kept, that change nothing within any cluster: a coefficient that
   * one of them moves is not identified.
   */
  readonly directions: readonly Float64Array[];
  /** Per column, the farthest that a row is from its cluster's mean. */
  readonly reach: Float64Array;
}

/** A column's spread within clusters below this part of the column is the rounding of a constant. */
const CONSTANT = 1e-10;
/** What is left of a column's square beside the earlier ones, below which it adds none. */
const DEPENDENT = 1e-10;
/** A coefficient that a direction moves by less, in units of the columns' spreads, is not moved. */
const STILL = 1e-6;

/**
 * Sorts the free columns by what they tell within the clusters that count. A column that is constant there, or follows from earlier
 * ones, is not kept; its direction is that of its coefficient against theirs.
 * @param informs per cluster, whether its rows say anything of the coefficients
 */
export function identifiedColumns(
  clusters: Clusters,
  informs: Uint8Array,
  free: readonly number[],
): Identified {
  const { columns: p, extent } = clusters;
  const { gram, reach } = withinProducts(clusters, informs);
  const constant = (j: number): boolean => !(reach[j] > CONSTANT * extent[j]);
  const scale = (j: number): number => Math.sqrt(gram[j * p + j]);
  const kept: number[] = [];
  const directions: Float64Array[] = [];
  // Rows of the Cholesky factor of the kept columns' correlations.
  const rows: Float64Array[] = [];
  for (const j of free) {
    const row = new Float64Array(p);
    let left = 1;
    if (!constant(j)) {
      kept.forEach((k, a) => {
        let sum = gram[j * p + k] / (scale(j) * scale(k));
        for (let b = 0; b < a; b++) sum -= row[b] * rows[a][b];
        row[a] = sum / rows[a][a];
        left -= row[a] * row[a];
      });
    }
    if (!constant(j) && left > DEPENDENT) {
      row[kept.length] = Math.sqrt(left);
      rows.push(row);
      kept.push(j);
      continue;
    }
    const direction = new Float64Array(p);
    direction[j] = 1;
    // x_j = sum of a_k x_k within clusters, by back substitution in the factor.
    if (!constant(j)) {
      for (let a = kept.length - 1; a >= 0; a--) {
        let sum = row[a];
        for (let b = a + 1; b < kept.length; b++) sum -= rows[b][a] * row[b];
        row[a] = sum / rows[a][a];
      }
      kept.forEach((k, a) => {
        if (Math.abs(row[a]) > STILL) direction[k] = (-row[a] * scale(j)) / scale(k);
      });
    }
    directions.push(direction);
  }
  return { kept, directions, reach };
}

/** Products of the columns less their cluster means, over the rows with weight, and the farthest a row is from these. */
function withinProducts(
  { count, starts, columns: p, x, weights, trials }: Clusters,
  informs: Uint8Array,
): { gram: Float64Array; reach: Float64Array } {
  const gram = new Float64Array(p * p);
  const reach = new Float64Array(p);
  const mean = new Float64Array(p);
  const apart = new Float64Array(p);
  for (let i = 0; i < count; i++) {
    if (!informs[i]) continue;
    const counts = (r: number): boolean => weights[r] * trials[r] > 0;
    mean.fill(0);
    let rows = 0;
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      if (!counts(r)) continue;
      rows++;
      for (let j = 0; j < p; j++) mean[j] += x[r * p + j];
    }
    for (let j = 0; j < p; j++) mean[j] /= rows;
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      if (!counts(r)) continue;
      for (let a = 0; a < p; a++) {
        apart[a] = x[r * p + a] - mean[a];
        reach[a] = Math.max(reach[a], Math.abs(apart[a]));
        for (let b = 0; b <= a; b++) gram[a * p + b] += apart[a] * apart[b];
      }
    }
  }
  for (let a = 0; a < p; a++) for (let b = 0; b < a; b++) gram[b * p + a] = gram[a * p + b];
  return { gram, reach };
}
