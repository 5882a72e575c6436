// The importance-sampling E-step: Student's t at the mode of each cluster's integrand, self-normalised weights.

import * as v from 'valibot';
import { checkOptions, positive } from '../../../samplers/options.js';
import { lgam } from '../../../samplers/special.js';
import { studentT } from '../../../samplers/variates.js';
import type { EStep } from './e-step.js';

/** Options of `importance()`. */
export interface ImportanceOptions {
  /** Degrees of freedom of the proposal (default 5; fewer where the intercepts' own tails are heavier). */
  readonly df?: number;
  /** Its scale in curvature sds of the integrand (default 1.05). */
  readonly scale?: number;
}

/**
 * Importance sampling: draws z = mode + scale sd t_df, with self-normalised weights. For log-concave likelihoods and normal intercepts the weights are bounded.
 * Source: Booth and Hobert (1999), section 4, who also centre a t at the mode.
 * @throws GlmmcError `unknown-option`, `bad-option`
 */
export function importance(options: ImportanceOptions = {}): EStep {
  const settings = checkOptions(
    'importance()',
    { df: v.optional(positive(), 5), scale: v.optional(positive(), 1.05) },
    options,
  );
  return {
    name: 'importance',
    settings,
    dependent: false,
    weighted: true,
    draw(integrand, stream, draws) {
      const { z, logProposal, mode, spread } = draws;
      const df = Math.min(settings.df, integrand.effect.tailDf);
      const scale = settings.scale * spread;
      for (let k = 0; k < z.length; k++) {
        const t = studentT(stream, df);
        z[k] = mode + scale * t;
        logProposal[k] = -0.5 * (df + 1) * Math.log1p((t * t) / df);
      }
      return 1;
    },
    logNormalizer(integrand, spread) {
      const df = Math.min(settings.df, integrand.effect.tailDf);
      const standard = lgam((df + 1) / 2) - lgam(df / 2) - 0.5 * Math.log(df * Math.PI);
      return standard - Math.log(settings.scale * spread);
    },
  };
}
