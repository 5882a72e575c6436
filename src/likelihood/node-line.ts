// Equal steps along one cluster's change of variable, over all of its integrand that matters.
import { FIRST_STEP, lastMode, lineMaps } from './features.js';
import type { Integrand } from './integrand.js';
import type { LineMap } from './line-map.js';
import { findModes } from './modes.js';
import { highest } from './peak.js';

/** Nodes go outwards until the transformed integrand has fallen by this many log units from its peak. */
const DROP = 45;
/** Where the sums of two step sizes agree so well, that of the smaller is good to the square of it. */
const AGREE = 1e-8;
const MOST_HALVINGS = 8;
const MOST_STEPS = 20_000;

interface Stretch {
  readonly map: LineMap;
  readonly from: number;
  readonly to: number;
}

/**
 * The selected cluster's line, or both sides of a corner at 0: where nodes go and how many it takes to integrate to the
 * last digits by the trapezoid rule. To be used before the next cluster is selected.
 */
export class NodeLine {
  private readonly integrand: Integrand;
  private readonly stretches: readonly Stretch[];
  private readonly peak: number;

  constructor(integrand: Integrand, start: number) {
    this.integrand = integrand;
    const modes = findModes(integrand, start);
    const best = highest(modes);
    let top = best.value;
    this.peak = top;
    this.stretches = lineMaps(integrand, modes).map((map) => {
      const anchor = map.anchor(best.z);
      /** The q at which the integrand has fallen for good. */
      const end = (direction: number): number => {
        const toward = map.side < 0 ? -direction : direction;
        const last = lastMode(modes, map, toward);
        map.rewind();
        let q = anchor;
        for (let k = 1; k < MOST_STEPS; k++) {
          const value = this.logMass(map, anchor + direction * k * FIRST_STEP);
          if (value === Number.NEGATIVE_INFINITY) return q;
          q = anchor + direction * k * FIRST_STEP;
          top = Math.max(top, value);
          if (!(value > top - DROP || toward * map.z < last)) return q;
        }
        return q;
      };
      return { map, from: end(-1), to: end(1) };
    });
  }

  /** log of integrand times slope at q, where the map then stands; -Infinity where z or the slope overflow. */
  private logMass(map: LineMap, q: number): number {
    map.locate(q);
    const { z, slope } = map;
    if (!(slope > 0 && Number.isFinite(z) && slope < Number.POSITIVE_INFINITY))
      return Number.NEGATIVE_INFINITY;
    const value = this.integrand.value(z) + Math.log(slope);
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
  }

  /** Nodes that integrate to the last digits. */
  needed(): number {
    let step = FIRST_STEP;
    let sum = this.sum(step);
    for (let k = 0; k < MOST_HALVINGS; k++) {
      step /= 2;
      const finer = this.sum(step);
      if (Math.abs(finer - sum) < AGREE * finer) break;
      sum = finer;
    }
    return this.stretches.reduce((total, { from, to }) => total + 1 + Math.ceil((to - from) / step), 0);
  }

  private sum(step: number): number {
    let sum = 0;
    for (const { map, from, to } of this.stretches) {
      const count = 1 + Math.ceil((to - from) / step);
      const h = (to - from) / (count - 1);
      map.rewind();
      for (let k = 0; k < count; k++) sum += h * Math.exp(this.logMass(map, from + k * h) - this.peak);
    }
    return sum;
  }

  /** Fills `z` with as many nodes as there is room for (`needed()` at the least), `logWeight` with the logs of dz. */
  place(z: Float64Array, logWeight: Float64Array): void {
    const { stretches } = this;
    const length = stretches.reduce((total, { from, to }) => total + (to - from), 0);
    let next = 0;
    stretches.forEach(({ map, from, to }, index) => {
      const rest = z.length - next;
      const share = Math.floor(((z.length - 2 * stretches.length) * (to - from)) / length) + 2;
      const count = index === stretches.length - 1 ? rest : share;
      const h = (to - from) / (count - 1);
      map.rewind();
      for (let k = 0; k < count; k++) {
        map.locate(from + k * h);
        z[next] = map.z;
        logWeight[next++] = Math.log(map.slope * h);
      }
    });
  }
}
