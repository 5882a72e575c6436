// Andersen's test: are the locations the same for random units of low and of high scores?
import { chdtrc } from '../../../samplers/special.js';
import { conditionalEstimates } from './conditional.js';
import type { Pattern, Responses, ScoreGroup } from './responses.js';
import { unconnected } from './responses.js';

/** How Andersen's test groups random units: by every score, or by scores up to the mean (median) and above. */
export type AndersenSplit = 'scores' | 'mean' | 'median';

/** Andersen's likelihood-ratio test: whether locations are the same for random units of low and of high scores. */
export interface AndersenTest {
  readonly split: AndersenSplit;
  /** What the groups are, how many random units they have, and their locations, which add up to 0 in each. */
  readonly groups: readonly {
    readonly label: string;
    readonly members: number;
    readonly logLik: number;
    readonly locations: readonly number[];
  }[];
  /** 2 (sum of the groups' conditional log-likelihoods less that of all). */
  readonly statistic: number;
  readonly df: number;
  readonly pValue: number;
  /** Why there is no statistic, where it is NaN. */
  readonly note: string;
}

/**
 * The likelihood-ratio test of one set of locations for all scores: against one a score, or one each for scores up to the mean
 * (or median) of all and above. Defined where all answered all; NaN, with the reason, otherwise or where a group has no finite estimate.
 *
 * Source: Andersen (1973), Psychometrika 38.
 * @param patterns informative ones; @param logLik the conditional log-likelihood of all
 */
export function andersenTest(
  responses: Responses,
  patterns: readonly Pattern[],
  split: AndersenSplit,
  logLik: number,
): AndersenTest {
  const k = responses.fixed.length;
  const none = (note: string): AndersenTest => ({
    split,
    groups: [],
    statistic: Number.NaN,
    df: Number.NaN,
    pValue: Number.NaN,
    note,
  });
  if (patterns.length !== 1 || patterns[0].units.length < k || responses.patterns.length !== 1) {
    return none('Scores compare where all answered all; some answers are missing.');
  }
  const [{ units, groups }] = patterns;
  const parts = partsOf(groups, responses.patterns[0].groups, split);
  if (parts.length < 2) return none('All informative scores fall on one side; split by scores instead.');
  for (const [label, part] of parts) {
    const members = part.flatMap((group) => group.members);
    const answers = Int8Array.from(
      members.flatMap((i) => [...responses.answers.subarray(i * k, (i + 1) * k)]),
    );
    if (unconnected(answers, k).length > 0) {
      return none(
        `Some locations have no finite estimate in the group of ${label}; split into fewer groups.`,
      );
    }
  }
  const fits = parts.map(([label, part]) => ({
    label,
    members: part.reduce((sum, { members }) => sum + members.length, 0),
    fit: conditionalEstimates([{ units, groups: part }], k),
  }));
  const statistic = Math.max(0, 2 * (fits.reduce((sum, { fit }) => sum + fit.logLik, 0) - logLik));
  const df = (parts.length - 1) * (k - 1);
  return {
    split,
    groups: fits.map(({ label, members, fit }) => ({
      label,
      members,
      logLik: fit.logLik,
      locations: [...fit.value],
    })),
    statistic,
    df,
    pValue: chdtrc(df, statistic),
    note: '',
  };
}

/** Informative groups by score, or on either side of the middle of all scores. */
function partsOf(
  informative: readonly ScoreGroup[],
  all: readonly ScoreGroup[],
  split: AndersenSplit,
): (readonly [string, readonly ScoreGroup[]])[] {
  if (split === 'scores') return informative.map((group) => [`score ${group.score}`, [group]] as const);
  const scores = all.flatMap(({ score, members }) => members.map(() => score)).sort((a, b) => a - b);
  const n = scores.length;
  const middle =
    split === 'mean'
      ? scores.reduce((sum, score) => sum + score, 0) / n
      : 0.5 * (scores[Math.floor((n - 1) / 2)] + scores[Math.floor(n / 2)]);
  const text = Number(middle.toFixed(3));
  return (
    [
      [`scores up to ${text}`, informative.filter(({ score }) => score <= middle)],
      [`scores above ${text}`, informative.filter(({ score }) => score > middle)],
    ] as const
  ).filter(([, part]) => part.length > 0);
}
