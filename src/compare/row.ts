// One strategy held against the reference: differences, Monte Carlo z, and the verdict with its reason.
import { sd } from '../../samplers/diagnostics/descriptive.js';
import { essBulk } from '../../samplers/diagnostics/ess.js';
import { mcseSd } from '../../samplers/diagnostics/mcse.js';
import { allChains } from '../../samplers/draws.js';
import { GlmmcError } from '../../samplers/errors.js';
import { digitsFor } from '../../samplers/text.js';
import type { Estimate, Fit, PosteriorFit } from '../estimate/fit.js';
import { marginal } from '../likelihood/marginal.js';
import { type Finding, someOf } from '../model/finding.js';
import type { Reference } from './reference.js';

/** What `compare()` says of a strategy; the rule stands there. */
export type Verdict = 'agrees' | 'approximate' | 'failed';

/** Arrays are in the order of `estimates`. */
export interface ComparisonRow {
  /** The strategy's name, numbered where several share it. */
  readonly strategy: string;
  /** Empty where the strategy gave no fit. */
  readonly estimates: readonly Estimate[];
  /** Certified marginal log-likelihood at the estimate, or at the posterior mean. */
  readonly logLik: number;
  /** Less that at the reference. */
  readonly deltaLogLik: number;
  /** (value - reference) in the reference's standard errors; NaN where these are undefined and the values differ. */
  readonly standardizedDifference: readonly number[];
  /** (value - reference) in the fit's own Monte Carlo errors; 0 where deterministic. */
  readonly monteCarloZ: readonly number[];
  /** The same in the errors of fit and reference together, which the verdict and the table go by. */
  readonly jointZ: readonly number[];
  /** `jointZ` of posterior standard deviations; draws only. */
  readonly spreadZ?: readonly number[];
  /** Smallest bulk effective sample size of a parameter, a second of the whole run; draws only. */
  readonly essPerSecond?: number;
  readonly milliseconds: number;
  readonly verdict: Verdict;
  /** Those of the fit, and the reason for a verdict other than `agrees`. */
  readonly findings: readonly Finding[];
  /** The fit itself. */
  readonly fit?: Fit;
}

/** Rules of the verdict. */
export const LARGEST_Z = 4;
export const LARGEST_DIFFERENCE = 0.05;
export const LARGEST_GAP = 0.01;
export const LARGEST_ERROR = 0.1;

/**
 * Compares a fit with its reference. Without one (it could not be computed: `extra` says why) nothing is verified, so
 * the best verdict is `approximate`.
 */
export function compareFit(
  strategy: string,
  fit: Fit,
  reference: Reference | undefined,
  extra: readonly Finding[] = [],
): ComparisonRow {
  const logLik = fit.kind === 'likelihood' ? fit.logLik : marginal(fit.model, fit.parameters).logLik;
  const against = (of: (estimate: Estimate, k: number) => number): number[] =>
    fit.estimates.map((estimate, k) => (reference ? of(estimate, k) : Number.NaN));
  const values = reference?.values ?? [];
  const standardizedDifference = against(({ value }, k) =>
    ratio(value - values[k].value, values[k].standardError),
  );
  const distances = (error: (own: number, k: number) => number): number[] =>
    against(({ value, monteCarloError: own }, k) =>
      own === 0 ? 0 : ratio(value - values[k].value, error(own, k)),
    );
  const draws = fit.kind === 'posterior' ? ofDraws(fit, reference) : {};
  const measured = {
    strategy,
    estimates: fit.estimates,
    logLik,
    deltaLogLik: logLik - (reference?.logLik ?? Number.NaN),
    standardizedDifference,
    monteCarloZ: distances((own) => own),
    jointZ: distances((own, k) => Math.hypot(own, values[k].error)),
    ...draws,
    milliseconds: fit.milliseconds,
    fit,
  };
  const { verdict, reason } = judge(measured, fit, reference);
  return { ...measured, verdict, findings: [...fit.findings, ...extra, ...(reason ? [reason] : [])] };
}

/** The row of a strategy that threw. */
export function failedRow(strategy: string, error: unknown, milliseconds: number): ComparisonRow {
  const finding: Finding = {
    code: error instanceof GlmmcError ? error.code : 'threw',
    severity: 'error',
    message: error instanceof Error ? error.message : String(error),
    advice: 'The strategy gave no fit.',
  };
  return {
    strategy,
    estimates: [],
    logLik: Number.NaN,
    deltaLogLik: Number.NaN,
    standardizedDifference: [],
    monteCarloZ: [],
    jointZ: [],
    milliseconds,
    verdict: 'failed',
    findings: [finding],
  };
}

/** The largest |x|, NaN left out; 0 where nothing is left. */
export function largest(values: readonly number[]): number {
  return values.reduce((most, x) => (Math.abs(x) > most ? Math.abs(x) : most), 0);
}

/** Largest |z| of the row, standard deviations included. */
export function largestZ(row: Pick<ComparisonRow, 'jointZ' | 'spreadZ'>): number {
  return largest([...row.jointZ, ...(row.spreadZ ?? [])]);
}

