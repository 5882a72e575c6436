// What a person should know of a fit by point masses.
import type { Finding } from '../../model/finding.js';
import { boundaryFinding } from '../maximum-likelihood.js';
import type { Best } from './gradient-function.js';

/** Log-likelihood that is let go: no further mass is looked for. */
export const ENOUGH = 1e-3;
/**
 * @param runaway places where the likelihood is flat, if any
 * @param most the masses that were allowed
 */
export function pointMassFindings(
  places: Float64Array,
  converged: boolean,
  best: Best,
  most: number,
  runaway: readonly number[],
): Finding[] {
  const findings: Finding[] = [];
  const k = places.length;
  if (k === 1) findings.push(boundaryFinding());
  if (best.gain > ENOUGH) {
    findings.push({
      code: 'masses-too-few',
      severity: 'warning',
      message: `With ${k} masses the gradient function is still ${best.gain.toPrecision(3)} at ${best.place.toPrecision(3)}: more masses could raise the log-likelihood, by at most that.`,
      advice: `Try pointMasses(${most + 1}); the nonparametric maximum is reached where this finding goes.`,
    });
  } else if (k < most && k > 1) {
    findings.push({
      code: 'masses-enough',
      severity: 'note',
      message: `${k} masses reach the nonparametric maximum (gradient function at most ${Math.max(best.gain, 0).toPrecision(2)}); ${most} were allowed.`,
      advice: 'No other distribution of the intercepts fits better.',
    });
  }
  if (runaway.length > 0) {
    findings.push({
      code: 'place-unbounded',
      severity: 'error',
      message: `A place is at ${runaway[0].toPrecision(3)} and nothing holds it: clusters that are all of one kind are fitted best by a mass at infinity, so sigma has no finite estimate.`,
      advice: 'Use normal() or another distribution with a density, or coarser clusters.',
    });
  }
  if (!converged) {
    findings.push({
      code: 'not-converged',
      severity: 'error',
      message: 'The search for places and masses stopped short of a maximum.',
      advice: 'Ask for fewer masses, or centre and scale the covariates.',
    });
  }
  return findings;
}
