// Whether EM is on its way to sigma = 0 or to infinity: asked of the exact likelihood, which is cheap beside the draws.

import type { Searchable } from '../../likelihood/likelihood-part.js';
import { DEFAULT_TOLERANCE } from '../../likelihood/marginal.js';
import type { MarginalLikelihood } from '../../likelihood/marginal-likelihood.js';
import type { Parameters } from '../../model/parameters.js';
import { predictorUnit } from '../../model/predictor-unit.js';
import type { FitTask } from '../fit.js';
import { CLEAR_GAP, LARGEST_SIGMA, type PooledMaximum, pooledMaximum } from '../maximum-likelihood.js';
import { largePart } from '../part-start.js';
import { risesForEver } from '../unbounded.js';

/** Below this many units of the linear predictor a falling sigma is asked whether it falls to 0. */
const SMALL_SIGMA = 0.2;

const CERTIFIED = { kind: 'certified', tolerance: DEFAULT_TOLERANCE } as const;

/**
 * EM goes to sigma = 0 ever more slowly, and the score of few draws may have roots on the way. The likelihood's slope
 * in sigma^2 at the pooled fit is a closed form: where it is positive, 0 is no maximum. Where it is not, 0 is the answer
 * unless the likelihood is higher at what has been found.
 */
export class Ends {
  private readonly likelihood: MarginalLikelihood;
  private readonly task: FitTask;
  private pooled: PooledMaximum | undefined;
  /** Of large data, a part of the clusters. */
  private part: Searchable | undefined;
  private pooledPart: PooledMaximum | undefined;
  /** A sigma above this is asked whether it grows for ever. */
  private largestAsked = 0;

  constructor(likelihood: MarginalLikelihood, task: FitTask) {
    this.likelihood = likelihood;
    this.task = task;
  }

  /** sigma = 0 has a likelihood at least that of `parameters`, and is a maximum. */
  async zeroBeats(parameters: Parameters): Promise<boolean> {
    if (this.task.space.fixed.sigma !== undefined) return false;
    const { likelihood, task } = this;
    if (await this.clearlyAbove(parameters)) return false;
    this.pooled ??= await pooledMaximum(likelihood, task.space, () => task.pause());
    if (this.pooled.slopeInVariance > 0) return false;
    return likelihood.evaluate(parameters, CERTIFIED, true) <= this.pooled.objective;
  }

  /** Of large data: so says the pooled fit to a part, by a gap that the whole's cannot close. */
  private async clearlyAbove(parameters: Parameters): Promise<boolean> {
    const { likelihood, task } = this;
    this.part ??= largePart(likelihood);
    if (!this.part) return false;
    this.pooledPart ??= await pooledMaximum(this.part, task.space, () => task.pause());
    if (!(this.pooledPart.slopeInVariance > 0)) return false;
    const atZero = likelihood.evaluate(this.pooledPart.parameters, { kind: 'plain' }, false);
    return likelihood.evaluate(parameters, CERTIFIED, true) - atZero > CLEAR_GAP;
  }

  /** The same of an iterate on its way: only where the likelihood still falls as sigma grows. */
  async zeroAttracts(parameters: Parameters): Promise<boolean> {
    if (!(await this.zeroBeats(parameters))) return false;
    return this.likelihood.gradient[parameters.beta.length] <= 0;
  }

  /** Whether sigma is so small that a fall of it may be one to 0. */
  isSmall(parameters: Parameters): boolean {
    return parameters.sigma < SMALL_SIGMA * predictorUnit(this.task.model, parameters);
  }

  /** The likelihood rises for ever as sigma grows. Asked again only where sigma has doubled. */
  isRunningAway(parameters: Parameters): boolean {
    if (parameters.sigma < 2 * this.largestAsked) return false;
    this.largestAsked = parameters.sigma;
    return risesForEver(this.likelihood, this.task.space, { kind: 'plain' }, parameters, LARGEST_SIGMA);
  }
}
