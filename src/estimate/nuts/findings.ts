// What the trajectories of nuts() tell of the draws: divergences, energies, trajectories cut short.
import type { Finding } from '../../model/finding.js';
import { energyFindings } from '../diagnose.js';
import type { Trajectories } from './run.js';
import type { NutsSettings } from './settings.js';

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
  return energyFindings(
    energies,
    'Give sigma and the coefficients priors with lighter tails, use gibbs(), or run longer (warmup and draws at twice what they were).',
  );
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
