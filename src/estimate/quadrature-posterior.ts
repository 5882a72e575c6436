// The posterior of (beta, sigma, dispersion) by importance-weighted quasi-Monte Carlo over the marginal posterior.
import * as v from 'valibot';
import { LARGEST_PARETO_K } from '../../samplers/diagnostics/pareto.js';
import { anySeed, checkOptions, count, positive } from '../../samplers/options.js';
import { rng } from '../../samplers/rng.js';
import { requireDensity } from '../likelihood/supported.js';
import { requireModel } from '../model/arguments.js';
import type { Model } from '../model/model.js';
import { fixedParameters } from './arguments.js';
import { DEFAULT_SEED } from './fit.js';
import { MarginalPosterior } from './marginal-posterior.js';
import { type FixedParameters, ParameterSpace } from './parameter-space.js';
import { type Priors, resolvePriors } from './priors.js';
import { profileLogSigma } from './quadrature-posterior/profile.js';
import { Proposal } from './quadrature-posterior/proposal.js';
import { WeightedSample } from './quadrature-posterior/weighted-sample.js';

/** One parameter under the exact posterior, with the errors of these numbers. */
export interface PosteriorParameter {
  readonly name: string;
  readonly mean: number;
  readonly sd: number;
  readonly q5: number;
  readonly q50: number;
  readonly q95: number;
  /** The 2.5% point. */
  readonly lower: number;
  /** The 97.5% point. */
  readonly upper: number;
  readonly meanError: number;
  readonly sdError: number;
  /** Errors of q5, q50, q95. */
  readonly quantileErrors: readonly [number, number, number];
}

/** What `quadraturePosterior()` gives: the posterior without draws, with the errors of its own numbers. */
export interface QuadraturePosterior {
  /** Coefficients in order, then `sigma`, then `dispersion` where the family has one. */
  readonly parameters: readonly PosteriorParameter[];
  /** log of the marginal likelihood of the model, prior and likelihood constants included. */
  readonly logEvidence: number;
  readonly logEvidenceError: number;
  /** Evaluations of the marginal posterior behind the answer. */
  readonly points: number;
  /** Effective sample size of the weights over the points; the smallest of the shifts. */
  readonly essFraction: number;
  /** Pareto k-hat of the weights: below 0.7 they can be trusted. */
  readonly k: number;
  /** Largest error of a mean or a standard deviation, in posterior standard deviations. */
  readonly largestErrorRatio: number;
  /** Whether that came below the error asked for. */
  readonly converged: boolean;
  /** The priors, in one line. */
  readonly priors: string;
  /**
   * The density of a parameter at the places `at`, smoothed by a normal kernel (with the bandwidth of draws, so that both are
   * smoothed alike). Not among the enumerable fields: everything else is plain data.
   * @throws GlmmcError `unknown-variable`
   */
  density(name: string, at: ArrayLike<number>, bandwidth: number): Float64Array;
}

/** Options of `quadraturePosterior()`. */
export interface QuadraturePosteriorOptions {
  readonly seed?: number | string;
  /** Largest error of a mean or a standard deviation, in posterior standard deviations (0.003). */
  readonly error?: number;
  /** Evaluations at which it stops even if the error is larger (65536), at least 4096. */
  readonly maxPoints?: number;
  readonly fixed?: FixedParameters;
  /** Called every 50 ms: lets other work in, or throws to stop. */
  readonly pause?: () => Promise<void>;
}

/** Independent random shifts of the point set, from whose differences the errors come. */
const SHIFTS = 16;
/** Points of each shift in the first round. */
const FIRST_POINTS = 256;

/**
 * Posterior means, standard deviations and quantiles by importance sampling: log sigma from its Laplace-approximated
 * density, the rest Student t about their mode given it, at the points of a randomly shifted lattice (16 shifts). The
 * intercepts are integrated out by the plain quadrature rule (error of the log density below 1e-9), so the errors reported, from the
 * differences between the shifts, are all there is. The lattice grows until these are below `error`. Deterministic given
 * the seed.
 * @throws GlmmcError `bad-model`, `unknown-option`, `bad-option`, `bad-fixed`, `unsupported-effect`; rejects with what
 *   `pause` throws
 */
export async function quadraturePosterior(
  model: Model,
  priors: Priors = {},
  options: QuadraturePosteriorOptions = {},
): Promise<QuadraturePosterior> {
  requireModel('quadraturePosterior()', model);
  const known = checkOptions(
    'quadraturePosterior()',
    {
      seed: v.optional(anySeed(), DEFAULT_SEED),
      error: v.optional(positive(), 0.003),
      maxPoints: v.optional(count(SHIFTS * FIRST_POINTS), 65536),
      fixed: v.optional(fixedParameters(), {}),
      pause: v.optional(v.custom<() => Promise<void>>((x) => typeof x === 'function', 'a function')),
    },
    options,
  );
  requireDensity('quadraturePosterior()', model);
  const space = new ParameterSpace(model, known.fixed);
  const posterior = new MarginalPosterior(space, resolvePriors(model, priors, known.fixed));
  const stream = rng(known.seed).stream('quadrature-posterior');
  const shifts = Array.from({ length: SHIFTS }, (_, r) => {
    const { uniform } = stream.stream(`shift:${r}`);
    return Float64Array.from({ length: posterior.dimension }, uniform);
  });
  const pause = pausing(known.pause);
  const nodes = await profileLogSigma(posterior, pause);
  const at = space.free.indexOf(model.coefficientNames.length);
  const proposal = new Proposal(nodes, at, posterior.dimension);
  let perShift = posterior.dimension === 0 ? 1 : FIRST_POINTS;
  const most = posterior.dimension === 0 ? 1 : 2 ** Math.floor(Math.log2(known.maxPoints / SHIFTS));
  for (;;) {
    const sample = new WeightedSample(posterior, shifts);
    await sample.fill(proposal, perShift, pause);
    const answer = sample.summarise();
    const done = answer.largestErrorRatio < known.error;
    if (done || perShift >= most) {
      const result = { ...answer, converged: done && !(answer.k > LARGEST_PARETO_K) };
      const density: QuadraturePosterior['density'] = (...place) => sample.density(...place);
      return Object.defineProperty(result, 'density', {
        value: density,
        enumerable: false,
      }) as QuadraturePosterior;
    }
    // The error falls a little faster than 1 / n.
    const growth = Math.log2(answer.largestErrorRatio / known.error) / 1.2;
    perShift = Math.min(most, perShift * 2 ** Math.max(1, Math.min(3, Math.ceil(growth) || 1)));
  }
}

/** Calls `pause` every 50 ms at most. */
export function pausing(pause: (() => Promise<void>) | undefined): () => Promise<void> | undefined {
  let next = performance.now() + 50;
  return () => {
    if (!pause || performance.now() < next) return undefined;
    return pause().then(() => {
      next = performance.now() + 50;
    });
  };
}
