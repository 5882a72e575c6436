// One cluster's intercept given the data as weighted nodes with their scores: expectations of any function, with derivatives.
import { type ClusterPosterior, ClusterPosteriors, COARSE } from './cluster-posterior.js';
import type { Integrand } from './integrand.js';
import { ExpectedDerivatives } from './moments.js';

/** The distribution of z given y_i at the integrand's parameters. */
export interface ClusterNodes {
  readonly posterior: ClusterPosterior;
  readonly z: Float64Array;
  /** Probabilities, of sum 1. */
  readonly weights: Float64Array;
  /** Complete-data scores in (beta, sigma, dispersion), node after node. */
  readonly scores: Float64Array;
  /** E[score], which is the score of the cluster's likelihood. */
  readonly meanScore: Float64Array;
}

class NodeScore extends ExpectedDerivatives {
  at(z: number): Float64Array {
    this.computeScore(z);
    return this.score;
  }
}

/** The nodes of cluster i, of an integrand whose parameters are set and whose sigma is above 0. */
export function clusterNodes(integrand: Integrand, i: number): ClusterNodes {
  const score = new NodeScore(integrand);
  const places: number[] = [];
  const masses: number[] = [];
  const scores: number[] = [];
  const posterior = new ClusterPosteriors(integrand).of(i, (z, mass, steps) => {
    if (steps % COARSE !== 0) return;
    places.push(z);
    masses.push(mass);
    scores.push(...score.at(z));
  });
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  const weights = Float64Array.from(masses, (mass) => mass / total);
  const meanScore = new Float64Array(score.size);
  for (let k = 0; k < weights.length; k++) {
    for (let a = 0; a < score.size; a++) meanScore[a] += weights[k] * scores[k * score.size + a];
  }
  return { posterior, z: Float64Array.from(places), weights, scores: Float64Array.from(scores), meanScore };
}

/** Adds Cov(h, score) to `out`: how E[h | y] moves as the distribution of z does, h held (h a value a node). */
export function addCovariance(nodes: ClusterNodes, h: Float64Array, mean: number, out: Float64Array): void {
  const { weights, scores, meanScore } = nodes;
  const size = meanScore.length;
  for (let k = 0; k < weights.length; k++) {
    const w = weights[k] * (h[k] - mean);
    for (let a = 0; a < size; a++) out[a] += w * (scores[k * size + a] - meanScore[a]);
  }
}
