// The posterior by quadrature that draws are held against, computed once for each set of priors.
import type { Fit, PosteriorFit, Progress } from '../estimate/fit.js';
import type { FixedParameters } from '../estimate/parameter-space.js';
import {
  type QuadraturePosterior,
  type QuadraturePosteriorOptions,
  quadraturePosterior,
} from '../estimate/quadrature-posterior.js';
import type { Finding } from '../model/finding.js';
import { posteriorReference, type Reference } from './reference.js';

/** Error of the yardstick in posterior standard deviations: well below that of any usual number of draws. */
const REFERENCE_ERROR = 0.005;

/** An exact posterior, or why there is none. */
export interface Yardstick {
  readonly posterior?: QuadraturePosterior;
  readonly reference?: Reference;
  readonly findings: readonly Finding[];
}

/** The exact posterior of every posterior fit, computed once for each set of priors. */
export async function exactPosteriors(
  fits: readonly Fit[],
  options: {
    readonly seed: number | string;
    readonly fixed: FixedParameters | undefined;
    readonly signal: AbortSignal | undefined;
    readonly onProgress: ((progress: Progress) => void) | undefined;
  },
): Promise<Map<Fit, Yardstick>> {
  const { seed, fixed, signal, onProgress } = options;
  const byPriors = new Map<string, Yardstick>();
  const byFit = new Map<Fit, Yardstick>();
  for (const one of fits) {
    if (one.kind !== 'posterior') continue;
    const key = one.priors.text;
    let yardstick = byPriors.get(key);
    if (!yardstick) {
      onProgress?.({ stage: 'quadrature posterior', done: 0 });
      yardstick = await exactPosterior(one, {
        seed,
        error: REFERENCE_ERROR,
        ...(fixed && { fixed }),
        pause: async () => {
          await new Promise((resolve) => setTimeout(resolve, 0));
          signal?.throwIfAborted();
        },
      });
      signal?.throwIfAborted();
      byPriors.set(key, yardstick);
    }
    byFit.set(one, yardstick);
  }
  return byFit;
}

/** Trouble here must not lose the fits that are done: it becomes a finding of theirs. */
async function exactPosterior(fit: PosteriorFit, options: QuadraturePosteriorOptions): Promise<Yardstick> {
  try {
    const { model } = fit;
    const posterior = await quadraturePosterior(model, fit.priors.given, options);
    const findings = posterior.converged ? [] : [roughReference(posterior)];
    return { posterior, reference: posteriorReference(model, posterior), findings };
  } catch (error) {
    return { findings: [noReference(error instanceof Error ? error.message : String(error))] };
  }
}

function roughReference({ largestErrorRatio, k }: QuadraturePosterior): Finding {
  return {
    code: 'rough-reference',
    severity: 'warning',
    message: `The quadrature posterior is known to ${(100 * largestErrorRatio).toPrecision(2)}% of a standard deviation only (Pareto k ${k.toFixed(2)}).`,
    advice: 'Its error is part of |z|; tighter priors or centred covariates make it exact.',
  };
}

function noReference(reason: string): Finding {
  return {
    code: 'no-reference',
    severity: 'warning',
    message: `The quadrature posterior could not be computed, so nothing was compared: ${reason}`,
    advice: 'The diagnostics of the draws are all there is.',
  };
}
