// Independence Metropolis-Hastings: proposals from one normal or Student t, whatever the current state.
import * as v from 'valibot';
import { GlmmcError } from './errors.js';
import { affine, type Covariance, lowerFactor, mahalanobis } from './gaussian.js';
import { evaluate, initialState, type Kernel, type State, type Target, targetNames } from './kernel.js';
import { checkOptions } from './options.js';
import { exponential, fillNormal, gamma } from './variates.js';

/** Settings of `independence`. */
export interface IndependenceOptions {
  /** Centre of the proposal, length d; the mode is a good one. */
  readonly mean: ArrayLike<number>;
  /** Scale matrix of the proposal, d x d: the covariance for a normal, (df - 2) / df times it for Student t. */
  readonly covariance: Covariance;
  /** Degrees of freedom, > 0; default 7, whose tails lie over those of a near-normal target. Infinity is the normal. */
  readonly df?: number;
}

/** The state also keeps the log density of the proposal, so that a step evaluates one point. */
export interface IndependenceState extends State {
  readonly logProposal: number;
}

/**
 * Independence sampler: x' ~ t_df(mean, covariance), accepted with probability min(1, w(x') / w(x)), w = pi / q.
 * Good where the proposal covers the target; its weights are what `paretoK` judges.
 *
 * Source: Tierney (1994), section 2.3.2.
 * @throws GlmmcError `bad-target`, `bad-option`, `unknown-option`; from steps `broken-density`
 */
export function independence(target: Target, options: IndependenceOptions): Kernel<IndependenceState> {
  const variables = targetNames(target);
  const d = target.dimension;
  const degrees = 'a number > 0 or Infinity';
  const { df } = checkOptions(
    'independence()',
    {
      mean: v.any(),
      covariance: v.any(),
      df: v.optional(
        v.pipe(
          v.number(degrees),
          v.check((x) => x > 0, degrees),
        ),
        7,
      ),
    },
    options,
  );
  if (options.mean?.length !== d || !Array.from(options.mean).every(Number.isFinite)) {
    throw new GlmmcError('bad-option', `independence(): mean must be ${d} finite numbers`);
  }
  if (options.covariance === undefined) {
    throw new GlmmcError('bad-option', `independence(): covariance must be a ${d} x ${d} matrix, found none`);
  }
  const mean = Float64Array.from(options.mean);
  const lower = lowerFactor('independence()', options.covariance, d);
  const work = new Float64Array(d);
  let proposal = new Float64Array(d);
  const logKernel = (q: number): number =>
    df === Number.POSITIVE_INFINITY ? -0.5 * q : -0.5 * (df + d) * Math.log1p(q / df);
  const logProposalAt = (x: Float64Array): number => logKernel(mahalanobis(x, mean, lower, work));
  return {
    name: 'independence',
    variables,
    dimension: d,
    init(position) {
      const state = initialState(target, position);
      return { ...state, logProposal: logProposalAt(state.position) };
    },
    step(rng, state) {
      fillNormal(rng, work);
      const spread = df === Number.POSITIVE_INFINITY ? 1 : Math.sqrt(df / 2 / gamma(rng, df / 2));
      affine(mean, lower, work, spread, proposal);
      const logDensity = evaluate(target, proposal);
      const logProposal = logProposalAt(proposal);
      const logRatio = logDensity - logProposal - (state.logDensity - state.logProposal);
      const acceptance = logRatio >= 0 ? 1 : Math.exp(logRatio);
      if (!(-exponential(rng) <= logRatio)) return [state, { accepted: false, acceptance }];
      const position = proposal;
      proposal = new Float64Array(d);
      return [
        { position, logDensity, logProposal },
        { accepted: true, acceptance },
      ];
    },
  };
}
