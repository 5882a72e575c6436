// Score and Hessian of one logit cluster from the nodes of a grid (Fisher's and Louis's identities), in slots.
import type { Clusters } from '../../model/clusters.js';
import { addColumn, fourRows, type RowBlock } from './logit-kernels.js';
import type { LogitRows } from './logit-rows.js';
import type { NodeGrid } from './node-grid.js';
import type { ReducedDesign } from './reduced-design.js';

/** Nodes that weigh less than this part of the one at the mode change no digit of a derivative. */
const NEGLIGIBLE = 1e-15;

export class LogitMoments {
  /** Posterior mean and sd of z. */
  mean = 0;
  sd = 0;
  private readonly clusters: Clusters;
  private readonly reduced: ReducedDesign;
  private readonly rows: LogitRows;
  /** Per node that weighs: exp(sigma z), normalised weight, weight z, z. */
  private factor = new Float64Array(0);
  private weight = new Float64Array(0);
  private weightZ = new Float64Array(0);
  private z = new Float64Array(0);
  private block: RowBlock = rowBlock(0);
  /** (slots + 1) x capacity: per node the score by slot, then the score in sigma. */
  private sums = new Float64Array(0);
  private readonly x: Float64Array;

  constructor(clusters: Clusters, reduced: ReducedDesign, rows: LogitRows) {
    this.clusters = clusters;
    this.reduced = reduced;
    this.rows = rows;
    // The slots' columns of four rows.
    this.x = new Float64Array(4 * reduced.slots);
  }

  /** Leaves the derivatives in `reduced`; `factor` holds exp(sigma z) of the grid's nodes. */
  differentiate(grid: NodeGrid, factor: Float64Array): void {
    const count = this.chooseNodes(grid, factor);
    this.reduced.hessian.fill(0);
    this.passRows(count);
    this.summarise(count);
  }

  private chooseNodes(grid: NodeGrid, factor: Float64Array): number {
    this.reserve(grid.confirmed);
    const { weight, weightZ, z } = this;
    let count = 0;
    let total = 0;
    for (let k = 0; k < grid.confirmed; k++) {
      const p = grid.weight[k];
      if (p < NEGLIGIBLE) continue;
      this.factor[count] = factor[k];
      weight[count] = p;
      z[count] = grid.z[k];
      total += p;
      count++;
    }
    for (let k = 0; k < count; k++) {
      weight[k] /= total;
      weightZ[k] = weight[k] * z[k];
    }
    return count;
  }

  private reserve(count: number): void {
    if (this.z.length >= count) return;
    const capacity = 2 * count;
    this.factor = new Float64Array(capacity);
    this.weight = new Float64Array(capacity);
    this.weightZ = new Float64Array(capacity);
    this.z = new Float64Array(capacity);
    this.block = rowBlock(capacity);
    this.sums = new Float64Array(capacity * (this.reduced.slots + 1));
  }

  /** One pass over the rows: the score node by node, and minus the expected information in the coefficients. */
  private passRows(count: number): void {
    const { rows, block, sums, reduced, x: slotX } = this;
    const { slots, hessian, size } = reduced;
    const capacity = this.z.length;
    for (let a = 0; a < slots; a++) sums.fill(0, a * capacity, a * capacity + count);
    block.information.fill(0, 0, count);
    for (let r = 0; r < rows.padded; r += 4) {
      fourRows(rows.odds, rows.won, rows.lost, r, this.factor, this.weight, this.weightZ, count, block);
      addColumn(block, 1, 1, 1, 1, count, sums, 0);
      this.readSlots(r);
      for (let k = 0; k < 4; k++) {
        const information = block.meanInformation[k];
        const informationZ = block.meanInformationZ[k];
        const base = k * slots;
        for (let a = 0; a < slots; a++) {
          const xa = slotX[base + a];
          const scaled = information * xa;
          for (let b = 0; b <= a; b++) hessian[a * size + b] -= scaled * slotX[base + b];
          hessian[slots * size + a] -= informationZ * xa;
        }
      }
      for (let a = 1; a < slots; a++) {
        addColumn(
          block,
          slotX[a],
          slotX[slots + a],
          slotX[2 * slots + a],
          slotX[3 * slots + a],
          count,
          sums,
          a * capacity,
        );
      }
    }
  }

  /** The slots' columns of four rows into `x`. */
  private readSlots(r: number): void {
    const { rows, x: slotX } = this;
    const { x, columns } = this.clusters;
    const { slots, varying } = this.reduced;
    const inside = Math.min(4, rows.count - r);
    if (inside < 4) slotX.fill(0);
    for (let k = 0; k < inside; k++) {
      const row = rows.first + r + k;
      slotX[k * slots] = 1;
      for (let a = 1; a < slots; a++) slotX[k * slots + a] = x[row * columns + varying[a - 1]];
    }
  }

  /** Mean and covariance of the score over the nodes; the score in sigma is z times that in slot 0. */
  private summarise(count: number): void {
    const { weight, weightZ, z, sums, block } = this;
    const { slots, gradient, hessian, size } = this.reduced;
    const capacity = this.z.length;
    let mean = 0;
    for (let k = 0; k < count; k++) mean += weightZ[k];
    let variance = 0;
    let sigmaSigma = 0;
    for (let k = 0; k < count; k++) {
      variance += weight[k] * (z[k] - mean) ** 2;
      sigmaSigma += weightZ[k] * z[k] * block.information[k];
      sums[slots * capacity + k] = z[k] * sums[k];
    }
    this.mean = mean;
    this.sd = Math.sqrt(variance);
    // weightZ has served; it holds the roots of the weights now.
    for (let k = 0; k < count; k++) weightZ[k] = Math.sqrt(weight[k]);
    for (let a = 0; a <= slots; a++) {
      const row = a * capacity;
      let sum = 0;
      for (let k = 0; k < count; k++) sum += weight[k] * sums[row + k];
      gradient[a] = sum;
      // From here on deviations, times the root of the weight.
      for (let k = 0; k < count; k++) sums[row + k] = weightZ[k] * (sums[row + k] - sum);
      for (let b = 0; b <= a; b++) hessian[a * size + b] += dot(sums, row, b * capacity, count);
    }
    hessian[slots * size + slots] -= sigmaSigma;
  }
}

function dot(sums: Float64Array, a: number, b: number, count: number): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += sums[a + k] * sums[b + k];
  return sum;
}

function rowBlock(capacity: number): RowBlock {
  const perNode = (): Float64Array => new Float64Array(capacity);
  return {
    score0: perNode(),
    score1: perNode(),
    score2: perNode(),
    score3: perNode(),
    information: perNode(),
    meanInformation: new Float64Array(4),
    meanInformationZ: new Float64Array(4),
  };
}