/** Equal values are 0 apart whatever the unit, which a parameter held fixed has not. */
function ratio(difference: number, unit: number): number {
  return difference === 0 ? 0 : difference / unit;
}

function ofDraws(
  fit: PosteriorFit,
  reference: Reference | undefined,
): Pick<Required<ComparisonRow>, 'spreadZ' | 'essPerSecond'> {
  const free = fit.estimates.filter(({ standardError }) => standardError !== 0);
  const ess = free.map(({ name }) => essBulk(allChains(fit.draws, name)));
  const spreadZ = fit.estimates.map(({ name, standardError }, k) => {
    const target = reference?.values[k];
    if (!target) return Number.NaN;
    if (standardError === 0) return ratio(standardError - target.standardError, 0);
    const chains = allChains(fit.draws, name);
    const spread = sd(Float64Array.from(chains.flatMap((chain) => [...chain])));
    return ratio(spread - target.standardError, Math.hypot(mcseSd(chains), target.standardErrorError));
  });
  return { spreadZ, essPerSecond: Math.min(...ess) / (fit.milliseconds / 1000) };
}

type Measured = Omit<ComparisonRow, 'verdict' | 'findings'>;

/**
 * `failed`: not converged, an error finding, a value that is not finite, or a |z| of at least 4.
 * `approximate`: without Monte Carlo error, an estimate more than 0.05 standard errors from the reference; for a
 * likelihood fit, a log-likelihood that differs by more than 0.01; or a Monte Carlo error above a tenth of a standard
 * error, from which agreement would prove little; or parameters that are not identified. `agrees`: everything else.
 */
function judge(
  row: Measured,
  fit: Fit,
  reference: Reference | undefined,
): { verdict: Verdict; reason?: Finding } {
  const broken = fit.findings.some(({ severity }) => severity === 'error');
  const missing = fit.findings.find(({ code }) => code === 'not-identified')?.where ?? [];
  const without = (name: string): boolean => missing.length > 0 && [...missing, 'sigma'].includes(name);
  const infinite = row.estimates.find(({ name, value }) => !Number.isFinite(value) && !without(name));
  if (infinite) return failed(`${infinite.name} is ${infinite.value}.`);
  if (broken) return { verdict: 'failed' };
  if (!fit.converged) return failed('The fit says that it has not converged.');
  if (!reference) return { verdict: 'approximate' };

  const z = largestZ(row);
  if (z >= LARGEST_Z) {
    const k = row.jointZ.findIndex((x) => Math.abs(x) === z);
    const s = row.spreadZ?.findIndex((x) => Math.abs(x) === z) ?? -1;
    const what = k >= 0 ? row.estimates[k].name : `The posterior sd of ${row.estimates[s].name}`;
    return failed(`${what} is ${z.toFixed(1)} Monte Carlo errors from the reference.`);
  }
  const reasons: string[] = [];
  if (missing.length > 0) reasons.push(`it has no estimate of ${someOf([...missing, 'sigma'])}`);
  const difference = largest(row.standardizedDifference);
  const deterministic = row.estimates.every(({ monteCarloError }) => monteCarloError === 0);
  if (deterministic && difference > LARGEST_DIFFERENCE) {
    const k = row.standardizedDifference.findIndex((x) => Math.abs(x) === difference);
    const { name, value } = row.estimates[k];
    reasons.push(
      difference === Infinity
        ? `${name} is ${digitsFor(value, 0)}, and the reference holds it at ${reference.values[k].value}`
        : `${name} is ${difference.toPrecision(2)} standard errors from the reference`,
    );
  }
  if (fit.kind === 'likelihood' && missing.length === 0 && !(Math.abs(row.deltaLogLik) <= LARGEST_GAP)) {
    reasons.push(`its log-likelihood differs from the reference's by ${row.deltaLogLik.toPrecision(2)}`);
  }
  const noise = row.estimates.map(({ monteCarloError, standardError }, k) =>
    ratio(monteCarloError, reference.values[k].standardError || standardError),
  );
  const loudest = largest(noise);
  if (loudest > LARGEST_ERROR) {
    const k = noise.indexOf(loudest);
    reasons.push(
      `${row.estimates[k].name} has a Monte Carlo error of ${(100 * loudest).toFixed(0)}% of its standard error`,
    );
  }
  if (reasons.length === 0) return { verdict: 'agrees' };
  return {
    verdict: 'approximate',
    reason: {
      code: 'approximate',
      severity: 'note',
      message: `${reasons.join('; ')}.`,
      advice: deterministic
        ? 'Use quadrature().'
        : 'Use quadrature(), or ask for a smaller Monte Carlo error.',
    },
  };
}

function failed(message: string): { verdict: Verdict; reason: Finding } {
  return {
    verdict: 'failed',
    reason: {
      code: 'disagrees',
      severity: 'error',
      message,
      advice: 'Do not use this fit: run it longer, from another start, or take another strategy.',
    },
  };
}
