// Which family goes with which link and which intercepts, as data: what the code, docs/models.md and the tests read.
import { didYouMean, GlmmcError } from '../../samplers/errors.js';
import type { RandomEffect } from './random-effect.js';

/** A family with one of its links. */
export interface FamilyRow {
  readonly family: string;
  readonly link: string;
  /** The eta (an open interval) for which the mean is possible. */
  readonly domain: readonly [low: number, high: number];
  readonly canonical: boolean;
  /** log f is concave in eta on the domain, whatever the response and the dispersion. */
  readonly logConcave: boolean;
  /** The widest trapezoid step in eta that still integrates to the last digits. */
  readonly step: number;
  /** Why no intercept without bounds may be added, and the nearest model that allows one; absent where it may. */
  readonly improper?: { readonly reason: string; readonly instead: string };
}

export type Tails = 'none' | 'gaussian' | 'exponential' | 'polynomial';

/** A distribution F of the intercepts. */
export interface EffectRow {
  readonly effect: string;
  /** Every intercept is possible. */
  readonly unbounded: boolean;
  readonly logConcave: boolean;
  /** How the density falls on its heavier side; `none` where F has no density. */
  readonly tails: Tails;
  /** The log density has a kink at 0. */
  readonly kink: boolean;
  readonly symmetric: boolean;
}

/**
 * How a cluster's integral is done: `trapezoid` about the mode; `split`, the same on either side of a kink;
 * `transformed`, a rule for slow tails and more modes than one; `sum` over point masses.
 */
export type Integrator = 'trapezoid' | 'split' | 'transformed' | 'sum';

/** What `combination()` tells of a family, a link and a distribution of the intercepts. */
export interface Combination {
  /** Whether the model has a density. */
  readonly proper: boolean;
  /** Present where it has none. */
  readonly refusal?: { readonly reason: string; readonly instead: string };
  /** The integrand in the intercept is log-concave, so it has one mode. */
  readonly logConcave: boolean;
  readonly integrator: Integrator;
  /** Widest step in eta that the family and its link allow; F may ask for a narrower one. */
  readonly step: number;
}

const ALL = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
const POSITIVE = [0, Number.POSITIVE_INFINITY] as const;
const NEGATIVE = [Number.NEGATIVE_INFINITY, 0] as const;

/** What an intercept without bounds does to a link whose eta has a bound. */
function impossible(mean: string, instead: string): { readonly reason: string; readonly instead: string } {
  return { reason: `an unbounded intercept puts mass where the mean ${mean}`, instead };
}

/**
 * Steps follow from the width of the strip in which the density is analytic and bounded (Trefethen and Weideman 2014,
 * theorem 5.1): error e^(-2 pi a / step) for a strip of half-width a. Logit: poles at i pi; log links: e^(i t) turns
 * growth into decay at t = pi / 2, its square at pi / 4; cauchit: branch points at i; probit and sqrt: Gaussian flanks;
 * identity and the Gaussian: only the posterior's own spread limits the step.
 */
export const familyRows: readonly FamilyRow[] = [
  { family: 'binomial', link: 'logit', domain: ALL, canonical: true, logConcave: true, step: 0.5 },
  // Half of what one factor needs: the flank of a product of many is steeper.
  { family: 'binomial', link: 'probit', domain: ALL, canonical: false, logConcave: true, step: 0.35 },
  { family: 'binomial', link: 'cloglog', domain: ALL, canonical: false, logConcave: true, step: 0.25 },
  { family: 'binomial', link: 'cauchit', domain: ALL, canonical: false, logConcave: false, step: 0.15 },
  {
    family: 'binomial',
    link: 'log',
    domain: NEGATIVE,
    canonical: false,
    logConcave: true,
    step: 0.25,
    improper: impossible('exceeds 1 (eta > 0)', "binomial('cloglog'), or binomial('logit')"),
  },
  { family: 'poisson', link: 'log', domain: ALL, canonical: true, logConcave: true, step: 0.25 },
  {
    family: 'poisson',
    link: 'identity',
    domain: POSITIVE,
    canonical: false,
    logConcave: true,
    step: 0.25,
    improper: impossible('is negative (eta < 0)', "poisson('sqrt'), or poisson('log')"),
  },
  { family: 'poisson', link: 'sqrt', domain: ALL, canonical: false, logConcave: false, step: 0.35 },
  {
    family: 'gaussian',
    link: 'identity',
    domain: ALL,
    canonical: true,
    logConcave: true,
    step: Number.POSITIVE_INFINITY,
  },
  { family: 'gaussian', link: 'log', domain: ALL, canonical: false, logConcave: false, step: 0.125 },
  { family: 'gamma', link: 'log', domain: ALL, canonical: false, logConcave: true, step: 0.25 },
  {
    family: 'gamma',
    link: 'inverse',
    domain: POSITIVE,
    canonical: true,
    logConcave: true,
    step: 0.25,
    improper: impossible('is negative (eta < 0)', "gamma('log')"),
  },
  {
    family: 'gamma',
    link: 'identity',
    domain: POSITIVE,
    canonical: false,
    logConcave: false,
    step: 0.25,
    improper: impossible('is negative (eta < 0)', "gamma('log')"),
  },
  { family: 'negative-binomial', link: 'log', domain: ALL, canonical: false, logConcave: true, step: 0.25 },
];

