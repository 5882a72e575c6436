// The options that every fitting command shares, and the model made of them.
import { type Command, InvalidArgumentError } from 'commander';
import { GlmmcError } from '../../samplers/errors.js';
import { readData } from '../data/read-data.js';
import type { FitOptions } from '../estimate/fit.js';
import { glmm, type Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { FAMILY_NAMES, familyNamed } from './strategies.js';

export interface ModelFlags {
  readonly formula: string;
  readonly family: string;
  readonly weights?: string;
  readonly clusterWeights?: string;
  readonly offset?: string;
  readonly seed?: number | string;
  readonly start?: readonly number[];
}

/** Adds DATA and the model's options to a command. */
export function addModelOptions(command: Command): Command {
  return command
    .argument('<data>', 'CSV file with a header line (gzipped or not), Parquet or Arrow file')
    .requiredOption('-f, --formula <formula>', "the model, such as 'y ~ x + factor(g) + (1 | cluster)'")
    .requiredOption('-F, --family <name[:link]>', FAMILY_NAMES)
    .option('--weights <column>', "multiplies each row's log density")
    .option('--cluster-weights <column>', "multiplies each cluster's log-likelihood")
    .option('--offset <column>', 'added to the linear predictor')
    .option('--start <numbers>', 'coefficients, sigma, dispersion to start from: -1.5,0.3,1', numberList)
    .option('-s, --seed <seed>', 'number or text; the same seed gives the same numbers (default: 1)', seed);
}

/** @throws GlmmcError for a file, formula, family or data that no model can be made of */
export async function modelFrom(data: string, flags: ModelFlags): Promise<Model> {
  const family = familyNamed(flags.family);
  return glmm(flags.formula, await readData(data), {
    family,
    ...(flags.weights !== undefined && { weights: flags.weights }),
    ...(flags.clusterWeights !== undefined && { clusterWeights: flags.clusterWeights }),
    ...(flags.offset !== undefined && { offset: flags.offset }),
  });
}

/** `seed` and `start` as fit() takes them. @throws GlmmcError `bad-start` */
export function fitOptionsFrom(model: Model, flags: ModelFlags): Pick<FitOptions, 'seed' | 'start'> {
  return {
    ...(flags.seed !== undefined && { seed: flags.seed }),
    ...(flags.start && { start: startFrom(model, flags.start) }),
  };
}

/** Coefficients alone (sigma is then 1, and the dispersion), or all parameters. */
function startFrom(model: Model, numbers: readonly number[]): Parameters {
  const p = model.coefficientNames.length;
  const names = parameterNames(model);
  if (numbers.length === p && p > 0) {
    return allParameters(model, [...numbers, ...names.slice(p).map(() => 1)]);
  }
  if (numbers.length !== names.length) {
    throw new GlmmcError(
      'bad-start',
      `--start: expected ${names.length} numbers (${names.join(', ')}) or the ${p} coefficients alone, found ${numbers.length}`,
    );
  }
  return allParameters(model, numbers);
}

/** What the numbers that a model takes are called: coefficients, sigma, and the dispersion where the family has one. */
export function parameterNames({ coefficientNames, family }: Model): readonly string[] {
  return [...coefficientNames, 'sigma', ...(family.dispersion ? ['dispersion'] : [])];
}

/** @param numbers one for each of `parameterNames` */
export function allParameters(model: Model, numbers: readonly number[]): Parameters {
  const p = model.coefficientNames.length;
  return {
    beta: Float64Array.from(numbers.slice(0, p)),
    sigma: numbers[p],
    ...(model.family.dispersion && { dispersion: numbers[p + 1] }),
  };
}

/** Numbers separated by commas. */
export function numberList(text: string): number[] {
  return text.split(',').map((part) => {
    const value = Number(part);
    if (part.trim() === '' || !Number.isFinite(value)) {
      throw new InvalidArgumentError(`expected numbers separated by commas, found '${part}'`);
    }
    return value;
  });
}

function seed(text: string): number | string {
  if (text.trim() === '') {
    throw new InvalidArgumentError(`expected a number or a text, found '${text}'; leave --seed out for 1`);
  }
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}

/** A whole number; whether it is sensible is for the strategy to say. */
export function wholeNumber(text: string): number {
  if (/^-?\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`expected a whole number, found '${text}'`);
}
