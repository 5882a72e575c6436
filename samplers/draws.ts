// Posterior draws kept as columns, one block of memory a chain, and the ways to them.
import { didYouMean, GlmmcError } from './errors.js';
import { describe } from './options.js';

/** Draws of named variables: `chains` chains of `iterations` kept draws each. */
export interface Draws {
  readonly variables: readonly string[];
  readonly chains: number;
  readonly iterations: number;
  /**
   * The draws of one variable in one chain (chains count from 0), length `iterations`: a view, not a copy.
   * @throws GlmmcError `unknown-variable`, `unknown-chain`
   */
  chain(variable: string, chain: number): Float64Array;
}

/**
 * Draws over existing memory.
 * @param variables distinct names, one per column
 * @param storage one array per chain, column after column: draw t of variable v stands at v * iterations + t
 * @throws GlmmcError `bad-draws` where names repeat or sizes disagree
 */
export function makeDraws(
  variables: readonly string[],
  chains: number,
  iterations: number,
  storage: readonly Float64Array[],
): Draws {
  const column = new Map(variables.map((name, index) => [name, index]));
  if (column.size !== variables.length) {
    const twice = variables.find((name, index) => column.get(name) !== index);
    throw new GlmmcError('bad-draws', `draws: the variable '${twice}' is named twice`);
  }
  if (storage.length !== chains) {
    throw new GlmmcError(
      'bad-draws',
      `draws: expected storage for ${chains} chains, found ${storage.length}`,
    );
  }
  const size = variables.length * iterations;
  for (const [c, block] of storage.entries()) {
    if (block.length !== size) {
      throw new GlmmcError(
        'bad-draws',
        `draws: expected ${variables.length} variables x ${iterations} draws = ${size} numbers in chain ${c}, found ${block.length}`,
      );
    }
  }
  return {
    variables: [...variables],
    chains,
    iterations,
    chain(variable: string, chain: number): Float64Array {
      const index = column.get(variable);
      if (index === undefined) {
        throw new GlmmcError(
          'unknown-variable',
          `the draws have no variable '${variable}'${didYouMean(variable, variables)}`,
        );
      }
      const block = storage[chain];
      if (block === undefined) {
        throw new GlmmcError('unknown-chain', `the draws have chains 0 to ${chains - 1}, found ${chain}`);
      }
      return block.subarray(index * iterations, (index + 1) * iterations);
    },
  };
}

/** @throws GlmmcError `bad-draws` where `value` is not `Draws`; `owner` is what people typed */
export function requireDraws(owner: string, value: unknown): void {
  const has = (keys: readonly string[]): boolean =>
    typeof value === 'object' && value !== null && keys.every((key) => key in value);
  if (has(['variables', 'chains', 'iterations', 'chain'])) return;
  const found = has(['draws']) ? 'an object that holds draws; hand in its .draws' : describe(value);
  throw new GlmmcError(
    'bad-draws',
    `${owner} takes draws { variables, chains, iterations, chain(variable, chain) }, found ${found}`,
  );
}

/** All chains of one variable, as the diagnostics take them. @throws GlmmcError `unknown-variable` */
export function allChains(draws: Draws, variable: string): Float64Array[] {
  return Array.from({ length: draws.chains }, (_, c) => draws.chain(variable, c));
}
