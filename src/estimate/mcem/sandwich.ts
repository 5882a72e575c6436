// EM's own answer without a polish: its last draws give the information there, and the errors that its iterations left.
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { FitTask } from '../fit.js';
import { covarianceOf } from '../likelihood-fit.js';
import { ControlVariates } from './control-variates.js';
import type { Em, Ending } from './em.js';
import { emRate } from './em-rate.js';
import type { McemSettings } from './mcem.js';
import { monteCarloScore, scoreWithError } from './monte-carlo-score.js';
import { expectedLogDensity, LEAST_DRAWS, LEAST_EFFECTIVE, type Polished } from './polish.js';
import { propagatedCovariance } from './propagation.js';
import { largestRatio } from './root.js';
import { weigh } from './weigh.js';

/** EM is taken to have converged where what is left to go is this part of its Monte Carlo error. */
const LITTLE = 0.2;
/** Draws grow by no more than this at once. */
const MOST_GROWTH = 10;

/** What EM ended with. */
export interface Unpolished {
  /** Absent where EM ran to sigma = 0 or to infinity after all. */
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
  for (let settled = false; ; ) {
    const { answer, toGo } = iterate(task, settings, em);
    if (last !== 'rule' || settled || !em.open) return { answer, ending: last };
    const { perCluster, dependent } = answer.weighed.set;
    const excess = Math.max(
      (answer.ratio / settings.monteCarloError) ** 2,
      LEAST_DRAWS / perCluster,
      dependent ? LEAST_EFFECTIVE / answer.weighed.smallestEss : 0,
    );
    if (excess > 1 && em.enlarge(perCluster * Math.min(1.3 * excess, MOST_GROWTH))) {
      last = await em.run();
    } else {
      settled = true;
      if (toGo > 0) last = await em.run(toGo);
    }
    if (last === 'boundary' || last === 'unbounded') return { ending: last };
  }
}

/** EM's last iterate with its errors, and the iterations that it needs to be as good as converged. */
function iterate(
  task: FitTask,
  settings: McemSettings,
  em: Em,
): { readonly answer: Polished; readonly toGo: number } {
  const { space } = task;
  const { free } = space;
  const size = space.names.length;
  const { integrand, parameters, history, direction } = em;
  const draws = em.draws!;
  const controls = new ControlVariates(draws.perCluster, settings.controlVariates);
  integrand.setParameters(parameters);
  const weighed = weigh(integrand, draws, controls);
  const objective = expectedLogDensity(integrand, weighed);
  const first = monteCarloScore(integrand, weighed);
  const inverse = covarianceOf(space, first.hessian, false);
  const found = scoreWithError(integrand, weighed, controls, inverse ?? new Float64Array(size * size));
  const rate = emRate(integrand, space, parameters, weighed, controls, direction, settings.expanded);
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
  if (!inverse || !rate) return { answer: nothing, toGo: 0 };
  const restricted = (matrix: Float64Array): Matrix =>
    new Matrix(free.map((k) => free.map((l) => matrix[k * size + l])));
  const variance = restricted(inverse);
  const root = variance.mmul(restricted(found.covariance)).mmul(variance);
  const error = propagatedCovariance(history, rate, root);
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
  const toGo = slowest < 1 ? Math.max(0, Math.ceil(Math.log(LITTLE / farthest) / Math.log(slowest))) : 0;
  const answer = {
    ...nothing,
    scoreCovariance,
    errors,
    ratio: largestRatio(task, errors, inverse),
    varianceRatio: 0.5 * largestRatio(task, found.varianceErrors, inverse, 1),
    converged: true,
  };
  return { answer, toGo };
}
