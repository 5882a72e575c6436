// Simulated responses, where there are any that are finite.
import { GlmmcError } from '../../samplers/errors.js';

/** Vague priors, or parameters far off, can give means that overflow: undefined then. */
export function possibleResponses(draw: () => Float64Array): Float64Array | undefined {
  try {
    const y = draw();
    return y.every(Number.isFinite) ? y : undefined;
  } catch (error) {
    if (error instanceof GlmmcError && error.code === 'bad-argument') return undefined;
    throw error;
  }
}
