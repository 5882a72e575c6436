// How many parameters a fit has estimated, as AIC and BIC count them.
import type { Fit } from './fit.js';

/**
 * Parameters held fixed are not counted; a sigma on its boundary is, as in R. Point masses count with all that is free in
 * them: k places of mean 0 and k masses of sum 1, which sigma follows from.
 */
export function parameterCount({ estimates, parameters }: Fit): number {
  const named = estimates.filter(({ standardError }) => standardError !== 0).length;
  const masses = parameters.shape ? parameters.shape.length / 2 : 0;
  return masses > 1 ? named - 1 + 2 * (masses - 1) : named;
}
