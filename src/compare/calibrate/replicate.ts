// One fit to one simulated data set: what it says of every parameter, or why it says nothing.
import { rhat } from '../../../samplers/diagnostics/rhat.js';
import { allChains } from '../../../samplers/draws.js';
import { GlmmcError } from '../../../samplers/errors.js';
import { hasConverged } from '../../estimate/diagnose.js';
import { type Fit, type FitOptions, fit, type Strategy } from '../../estimate/fit.js';
import { confint } from '../../inspect/confint.js';
import type { Model } from '../../model/model.js';

/** Levels of the intervals whose coverage is counted. */
export const LEVELS = [0.9, 0.95] as const;

/**
 * Chains that agree to this R-hat are counted, though they should to 1.01: their means and intervals are noisy, which is what a
 * study of the sampler with these settings is about. Gelman et al. (2013), section 11.4.
 */
export const USABLE_RHAT = 1.1;

/** What a fit says of one parameter. */
export interface Told {
  readonly value: number;
  /** 0 where held fixed, NaN where undefined. */
  readonly standardError: number;
  /** Lower and upper ends by `LEVELS`; NaN where there are none. */
  readonly intervals: readonly (readonly [lower: number, upper: number])[];
}

/** One strategy's answer in one replication. */
export interface Trial {
  /** In the order of the estimates; absent where it failed. */
  readonly told?: readonly Told[];
  /** Codes of the findings that made it fail. */
  readonly failure: readonly string[];
  /** It has not converged by its own word, and is told all the same: draws whose R-hat is above 1.01 and below `USABLE_RHAT`. */
  readonly unsettled: boolean;
  /** Codes of all its findings, each once. */
  readonly codes: readonly string[];
  readonly milliseconds: number;
}

/** Fits, and reports trouble as a failure; rejects with the signal's reason alone. */
export async function tryOut(model: Model, strategy: Strategy, options: FitOptions): Promise<Trial> {
  const startedAt = performance.now();
  let result: Fit;
  try {
    result = await fit(model, strategy, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    const code = error instanceof GlmmcError ? error.code : 'threw';
    return { failure: [code], unsettled: false, codes: [code], milliseconds: performance.now() - startedAt };
  }
  const { findings, milliseconds } = result;
  const codes = [...new Set(findings.map(({ code }) => code))];
  const unsettled = isUnsettled(result);
  const failure = failureOf(result, unsettled);
  return failure.length > 0
    ? { failure, unsettled: false, codes, milliseconds }
    : { told: toldBy(result), failure, unsettled, codes, milliseconds };
}

/** Errors among its findings; that it has not converged; a value that is not finite and of which nothing says why. */
function failureOf({ findings, converged, estimates }: Fit, unsettled: boolean): string[] {
  const errors = findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);
  if (errors.length > 0) return [...new Set(errors)];
  if (!converged && !unsettled) {
    const warnings = findings.filter(({ severity }) => severity === 'warning').map(({ code }) => code);
    return ['not-converged', ...new Set(warnings)];
  }
  const known = findings.some(({ code }) => code === 'not-identified');
  return !known && estimates.some(({ value }) => !Number.isFinite(value)) ? ['not-finite'] : [];
}

/** Whether R-hat alone speaks against the draws, and by little. */
function isUnsettled(result: Fit): boolean {
  if (result.kind !== 'posterior' || result.converged) return false;
  const against = result.findings.filter((finding) => !hasConverged([finding]));
  return (
    against.length > 0 &&
    against.every(
      ({ code, severity, where = [] }) =>
        code === 'rhat-high' &&
        severity !== 'error' &&
        where.every((name) => rhat(allChains(result.draws, name)) < USABLE_RHAT),
    )
  );
}

function toldBy(result: Fit): Told[] {
  const byLevel = LEVELS.map((level) => confint(result, { level }));
  return result.estimates.map(({ name, value, standardError }, k) => ({
    value,
    standardError,
    intervals: byLevel.map((rows) =>
      // What is held has no interval: it was not estimated.
      result.fixed.includes(name) ? [Number.NaN, Number.NaN] : [rows[k].lower, rows[k].upper],
    ),
  }));
}
