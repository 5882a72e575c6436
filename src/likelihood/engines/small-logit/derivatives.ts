// Small logit clusters: score and Hessian from the nodes, by the identities of Fisher and of Louis (1982).
import { arrays, MOST_ROWS, MOST_SUMMED, SPARE_ROW, SUM_WIDTH, told } from './arrays.js';

const { odds, x, responses, nodeZ, factor, weight, mu, rowMu, rowV, rowZV, scores, scoreSums, productSums } =
  arrays;

/** Makes the first `kept` nodes an even number, by one of no weight. */
export function pairNodes(kept: number): number {
  if (kept % 2 === 0) return kept;
  nodeZ[kept] = 0;
  factor[kept] = 1;
  weight[kept] = 0;
  return kept + 1;
}

/** `rowMu` and the sums over nodes that the gradient needs. */
export function sumForGradient(count: number, nodes: number): void {
  for (let r = 0; r < count; r++) rowMu[r] = 0;
  let total = 0;
  let totalZ = 0;
  let totalZMu = 0;
  for (let k = 0; k < nodes; k += 2) {
    const f0 = factor[k];
    const f1 = factor[k + 1];
    const p0 = weight[k];
    const p1 = weight[k + 1];
    let sum0 = 0;
    let sum1 = 0;
    for (let r = 0; r < count; r++) {
      const e = odds[r];
      const t0 = e * f0;
      const t1 = e * f1;
      const d0 = 1 + t0;
      const d1 = 1 + t1;
      // Two reciprocals from one division, which costs as much as ten products.
      const inverse = 1 / (d0 * d1);
      const u0 = t0 * (inverse * d1);
      const u1 = t1 * (inverse * d0);
      sum0 += u0;
      sum1 += u1;
      rowMu[r] += p0 * u0 + p1 * u1;
    }
    const pz0 = p0 * nodeZ[k];
    const pz1 = p1 * nodeZ[k + 1];
    total += p0 + p1;
    totalZ += pz0 + pz1;
    totalZMu += pz0 * sum0 + pz1 * sum1;
  }
  told.weight = total;
  told.weightZ = totalZ;
  told.weightZMu = totalZMu;
}

/** The gradient in slots and, last, sigma, from what `sumForGradient` left. */
export function gradientFromSums(count: number, slots: number, gradient: Float64Array): void {
  const total = told.weight;
  for (let a = 0; a < slots; a++) {
    const column = a * MOST_ROWS;
    let sum = 0;
    for (let r = 0; r < count; r++) sum += x[column + r] * rowMu[r];
    gradient[a] = responses[a] - sum / total;
  }
  gradient[slots] = (told.successes * told.weightZ - told.weightZMu) / total;
}

/** Sums over nodes of weight, weight z and weight z^2. */
export function sumWeights(nodes: number): void {
  let total = 0;
  let totalZ = 0;
  let totalZZ = 0;
  for (let k = 0; k < nodes; k++) {
    const pz = weight[k] * nodeZ[k];
    total += weight[k];
    totalZ += pz;
    totalZZ += pz * nodeZ[k];
  }
  told.weight = total;
  told.weightZ = totalZ;
  told.weightZZ = totalZZ;
}

/** `mu`, `rowV`, `rowZV`, and the scores in slot 0 and in sigma's (`slots`). */
export function sumForHessian(count: number, nodes: number, slots: number): void {
  for (let r = 0; r < count; r++) {
    rowV[r] = 0;
    rowZV[r] = 0;
  }
  const sigmaRow = slots * MOST_SUMMED;
  const { successes } = told;
  let totalZZV = 0;
  for (let k = 0; k < nodes; k += 2) {
    const f0 = factor[k];
    const f1 = factor[k + 1];
    const p0 = weight[k];
    const p1 = weight[k + 1];
    const pz0 = p0 * nodeZ[k];
    const pz1 = p1 * nodeZ[k + 1];
    const row0 = k * count;
    const row1 = row0 + count;
    let sum0 = 0;
    let sum1 = 0;
    let v0 = 0;
    let v1 = 0;
    for (let r = 0; r < count; r++) {
      const e = odds[r];
      const t0 = e * f0;
      const t1 = e * f1;
      const d0 = 1 + t0;
      const d1 = 1 + t1;
      const inverse = 1 / (d0 * d1);
      const q0 = inverse * d1;
      const q1 = inverse * d0;
      const u0 = t0 * q0;
      const u1 = t1 * q1;
      const a = u0 * q0;
      const b = u1 * q1;
      mu[row0 + r] = u0;
      mu[row1 + r] = u1;
      sum0 += u0;
      sum1 += u1;
      v0 += a;
      v1 += b;
      rowV[r] += p0 * a + p1 * b;
      rowZV[r] += pz0 * a + pz1 * b;
    }
    scores[k] = sum0;
    scores[k + 1] = sum1;
    scores[sigmaRow + k] = nodeZ[k] * (sum0 - successes);
    scores[sigmaRow + k + 1] = nodeZ[k + 1] * (sum1 - successes);
    totalZZV += pz0 * nodeZ[k] * v0 + pz1 * nodeZ[k + 1] * v1;
  }
  told.weightZZV = totalZZV;
}

