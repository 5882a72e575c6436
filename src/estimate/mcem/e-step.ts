// What an E-step is: draws of every cluster's intercept, weighted to its posterior at the current parameters.
import { GlmmcError } from '../../../samplers/errors.js';
import { rng, type Stream } from '../../../samplers/rng.js';
import type { Integrand } from '../../likelihood/integrand.js';
import { findPeak } from '../../likelihood/peak.js';
import type { Finding } from '../../model/finding.js';
import type { Model } from '../../model/model.js';

/** Draws of one cluster's z (eps = sigma z). */
export interface ClusterDraws {
  /** Room for the points, and for the log density they were drawn from up to a constant: weights are target / that. */
  readonly z: Float64Array;
  readonly logProposal: Float64Array;
  /** Mode of the integrand and the width of the hill there (curvature sd where it is smooth), found before the call. */
  readonly mode: number;
  readonly spread: number;
  /** As many replicates as the E-step asked for; 0 without. */
  readonly replicates: number;
}

/** How an E-step draws. A person's own fits `mcem({ eStep })` by these three members. */
export interface EStep {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Draws are a Markov chain: their error is judged by batch means. */
  readonly dependent: boolean;
  /**
   * Draws have unequal weights even at the parameters that they were made at: their self-normalised means are biased by
   * O(1 / M), which what averages few draws over many steps cannot take. False where absent.
   */
  readonly weighted?: boolean;
  /**
   * Draws in independent replicates, each a whole estimate: how many, for a model of so many parameters. A cluster's
   * draws are then laid out replicate after replicate, all of one length, and the scatter of the replicates' estimates
   * is the Monte Carlo error. Absent where single draws (or a chain's batches) tell the error.
   */
  replicates?(parameters: number): number;
  /**
   * Points are quadrature nodes, without Monte Carlo error: how many a cluster needs at the integrand's parameters.
   * Absent where the number is for the Monte Carlo error to say.
   */
  nodes?(integrand: Integrand): number;
  /** Throws before the fit starts where the E-step cannot serve the model. */
  check?(model: Model): void;
  /**
   * Fills `draws` for the integrand's selected cluster. `last` is that cluster's last point of the previous E-step
   * (NaN at first), from which a chain may go on. Returns the fraction of proposals accepted (1 without rejection).
   */
  draw(integrand: Integrand, stream: Stream, draws: ClusterDraws, last: number): number;
  /**
   * What exp(logProposal) has to be multiplied by to be a density in z, as a log, for the selected cluster; `spread` as it
   * was in `draw`. Left out where it is not known: then there is no log-likelihood by importance sampling.
   */
  logNormalizer?(integrand: Integrand, spread: number): number;
}

/** Clusters that share a stream of random numbers; a block may be drawn by itself, in any order. */
const BLOCK = 256;

/** The draws of all clusters, M = perCluster of each, cluster after cluster. */
export class DrawSet {
  readonly perCluster: number;
  readonly dependent: boolean;
  /** Independent replicates that each cluster's draws consist of; 0 where there are none. */
  readonly replicates: number;
  /** Quadrature nodes rather than draws. */
  readonly exact: boolean;
  readonly z: Float64Array;
  readonly logProposal: Float64Array;
  readonly mode: Float64Array;
  readonly spread: Float64Array;
  acceptance = 0;

  constructor(clusters: number, perCluster: number, dependent: boolean, replicates = 0, exact = false) {
    this.perCluster = perCluster;
    this.dependent = dependent;
    this.replicates = replicates;
    this.exact = exact;
    this.z = new Float64Array(clusters * perCluster);
    this.logProposal = new Float64Array(clusters * perCluster);
    this.mode = new Float64Array(clusters);
    this.spread = new Float64Array(clusters);
  }

  /** Cluster i's part of an array laid out as the draws are. */
  of(array: Float64Array, i: number): Float64Array {
    return array.subarray(i * this.perCluster, (i + 1) * this.perCluster);
  }
}

/**
 * Draws `perCluster` points of every cluster (or a few more, to fill the replicates) at the integrand's parameters;
 * `round` names the random numbers.
 */
export function drawAll(
  eStep: EStep,
  integrand: Integrand,
  perCluster: number,
  seed: number | string,
  round: number,
  previous: DrawSet | undefined,
): DrawSet {
  const m = integrand.clusters.count;
  const parameters = integrand.clusters.columns + (integrand.outcome.dispersionDerivatives ? 2 : 1);
  const replicates = eStep.replicates?.(parameters) ?? 0;
  const count = eStep.nodes?.(integrand) ?? perCluster;
  const filled = replicates > 0 ? replicates * Math.ceil(count / replicates) : count;
  const set = new DrawSet(m, filled, eStep.dependent, replicates, eStep.nodes !== undefined);
  const root = rng(seed).stream('mcem').stream(`round:${round}`);
  let stream = root;
  for (let i = 0; i < m; i++) {
    if (i % BLOCK === 0) stream = root.stream(`block:${i / BLOCK}`);
    integrand.select(i);
    const { z: mode, width } = findPeak(integrand, previous?.mode[i] ?? 0);
    set.mode[i] = mode;
    set.spread[i] = width;
    const last = previous ? previous.z[(i + 1) * previous.perCluster - 1] : Number.NaN;
    const draws = {
      z: set.of(set.z, i),
      logProposal: set.of(set.logProposal, i),
      mode,
      spread: set.spread[i],
      replicates,
    };
    set.acceptance += eStep.draw(integrand, stream, draws, last) / m;
    requireFinite(eStep, draws.z);
  }
  return set;
}

/** Drawing has failed in the middle of a fit, whose strategy says so in a finding: nothing numerical throws past fit(). */
export class DrawingFailed extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(finding.message);
    this.finding = finding;
  }
}

/** What `work` returns, or why its drawing failed. */
export function drawOrTrouble<T>(work: () => T): { readonly drawn: T } | { readonly trouble: Finding } {
  try {
    return { drawn: work() };
  } catch (error) {
    if (error instanceof DrawingFailed) return { trouble: error.finding };
    throw error;
  }
}

/** @throws GlmmcError `bad-e-step` */
function requireFinite({ name }: EStep, z: Float64Array): void {
  for (let k = 0; k < z.length; k++) {
    if (Number.isFinite(z[k])) continue;
    throw new GlmmcError(
      'bad-e-step',
      `the E-step '${name}' should fill z with finite draws, found ${z[k]} at place ${k} of ${z.length}; see EStep`,
    );
  }
}
