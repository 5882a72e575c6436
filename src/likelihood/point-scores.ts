// Each point's own score, in slots of a reduced design, and the moments of all: over the points that are loaded.
import { MOST_POINTS, MOST_ROWS, mu, pointMu, pointV, pointWeight, pointZ } from './unit-logit-points.js';

/** Slots (a column of ones, the columns that vary within clusters, sigma) that there is room for. */
export const MOST_SCORES = 34;
const WIDTH = MOST_POINTS + 4;

/** By slot and row of a block: x, slot 0 unused. By slot: the sum over all the cluster's rows of x y. */
const x = new Float64Array(MOST_SCORES * MOST_ROWS);
const responses = new Float64Array(MOST_SCORES);
/** By slot and point, with a spare row: the score; moved about that of the cluster's first point by `moveScores`. */
const scores = new Float64Array((MOST_SCORES + 1) * WIDTH);
const SPARE = MOST_SCORES * WIDTH;
/** By slot: score of the cluster's first point, and sums over points of weight d, and of weight times products of d. */
const centers = new Float64Array(MOST_SCORES);
export const scoreSums: Float64Array = new Float64Array(MOST_SCORES);
export const scoreProducts: Float64Array = new Float64Array(MOST_SCORES * MOST_SCORES);
/** Per point: derivative of the log integrand in z, and (z - mode) / spread. */
const gradient = new Float64Array(WIDTH);
const place = new Float64Array(WIDTH);
/** Sums over the points of weight times curvature t^k; of weight g_zsigma t^k. */
export const curvatureSums: Float64Array = new Float64Array(3);
export const mixedSums: Float64Array = new Float64Array(2);

/** Sums over the points of weight, of weight times the score in sigma, and times the second derivative in sigma. */
export const sums = { weight: 0, sigma: 0, sigmaSigma: 0 };
export const weighedScores: Float64Array = new Float64Array(MOST_SCORES);

/** Starts a cluster of rows from .. to-1, by the columns `varying` of a row-major design of `columns` columns. */
export function startCluster(
  design: Float64Array,
  y: Float64Array,
  from: number,
  to: number,
  columns: number,
  varying: Int32Array,
): void {
  responses.fill(0);
  for (let r = from; r < to; r++) {
    responses[0] += y[r];
    for (let a = 0; a < varying.length; a++) responses[a + 1] += y[r] * design[r * columns + varying[a]];
  }
  scoreSums.fill(0);
  scoreProducts.fill(0);
  curvatureSums.fill(0);
  mixedSums.fill(0);
  sums.weight = 0;
  sums.sigma = 0;
  sums.sigmaSigma = 0;
}

/** Starts the points that are loaded: the scores of the varying columns become the sums of x y. */
export function startScores(slots: number, count: number): void {
  for (let a = 1; a < slots; a++) scores.fill(responses[a], a * WIDTH, a * WIDTH + count + 1);
}

/** Subtracts from them the sums of x mu over a block of rows, whose mu are there. */
export function addRowScores(
  design: Float64Array,
  from: number,
  rows: number,
  columns: number,
  varying: Int32Array,
  count: number,
): void {
  const slots = varying.length + 1;
  for (let a = 1; a < slots; a++) {
    for (let r = 0; r < rows; r++) x[a * MOST_ROWS + r] = design[(from + r) * columns + varying[a - 1]];
  }
  for (let a = 1; a < slots; a += 2) {
    const alone = a + 1 === slots;
    const columnA = a * MOST_ROWS;
    const columnB = alone ? columnA : columnA + MOST_ROWS;
    const rowA = a * WIDTH;
    const rowB = alone ? SPARE : rowA + WIDTH;
    for (let k = 0; k < count; k += 2) {
      const row0 = k * rows;
      const row1 = row0 + rows;
      let a0 = 0;
      let a1 = 0;
      let b0 = 0;
      let b1 = 0;
      for (let r = 0; r < rows; r++) {
        const xa = x[columnA + r];
        const xb = x[columnB + r];
        const u0 = mu[row0 + r];
        const u1 = mu[row1 + r];
        a0 += xa * u0;
        a1 += xa * u1;
        b0 += xb * u0;
        b1 += xb * u1;
      }
      scores[rowA + k] -= a0;
      scores[rowA + k + 1] -= a1;
      scores[rowB + k] -= b0;
      scores[rowB + k + 1] -= b1;
    }
  }
}

