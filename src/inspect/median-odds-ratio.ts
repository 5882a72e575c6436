// medianOddsRatio(): the spread of the clusters in the units of an odds ratio.
import * as v from 'valibot';
import { allChains } from '../../samplers/draws.js';
import { GlmmcError } from '../../samplers/errors.js';
import { between, checkOptions } from '../../samplers/options.js';
import { digitsFor, printable } from '../../samplers/text.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import type { Fit, LikelihoodFit, PosteriorFit } from '../estimate/fit.js';
import { summarise } from './predict/by-draws.js';
import { halfWidth, type Prediction } from './predict/scale.js';

/** What `medianOddsRatio()` gives. */
export interface MedianOddsRatio extends Required<Prediction> {
  /** What the ratio is of, by the link. */
  readonly measure: 'odds ratio' | 'ratio of means' | 'hazard ratio';
  /** The text that people read. */
  toString(): string;
}

const MEASURES: Readonly<Record<string, MedianOddsRatio['measure']>> = {
  logit: 'odds ratio',
  log: 'ratio of means',
  cloglog: 'hazard ratio',
};

/**
 * Two units with equal covariates from two clusters drawn at random: the median of the odds ratio between the one with the higher
 * odds and the other, exp(sqrt(2) sigma Phi^-1(3/4)) for normal intercepts. Under a log link (counts) the ratio is of means,
 * under cloglog of hazards. Errors by the delta method, intervals Wald's on log sigma; of posterior fits from the draws.
 *
 * Source: Larsen, Merlo (2005), American Journal of Epidemiology 161.
 * @throws GlmmcError `bad-fit`, `unknown-option`, `bad-option`; `unsupported-effect` for intercepts that are not normal;
 *   `no-ratio` for links whose differences are no log ratios
 */
export function medianOddsRatio(fit: Fit, options: { readonly level?: number } = {}): MedianOddsRatio {
  requireEstimatedFit('medianOddsRatio()', fit);
  const { level } = checkOptions('medianOddsRatio()', { level: v.optional(between(0, 1), 0.95) }, options);
  const { family, randomEffect } = fit.model;
  const measure = MEASURES[family.link.name];
  if (!measure) {
    throw new GlmmcError(
      'no-ratio',
      `medianOddsRatio() needs a link whose differences are log ratios (logit, log, cloglog), found ${family.link.name}; withinCluster(fit) tells the spread of the clusters otherwise`,
    );
  }
  if (randomEffect.name !== 'normal') {
    throw new GlmmcError(
      'unsupported-effect',
      `medianOddsRatio() is defined by the median difference of two normal intercepts, found ${randomEffect.name} ones; fit normal() intercepts, or report their standard deviation`,
    );
  }
  const answer = { measure, ...(fit.kind === 'posterior' ? ofDraws(fit, level) : byDelta(fit, level)) };
  return printable(answer, () => print(answer, level));
}

/** Of the difference of two intercepts the median size is so many sigma: sqrt(2) Phi^-1(3/4). */
const MEDIAN_DIFFERENCE = Math.SQRT2 * 0.6744897501960817;

function ratio(sigma: number): number {
  return Math.exp(MEDIAN_DIFFERENCE * sigma);
}

function ofDraws({ draws }: PosteriorFit, level: number): Required<Prediction> {
  const sigmas = Float64Array.from(allChains(draws, 'sigma').flatMap((chain) => [...chain]));
  const { estimate, standardError, lower, upper } = summarise(sigmas.map(ratio), level);
  return { estimate, standardError, lower: lower!, upper: upper! };
}

function byDelta(fit: LikelihoodFit, level: number): Required<Prediction> {
  const { sigma } = fit.parameters;
  const { standardError } = fit.estimates[fit.model.coefficientNames.length];
  const factor = Math.exp((halfWidth(level) * standardError) / sigma);
  const held = fit.fixed.includes('sigma');
  return {
    estimate: ratio(sigma),
    standardError: MEDIAN_DIFFERENCE * ratio(sigma) * standardError,
    lower: ratio(held ? sigma : sigma / factor),
    upper: ratio(held ? sigma : sigma * factor),
  };
}

function print(
  { measure, estimate, standardError, lower, upper }: Omit<MedianOddsRatio, 'toString'>,
  level: number,
): string {
  const [value, error, low, high] = [estimate, standardError, lower, upper].map((number) =>
    digitsFor(number, standardError / 10),
  );
  return `Median ${measure} of two clusters ${value} (standard error ${error}), ${100 * level}% interval ${low} to ${high}`;
}
