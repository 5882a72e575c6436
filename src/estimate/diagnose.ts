// diagnose(): what the draws of any program are worth, as findings that name the next step. One rule for fits and files.
import * as v from 'valibot';
import { undiagnosable } from '../../samplers/diagnostics/chains.js';
import { ebfmi } from '../../samplers/diagnostics/ebfmi.js';
import { essBulk, essTail } from '../../samplers/diagnostics/ess.js';
import { rhat } from '../../samplers/diagnostics/rhat.js';
import { allChains, type Draws, requireDraws } from '../../samplers/draws.js';
import { checkOptions } from '../../samplers/options.js';
import { type Finding, someOf } from '../model/finding.js';

/** Above this chains have not mixed (Vehtari et al. 2021). */
export const LARGEST_RHAT = 1.01;
/** Effective draws that each chain must have on average for its diagnostics to be trusted (Vehtari et al. 2021). */
export const LEAST_ESS_PER_CHAIN = 100;
/** Below this E-BFMI a chain has trouble with its energies (Stan's value). */
export const LEAST_EBFMI = 0.3;
/** R-hat splits each chain in halves of at least two draws. */
const LEAST_DRAWS = 4;
/** Fewer energies than these tell nothing. */
const LEAST_ENERGIES = 50;

/** Options of `diagnose()`. */
export interface DiagnoseOptions {
  /** Which variables to judge; all but Stan's own columns (`accept_stat__`, ...) where left out. */
  readonly variables?: readonly string[];
}

/** Codes of findings with which draws do not stand for their distribution yet. */
const NOT_CONVERGED: ReadonlySet<string> = new Set([
  'draws-few',
  'draws-not-finite',
  'draws-constant',
  'rhat-high',
]);

/** Whether none of the findings says that the chains have not converged. */
export function hasConverged(findings: readonly Finding[]): boolean {
  return !findings.some(({ code, severity }) => severity === 'error' || NOT_CONVERGED.has(code));
}

/**
 * Judges draws by their chains: finite, moving, agreeing (R-hat below 1.01), worth 100 effective draws a chain in bulk and
 * tails; by Stan's columns, where they are there, also divergences and energies (E-BFMI). Codes: `draws-few`, `draws-not-finite`,
 * `draws-constant`, `rhat-high`, `ess-low`, `divergences`, `ebfmi-low`, `one-chain`. No finding: nothing speaks
 * against the draws.
 *
 * Source: thresholds of Vehtari et al. (2021), Betancourt (2016).
 * @throws GlmmcError `bad-draws`, `unknown-variable`, `unknown-option`, `bad-option`
 */
export function diagnose(draws: Draws, options: DiagnoseOptions = {}): Finding[] {
  requireDraws('diagnose()', draws);
  const { variables } = checkOptions(
    'diagnose()',
    { variables: v.optional(v.array(v.string(), 'a list of names')) },
    options,
  );
  return [
    ...chainFindings(draws, variables ?? draws.variables.filter((name) => !isSamplerColumn(name))),
    ...divergences(draws),
    ...energies(draws),
    ...oneChain(draws),
  ];
}

/** Whether a column tells of the sampler and not of the posterior. */
export function isSamplerColumn(name: string): boolean {
  return name !== 'lp__' && name.endsWith('__');
}

