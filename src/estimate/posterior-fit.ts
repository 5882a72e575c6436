// From draws to the PosteriorFit that people get: estimates with their Monte Carlo errors, findings, summary.
import { mean, sd } from '../../samplers/diagnostics/descriptive.js';
import { essBulk, essTail } from '../../samplers/diagnostics/ess.js';
import { mcseMean } from '../../samplers/diagnostics/mcse.js';
import { rhat } from '../../samplers/diagnostics/rhat.js';
import { allChains, type Draws } from '../../samplers/draws.js';
import { type Finding, someOf } from '../model/finding.js';
import type { Estimate, FitTask, PosteriorFit, Strategy } from './fit.js';
import { fitJson } from './fit-json.js';
import type { ParameterSpace } from './parameter-space.js';
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

/** Above this chains have not mixed (Vehtari et al. 2021). */
export const LARGEST_RHAT = 1.01;
/** Effective draws that each chain must have on average for its diagnostics to be trusted (Vehtari et al. 2021). */
export const LEAST_ESS_PER_CHAIN = 100;

/** Puts the fit together. R-hat above 1.01 in any parameter makes it `converged: false`. */
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
    const all = Float64Array.from(chains.flatMap((chain) => Array.from(chain)));
    return { name, value: mean(all), standardError: sd(all), monteCarloError: mcseMean(chains) };
  });
  const mixing = mixingFindings(draws, space);
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
    converged: !findings.some(({ code, severity }) => severity === 'error' || code === 'rhat-high'),
    findings,
    milliseconds: performance.now() - task.startedAt,
    toString: () => posteriorSummary(fit, priors, sampled.acceptance, sampled.notes),
    toJSON: () => fitJson(fit),
  };
  return fit;
}

/** Whether the chains agree and hold enough, for the free parameters and the log density. */
function mixingFindings(draws: Draws, space: ParameterSpace): Finding[] {
  const names = [...space.free.map((k) => space.names[k]), 'lp__'];
  const rows = names.map((name) => {
    const chains = allChains(draws, name);
    return { name, rhat: rhat(chains), ess: Math.min(essBulk(chains), essTail(chains)) };
  });
  const findings: Finding[] = [];
  // NaN fails too: what stands still, or is too short to tell, has not converged.
  const apart = rows.filter((row) => !(row.rhat < LARGEST_RHAT));
  if (apart.length > 0) {
    const worst = apart.reduce((a, b) => (b.rhat > a.rhat || Number.isNaN(b.rhat) ? b : a));
    findings.push({
      code: 'rhat-high',
      severity: 'warning',
      message: `The chains do not agree yet on ${someOf(apart.map(({ name }) => name))}: R-hat is ${format(worst.rhat, 3)} for ${worst.name}; it should be below ${LARGEST_RHAT}.`,
      advice: `Run longer: warmup and draws at twice what they were; if R-hat stays high, centre and scale the covariates, or look at the trace of ${worst.name}.`,
      where: apart.map(({ name }) => name),
    });
  }
  const least = LEAST_ESS_PER_CHAIN * draws.chains;
  const few = rows.filter((row) => !(row.ess >= least));
  if (few.length > 0) {
    const worst = few.reduce((a, b) => (b.ess < a.ess || Number.isNaN(b.ess) ? b : a));
    const factor = Math.max(2, Math.ceil((1.5 * least) / worst.ess) || 2);
    findings.push({
      code: 'ess-low',
      severity: 'warning',
      message: `The draws are worth few independent ones for ${someOf(few.map(({ name }) => name))}: effective sample size ${format(worst.ess, 0)} for ${worst.name}; ${least} (${LEAST_ESS_PER_CHAIN} a chain) are needed to trust means, intervals and R-hat.`,
      advice: `Keep about ${factor} times as many draws (draws: ${factor * draws.iterations}).`,
      where: few.map(({ name }) => name),
    });
  }
  return findings;
}

function format(value: number, decimals: number): string {
  return Number.isNaN(value) ? 'not defined' : value.toFixed(decimals);
}
