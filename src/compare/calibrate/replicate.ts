// One fit to one simulated data set: what it says of every parameter, or why it says nothing.
import { GlmmcError } from '../../../samplers/errors.js';
import { type Fit, type FitOptions, fit, type Strategy } from '../../estimate/fit.js';
import { confint } from '../../inspect/confint.js';
import type { Model } from '../../model/model.js';

/** Levels of the intervals whose coverage is counted. */
export const LEVELS = [0.9, 0.95] as const;

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
    return { failure: [code], codes: [code], milliseconds: performance.now() - startedAt };
  }
  const { findings, milliseconds } = result;
  const codes = [...new Set(findings.map(({ code }) => code))];
  const failure = failureOf(result);
  return failure.length > 0
    ? { failure, codes, milliseconds }
    : { told: toldBy(result), failure, codes, milliseconds };
}

/** Errors among its findings; that it has not converged; a value that is not finite and of which nothing says why. */
function failureOf({ findings, converged, estimates }: Fit): string[] {
  const errors = findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);
  if (errors.length > 0) return [...new Set(errors)];
  if (!converged) {
    const warnings = findings.filter(({ severity }) => severity === 'warning').map(({ code }) => code);
    return ['not-converged', ...new Set(warnings)];
  }
  const known = findings.some(({ code }) => code === 'not-identified');
  return !known && estimates.some(({ value }) => !Number.isFinite(value)) ? ['not-finite'] : [];
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