function chainFindings(draws: Draws, variables: readonly string[]): Finding[] {
  const { chains, iterations } = draws;
  if (variables.length === 0) return [];
  if (iterations < LEAST_DRAWS) {
    return [
      {
        code: 'draws-few',
        severity: 'warning',
        message: `R-hat and effective sample sizes are not defined: they take ${LEAST_DRAWS} draws a chain, found ${iterations}.`,
        advice: 'Draw more: 1000 a chain is a start.',
      },
    ];
  }
  const broken: string[] = [];
  const constant: string[] = [];
  const moving: { name: string; rhat: number; ess: number }[] = [];
  for (const name of variables) {
    const values = allChains(draws, name);
    if (!values.every((chain) => chain.every(Number.isFinite))) broken.push(name);
    else if (undiagnosable(values)) constant.push(name);
    else moving.push({ name, rhat: rhat(values), ess: Math.min(essBulk(values), essTail(values)) });
  }
  const findings: Finding[] = [];
  if (broken.length > 0) {
    findings.push({
      code: 'draws-not-finite',
      severity: 'warning',
      message: `Some draws of ${someOf(broken)} are no finite numbers, so that they have no diagnostics.`,
      advice: 'Look at these draws: a chain that runs off needs a tighter prior, or another start.',
      where: broken,
    });
  }
  if (constant.length > 0) {
    findings.push({
      code: 'draws-constant',
      severity: 'warning',
      message: `The same in every draw, so without diagnostics: ${someOf(constant)}.`,
      advice: 'Right for what is held fixed; a chain that is stuck needs another start, or another sampler.',
      where: constant,
    });
  }
  // NaN fails too: what is too short to tell has not converged.
  const apart = moving.filter((row) => !(row.rhat < LARGEST_RHAT));
  if (apart.length > 0) {
    const worst = apart.reduce((a, b) => (b.rhat > a.rhat || Number.isNaN(b.rhat) ? b : a));
    const what = chains === 1 ? 'The chain still drifts in' : 'The chains do not agree yet on';
    findings.push({
      code: 'rhat-high',
      severity: 'warning',
      message: `${what} ${someOf(apart.map(({ name }) => name))}: R-hat is ${format(worst.rhat, 3)} for ${worst.name}; it should be below ${LARGEST_RHAT}.`,
      advice: `Run longer: warmup and draws at twice what they were; if R-hat stays high, centre and scale the covariates, or look at the trace of ${worst.name}.`,
      where: apart.map(({ name }) => name),
    });
  }
  const least = LEAST_ESS_PER_CHAIN * chains;
  const each = chains === 1 ? '' : ` (${LEAST_ESS_PER_CHAIN} a chain)`;
  const few = moving.filter((row) => !(row.ess >= least));
  if (few.length > 0) {
    const worst = few.reduce((a, b) => (b.ess < a.ess || Number.isNaN(b.ess) ? b : a));
    const factor = Math.max(2, Math.ceil((1.5 * least) / worst.ess) || 2);
    findings.push({
      code: 'ess-low',
      severity: 'warning',
      message: `The draws are worth few independent ones for ${someOf(few.map(({ name }) => name))}: effective sample size ${format(worst.ess, 0)} for ${worst.name}; ${least}${each} are needed to trust means, intervals and R-hat.`,
      advice: `Keep about ${factor} times as many draws (draws: ${factor * iterations}).`,
      where: few.map(({ name }) => name),
    });
  }
  return findings;
}

function divergences(draws: Draws): Finding[] {
  if (!draws.variables.includes('divergent__')) return [];
  const flags = allChains(draws, 'divergent__');
  const count = flags.reduce((sum, chain) => sum + chain.reduce((a, b) => a + b, 0), 0);
  if (count === 0) return [];
  return [
    {
      code: 'divergences',
      severity: 'warning',
      message: `${count} divergent transitions in ${draws.chains * draws.iterations}: parts of the posterior were not reached.`,
      advice:
        'Take smaller steps (adapt_delta nearer to 1), or another parametrisation; if some remain, tighten the priors of the scales.',
    },
  ];
}

function energies(draws: Draws): Finding[] {
  return draws.variables.includes('energy__')
    ? energyFindings(
        allChains(draws, 'energy__'),
        'Give the scales priors with lighter tails, try another parametrisation, or run longer.',
      )
    : [];
}

/** `ebfmi-low`, where some chain's energies change too slowly. @param energies of consecutive trajectories, by chain */
export function energyFindings(energies: readonly Float64Array[], advice: string): Finding[] {
  if (energies[0].length < LEAST_ENERGIES) return [];
  const values = energies.map(ebfmi);
  const low = values.flatMap((value, chain) => (value < LEAST_EBFMI ? [chain] : []));
  if (low.length === 0) return [];
  return [
    {
      code: 'ebfmi-low',
      severity: 'warning',
      message: `E-BFMI is ${Math.min(...values).toFixed(2)} (chain ${low.map((chain) => chain + 1).join(', ')}); it should be above ${LEAST_EBFMI}: the energies change too slowly for the tails to be explored.`,
      advice,
    },
  ];
}

function oneChain({ chains }: Draws): Finding[] {
  if (chains !== 1) return [];
  return [
    {
      code: 'one-chain',
      severity: 'note',
      message: 'One chain: R-hat compares its halves, and cannot tell whether others would agree.',
      advice: 'Run 4 chains.',
    },
  ];
}

function format(value: number, decimals: number): string {
  return Number.isNaN(value) ? 'not defined' : value.toFixed(decimals);
}
