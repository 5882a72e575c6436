// The inner loops of the logit engine: exp(eta + eps) = E F, one exponential a row and one a node.
// Each is a small function of its own: V8 compiles large ones now well, now badly. Arrays are padded with E = 0.

/** A product of 1 + E F is turned into a logarithm when it passes this; 8 more factors below 1e30 still fit. */
const LARGE_PRODUCT = 1e60;

/** out[k] = sum over rows of log(1 + E F_k), for the four nodes from..from+3; n is a multiple of 4. */
export function sumSoftplus(
  e: Float64Array,
  n: number,
  f: Float64Array,
  from: number,
  out: Float64Array,
): void {
  const f0 = f[from];
  const f1 = f[from + 1];
  const f2 = f[from + 2];
  const f3 = f[from + 3];
  let p0 = 1;
  let p1 = 1;
  let p2 = 1;
  let p3 = 1;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let start = 0; start < n; start += 8) {
    const end = start + 8 < n ? start + 8 : n;
    for (let r = start; r < end; r++) {
      const er = e[r];
      p0 *= 1 + er * f0;
      p1 *= 1 + er * f1;
      p2 *= 1 + er * f2;
      p3 *= 1 + er * f3;
    }
    if (p0 > LARGE_PRODUCT) {
      s0 += Math.log(p0);
      p0 = 1;
    }
    if (p1 > LARGE_PRODUCT) {
      s1 += Math.log(p1);
      p1 = 1;
    }
    if (p2 > LARGE_PRODUCT) {
      s2 += Math.log(p2);
      p2 = 1;
    }
    if (p3 > LARGE_PRODUCT) {
      s3 += Math.log(p3);
      p3 = 1;
    }
  }
  out[from] = s0 + Math.log(p0);
  out[from + 1] = s1 + Math.log(p1);
  out[from + 2] = s2 + Math.log(p2);
  out[from + 3] = s3 + Math.log(p3);
}

/** sum over rows of log(1 + E F) at one node. */
export function logOfProduct(e: Float64Array, n: number, f: number): number {
  let product = 1;
  let sum = 0;
  for (let start = 0; start < n; start += 8) {
    const end = start + 8 < n ? start + 8 : n;
    for (let r = start; r < end; r++) product *= 1 + e[r] * f;
    if (product > LARGE_PRODUCT) {
      sum += Math.log(product);
      product = 1;
    }
  }
  return sum + Math.log(product);
}

/**
 * out[k] = sum over rows of n (log(1 + E F_k) - log(1 + E F)) for the nodes from .. to-1, F the factor and mu the means
 * at the centre, growth[k] = F_k / F - 1. Near the centre by the ratio, so that sums of 1e9 trials keep their digits.
 */
export function sumWeightedRises(
  e: Float64Array,
  won: Float64Array,
  lost: Float64Array,
  mu: Float64Array,
  softplus: Float64Array,
  n: number,
  f: Float64Array,
  growth: Float64Array,
  from: number,
  to: number,
  out: Float64Array,
): void {
  for (let k = from; k < to; k++) {
    const fk = f[k];
    const g = growth[k];
    let sum = 0;
    if (Math.abs(g) < 0.1) {
      for (let r = 0; r < n; r++) sum += (won[r] + lost[r]) * Math.log1p(mu[r] * g);
    } else {
      for (let r = 0; r < n; r++) sum += (won[r] + lost[r]) * (Math.log1p(e[r] * fk) - softplus[r]);
    }
    out[k] = sum;
  }
}

/**
 * out = [score, information] in eps at one node: sums of won (1 - mu) - lost mu and (won + lost) mu (1 - mu). Written so
 * that no digits cancel where mu is near 0 or 1.
 */
export function sumScores(
  e: Float64Array,
  won: Float64Array,
  lost: Float64Array,
  n: number,
  f: number,
  out: Float64Array,
): void {
  let score = 0;
  let information = 0;
  for (let r = 0; r < n; r += 2) {
    const odds0 = e[r] * f;
    const odds1 = e[r + 1] * f;
    const d0 = 1 + odds0;
    const d1 = 1 + odds1;
    // Two reciprocals from one division.
    const inverse = 1 / (d0 * d1);
    const failure0 = inverse * d1;
    const failure1 = inverse * d0;
    score += (won[r] - lost[r] * odds0) * failure0 + (won[r + 1] - lost[r + 1] * odds1) * failure1;
    information +=
      (won[r] + lost[r]) * odds0 * failure0 * failure0 +
      (won[r + 1] + lost[r + 1]) * odds1 * failure1 * failure1;
  }
  out[0] = score;
  out[1] = information;
}

/** What four rows leave at the nodes 0..count-1, whose weights are p and p z. */
export interface RowBlock {
  /** The score of each of the four rows, node by node. */
  readonly score0: Float64Array;
  readonly score1: Float64Array;
  readonly score2: Float64Array;
  readonly score3: Float64Array;
  /** Adds up the information over the rows, node by node. */
  readonly information: Float64Array;
  /** Per row: weighted means over the nodes of its information, and of z times that. */
  readonly meanInformation: Float64Array;
  readonly meanInformationZ: Float64Array;
}

