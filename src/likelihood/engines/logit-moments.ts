// Score and Hessian of one logit cluster from the nodes of a grid (Fisher's and Louis's identities), in slots.
import { addColumn, fourRows, type RowBlock, twoMeanScores } from './logit-kernels.js';
import type { LogitRows } from './logit-rows.js';
import type { NodeGrid } from './node-grid.js';
import type { ReducedDesign } from './reduced-design.js';

/** Nodes that weigh less than this part of the one at the mode change no digit that counts. */
const NEGLIGIBLE = 1e-13;

export class LogitMoments {
  /** Posterior mean and sd of z. */
  mean = 0;
  sd = 0;
  private readonly reduced: ReducedDesign;
  private readonly rows: LogitRows;
  /** Per node that weighs: exp(sigma z), normalised weight, weight z, z. */
  private factor: Float64Array = new Float64Array(0);
  private weight: Float64Array = new Float64Array(0);
  private weightZ: Float64Array = new Float64Array(0);
  private z: Float64Array = new Float64Array(0);
  private block: RowBlock;
  /** (slots + 1) x capacity: per node the score by slot, then the score in sigma. */
  private sums: Float64Array = new Float64Array(0);

  constructor(reduced: ReducedDesign, rows: LogitRows) {
    this.reduced = reduced;
    this.rows = rows;
    this.block = rowBlock(0, rows.stride);
  }

  /** Leaves the derivatives in `reduced`; `factor` holds exp(sigma z) of the grid's nodes. */
  differentiate(grid: NodeGrid, factor: Float64Array): void {
    const count = this.chooseNodes(grid, factor);
    this.rows.loadColumns();
    this.passRows(count);
    this.summarise(count);
    this.addRowInformation();
  }

  /** Leaves the score alone in `reduced`: a third of the work. */
  score(grid: NodeGrid, factor: Float64Array): void {
    const count = this.chooseNodes(grid, factor);
    const { rows, weight, weightZ, block, reduced } = this;
    const { odds, won, lost, x, stride, padded } = rows;
    const { slots, gradient } = reduced;
    const { meanInformation: meanScore, meanInformationZ: meanScoreZ } = block;
    rows.loadColumns();
    let sigmaScore = 0;
    for (let r = 0; r < padded; r += 2) {
      twoMeanScores(odds, won, lost, r, this.factor, weight, weightZ, count, meanScore, meanScoreZ);
      sigmaScore += meanScoreZ[r] + meanScoreZ[r + 1];
    }
    for (let a = 0; a < slots; a++) gradient[a] = dot(meanScore, 0, x, a * stride, padded);
    gradient[slots] = sigmaScore;
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
    this.block = rowBlock(capacity, this.rows.stride);
    this.sums = new Float64Array(capacity * (this.reduced.slots + 1));
  }

  /** One pass over the rows: the score node by node, and each row's mean information. */
  private passRows(count: number): void {
    const { rows, block, sums, factor, weight, weightZ } = this;
    const { x, stride, padded } = rows;
    const { slots } = this.reduced;
    const capacity = this.z.length;
    clear(block.information, 0, count);
    for (let a = 0; a < slots; a++) clear(sums, a * capacity, count);
    for (let r = 0; r < padded; r += 4) {
      fourRows(rows.odds, rows.won, rows.lost, r, factor, weight, weightZ, count, block);
      for (let a = 0; a < slots; a++) addColumn(block, x, a * stride + r, count, sums, a * capacity);
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
    let information = 0;
    const sigmaRow = slots * capacity;
    for (let k = 0; k < count; k++) {
      const fromMean = z[k] - mean;
      variance += weight[k] * fromMean * fromMean;
      information += weightZ[k] * z[k] * block.information[k];
      sums[sigmaRow + k] = z[k] * sums[k];
      // weightZ has served; it holds the roots of the weights from here on.
      weightZ[k] = Math.sqrt(weight[k]);
    }
    this.mean = mean;
    this.sd = Math.sqrt(variance);
    for (let a = 0; a <= slots; a++) {
      const row = a * capacity;
      gradient[a] = centre(sums, row, weight, weightZ, count);
      for (let b = 0; b <= a; b++) hessian[a * size + b] = dot(sums, row, sums, b * capacity, count);
    }
    hessian[slots * size + slots] -= information;
  }

  /** Subtracts X' diag(mean information) X, and the same with z for sigma. */
  private addRowInformation(): void {
    const { rows, block } = this;
    const { x, stride, padded } = rows;
    const { slots, hessian, size } = this.reduced;
    const { meanInformation, meanInformationZ } = block;
    for (let a = 0; a < slots; a++) {
      const columnA = a * stride;
      for (let b = 0; b <= a; b++) {
        hessian[a * size + b] -= weightedDot(meanInformation, x, columnA, b * stride, padded);
      }
      hessian[slots * size + a] -= weightedDot(meanInformationZ, x, columnA, 0, padded);
    }
  }
}

// Typed arrays' own fill() costs more than these loops at the lengths met here.
function clear(array: Float64Array, from: number, count: number): void {
  for (let k = from; k < from + count; k++) array[k] = 0;
}

/** Replaces values by their deviations from the weighted mean, times the root of the weight; returns the mean. */
function centre(
  values: Float64Array,
  from: number,
  weight: Float64Array,
  root: Float64Array,
  count: number,
): number {
  let mean = 0;
  for (let k = 0; k < count; k++) mean += weight[k] * values[from + k];
  for (let k = 0; k < count; k++) values[from + k] = root[k] * (values[from + k] - mean);
  return mean;
}

function dot(v: Float64Array, a: number, w: Float64Array, b: number, count: number): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += v[a + k] * w[b + k];
  return sum;
}

function weightedDot(weight: Float64Array, x: Float64Array, a: number, b: number, count: number): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += weight[k] * x[a + k] * x[b + k];
  return sum;
}

function rowBlock(nodes: number, rows: number): RowBlock {
  const perNode = (): Float64Array => new Float64Array(nodes);
  return {
    score0: perNode(),
    score1: perNode(),
    score2: perNode(),
    score3: perNode(),
    information: perNode(),
    meanInformation: new Float64Array(rows),
    meanInformationZ: new Float64Array(rows),
  };
}
