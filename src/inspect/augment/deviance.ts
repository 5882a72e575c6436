// Deviance residuals: the signed root of what a row's log-likelihood lacks to its largest value.
import type { Family } from '../../model/family.js';
import { halfDeviance, log1pMinus } from '../../numeric/deviance.js';

/** Half the unit deviance of a response with `trials` and mean `mu` (of one trial), by the family's name. */
const HALVES: Readonly<Record<string, (y: number, mu: number, trials: number, theta: number) => number>> = {
  binomial: (y, mu, trials) =>
    halfDeviance(y, trials, mu, Math.log(mu)) + halfDeviance(trials - y, trials, 1 - mu, Math.log1p(-mu)),
  poisson: (y, mu) => halfDeviance(y, mu, 1, 0),
  gaussian: (y, mu) => 0.5 * (y - mu) ** 2,
  // r - 1 - log r of r = y / mu.
  gamma: (y, mu) => -log1pMinus((y - mu) / mu),
  'negative-binomial': (y, mu, _trials, theta) =>
    (y > 0 ? y * Math.log(y / mu) : 0) - (y + theta) * Math.log1p((y - mu) / (mu + theta)),
};

/**
 * sign(y - trials mu) sqrt(weight d), d the unit deviance (McCullagh and Nelder 1989, section 2.3), not divided by the
 * dispersion; NaN for a custom family, whose largest log-likelihood nothing tells.
 */
export function devianceResidual(
  family: Family,
  y: number,
  mu: number,
  trials: number,
  weight: number,
  dispersion: number,
): number {
  const half = HALVES[family.name];
  if (!half) return Number.NaN;
  const theta = family.given?.theta ?? dispersion;
  return Math.sign(y - trials * mu) * Math.sqrt(Math.max(0, 2 * weight * half(y, mu, trials, theta)));
}
