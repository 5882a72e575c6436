// Large data: a start from some of the clusters, then cheap steps on all of them by the curvature that those have shown.
import { LikelihoodPart } from '../likelihood/likelihood-part.js';
import type { MarginalLikelihood } from '../likelihood/marginal-likelihood.js';
import type { Rule } from '../likelihood/sweep.js';
import type { Parameters } from '../model/parameters.js';
import { dot, newtonStep } from '../numeric/newton.js';
import type { Iteration } from './maximum-likelihood.js';
import type { ParameterSpace } from './parameter-space.js';

/** Fewer distinct clusters than this are fitted at once. */
const LARGE = 5_000;
/** Of more, every tenth stands for the rest, and of many every k-th, so that this many are left. */
const PART = 4_000;
const TENTH = 10;

/** The likelihood of a part of the clusters, weighted up; undefined where the data are not large. */
export function largePart(likelihood: MarginalLikelihood): LikelihoodPart | undefined {
  const { count } = likelihood.distinctClusters;
  if (count < LARGE) return undefined;
  return new LikelihoodPart(likelihood, Math.max(TENTH, Math.floor(count / PART)));
}

/** Chord steps stop where the next would promise less than this: its length is then near 1e-4 standard errors. */
const ENOUGH = 1e-8;
const MOST_STEPS = 8;

/**
 * Newton's steps with the curvature of the part in place of the whole's (the chord method): each costs a gradient alone
 * and leaves about 1 / sqrt(clusters of the part) of the distance. Ends where that is not what happens; what remains is
 * for Newton's method proper.
 * @param hessian of the part at its maximum, in the free coordinates
 */
export async function chordSteps(
  likelihood: MarginalLikelihood,
  space: ParameterSpace,
  start: Parameters,
  hessian: Float64Array,
  onStep: (iteration: Iteration) => void,
  pause: () => Promise<void>,
): Promise<Parameters> {
  let point = space.pack(start);
  let lastGain = Number.POSITIVE_INFINITY;
  let rule: Rule = { kind: 'rough' };
  for (let k = 0; k < MOST_STEPS; k++) {
    await pause();
    const parameters = space.unpack(point, start);
    likelihood.evaluate(parameters, rule, 'gradient');
    const gradient = space.chainGradient(parameters, likelihood.gradient);
    const step = newtonStep(gradient, hessian);
    if (!step) break;
    const gain = 0.5 * dot(step, gradient);
    if (!(gain < 0.5 * lastGain)) break;
    point = point.map((value, a) => value + step[a]);
    onStep({ iteration: k + 1, objective: likelihood.logLik, parameters });
    // Gains shrink geometrically, so that the next one is foreseen once there have been two.
    if (Number.isFinite(lastGain) && gain * (gain / lastGain) < ENOUGH) break;
    lastGain = gain;
    rule = { kind: 'medium' };
  }
  return space.unpack(point, start);
}
