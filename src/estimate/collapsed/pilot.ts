// Before the chains: the proposal, how well it does, the quadrature rule that is fine enough, and which kernel to run.
import type { Stream } from '../../../samplers/rng.js';
import type { Rule } from '../../likelihood/sweep.js';
import type { MarginalPosterior } from '../marginal-posterior.js';
import { lowerFactor, type ProfileNode, profileLogSigma } from '../quadrature-posterior/profile.js';
import { Proposal } from '../quadrature-posterior/proposal.js';
import { ImportanceSample } from './importance.js';

/** Points of the proposal that tell how well it does. */
const POINTS = 200;
/** At so many of them each rule is held against the finest. */
const COMPARED = 40;
const COARSE: readonly Rule[] = [{ kind: 'rough' }, { kind: 'medium' }];
/** Part of the Monte Carlo error (1 / sqrt of the number of draws) that the rule may put in. */
const PART = 0.02;

export interface Pilot {
  readonly proposal: Proposal;
  /** What the proposal is made of. */
  readonly nodes: readonly ProfileNode[];
  /** Points proposed, by the plain rule. */
  readonly sample: ImportanceSample;
  /** Expected acceptance of independence steps in equilibrium. */
  readonly acceptance: number;
  /** Lower Cholesky factor of random-walk steps: 2.38 / sqrt(d) posterior sds (Roberts and Rosenthal 2001). */
  readonly walk: Float64Array;
  readonly rule: RuleChoice;
}

/** A rule, and how far its log density was off the plain rule's, but for a constant, at the pilot's points. */
export interface RuleChoice {
  readonly rule: Rule;
  readonly error: number;
  /** The constant: what the rule's log density lacks on average. */
  readonly shift: number;
}

/**
 * @param posterior by the plain rule
 * @param withRule the same posterior by another
 * @param draws how many draws the chains are to keep together
 */
export async function runPilot(
  posterior: MarginalPosterior,
  withRule: (rule: Rule) => MarginalPosterior,
  draws: number,
  stream: Stream,
  pause: () => Promise<void> | undefined,
): Promise<Pilot> {
  const d = posterior.dimension;
  const at = posterior.space.free.indexOf(posterior.space.model.coefficientNames.length);
  const nodes = await profileLogSigma(posterior, pause);
  const proposal = new Proposal(nodes, at, d);
  const sample = new ImportanceSample(posterior);
  await proposeInto(sample, posterior, proposal, d === 0 ? 1 : POINTS, stream, pause);
  const walk = lowerFactor(sample.covariance(), d).map((entry) => (2.38 / Math.sqrt(d)) * entry);
  const rule = chooseRule(posterior, withRule, sample, PART / Math.sqrt(draws));
  return { proposal, nodes, sample, acceptance: sample.acceptance(), walk, rule };
}

/** Adds points of the proposal to the sample until it has `count`. */
export async function proposeInto(
  sample: ImportanceSample,
  posterior: MarginalPosterior,
  proposal: Proposal,
  count: number,
  stream: Stream,
  pause: () => Promise<void> | undefined,
): Promise<void> {
  const point = new Float64Array(posterior.dimension);
  while (sample.count < count) {
    proposal.draw(stream, point);
    sample.add(point, posterior.value(point) - proposal.logDensity);
    const paused = pause();
    if (paused) await paused;
  }
}

/**
 * The coarsest rule whose log density is off by less than `allowed`, but for a constant. If |error| <= delta the
 * distribution sampled is within (e^(2 delta) - 1) / 2, near delta, of the posterior in total variation.
 */
function chooseRule(
  posterior: MarginalPosterior,
  withRule: (rule: Rule) => MarginalPosterior,
  sample: ImportanceSample,
  allowed: number,
): RuleChoice {
  const weights = sample.weights();
  // Points that the posterior hardly visits say nothing of the error where it matters.
  const points = Array.from(weights.keys()).filter((k) => weights[k] > 0.01 / weights.length);
  const compared = points.slice(0, COMPARED).map((k) => sample.point(k));
  const exact = compared.map((point) => posterior.value(point));
  for (const rule of COARSE) {
    const coarse = withRule(rule);
    const lacks = compared.map((point, k) => exact[k] - coarse.value(point));
    const least = lacks.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const most = lacks.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const error = (most - least) / 2;
    if (error <= allowed) return { rule, error, shift: (least + most) / 2 };
  }
  return { rule: { kind: 'plain' }, error: 0, shift: 0 };
}
