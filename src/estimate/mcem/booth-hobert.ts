// The Monte Carlo size of Booth and Hobert (1999): more draws where the step is lost in its own Monte Carlo error.
import * as v from 'valibot';
import { between, checkOptions, count, positive } from '../../../samplers/options.js';
import { chdtrc } from '../../../samplers/special.js';
import { choleskyInPlace, forwardSolve } from '../../numeric/cholesky.js';
import { dot } from '../../numeric/newton.js';
import { RelativeChange, type RelativeChangeOptions, relativeChangeOptions } from './relative-change.js';
import type { MonteCarloSize } from './size.js';
import type { StepError } from './step-error.js';

/** Options of `boothHobert()`. */
export interface BoothHobertOptions extends RelativeChangeOptions {
  /** Draws a cluster in the first E-step (default 100). */
  readonly draws?: number;
  /** The confidence ellipsoid has probability 1 - alpha (default 0.25). */
  readonly alpha?: number;
  /** Draws grow by 1/k of what they are (default 3). */
  readonly k?: number;
}

/**
 * The rule of confidence ellipsoids. Every step is taken. Where the previous parameters lie inside the confidence ellipsoid of the new ones, by the sandwich
 * covariance of the M-step, the step says nothing that its Monte Carlo error could not, and the next E-step has m/k more
 * draws. EM ends where the parameters' relative change stays small. Source: Booth and Hobert (1999), section 5, with their
 * alpha and k.
 * @throws GlmmcError `unknown-option`, `bad-option`
 */
export function boothHobert(options: BoothHobertOptions = {}): MonteCarloSize {
  const settings = checkOptions(
    'boothHobert()',
    {
      draws: v.optional(count(10), 100),
      alpha: v.optional(between(0, 1), 0.25),
      k: v.optional(positive(), 3),
      ...relativeChangeOptions,
    },
    options,
  );
  return {
    name: 'boothHobert',
    settings,
    byStepError: true,
    start() {
      const change = new RelativeChange(settings);
      return {
        first: settings.draws,
        decide({ draws, previous, proposed, stepError }) {
          const swamped = insideEllipsoid(stepError(), settings.alpha);
          return {
            decision: swamped ? 'taken, more draws' : 'taken',
            draws: swamped ? draws + Math.ceil(draws / settings.k) : draws,
            ended: change.ends(previous, proposed),
          };
        },
      };
    },
  };
}

/** Whether d' V^-1 d is below chi-square's upper `alpha` point; not so where V is singular, as without Monte Carlo error. */
export function insideEllipsoid({ change, covariance }: StepError, alpha: number): boolean {
  const factor = covariance.slice();
  const size = change.length;
  if (!choleskyInPlace(factor, size)) return false;
  const standardised = change.slice();
  forwardSolve(factor, size, standardised);
  return chdtrc(size, dot(standardised, standardised)) > alpha;
}
