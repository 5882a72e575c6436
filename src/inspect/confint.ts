// confint(): how well each parameter is known, by Wald's rule, by profile likelihood, or by the draws.
import * as v from 'valibot';
import { quantileSorted, sorted } from '../../samplers/diagnostics/descriptive.js';
import { allChains } from '../../samplers/draws.js';
import { GlmmcError } from '../../samplers/errors.js';
import { abortSignal, between, checkOptions } from '../../samplers/options.js';
import { requireEstimatedFit, requireFit } from '../estimate/arguments.js';
import type { Fit, LikelihoodFit, PosteriorFit } from '../estimate/fit.js';
import { requireDensity } from '../likelihood/supported.js';
import type { Finding } from '../model/finding.js';
import { type BootstrapInterval, type BootstrapOptions, bootstrapBy, bootstrapEntries } from './bootstrap.js';
import { type Interval, type Intervals, intervals, wantedEstimates } from './confint/intervals.js';
import { Profiles } from './confint/profile.js';
import { sigmaAtBoundary } from './estimated.js';
import { halfWidth } from './predict/scale.js';

export type { Interval, Intervals } from './confint/intervals.js';

/** A way to intervals; `confint()` says what each is. */
export type ConfintMethod = 'wald' | 'profile' | 'bootstrap' | 'posterior';

/** Options of `confint()`. */
export interface ConfintOptions {
  /** Default: `wald` for likelihood fits, `posterior` for posterior ones. */
  readonly method?: ConfintMethod;
  /** 0.95 */
  readonly level?: number;
  /** Names of the estimates that are wanted; all of them where left out. */
  readonly parameters?: readonly string[];
  readonly signal?: AbortSignal;
}

/** With method 'bootstrap' also those of bootstrap(). */
export interface BootstrapConfintOptions extends ConfintOptions, BootstrapOptions {
  readonly method: 'bootstrap';
  /** `percentile` (default): quantiles of the replications; `basic`: those of their distance from the estimate. */
  readonly interval?: BootstrapInterval;
}

/**
 * Intervals for the estimates.
 *
 * `wald`: estimate -+ z standard errors, for sigma and the dispersion on the log scale; NaN for a sigma on its boundary, of
 * which the profile knows more.
 *
 * `profile` (a promise): all values v with 2 (l - l(v)) at most the chi-square quantile with 1 degree of freedom, l(v) the largest
 * log-likelihood with the parameter at v, by quadrature without error to speak of, whatever strategy made the fit. For sigma 0 is among
 * the values: it is the lower limit where the data do not exclude it at this level. A side on which the likelihood never
 * falls far enough is infinite, and the finding `flat-profile` says so. At sigma = 0 the chi-square is too wide (the
 * distribution there is a mixture), so that the interval is on the safe side.
 *
 * `bootstrap` (a promise): quantiles of the estimates from `replications` data sets, as bootstrap() makes them and by its options;
 * each end with its Monte Carlo error.
 *
 * `posterior`: equal-tailed quantiles of the draws. What is held fixed has its value at both ends.
 *
 * Source: Venzon and Moolgavkar (1988), Applied Statistics 37; Self and Liang (1987), JASA 82.
 * @throws GlmmcError `bad-fit`, `unknown-option`, `bad-option`; `unsupported-effect` for profiles under point masses; for
 *   bootstraps those of bootstrap()
 */
export function confint(
  fit: Fit,
  options: ConfintOptions & { readonly method: 'profile' },
): Promise<Intervals>;
export function confint(fit: Fit, options: BootstrapConfintOptions): Promise<Intervals>;
export function confint(
  fit: Fit,
  options?: ConfintOptions & { readonly method?: 'wald' | 'posterior' },
): Intervals;
export function confint(
  fit: Fit,
  options?: ConfintOptions | BootstrapConfintOptions,
): Intervals | Promise<Intervals>;
export function confint(
  fit: Fit,
  options: ConfintOptions | BootstrapConfintOptions = {},
): Intervals | Promise<Intervals> {
  requireFit('confint()', fit);
  if (isBootstrap(options)) return byBootstrap(fit, options);
  const known = checkOptions(
    'confint()',
    {
      method: v.optional(
        v.picklist(
          ['wald', 'profile', 'bootstrap', 'posterior'],
          "'wald', 'profile', 'bootstrap' or 'posterior'",
        ),
        fit.kind === 'posterior' ? 'posterior' : 'wald',
      ),
      ...commonEntries,
      signal: v.optional(abortSignal()),
    },
    options,
  );
  const { method, level, signal } = known;
  const wanted = wantedEstimates(fit, known.parameters);
  if (fit.kind === 'posterior') {
    if (method !== 'posterior') throw notFor(method, 'a likelihood fit', 'a posterior fit', "'posterior'");
    return intervals(ofDraws(fit, wanted, level), []);
  }
  if (method === 'posterior')
    throw notFor(method, 'a posterior fit', 'a likelihood fit', "'wald' or 'profile'");
  if (method === 'wald') return wald(fit, wanted, level);
  requireEstimatedFit("confint() with method 'profile'", fit);
  requireDensity("confint() with method 'profile'", fit.model);
  return profile(fit, wanted, level, signal);
}

