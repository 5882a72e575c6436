// All modes of one cluster's integrand, where it need not be one smooth hill.

import { FIRST_STEP, isHill, lineMaps, type Mode, slopeBeside } from './features.js';
import type { Integrand } from './integrand.js';
import type { LineMap } from './line-map.js';
import { findMode } from './mode.js';

/** A side is searched until the integrand has fallen this far below its best, beyond all features. */
const DROP = 40;
const BEYOND = 1;
const MOST_STEPS = 2000;
const MOST_REFINEMENTS = 100;
const MOST_PEAK_STEPS = 30;
/** In units of the mode's width. */
const SMALL_STEP = 1e-8;

/**
 * All modes, in no particular order. A hill's only mode is climbed to from `start`. Otherwise the line is walked over in
 * steps that follow the structure of effect and outcome, on which the slope of the log integrand tells of every mode
 * between two points, however narrow: the log has its structure at the scale of one row's. Never empty.
 */
export function findModes(integrand: Integrand, start: number): Mode[] {
  const { effect } = integrand;
  if (effect.kink) {
    const up = slopeBeside(integrand, 1);
    const down = slopeBeside(integrand, -1);
    if (isHill(integrand)) {
      if (up <= 0 && down >= 0) return [modeAt(integrand, 0)];
      return [modeAt(integrand, climbBeside(integrand, up > 0 ? 1 : -1))];
    }
    const modes = lineMaps(integrand, likelihoodPeak(integrand)).flatMap((map) => modesAlong(integrand, map));
    if (up <= 0 && down >= 0) modes.push(modeAt(integrand, 0));
    return modes.length > 0 ? modes : [modeAt(integrand, 0)];
  }
  if (isHill(integrand)) return [modeAt(integrand, findMode(integrand, start))];
  const modes = modesAlong(integrand, lineMaps(integrand, likelihoodPeak(integrand))[0]);
  return modes.length > 0 ? modes : [modeAt(integrand, effect.center(integrand.sigma))];
}

/** The mode on one side of a corner, where the slope beside the corner leads up to it. */
function climbBeside(integrand: Integrand, side: number): number {
  let inner = 0;
  let outer = side;
  for (let step = 0; step < MOST_REFINEMENTS; step++) {
    integrand.evaluate(outer);
    if (!(side * integrand.gradient > 0)) break;
    inner = outer;
    outer *= 4;
  }
  return side > 0 ? refine(integrand, inner, outer) : refine(integrand, outer, inner);
}

/**
 * Where the likelihood alone is highest, if Newton from 0 finds that: with polynomial tails a mode of the integrand may
 * be near it beyond a wide and deep valley.
 */
function likelihoodPeak(integrand: Integrand): Mode[] {
  const { sigma } = integrand;
  let z = 0;
  for (let step = 0; step < MOST_PEAK_STEPS; step++) {
    const value = integrand.evaluate(z);
    const { scoreSum, curvatureSum } = integrand;
    if (!(curvatureSum < 0)) return [];
    const move = -scoreSum / curvatureSum / sigma;
    z += move;
    const width = 1 / (sigma * Math.sqrt(-curvatureSum));
    if (!Number.isFinite(z)) return [];
    if (Math.abs(move) < width) return [{ z, value, width }];
  }
  return [];
}

function modesAlong(integrand: Integrand, map: LineMap): Mode[] {
  const modes: Mode[] = [];
  const side = map.side === 0 ? 1 : map.side;
  const start = map.anchor(map.side === 0 ? integrand.effect.center(integrand.sigma) : 0);
  map.rewind();
  map.locate(start);
  const { z } = map;
  const best = { value: integrand.evaluate(z) };
  const slope = uphill(integrand, z);
  for (const direction of [1, -1]) {
    map.rewind();
    let previousZ = z;
    let previous = slope;
    for (let k = 1; k <= MOST_STEPS; k++) {
      const q = start + direction * k * FIRST_STEP;
      map.locate(q);
      const next = map.z;
      if (!Number.isFinite(next) || !(map.slope > 0)) break;
      const value = integrand.evaluate(next);
      const here = uphill(integrand, next);
      // In the direction of z, which for a half-line to the left runs against q.
      const toward = side * direction;
      if (previous === toward && here === -toward) {
        modes.push(
          modeAt(
            integrand,
            toward > 0 ? refine(integrand, previousZ, next) : refine(integrand, next, previousZ),
          ),
        );
      }
      if (value > best.value) best.value = value;
      previous = here;
      previousZ = next;
      const past =
        direction > 0
          ? q > map.last + BEYOND
          : q < map.first - BEYOND || (map.side !== 0 && Math.abs(next) < 1e-12);
      if (past && here === -toward && !(value > best.value - DROP)) break;
      if (map.side !== 0 && direction < 0 && next === 0) break;
    }
  }
  return modes;
}

/** The side of z on which the integrand is higher; that of 0 where it overflows. */
function uphill({ gradient }: Integrand, z: number): number {
  if (Number.isNaN(gradient)) return z < 0 ? 1 : -1;
  return gradient > 0 ? 1 : -1;
}

/** The mode between two points, uphill to the right at `low` and to the left at `high`. */
function refine(integrand: Integrand, low: number, high: number): number {
  let left = low;
  let right = high;
  let z = 0.5 * (left + right);
  let lastMove = Number.POSITIVE_INFINITY;
  for (let step = 0; step < MOST_REFINEMENTS; step++) {
    integrand.evaluate(z);
    const { gradient, curvature } = integrand;
    if (uphill(integrand, z) > 0) left = z;
    else right = z;
    let next = z - gradient / curvature;
    const small = Math.abs(next - z) * Math.sqrt(-curvature) < SMALL_STEP;
    const inside = curvature < 0 && next > left && next < right;
    if (inside && small) return next;
    if (!inside || Math.abs(next - z) > 0.5 * lastMove) next = 0.5 * (left + right);
    if (next === z || !(right - left > 4e-16 * Math.abs(z))) return z;
    lastMove = Math.abs(next - z);
    z = next;
  }
  return z;
}

function modeAt(integrand: Integrand, z: number): Mode {
  const value = integrand.evaluate(z);
  const { curvature } = integrand;
  const smooth = curvature < 0 && !(integrand.effect.kink && z === 0);
  return { z, value, width: smooth ? 1 / Math.sqrt(-curvature) : halfDrop(integrand, z, value) };
}

/** The mean distance on both sides at which the integrand has fallen by half a log unit, to a part in a thousand. */
function halfDrop(integrand: Integrand, z: number, value: number): number {
  let sum = 0;
  for (const side of [-1, 1]) {
    const fallen = (distance: number): boolean => !(integrand.value(z + side * distance) > value - 0.5);
    let inner = 0;
    let outer = 1;
    while (!fallen(outer) && outer < 1e9) {
      inner = outer;
      outer *= 2;
    }
    for (let step = 0; step < 60 && outer - inner > 1e-3 * outer; step++) {
      const middle = 0.5 * (inner + outer);
      if (fallen(middle)) outer = middle;
      else inner = middle;
    }
    sum += outer;
  }
  return 0.5 * sum;
}
