// rasch(): the model of right and wrong answers by joint, conditional and marginal maximum likelihood, on one scale.
import { Matrix } from 'ml-matrix';
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { abortSignal, checkOptions, describe } from '../../samplers/options.js';
import { formatNumber, printable } from '../../samplers/text.js';
import type { DataSource } from '../data/table.js';
import { fit, type LikelihoodFit } from '../estimate/fit.js';
import { quadrature } from '../estimate/quadrature.js';
import { ranef } from '../inspect/ranef.js';
import { binomial } from '../model/family.js';
import { type Finding, someOf } from '../model/finding.js';
import { glmm } from '../model/model.js';
import { withoutLaplace } from './findings.js';
import { type AndersenSplit, type AndersenTest, andersenTest } from './rasch/andersen.js';
import { centredCovariance, conditionalEstimates } from './rasch/conditional.js';
import { type FitStatistics, fitStatistics } from './rasch/fit-statistics.js';
import { jointEstimates } from './rasch/joint.js';
import { raschText } from './rasch/print.js';
import {
  informativePatterns,
  MISSING,
  type Responses,
  readResponses,
  unconnected,
} from './rasch/responses.js';
import {
  chanceAt,
  informationAt,
  maximumLikelihoodScore,
  type ScoreEstimate,
  weightedLikelihoodScore,
} from './rasch/scores.js';

export type { AndersenSplit, AndersenTest, FitStatistics, ScoreEstimate };

/** A side of the table of answers. */
export type RaschSide = 'persons' | 'items';

/** What `rasch()` takes: the columns, and which side is random. */
export interface RaschOptions {
  /** Column of answers: 0 and 1, or two levels of which the second in order is right. */
  readonly response: string;
  readonly person: string;
  readonly item: string;
  /** Which side has random intercepts (`persons`); the other has a coefficient each. */
  readonly random?: RaschSide;
  /** Groups of Andersen's test: scores up to the mean and above (`mean`, the default), `median`, or every score (`scores`). */
  readonly split?: AndersenSplit;
  readonly signal?: AbortSignal;
}

/** A unit of the fixed side. Locations are easiness (of items) or ability (of persons): difficulty is minus easiness. */
export interface RaschFixed extends FitStatistics {
  readonly label: string;
  readonly answered: number;
  readonly right: number;
  /** Each adding up to 0 over the units. */
  readonly conditional: ScoreEstimate;
  readonly marginal: ScoreEstimate;
  readonly joint: ScoreEstimate;
}

/** A unit of the random side, on the scale on which the fixed locations add up to 0. */
export interface RaschRandom extends FitStatistics {
  readonly label: string;
  readonly answered: number;
  readonly score: number;
  /** Maximum likelihood; infinite for none or all right. The fixed side is taken as known, by its conditional estimates. */
  readonly ml: ScoreEstimate;
  /** Warm's weighted likelihood, finite for every score. */
  readonly wle: ScoreEstimate;
  /** Mean and standard deviation given the answers, of the marginal fit (empirical Bayes). */
  readonly eap: ScoreEstimate;
}

/** A score among those who answered all. */
export interface RaschScore {
  readonly score: number;
  readonly count: number;
  readonly ml: ScoreEstimate;
  readonly wle: ScoreEstimate;
  /** NaN for a score that nobody has. */
  readonly eap: ScoreEstimate;
}

/** What `rasch()` gives: the fixed side by three likelihoods, the random side, and tests of fit. */
export interface Rasch {
  readonly sides: { readonly fixed: RaschSide; readonly random: RaschSide };
  /** The answer that counts as right, as `column = value`. */
  readonly right: string;
  readonly fixed: readonly RaschFixed[];
  readonly random: readonly RaschRandom[];
  readonly scores: readonly RaschScore[];
  /** Given the scores; covariance of the locations, in the order of `fixed`. */
  readonly conditional: { readonly logLik: number; readonly covariance: Matrix; readonly converged: boolean };
  readonly joint: { readonly logLik: number; readonly converged: boolean };
  /** The mixed model, equal answers as one weighted cluster; `mean` is the random side's, where the fixed locations add up to 0. */
  readonly marginal: {
    readonly fit: LikelihoodFit;
    readonly sigma: number;
    readonly mean: ScoreEstimate;
  };
  readonly andersen: AndersenTest;
  readonly notes: readonly string[];
  readonly findings: readonly Finding[];
  /** The characteristic curve of a fixed unit: the chance of a right answer at each theta, by its conditional estimate. */
  curve(label: string, thetas: readonly number[]): Float64Array;
  /** Information on theta of one fixed unit, or of all of them. */
  information(thetas: readonly number[], label?: string): Float64Array;
  /** The report people read, in 80 columns. */
  toString(): string;
}

