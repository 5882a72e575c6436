// The ascent-based Monte Carlo size of Caffo, Jank and Jones (2005): draws grow so that Q rises, and EM ends where it cannot.
import * as v from 'valibot';
import { between, checkOptions, count, positive } from '../../../samplers/options.js';
import { ndtri } from '../../../samplers/special.js';
import type { MonteCarloSize } from './size.js';

/** Options of `ascentBased()`. */
export interface AscentBasedOptions {
  /** Draws a cluster in the first E-step (default 100; fewer of thousands of clusters, whose noise averages out). */
  readonly draws?: number;
  /** A step is taken where its gain of Q is above 0 with confidence 1 - alpha (default 0.25). */
  readonly alpha?: number;
  /** The next E-step is large enough to see a gain like the last with power 1 - beta (default 0.25). */
  readonly beta?: number;
  /** EM ends where the gain's upper bound, with confidence 1 - gamma (default 0.25), ... */
  readonly gamma?: number;
  /** ... is below this three times running (default 1e-3). */
  readonly tolerance?: number;
  /** A step that is not taken is tried again with 1/k more draws (default 3). */
  readonly k?: number;
}

const CALM_STEPS = 3;
const FIRST_DRAWS = 100;
const LEAST_FIRST_DRAWS = 32;
const FIRST_DRAWS_IN_ALL = 30_000;

/**
 * The ascent-based rule. A step is taken if dQ - z_alpha ASE > 0, and where it hardly matters (dQ + z_gamma ASE < tolerance) or there may be no more
 * draws; otherwise it is tried again with more. The next E-step has
 * max(m, m ASE^2 (z_alpha + z_beta)^2 / dQ^2) draws (no more than three times as many), and EM ends where
 * dQ + z_gamma ASE < tolerance three times running. Source: Caffo, Jank and Jones (2005), sections 2 and 3, with their
 * values of the constants.
 * @throws GlmmcError `unknown-option`, `bad-option`
 */
export function ascentBased(options: AscentBasedOptions = {}): MonteCarloSize {
  const settings = checkOptions(
    'ascentBased()',
    {
      draws: v.optional(count(10)),
      alpha: v.optional(between(0, 1), 0.25),
      beta: v.optional(between(0, 1), 0.25),
      gamma: v.optional(between(0, 1), 0.25),
      tolerance: v.optional(positive(), 1e-3),
      k: v.optional(positive(), 3),
    },
    options,
  );
  const [zAlpha, zBeta, zGamma] = [settings.alpha, settings.beta, settings.gamma].map((p) => -ndtri(p));
  return {
    name: 'ascentBased',
    settings,
    start(clusters) {
      let calm = 0;
      return {
        first: settings.draws ?? firstDraws(clusters),
        decide({ draws, mostDraws, gain, gainError }) {
          const clear = gain - zAlpha * gainError > 0;
          const negligible = gain + zGamma * gainError < settings.tolerance;
          calm = negligible ? calm + 1 : 0;
          const taken = clear || negligible || draws >= mostDraws;
          const wanted = clear
            ? (draws * (gainError * (zAlpha + zBeta)) ** 2) / gain ** 2
            : draws * (1 + 1 / settings.k);
          return {
            decision: taken ? 'taken' : 'more draws',
            // Growing tenfold at once would spend on one noisy guess of the gain.
            draws: Math.max(draws, Math.min(Math.ceil(wanted), 3 * draws)),
            ended: calm >= CALM_STEPS,
          };
        },
      };
    },
  };
}

function firstDraws(clusters: number): number {
  return Math.min(FIRST_DRAWS, Math.max(LEAST_FIRST_DRAWS, Math.ceil(FIRST_DRAWS_IN_ALL / clusters)));
}