/** The scores in the slots from 1 on, by the columns, two at a time. */
export function sumColumns(count: number, nodes: number, slots: number): void {
  for (let a = 1; a < slots; a += 2) {
    const alone = a + 1 === slots;
    const columnA = a * MOST_ROWS;
    const columnB = alone ? columnA : columnA + MOST_ROWS;
    const rowA = a * MOST_SUMMED;
    const rowB = alone ? SPARE_ROW : rowA + MOST_SUMMED;
    for (let k = 0; k < nodes; k += 2) {
      const row0 = k * count;
      const row1 = row0 + count;
      let a0 = 0;
      let a1 = 0;
      let b0 = 0;
      let b1 = 0;
      for (let r = 0; r < count; r++) {
        const xa = x[columnA + r];
        const xb = x[columnB + r];
        const u0 = mu[row0 + r];
        const u1 = mu[row1 + r];
        a0 += xa * u0;
        a1 += xa * u1;
        b0 += xb * u0;
        b1 += xb * u1;
      }
      scores[rowA + k] = a0;
      scores[rowA + k + 1] = a1;
      scores[rowB + k] = b0;
      scores[rowB + k + 1] = b1;
    }
  }
}

/** `scoreSums` and `productSums` (lower triangle) of the first `rows` rows of scores, measured from those at the centre. */
export function sumProducts(nodes: number, rows: number): void {
  // Rows are taken by twos.
  if (rows % 2 === 1) for (let k = 0; k < nodes; k++) scores[rows * MOST_SUMMED + k] = 0;
  for (let a = 0; a < rows; a += 2) {
    const rowA0 = a * MOST_SUMMED;
    const rowA1 = rowA0 + MOST_SUMMED;
    const centreA0 = scores[rowA0];
    const centreA1 = scores[rowA1];
    for (let b = 0; b <= a; b += 2) {
      const rowB0 = b * MOST_SUMMED;
      const rowB1 = rowB0 + MOST_SUMMED;
      const centreB0 = scores[rowB0];
      const centreB1 = scores[rowB1];
      let sum0 = 0;
      let sum1 = 0;
      let s00 = 0;
      let s01 = 0;
      let s10 = 0;
      let s11 = 0;
      for (let k = 0; k < nodes; k++) {
        const p = weight[k];
        const a0 = p * (scores[rowA0 + k] - centreA0);
        const a1 = p * (scores[rowA1 + k] - centreA1);
        const b0 = scores[rowB0 + k] - centreB0;
        const b1 = scores[rowB1 + k] - centreB1;
        sum0 += a0;
        sum1 += a1;
        s00 += a0 * b0;
        s01 += a0 * b1;
        s10 += a1 * b0;
        s11 += a1 * b1;
      }
      scoreSums[a] = sum0;
      scoreSums[a + 1] = sum1;
      const place = a * SUM_WIDTH + b;
      productSums[place] = s00;
      productSums[place + 1] = s01;
      productSums[place + SUM_WIDTH] = s10;
      productSums[place + SUM_WIDTH + 1] = s11;
    }
  }
}

/** Gradient and Hessian (lower triangle, `size` a row) by Fisher's and Louis's identities, from all the sums. */
export function derivativesFromSums(
  count: number,
  slots: number,
  gradient: Float64Array,
  hessian: Float64Array,
  size: number,
): void {
  const share = 1 / told.weight;
  for (let a = 0; a <= slots; a++) {
    const mean = scoreSums[a] * share;
    const centre = scores[a * MOST_SUMMED];
    gradient[a] = a < slots ? responses[a] - centre - mean : -centre - mean;
    for (let b = 0; b <= a; b++) {
      hessian[a * size + b] = (productSums[a * SUM_WIDTH + b] - mean * scoreSums[b]) * share;
    }
  }
  for (let a = 0; a < slots; a++) {
    const columnA = a * MOST_ROWS;
    let sumZ = 0;
    for (let r = 0; r < count; r++) {
      // rowMu has served, or was not needed.
      rowMu[r] = x[columnA + r] * rowV[r];
      sumZ += x[columnA + r] * rowZV[r];
    }
    hessian[slots * size + a] -= sumZ * share;
    for (let b = 0; b <= a; b++) {
      const columnB = b * MOST_ROWS;
      let sum = 0;
      for (let r = 0; r < count; r++) sum += rowMu[r] * x[columnB + r];
      hessian[a * size + b] -= sum * share;
    }
  }
  hessian[slots * size + slots] -= told.weightZZV * share;
}

/**
 * Gradient and Hessian (lower triangle) at sigma = 0, in the slots and sigma: those of the rows themselves. The score in
 * sigma is z S and its derivative -z^2 V, S and V the sums over rows of y - mu and of v, and E[z] = 0, E[z^2] = 1.
 */
export function derivativesAtZero(
  count: number,
  slots: number,
  gradient: Float64Array,
  hessian: Float64Array,
  size: number,
): void {
  for (let r = 0; r < count; r++) {
    const t = odds[r];
    const q = 1 / (1 + t);
    rowMu[r] = t * q;
    rowV[r] = t * q * q;
  }
  for (let a = 0; a < slots; a++) {
    const columnA = a * MOST_ROWS;
    let sum = 0;
    for (let r = 0; r < count; r++) {
      sum += x[columnA + r] * rowMu[r];
      rowZV[r] = x[columnA + r] * rowV[r];
    }
    gradient[a] = responses[a] - sum;
    hessian[slots * size + a] = 0;
    for (let b = 0; b <= a; b++) {
      const columnB = b * MOST_ROWS;
      let information = 0;
      for (let r = 0; r < count; r++) information += rowZV[r] * x[columnB + r];
      hessian[a * size + b] = -information;
    }
  }
  gradient[slots] = 0;
  hessian[slots * size + slots] = gradient[0] * gradient[0] + hessian[0];
}