/**
 * Rasch's model, logit P(person i has item j right) = ability_i + easiness_j, from one row an answer; answers not given are left out.
 *
 * `random: 'persons'` (the usual way round) estimates items; `random: 'items'` (subjects fixed, items random) persons. The fixed side is
 * estimated three times: conditionally, given the scores, which asks nothing of the random side; marginally, the random side being
 * normal (this package's mixed model, by certified quadrature); jointly, a coefficient for everything, which is inconsistent. The mixed
 * model has random intercepts of mean 0 and free locations; to be on one scale all locations are moved to add up to 0, and
 * what they lose is the mean of the random side.
 *
 * Source: Rasch (1960); Andersen (1970), JRSS B 32; Bock and Lieberman (1970), Psychometrika 35; Thissen (1982), Psychometrika 47.
 * @throws GlmmcError `unknown-option`, `bad-option`, `unknown-column`, `bad-response`, `repeated-answer`, `too-few-units`,
 *   `too-many-units`; `no-finite-estimate` where the conditional likelihood has no finite maximum (Fischer 1981); rejects with the
 *   signal's reason
 */
export async function rasch(data: DataSource, options: RaschOptions): Promise<Rasch> {
  const column = v.string('the name of a column');
  const { response, person, item, random, split, signal } = checkOptions(
    'rasch()',
    {
      response: column,
      person: column,
      item: column,
      random: v.optional(v.picklist(['persons', 'items'], "'persons' or 'items'"), 'persons'),
      split: v.optional(v.picklist(['scores', 'mean', 'median'], "'scores', 'mean' or 'median'"), 'mean'),
      signal: v.optional(abortSignal()),
    },
    options,
  );
  const sides =
    random === 'persons'
      ? ({ fixed: 'items', random: 'persons' } as const)
      : ({ fixed: 'persons', random: 'items' } as const);
  const responses = readResponses(data, {
    response,
    fixed: random === 'persons' ? item : person,
    random: random === 'persons' ? person : item,
  });
  requireFinite(responses, sides, { response, person, item });
  const k = responses.fixed.length;
  const patterns = informativePatterns(responses.patterns);
  const conditional = conditionalEstimates(patterns, k);
  const joint = jointEstimates(patterns, k);
  const marginal = await marginalEstimates(responses, signal);
  const statistics = fitStatistics(responses, patterns, conditional.value);
  const estimate = (value: Float64Array, covariance: Float64Array, j: number): ScoreEstimate => ({
    value: value[j],
    standardError: Math.sqrt(covariance[j * k + j]),
  });
  const fixed = responses.fixed.map((label, j): RaschFixed => {
    const column = responses.random.map((_, i) => responses.answers[i * k + j]);
    return {
      label,
      answered: column.filter((y) => y !== MISSING).length,
      right: column.filter((y) => y === 1).length,
      conditional: estimate(conditional.value, conditional.covariance, j),
      marginal: estimate(marginal.value, marginal.covariance, j),
      joint: estimate(joint.value, joint.covariance, j),
      ...statistics.fixed[j],
    };
  });
  const known = [...conditional.value];
  const rows = randomRows(responses, known, marginal.eap, statistics.random);
  const place = (label: string): number => {
    const j = responses.fixed.indexOf(label);
    if (j >= 0) return j;
    throw new GlmmcError(
      'bad-option',
      `rasch(): curves and information are of one of the ${sides.fixed}, by its label (a string), found ${describe(label)}; there are ${someOf(responses.fixed)}`,
    );
  };
  const answer: Omit<Rasch, 'toString'> = {
    sides,
    right: responses.right,
    fixed,
    random: rows,
    scores: scoreRows(k, known, rows),
    conditional: {
      logLik: conditional.logLik,
      covariance: Matrix.from1DArray(k, k, conditional.covariance),
      converged: conditional.converged,
    },
    joint: { logLik: joint.logLik, converged: joint.converged },
    marginal: { fit: marginal.fit, sigma: marginal.fit.parameters.sigma, mean: marginal.mean },
    andersen: andersenTest(responses, patterns, split, conditional.logLik),
    notes: notesOf(sides, marginal.fit.parameters.sigma, marginal.mean, k),
    findings: [...findingsOf(responses, sides), ...withoutLaplace(marginal.fit.findings)],
    curve: (label, thetas) => {
      const location = known[place(label)];
      return Float64Array.from(abilities(thetas), (theta) => chanceAt(theta, location));
    },
    information: (thetas, label) => {
      const units = label === undefined ? known : [known[place(label)]];
      return Float64Array.from(abilities(thetas), (theta) => informationAt(theta, units));
    },
  };
  return printable(answer, () => raschText(answer));
}

