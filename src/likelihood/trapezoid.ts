// The certified rule: a trapezoid sum about the mode, refined by halving until two levels agree.
import { integrateAtZero } from './at-zero.js';
import { isHill } from './features.js';
import type { Integrand } from './integrand.js';
import { findMode } from './mode.js';
import type { LouisMoments } from './moments.js';
import { sumOverPoints } from './point-masses.js';
import { integrateTransformed } from './transformed.js';

/** Nodes go outwards until the integrand has fallen by this many log units from its peak. */
const DROP = 45;
const MOST_HALVINGS = 12;
/**
 * A side this long is given up: the integrand falls within its curvature sd at the mode and is flat beyond, where a change
 * of variable needs fewer nodes.
 */
const MOST_NODES = 1000;

export interface ClusterIntegral {
  /** log of the integral, without the cluster's constant. */
  logIntegral: number;
  /** |difference| of the last two levels; 0 where only one was computed. */
  error: number;
  nodes: number;
  mode: number;
  /** Curvature sd of z at the mode. */
  modeSd: number;
  /** The Laplace approximation of logIntegral. */
  laplace: number;
}

/** Which derivatives the moments are to collect. */
export type Collect = LouisMoments | undefined;

/** So many steps in half a curvature sd cost more than a change of variable. */
const LONG_WALK = 200;
/** Exponential tails of eps this much wider than the outcome's structure take more steps than a change of variable. */
const WIDE = 1.5;

/**
 * Integrates the selected cluster by the rule that its shape asks for: the plain trapezoid for smooth log-concave
 * integrands whose tails end soon, a change of variable for the rest, no integral at all where sigma = 0.
 * With a finite `tolerance` levels are added until |difference| < tolerance.
 */
export function integrateCluster(
  integrand: Integrand,
  moments: Collect,
  start: number,
  tolerance: number,
  out: ClusterIntegral,
): void {
  const { effect, sigma } = integrand;
  if (sigma === 0 && effect.name !== 'normal' && integrateAtZero(integrand, moments, out)) return;
  if (effect.points) {
    sumOverPoints(integrand, moments, out);
    return;
  }
  const short = effect.tails === 'normal' || (effect.tails === 'exponential' && sigma < WIDE);
  if (isHill(integrand) && !effect.kink && short) {
    integratePlain(integrand, moments, start, tolerance, out);
  } else integrateTransformed(integrand, moments, start, tolerance, out);
}

/**
 * The plain trapezoid in z. The step is fixed a priori by the curvature at the mode and by the poles of the family and of
 * the effect (their `step`); for these analytic, fast-decaying integrands the sum then converges geometrically.
 * Nodes of earlier levels are kept.
 */
function integratePlain(
  integrand: Integrand,
  moments: Collect,
  start: number,
  tolerance: number,
  out: ClusterIntegral,
): void {
  const { effect, outcome, sigma } = integrand;
  const mode = findMode(integrand, start);
  const peak = integrand.evaluate(mode);
  // Where the integrand is flat the curvature may round to 0.
  const modeSd = integrand.curvature < 0 ? 1 / Math.sqrt(-integrand.curvature) : Number.POSITIVE_INFINITY;
  let step = Math.min(0.5 * modeSd, outcome.step / Math.max(sigma, 1e-300), effect.step(sigma));
  if (0.5 * modeSd > LONG_WALK * step) {
    integrateTransformed(integrand, moments, mode, tolerance, out);
    return;
  }
  moments?.reset();
  moments?.add(mode, 1);
  let sum = 1;
  let nodes = 1;
  // One side of one level: nodes mode + sign (offset + k) step, until the integrand has dropped.
  const walk = (sign: number, offset: number): void => {
    for (let k = offset; k < MOST_NODES; k++) {
      const z = mode + sign * k * step;
      const value = (moments ? integrand.evaluate(z) : integrand.value(z)) - peak;
      if (!(value > -DROP)) return;
      const weight = Math.exp(value);
      moments?.add(z, weight);
      sum += weight;
      nodes++;
    }
    sum = Number.NaN;
  };
  walk(1, 1);
  walk(-1, 1);
  if (Number.isNaN(sum)) {
    integrateTransformed(integrand, moments, mode, tolerance, out);
    return;
  }
  let logIntegral = peak + Math.log(sum * step);
  let error = 0;
  if (tolerance < Number.POSITIVE_INFINITY) {
    for (let level = 0; level < MOST_HALVINGS; level++) {
      const coarse = logIntegral;
      walk(1, 0.5);
      walk(-1, 0.5);
      step /= 2;
      logIntegral = peak + Math.log(sum * step);
      error = Math.abs(logIntegral - coarse);
      if (error < tolerance) break;
    }
  }
  out.logIntegral = logIntegral;
  out.error = error;
  out.nodes = nodes;
  out.mode = mode;
  out.modeSd = modeSd;
  out.laplace = peak + Math.log(modeSd) + 0.5 * Math.log(2 * Math.PI);
}