export const effectRows: readonly EffectRow[] = [
  {
    effect: 'normal',
    unbounded: true,
    logConcave: true,
    tails: 'gaussian',
    kink: false,
    symmetric: true,
  },
  {
    effect: 'student-t',
    unbounded: true,
    logConcave: false,
    tails: 'polynomial',
    kink: false,
    symmetric: true,
  },
  {
    effect: 'logistic',
    unbounded: true,
    logConcave: true,
    tails: 'exponential',
    kink: false,
    symmetric: true,
  },
  {
    effect: 'laplace',
    unbounded: true,
    logConcave: true,
    tails: 'exponential',
    kink: true,
    symmetric: true,
  },
  {
    effect: 'log-gamma',
    unbounded: true,
    logConcave: true,
    tails: 'exponential',
    kink: false,
    symmetric: false,
  },
  // 1 / (cosh(phi x) + cos(phi pi)) is log-convex far out where cos(phi pi) < 0, that is for sigma < pi.
  {
    effect: 'bridge',
    unbounded: true,
    logConcave: false,
    tails: 'exponential',
    kink: false,
    symmetric: true,
  },
  {
    effect: 'point-masses',
    unbounded: false,
    logConcave: false,
    tails: 'none',
    kink: false,
    symmetric: false,
  },
  // What is safe to assume of a density of the user's own, where it does not say better itself.
  {
    effect: 'custom',
    unbounded: true,
    logConcave: false,
    tails: 'polynomial',
    kink: false,
    symmetric: false,
  },
];

/** @throws GlmmcError `unknown-family`, `unknown-link` */
export function familyRow(family: string, link: string): FamilyRow {
  const links = familyRows.filter((row) => row.family === family);
  if (links.length === 0) {
    const names = [...new Set(familyRows.map((row) => row.family))];
    throw new GlmmcError('unknown-family', `no family '${family}'${didYouMean(family, names)}`);
  }
  const found = links.find((row) => row.link === link);
  if (found) return found;
  const names = links.map((row) => row.link);
  throw new GlmmcError('unknown-link', `no link '${link}' of ${family}${didYouMean(link, names)}`);
}

/** @throws GlmmcError `unknown-effect` */
export function effectRow(effect: string): EffectRow {
  const found = effectRows.find((row) => row.effect === effect);
  if (found) return found;
  const names = effectRows.map((row) => row.effect);
  throw new GlmmcError(
    'unknown-effect',
    `no distribution of intercepts '${effect}'${didYouMean(effect, names)}`,
  );
}

/**
 * What follows for a family, its link and the intercepts' distribution, by their names: `binomial`, `logit`, `normal`.
 * @throws GlmmcError `unknown-family`, `unknown-link`, `unknown-effect`
 */
export function combination(family: string, link: string, effect: string): Combination {
  return combine(familyRow(family, link), effectRow(effect));
}

/** The same for rows, which a custom family or distribution brings along. */
export function combine(family: FamilyRow, effect: EffectRow): Combination {
  const refusal = effect.unbounded ? family.improper : undefined;
  const logConcave = family.logConcave && effect.logConcave;
  return {
    proper: refusal === undefined,
    ...(refusal && { refusal }),
    logConcave,
    integrator: integratorFor(effect, logConcave),
    step: family.step,
  };
}

function integratorFor(effect: EffectRow, logConcave: boolean): Integrator {
  if (effect.tails === 'none') return 'sum';
  if (effect.kink) return 'split';
  return logConcave && effect.tails !== 'polynomial' ? 'trapezoid' : 'transformed';
}

/** The row of a distribution as a value; one that the table does not name tells about itself. */
export function traitsOf(
  effect: Pick<RandomEffect, 'name' | 'logConcave' | 'symmetric' | 'tailDf'>,
): EffectRow {
  const known = effectRows.find((row) => row.effect === effect.name);
  if (known && known.effect !== 'custom') return known;
  const { logConcave, symmetric, tailDf } = effect;
  const tails = tailDf === Number.POSITIVE_INFINITY ? 'gaussian' : 'polynomial';
  return { ...effectRow('custom'), logConcave, symmetric, tails };
}

/** What an Outcome takes from its row. */
export function integration(family: string, link: string): Pick<FamilyRow, 'logConcave' | 'step'> {
  const { logConcave, step } = familyRow(family, link);
  return { logConcave, step };
}
