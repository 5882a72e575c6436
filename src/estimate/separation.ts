// Separation: a direction of the coefficients along which no row's likelihood ever falls, and some rise for ever.
import type { Clusters } from '../model/clusters.js';
import type { Family } from '../model/family.js';
import { type Finding, someOf } from '../model/finding.js';
import type { Model } from '../model/model.js';
import { backwardSolve, choleskyInPlace, forwardSolve, invertSymmetric } from '../numeric/cholesky.js';
import { projectOntoDualCone } from '../numeric/dual-cone.js';
import { dot } from '../numeric/newton.js';
import type { ParameterSpace } from './parameter-space.js';

/** A coefficient whose standard error moves a linear predictor by more than this is suspected to run to infinity. */
const SUSPECT = 1000;
/** A mixed row's part outside the span of the mixed rows before it, relative to its length, below which it adds none. */
const NEW_DIRECTION = 1e-7;

/**
 * The coefficients that run to infinity, none where the maximum is finite. The data themselves are asked (Albert and
 * Anderson 1984): is there a d with x'd >= 0 in every row whose likelihood never falls as its linear predictor grows
 * (a row of successes alone), x'd <= 0 in every row of the opposite kind (failures alone, a count of 0), x'd = 0 in
 * the others, and x'd != 0 somewhere? What holds for the rows holds for the clusters' integrals, whatever the intercepts.
 * @param hessian of a fit in its free coordinates, the coefficients first (of the fit without intercepts, sigma is none
 *   of them): where it has curvature in every direction nothing need be asked
 */
export function separatedCoefficients(
  space: ParameterSpace,
  hessian: Float64Array,
  converged: boolean,
): string[] {
  const { model, free } = space;
  const columns = free.filter((k) => k < model.coefficientNames.length);
  if (columns.length === 0 || !model.family.openEnd) return [];
  if (converged && isCurved(model.clusters, columns, hessian)) return [];
  const { clusters, family } = model;
  const direction = separatingDirection(clusters, rowSigns(clusters, family.openEnd!), columns);
  return direction ? columns.filter((j) => direction[j] !== 0).map((j) => model.coefficientNames[j]) : [];
}

/**
 * The same with a coefficient for each cluster: is there a d whose order of the rows within each cluster never puts one that may
 * only rise below one that may only fall, and keeps the others level? Asked of differences of rows of a cluster, in which its
 * coefficient is no more: with one of the others where there is one, else of each that rises with each that falls.
 * @param informs per cluster, whether its rows say anything of the coefficients
 * @param columns that vary within clusters, none made up by the others
 */
export function separatedWithinClusters(
  { clusters, family, coefficientNames }: Pick<Model, 'clusters' | 'family' | 'coefficientNames'>,
  informs: Uint8Array,
  columns: readonly number[],
): string[] {
  if (columns.length === 0 || !family.openEnd) return [];
  const { count, starts, columns: p, x } = clusters;
  const signs = rowSigns(clusters, family.openEnd);
  const differences: number[] = [];
  const directions: number[] = [];
  const compare = (above: number, below: number, sign: number): void => {
    for (let j = 0; j < p; j++) differences.push(x[above * p + j] - x[below * p + j]);
    directions.push(sign);
  };
  for (let i = 0; i < count; i++) {
    if (!informs[i]) continue;
    const rows = Array.from({ length: starts[i + 1] - starts[i] }, (_, k) => starts[i] + k);
    const [up, down, [level, ...others]] = [1, -1, 0].map((sign) => rows.filter((r) => signs[r] === sign));
    for (const r of others) compare(r, level, 0);
    for (const above of up)
      for (const below of level === undefined ? down : [level]) compare(above, below, 1);
    if (level !== undefined) for (const below of down) compare(level, below, 1);
  }
  const extent = new Float64Array(p);
  differences.forEach((value, at) => {
    extent[at % p] = Math.max(extent[at % p], Math.abs(value));
  });
  const pairs = { rows: directions.length, columns: p, x: Float64Array.from(differences), extent };
  const direction = separatingDirection(pairs, Int8Array.from(directions), columns);
  return direction ? columns.filter((j) => direction[j] !== 0).map((j) => coefficientNames[j]) : [];
}

/** What rows are taken from: those of the model, or their differences. */
type Rows = Pick<Clusters, 'rows' | 'columns' | 'x' | 'extent'>;

/** Whether every coefficient has a standard error that the linear predictors can bear. */
function isCurved({ extent }: Clusters, columns: readonly number[], hessian: Float64Array): boolean {
  const q = columns.length;
  const size = Math.sqrt(hessian.length);
  const information = Float64Array.from(
    { length: q * q },
    (_, k) => -hessian[Math.floor(k / q) * size + (k % q)],
  );
  const covariance = invertSymmetric(information, q);
  if (!covariance) return false;
  return columns.every((j, a) => Math.sqrt(covariance[a * q + a]) * extent[j] < SUSPECT);
}

/**
 * A direction of separation (length p), 0 in the coefficients that it moves by little; undefined where there is none.
 * Rows are taken in a basis in which the design is orthonormal, so that scales and origins of covariates do not matter.
 */
