// Where a fit went: the steps of a search, or the kept draws of each chain, thinned.
import type { Fit, Parameters } from 'glmmc';
import type { Point } from './messages.js';

/** Draws of a chain that a chart shows. */
const MOST = 300;

export function valuesOf({ beta, sigma, dispersion }: Parameters): number[] {
  return [...beta, sigma, ...(dispersion === undefined ? [] : [dispersion])];
}

export function pathOf(fit: Fit): Point[] {
  if (fit.kind === 'likelihood') {
    return fit.history.map(({ parameters }) => ({ chain: 0, values: valuesOf(parameters) }));
  }
  const { draws, estimates } = fit;
  const step = Math.ceil(draws.iterations / MOST);
  return Array.from({ length: draws.chains }, (_, c) => {
    const columns = estimates.map(({ name }) => draws.chain(name, c));
    return Array.from({ length: Math.floor(draws.iterations / step) }, (_, t) => ({
      chain: c + 1,
      values: columns.map((column) => column[t * step]),
    }));
  }).flat();
}
