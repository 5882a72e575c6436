// Score and Hessian of one logit cluster from the nodes of a grid (Fisher's and Louis's identities), in slots.
import { INFORMATIVE } from './engine.js';
import { addColumn, fourRows, type RowBlock, twoMeanScores } from './logit-kernels.js';
import type { LogitRows } from './logit-rows.js';
import type { NodeGrid } from './node-grid.js';
import type { ReducedDesign } from './reduced-design.js';

/** Nodes that weigh less than this part of the one at the mode change no digit that counts, however fine the rule. */
const NEGLIGIBLE = Math.exp(-26);

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
  /** By slot: the rows' mean x weighted by their information. */
  private readonly means: Float64Array;

  constructor(reduced: ReducedDesign, rows: LogitRows) {
    this.means = new Float64Array(reduced.slots);
    this.reduced = reduced;
    this.rows = rows;
    this.block = rowBlock(0, rows.stride);
  }

  /** Leaves the derivatives in `reduced`; `factor` holds exp(sigma z) of the grid's nodes, whose weights fall by `drop`. */
  differentiate(grid: NodeGrid, factor: Float64Array, drop: number, sigma: number): void {
    const count = this.chooseNodes(grid, factor, drop);
    this.rows.loadColumns();
    this.passRows(count);
    this.summarise(count, sigma);
  }

  /** Leaves the score alone in `reduced`: a third of the work. */
  score(grid: NodeGrid, factor: Float64Array, drop: number): void {
    const count = this.chooseNodes(grid, factor, drop);
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

  private chooseNodes(grid: NodeGrid, factor: Float64Array, drop: number): number {
    this.reserve(grid.confirmed);
    const { weight, weightZ, z } = this;
    const negligible = Math.max(NEGLIGIBLE, Math.exp(-drop));
    let count = 0;
    let total = 0;
    for (let k = 0; k < grid.confirmed; k++) {
      const p = grid.weight[k];
      if (p < negligible) continue;
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
  private summarise(count: number, sigma: number): void {
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
    const informative = sigma > 0 && variance < INFORMATIVE;
    if (informative) this.centreScores(count, sigma);
    for (let a = 0; a <= slots; a++) {
      const row = a * capacity;
      gradient[a] = centre(sums, row, weight, weightZ, count);
      for (let b = 0; b <= a; b++) hessian[a * size + b] = dot(sums, row, sums, b * capacity, count);
    }
    if (informative) this.addCentredInformation(sigma);
    else {
      hessian[slots * size + slots] -= information;
      this.addRowInformation();
    }
  }

  /**
   * Where a cluster says much of its intercept, E[D2] and Cov(D) are large and nearly cancel. With v = eps + c' beta
   * integrated in place of eps, c the rows' mean x weighted by their information, the score is that of the rows at
   * x - c, plus c z / sigma, and (z^2 - 1) / sigma in sigma, and they do not (F is normal).
   */
  private centreScores(count: number, sigma: number): void {
    const { rows, block, sums, z, means } = this;
    const { slots } = this.reduced;
    const { x, stride, padded } = rows;
    const capacity = this.z.length;
    const total = weightedDot(block.meanInformation, x, 0, 0, padded);
    for (let a = slots - 1; a >= 0; a--) {
      const c = weightedDot(block.meanInformation, x, a * stride, 0, padded) / total;
      means[a] = c;
      for (let k = 0; k < count; k++) {
        const within = a === 0 ? 0 : sums[a * capacity + k] - c * sums[k];
        sums[a * capacity + k] = within + (c * z[k]) / sigma;
      }
    }
    for (let k = 0; k < count; k++) sums[slots * capacity + k] = (z[k] * z[k] - 1) / sigma;
  }

  private addCentredInformation(sigma: number): void {
    const { rows, block, means, mean, sd } = this;
    const { x, stride, padded } = rows;
    const { slots, hessian, size } = this.reduced;
    const variance = sigma * sigma;
    for (let a = 0; a < slots; a++) {
      for (let b = 0; b <= a; b++) {
        // Slot 0 is constant, and has nothing within.
        const within =
          b === 0
            ? 0
            : weightedDot(block.meanInformation, x, a * stride, b * stride, padded) -
              means[a] * weightedDot(block.meanInformation, x, b * stride, 0, padded);
        hessian[a * size + b] -= within + (means[a] * means[b]) / variance;
      }
      hessian[slots * size + a] -= (2 * means[a] * mean) / variance;
    }
    hessian[slots * size + slots] += (1 - 3 * (sd * sd + mean * mean)) / variance;
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

// Two sums at once in the loops below: one would wait for each of its additions.

/** Replaces values by their deviations from the weighted mean, times the root of the weight; returns the mean. */
function centre(
  values: Float64Array,
  from: number,
  weight: Float64Array,
  root: Float64Array,
  count: number,
): number {
  const mean = dot(values, from, weight, 0, count);
  for (let k = 0; k < count; k++) values[from + k] = root[k] * (values[from + k] - mean);
  return mean;
}

function dot(v: Float64Array, a: number, w: Float64Array, b: number, count: number): number {
  let even = 0;
  let odd = 0;
  for (let k = 1; k < count; k += 2) {
    even += v[a + k - 1] * w[b + k - 1];
    odd += v[a + k] * w[b + k];
  }
  if (count & 1) even += v[a + count - 1] * w[b + count - 1];
  return even + odd;
}

/** Sum of weight x_a x_b; count is even. */
function weightedDot(weight: Float64Array, x: Float64Array, a: number, b: number, count: number): number {
  let even = 0;
  let odd = 0;
  for (let k = 0; k < count; k += 2) {
    even += weight[k] * x[a + k] * x[b + k];
    odd += weight[k + 1] * x[a + k + 1] * x[b + k + 1];
  }
  return even + odd;
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
