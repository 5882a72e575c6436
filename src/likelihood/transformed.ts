// The certified rule for integrands with corners, polynomial tails or several modes: a trapezoid sum after a change of variable.
import { FIRST_STEP, lastMode, lineMaps } from './features.js';
import type { Integrand } from './integrand.js';
import type { LineMap } from './line-map.js';
import { findModes } from './modes.js';
import { highest } from './peak.js';
import type { ClusterIntegral, Collect } from './trapezoid.js';

/** Nodes go outwards until the transformed integrand has fallen by this many log units from its peak. */
const DROP = 38;
const MOST_HALVINGS = 10;
const MOST_NODES = 100_000;
/** What the levels are to agree on where nothing is asked: the finer one is then good to its square. */
const PLAIN_TOLERANCE = 1e-8;

/**
 * Integrates the selected cluster over z = z(q): equal steps in q, about all modes at once, on the whole line or on both
 * sides of a corner at 0. The transformed integrand is analytic and falls at least exponentially, so that the sums
 * converge geometrically. Levels are added until they agree within `tolerance`; nodes of earlier levels are kept.
 * Where the nodes run out the error is infinite.
 */
export function integrateTransformed(
  integrand: Integrand,
  moments: Collect,
  start: number,
  tolerance: number,
  out: ClusterIntegral,
): void {
  const modes = findModes(integrand, start);
  const peak = highest(modes);
  const maps = lineMaps(integrand, modes);
  const anchors = maps.map((map) => map.anchor(peak.z));
  let top = Number.NEGATIVE_INFINITY;
  let highestScore = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let nodes = 0;
  let step = FIRST_STEP;
  moments?.reset();

  /** One node; false where the integrand has fallen for good in the direction of the walk. */
  const visit = (map: LineMap, q: number, toward: number, last: number): boolean => {
    map.locate(q);
    const { z, slope } = map;
    if (!(slope > 0 && Number.isFinite(z) && slope < Number.POSITIVE_INFINITY)) return false;
    const value = (moments ? integrand.evaluate(z) : integrand.value(z)) - peak.value + Math.log(slope);
    let score = Number.NEGATIVE_INFINITY;
    nodes++;
    if (value > -745) {
      const weight = Math.exp(value);
      sum += weight;
      if (moments) {
        moments.add(z, weight);
        // Far out the score may outgrow the falling density.
        const { scoreSum, curvatureSum } = integrand;
        score = value + Math.log1p(z * z * (scoreSum * scoreSum + Math.abs(curvatureSum)));
      }
    }
    if (value > top) top = value;
    if (score > highestScore) highestScore = score;
    return value > top - DROP || score > highestScore - DROP || toward * z < last;
  };
  const walk = (map: LineMap, anchor: number, direction: number, offset: number): void => {
    const toward = map.side < 0 ? -direction : direction;
    const last = lastMode(modes, map, toward);
    map.rewind();
    for (let k = offset; nodes < MOST_NODES; k++) {
      if (!visit(map, anchor + direction * k * step, toward, last)) return;
    }
  };

  maps.forEach((map, side) => {
    walk(map, anchors[side], 1, 0);
    walk(map, anchors[side], -1, 1);
  });
  let logIntegral = peak.value + Math.log(sum * step);
  let error = Number.POSITIVE_INFINITY;
  const wanted = Math.min(tolerance, PLAIN_TOLERANCE);
  for (let level = 0; level < MOST_HALVINGS && nodes < MOST_NODES; level++) {
    const coarse = logIntegral;
    maps.forEach((map, side) => {
      walk(map, anchors[side], 1, 0.5);
      walk(map, anchors[side], -1, 0.5);
    });
    step /= 2;
    logIntegral = peak.value + Math.log(sum * step);
    error = nodes < MOST_NODES ? Math.abs(logIntegral - coarse) : Number.POSITIVE_INFINITY;
    if (error < wanted) break;
  }
  const corner = integrand.effect.kink;
  out.logIntegral = logIntegral;
  out.error = tolerance < Number.POSITIVE_INFINITY ? error : 0;
  out.nodes = nodes;
  out.mode = peak.z;
  out.modeSd = peak.width;
  // At a corner there is no curvature to go by.
  out.laplace = corner ? Number.NaN : peak.value + Math.log(peak.width) + 0.5 * Math.log(2 * Math.PI);
}
