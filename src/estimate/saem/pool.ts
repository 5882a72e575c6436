// The draws that SAEM remembers, with their weights, in bounded memory.
import { DrawSet } from '../mcem/e-step.js';
import type { WeighedDraws } from '../mcem/weigh.js';

/** Points a cluster that are kept before they are made fewer. */
const MOST_POINTS = 160;
/** So many neighbours become two. */
const GROUP = 4;

/**
 * The stochastic approximation of Q, Q <- Q + gamma (Q~ - Q), as a weighted sample: where the complete data have no
 * sufficient statistic (a logit's coefficients) the draws themselves are kept, each with what is left of its weight.
 * Beyond MOST_POINTS a cluster's points are sorted and each four neighbours are replaced by two with the same mass,
 * mean and variance, so that sigma's statistic is kept exactly and smooth functions to the third order of their distance.
 */
export class Pool {
  private readonly clusters: number;
  private z: Float64Array[];
  private weights: Float64Array[];

  constructor(clusters: number) {
    this.clusters = clusters;
    this.z = Array.from({ length: clusters }, () => new Float64Array(0));
    this.weights = this.z;
  }

  /** Adds draws with their normalised weights; what there was keeps 1 - gamma. */
  add(set: DrawSet, weights: Float64Array, gamma: number): void {
    const keep = gamma < 1;
    this.z = this.z.map((old, i) => joined(keep ? old : old.subarray(0, 0), set.of(set.z, i), 1, 1));
    this.weights = this.weights.map((old, i) =>
      joined(keep ? old : old.subarray(0, 0), set.of(weights, i), 1 - gamma, gamma),
    );
    if (this.z[0].length > MOST_POINTS) this.compress();
  }

  /** Multiplies every z: where sigma has changed, the intercepts sigma z that were drawn stay what they were. */
  scale(factor: number): void {
    for (const z of this.z) for (let k = 0; k < z.length; k++) z[k] *= factor;
  }

  private compress(): void {
    for (let i = 0; i < this.clusters; i++) {
      const [z, weights] = [this.z[i], this.weights[i]];
      const order = Array.from(z.keys()).sort((a, b) => z[a] - z[b]);
      const size = 2 * Math.ceil(order.length / GROUP);
      const [places, masses] = [new Float64Array(size), new Float64Array(size)];
      for (let g = 0; g < size / 2; g++) {
        const group = order.slice(g * GROUP, (g + 1) * GROUP);
        let mass = 0;
        let mean = 0;
        for (const k of group) {
          mass += weights[k];
          mean += weights[k] * z[k];
        }
        mean = mass > 0 ? mean / mass : z[group[0]];
        let variance = 0;
        for (const k of group) variance += weights[k] * (z[k] - mean) ** 2;
        const spread = mass > 0 ? Math.sqrt(variance / mass) : 0;
        places.set([mean - spread, mean + spread], 2 * g);
        masses.fill(mass / 2, 2 * g, 2 * g + 2);
      }
      this.z[i] = places;
      this.weights[i] = masses;
    }
  }

  /** The pool as the M-step takes it. */
  weighed(): WeighedDraws {
    const perCluster = this.z[0].length;
    const set = new DrawSet(this.clusters, perCluster, false);
    const base = new Float64Array(set.z.length);
    this.z.forEach((z, i) => {
      set.z.set(z, i * perCluster);
      base.set(this.weights[i], i * perCluster);
    });
    const nothing = new Float64Array(set.z.length);
    return {
      set,
      logTarget: nothing,
      slope: nothing,
      base,
      calibrated: base.slice(),
      smallestEss: Number.NaN,
    };
  }
}

function joined(a: Float64Array, b: Float64Array, scaleA: number, scaleB: number): Float64Array {
  const out = new Float64Array(a.length + b.length);
  for (let k = 0; k < a.length; k++) out[k] = scaleA * a[k];
  for (let k = 0; k < b.length; k++) out[a.length + k] = scaleB * b[k];
  return out;
}
