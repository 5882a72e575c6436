// The two-step meta-analysis that most people know: an effect a study, then the random-effects mean of DerSimonian and Laird.
import { chdtrc } from '../../../samplers/special.js';
import { halfWidth } from '../../inspect/predict/scale.js';
import type { Study } from './studies.js';

/** A study's own effect on the log or logit scale. */
export interface OwnEffect {
  readonly study: string;
  readonly estimate: number;
  readonly standardError: number;
  /** Whether 1/2 was added to its cells, one of them being 0. */
  readonly corrected: boolean;
}

/** The two-step meta-analysis of DerSimonian and Laird, beside the exact one. */
export interface TwoStep {
  readonly estimate: number;
  readonly standardError: number;
  readonly lower: number;
  readonly upper: number;
  /** The moment estimate of the standard deviation of effects between studies. */
  readonly tau: number;
  /** Cochran's Q, on `df` degrees of freedom. */
  readonly q: number;
  readonly df: number;
  readonly pValue: number;
  /** max(0, (Q - df) / Q), a part of 1. */
  readonly iSquared: number;
  /** Studies used, in the order of the weights. */
  readonly studies: readonly string[];
  /** Weights of the studies, adding up to 1. */
  readonly weights: readonly number[];
  /** Studies whose cells had 1/2 added. */
  readonly corrected: readonly string[];
  /** Studies left out: without an effect of their own, for one arm, or no events (or nothing else) in both. */
  readonly leftOut: readonly string[];
}

const HALF = 0.5;

/**
 * The study's own effect: log odds ratio or log rate ratio of two arms, log odds or log rate of one. Where a cell is 0, 1/2 is
 * added to all of the study's cells (to the events alone, of rates). Undefined where the study says nothing of the effect: one of
 * two arms, or no events in either, or only events.
 */
export function ownEffect(
  { label, control, treated }: Study,
  counts: boolean,
  compared: boolean,
): OwnEffect | undefined {
  const arms = compared ? [treated, control] : [control];
  if (arms.some((arm) => !arm)) return undefined;
  const cells = arms.flatMap((arm) => (counts ? [arm!.events, arm!.size - arm!.events] : [arm!.events]));
  if (
    compared &&
    (arms.every((arm) => arm!.events === 0) || (counts && arms.every((arm) => arm!.events === arm!.size)))
  )
    return undefined;
  const corrected = cells.some((count) => count === 0);
  const filled = cells.map((count) => (corrected ? count + HALF : count));
  // Logs of the cells with alternating signs; rates carry the logs of their exposures.
  const signs = counts ? [1, -1, -1, 1] : [1, -1];
  let estimate = 0;
  let variance = 0;
  filled.forEach((count, c) => {
    estimate += signs[c] * Math.log(count);
    variance += 1 / count;
  });
  if (!counts) {
    arms.forEach((arm, a) => {
      estimate -= signs[a] * Math.log(arm!.size);
    });
  }
  return { study: label, estimate, standardError: Math.sqrt(variance), corrected };
}

/**
 * The inverse-variance mean with a random effect whose variance is the moment estimate.
 * Source: DerSimonian and Laird (1986), Controlled Clinical Trials 7; I^2: Higgins and Thompson (2002), Statistics in Medicine 21.
 */
export function derSimonianLaird(
  effects: readonly (OwnEffect | undefined)[],
  studies: readonly Study[],
  level: number,
): TwoStep {
  const used = effects.filter((effect) => effect !== undefined);
  const weights = used.map(({ standardError }) => 1 / standardError ** 2);
  const total = sum(weights);
  const common = sum(used.map(({ estimate }, i) => weights[i] * estimate)) / total;
  const q = sum(used.map(({ estimate }, i) => weights[i] * (estimate - common) ** 2));
  const df = used.length - 1;
  const scale = total - sum(weights.map((w) => w * w)) / total;
  const variance = df > 0 ? Math.max(0, (q - df) / scale) : 0;
  const random = used.map(({ standardError }) => 1 / (standardError ** 2 + variance));
  const all = sum(random);
  const estimate = sum(used.map((effect, i) => random[i] * effect.estimate)) / all;
  const standardError = Math.sqrt(1 / all);
  const half = halfWidth(level) * standardError;
  return {
    estimate,
    standardError,
    lower: estimate - half,
    upper: estimate + half,
    tau: Math.sqrt(variance),
    q,
    df,
    pValue: df > 0 ? chdtrc(df, q) : Number.NaN,
    iSquared: q > 0 ? Math.max(0, (q - df) / q) : 0,
    studies: used.map(({ study }) => study),
    weights: random.map((w) => w / all),
    corrected: used.filter(({ corrected }) => corrected).map(({ study }) => study),
    leftOut: studies.filter((_, i) => !effects[i]).map(({ label }) => label),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
