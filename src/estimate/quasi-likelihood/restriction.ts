// What REML adds to the working log-likelihood: -1/2 log |X'V^-1 X| and its derivatives in the two variances.
import { choleskyInPlace, choleskySolve, invertSymmetric } from '../../numeric/cholesky.js';

const LOG_2PI = Math.log(2 * Math.PI);

/** X'WX over all clusters, and per cluster X'W1 and 1'W1. */
export interface WorkingSums {
  readonly gram: Float64Array;
  readonly cross: Float64Array;
  readonly omega: Float64Array;
  readonly clusterWeights: Float64Array;
  readonly columns: number;
}

/** Derivatives in tau = sigma^2 and phi. */
export interface VarianceDerivatives {
  byTau: number;
  byPhi: number;
  tauTau: number;
  tauPhi: number;
  phiPhi: number;
}

/**
 * M = X'V^-1 X = (X'WX - sum c bb' / omega) / phi + sum c bb' / (omega D), b = X'W1, D = phi + tau omega, over the
 * coefficients `columns`. Adds the derivatives of -1/2 log |M| to `out` and returns its value, with the constant of the
 * integral over the coefficients (Patterson and Thompson 1971; Harville 1977).
 */
export function addRestriction(
  { gram, cross, omega, clusterWeights, columns: p }: WorkingSums,
  columns: readonly number[],
  tau: number,
  phi: number,
  out: VarianceDerivatives,
): number {
  const q = columns.length;
  const room = (): Float64Array => new Float64Array(q * q);
  // Sums of c bb' times 1 / omega and powers of 1 / D, from which M and its derivatives are made.
  const within = Float64Array.from(
    { length: q * q },
    (_, k) => gram[columns[Math.floor(k / q)] * p + columns[k % q]],
  );
  const [between, square, squareOmega, cube, cubeOmega, cubeTwice] = [
    room(),
    room(),
    room(),
    room(),
    room(),
    room(),
  ];
  for (let i = 0; i < omega.length; i++) {
    const w = omega[i];
    if (w === 0) continue;
    const d = phi + tau * w;
    for (let a = 0; a < q; a++) {
      for (let b = 0; b < q; b++) {
        const k = a * q + b;
        const part = clusterWeights[i] * cross[i * p + columns[a]] * cross[i * p + columns[b]];
        within[k] -= part / w;
        between[k] += part / (w * d);
        square[k] += part / (d * d);
        squareOmega[k] += part / (w * d * d);
        cube[k] += part / (d * d * d);
        cubeOmega[k] += part / (w * d * d * d);
        cubeTwice[k] += (w * part) / (d * d * d);
      }
    }
  }
  const m = within.map((value, k) => value / phi + between[k]);
  const inverse = invertSymmetric(m, q);
  const factor = m.slice();
  if (!inverse || !choleskyInPlace(factor, q)) return Number.NaN;
  const mTau = square.map((value) => -value);
  const mPhi = within.map((value, k) => -value / (phi * phi) - squareOmega[k]);
  const traceOf = (a: Float64Array): number => trace(inverse, a, q);
  const [byTau, byPhi] = [solved(factor, mTau, q), solved(factor, mPhi, q)];
  out.byTau -= 0.5 * traceOf(mTau);
  out.byPhi -= 0.5 * traceOf(mPhi);
  out.tauTau -= 0.5 * (2 * traceOf(cubeTwice) - trace(byTau, byTau, q));
  out.tauPhi -= 0.5 * (2 * traceOf(cube) - trace(byTau, byPhi, q));
  const phiPhi = within.map((value, k) => (2 * value) / (phi * phi * phi) + 2 * cubeOmega[k]);
  out.phiPhi -= 0.5 * (traceOf(phiPhi) - trace(byPhi, byPhi, q));
  let logDeterminant = 0;
  for (let a = 0; a < q; a++) logDeterminant += 2 * Math.log(factor[a * q + a]);
  return 0.5 * (q * LOG_2PI - logDeterminant);
}

/** tr(AB). */
function trace(a: Float64Array, b: Float64Array, q: number): number {
  let sum = 0;
  for (let i = 0; i < q; i++) for (let j = 0; j < q; j++) sum += a[i * q + j] * b[j * q + i];
  return sum;
}

/** M^-1 A, from the factor of M. */
function solved(factor: Float64Array, a: Float64Array, q: number): Float64Array {
  const out = new Float64Array(q * q);
  const column = new Float64Array(q);
  for (let j = 0; j < q; j++) {
    for (let i = 0; i < q; i++) column[i] = a[i * q + j];
    choleskySolve(factor, q, column);
    for (let i = 0; i < q; i++) out[i * q + j] = column[i];
  }
  return out;
}
