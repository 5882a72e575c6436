// Families as values: what responses they allow, their links, and the outcome the two make together.
import { didYouMean, GlmmcError } from '../../samplers/errors.js';
import { cloglog, identity, type Link, log, logit, type ProbabilityLink, probit } from './link.js';
import type { Outcome } from './outcome.js';
import { binomialOutcome } from './outcomes/binomial.js';
import { binomialLogit } from './outcomes/binomial-logit.js';
import { gammaLog } from './outcomes/gamma-log.js';
import { gaussianIdentity } from './outcomes/gaussian-identity.js';
import { poissonLog } from './outcomes/poisson-log.js';

/** A response distribution with its link. */
export interface Family {
  readonly name: string;
  readonly link: Link;
  readonly outcome: Outcome;
  /** What the dispersion parameter is; absent where the family has none. */
  readonly dispersion?: {
    readonly meaning: string;
    readonly start: (y: Float64Array, mu: Float64Array) => number;
  };
  /** Whether the response may be given as successes and trials. */
  readonly counts: boolean;
  /** A sentence saying what the responses must be, and whether this one is. */
  readonly response: { readonly expected: string; readonly allows: (y: number, trials: number) => boolean };
  /**
   * Where the log density of this response never falls: 1 as the linear predictor grows, -1 as it falls, 0 where it does
   * in the end both ways. Absent where that is so for every response.
   */
  readonly openEnd?: (y: number, trials: number) => -1 | 0 | 1;
  /** A mean inside the family's range near the response, to start IRLS from (McCullagh and Nelder 1989, section 2.5). */
  startingMean(y: number, trials: number): number;
}

function pickLink<L extends Link>(family: string, name: string, links: readonly L[]): L {
  const link = links.find((candidate) => candidate.name === name);
  if (link) return link;
  const names = links.map((candidate) => candidate.name);
  throw new GlmmcError('unknown-link', `${family}() has no link '${name}'${didYouMean(name, names)}`);
}

/**
 * Binomial responses: 0/1, or successes out of trials. Links `logit` (default), `probit`, `cloglog`.
 * @throws GlmmcError `unknown-link`
 */
export function binomial(link: string = 'logit'): Family {
  const chosen = pickLink<ProbabilityLink>('binomial', link, [logit, probit, cloglog]);
  return {
    name: 'binomial',
    link: chosen,
    outcome: chosen === logit ? binomialLogit : binomialOutcome(chosen),
    counts: true,
    response: {
      expected: 'whole numbers of successes between 0 and the trials (0 or 1 without trials)',
      allows: (y, trials) => Number.isInteger(y) && Number.isInteger(trials) && y >= 0 && y <= trials,
    },
    openEnd: (y, trials) => (y === 0 ? -1 : y === trials ? 1 : 0),
    startingMean: (y, trials) => (y + 0.5) / (trials + 1),
  };
}

/**
 * Poisson counts. Link `log`.
 * @throws GlmmcError `unknown-link`
 */
export function poisson(link: string = 'log'): Family {
  return {
    name: 'poisson',
    link: pickLink('poisson', link, [log]),
    outcome: poissonLog,
    counts: false,
    response: {
      expected: 'whole numbers >= 0',
      allows: (y) => Number.isInteger(y) && y >= 0,
    },
    openEnd: (y) => (y === 0 ? -1 : 0),
    startingMean: (y) => y + 0.1,
  };
}

/**
 * Gaussian responses; the dispersion is the residual variance. Link `identity`.
 * @throws GlmmcError `unknown-link`
 */
export function gaussian(link: string = 'identity'): Family {
  return {
    name: 'gaussian',
    link: pickLink('gaussian', link, [identity]),
    outcome: gaussianIdentity,
    dispersion: { meaning: 'residual variance', start: meanSquare },
    counts: false,
    response: { expected: 'finite numbers', allows: Number.isFinite },
    startingMean: (y) => y,
  };
}

/**
 * Gamma responses; the dispersion is 1 / shape. Link `log`.
 * @throws GlmmcError `unknown-link`
 */
export function gamma(link: string = 'log'): Family {
  return {
    name: 'gamma',
    link: pickLink('gamma', link, [log]),
    outcome: gammaLog,
    dispersion: {
      meaning: '1 / shape',
      start: (y, mu) =>
        meanSquare(
          y.map((value, r) => value / mu[r]),
          mu.map(() => 1),
        ),
    },
    counts: false,
    response: { expected: 'numbers > 0', allows: (y) => Number.isFinite(y) && y > 0 },
    startingMean: (y) => y,
  };
}

function meanSquare(y: Float64Array, mu: Float64Array): number {
  return y.reduce((sum, value, r) => sum + (value - mu[r]) ** 2, 0) / y.length;
}
