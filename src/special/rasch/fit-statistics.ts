// Infit and outfit of a Rasch model, by the distribution of the answers given the score, in which no ability is estimated.
import { chancesGivenScore } from './conditional.js';
import { MISSING, type Pattern, type Responses } from './responses.js';

/** Infit and outfit of one unit. */
export interface FitStatistics {
  /** Sum of squared residuals over the sum of their variances; 1 is expected. NaN where nothing could vary. */
  readonly infit: number;
  /** Mean of squared standardised residuals. */
  readonly outfit: number;
  /** (infit - 1) and (outfit - 1) in their standard deviations, the locations taken as known. */
  readonly infitZ: number;
  readonly outfitZ: number;
}

/** Sums of squared residuals of answers with known chances. */
class Residuals {
  private squares = 0;
  private standardised = 0;
  private variance = 0;
  private spread = 0;
  private standardisedSpread = 0;
  private count = 0;

  /** `right` of `answers` answers with chance p each are right. */
  add(answers: number, right: number, p: number): void {
    const v = p * (1 - p);
    if (answers === 0 || !(v > 0)) return;
    const squares = right * (1 - p) ** 2 + (answers - right) * p * p;
    this.squares += squares;
    this.standardised += squares / v;
    this.variance += answers * v;
    // Var (y - p)^2 = v (1 - 4 v).
    this.spread += answers * v * (1 - 4 * v);
    this.standardisedSpread += answers * (1 / v - 4);
    this.count += answers;
  }

  get statistics(): FitStatistics {
    const infit = this.squares / this.variance;
    const outfit = this.standardised / this.count;
    return {
      infit,
      outfit,
      infitZ: (infit - 1) / (Math.sqrt(this.spread) / this.variance),
      outfitZ: (outfit - 1) / (Math.sqrt(this.standardisedSpread) / this.count),
    };
  }
}

/**
 * Of every fixed unit, over the random units; and of every random unit, over the fixed ones. Residuals are answers less their chance given the
 * score, so that 1 is the exact expectation; scores of none and all right have none.
 *
 * Source: Wright and Masters (1982), Rating Scale Analysis; given the score: Christensen, Kreiner, Mesbah (2013), Rasch Models in Health, chapter 5.
 * @param patterns informative ones
 */
export function fitStatistics(
  { answers, fixed, random }: Responses,
  patterns: readonly Pattern[],
  locations: Float64Array,
): { readonly fixed: FitStatistics[]; readonly random: FitStatistics[] } {
  const k = fixed.length;
  const ofFixed = fixed.map(() => new Residuals());
  const ofRandom = random.map(() => new Residuals());
  for (const pattern of patterns) {
    const chances = chancesGivenScore(pattern, locations);
    for (const { score, members, right } of pattern.groups) {
      pattern.units.forEach((j, a) => {
        const p = chances[score][a];
        ofFixed[j].add(members.length, right[j], p);
        for (const i of members) {
          if (answers[i * k + j] !== MISSING) ofRandom[i].add(1, answers[i * k + j], p);
        }
      });
    }
  }
  return {
    fixed: ofFixed.map(({ statistics }) => statistics),
    random: ofRandom.map(({ statistics }) => statistics),
  };
}
