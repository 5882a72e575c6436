// What saem(), mcnr() and mcml() have in common: the ends that are none of theirs, and the proof of landing.
import { DEFAULT_TOLERANCE } from '../../likelihood/marginal.js';
import { MarginalLikelihood } from '../../likelihood/marginal-likelihood.js';
import { requireDensity } from '../../likelihood/supported.js';
import type { Finding } from '../../model/finding.js';
import type { Parameters } from '../../model/parameters.js';
import type { FitTask, Landing, LikelihoodFit, Strategy } from '../fit.js';
import { finishLikelihoodFit } from '../likelihood-fit.js';
import {
  awayFromZero,
  boundaryFinding,
  type Iteration,
  interiorStart,
  pooledMaximum,
} from '../maximum-likelihood.js';
import type { DrawSet, EStep } from '../mcem/e-step.js';
import { Ends } from '../mcem/ends.js';
import { landing, landingFindings } from '../mcem/landing.js';
import { pooledStart } from '../pooled-start.js';
import { separatedCoefficients, separationFinding } from '../separation.js';

/** Errors told by the scatter of the draws. */
export const BY_DRAWS = { replicates: 0, exact: false } as const;

/** An estimate with what its Monte Carlo error is made of. */
export interface Landed {
  /** Observed information (negative) in all natural parameters, size x size. */
  readonly hessian: Float64Array;
  /** Covariance of the score whose root the estimate is, size x size. */
  readonly scoreCovariance: Float64Array;
  /** Monte Carlo error of each estimate, and the largest in units of its standard error. */
  readonly errors: Float64Array;
  readonly ratio: number;
  readonly draws: Pick<Landing, 'draws' | 'smallestEss' | 'largestK' | 'standardErrorError'>;
  /** How the error was told: by replicates, by the draws themselves, or not at all. */
  readonly set: Pick<DrawSet, 'replicates' | 'exact'>;
}

export interface Search {
  readonly parameters: Parameters;
  readonly objective: number;
  readonly history: readonly Iteration[];
  /** sigma is on its way to 0, where the likelihood has a maximum. */
  readonly atBoundary?: boolean;
  /** Where it ended short of an estimate. */
  readonly trouble?: Finding;
  readonly landed?: Landed;
}

export interface SearchTask {
  readonly task: FitTask;
  readonly start: Parameters;
  readonly ends: Ends;
  readonly likelihood: MarginalLikelihood;
}

/** What the options of every one of them hold. */
export interface MonteCarloSettings {
  readonly eStep: EStep;
  readonly monteCarloError: number;
}

/**
 * Runs `search` from the pooled fit and holds its estimate against the exact score. Without intercepts, with sigma = 0 at
 * least as good, with separated responses or a likelihood that rises for ever, there is nothing to simulate.
 * @param moreDraws advice where the Monte Carlo error is above its target
 */
export async function runMonteCarlo(
  self: Pick<Strategy, 'name' | 'settings'>,
  owner: string,
  task: FitTask,
  settings: MonteCarloSettings,
  moreDraws: string,
  search: (given: SearchTask) => Promise<Search>,
): Promise<LikelihoodFit> {
  const { model, space } = task;
  requireDensity(owner, model);
  settings.eStep.check?.(model);
  const likelihood = new MarginalLikelihood(model);
  if (space.fixed.sigma === 0) return pooledFit(self, task, likelihood, false, []);
  const start = space.hold(
    task.start ? awayFromZero(model, task.start) : interiorStart(model, pooledStart(model)),
  );
  const separated = separatedCoefficients(space, new Float64Array(space.free.length ** 2), false);
  if (separated.length > 0) {
    const trouble = separationFinding(separated);
    return withoutEstimate(self, task, likelihood, {
      parameters: start,
      objective: Number.NaN,
      history: [],
      trouble,
    });
  }
  const ends = new Ends(likelihood, task);
  const found = await search({ task, start, ends, likelihood });
  const { parameters, history, landed, trouble } = found;
  if (found.atBoundary || (!trouble && (await ends.zeroBeats(parameters)))) {
    return pooledFit(self, task, likelihood, true, history);
  }
  if (trouble || !landed) return withoutEstimate(self, task, likelihood, found);
  likelihood.evaluate(parameters, { kind: 'certified', tolerance: DEFAULT_TOLERANCE }, true);
  const { hessian, scoreCovariance, errors, ratio, draws, set } = landed;
  const target = settings.monteCarloError;
  const report = { ...draws, largestErrorRatio: ratio };
  const proof = landing(likelihood, space, scoreCovariance, set, errors, target, report);
  const findings = landingFindings(proof, space.names, target, true).map((finding) =>
    finding.code === 'monte-carlo-error-above-target' ? { ...finding, advice: moreDraws } : finding,
  );
  return finishLikelihoodFit(self, task, likelihood, {
    ...found,
    converged: ratio <= target,
    boundary: false,
    findings,
    hessian,
    monteCarloErrors: errors,
    landing: proof,
  });
}

/** The fit without intercepts, which is exact: nothing is left to simulate. */
export async function pooledFit(
  self: Pick<Strategy, 'name' | 'settings'>,
  task: FitTask,
  likelihood: MarginalLikelihood,
  boundary: boolean,
  history: readonly Iteration[],
): Promise<LikelihoodFit> {
  const { space } = task;
  const { parameters, objective, newton } = await pooledMaximum(likelihood, space, () => task.pause());
  const separated = separatedCoefficients(space, newton.evaluation.hessian, newton.converged);
  return finishLikelihoodFit(self, task, likelihood, {
    parameters,
    objective,
    converged: newton.converged,
    boundary,
    findings: [
      ...(boundary ? [boundaryFinding()] : []),
      ...(separated.length > 0 ? [separationFinding(separated)] : []),
    ],
    history,
  });
}

/** The fit where the search ended short of an estimate: its last parameters, with the trouble said. */
export function withoutEstimate(
  self: Pick<Strategy, 'name' | 'settings'>,
  task: FitTask,
  likelihood: MarginalLikelihood,
  { parameters, objective, history, trouble }: Search,
): LikelihoodFit {
  return finishLikelihoodFit(self, task, likelihood, {
    parameters,
    objective,
    converged: false,
    boundary: false,
    findings: trouble ? [trouble] : [],
    history,
    monteCarloErrors: new Float64Array(likelihood.size).fill(Number.NaN),
  });
}

export function unsettledFinding(owner: string, iterations: number): Finding {
  return {
    code: 'not-converged',
    severity: 'error',
    message: `${owner} had not settled after ${iterations} iterations: these are its last parameters, and they have no Monte Carlo error.`,
    advice:
      'Raise maxIterations or draws, or give a start nearer to the answer; quadrature() has the exact one.',
  };
}
