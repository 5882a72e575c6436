// The conditional distribution of one cluster's z given the data, on a grid: moments, quantiles, and how its mean moves.
import type { Integrand } from '../likelihood/integrand.js';
import { findMode } from '../likelihood/mode.js';
import { ExpectedDerivatives } from '../likelihood/moments.js';

/** The grid ends where the density has fallen by this many log units from its peak. */
const DROP = 36;
/** Steps per curvature sd, fine enough that the cubic between two nodes is good to 1e-8 of a probability. */
const STEPS_PER_SD = 12;
/** How far below the mode, in curvature sds, the distances z - origin > 0 are taken from. */
const ORIGIN = 10;

/** z given y_i at fixed parameters, where eps = sigma z. */
export interface ClusterPosterior {
  readonly mode: number;
  /** 1 / sqrt(-curvature of the log density at the mode). */
  readonly modeSd: number;
  readonly mean: number;
  readonly sd: number;
  /** d mean / d (beta, sigma, dispersion). */
  readonly slope: Float64Array;
  /** The z below which lies the probability p. */
  quantile(p: number): number;
}

/** A point of the grid: the density there (1 at the mode) and its slope. */
interface Node {
  readonly z: number;
  readonly density: number;
  readonly slope: number;
}

/**
 * Works on an integrand whose parameters are set. The density and its slope are exact at the nodes; sums over them
 * converge geometrically (METHODS section 5), and between two nodes the density is the cubic through both.
 */
export class ClusterPosteriors {
  private readonly integrand: Integrand;
  /** E[D], D the complete-data score, under the density p(z) and under the tilted one (z - origin) p(z). */
  private readonly plain: ExpectedDerivatives;
  private readonly tilted: ExpectedDerivatives;

  constructor(integrand: Integrand) {
    this.integrand = integrand;
    this.plain = new ExpectedDerivatives(integrand);
    this.tilted = new ExpectedDerivatives(integrand);
  }

  of(cluster: number): ClusterPosterior {
    const { integrand, plain, tilted } = this;
    integrand.select(cluster);
    const mode = findMode(integrand, 0);
    const peak = integrand.evaluate(mode);
    const modeSd = 1 / Math.sqrt(-integrand.curvature);
    const step = Math.min(modeSd, (2 * integrand.outcome.step) / integrand.sigma) / STEPS_PER_SD;
    const origin = mode - ORIGIN * modeSd;
    plain.reset();
    tilted.reset();
    const walk = (from: number, direction: number): Node[] => {
      const nodes: Node[] = [];
      for (let k = from; ; k++) {
        const z = mode + direction * k * step;
        const density = Math.exp(integrand.evaluate(z) - peak);
        if (!(density > Math.exp(-DROP))) return nodes;
        nodes.push({ z, density, slope: density * integrand.gradient });
        plain.add(z, density);
        tilted.add(z, density * (z - origin));
      }
    };
    const nodes = [...walk(1, -1).reverse(), ...walk(0, 1)];

    const shift = average(nodes, (z) => z - mode);
    const variance = average(nodes, (z) => (z - mode - shift) ** 2);
    // d E[z] = Cov(z, D) = E[(z - origin) D] - E[z - origin] E[D], by differentiating int z e^l / int e^l.
    const score = new Float64Array(plain.size);
    const tiltedScore = new Float64Array(plain.size);
    plain.addScore(1, score);
    tilted.addScore(1, tiltedScore);
    return {
      mode,
      modeSd,
      mean: mode + shift,
      sd: Math.sqrt(variance),
      slope: score.map((value, a) => (mode + shift - origin) * (tiltedScore[a] - value)),
      quantile: (p) => quantile(nodes, step, p),
    };
  }
}

function average(nodes: readonly Node[], of: (z: number) => number): number {
  let sum = 0;
  let total = 0;
  for (const { z, density } of nodes) {
    sum += density * of(z);
    total += density;
  }
  return sum / total;
}

function quantile(nodes: readonly Node[], step: number, p: number): number {
  const parts = nodes.slice(1).map((node, k) => partOfStep(nodes[k], node, step, 1));
  let wanted = p * parts.reduce((sum, part) => sum + part, 0);
  const k = parts.findIndex((part) => {
    if (wanted <= part) return true;
    wanted -= part;
    return false;
  });
  if (k < 0) return nodes[nodes.length - 1].z;
  let low = 0;
  let high = 1;
  for (let halving = 0; halving < 50; halving++) {
    const middle = (low + high) / 2;
    if (partOfStep(nodes[k], nodes[k + 1], step, middle) < wanted) low = middle;
    else high = middle;
  }
  return nodes[k].z + low * step;
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
