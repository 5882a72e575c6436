// Cluster weights as copies: posterior draws need an intercept of its own for every cluster that a weight stands for.
import { GlmmcError } from '../../../samplers/errors.js';
import type { Clusters } from '../../model/clusters.js';
import type { Model } from '../../model/model.js';

/** Clusters in which each stands for itself alone, and where the first copy of each of the model's clusters is. */
export interface Replicated {
  readonly clusters: Clusters;
  readonly firstCopy: Int32Array;
}

/**
 * A cluster of weight w counts as w clusters with the same rows; one of weight 0 as a cluster whose rows say nothing, so
 * that its intercept is drawn from its distribution.
 * @throws GlmmcError `bad-cluster-weights` where a weight is not a whole number
 */
export function replicateClusters(model: Model, strategy: string): Replicated {
  const { clusters, clusterLabels } = model;
  const { clusterWeights, count, starts } = clusters;
  const wrong = clusterWeights.findIndex((weight) => !(Number.isInteger(weight) && weight >= 0));
  if (wrong >= 0) {
    throw new GlmmcError(
      'bad-cluster-weights',
      `${strategy} draws an intercept for each cluster that a weight stands for, so clusterWeights must be whole numbers >= 0; cluster '${clusterLabels[wrong]}' has ${clusterWeights[wrong]}; use quadrature() for other weights`,
    );
  }
  if (clusterWeights.every((weight) => weight === 1)) {
    return { clusters, firstCopy: Int32Array.from({ length: count }, (_, i) => i) };
  }
  const copies: number[] = [];
  const firstCopy = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    firstCopy[i] = copies.length;
    for (let k = 0; k < Math.max(1, clusterWeights[i]); k++) copies.push(i);
  }
  const rows = copies.flatMap((i) =>
    Array.from({ length: starts[i + 1] - starts[i] }, (_, k) => starts[i] + k),
  );
  const newStarts = new Int32Array(copies.length + 1);
  copies.forEach((i, c) => {
    newStarts[c + 1] = newStarts[c] + starts[i + 1] - starts[i];
  });
  const gather = (column: Float64Array): Float64Array => Float64Array.from(rows, (r) => column[r]);
  const rowWeights = clusters.weights.slice();
  for (let i = 0; i < count; i++) if (clusterWeights[i] === 0) rowWeights.fill(0, starts[i], starts[i + 1]);
  const { columns } = clusters;
  return {
    firstCopy,
    clusters: {
      ...clusters,
      count: copies.length,
      rows: rows.length,
      starts: newStarts,
      order: Int32Array.from(rows, (r) => clusters.order[r]),
      x: Float64Array.from({ length: rows.length * columns }, (_, k) => {
        return clusters.x[rows[Math.floor(k / columns)] * columns + (k % columns)];
      }),
      y: gather(clusters.y),
      trials: gather(clusters.trials),
      weights: gather(rowWeights),
      offset: gather(clusters.offset),
      clusterWeights: new Float64Array(copies.length).fill(1),
      constants: Float64Array.from(copies, (i) => clusters.constants[i]),
    },
  };
}
