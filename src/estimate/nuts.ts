// nuts(): the posterior by the No-U-Turn sampler on everything at once, as Stan and PyMC draw from it.
import * as v from 'valibot';
import { between, checkOptions, count } from '../../samplers/options.js';
import { requireDensity } from '../likelihood/supported.js';
import type { PosteriorFit, Strategy } from './fit.js';
import type { GibbsOptions } from './gibbs.js';
import { trajectoryFindings } from './nuts/findings.js';
import { sampleTrajectories } from './nuts/run.js';
import { finishPosteriorFit } from './posterior-fit.js';
import { checkPriors, plainPriors, resolvePriors } from './priors.js';
import { told } from './telling.js';

/** As `gibbs()`, with a trajectory for a sweep. */
export interface NutsStrategyOptions extends GibbsOptions {
  /** Acceptance probability that warm-up tunes the step to (0.8). Nearer to 1: smaller steps, fewer divergences. */
  readonly acceptance?: number;
  /** Doublings after which a trajectory ends, 1 to 20 (10). */
  readonly maxTreeDepth?: number;
}

/**
 * Draws from the posterior of (beta, log sigma, log dispersion, z_1 .. z_m), eps = sigma z (the non-centred
 * parametrisation), by multinomial NUTS with Stan's warm-up (Hoffman and Gelman 2014; Betancourt 2017). The coefficients
 * are centred and decorrelated at the pooled fit, as rstanarm does by QR. The field's yardstick: it knows nothing of
 * clusters, and each gradient costs a pass over all rows.
 * Findings: `divergences`, `ebfmi-low`, `tree-depth`, and those of all posterior draws.
 * @throws GlmmcError `unknown-option`, `bad-option`; from fit() `bad-option` for priors that the model has no parameter
 *   for, `bad-cluster-weights`, `unsupported-effect`
 */
export function nuts(options: NutsStrategyOptions = {}): Strategy<PosteriorFit> {
  const known = checkOptions(
    'nuts()',
    {
      chains: v.optional(count(1), 4),
      warmup: v.optional(count(0), 1000),
      draws: v.optional(count(1), 1000),
      thin: v.optional(count(1), 1),
      acceptance: v.optional(between(0, 1), 0.8),
      maxTreeDepth: v.optional(count(1, 20), 10),
      priors: v.optional(v.any(), {}),
    },
    options,
  );
  const { priors: asked, ...settings } = known;
  const given = checkPriors(asked);
  const strategy: Strategy<PosteriorFit> = {
    name: 'nuts',
    settings: { ...settings, priors: plainPriors(given) },
    resumable: true,
    async run(task) {
      requireDensity('nuts()', task.model);
      const priors = resolvePriors(task.model, given, task.space.fixed);
      await task.pause();
      const { draws, trajectories, findings } = await sampleTrajectories(task, priors, settings);
      return finishPosteriorFit({ name: 'nuts', settings }, task, {
        draws,
        priors,
        acceptance: { trajectories: trajectories.acceptance },
        findings: [...trajectoryFindings(trajectories, settings), ...findings],
      });
    },
  };
  return told(strategy, 'nuts', options);
}
