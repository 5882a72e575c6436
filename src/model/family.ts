// Families as values: what responses they allow, their links, and the outcome the two make together.

import * as v from 'valibot';
import {
  binomial as binomialVariate,
  negativeBinomial as negativeBinomialVariate,
  poisson as poissonVariate,
} from '../../samplers/discrete-variates.js';
import { didYouMean, GlmmcError } from '../../samplers/errors.js';
import { checkOptions, describe, positive } from '../../samplers/options.js';
import type { Stream } from '../../samplers/rng.js';
import { gamma as gammaVariate, normal as normalVariate } from '../../samplers/variates.js';
import { type FamilyRow, familyRow } from './combinations.js';
import {
  cauchit,
  cloglog,
  identity,
  inverse,
  type Link,
  log,
  logit,
  logProbability,
  type ProbabilityLink,
  probit,
  sqrt,
} from './link.js';
import type { Outcome, Rows } from './outcome.js';
import { binomialOutcome } from './outcomes/binomial.js';
import { binomialLogit } from './outcomes/binomial-logit.js';
import { gammaLog } from './outcomes/gamma-log.js';
import { gammaPower } from './outcomes/gamma-power.js';
import { gaussianIdentity } from './outcomes/gaussian-identity.js';
import { gaussianLog } from './outcomes/gaussian-log.js';
import { negativeBinomialOutcome } from './outcomes/negative-binomial.js';
import { poissonLog } from './outcomes/poisson-log.js';
import { poissonPower } from './outcomes/poisson-power.js';

/** The variance of a response of one trial, by its mean. */
export interface VarianceFunction {
  /** The dispersion multiplies `at`; elsewhere it is an argument of it. */
  readonly scaled: boolean;
  /** The variance at this mean. */
  at(mu: number, dispersion: number): number;
}

/** A response distribution with its link. */
export interface Family {
  readonly name: string;
  readonly link: Link;
  readonly outcome: Outcome;
  /** Its row of the table of combinations: possible eta, log-concave or not, and what refuses it. */
  readonly traits: FamilyRow;
  /** What the dispersion parameter is; absent where the family has none. */
  readonly dispersion?: {
    readonly meaning: string;
    /** Where it starts, from the responses and their starting means. */
    readonly start: (y: Float64Array, mu: Float64Array) => number;
    /** Where the means fit every response exactly the likelihood grows without bound as it falls to 0. */
    readonly vanishes?: true;
  };
  /** Parameters of the density that were given instead of estimated, by name. */
  readonly given?: Readonly<Record<string, number>>;
  /** Absent where a density is all that is known. */
  readonly variance?: VarianceFunction;
  /** Whether the response may be given as successes and trials. */
  readonly counts: boolean;
  readonly response: {
    /** What the responses must be, as it ends the sentence "the family takes ...". */
    readonly expected: string;
    /** Whether a response is that. */
    readonly allows: (y: number, trials: number) => boolean;
  };
  /**
   * Where the log density of this response never falls: 1 as the linear predictor grows, -1 as it falls, 0 where it does
   * in the end both ways. Absent where that is so for every response.
   */
  readonly openEnd?: (y: number, trials: number) => -1 | 0 | 1;
  /**
   * A mean inside the family's range near the response, to start IRLS from (McCullagh and Nelder 1989, section 2.5);
   * NaN where the response says nothing of where to start.
   */
  startingMean(y: number, trials: number): number;
  /** A response at this linear predictor, intercept included; absent where a density is all that is known. */
  readonly draw?: (rng: Stream, eta: number, trials: number, dispersion: number) => number;
  /**
   * What glmm() is to try on the model's own rows at their starting values; `label` names a row for messages.
   * @throws GlmmcError for a density or derivatives that cannot be right
   */
  readonly checkRows?: (rows: Rows, dispersion: number, label: (row: number) => string) => void;
}

