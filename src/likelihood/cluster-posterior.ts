// The conditional distribution of one cluster's z given the data, on a grid: moments, quantiles, and how its mean moves.

import { placesAndMasses } from '../model/effects/point-masses.js';
import { FIRST_STEP, isHill, lastMode, lineMaps, type Mode } from './features.js';
import type { Integrand } from './integrand.js';
import type { LineMap } from './line-map.js';
import { findModes } from './modes.js';
import { ExpectedDerivatives } from './moments.js';
import { highest } from './peak.js';

/** The grid ends where the density has fallen by this many log units from its peak. */
const DROP = 36;
const NOTHING: number = Math.exp(-DROP);
/** Steps per curvature sd, fine enough that the cubic between two nodes is good to 1e-8 of a probability. */
const STEPS_PER_SD = 12;
/** More equal steps to a side are too many: the integrand is flat beyond its hill, and a change of variable takes over. */
const MOST_STEPS = 2000;
/** The same where a change of variable lays out the grid. */
const TRANSFORMED_STEP: number = FIRST_STEP / 8;
/** How far below the mode, in curvature sds, the distances z - origin > 0 are taken from. */
const ORIGIN = 10;

/** z given y_i at fixed parameters, where eps = sigma z. */
export interface ClusterPosterior {
  readonly mode: number;
  /** 1 / sqrt(-curvature of the log density at the mode). */
  readonly modeSd: number;
  /** NaN where z given y has no mean, and sd infinite where it has no variance: heavy tails on a flat likelihood. */
  readonly mean: number;
  readonly sd: number;
  /** d mean / d (beta, sigma, dispersion). */
  readonly slope: Float64Array;
  /** The z below which lies the probability p. */
  quantile(p: number): number;
}

/**
 * What is done at a node: z, its mass on any scale, and how many steps it is from the peak's. The steps are as fine as quantiles
 * need; for sums every `COARSE`-th node will do.
 */
export type Visit = (z: number, mass: number, steps: number) => void;
export const COARSE = 4;

/** A point of the grid, whose coordinate c grows with z in equal steps: densities are per unit of c. */
interface Node {
  readonly z: number;
  /** dz / dc */
  readonly stretch: number;
  readonly density: number;
  /** d density / dc */
  readonly slope: number;
}

/** Nodes in rising order on a stretch of the line; there are two where the density has a corner between them. */
interface Stretch {
  readonly nodes: Node[];
  readonly step: number;
}

/**
 * Works on an integrand whose parameters are set. The density and its slope are exact at the nodes; sums over them
 * converge geometrically, and between two nodes the density is the cubic through both.
 */
export class ClusterPosteriors {
  private readonly integrand: Integrand;
  /** E[D], D the complete-data score, under the density p(z) and under the tilted one (z - origin) p(z). */
  private readonly plain: ExpectedDerivatives;
  private readonly tilted: ExpectedDerivatives;
  private visit: Visit | undefined;

  constructor(integrand: Integrand) {
    this.integrand = integrand;
    this.plain = new ExpectedDerivatives(integrand);
    this.tilted = new ExpectedDerivatives(integrand);
  }

  /** @param visit called at every node of the sums, where the integrand was last evaluated */
  of(cluster: number, visit?: Visit): ClusterPosterior {
    const { integrand, plain, tilted } = this;
    this.visit = visit;
    integrand.select(cluster);
    if (integrand.effect.points) return this.ofPoints();
    const modes = findModes(integrand, 0);
    const peak = highest(modes);
    const origin = peak.z - ORIGIN * peak.width;
    plain.reset();
    tilted.reset();
    const { effect } = integrand;
    const step = Math.min(peak.width, (2 * integrand.outcome.step) / integrand.sigma) / STEPS_PER_SD;
    const uniform =
      isHill(integrand) && !effect.kink && effect.tails === 'normal' && this.ends(peak, MOST_STEPS * step);
    const stretches = uniform
      ? [this.uniformGrid(peak.z, peak.value, step, origin)]
      : lineMaps(integrand, modes).map((map) => this.transformedGrid(map, modes, peak, origin));
    const shift = average(stretches, (z) => z - peak.z);
    const variance = average(stretches, (z) => (z - peak.z - shift) ** 2);
    const exponent = effect.tails === 'polynomial' ? this.tailExponent(stretches) : Number.POSITIVE_INFINITY;
    const mean = exponent > 2.001 ? peak.z + shift : Number.NaN;
    return {
      mode: peak.z,
      modeSd: peak.width,
      mean,
      sd: exponent > 3.001 ? Math.sqrt(variance) : Number.POSITIVE_INFINITY,
      slope: this.slopeOfMean(mean - origin),
      quantile: (p) => quantile(stretches, p),
    };
  }

