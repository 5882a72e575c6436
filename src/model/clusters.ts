// Rows sorted by cluster, in typed arrays, as the hot loops read them.
import type { Design } from '../data/design.js';
import { isFilledWith } from '../numeric/is-filled.js';
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
  /** The columns that may take more than one value within a cluster; the others do not. */
  readonly varying: Int32Array;
  /** Every row has one trial of weight 1. */
  readonly single: boolean;
}

/**
 * Sorts the design's rows by cluster (stable, by counting). Where they are sorted already, the design's own arrays
 * serve.
 */
export function sortIntoClusters(design: Design, outcome: Outcome): Clusters {
  const { rows, columns, cluster } = design;
  const count = design.clusterLabels.length;
  const starts = sharedIntegers(count + 1);
  const order = sharedIntegers(rows);
  const sorted = isSorted(cluster);
  if (sorted) {
    for (let r = 0; r < rows; r++) {
      order[r] = r;
      starts[cluster[r] + 1] = r + 1;
    }
  } else {
    for (let r = 0; r < rows; r++) starts[cluster[r] + 1]++;
    for (let i = 0; i < count; i++) starts[i + 1] += starts[i];
    const next = starts.slice(0, count);
    for (let r = 0; r < rows; r++) order[next[cluster[r]]++] = r;
  }

  const gather = (source: Float64Array | undefined, otherwise: number): Float64Array => {
    if (sorted && source) return source;
    const values = sharedNumbers(rows);
    if (source) for (let k = 0; k < rows; k++) values[k] = source[order[k]];
    else if (otherwise !== 0) values.fill(otherwise);
    return values;
  };
  const x = sorted ? design.x : sharedNumbers(rows * columns);
  for (let k = 0, at = 0; !sorted && k < rows; k++) {
    const from = order[k] * columns;
    for (let j = 0; j < columns; j++, at++) x[at] = design.x[from + j];
  }
  const y = gather(design.y, 0);
  const trials = gather(design.trials, 1);
  // Where both are ones, one array of them serves.
  const weights = design.weights || design.trials ? gather(design.weights, 1) : trials;
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
    extent: design.extent,
    varying: varyingColumns(x, columns, starts),
    single: (!design.trials || isFilledWith(trials, 1)) && (!design.weights || isFilledWith(weights, 1)),
  };
}

function isSorted(values: Int32Array): boolean {
  for (let r = 1; r < values.length; r++) if (values[r] < values[r - 1]) return false;
  return true;
}

/** Which columns take more than one value within some cluster. */
function varyingColumns(x: Float64Array, columns: number, starts: Int32Array): Int32Array {
  const varies = new Uint8Array(columns);
  let constant = Int32Array.from(varies.keys());
  for (let i = 0; i + 1 < starts.length; i++) {
    const first = starts[i] * columns;
    const end = starts[i + 1] * columns;
    let found = false;
    for (let k = 0; k < constant.length; k++) {
      const j = constant[k];
      const value = x[first + j];
      let at = first + j;
      while (at < end && x[at] === value) at += columns;
      if (at < end) {
        varies[j] = 1;
        found = true;
      }
    }
    if (found) constant = constant.filter((j) => varies[j] === 0);
  }
  return Int32Array.from(varies.keys()).filter((j) => varies[j] === 1);
}
