// Whether the likelihood rises as the intercepts begin to vary: its slope in sigma^2 at sigma = 0.
import type { Searchable } from '../likelihood/likelihood-part.js';
import type { Parameters } from '../model/parameters.js';
import { predictorUnit } from '../model/predictor-unit.js';

/** sigma of the differences, in units of the linear predictor: their error is near its fourth power. */
const STEP = 0.01;
/** Of l over such a step; its square is the relative error. */
const MOST_CHANGE = 1e-4;

/**
 * d l / d sigma^2 at `atZero`, where sigma is 0. For most F half of the second derivative in sigma, which is exact:
 * Var(z) / 2 sum_i {(sum_j s_ij)^2 + sum_j d s_ij / d eta} for F symmetric about 0 (l is then even in sigma), and the same
 * with E[eps] for log-gamma. Where the density of z has no limit (bridge) by extrapolated differences in sigma^2.
 * NaN where z has no variance (Student t with df <= 2): l then moves as sigma^df, and its slope in sigma^2 is infinite.
 */
export function slopeInVariance(likelihood: Searchable, atZero: Parameters): number {
  const { model, size } = likelihood;
  const { randomEffect } = model;
  const k = model.coefficientNames.length;
  if (randomEffect.smoothAtZero) {
    likelihood.evaluate(atZero, { kind: 'plain' }, true);
    return 0.5 * likelihood.hessian[k * size + k];
  }
  if (!Number.isFinite(randomEffect.standardDeviation({ ...atZero, sigma: 1 }))) return Number.NaN;
  const rule = { kind: 'certified', tolerance: 1e-12 } as const;
  const base = likelihood.evaluate(atZero, rule, false);
  const quotient = (sigma: number): number =>
    (likelihood.evaluate({ ...atZero, sigma }, rule, false) - base) / (sigma * sigma);
  let step = STEP * predictorUnit(model, atZero);
  // Rare large intercepts may gain so much that l bends early.
  while (Math.abs(quotient(step)) * step * step > MOST_CHANGE && step > 1e-6) step *= 0.3;
  // The quotient is linear in sigma^2 up to the next power.
  return 2 * quotient(step) - quotient(Math.SQRT2 * step);
}