function separatingDirection(
  from: Rows,
  signs: Int8Array,
  columns: readonly number[],
): Float64Array | undefined {
  const { rows, columns: p, x, extent } = from;
  const q = columns.length;
  const factor = crossProducts(from, signs, columns);
  if (!factor) return undefined;
  const row = (r: number, out: Float64Array): number => {
    for (let a = 0; a < q; a++) out[a] = x[r * p + columns[a]];
    forwardSolve(factor, q, out);
    return norm(out);
  };
  const mixed = mixedSpan(signs, row, q);
  // With mixed rows in every direction, as with most counts, nothing is left to separate.
  if (mixed.length === q) return undefined;
  const inBasis = projectOntoDualCone(openRows(signs, mixed, row, q), q);
  if (!inBasis) return undefined;
  backwardSolve(factor, q, inBasis);
  const direction = new Float64Array(p);
  columns.forEach((j, a) => {
    direction[j] = inBasis[a];
  });
  let moved = 0;
  for (let r = 0; r < rows; r++) {
    if (signs[r] === NOTHING) continue;
    let shift = 0;
    for (let j = 0; j < p; j++) shift += direction[j] * x[r * p + j];
    moved = Math.max(moved, Math.abs(shift));
  }
  return direction.map((value, j) => (Math.abs(value) * extent[j] > 0.1 * moved ? value : 0));
}

/** The rows that never fall one way, turned that way, less their part in the mixed rows' span, at unit length. */
function openRows(
  signs: Int8Array,
  mixed: readonly Float64Array[],
  row: (r: number, out: Float64Array) => number,
  q: number,
): Float64Array {
  const units = new Float64Array(signs.length * q);
  const rest = new Float64Array(q);
  let at = 0;
  for (let r = 0; r < signs.length; r++) {
    const sign = signs[r];
    if (sign === 0 || sign === NOTHING) continue;
    const length = row(r, rest);
    for (const unit of mixed) takeOut(rest, unit);
    const size = norm(rest);
    if (!(size > NEW_DIRECTION * length)) continue;
    for (let a = 0; a < q; a++) units[at++] = (sign * rest[a]) / size;
  }
  return units.subarray(0, at);
}

/** Marks a row that has no weight. */
const NOTHING = 2;

/** Per row: where its likelihood never falls (1: upwards, -1: downwards), 0 for neither, NOTHING without weight. */
function rowSigns(clusters: Clusters, openEnd: NonNullable<Family['openEnd']>): Int8Array {
  const { count, starts, clusterWeights, weights, trials, y, rows } = clusters;
  const signs = new Int8Array(rows);
  for (let i = 0; i < count; i++) {
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      const counts = clusterWeights[i] * weights[r] * trials[r] > 0;
      signs[r] = counts ? openEnd(y[r], trials[r]) : NOTHING;
    }
  }
  return signs;
}

/** Cholesky factor of X'X / n over the rows that count; undefined where they are too nearly dependent. */
function crossProducts(
  { rows, columns: p, x }: Rows,
  signs: Int8Array,
  columns: readonly number[],
): Float64Array | undefined {
  const q = columns.length;
  const gram = new Float64Array(q * q);
  for (let r = 0; r < rows; r++) {
    if (signs[r] === NOTHING) continue;
    for (let a = 0; a < q; a++) {
      const value = x[r * p + columns[a]] / rows;
      for (let b = 0; b <= a; b++) gram[a * q + b] += value * x[r * p + columns[b]];
    }
  }
  return choleskyInPlace(gram, q) ? gram : undefined;
}

/** An orthonormal basis of the mixed rows' span: the longest remainder first (pivoted Gram-Schmidt). */
function mixedSpan(
  signs: Int8Array,
  row: (r: number, out: Float64Array) => number,
  q: number,
): Float64Array[] {
  const basis: Float64Array[] = [];
  const rest = new Float64Array(q);
  while (basis.length < q) {
    let best: Float64Array | undefined;
    let largest = 0;
    for (let r = 0; r < signs.length; r++) {
      if (signs[r] !== 0) continue;
      const length = row(r, rest);
      for (const unit of basis) takeOut(rest, unit);
      const size = norm(rest);
      if (size > NEW_DIRECTION * length && size > largest) {
        best = rest.slice();
        largest = size;
      }
    }
    if (!best) break;
    // Once more: what rounding left of the others is no longer small beside a short remainder.
    for (const unit of basis) takeOut(best, unit);
    const size = norm(best);
    basis.push(best.map((value) => value / size));
  }
  return basis;
}

function takeOut(vector: Float64Array, unit: Float64Array): void {
  const part = dot(vector, unit);
  for (let a = 0; a < unit.length; a++) vector[a] -= part * unit[a];
}

function norm(vector: Float64Array): number {
  return Math.sqrt(dot(vector, vector));
}

export function separationFinding(separated: readonly string[]): Finding {
  const they = separated.length === 1 ? 'this coefficient grows' : 'these coefficients grow';
  return {
    code: 'separation',
    severity: 'error',
    message: `The responses are separated by ${someOf(separated)}: the likelihood keeps rising as ${they} without bound, so there is no finite estimate.`,
    advice: 'Drop or coarsen the term, or put a prior on it: gibbs() has a finite answer.',
    where: separated,
  };
}
