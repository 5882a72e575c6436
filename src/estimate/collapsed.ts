// collapsed(): the posterior of (beta, sigma) with the intercepts integrated out, then each intercept exactly.
import * as v from 'valibot';
import { LARGEST_PARETO_K } from '../../samplers/diagnostics/pareto.js';
import { checkOptions, count } from '../../samplers/options.js';
import { formatNumber } from '../../samplers/text.js';
import { requireDensity } from '../likelihood/supported.js';
import type { Finding } from '../model/finding.js';
import type { ImportanceAnswers } from './collapsed/importance.js';
import { type CollapsedDraws, sampleCollapsed } from './collapsed/run.js';
import type { PosteriorFit, Strategy } from './fit.js';
import { finishPosteriorFit } from './posterior-fit.js';
import { checkPriors, type Priors, plainPriors, resolvePriors } from './priors.js';
import { told } from './telling.js';

/** Options of `collapsed()`. */
export interface CollapsedOptions {
  /** Independent chains (4). */
  readonly chains?: number;
  /** Steps of each chain that are thrown away, in which it finds its way (200). */
  readonly warmup?: number;
  /** Draws kept of each chain, after thinning (1000). */
  readonly draws?: number;
  /** Every thin-th step is kept (1). */
  readonly thin?: number;
  /** What is left out has its default: see `Priors`. */
  readonly priors?: Priors;
  /** `auto`: independence steps, or Hamiltonian ones above 8 coefficients or below an acceptance of 0.3. */
  readonly kernel?: 'auto' | 'independence' | 'hmc';
}

/** A fit by `collapsed()`: draws, and what the points proposed say by themselves. */
export interface CollapsedFit extends PosteriorFit {
  /** Which steps the chains took. */
  readonly kernel: 'independence' | 'hmc';
  /** What the points proposed say by themselves, the log evidence among it. */
  readonly importance: ImportanceAnswers;
  /**
   * Largest error delta of the log density sampled (but for a constant, at 40 points) for want of quadrature nodes: the
   * draws' distribution is within (e^(2 delta) - 1) / 2 of the posterior in total variation.
   */
  readonly quadratureError: number;
}

/**
 * Draws from the posterior of (beta, log sigma, log dispersion) with the intercepts integrated out by quadrature, by
 * independence Metropolis-Hastings (Tierney 1994), log sigma proposed from its Laplace-approximated density and the rest
 * Student t about their mode given it (one in ten such steps a random walk). Every other step goes to the mirror image of the
 * point in the proposal's noise, accepted by the same ratio of weights: means and medians then have more effective draws than
 * there are draws, standard deviations about a third of them. Above 8 coefficients, or where fewer than
 * 0.3 of the proposals would be accepted, Hamiltonian Monte Carlo with the exact gradient. Then each intercept is drawn
 * exactly given the parameters. The quadrature rule is the coarsest whose error is below a fiftieth of the Monte Carlo
 * error. The points proposed also give importance-sampling answers and the log evidence (`importance`).
 * `lp__` is the log posterior density of (beta, log sigma, log dispersion), within `quadratureError` up to a constant.
 * A start is not used: the chains start at draws of the proposal.
 * @throws GlmmcError `unknown-option`, `bad-option`; from fit() `bad-option` for priors that the model has no parameter
 *   for, `unsupported-effect`
 */
export function collapsed(options: CollapsedOptions = {}): Strategy<CollapsedFit> {
  const known = checkOptions(
    'collapsed()',
    {
      chains: v.optional(count(1), 4),
      warmup: v.optional(count(0), 200),
      draws: v.optional(count(1), 1000),
      thin: v.optional(count(1), 1),
      priors: v.optional(v.any(), {}),
      kernel: v.optional(
        v.picklist(['auto', 'independence', 'hmc'], "'auto', 'independence' or 'hmc'"),
        'auto',
      ),
    },
    options,
  );
  const { chains, warmup, draws, thin, kernel } = known;
  const given = checkPriors(known.priors);
  const settings = { chains, warmup, draws, thin, kernel };
  const strategy: Strategy<CollapsedFit> = {
    name: 'collapsed',
    settings: { ...settings, priors: plainPriors(given) },
    resumable: true,
    async run(task) {
      requireDensity('collapsed()', task.model);
      const priors = resolvePriors(task.model, given, task.space.fixed);
      await task.pause();
      const sampled = await sampleCollapsed(task, priors, settings);
      const base = finishPosteriorFit({ name: 'collapsed', settings }, task, {
        draws: sampled.draws,
        acceptance: sampled.acceptance,
        priors,
        findings: [...(task.space.free.length > 0 ? findingsOf(sampled) : []), ...sampled.findings],
        notes: [evidenceNote(sampled), quadratureNote(sampled)],
      });
      const own = {
        kernel: sampled.kernel,
        importance: sampled.importance,
        quadratureError: sampled.quadratureError,
      };
      return { ...base, ...own, toJSON: () => ({ ...(base.toJSON() as object), ...own }) };
    },
  };
  return told(strategy, 'collapsed', options);
}

function evidenceNote({ importance }: CollapsedDraws): string {
  const { logEvidence, logEvidenceError, points, ess, k } = importance;
  const decimals = Math.min(6, Math.max(1, 1 - Math.floor(Math.log10(logEvidenceError || 1e-6))));
  return (
    `Log evidence ${formatNumber(logEvidence, decimals)}, error ${logEvidenceError.toPrecision(2)}, by importance sampling: ` +
    `${points} points worth ${ess.toFixed(0)}${Number.isNaN(k) ? '' : `, Pareto k ${k.toFixed(2)}`}.`
  );
}

function quadratureNote({ quadratureError }: CollapsedDraws): string {
  return quadratureError > 0
    ? `Intercepts integrated out by quadrature; error of the log density ${quadratureError.toExponential(1)}.`
    : 'Intercepts integrated out by quadrature; error of the log density below 1e-9.';
}

function findingsOf({ kernel, importance, pilotAcceptance, divergences }: CollapsedDraws): Finding[] {
  const findings: Finding[] = [];
  const { k } = importance;
  if (kernel === 'hmc') {
    findings.push({
      code: 'collapsed-hmc',
      severity: 'note',
      message: `The chains took Hamiltonian steps; independence proposals would have been accepted ${(100 * pilotAcceptance).toFixed(0)}% of the time.`,
      advice: "kernel: 'independence' asks for those; either samples the same posterior.",
    });
  }
  if (!(k <= LARGEST_PARETO_K)) {
    const often = Number.isNaN(k) ? 'not defined' : k.toFixed(2);
    findings.push({
      code: 'pareto-k-high',
      severity: kernel === 'hmc' ? 'note' : 'warning',
      message: `The proposal does not cover the tails of the posterior: Pareto k of the weights is ${often}, and should be below ${LARGEST_PARETO_K}. The log evidence and the importance-sampling answers are not to be trusted${kernel === 'hmc' ? '; the draws do not depend on them' : ', and chains may stand still in the tails'}.`,
      advice:
        kernel === 'hmc'
          ? 'quadraturePosterior() computes the evidence with its error.'
          : "Sample with kernel: 'hmc' or gibbs() and compare; check ess_tail.",
    });
  }
  if (divergences > 0) {
    findings.push({
      code: 'divergences',
      severity: 'warning',
      message: `${divergences} Hamiltonian paths after warm-up lost their energy: part of the posterior may be out of reach.`,
      advice: 'Centre and scale the covariates, or sample with gibbs().',
    });
  }
  return findings;
}
