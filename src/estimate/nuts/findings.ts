// What the trajectories of nuts() tell of the draws: divergences, energies, trajectories cut short.
import { ebfmi } from '../../../samplers/diagnostics/ebfmi.js';
import type { Finding } from '../../model/finding.js';
import type { Trajectories } from './run.js';
import type { NutsSettings } from './settings.js';

/** Below this E-BFMI a chain has trouble with its energies (Stan's value). */
export const LEAST_EBFMI = 0.3;
/** Fewer energies than these tell nothing. */
const LEAST_ENERGIES = 50;

export function trajectoryFindings(told: Trajectories, settings: NutsSettings): Finding[] {
  return [...divergences(told, settings), ...lowEnergies(told), ...cutShort(told, settings)];
}

function divergences({ divergent, total }: Trajectories, { acceptance }: NutsSettings): Finding[] {
  if (divergent === 0) return [];
  const closer = Number((1 - (1 - acceptance) / 4).toPrecision(3));
  return [
    {
      code: 'divergences',
      severity: 'warning',
      message: `${divergent} of ${total} trajectories after warm-up diverged (${percent(divergent, total)}): where they did, the posterior bends more sharply than the step follows, and the draws may miss a part of it.`,
      advice: `Take smaller steps (acceptance: ${closer}); if some remain, give sigma a prior with less mass where the data say nothing of it, or use gibbs(), whose steps fit each intercept.`,
      where: ['sigma'],
    },
  ];
}

function lowEnergies({ energies }: Trajectories): Finding[] {
  if (energies[0].length < LEAST_ENERGIES) return [];
  const values = energies.map(ebfmi);
  const low = values.flatMap((value, chain) => (value < LEAST_EBFMI ? [chain] : []));
  if (low.length === 0) return [];
  return [
    {
      code: 'ebfmi-low',
      severity: 'warning',
      message: `E-BFMI is ${Math.min(...values).toFixed(2)} (chain ${low.map((chain) => chain + 1).join(', ')}); it should be above ${LEAST_EBFMI}: the energies change too slowly for the tails to be explored.`,
      advice:
        'Give sigma and the coefficients priors with lighter tails, use gibbs(), or run longer (warmup and draws at twice what they were).',
    },
  ];
}

function cutShort({ cutShort, total }: Trajectories, { maxTreeDepth }: NutsSettings): Finding[] {
  if (cutShort === 0) return [];
  return [
    {
      code: 'tree-depth',
      severity: 'note',
      message: `${cutShort} of ${total} trajectories after warm-up (${percent(cutShort, total)}) were cut short after ${maxTreeDepth} doublings: the draws are right, but worth fewer independent ones.`,
      advice: `Centre and scale the covariates, or allow longer trajectories (maxTreeDepth: ${Math.min(20, maxTreeDepth + 2)}).`,
    },
  ];
}

function percent(part: number, total: number): string {
  const value = (100 * part) / total;
  return `${value < 1 ? value.toFixed(2) : value.toFixed(0)}%`;
}