/** Evaluates rows r .. r+3 at all nodes. */
export function fourRows(
  e: Float64Array,
  won: Float64Array,
  lost: Float64Array,
  r: number,
  f: Float64Array,
  p: Float64Array,
  pz: Float64Array,
  count: number,
  block: RowBlock,
): void {
  const { score0, score1, score2, score3, information } = block;
  const e0 = e[r];
  const e1 = e[r + 1];
  const e2 = e[r + 2];
  const e3 = e[r + 3];
  const y0 = won[r];
  const y1 = won[r + 1];
  const y2 = won[r + 2];
  const y3 = won[r + 3];
  const g0 = lost[r];
  const g1 = lost[r + 1];
  const g2 = lost[r + 2];
  const g3 = lost[r + 3];
  const n0 = y0 + g0;
  const n1 = y1 + g1;
  const n2 = y2 + g2;
  const n3 = y3 + g3;
  let a0 = 0;
  let a1 = 0;
  let a2 = 0;
  let a3 = 0;
  let b0 = 0;
  let b1 = 0;
  let b2 = 0;
  let b3 = 0;
  for (let k = 0; k < count; k++) {
    const fk = f[k];
    const pk = p[k];
    const pzk = pz[k];
    const t0 = e0 * fk;
    const t1 = e1 * fk;
    const t2 = e2 * fk;
    const t3 = e3 * fk;
    // Four reciprocals from one division, which costs as much as ten products.
    const d0 = 1 + t0;
    const d1 = 1 + t1;
    const d2 = 1 + t2;
    const d3 = 1 + t3;
    const d01 = d0 * d1;
    const d23 = d2 * d3;
    const inverse = 1 / (d01 * d23);
    const i01 = inverse * d23;
    const i23 = inverse * d01;
    const q0 = i01 * d1;
    const q1 = i01 * d0;
    const q2 = i23 * d3;
    const q3 = i23 * d2;
    const u0 = t0 * q0;
    const u1 = t1 * q1;
    const u2 = t2 * q2;
    const u3 = t3 * q3;
    score0[k] = y0 * q0 - g0 * u0;
    score1[k] = y1 * q1 - g1 * u1;
    score2[k] = y2 * q2 - g2 * u2;
    score3[k] = y3 * q3 - g3 * u3;
    const v0 = n0 * u0 * q0;
    const v1 = n1 * u1 * q1;
    const v2 = n2 * u2 * q2;
    const v3 = n3 * u3 * q3;
    information[k] += v0 + v1 + (v2 + v3);
    a0 += pk * v0;
    a1 += pk * v1;
    a2 += pk * v2;
    a3 += pk * v3;
    b0 += pzk * v0;
    b1 += pzk * v1;
    b2 += pzk * v2;
    b3 += pzk * v3;
  }
  const { meanInformation, meanInformationZ } = block;
  meanInformation[r] = a0;
  meanInformation[r + 1] = a1;
  meanInformation[r + 2] = a2;
  meanInformation[r + 3] = a3;
  meanInformationZ[r] = b0;
  meanInformationZ[r + 1] = b1;
  meanInformationZ[r + 2] = b2;
  meanInformationZ[r + 3] = b3;
}

/** meanScore[r], [r+1] and meanScoreZ: the rows' weighted mean score over the nodes, and that of z times it. */
export function twoMeanScores(
  e: Float64Array,
  won: Float64Array,
  lost: Float64Array,
  r: number,
  f: Float64Array,
  p: Float64Array,
  pz: Float64Array,
  count: number,
  meanScore: Float64Array,
  meanScoreZ: Float64Array,
): void {
  const e0 = e[r];
  const e1 = e[r + 1];
  const y0 = won[r];
  const y1 = won[r + 1];
  const g0 = lost[r];
  const g1 = lost[r + 1];
  let a0 = 0;
  let a1 = 0;
  let b0 = 0;
  let b1 = 0;
  for (let k = 0; k < count; k++) {
    const fk = f[k];
    const pk = p[k];
    const pzk = pz[k];
    const t0 = e0 * fk;
    const t1 = e1 * fk;
    const d0 = 1 + t0;
    const d1 = 1 + t1;
    // Two reciprocals from one division.
    const inverse = 1 / (d0 * d1);
    const score0 = (y0 - g0 * t0) * (inverse * d1);
    const score1 = (y1 - g1 * t1) * (inverse * d0);
    a0 += pk * score0;
    a1 += pk * score1;
    b0 += pzk * score0;
    b1 += pzk * score1;
  }
  meanScore[r] = a0;
  meanScore[r + 1] = a1;
  meanScoreZ[r] = b0;
  meanScoreZ[r + 1] = b1;
}

/** sum[offset + k] += the four rows' scores at node k, times x[at .. at+3]. */
export function addColumn(
  block: RowBlock,
  x: Float64Array,
  at: number,
  count: number,
  sum: Float64Array,
  offset: number,
): void {
  const { score0, score1, score2, score3 } = block;
  const x0 = x[at];
  const x1 = x[at + 1];
  const x2 = x[at + 2];
  const x3 = x[at + 3];
  for (let k = 0; k < count; k++) {
    sum[offset + k] += x0 * score0[k] + x1 * score1[k] + (x2 * score2[k] + x3 * score3[k]);
  }
}