  /** The probabilities of the places: no density, so no curvature. */
  private ofPoints(): ClusterPosterior {
    const { integrand, plain, tilted } = this;
    const [places, masses] = placesAndMasses(integrand.shape!);
    const z = places.map((place) => place / integrand.sigma);
    const logs = z.map((at, j) => Math.log(masses[j]) + integrand.value(at));
    const top = logs.reduce((a, b) => Math.max(a, b));
    const weights = logs.map((value) => Math.exp(value - top));
    const total = weights.reduce((sum, w) => sum + w, 0);
    const mode = z[logs.indexOf(top)];
    const mean = z.reduce((sum, at, j) => sum + (weights[j] / total) * at, 0);
    const variance = z.reduce((sum, at, j) => sum + (weights[j] / total) * (at - mean) ** 2, 0);
    const origin = z[0] - 1;
    plain.reset();
    tilted.reset();
    z.forEach((at, j) => {
      if (!(weights[j] > 0)) return;
      integrand.evaluate(at);
      plain.add(at, weights[j]);
      tilted.add(at, weights[j] * (at - origin));
      this.visit?.(at, weights[j], 0);
    });
    return {
      mode,
      modeSd: Number.NaN,
      mean,
      sd: Math.sqrt(variance),
      slope: this.slopeOfMean(mean - origin),
      quantile(p) {
        let rest = p * total;
        const j = weights.findIndex((weight) => {
          rest -= weight;
          return rest <= 0;
        });
        return z[j < 0 ? z.length - 1 : j];
      },
    };
  }

  /** d E[z] = Cov(z, D) = E[(z - origin) D] - E[z - origin] E[D], by differentiating int z e^l / int e^l. */
  private slopeOfMean(distance: number): Float64Array {
    const { plain, tilted } = this;
    const score = new Float64Array(plain.size);
    const tiltedScore = new Float64Array(plain.size);
    plain.addScore(1, score);
    tilted.addScore(1, tiltedScore);
    return score.map((value, a) => distance * (tiltedScore[a] - value));
  }

  /** Whether the hill is over so far on both sides. */
  private ends({ z, value }: Mode, distance: number): boolean {
    const { integrand } = this;
    return Math.max(integrand.value(z - distance), integrand.value(z + distance)) - value < -DROP;
  }

  /** Equal steps in z. */
  private uniformGrid(mode: number, peak: number, step: number, origin: number): Stretch {
    const { integrand } = this;
    const walk = (from: number, direction: number): Node[] => {
      const nodes: Node[] = [];
      for (let k = from; ; k++) {
        const z = mode + direction * k * step;
        const density = Math.exp(integrand.evaluate(z) - peak);
        if (!(density > NOTHING)) return nodes;
        nodes.push({ z, stretch: 1, density, slope: density * integrand.gradient });
        this.collect(z, density, step, origin, k);
      }
    };
    return { nodes: [...walk(1, -1).reverse(), ...walk(0, 1)], step };
  }

