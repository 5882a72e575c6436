// From draws to the PosteriorFit that people get: estimates with their Monte Carlo errors, findings, summary.
import { pooled } from '../../samplers/diagnostics/chains.js';
import { mean, sd } from '../../samplers/diagnostics/descriptive.js';
import { mcseMean } from '../../samplers/diagnostics/mcse.js';
import { allChains, type Draws } from '../../samplers/draws.js';
import type { Finding } from '../model/finding.js';
import { diagnose, hasConverged } from './diagnose.js';
import type { Estimate, FitTask, PosteriorFit, Strategy } from './fit.js';
import { fitJson } from './fit-json.js';
import { posteriorSummary } from './posterior-summary.js';
import type { ResolvedPriors } from './priors.js';

/** What a sampler hands over. */
export interface Sampled {
  /** Variables in the order coefficients, sigma, dispersion where there is one, lp__, eps[...]. */
  readonly draws: Draws;
  readonly priors: ResolvedPriors;
  /** Mean acceptance after warm-up, by the name of a step. */
  readonly acceptance?: Readonly<Record<string, number>>;
  readonly findings?: readonly Finding[];
  /** Sentences for the summary. */
  readonly notes?: readonly string[];
}

/** Puts the fit together. Free parameters whose chains disagree, or stand still, make it `converged: false`. */
export function finishPosteriorFit(
  strategy: Pick<Strategy, 'name' | 'settings'>,
  task: FitTask,
  sampled: Sampled,
): PosteriorFit {
  const { model, space } = task;
  const { draws, priors } = sampled;
  const p = model.coefficientNames.length;
  const free = new Set(space.free);
  const estimates = space.names.map((name, k): Estimate => {
    const chains = allChains(draws, name);
    if (!free.has(k)) return { name, value: chains[0][0], standardError: 0, monteCarloError: 0 };
    const all = pooled(chains);
    return { name, value: mean(all), standardError: sd(all), monteCarloError: mcseMean(chains) };
  });
  // Where everything is held fixed the density moves with the intercepts, or not at all.
  const judged = space.free.length > 0 ? [...space.free.map((k) => space.names[k]), 'lp__'] : [];
  const mixing = diagnose(draws, { variables: judged });
  const findings = [...model.findings, ...(sampled.findings ?? []), ...mixing];
  const dispersion = model.family.dispersion && estimates[p + 1].value;
  const fit: PosteriorFit = {
    kind: 'posterior',
    strategy: strategy.name,
    settings: { ...strategy.settings, priors: priors.plain },
    seed: task.seed,
    model,
    parameters: {
      beta: Float64Array.from(estimates.slice(0, p), ({ value }) => value),
      sigma: estimates[p].value,
      ...(dispersion !== undefined && { dispersion }),
    },
    estimates,
    fixed: space.held,
    draws,
    priors,
    converged: hasConverged(findings),
    findings,
    milliseconds: performance.now() - task.startedAt,
    toString: () => posteriorSummary(fit, priors, sampled.acceptance, sampled.notes),
    toJSON: () => fitJson(fit),
  };
  return fit;
}
