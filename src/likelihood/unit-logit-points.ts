// Many points of one cluster of single trials at once: no exponential and no logarithm inside the loops over rows.
// The loops run over arrays that are constants of this module: the compiler then knows where they are, which makes the
// loops two to three times as fast as over arrays handed to them. So a block is done with before the next is loaded.
import type { RandomEffect } from '../model/random-effect.js';
import { exp } from '../numeric/exp.js';

/** Rows and points that a block has room for. */
export const MOST_ROWS = 128;
export const MOST_POINTS = 256;
/** A product of 1 + E F is turned into a logarithm before it can pass exp of this. */
const LARGEST_LOG_PRODUCT = 700;

const perRow = (): Float64Array => new Float64Array(MOST_ROWS);
/** With room for what makes the number of points a multiple of four. */
const perPoint = (): Float64Array => new Float64Array(MOST_POINTS + 4);

/** Per row: E = exp(eta); sums over the points of weight mu, weight v and weight z v, with v = mu (1 - mu). */
const odds = perRow();
export const rowMu: Float64Array = perRow();
export const rowV: Float64Array = perRow();
export const rowZV: Float64Array = perRow();
/** Per point: z, F = exp(sigma z), its weight; sums over the rows of log(1 + E F), of mu and of v. */
export const pointZ: Float64Array = perPoint();
const factor = perPoint();
export const pointWeight: Float64Array = perPoint();
export const softplus: Float64Array = perPoint();
export const pointMu: Float64Array = perPoint();
export const pointV: Float64Array = perPoint();
/** mu at point k and row r of n, at k n + r, where `sumInformation` left it. */
export const mu: Float64Array = new Float64Array(MOST_ROWS * (MOST_POINTS + 4));

export function loadRows(e: Float64Array, from: number, count: number): void {
  for (let r = 0; r < count; r++) odds[r] = e[from + r];
}

/** The points from .. from+count-1; the sums over their rows start at 0. */
export function loadPoints(
  z: Float64Array,
  weights: Float64Array | undefined,
  from: number,
  count: number,
  sigma: number,
): void {
  for (let k = 0; k < count; k++) {
    const point = z[from + k];
    pointZ[k] = point;
    factor[k] = exp(sigma * point);
    pointWeight[k] = weights ? weights[from + k] : 0;
  }
  for (let k = count; k < count + 4; k++) {
    pointZ[k] = 0;
    factor[k] = 0;
    pointWeight[k] = 0;
  }
  for (let k = 0; k < count + 4; k++) {
    softplus[k] = 0;
    pointMu[k] = 0;
    pointV[k] = 0;
  }
}

/**
 * The points from .. from+count-1 with weights F(z) exp(slope z + offset) / proposal (or their logs), F the effect's
 * density; the sums over their rows start at 0.
 */
export function loadRatios(
  z: Float64Array,
  logProposal: Float64Array,
  from: number,
  count: number,
  sigma: number,
  slope: number,
  offset: number,
  { logDensity }: Pick<RandomEffect, 'logDensity'>,
  inLogs: boolean,
): void {
  for (let k = 0; k < count; k++) {
    const point = z[from + k];
    pointZ[k] = point;
    factor[k] = exp(sigma * point);
    pointMu[k] = 0;
    softplus[k] = 0;
    const logRatio = slope * point + offset + logDensity(point, sigma) - logProposal[from + k];
    pointWeight[k] = inLogs ? logRatio : exp(logRatio);
  }
  for (let k = count; k < count + 4; k++) {
    pointZ[k] = 0;
    factor[k] = 0;
    pointWeight[k] = 0;
    softplus[k] = 0;
  }
}

/** Divides the weights by the products over the rows of 1 + E F. */
export function divideByProducts(rows: number, count: number): void {
  for (let k = 0; k < count; k += 4) {
    const f0 = factor[k];
    const f1 = factor[k + 1];
    const f2 = factor[k + 2];
    const f3 = factor[k + 3];
    let p0 = 1;
    let p1 = 1;
    let p2 = 1;
    let p3 = 1;
    for (let r = 0; r < rows; r++) {
      const e = odds[r];
      p0 *= 1 + e * f0;
      p1 *= 1 + e * f1;
      p2 *= 1 + e * f2;
      p3 *= 1 + e * f3;
    }
    pointWeight[k] /= p0;
    pointWeight[k + 1] /= p1;
    pointWeight[k + 2] /= p2;
    pointWeight[k + 3] /= p3;
  }
}

/** The same where the weights are logs: then they are no more. */
export function divideBySoftplus(count: number): void {
  for (let k = 0; k < count; k++) pointWeight[k] = exp(pointWeight[k] - softplus[k]);
}

/** Adds to `softplus`. @param largestLog log of the largest 1 + E F */
export function sumSoftplus(rows: number, count: number, largestLog: number): void {
  const together = Math.max(1, Math.floor(LARGEST_LOG_PRODUCT / largestLog));
  for (let start = 0; start < rows; start += together) {
    const end = Math.min(rows, start + together);
    for (let k = 0; k < count; k += 4) {
      const f0 = factor[k];
      const f1 = factor[k + 1];
      const f2 = factor[k + 2];
      const f3 = factor[k + 3];
      let p0 = 1;
      let p1 = 1;
      let p2 = 1;
      let p3 = 1;
      for (let r = start; r < end; r++) {
        const e = odds[r];
        p0 *= 1 + e * f0;
        p1 *= 1 + e * f1;
        p2 *= 1 + e * f2;
        p3 *= 1 + e * f3;
      }
      softplus[k] += Math.log(p0);
      softplus[k + 1] += Math.log(p1);
      softplus[k + 2] += Math.log(p2);
      softplus[k + 3] += Math.log(p3);
    }
  }
}

/** Adds to `pointMu`; `rowMu` anew. */
export function sumMeans(rows: number, count: number): void {
  for (let r = 0; r < rows; r++) rowMu[r] = 0;
  for (let k = 0; k < count; k += 2) {
    const f0 = factor[k];
    const f1 = factor[k + 1];
    const p0 = pointWeight[k];
    const p1 = pointWeight[k + 1];
    let sum0 = 0;
    let sum1 = 0;
    for (let r = 0; r < rows; r++) {
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
    pointMu[k] += sum0;
    pointMu[k + 1] += sum1;
  }
}

/** Adds to `pointMu` and `pointV`; `mu`, `rowMu`, `rowV` and `rowZV` anew. */
export function sumInformation(rows: number, count: number): void {
  for (let r = 0; r < rows; r++) {
    rowMu[r] = 0;
    rowV[r] = 0;
    rowZV[r] = 0;
  }
  for (let k = 0; k < count; k += 2) {
    const f0 = factor[k];
    const f1 = factor[k + 1];
    const p0 = pointWeight[k];
    const p1 = pointWeight[k + 1];
    const pz0 = p0 * pointZ[k];
    const pz1 = p1 * pointZ[k + 1];
    const row0 = k * rows;
    const row1 = row0 + rows;
    let sum0 = 0;
    let sum1 = 0;
    let v0 = 0;
    let v1 = 0;
    for (let r = 0; r < rows; r++) {
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
      rowMu[r] += p0 * u0 + p1 * u1;
      rowV[r] += p0 * a + p1 * b;
      rowZV[r] += pz0 * a + pz1 * b;
    }
    pointMu[k] += sum0;
    pointMu[k + 1] += sum1;
    pointV[k] += v0;
    pointV[k + 1] += v1;
  }
}
