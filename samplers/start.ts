// Where chains start: given positions, or random ones inside the support.
import { GlmmcError } from './errors.js';
import type { Kernel } from './kernel.js';
import type { Stream } from './rng.js';

/** One position for all chains, one per chain, or a function of a stream and the chain's number (from 0). */
export type Init =
  | ArrayLike<number>
  | readonly ArrayLike<number>[]
  | ((rng: Stream, chain: number) => ArrayLike<number>);

/** Random places that are tried before giving up. */
const ATTEMPTS = 100;

/**
 * The first state of a chain. Without `init`: uniform on (-2, 2) in each coordinate, as Stan does.
 * @throws GlmmcError `bad-init` where positions do not fit or no density above 0 is found, `broken-density`
 */
export function startingState<S, I>(
  kernel: Kernel<S, I>,
  init: Init | undefined,
  chain: number,
  chains: number,
  stream: Stream,
): S {
  if (init !== undefined) return kernel.init(Float64Array.from(givenPosition(init, chain, chains, stream)));
  if (kernel.dimension === undefined) {
    throw new GlmmcError(
      'bad-init',
      `run(): the kernel '${kernel.name}' does not tell its dimension; give init, a position`,
    );
  }
  const position = new Float64Array(kernel.dimension);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    for (let i = 0; i < position.length; i++) position[i] = 4 * stream.uniform() - 2;
    try {
      return kernel.init(position);
    } catch (error) {
      // A density of 0 at a random place is no fault; a broken one is.
      if (!(error instanceof GlmmcError && error.code === 'bad-init')) throw error;
    }
  }
  throw new GlmmcError(
    'bad-init',
    `run(): the density was 0 at ${ATTEMPTS} random places in (-2, 2); give init, a position inside the support`,
  );
}

function givenPosition(init: Init, chain: number, chains: number, stream: Stream): ArrayLike<number> {
  if (typeof init === 'function') return checked(init(stream, chain));
  if (typeof init !== 'object' || init === null || typeof init.length !== 'number') throw misfit(chains);
  if (typeof init[0] === 'number') return checked(init as ArrayLike<number>);
  if (init.length !== chains) throw misfit(chains, init.length);
  return checked(init[chain] as ArrayLike<number>);
}

function misfit(chains: number, found?: number): GlmmcError {
  return new GlmmcError(
    'bad-init',
    `run(): init must be one position, one for each of ${chains} chains, or a function (rng, chain) => position` +
      (found === undefined ? '' : `, found ${found} positions`),
  );
}

function checked(position: ArrayLike<number>): ArrayLike<number> {
  if (!Array.from(position ?? [Number.NaN]).every(Number.isFinite)) {
    throw new GlmmcError('bad-init', 'run(): init must be finite numbers');
  }
  return position;
}
