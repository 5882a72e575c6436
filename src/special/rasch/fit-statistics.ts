// Infit and outfit of a Rasch model, by the distribution of the answers given the score, in which no ability is estimated.
import { SymmetricSums } from '../../numeric/symmetric-sums.js';
import { chancesGivenScore } from './conditional.js';
import { MISSING, type Pattern, type Responses } from './responses.js';

/** Infit and outfit of one unit. */
export interface FitStatistics {
  /** Sum of squared residuals over the sum of their variances; 1 is expected. NaN where nothing could vary. */
  readonly infit: number;
  /** Mean of squared standardised residuals. */
  readonly outfit: number;
  /** (infit - 1) and (outfit - 1) in their standard deviations, the locations taken as known; NaN where they could only be 0. */
  readonly infitZ: number;
  readonly outfitZ: number;
}

/** A variance below this part of its scale is rounding: given the score the statistic could take one value only. */
const ROUNDING = 1e-12;

/** Sums of squared residuals of answers with known chances. */
class Residuals {
  private squares = 0;
  private standardised = 0;
  private variance = 0;
  /** Variances of `squares` and `standardised`. */
  private spread = 0;
  private standardisedSpread = 0;
  private count = 0;

  /** `right` of `answers` answers with chance p each are right; answers are independent of one another. */
  add(answers: number, right: number, p: number): void {
    const v = p * (1 - p);
    if (answers === 0 || !(v > 0)) return;
    const squares = right * (1 - p) * (1 - p) + (answers - right) * p * p;
    this.squares += squares;
    this.standardised += squares / v;
    this.variance += answers * v;
    // Var (y - p)^2 = v (1 - 4 v).
    this.spread += answers * v * (1 - 4 * v);
    this.standardisedSpread += answers * (1 / v - 4);
    this.count += answers;
  }

  /** Where the answers are not independent: the variances of both sums. */
  dependent([spread, standardisedSpread]: readonly [number, number]): void {
    this.spread = spread;
    this.standardisedSpread = standardisedSpread;
  }

  get statistics(): FitStatistics {
    const { squares, standardised, variance, spread, standardisedSpread, count } = this;
    const z = (excess: number, square: number, scale: number): number =>
      square > ROUNDING * scale ? excess / Math.sqrt(square) : Number.NaN;
    return {
      infit: squares / variance,
      outfit: standardised / count,
      infitZ: z(squares - variance, spread, variance * variance),
      outfitZ: z(standardised - count, standardisedSpread, count * count),
    };
  }
}

/**
 * The variances, given the score of one random unit, of its sums of squared and of squared standardised residuals. As y is 0 or 1,
 * (y - p)^2 = (1 - 2 p) y + p^2: both sums are linear in answers whose covariance given their sum is that of `SymmetricSums`.
 */
function spreadGivenScore(
  { units }: Pattern,
  locations: Float64Array,
  score: number,
  chances: Float64Array,
): readonly [number, number] {
  const slopes = Float64Array.from({ length: 2 * units.length }, (_, at) => {
    const p = chances[at >> 1];
    const v = p * (1 - p);
    return v > 0 ? (1 - 2 * p) / (at % 2 === 0 ? 1 : v) : 0;
  });
  const sums = new SymmetricSums(score, 2);
  units.forEach((j, a) => {
    sums.add(locations[j], slopes, 2 * a, score - (units.length - 1 - a));
  });
  return [sums.covariance[4 * score], sums.covariance[4 * score + 3]];
}

/**
 * Of every fixed unit, over the random units; and of every random unit, over the fixed ones. Residuals are answers less their chance given the
 * score, so that 1 is the exact expectation; scores of none and all right have none. Random units answer independently of one another,
 * but given its score the answers of one are not, and its errors allow for that.
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
      const spread = spreadGivenScore(pattern, locations, score, chances[score]);
      pattern.units.forEach((j, a) => {
        const p = chances[score][a];
        ofFixed[j].add(members.length, right[j], p);
        for (const i of members) {
          if (answers[i * k + j] !== MISSING) ofRandom[i].add(1, answers[i * k + j], p);
        }
      });
      for (const i of members) ofRandom[i].dependent(spread);
    }
  }
  return {
    fixed: ofFixed.map(({ statistics }) => statistics),
    random: ofRandom.map(({ statistics }) => statistics),
  };
}