function pickLink<L extends Link>(family: string, name: string, links: readonly L[]): L {
  const link = links.find((candidate) => candidate.name === name);
  if (link) return link;
  const names = links.map((candidate) => candidate.name);
  if (typeof name !== 'string') {
    const known = names.map((one) => `'${one}'`).join(', ');
    throw new GlmmcError(
      'unknown-link',
      `${family}() takes a link by its name (${known}), found ${describe(name)}`,
    );
  }
  throw new GlmmcError('unknown-link', `${family}() has no link '${name}'${didYouMean(name, names)}`);
}

/**
 * Binomial responses: 0/1, or successes out of trials. Links `logit` (default), `probit`, `cloglog`, `cauchit`; `log`,
 * whose mean exceeds 1 for eta > 0, with bounded intercepts alone.
 * @throws GlmmcError `unknown-link`
 */
export function binomial(link: string = 'logit'): Family {
  const chosen = pickLink<ProbabilityLink>('binomial', link, [
    logit,
    probit,
    cloglog,
    cauchit,
    logProbability,
  ]);
  return {
    name: 'binomial',
    link: chosen,
    traits: familyRow('binomial', chosen.name),
    outcome: chosen === logit ? binomialLogit : binomialOutcome(chosen),
    variance: { scaled: false, at: (mu) => mu * (1 - mu) },
    counts: true,
    response: {
      expected: 'whole numbers of successes between 0 and the trials (0 or 1 without trials)',
      allows: (y, trials) => Number.isInteger(y) && Number.isInteger(trials) && y >= 0 && y <= trials,
    },
    openEnd: (y, trials) => (y === 0 ? -1 : y === trials ? 1 : 0),
    startingMean: (y, trials) => (y + 0.5) / (trials + 1),
    draw: (rng, eta, trials) =>
      binomialVariate(rng, trials, Math.exp(chosen.logMu(eta)), Math.exp(chosen.logOneMinusMu(eta))),
  };
}

const COUNTS: Family['response'] = {
  expected: 'whole numbers >= 0',
  allows: (y) => Number.isInteger(y) && y >= 0,
};

/** Of a count of 0 under a log link, whose likelihood rises as the mean falls. */
const fallsToZero = (y: number): -1 | 0 => (y === 0 ? -1 : 0);

/**
 * Poisson counts. Links `log` (default) and `sqrt`; `identity`, whose mean is negative for eta < 0, with bounded
 * intercepts alone.
 * @throws GlmmcError `unknown-link`
 */
export function poisson(link: string = 'log'): Family {
  const chosen = pickLink('poisson', link, [log, identity, sqrt]);
  return {
    name: 'poisson',
    link: chosen,
    traits: familyRow('poisson', chosen.name),
    outcome: chosen === log ? poissonLog : poissonPower(chosen === identity ? 'identity' : 'sqrt'),
    variance: { scaled: false, at: (mu) => mu },
    counts: false,
    response: COUNTS,
    ...(chosen === log && { openEnd: fallsToZero }),
    startingMean: (y) => y + 0.1,
    draw: (rng, eta) => poissonVariate(rng, chosen.inverse(eta)),
  };
}

/**
 * Gaussian responses; the dispersion is the residual variance. Links `identity` (default) and `log`: a mean > 0 with an
 * additive error.
 * @throws GlmmcError `unknown-link`
 */
export function gaussian(link: string = 'identity'): Family {
  const chosen = pickLink('gaussian', link, [identity, log]);
  return {
    name: 'gaussian',
    link: chosen,
    traits: familyRow('gaussian', chosen.name),
    outcome: chosen === identity ? gaussianIdentity : gaussianLog,
    dispersion: { meaning: 'residual variance', start: meanSquare, vanishes: true },
    variance: { scaled: true, at: () => 1 },
    counts: false,
    response: { expected: 'finite numbers', allows: Number.isFinite },
    startingMean: (y) => (chosen === identity || y > 0 ? y : Number.NaN),
    draw: (rng, eta, _trials, dispersion) => chosen.inverse(eta) + Math.sqrt(dispersion) * normalVariate(rng),
  };
}

