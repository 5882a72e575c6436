// customFamily(): a family from a log density alone, its derivatives checked on the model's own rows.

import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { checkOptions, positive } from '../../samplers/options.js';
import { checkDensity } from './check-density.js';
import { type FamilyRow, familyRows } from './combinations.js';
import type { Family } from './family.js';
import { type Link, linkNamed } from './link.js';
import { type CustomDensity, customOutcome } from './outcomes/custom.js';

/** What a custom family is made of; only `name` and `logDensity` are needed. */
export interface CustomFamilyOptions extends CustomDensity {
  /** A name of its own, for messages and tables. */
  readonly name: string;
  /**
   * How eta gives the mean, for predictions and starting values: `identity` (default), `log`, `logit`, `probit`,
   * `cloglog`, `cauchit`, `inverse`, `sqrt`, or a Link.
   */
  readonly link?: string | Link;
  /** Where the density has a dispersion, > 0 and estimated: what it is, and a value (or rule) to start from (1). */
  readonly dispersion?: {
    readonly meaning: string;
    /** The value, or what gives it from the responses and their starting means. */
    readonly start?: number | ((y: Float64Array, mu: Float64Array) => number);
  };
  /** Which responses are allowed; finite numbers otherwise. */
  readonly response?: Family['response'];
  /** Whether the response may be given as successes and trials. */
  readonly counts?: boolean;
  /** A possible mean near the response, to start from; the response itself otherwise. */
  readonly startingMean?: Family['startingMean'];
  /** The eta (an open interval) that are possible; all otherwise. */
  readonly domain?: readonly [low: number, high: number];
  /** That log f is concave in eta, so that integrals may trust in one mode; not assumed. */
  readonly logConcave?: boolean;
  /** Widest trapezoid step in eta to begin with (0.1): quadrature() halves it until the integral is certified. */
  readonly step?: number;
  /** A response at a linear predictor (intercept included), from the stream's uniforms: what simulate() needs. */
  readonly draw?: Family['draw'];
}

/**
 * A family from its log density log f(y | eta, dispersion, trials), constants included:
 * `customFamily({ name: 'geometric', link: 'log', logDensity: (y, eta) => y * eta - (y + 1) * Math.log1p(Math.exp(eta)) })`.
 *
 * Derivatives that are not supplied are central differences of order 8, with a step that is refined where two orders
 * disagree. When glmm() makes a model, differences are tried and supplied derivatives held against them on rows of the
 * data about their starting values; a density that cannot be differentiated there is refused, so that none is trusted
 * unchecked. Later, in a fit, the best difference found is used; NaN counts as a density of 0.
 *
 * @throws GlmmcError `bad-option`, `unknown-option`, `unknown-link`; from glmm() `bad-density`, `wrong-derivative`
 */
export function customFamily(options: CustomFamilyOptions): Family {
  const fn = v.custom<never>((value) => typeof value === 'function', 'a function');
  checkOptions(
    'customFamily()',
    {
      name: v.string('a text'),
      link: v.optional(v.union([v.string(), v.custom<Link>(isLink)], 'the name of a link, or a Link')),
      logDensity: fn,
      derivatives: v.optional(fn),
      thirdDerivative: v.optional(fn),
      dispersionDerivatives: v.optional(fn),
      dispersion: v.optional(
        v.object(
          { meaning: v.string(), start: v.optional(v.union([positive(), fn])) },
          'an object { meaning, start? }',
        ),
      ),
      response: v.optional(v.object({ expected: v.string(), allows: fn }, 'an object { expected, allows }')),
      counts: v.optional(v.boolean('true or false')),
      startingMean: v.optional(fn),
      domain: v.optional(v.tuple([v.number(), v.number()], 'two numbers, low and high')),
      logConcave: v.optional(v.boolean('true or false')),
      step: v.optional(positive()),
      draw: v.optional(fn),
    },
    options,
  );
  const { name, dispersion, dispersionDerivatives, link = 'identity', domain } = options;
  if (name === '' || familyRows.some((row) => row.family === name)) {
    throw new GlmmcError(
      'bad-option',
      `customFamily(): name must be a name of the family's own, found '${name}'; call it 'my-${name || 'family'}', say`,
    );
  }
  if (dispersionDerivatives && !dispersion) {
    throw new GlmmcError(
      'bad-option',
      'customFamily(): dispersionDerivatives are given, but no dispersion; say what it is: dispersion: { meaning }',
    );
  }
  if (domain && !(domain[0] < domain[1])) {
    throw new GlmmcError(
      'bad-option',
      `customFamily(): domain must be two numbers, low < high, found [${domain.join(', ')}]`,
    );
  }
  const chosen = typeof link === 'string' ? linkNamed(link) : link;
  const traits = traitsOf(options, chosen);
  const start = dispersion?.start ?? 1;
  return {
    name,
    link: chosen,
    traits,
    outcome: customOutcome(options, traits, dispersion !== undefined),
    ...(dispersion && {
      dispersion: {
        meaning: dispersion.meaning,
        start: typeof start === 'number' ? () => start : start,
      },
    }),
    counts: options.counts ?? false,
    response: options.response ?? { expected: 'finite numbers', allows: Number.isFinite },
    startingMean: options.startingMean ?? ((y) => y),
    ...(options.draw && { draw: options.draw }),
    checkRows: (rows, size, label) =>
      checkDensity(name, options, dispersion !== undefined, rows, size, label),
  };
}

function isLink(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'inverse' in value && 'apply' in value;
}

function traitsOf(options: CustomFamilyOptions, link: Link): FamilyRow {
  const [low, high] = options.domain ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const bounded = low > Number.NEGATIVE_INFINITY || high < Number.POSITIVE_INFINITY;
  return {
    family: options.name,
    link: link.name,
    domain: [low, high],
    canonical: false,
    logConcave: options.logConcave ?? false,
    step: options.step ?? 0.1,
    ...(bounded && {
      improper: {
        reason: `an unbounded intercept puts mass where eta is outside (${low}, ${high})`,
        instead: 'a link that allows every eta',
      },
    }),
  };
}
