// The Metropolis E-step: one Markov chain a cluster over its intercept.
import * as v from 'valibot';
import { GlmmcError } from '../../../samplers/errors.js';
import { checkOptions, positive } from '../../../samplers/options.js';
import type { Stream } from '../../../samplers/rng.js';
import { normal, studentT } from '../../../samplers/variates.js';
import type { Integrand } from '../../likelihood/integrand.js';
import type { EStep } from './e-step.js';

/** Options of `metropolis()`. */
export interface MetropolisOptions {
  /**
   * `independence` (default): Student's t5 at the mode, nearly as good as independent draws. `random-walk`: normal
   * steps. `prior`: proposals from F itself, accepted by the ratio of likelihoods (McCulloch 1997, section 3.1); slow
   * to mix where the data say much about the intercept.
   */
  readonly proposal?: 'independence' | 'random-walk' | 'prior';
  /**
   * Scale of the first two in curvature sds of the integrand: 1.05 for `independence`, 2.4 for `random-walk` (Roberts
   * and Rosenthal 2001).
   */
  readonly scale?: number;
}

/** Steps thrown away before each E-step's draws are kept: the chain goes on from nearby parameters. */
const BURN_IN = 100;

/**
 * Draws by a Markov chain a cluster, which goes on from the last draw of the E-step before and throws its first 100 steps away. Draws
 * have equal weights at the parameters that they are made at, and their errors are judged by batch means.
 *
 * Source: McCulloch (1997), section 3.1, whose proposals are those of `prior`.
 * @throws GlmmcError `unknown-option`, `bad-option`
 */
export function metropolis(options: MetropolisOptions = {}): EStep {
  const settings = checkOptions(
    'metropolis()',
    {
      proposal: v.optional(
        v.picklist(['independence', 'random-walk', 'prior'], "'independence', 'random-walk' or 'prior'"),
        'independence',
      ),
      scale: v.optional(positive()),
    },
    options,
  );
  if (settings.proposal === 'prior' && settings.scale !== undefined) {
    throw new GlmmcError(
      'bad-option',
      `metropolis(): scale is that of 'independence' and 'random-walk' proposals, found ${settings.scale} with 'prior', which draws from F itself; leave it out`,
    );
  }
  const { proposal, scale: units = proposal === 'random-walk' ? 2.4 : 1.05 } = settings;
  const step = steps[proposal];
  return {
    name: 'metropolis',
    settings: proposal === 'prior' ? { proposal } : { proposal, scale: units },
    dependent: true,
    draw(integrand, stream, draws, last) {
      const { z, logProposal, mode, spread } = draws;
      const scale = units * spread;
      const chain = {
        z: Number.isFinite(last) ? last : mode + spread * normal(stream),
        value: 0,
        mode,
        scale,
      };
      chain.value = integrand.value(chain.z);
      for (let k = 0; k < BURN_IN; k++) step(integrand, stream, chain);
      let accepted = 0;
      for (let k = 0; k < z.length; k++) {
        if (step(integrand, stream, chain)) accepted++;
        z[k] = chain.z;
        // Drawn from the target itself: the weights are equal at these parameters.
        logProposal[k] = chain.value;
      }
      return accepted / z.length;
    },
  };
}

interface Chain {
  z: number;
  /** Log integrand at z. */
  value: number;
  readonly mode: number;
  readonly scale: number;
}

type Step = (integrand: Integrand, stream: Stream, chain: Chain) => boolean;

const steps: Readonly<Record<NonNullable<MetropolisOptions['proposal']>, Step>> = {
  independence: independenceStep,
  'random-walk': randomWalkStep,
  prior: priorStep,
};

const DF = 5;

function independenceStep(integrand: Integrand, stream: Stream, chain: Chain): boolean {
  const df = Math.min(DF, integrand.effect.tailDf);
  const t = studentT(stream, df);
  const here = (chain.z - chain.mode) / chain.scale;
  const z = chain.mode + chain.scale * t;
  const value = integrand.value(z);
  const proposalRatio = 0.5 * (df + 1) * (Math.log1p((t * t) / df) - Math.log1p((here * here) / df));
  return accept(stream, chain, z, value, value - chain.value + proposalRatio);
}

function randomWalkStep(integrand: Integrand, stream: Stream, chain: Chain): boolean {
  const proposal = chain.z + chain.scale * normal(stream);
  const value = integrand.value(proposal);
  return accept(stream, chain, proposal, value, value - chain.value);
}

function priorStep(integrand: Integrand, stream: Stream, chain: Chain): boolean {
  const { effect, sigma } = integrand;
  const proposal = effect.draw(stream, sigma);
  const value = integrand.value(proposal);
  // The prior cancels, and the ratio of likelihoods is left.
  const ratio = value - effect.logDensity(proposal, sigma) - chain.value + effect.logDensity(chain.z, sigma);
  return accept(stream, chain, proposal, value, ratio);
}

function accept(stream: Stream, chain: Chain, z: number, value: number, logRatio: number): boolean {
  if (!(Math.log1p(-stream.uniform()) < logRatio)) return false;
  chain.z = z;
  chain.value = value;
  return true;
}
