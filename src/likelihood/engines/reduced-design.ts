// Coefficients whose columns do not vary within clusters act as one there: derivatives are summed in that smaller space.
import type { Clusters } from '../../model/clusters.js';

/**
 * Within a cluster x_r' beta = x_c' beta_c + x_rv' beta_v, c the columns constant in every cluster. A cluster's score in
 * beta_c is x_c times one number, so sums over rows and nodes need only (1, x_v), sigma and the dispersion: the slots.
 */
export class ReducedDesign {
  /** Columns that vary within some cluster; slot 1 + k is the k-th of them, slot 0 stands for all the others. */
  readonly varying: Int32Array;
  /** 1 + number of varying columns. */
  readonly slots: number;
  /** slots + sigma + dispersion where there is one. */
  readonly size: number;
  /** The last cluster's derivatives in slots (Hessian: lower triangle, size x size). */
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
  private readonly clusters: Clusters;
  private readonly fullSize: number;
  /** Slot of each full parameter, and what its column is there: x_c of the cluster, or 1. */
  private readonly slot: Int32Array;
  private readonly factor: Float64Array;

  constructor(clusters: Clusters, hasDispersion: boolean) {
    const { columns, varying } = clusters;
    this.clusters = clusters;
    this.varying = varying;
    this.slots = 1 + this.varying.length;
    this.size = this.slots + (hasDispersion ? 2 : 1);
    this.gradient = new Float64Array(this.size);
    this.hessian = new Float64Array(this.size * this.size);
    this.fullSize = columns + (hasDispersion ? 2 : 1);
    this.slot = new Int32Array(this.fullSize);
    this.factor = new Float64Array(this.fullSize).fill(1);
    this.varying.forEach((j, k) => {
      this.slot[j] = 1 + k;
    });
    this.slot[columns] = this.slots;
    if (hasDispersion) this.slot[columns + 1] = this.slots + 1;
  }

  /** Adds `multiplicity` times the slots' gradient of this cluster to that in all parameters. */
  expandGradient(cluster: number, multiplicity: number, gradient: Float64Array): void {
    const { slot, factor, fullSize } = this;
    this.readFactors(cluster);
    for (let a = 0; a < fullSize; a++) gradient[a] += multiplicity * factor[a] * this.gradient[slot[a]];
  }

  private readFactors(cluster: number): void {
    const { slot, factor } = this;
    const { x, columns, starts } = this.clusters;
    const base = starts[cluster] * columns;
    for (let j = 0; j < columns; j++) if (slot[j] === 0) factor[j] = x[base + j];
  }

  /** The same for gradient and Hessian (lower triangles). */
  expand(cluster: number, multiplicity: number, gradient: Float64Array, hessian: Float64Array): void {
    const { slot, factor, fullSize, size } = this;
    this.readFactors(cluster);
    for (let a = 0; a < fullSize; a++) {
      const scale = multiplicity * factor[a];
      const row = slot[a];
      gradient[a] += scale * this.gradient[row];
      for (let b = 0; b <= a; b++) {
        const column = slot[b];
        const place = row >= column ? row * size + column : column * size + row;
        hessian[a * fullSize + b] += scale * factor[b] * this.hessian[place];
      }
    }
  }
}
