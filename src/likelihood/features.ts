// Where one cluster's integrand has structure in z: what a change of variable has to follow.
import type { Integrand } from './integrand.js';
import { LineMap } from './line-map.js';

export interface Mode {
  readonly z: number;
  /** The log integrand there. */
  readonly value: number;
  /** Curvature sd, or the distance at which the integrand has fallen by half a log unit. */
  readonly width: number;
}

/** Steps of the change of variable before any halving; widths of features are in its units. */
export const FIRST_STEP = 0.25;
/** No structure of a density with its scale at 1 is taken to be wider. */
const WIDEST = 1.5;

const whole = new LineMap();
const left = new LineMap();
const right = new LineMap();
const WHOLE: readonly LineMap[] = [whole];
const HALVES: readonly LineMap[] = [left, right];

/** Whether the integrand is one smooth hill for sure. */
export function isHill({ outcome, effect }: Integrand): boolean {
  return outcome.logConcave && effect.logConcave;
}

/**
 * The changes of variable for the selected cluster, one for the whole line or one for each side of a corner at 0, with
 * the features of effect and outcome and these modes. They live until the next call.
 */
export function lineMaps(integrand: Integrand, modes: readonly Mode[]): readonly LineMap[] {
  const { effect, outcome, sigma, from, to } = integrand;
  const { eta } = integrand.rows;
  const features = modes.map(({ z, width }): readonly [number, number] => [z, width]);
  if (!effect.kink) {
    features.push([effect.center(sigma), Math.min(WIDEST, effect.step(sigma) / FIRST_STEP)]);
  }
  // A row's likelihood turns where its linear predictor is 0; beyond it may be flat, and only the effect falls.
  const unit = outcome.step / FIRST_STEP / sigma;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  if (Number.isFinite(unit)) {
    for (let r = from; r < to; r++) {
      low = Math.min(low, -eta[r] / sigma);
      high = Math.max(high, -eta[r] / sigma);
    }
    features.push([low, unit], [high, unit]);
  }
  features.sort((a, b) => a[1] - b[1]);
  const maps = effect.kink ? HALVES : WHOLE;
  for (const map of maps) {
    const side = effect.kink ? (map === left ? -1 : 1) : 0;
    const slope = side === 0 ? 0 : Math.abs(slopeBeside(integrand, side));
    map.reset(side, slope < Number.POSITIVE_INFINITY ? 1 / (1 + slope) : 1);
    for (const [z, width] of features) map.addFeature(z, width);
    if (high > low) map.addBox(low, high, unit);
    map.seal();
  }
  return maps;
}

/** Slope of the log integrand in z just beside a corner at 0. */
export function slopeBeside(integrand: Integrand, side: number): number {
  integrand.evaluate(side * Number.MIN_VALUE);
  return integrand.gradient;
}

/** How far a walk along `map` has to go for the last mode in the direction `toward` (of z): the largest toward * z. */
export function lastMode(modes: readonly Mode[], map: LineMap, toward: number): number {
  let last = Number.NEGATIVE_INFINITY;
  for (const { z } of modes) if (map.side * z >= 0) last = Math.max(last, toward * z);
  return last;
}
