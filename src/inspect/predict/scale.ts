// Intervals that stay where means can be: made on the scale of the linear predictor and carried over.
import { ndtri } from '../../../samplers/special.js';
import type { Link } from '../../model/link.js';

/** A prediction of one row; the limits are there where an interval was asked for. */
export interface Prediction {
  readonly estimate: number;
  readonly standardError: number;
  readonly lower?: number;
  readonly upper?: number;
}

/** The normal quantile of a two-sided interval. */
export function halfWidth(level: number): number {
  return ndtri(1 - (1 - level) / 2);
}

/** An interval on the link scale carried over to means. */
export function carryOver(link: Link, low: number, high: number): Pick<Prediction, 'lower' | 'upper'> {
  // The one link whose mean turns: eta^2.
  if (link.name === 'sqrt' && low < 0 && high > 0)
    return { lower: 0, upper: Math.max(low * low, high * high) };
  if (link.name === 'inverse' && low < 0 && high > 0) return { lower: Number.NaN, upper: Number.NaN };
  const ends = [link.inverse(low), link.inverse(high)];
  return { lower: Math.min(...ends), upper: Math.max(...ends) };
}