/** When all blocks of rows have been added: the scores in the column of ones and in sigma (slot `slots`). */
export function finishScores(slots: number, count: number): void {
  const sigmaRow = slots * WIDTH;
  for (let k = 0; k < count; k++) {
    const score = responses[0] - pointMu[k];
    scores[k] = score;
    scores[sigmaRow + k] = pointZ[k] * score;
  }
}

/** Copies a slot's scores, times `factor`, to every `stride`-th place of `out`. */
export function copyScores(
  slot: number,
  factor: number,
  count: number,
  out: Float64Array,
  at: number,
  stride: number,
): void {
  const row = slot * WIDTH;
  for (let k = 0; k < count; k++) out[at + k * stride] = factor * scores[row + k];
}

/** `weighedScores` of the first `rows` slots: sums over points from .. to-1 of weight times score. */
export function weighScores(from: number, to: number, rows: number): void {
  for (let a = 0; a < rows; a++) {
    const row = a * WIDTH;
    let sum = 0;
    for (let k = from; k < to; k++) sum += pointWeight[k] * scores[row + k];
    weighedScores[a] = sum;
  }
}

/** Adds up what needs only a point's sums over its rows and the effect's derivatives in z there. */
export function sumCurvatures(
  sigma: number,
  mode: number,
  spread: number,
  effectZ: Float64Array,
  effectZZ: Float64Array,
  count: number,
): void {
  let total = 0;
  let first = 0;
  let second = 0;
  let c0 = 0;
  let c1 = 0;
  let c2 = 0;
  let m0 = 0;
  let m1 = 0;
  for (let k = 0; k < count; k++) {
    const weight = pointWeight[k];
    const z = pointZ[k];
    // In slot 0 still the sum over the rows of y - mu.
    const score = scores[k];
    const zv = z * pointV[k];
    const t = (z - mode) / spread;
    const curvature = weight * (effectZZ[k] - sigma * sigma * pointV[k]);
    const mixed = weight * (score - sigma * zv);
    place[k] = t;
    gradient[k] = sigma * score + effectZ[k];
    total += weight;
    first += weight * z * score;
    second -= weight * z * zv;
    c0 += curvature;
    c1 += t * curvature;
    c2 += t * t * curvature;
    m0 += mixed;
    m1 += t * mixed;
  }
  sums.weight += total;
  sums.sigma += first;
  sums.sigmaSigma += second;
  curvatureSums[0] += c0;
  curvatureSums[1] += c1;
  curvatureSums[2] += c2;
  mixedSums[0] += m0;
  mixedSums[1] += m1;
}

/** Moves a slot's scores: d = score + (m + s t) g_z, about that of the cluster's first point. */
export function moveScores(slot: number, m: number, s: number, count: number, first: boolean): void {
  const row = slot * WIDTH;
  if (first) centers[slot] = scores[row] + (m + s * place[0]) * gradient[0];
  const center = centers[slot];
  for (let k = 0; k < count; k++) scores[row + k] += (m + s * place[k]) * gradient[k] - center;
}

/** Adds to `scoreSums` and `scoreProducts` (row a, column b <= a) of the first `rows` slots. */
export function sumScoreProducts(rows: number, count: number): void {
  // Slots are taken by twos.
  if (rows % 2 === 1) scores.fill(0, rows * WIDTH, rows * WIDTH + count);
  for (let a = 0; a < rows; a += 2) {
    const rowA0 = a * WIDTH;
    const rowA1 = rowA0 + WIDTH;
    for (let b = 0; b <= a; b += 2) {
      const rowB0 = b * WIDTH;
      const rowB1 = rowB0 + WIDTH;
      let sum0 = 0;
      let sum1 = 0;
      let s00 = 0;
      let s01 = 0;
      let s10 = 0;
      let s11 = 0;
      for (let k = 0; k < count; k++) {
        const p = pointWeight[k];
        const a0 = p * scores[rowA0 + k];
        const a1 = p * scores[rowA1 + k];
        const b0 = scores[rowB0 + k];
        const b1 = scores[rowB1 + k];
        sum0 += a0;
        sum1 += a1;
        s00 += a0 * b0;
        s01 += a0 * b1;
        s10 += a1 * b0;
        s11 += a1 * b1;
      }
      if (b === a) {
        scoreSums[a] += sum0;
        scoreSums[a + 1] += sum1;
      }
      const at = a * MOST_SCORES + b;
      scoreProducts[at] += s00;
      scoreProducts[at + 1] += s01;
      scoreProducts[at + MOST_SCORES] += s10;
      scoreProducts[at + MOST_SCORES + 1] += s11;
    }
  }
}