  /** Equal steps in the variable of a map, outwards from the peak past all modes. */
  private transformedGrid(map: LineMap, modes: readonly Mode[], peak: Mode, origin: number): Stretch {
    const { integrand } = this;
    const anchor = map.anchor(peak.z);
    const side = map.side < 0 ? -1 : 1;
    let top = 0;
    const walk = (from: number, direction: number): Node[] => {
      const nodes: Node[] = [];
      const toward = side * direction;
      const last = lastMode(modes, map, toward);
      map.rewind();
      for (let k = from; ; k++) {
        map.locate(anchor + direction * k * TRANSFORMED_STEP);
        const { z, slope, bend } = map;
        const density = Math.exp(integrand.evaluate(z) - peak.value) * slope;
        top = Math.max(top, density);
        // Second moments fall more slowly than the density; where there are none, not at all.
        const spread = density * (1 + (z - peak.z) ** 2);
        const matters = density > top * NOTHING || (spread > top * NOTHING && density > top * NOTHING ** 2);
        if (!matters && !(toward * z < last)) return nodes;
        const gradient = density > 0 ? integrand.gradient : 0;
        const bent = density > 0 ? (side * density * bend) / slope : 0;
        nodes.push({ z, stretch: slope, density, slope: density * gradient * slope + bent });
        if (density > 0) this.collect(z, density, TRANSFORMED_STEP, origin, k);
      }
    };
    const outwards = walk(0, 1);
    const inwards = walk(1, -1);
    const nodes = side > 0 ? [...inwards.reverse(), ...outwards] : [...outwards.reverse(), ...inwards];
    return { nodes, step: TRANSFORMED_STEP };
  }

  private collect(z: number, density: number, step: number, origin: number, steps: number): void {
    this.plain.add(z, density * step);
    this.tilted.add(z, density * step * (z - origin));
    this.visit?.(z, density * step, steps);
  }

  /** The power by which the density of z falls at the end where it falls more slowly. */
  private tailExponent(stretches: readonly Stretch[]): number {
    const { integrand } = this;
    const exponent = ({ z }: Node): number => {
      integrand.evaluate(z);
      return Math.abs(z * integrand.gradient);
    };
    return Math.min(exponent(stretches[0].nodes[0]), exponent(stretches.at(-1)!.nodes.at(-1)!));
  }
}

function average(stretches: readonly Stretch[], of: (z: number) => number): number {
  let sum = 0;
  let total = 0;
  for (const { nodes, step } of stretches) {
    for (const { z, density } of nodes) {
      // Far out, where the density is 0, z^2 may overflow.
      if (density === 0) continue;
      sum += step * density * of(z);
      total += step * density;
    }
  }
  return sum / total;
}

function quantile(stretches: readonly Stretch[], p: number): number {
  const parts = stretches.flatMap(({ nodes, step }) =>
    nodes.slice(1).map((to, k) => ({ from: nodes[k], to, step, mass: partOfStep(nodes[k], to, step, 1) })),
  );
  let wanted = p * parts.reduce((sum, { mass }) => sum + mass, 0);
  const part = parts.find(({ mass }) => {
    if (wanted <= mass) return true;
    wanted -= mass;
    return false;
  });
  if (!part) return parts[parts.length - 1].to.z;
  const { from, to, step } = part;
  let low = 0;
  let high = 1;
  for (let halving = 0; halving < 50; halving++) {
    const middle = (low + high) / 2;
    if (partOfStep(from, to, step, middle) < wanted) low = middle;
    else high = middle;
  }
  // The cubic of z through both nodes, which is the straight line where steps are equal in z.
  const t = low;
  const rest = 1 - t;
  return (
    from.z * (1 + 2 * t) * rest * rest +
    to.z * (3 - 2 * t) * t * t +
    step * t * rest * (from.stretch * rest - to.stretch * t)
  );
}

/** Integral of the density's Hermite cubic over the first fraction t of the step between two nodes. */
function partOfStep(from: Node, to: Node, step: number, t: number): number {
  const t2 = t * t;
  const t3 = t2 * t;
  const t4 = t2 * t2;
  return (
    step *
    (from.density * (t4 / 2 - t3 + t) +
      to.density * (t3 - t4 / 2) +
      step * from.slope * (t4 / 4 - (2 * t3) / 3 + t2 / 2) +
      step * to.slope * (t4 / 4 - t3 / 3))
  );
}
