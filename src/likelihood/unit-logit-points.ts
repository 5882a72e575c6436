// Many points of one cluster of single trials at once: no exponential and no logarithm inside the loops over rows.

/** A product of 1 + E F is turned into a logarithm when it passes this; 4 more factors below 1e30 still fit. */
const LARGE_PRODUCT = 1e60;

/** sums[k] = sum over rows from..to-1 of log(1 + E F_k), for the points 0..count-1; `products` is room. */
export function sumSoftplusAt(
  e: Float64Array,
  from: number,
  to: number,
  f: Float64Array,
  count: number,
  products: Float64Array,
  sums: Float64Array,
): void {
  products.fill(1, 0, count);
  sums.fill(0, 0, count);
  for (let r = from; r < to; r += 4) {
    const e0 = e[r];
    const e1 = r + 1 < to ? e[r + 1] : 0;
    const e2 = r + 2 < to ? e[r + 2] : 0;
    const e3 = r + 3 < to ? e[r + 3] : 0;
    for (let k = 0; k < count; k++) {
      const fk = f[k];
      let p = products[k] * ((1 + e0 * fk) * (1 + e1 * fk)) * ((1 + e2 * fk) * (1 + e3 * fk));
      if (p > LARGE_PRODUCT) {
        sums[k] += Math.log(p);
        p = 1;
      }
      products[k] = p;
    }
  }
  for (let k = 0; k < count; k++) sums[k] += Math.log(products[k]);
}

/** Weighted sums over points of a pair of rows: see `twoRowsAt`. */
export interface PairSums {
  readonly score: Float64Array;
  readonly curvature: Float64Array;
  readonly curvatureZ: Float64Array;
  /** Sums over both rows: of z times the score, of z^2 times the curvature. */
  scoreZ: number;
  curvatureZZ: number;
}

/**
 * Adds rows r and r+1 (the second only as one of a `pair`) at all points, with weights p and p z: per row the weighted
 * sums of y - mu, of -mu (1 - mu) and of z times that, at index `at` and at + 1. The rows' 1 + E F go into `products`, or
 * their logarithms into `sums`.
 */
export function twoRowsAt(
  e: Float64Array,
  y: Float64Array,
  r: number,
  pair: boolean,
  f: Float64Array,
  z: Float64Array,
  p: Float64Array,
  count: number,
  at: number,
  out: PairSums,
  products: Float64Array,
  sums: Float64Array,
): void {
  const e0 = e[r];
  const y0 = y[r];
  const e1 = pair ? e[r + 1] : 0;
  const y1 = pair ? y[r + 1] : 0;
  const n1 = pair ? 1 : 0;
  let a0 = 0;
  let a1 = 0;
  let b0 = 0;
  let b1 = 0;
  let c0 = 0;
  let c1 = 0;
  let scoreZ = 0;
  let curvatureZZ = 0;
  for (let k = 0; k < count; k++) {
    const fk = f[k];
    const zk = z[k];
    const pk = p[k];
    const t0 = e0 * fk;
    const t1 = e1 * fk;
    const d0 = 1 + t0;
    const d1 = 1 + t1;
    // Two reciprocals from one division.
    const d01 = d0 * d1;
    const inverse = 1 / d01;
    const product = products[k] * d01;
    if (product > LARGE_PRODUCT) {
      sums[k] += Math.log(product);
      products[k] = 1;
    } else products[k] = product;
    const q0 = inverse * d1;
    const q1 = inverse * d0;
    const m0 = t0 * q0;
    const m1 = t1 * q1;
    const s0 = pk * (y0 * q0 - (1 - y0) * m0);
    const s1 = pk * (y1 * q1 - (n1 - y1) * m1);
    const v0 = pk * m0 * q0;
    const v1 = pk * m1 * q1;
    a0 += s0;
    a1 += s1;
    b0 += v0;
    b1 += v1;
    c0 += zk * v0;
    c1 += zk * v1;
    scoreZ += zk * (s0 + s1);
    curvatureZZ += zk * zk * (v0 + v1);
  }
  out.score[at] += a0;
  out.curvature[at] -= b0;
  out.curvatureZ[at] -= c0;
  out.scoreZ += scoreZ;
  out.curvatureZZ -= curvatureZZ;
  if (!pair) return;
  out.score[at + 1] += a1;
  out.curvature[at + 1] -= b1;
  out.curvatureZ[at + 1] -= c1;
}

/** Per point: sums over the rows of y - mu and of -mu (1 - mu); `first` has y - mu at row r and point k of n, at r n + k. */
export interface PointTable {
  readonly first: Float64Array;
  readonly scores: Float64Array;
  readonly curvatures: Float64Array;
}

/** Two rows at all points as `twoRowsAt`, without the products, and with what each point has of them in `table`. */
export function twoRowsInto(
  e: Float64Array,
  y: Float64Array,
  r: number,
  pair: boolean,
  f: Float64Array,
  z: Float64Array,
  p: Float64Array,
  count: number,
  at: number,
  out: Pick<PairSums, 'score' | 'curvature' | 'curvatureZ'>,
  table: PointTable,
): void {
  const { first, scores, curvatures } = table;
  const e0 = e[r];
  const y0 = y[r];
  const e1 = pair ? e[r + 1] : 0;
  const y1 = pair ? y[r + 1] : 0;
  const n1 = pair ? 1 : 0;
  const place0 = at * count;
  // Without a second row its place is the first's, which is written over.
  const place1 = pair ? place0 + count : place0;
  let a0 = 0;
  let a1 = 0;
  let b0 = 0;
  let b1 = 0;
  let c0 = 0;
  let c1 = 0;
  for (let k = 0; k < count; k++) {
    const fk = f[k];
    const pk = p[k];
    const t0 = e0 * fk;
    const t1 = e1 * fk;
    const d0 = 1 + t0;
    const d1 = 1 + t1;
    // Two reciprocals from one division.
    const inverse = 1 / (d0 * d1);
    const q0 = inverse * d1;
    const q1 = inverse * d0;
    const m0 = t0 * q0;
    const m1 = t1 * q1;
    const s0 = y0 * q0 - (1 - y0) * m0;
    const s1 = y1 * q1 - (n1 - y1) * m1;
    const v0 = m0 * q0;
    const v1 = m1 * q1;
    first[place1 + k] = s1;
    first[place0 + k] = s0;
    scores[k] += s0 + s1;
    curvatures[k] -= v0 + v1;
    const w0 = pk * v0;
    const w1 = pk * v1;
    a0 += pk * s0;
    a1 += pk * s1;
    b0 += w0;
    b1 += w1;
    c0 += z[k] * w0;
    c1 += z[k] * w1;
  }
  out.score[at] += a0;
  out.curvature[at] -= b0;
  out.curvatureZ[at] -= c0;
  if (!pair) return;
  out.score[at + 1] += a1;
  out.curvature[at + 1] -= b1;
  out.curvatureZ[at + 1] -= c1;
}
