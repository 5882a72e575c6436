// What a Monte Carlo size is: how many draws each E-step takes, whether its step is taken, and when EM has ended.
import { GlmmcError } from '../../../samplers/errors.js';
import { describe } from '../../../samplers/options.js';
import type { Parameters } from '../../model/parameters.js';
import type { StepError } from './step-error.js';

/** One iteration of EM, as a rule is told of it. */
export interface EmStep {
  /** From 1. */
  readonly iteration: number;
  /** Draws a cluster in its E-step, and the most that there may be. */
  readonly draws: number;
  readonly mostDraws: number;
  /** Parameters before the M-step and after it. */
  readonly previous: Parameters;
  readonly proposed: Parameters;
  /** Gain of Q, and its asymptotic standard error. */
  readonly gain: number;
  readonly gainError: number;
  /** The M-step's change of the free parameters and its Monte Carlo covariance; a pass over the draws, made when called. */
  stepError(): StepError;
}

/**
 * What became of a step. `more draws`: not taken, and tried again with more draws. `taken, more draws`: taken, but its
 * Monte Carlo error was such that the next E-step draws more.
 */
export type StepDecision = 'taken' | 'taken, more draws' | 'more draws';

/** What a rule makes of an iteration. */
export interface SizeDecision {
  readonly decision: StepDecision;
  /** Draws a cluster of the next E-step, before the limits of `mcem()`. */
  readonly draws: number;
  /** EM has ended by the rule's own judgement. */
  readonly ended: boolean;
}

/** The rule at work in one fit. */
export interface SizeRule {
  /** Draws a cluster of the first E-step. */
  readonly first: number;
  /** What becomes of an iteration, and how many draws the next one has. */
  decide(step: EmStep): SizeDecision;
}

/** How the number of draws follows the iterations. A person's own fits `mcem({ size })` by these members. */
export interface MonteCarloSize {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** The sizes are stated beforehand and are all there is to be: no more draws are added for the errors' sake. */
  readonly stated?: boolean;
  /** The rule calls `stepError`, which is known for smooth scale families F. */
  readonly byStepError?: boolean;
  /** The rule for one fit to so many clusters. */
  start(clusters: number): SizeRule;
}

/**
 * The rule for one fit, whose first size has been looked at, and whose others will be.
 * @throws GlmmcError `bad-size`; so does `decide`
 */
export function startRule(size: MonteCarloSize, clusters: number, maxDraws: number): SizeRule {
  const rule = size.start(clusters);
  requireSize(rule.first, `the Monte Carlo size '${size.name}' should start with 'first'`);
  if (rule.first > maxDraws) {
    throw new GlmmcError(
      'bad-size',
      `the Monte Carlo size '${size.name}' starts with ${rule.first} draws a cluster, which is above maxDraws, found ${maxDraws}; raise maxDraws`,
    );
  }
  return {
    first: rule.first,
    decide(step) {
      const decision = rule.decide(step);
      const draws = Math.ceil(decision.draws);
      requireSize(draws, `decide() of the Monte Carlo size '${size.name}' should return 'draws'`);
      return { ...decision, draws };
    },
  };
}

function requireSize(draws: unknown, should: string): void {
  if (Number.isSafeInteger(draws) && (draws as number) >= 1) return;
  throw new GlmmcError(
    'bad-size',
    `${should}, a whole number of draws a cluster >= 1, found ${describe(draws)}; see MonteCarloSize`,
  );
}
