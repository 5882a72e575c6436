// EM's own answer without a polish: its last draws give the information there, and the errors that its iterations left.
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { FitTask } from '../fit.js';
import { covarianceOf } from '../likelihood-fit.js';
import { LEAST_EFFECTIVE, leastDraws } from '../monte-carlo/budget.js';
import { controlsFor } from './control-variates.js';
import type { Em, Ending } from './em.js';
import { emRate } from './em-rate.js';
import type { McemSettings } from './mcem.js';
import { monteCarloScore, scoreWithError } from './monte-carlo-score.js';
import { expectedLogDensity, type Polished } from './polish.js';
import { propagatedCovariance } from './propagation.js';
import { largestRatio } from './root.js';
import { weigh } from './weigh.js';

/** EM is taken to have converged where what is left to go is this part of its Monte Carlo error. */
const LITTLE = 0.2;
/**
 * An M-step of EM without a polish ends where it promises less of Q than 1e-12: what it leaves, in standard errors,
 * squared. No scatter shows it, and control variates (Gaussian responses) or nodes may leave less of their own.
 */
const LEFT_BY_M_STEP = 2e-12;
/** Draws grow by no more than this at once. */
const MOST_GROWTH = 10;

/** What EM ended with. */
export interface Unpolished {
  /** Absent where EM ran to sigma = 0 or to infinity after all, or could not draw. */
  readonly answer?: Polished;
  readonly ending: Ending;
}

/**
 * Goes on with EM after its rule has ended it (`ending`): with more draws until every Monte Carlo error is below what was
 * asked for, then until, by its rate, what is left to go is little beside that. Sizes stated beforehand are left alone.
 */
export async function finishUnpolished(
  task: FitTask,
  settings: McemSettings,
  em: Em,
  ending: Ending,
): Promise<Unpolished> {
  let last = ending;
  // EM has gone its way at a size that suffices; what the draws still say is left is their own noise.
  let settled = false;
  for (;;) {
    const { answer, farthest, slowest } = iterate(task, settings, em);
    const { set } = answer.weighed;
    const { perCluster, dependent, exact } = set;
    const excess = exact
      ? 1
      : Math.max(
          (answer.ratio / settings.monteCarloError) ** 2,
          leastDraws(set, task.model.clusters.count) / perCluster,
          dependent ? LEAST_EFFECTIVE / answer.weighed.smallestEss : 0,
        );
    const growth = excess > 1 ? Math.min(1.3 * excess, MOST_GROWTH) : 1;
    const wanted = Math.min(em.mostDraws, Math.ceil(perCluster * growth));
    if (wanted > perCluster) settled = false;
    if (last !== 'rule' || settings.size.stated || settled || !answer.converged) {
      return { answer, ending: last };
    }
    settled = wanted === perCluster;
    // Counted in the errors that so many draws will have.
    const left = farthest * Math.sqrt(wanted / perCluster);
    const toGo = slowest < 1 ? Math.ceil(Math.log(LITTLE / left) / Math.log(slowest)) : 1;
    if (settled && toGo <= 0) return { answer, ending: last };
    last = await em.goOn(wanted, Math.max(1, toGo));
    if (last !== 'rule' && last !== 'iterations') return { ending: last };
  }
}

/** EM's last iterate with its errors; how many of them the draws say it has to go, and EM's rate. */
function iterate(
  task: FitTask,
  settings: McemSettings,
  em: Em,
): { readonly answer: Polished; readonly farthest: number; readonly slowest: number } {
  const { space } = task;
  const { free } = space;
  const size = space.names.length;
  const { integrand, parameters, history, meanDirection } = em;
  const draws = em.draws!;
  const controls = controlsFor(draws, settings.controlVariates);
  integrand.setParameters(parameters);
  const weighed = weigh(integrand, draws, controls);
  const objective = expectedLogDensity(integrand, weighed);
  const first = monteCarloScore(integrand, weighed);
  const inverse = covarianceOf(space, first.hessian, false);
  const found = scoreWithError(integrand, weighed, controls, inverse ?? new Float64Array(size * size));
  const rate = emRate(
    integrand,
    space,
    parameters,
    weighed,
    controls,
    meanDirection,
    settings.expanded !== false,
  );
  const nothing = {
    parameters,
    objective,
    hessian: found.hessian,
    scoreCovariance: found.covariance,
    errors: new Float64Array(size).fill(Number.NaN),
    ratio: Number.NaN,
    varianceRatio: Number.NaN,
    weighed,
    converged: false,
  };
  if (!inverse || !rate) return { answer: nothing, farthest: 0, slowest: 1 };
  const restricted = (matrix: Float64Array): Matrix =>
    new Matrix(free.map((k) => free.map((l) => matrix[k * size + l])));
  const variance = restricted(inverse);
  const root = variance.mmul(restricted(found.covariance)).mmul(variance);
  const error = propagatedCovariance(history, rate, root).add(Matrix.mul(variance, LEFT_BY_M_STEP));
  const information = restricted(found.hessian).mul(-1);
  const scoreError = information.mmul(error).mmul(information);
  const errors = new Float64Array(size);
  const scoreCovariance = new Float64Array(size * size);
  free.forEach((k, a) => {
    errors[k] = Math.sqrt(error.get(a, a));
    free.forEach((l, b) => {
      scoreCovariance[k * size + l] = scoreError.get(a, b);
    });
  });
  const distance = variance.mmul(Matrix.columnVector(free.map((k) => found.score[k])));
  const farthest = Math.max(...free.map((k, a) => Math.abs(distance.get(a, 0)) / errors[k]));
  const slowest = Math.max(...new EigenvalueDecomposition(rate).realEigenvalues.map(Math.abs));
  // What nodes leave by the M-step says when to end, but is no Monte Carlo error.
  const reported = weighed.set.exact ? new Float64Array(size) : errors;
  const answer = {
    ...nothing,
    scoreCovariance,
    errors: reported,
    ratio: largestRatio(task, reported, inverse),
    varianceRatio: 0.5 * largestRatio(task, found.varianceErrors, inverse, 1),
    converged: true,
  };
  return { answer, farthest, slowest };
}
