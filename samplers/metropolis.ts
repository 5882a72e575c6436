// Random-walk Metropolis with a normal proposal, tuned in warm-up to the shape of the target.
import * as v from 'valibot';
import { CovarianceAdapter, ScaleAdapter } from './adapt.js';
import { affine, type Covariance, lowerFactor } from './gaussian.js';
import {
  type Adaptation,
  evaluate,
  type Info,
  initialState,
  type Kernel,
  type State,
  type Target,
  targetNames,
} from './kernel.js';
import { between, checkOptions, positive } from './options.js';
import type { Stream } from './rng.js';
import { exponential, fillNormal } from './variates.js';

/** Settings of `randomWalk`. */
export interface RandomWalkOptions {
  /** Factor on the proposal, > 0; default 2.38 / sqrt(dimension) (Gelman, Roberts, Gilks 1996). Tuned in warm-up. */
  readonly scale?: number;
  /** Shape of the proposal, d x d; default the identity. Learnt in warm-up where not given. */
  readonly covariance?: Covariance;
  /** Acceptance rate the scale is tuned to; default 0.44 in one dimension, 0.234 in five or more, between in between. */
  readonly acceptance?: number;
}

/**
 * Random-walk Metropolis: x' = x + scale L z, accepted with probability min(1, pi(x') / pi(x)).
 * In warm-up the scale follows the acceptance rate and, unless given, L the running covariance (Haario et al. 2001);
 * both are frozen before draws are kept.
 * @throws GlmmcError `bad-target`, `bad-option`, `unknown-option`; from steps `broken-density`
 */
export function randomWalk(target: Target, options: RandomWalkOptions = {}): Kernel {
  const variables = targetNames(target);
  const d = target.dimension;
  const settings = checkOptions(
    'randomWalk()',
    { scale: v.optional(positive()), covariance: v.optional(v.any()), acceptance: v.optional(between(0, 1)) },
    options,
  );
  const scale = settings.scale ?? 2.38 / Math.sqrt(d);
  const goal = settings.acceptance ?? 0.234 + (0.44 - 0.234) * Math.max(0, (5 - d) / 4);
  const given = options.covariance !== undefined;
  const lower = given ? lowerFactor('randomWalk()', options.covariance, d) : identity(d);
  return walk(target, variables, scale, lower, (warmup) =>
    tune(target, variables, scale, lower, goal, given ? 0 : warmup),
  );
}

function identity(d: number): Float64Array {
  const result = new Float64Array(d * d);
  for (let i = 0; i < d; i++) result[i * (d + 1)] = 1;
  return result;
}

/** The kernel at a fixed scale and factor. */
function walk(
  target: Target,
  variables: readonly string[],
  scale: number,
  lower: Float64Array,
  adapt?: (warmup: number) => Adaptation,
): Kernel {
  const step = metropolisStep(target);
  return {
    name: 'random walk',
    variables,
    dimension: target.dimension,
    init: (position) => initialState(target, position),
    step: (rng, state) => step(rng, state, scale, lower),
    ...(adapt && { adapt }),
  };
}

type Step = (rng: Stream, state: State, scale: number, lower: Float64Array) => readonly [State, Info];

/** One transition, with room of its own: only an accepted move takes memory. */
function metropolisStep(target: Target): Step {
  const z = new Float64Array(target.dimension);
  let proposal = new Float64Array(target.dimension);
  return (rng, state, scale, lower) => {
    fillNormal(rng, z);
    affine(state.position, lower, z, scale, proposal);
    const logDensity = evaluate(target, proposal);
    const logRatio = logDensity - state.logDensity;
    const acceptance = logRatio >= 0 ? 1 : Math.exp(logRatio);
    if (!(-exponential(rng) <= logRatio)) return [state, { accepted: false, acceptance }];
    const position = proposal;
    proposal = new Float64Array(target.dimension);
    return [
      { position, logDensity },
      { accepted: true, acceptance },
    ];
  };
}

/** Warm-up: the scale at every step; the shape anew at the end of windows that double in length, as Stan does. */
function tune(
  target: Target,
  variables: readonly string[],
  startScale: number,
  startLower: Float64Array,
  goal: number,
  learn: number,
): Adaptation {
  const d = target.dimension;
  const step = metropolisStep(target);
  const moments = new CovarianceAdapter(d);
  const shape = new Float64Array(d * d);
  let scale = new ScaleAdapter({ scale: startScale, target: goal });
  let lower = startLower;
  // The last tenth tunes the scale alone, to the shape that will be kept.
  const lastShape = Math.floor(0.9 * learn);
  let done = 0;
  let windowEnd = 20 + 5 * d;
  let windowLength = windowEnd;
  return {
    step(rng, state) {
      const result = step(rng, state, scale.scale, lower);
      scale.update(result[1].acceptance);
      done++;
      if (done <= lastShape) {
        moments.update(result[0].position);
        if (done === windowEnd || done === lastShape) {
          const learnt = shapeOf(moments, shape, d);
          // The new shape starts at the theoretical scale; the adapter then corrects it.
          if (learnt !== undefined) {
            lower = learnt;
            scale = new ScaleAdapter({ scale: 2.38 / Math.sqrt(d), target: goal });
          }
          moments.reset();
          windowLength *= 2;
          // Where a window twice as long again would not fit behind it, this one is the last.
          windowEnd = done + windowLength * 2 > lastShape ? lastShape : done + windowLength;
        }
      }
      return result;
    },
    frozen: () => walk(target, variables, scale.freeze(), lower),
  };
}

/** The factor of the running covariance, shrunk a little to a diagonal so that few draws give a proper one. */
function shapeOf(moments: CovarianceAdapter, out: Float64Array, d: number): Float64Array | undefined {
  const n = moments.count;
  if (n < 2 * d + 2) return undefined;
  moments.covariance(out);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) if (i !== j) out[i * d + j] *= n / (n + d + 5);
    if (!(out[i * (d + 1)] > 0)) return undefined;
  }
  return lowerFactor('randomWalk()', out, d);
}
