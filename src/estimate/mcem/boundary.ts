// Whether sigma = 0 is where Monte Carlo EM ought to end: asked of the exact likelihood, which is cheap beside the draws.
import { DEFAULT_TOLERANCE } from '../../likelihood/marginal.js';
import type { MarginalLikelihood } from '../../likelihood/marginal-likelihood.js';
import type { Parameters } from '../../model/parameters.js';
import { predictorUnit } from '../../model/predictor-unit.js';
import type { FitTask } from '../fit.js';
import { type PooledMaximum, pooledMaximum } from '../maximum-likelihood.js';

/** Below this many units of the linear predictor a falling sigma is asked whether it falls to 0. */
const SMALL_SIGMA = 0.2;

/**
 * EM goes to sigma = 0 ever more slowly, and the score of few draws may have roots on the way. The likelihood's slope
 * in sigma^2 at the pooled fit is a closed form: where it is positive, 0 is no maximum. Where it is not, 0 is the answer
 * unless the likelihood is higher at what has been found.
 */
export class Boundary {
  private readonly likelihood: MarginalLikelihood;
  private readonly task: FitTask;
  private pooled: PooledMaximum | undefined;

  constructor(likelihood: MarginalLikelihood, task: FitTask) {
    this.likelihood = likelihood;
    this.task = task;
  }

  /** sigma = 0 has a likelihood at least that of `parameters`, and is a maximum. */
  async beats(parameters: Parameters): Promise<boolean> {
    if (this.task.space.fixed.sigma !== undefined) return false;
    const { likelihood, task } = this;
    this.pooled ??= await pooledMaximum(likelihood, task.space, () => task.pause());
    if (this.pooled.slopeInVariance > 0) return false;
    const certified = { kind: 'certified', tolerance: DEFAULT_TOLERANCE } as const;
    return likelihood.evaluate(parameters, certified, true) <= this.pooled.objective;
  }

  /** The same of an iterate on its way: only where the likelihood still falls as sigma grows. */
  async attracts(parameters: Parameters): Promise<boolean> {
    if (!(await this.beats(parameters))) return false;
    return this.likelihood.gradient[parameters.beta.length] <= 0;
  }

  isNear(parameters: Parameters): boolean {
    return parameters.sigma < SMALL_SIGMA * predictorUnit(this.task.model, parameters);
  }
}