/** @throws GlmmcError `bad-option` */
function abilities(thetas: unknown): readonly number[] {
  if (
    (Array.isArray(thetas) || ArrayBuffer.isView(thetas)) &&
    [...(thetas as number[])].every(Number.isFinite)
  )
    return thetas as readonly number[];
  throw new GlmmcError(
    'bad-option',
    `rasch(): thetas must be an array of finite numbers, found ${describe(thetas)}; for one ability: [0.5]`,
  );
}

/** @throws GlmmcError `no-finite-estimate` */
function requireFinite(
  { answers, fixed }: Responses,
  sides: Rasch['sides'],
  { response, person, item }: Pick<RaschOptions, 'response' | 'person' | 'item'>,
): void {
  const apart = unconnected(answers, fixed.length);
  if (apart.length === 0) return;
  const [one, other] = sides.fixed === 'items' ? [item, person] : [person, item];
  throw new GlmmcError(
    'no-finite-estimate',
    `rasch(): the ${sides.fixed} cannot all be compared: ${someOf(apart.map((j) => fixed[j]))} ${apart.length === 1 ? 'is' : 'are'} never wrong where others are right, or never right, or answered by other ${sides.random} altogether, so that the conditional likelihood has no finite maximum (Fischer 1981); leave them out, or fit the mixed model alone: glmm('${response} ~ 0 + factor(${one}) + (1 | ${other})', ...)`,
  );
}

interface MarginalEstimates {
  readonly fit: LikelihoodFit;
  readonly value: Float64Array;
  readonly covariance: Float64Array;
  readonly mean: ScoreEstimate;
  /** By random unit. */
  readonly eap: ReadonlyMap<string, ScoreEstimate>;
}

async function marginalEstimates(
  { answers, fixed, random }: Responses,
  signal: AbortSignal | undefined,
): Promise<MarginalEstimates> {
  const k = fixed.length;
  // Those who answered alike are one cluster with their number as its weight: the same likelihood.
  const alike = new Map<string, number[]>();
  random.forEach((_, i) => {
    const key = answers.subarray(i * k, (i + 1) * k).join(' ');
    const members = alike.get(key);
    if (members) members.push(i);
    else alike.set(key, [i]);
  });
  const data = { y: [] as number[], unit: [] as string[], cluster: [] as number[], count: [] as number[] };
  for (const [first, ...others] of alike.values()) {
    fixed.forEach((name, j) => {
      const answer = answers[first * k + j];
      if (answer === MISSING) return;
      data.y.push(answer);
      data.unit.push(name);
      data.cluster.push(first);
      data.count.push(1 + others.length);
    });
  }
  const model = glmm('y ~ 0 + factor(unit) + (1 | cluster)', data, {
    family: binomial(),
    levels: { unit: fixed },
    clusterWeights: 'count',
  });
  const result = await fit(model, quadrature(), signal ? { signal } : {});
  const { beta } = result.parameters;
  const full = result.covariance.to2DArray();
  const covariance = Float64Array.from({ length: k * k }, (_, at) => full[Math.floor(at / k)][at % k]);
  const mean = beta.reduce((sum, b) => sum + b, 0) / k;
  const variance = covariance.reduce((sum, c) => sum + c, 0) / (k * k);
  return {
    fit: result,
    value: beta.map((b) => b - mean),
    covariance: centredCovariance(covariance, k),
    mean: { value: mean, standardError: Math.sqrt(variance) },
    eap: new Map(
      ranef(result).flatMap((row) => {
        const eap = { value: mean + row.mean, standardError: row.sd };
        const first = Number(row.cluster);
        const members = alike.get(answers.subarray(first * k, (first + 1) * k).join(' '))!;
        return members.map((i) => [random[i], eap] as const);
      }),
    ),
  };
}

