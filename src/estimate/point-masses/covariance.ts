// Standard errors of coefficients, sigma and dispersion where places and masses are estimated too (delta method).
import { invertSymmetric } from '../../numeric/cholesky.js';
import type { FreeMasses } from './free-masses.js';
import type { MixturePoint } from './mixture.js';

/** A Hessian in (beta, sigma, dispersion) whose inverse is their covariance under the full model, places and masses free. */
export function standInHessian(coordinates: FreeMasses, point: MixturePoint, p: number): Float64Array {
  const { mixture, freeBeta } = coordinates;
  const { places, masses } = point;
  const { hessian, gradient } = coordinates.evaluate(point);
  const size = gradient.length;
  const names = p + 1 + (mixture.hasDispersion ? 1 : 0);
  const out = new Float64Array(names * names).fill(Number.NaN);
  const covariance = invertSymmetric(
    hessian.map((h) => -h),
    size,
  );
  if (!covariance) return out;
  const k = places.length;
  const jacobian = coordinates.jacobian(point);
  const variance = places.reduce((sum, place, j) => sum + masses[j] * place * place, 0);
  const sigma = Math.sqrt(variance);
  const rows = freeBeta.map((j) => ({ at: j, slope: jacobian.subarray(j * size, (j + 1) * size) }));
  const ofSigma = new Float64Array(size);
  for (let j = 0; j < k; j++) {
    for (let a = 0; a < size; a++) {
      ofSigma[a] += ((masses[j] * places[j]) / sigma) * jacobian[(p + j) * size + a];
      ofSigma[a] +=
        ((masses[j] * (places[j] * places[j] - variance)) / (2 * sigma)) * jacobian[(p + k + j) * size + a];
    }
  }
  rows.push({ at: p, slope: ofSigma });
  if (mixture.hasDispersion) rows.push({ at: p + 1, slope: jacobian.subarray(jacobian.length - size) });
  const n = rows.length;
  const joint = new Float64Array(n * n);
  rows.forEach(({ slope: left }, i) => {
    rows.forEach(({ slope: right }, l) => {
      for (let a = 0; a < size; a++) {
        for (let b = 0; b < size; b++) joint[i * n + l] += left[a] * covariance[a * size + b] * right[b];
      }
    });
  });
  const information = invertSymmetric(joint, n);
  if (!information) return out;
  rows.forEach(({ at: i }, a) => {
    rows.forEach(({ at: j }, b) => {
      out[i * names + j] = -information[a * n + b];
    });
  });
  return out;
}
