// The supremum of one cluster's likelihood over its intercept.
import type { Integrand } from './integrand.js';

/** Doublings of the reach: 2^60 units of z, where everything has its limit. */
const MOST_DOUBLINGS = 60;
const MOST_BISECTIONS = 100;

/**
 * sup over eps of log f(y_i | eps) for the selected cluster of a family whose likelihood is log-concave in eps, without the
 * cluster's constant. Where the likelihood rises for ever (all trials successes) it is the limit.
 */
export function likelihoodSupremum(integrand: Integrand): number {
  const { effect, sigma } = integrand;
  let highest = Number.NEGATIVE_INFINITY;
  /** The side of z on which the likelihood is higher; 0 where it is flat. */
  const uphill = (z: number): number => {
    const value = integrand.evaluate(z) - effect.logDensity(z, sigma);
    if (value > highest) highest = value;
    const { scoreSum } = integrand;
    return Number.isNaN(scoreSum) ? -Math.sign(z) : Math.sign(scoreSum);
  };
  const side = uphill(0);
  if (side === 0) return highest;
  let inner = 0;
  let outer = side / sigma;
  for (let k = 0; uphill(outer) === side; k++) {
    if (k === MOST_DOUBLINGS) return highest;
    inner = outer;
    outer *= 2;
  }
  for (let k = 0; k < MOST_BISECTIONS; k++) {
    const middle = 0.5 * (inner + outer);
    if (middle === inner || middle === outer) break;
    if (uphill(middle) === side) inner = middle;
    else outer = middle;
  }
  return highest;
}