const UNKNOWN: ScoreEstimate = { value: Number.NaN, standardError: Number.NaN };

function randomRows(
  { random, patterns }: Responses,
  locations: readonly number[],
  eap: ReadonlyMap<string, ScoreEstimate>,
  statistics: readonly FitStatistics[],
): RaschRandom[] {
  const rows: RaschRandom[] = new Array(random.length);
  for (const { units, groups } of patterns) {
    const answered = units.map((j) => locations[j]);
    for (const { score, members } of groups) {
      const ml = maximumLikelihoodScore(score, answered);
      const wle = weightedLikelihoodScore(score, answered);
      for (const i of members) {
        rows[i] = {
          label: random[i],
          answered: units.length,
          score,
          ml,
          wle,
          eap: eap.get(random[i]) ?? UNKNOWN,
          ...statistics[i],
        };
      }
    }
  }
  return rows;
}

function scoreRows(k: number, locations: readonly number[], rows: readonly RaschRandom[]): RaschScore[] {
  return Array.from({ length: k + 1 }, (_, score) => {
    const those = rows.filter((row) => row.answered === k && row.score === score);
    return {
      score,
      count: those.length,
      ml: maximumLikelihoodScore(score, locations),
      wle: weightedLikelihoodScore(score, locations),
      eap: those[0]?.eap ?? UNKNOWN,
    };
  });
}

function findingsOf({ allRight, allWrong, droppedRows }: Responses, { fixed }: Rasch['sides']): Finding[] {
  const findings: Finding[] = [];
  const extreme = [...allRight, ...allWrong];
  if (extreme.length > 0) {
    findings.push({
      code: 'infinite-locations',
      severity: 'note',
      message: `${extreme.length} ${fixed} have all answers right (${someOf(allRight) || 'none'}) or all wrong (${someOf(allWrong) || 'none'}) and were left out.`,
      advice: 'Their estimates are infinite; the others are as they would be with them.',
      where: extreme,
    });
  }
  if (droppedRows > 0) {
    findings.push({
      code: 'rows-dropped',
      severity: 'note',
      message: `${droppedRows} rows have missing values and count as answers not given.`,
      advice: 'Check that they are missing at random: not because the answer would have been wrong.',
    });
  }
  return findings;
}

function notesOf({ fixed, random }: Rasch['sides'], sigma: number, mean: ScoreEstimate, k: number): string[] {
  const what = fixed === 'items' ? 'easiness of the items' : 'ability of the persons';
  return [
    `${random} are random and ${fixed} have a coefficient each: ${random === 'persons' ? 'the usual way round' : 'the other way round from usual'}.`,
    `One scale: the ${what} adds up to 0 in all three columns. The mixed model has random intercepts of mean 0 and free coefficients; their mean, ${formatNumber(mean.value, 3)} (${formatNumber(mean.standardError, 3)}), is that of the ${random} here, and their standard deviation is ${formatNumber(sigma, 3)}.`,
    `Conditional estimates ask nothing of how the ${random} are distributed; marginal ones take them for normal. Joint ones are too far apart, by about k / (k - 1) = ${(k / (k - 1)).toFixed(2)}, however many ${random} there are.`,
    'Infit and outfit are of the answers given the score: 1 is expected; z takes the estimates as known.',
  ];
}
