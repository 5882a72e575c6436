// Rows sorted by cluster, in typed arrays, as the hot loops read them.
import type { Design } from '../data/design.js';
import { sharedIntegers, sharedNumbers } from '../numeric/shared-arrays.js';
import type { Outcome } from './outcome.js';

/** n rows in m clusters; the rows of cluster i are starts[i] .. starts[i + 1] - 1. */
export interface Clusters {
  readonly count: number;
  readonly rows: number;
  /** p, the number of coefficients. */
  readonly columns: number;
  readonly starts: Int32Array;
  /** Position of each sorted row in the design. */
  readonly order: Int32Array;
  /** n x p, row-major. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly trials: Float64Array;
  readonly weights: Float64Array;
  readonly offset: Float64Array;
  /** m: what multiplies each cluster's log-likelihood. */
  readonly clusterWeights: Float64Array;
  /** m: the part of each cluster's log-likelihood that no parameter moves. */
  readonly constants: Float64Array;
  /** Rows of the largest cluster. */
  readonly largest: number;
  /** p: the largest |x| of each column. */
  readonly extent: Float64Array;
}

/**
 * Sorts the design's rows by cluster (stable, by counting). Where they are sorted already, the design's own matrix
 * serves: it is by far the largest array.
 */
export function sortIntoClusters(design: Design, outcome: Outcome): Clusters {
  const { rows, columns, cluster } = design;
  const count = design.clusterLabels.length;
  const starts = sharedIntegers(count + 1);
  for (let r = 0; r < rows; r++) starts[cluster[r] + 1]++;
  for (let i = 0; i < count; i++) starts[i + 1] += starts[i];
  const next = starts.slice(0, count);
  const order = sharedIntegers(rows);
  for (let r = 0; r < rows; r++) order[next[cluster[r]]++] = r;

  const gather = (source: Float64Array | undefined, otherwise: number): Float64Array => {
    const sorted = sharedNumbers(rows).fill(otherwise);
    if (source) for (let k = 0; k < rows; k++) sorted[k] = source[order[k]];
    return sorted;
  };
  const sorted = cluster.every((i, r) => r === 0 || i >= cluster[r - 1]);
  const x = sorted ? design.x : sharedNumbers(rows * columns);
  const extent = new Float64Array(columns);
  for (let k = 0; k < rows; k++) {
    const from = order[k] * columns;
    for (let j = 0; j < columns; j++) {
      const value = design.x[from + j];
      if (!sorted) x[k * columns + j] = value;
      if (Math.abs(value) > extent[j]) extent[j] = Math.abs(value);
    }
  }
  const y = gather(design.y, 0);
  const trials = gather(design.trials, 1);
  const weights = gather(design.weights, 1);
  const constants = sharedNumbers(count);
  let largest = 0;
  for (let i = 0; i < count; i++) {
    largest = Math.max(largest, starts[i + 1] - starts[i]);
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      constants[i] += weights[r] * outcome.constant(y[r], trials[r]);
    }
  }
  return {
    count,
    rows,
    columns,
    starts,
    order,
    x,
    y,
    trials,
    weights,
    offset: gather(design.offset, 0),
    clusterWeights: design.clusterWeights ?? sharedNumbers(count).fill(1),
    constants,
    largest,
    extent,
  };
}
