// The nearest point at which each of many linear forms is >= 0: non-negative least squares seen from its other side.

/** A row u counts as satisfied where u'd is at least minus this part of |d|. */
const VIOLATION = 1e-9;
/** Below this part of the terms that it is the sum of, d is nothing but their rounding. */
const ROUNDING = 1e-12;
/** More steps than any data have been seen to take. */
const STEPS_PER_DIMENSION = 50;
/** A unit row whose part outside the earlier ones is shorter than this is taken to be made up of them. */
const DEPENDENT = 1e-13;

interface ActiveRow {
  readonly row: number;
  readonly unit: Float64Array;
  weight: number;
}

/**
 * The projection d of the mean row onto the cone of all d with u_r'd >= 0 for every row u_r; undefined where that is 0,
 * which is where no d in the cone makes any u_r'd > 0 (Moreau 1962: d = mean + sum y_r u_r with the y >= 0 that make it
 * shortest, and sum u_r'd = n |d|^2). The y by the active-set method of Lawson and Hanson (1974, chapter 23): at most q
 * of them are above 0 at a time, and a step costs one pass over the rows.
 * @param units row-major n x q, each row of length 1
 */
export function projectOntoDualCone(units: Float64Array, q: number): Float64Array | undefined {
  const n = units.length / q;
  const mean = new Float64Array(q);
  for (let r = 0, at = 0; r < n; r++) for (let j = 0; j < q; j++, at++) mean[j] += units[at] / n;
  const active: ActiveRow[] = [];
  let d = mean;
  for (let step = 0; step < STEPS_PER_DIMENSION * q; step++) {
    const length = norm(d);
    const terms = active.reduce((sum, { weight }) => sum + weight, norm(mean));
    if (!(length > ROUNDING * terms)) return undefined;
    const row = mostViolated(units, q, d, VIOLATION * length);
    if (row < 0) return d;
    // A row that is in already is at right angles to d, up to rounding: d is rounding too.
    if (active.some((entry) => entry.row === row)) return undefined;
    active.push({ row, unit: units.slice(row * q, (row + 1) * q), weight: 0 });
    settle(active, mean);
    d = mean.slice();
    for (const { unit, weight } of active) for (let j = 0; j < q; j++) d[j] += weight * unit[j];
  }
  return undefined;
}

/** The row with the lowest u'd, -1 where none is below -allowed. */
function mostViolated(units: Float64Array, q: number, d: Float64Array, allowed: number): number {
  let worst = -allowed;
  let found = -1;
  for (let r = 0, at = 0; at < units.length; r++) {
    let sum = 0;
    for (let j = 0; j < q; j++, at++) sum += units[at] * d[j];
    if (sum < worst) {
      worst = sum;
      found = r;
    }
  }
  return found;
}

/** The weights that make mean + sum weight unit shortest; rows whose weight would fall below 0 leave on the way. */
function settle(active: ActiveRow[], mean: Float64Array): void {
  while (active.length > 0) {
    const wanted = leastSquares(active, mean);
    let part = 1;
    let leaving = -1;
    active.forEach(({ weight }, k) => {
      const reach = wanted[k] > 0 ? 1 : weight / (weight - wanted[k]) || 0;
      if (wanted[k] > 0 || (leaving >= 0 && reach >= part)) return;
      part = reach;
      leaving = k;
    });
    active.forEach((entry, k) => {
      entry.weight += part * (wanted[k] - entry.weight);
    });
    if (leaving < 0) return;
    active.splice(leaving, 1);
  }
}

/** w that makes |mean + sum w_k unit_k| smallest, by Gram-Schmidt done twice. */
function leastSquares(active: readonly ActiveRow[], mean: Float64Array): number[] {
  const basis: Float64Array[] = [];
  const triangle: number[][] = [];
  for (const { unit } of active) {
    const rest = unit.slice();
    const parts = basis.map(() => 0);
    for (let pass = 0; pass < 2; pass++) {
      basis.forEach((e, k) => {
        const part = dot(e, rest);
        parts[k] += part;
        for (let j = 0; j < rest.length; j++) rest[j] -= part * e[j];
      });
    }
    const size = norm(rest);
    basis.push(rest.map((value) => (size > DEPENDENT ? value / size : 0)));
    triangle.push([...parts, size]);
  }
  const w = basis.map((e) => -dot(e, mean));
  for (let k = w.length - 1; k >= 0; k--) {
    w[k] = triangle[k][k] > DEPENDENT ? w[k] / triangle[k][k] : 0;
    for (let l = 0; l < k; l++) w[l] -= w[k] * triangle[k][l];
  }
  return w;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}
