// What plots are made of, checked before anything reads it.

import { type Draws, requireDraws } from '../../../samplers/draws.js';
import { didYouMean, GlmmcError } from '../../../samplers/errors.js';
import type { Comparison } from '../../compare/compare.js';
import type { Fit, PosteriorFit } from '../../estimate/fit.js';
import { isObject, whatIs } from '../../model/arguments.js';

/** Whether `value` is what compare() resolves to. */
export function isComparison(value: unknown): value is Comparison {
  return isObject(value) && 'rows' in value && 'reference' in value && 'posteriors' in value;
}

/** @throws GlmmcError `bad-comparison` */
export function requireComparison(owner: string, value: unknown): void {
  if (isComparison(value) && !('schema' in value)) return;
  throw new GlmmcError(
    'bad-comparison',
    `${owner} takes a comparison, found ${whatIs(value)}; make one with await compare(model, [quadrature(), ...])`,
  );
}

/** The draws themselves, of a fit or as they are. @throws GlmmcError `bad-draws` */
export function drawsOf(owner: string, source: PosteriorFit | Draws): Draws {
  if (isObject(source) && 'kind' in source && (source as unknown as Fit).kind === 'likelihood') {
    throw new GlmmcError(
      'bad-draws',
      `${owner} shows draws, and a likelihood fit has none; fit by gibbs() or collapsed(), say`,
    );
  }
  const draws = isObject(source) && 'draws' in source ? source.draws : source;
  requireDraws(owner, draws);
  return draws;
}

/** Variables shown where none are named. */
const MOST_VARIABLES = 8;

/**
 * The variables to show: those named; else the parameters that vary, eight at most.
 * @throws GlmmcError `unknown-variable`
 */
export function chosenVariables(
  owner: string,
  draws: Draws,
  wanted: string | readonly string[] | undefined,
): readonly string[] {
  if (wanted === undefined) {
    return draws.variables
      .filter((name) => !name.startsWith('eps[') && !name.endsWith('__') && varies(draws, name))
      .slice(0, MOST_VARIABLES);
  }
  const names = typeof wanted === 'string' ? [wanted] : wanted;
  for (const name of names) {
    if (!draws.variables.includes(name)) {
      throw new GlmmcError(
        'unknown-variable',
        `${owner}: the draws have no variable '${name}'${didYouMean(name, draws.variables)}`,
      );
    }
  }
  return names;
}

function varies(draws: Draws, name: string): boolean {
  const first = draws.chain(name, 0);
  return first.some((x) => x !== first[0]);
}
