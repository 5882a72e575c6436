// Refuses data that can tell nothing of some parameter, before any fitting starts.
import { GlmmcError } from '../../samplers/errors.js';
import type { Design } from '../data/design.js';
import { requireFullRank } from '../data/rank.js';
import type { Clusters } from './clusters.js';
import type { Family } from './family.js';

/**
 * Refuses what can tell nothing of the intercepts (fewer than two clusters with any weight, or one row a cluster where
 * the rows have a variance of their own), of a coefficient (a design that is rank-deficient among the rows with weight),
 * or of the dispersion (rows that the terms and the clusters explain to the last digit).
 * @throws GlmmcError `no-information`, `unidentified`, `rank-deficient`, `no-residual`
 */
export function checkInformation(family: Family, design: Design, clusters: Clusters): void {
  const allCount = !design.weights && !design.trials && !design.clusterWeights;
  const counting = allCount ? undefined : countingRows(clusters);
  if (counting && counting.clusters < 2) {
    throw new GlmmcError(
      'no-information',
      `expected at least two clusters by '${design.clusterName}' with weights and trials above 0, found ${counting.clusters}; check the weights`,
    );
  }
  if (family.link.name === 'identity' && family.dispersion && clusters.largest === 1) {
    throw new GlmmcError(
      'unidentified',
      `every cluster by '${design.clusterName}' has one row, so the variance between clusters and the ${family.dispersion.meaning} cannot be told apart; cluster by something coarser`,
    );
  }
  if (counting && counting.rows.length < clusters.rows) {
    // The whole design has passed; what is left of it must pass too.
    const { rows } = counting;
    const x = takeRows(clusters.x, rows, clusters.columns);
    requireFullRank(
      x,
      rows.length,
      design.coefficientNames,
      design.extent,
      'among the rows with weights and trials above 0',
    );
  }
  if (family.dispersion?.vanishes) {
    checkResidual(family, design, clusters, counting ?? countingRows(clusters));
  }
}

interface CountingRows {
  /** The rows with weight and trials in clusters with weight, in order of clusters. */
  readonly rows: Int32Array;
  /** Where each row's cluster starts in `rows`. */
  readonly starts: readonly number[];
  /** Number of clusters that such rows are in. */
  readonly clusters: number;
}

function countingRows({ count, starts, weights, trials, clusterWeights }: Clusters): CountingRows {
  const rows = new Int32Array(weights.length);
  const kept: number[] = [0];
  let used = 0;
  for (let i = 0; i < count; i++) {
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      if (clusterWeights[i] * weights[r] * trials[r] > 0) rows[used++] = r;
    }
    if (used > kept[kept.length - 1]) kept.push(used);
  }
  return { rows: rows.subarray(0, used), starts: kept, clusters: kept.length - 1 };
}

function takeRows(x: Float64Array, rows: Int32Array, columns: number): Float64Array {
  const out = new Float64Array(rows.length * columns);
  rows.forEach((r, k) => {
    out.set(x.subarray(r * columns, (r + 1) * columns), k * columns);
  });
  return out;
}

/** Residuals below this part of the responses are the rounding of the data. */
const ROUNDING = 1e-12;
/** A column whose part outside the earlier ones is below this part of it adds nothing to them. */
const DEPENDENT = 1e-12;
/** Rows that are looked at first: where these have a residual, so have all. */
const LOOK_AT = 1000;

/**
 * With a dispersion, the likelihood has no maximum where some coefficients and intercepts fit every row exactly: it grows
 * without bound as the dispersion falls to 0, and with it every posterior density. So it is where the response, on the
 * scale of the link, is a linear combination of the design's columns within the clusters.
 */
function checkResidual(family: Family, design: Design, clusters: Clusters, counting: CountingRows): void {
  const { dispersion, link } = family;
  const { starts } = counting;
  const { columns: p, x, y, offset } = clusters;
  const width = p + 1;
  // With one row a cluster there is nothing within: only the terms alone can fit.
  const within = counting.rows.length > counting.clusters;
  const isExplained = (many: number): boolean => {
    const rows = counting.rows.subarray(0, starts[many]);
    const table = new Float64Array(rows.length * width);
    let largest = 0;
    rows.forEach((r, k) => {
      for (let j = 0; j < p; j++) table[k * width + j] = x[r * p + j];
      const response = link.apply(y[r]);
      table[k * width + p] = response - offset[r];
      largest = Math.max(largest, Math.abs(response), Math.abs(offset[r]));
    });
    if (within) centre(table, starts.slice(0, many + 1), width);
    // NaN, of a response that the link cannot take, is not explained.
    return residual(table, rows.length, width, clusters.extent) <= ROUNDING * largest;
  };
  const few = starts.findIndex((start) => start >= LOOK_AT);
  if (few >= 0 && !isExplained(few)) return;
  if (!isExplained(counting.clusters)) return;
  const by = within ? `the terms and the clusters by '${design.clusterName}' explain` : 'the terms explain';
  throw new GlmmcError(
    'no-residual',
    `${by} the ${family.name} response '${design.responseName}' to the last digit, so nothing is left to estimate the ${dispersion?.meaning} (dispersion) from: the likelihood grows without bound as it falls to 0; check the response, leave out terms, or cluster by something coarser`,
  );
}

/** Takes out each cluster's mean, column by column. */
function centre(table: Float64Array, starts: readonly number[], width: number): void {
  for (let i = 0; i + 1 < starts.length; i++) {
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let k = starts[i]; k < starts[i + 1]; k++) sum += table[k * width + j];
      const mean = sum / (starts[i + 1] - starts[i]);
      for (let k = starts[i]; k < starts[i + 1]; k++) table[k * width + j] -= mean;
    }
  }
}

/** Root mean square of the last column's part outside the others (Gram-Schmidt, column by column; overwrites them). */
function residual(table: Float64Array, rows: number, width: number, extent: Float64Array): number {
  const product = (a: number, b: number): number => {
    let sum = 0;
    for (let at = 0; at < rows * width; at += width) sum += table[at + a] * table[at + b];
    return sum;
  };
  const takeOut = (a: number, from: number): void => {
    const part = product(a, from) / product(a, a);
    for (let at = 0; at < rows * width; at += width) table[at + from] -= part * table[at + a];
  };
  const basis: number[] = [];
  for (let j = 0; j < width; j++) {
    // Twice, for what the first pass leaves in rounding.
    for (let pass = 0; pass < 2; pass++) for (const a of basis) takeOut(a, j);
    const size = Math.sqrt(product(j, j) / rows);
    if (j === width - 1) return size;
    if (size > DEPENDENT * extent[j]) basis.push(j);
  }
  return 0;
}