/**
 * Gamma responses; the dispersion is 1 / shape. Link `log` (default); `inverse` and `identity`, whose mean is negative
 * for eta < 0, with bounded intercepts alone.
 * @throws GlmmcError `unknown-link`
 */
export function gamma(link: string = 'log'): Family {
  const chosen = pickLink('gamma', link, [log, inverse, identity]);
  return {
    name: 'gamma',
    link: chosen,
    traits: familyRow('gamma', chosen.name),
    outcome: chosen === log ? gammaLog : gammaPower(chosen === inverse ? 'inverse' : 'identity'),
    dispersion: {
      meaning: '1 / shape',
      vanishes: true,
      start: (y, mu) =>
        meanSquare(
          y.map((value, r) => value / mu[r]),
          mu.map(() => 1),
        ),
    },
    variance: { scaled: true, at: (mu) => mu * mu },
    counts: false,
    response: { expected: 'numbers > 0', allows: (y) => Number.isFinite(y) && y > 0 },
    startingMean: (y) => y,
    // A response of 0, to which a draw may underflow, has no density.
    draw: (rng, eta, _trials, dispersion) =>
      Math.max(Number.MIN_VALUE, chosen.inverse(eta) * dispersion * gammaVariate(rng, 1 / dispersion)),
  };
}

/** Where the counts vary no more than Poisson ones, theta starts at this many means. */
const NEARLY_POISSON = 10;

/**
 * Negative binomial counts with the log link: variance mu + mu^2 / theta. With `theta` it is held there; otherwise it is
 * estimated, as the dispersion.
 * @throws GlmmcError `bad-option`, `unknown-option`
 */
export function negativeBinomial(options: { readonly theta?: number } = {}): Family {
  const { theta } = checkOptions('negativeBinomial()', { theta: v.optional(positive()) }, options);
  return {
    name: 'negative-binomial',
    link: log,
    traits: familyRow('negative-binomial', 'log'),
    outcome: negativeBinomialOutcome(theta),
    ...(theta !== undefined && { given: { theta } }),
    ...(theta === undefined && {
      dispersion: { meaning: 'theta: the variance is mu + mu^2 / theta', start: thetaByMoments },
    }),
    variance: { scaled: false, at: (mu, dispersion) => mu + (mu * mu) / (theta ?? dispersion) },
    counts: false,
    response: COUNTS,
    openEnd: fallsToZero,
    startingMean: (y) => y + 0.1,
    draw: (rng, eta, _trials, dispersion) => negativeBinomialVariate(rng, Math.exp(eta), theta ?? dispersion),
  };
}

/** theta with the sum of (y - mu)^2 that mu + mu^2 / theta expects. */
function thetaByMoments(y: Float64Array, mu: Float64Array): number {
  let squares = 0;
  let excess = 0;
  let total = 0;
  for (let r = 0; r < y.length; r++) {
    squares += mu[r] * mu[r];
    excess += (y[r] - mu[r]) ** 2 - mu[r];
    total += mu[r];
  }
  const most = NEARLY_POISSON * Math.max(1, total / y.length);
  return excess > 0 ? Math.min(most, squares / excess) : most;
}

function meanSquare(y: Float64Array, mu: Float64Array): number {
  return y.reduce((sum, value, r) => sum + (value - mu[r]) ** 2, 0) / y.length;
}

/** The built-in families by name, each from the name of a link. @throws GlmmcError `unknown-link` */
export const familiesByName: Readonly<Record<string, (link?: string) => Family>> = {
  binomial,
  poisson,
  gaussian,
  gamma,
  'negative-binomial'(link) {
    if (link !== undefined) familyRow('negative-binomial', link);
    return negativeBinomial();
  },
};
