// The randomised quasi-Monte Carlo E-step: shifted lattices through the quantile function of a proposal at each mode.
import * as v from 'valibot';
import { checkOptions, count, positive } from '../../../samplers/options.js';
import { tQuantile } from '../../../samplers/t-quantile.js';
import type { EStep } from './e-step.js';

/** Options of `quasiMonteCarlo()`. */
export interface QuasiMonteCarloOptions {
  /** Independent shifts of the lattice, whose scatter is the Monte Carlo error (default 16). */
  readonly shifts?: number;
  /** Scale of the proposal in curvature sds of the integrand (default 2). */
  readonly scale?: number;
}

/** Shifts a parameter at the least: the covariance of the score has to be of full rank, with some to spare. */
const SHIFTS_A_PARAMETER = 2;

/**
 * Points u = (k + shift) / n, k = 0..n-1, for each of R independent shifts of each cluster, mapped to z = mode + scale sd
 * Q(u), Q the quantile function of a t with closed form whose tails are heavier than the intercepts'. The weighted
 * integrand is smooth and vanishes with all its derivatives at both ends of (0, 1), so that a lattice integrates it
 * faster than any power of n; every shift is an unbiased estimate of the sums by itself (Cranley and Patterson 1976).
 * Source: Jank (2005), section 3, who takes one randomised lattice for all clusters.
 * @throws GlmmcError `unknown-option`, `bad-option`
 */
export function quasiMonteCarlo(options: QuasiMonteCarloOptions = {}): EStep {
  const settings = checkOptions(
    'quasiMonteCarlo()',
    { shifts: v.optional(count(4), 16), scale: v.optional(positive(), 2) },
    options,
  );
  return {
    name: 'quasi-monte-carlo',
    settings,
    dependent: false,
    replicates: (parameters) => Math.max(settings.shifts, SHIFTS_A_PARAMETER * parameters),
    draw(integrand, stream, { z, logProposal, mode, spread, replicates }) {
      const df = heavierThan(integrand.effect.tailDf);
      const scale = settings.scale * spread;
      const n = z.length / replicates;
      for (let r = 0; r < replicates; r++) {
        const shift = stream.uniform();
        for (let k = 0; k < n; k++) {
          const t = tQuantile((k + shift) / n, df);
          z[r * n + k] = mode + scale * t;
          logProposal[r * n + k] = -0.5 * (df + 1) * Math.log1p((t * t) / df);
        }
      }
      return 1;
    },
  };
}

/** The degrees of freedom, of those with a quantile in closed form, that are fewest above none and below `tailDf`. */
function heavierThan(tailDf: number): 1 | 2 | 4 {
  if (tailDf > 4) return 4;
  return tailDf > 2 ? 2 : 1;
}