const commonEntries = {
  level: v.optional(between(0, 1), 0.95),
  parameters: v.optional(v.array(v.string('a name'), 'names of estimates')),
};

function isBootstrap(options: ConfintOptions): options is BootstrapConfintOptions {
  return options?.method === 'bootstrap';
}

async function byBootstrap(fit: Fit, options: BootstrapConfintOptions): Promise<Intervals> {
  const {
    method: _,
    interval,
    level,
    parameters,
    ...known
  } = checkOptions(
    'confint()',
    {
      ...commonEntries,
      ...bootstrapEntries(),
      method: v.literal('bootstrap'),
      interval: v.optional(v.picklist(['percentile', 'basic'], "'percentile' or 'basic'"), 'percentile'),
    },
    options,
  );
  const wanted = wantedEstimates(fit, parameters);
  const found = await bootstrapBy("confint() with method 'bootstrap'", fit, known);
  return found.intervals(level, interval, wanted);
}

function notFor(method: string, expected: string, found: string, instead: string): GlmmcError {
  return new GlmmcError(
    'bad-option',
    `confint(): method '${method}' takes ${expected}, found ${found}; use ${instead}`,
  );
}

function wald(fit: LikelihoodFit, wanted: readonly number[], level: number): Intervals {
  const p = fit.model.coefficientNames.length;
  const z = halfWidth(level);
  const rows = wanted.map((k) => {
    const { name, value, standardError } = fit.estimates[k];
    if (fit.fixed.includes(name)) return { name, lower: value, upper: value };
    const half = z * standardError;
    if (k < p) return { name, lower: value - half, upper: value + half };
    const factor = Math.exp(half / value);
    return { name, lower: value / factor, upper: value * factor };
  });
  const findings: Finding[] = [];
  if (wanted.includes(p) && sigmaAtBoundary(fit)) {
    findings.push({
      code: 'no-wald-interval',
      severity: 'note',
      message: "sigma is on its boundary, where Wald's interval is not defined.",
      advice: "Use method: 'profile', which says how large sigma may still be.",
      where: ['sigma'],
    });
  }
  return intervals(rows, findings);
}

function ofDraws(fit: PosteriorFit, wanted: readonly number[], level: number): Interval[] {
  const tail = (1 - level) / 2;
  return wanted.map((k) => {
    const { name } = fit.estimates[k];
    const values = sorted(allChains(fit.draws, name).flatMap((chain) => [...chain]));
    return { name, lower: quantileSorted(values, tail), upper: quantileSorted(values, 1 - tail) };
  });
}

async function profile(
  fit: LikelihoodFit,
  wanted: readonly number[],
  level: number,
  signal: AbortSignal | undefined,
): Promise<Intervals> {
  const pause = async (): Promise<void> => signal?.throwIfAborted();
  const profiles = new Profiles(fit, pause);
  const target = halfWidth(level);
  const flat: string[] = [];
  const rows: Interval[] = [];
  for (const k of wanted) {
    const { name, value } = fit.estimates[k];
    if (fit.fixed.includes(name)) {
      rows.push({ name, lower: value, upper: value });
      continue;
    }
    // Between two parameters other work may go on.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const lower = await profiles.limit(k, -1, target);
    const upper = await profiles.limit(k, 1, target);
    if (lower.flat || upper.flat) flat.push(name);
    rows.push({ name, lower: lower.value, upper: upper.value });
  }
  const findings: Finding[] = [];
  if (flat.length > 0) {
    findings.push({
      code: 'flat-profile',
      severity: 'warning',
      message: `The likelihood does not fall far enough on one side of ${flat.join(', ')}: the data set no limit there at this level.`,
      advice: 'Report the limit that there is, or use priors (gibbs(), collapsed()).',
      where: flat,
    });
  }
  return intervals(rows, findings);
}
