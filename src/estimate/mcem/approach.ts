// Large data: EM on a part of the clusters, then two Newton steps on all of them.
import { Integrand } from '../../likelihood/integrand.js';
import { MarginalLikelihood } from '../../likelihood/marginal-likelihood.js';
import { takeClusters } from '../../model/merge.js';
import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import type { FitTask } from '../fit.js';
import { controlsFor } from './control-variates.js';
import { type DrawSet, drawAll } from './e-step.js';
import { Em, type McemIteration } from './em.js';
import { Ends } from './ends.js';
import type { MStepFunction } from './m-step.js';
import type { McemSettings } from './mcem.js';
import { monteCarloScore } from './monte-carlo-score.js';
import { newtonMove } from './root.js';
import { weigh } from './weigh.js';

/** Of fewer clusters than this EM takes all. */
const LARGE = 5_000;
/** Of more it takes every tenth, and of many every k-th, so that this many are left. */
const PART = 500;
const PART_A_PARAMETER = 50;
const TENTH = 10;
/** Newton steps on all clusters. */
const STEPS = 2;

/** Where the polish of all clusters starts, and the draws of all of them that led there. */
export interface Approach {
  readonly integrand: Integrand;
  readonly parameters: Parameters;
  readonly draws: DrawSet;
  /** Louis's, one short step before the parameters. */
  readonly hessian: Float64Array | undefined;
  /** EM's, on the part. */
  readonly history: readonly McemIteration[];
}

/**
 * A part of 1/k of the clusters has its maximum within a few times sqrt(k) standard errors of the whole's, and EM costs
 * 1/k there. Newton's steps on few draws of all clusters lead from there to within these draws' own error. Undefined where
 * the data are not large, and where EM on the part ends at no maximum: rare levels of a covariate can be missing there.
 */
export async function approach(
  task: FitTask,
  settings: McemSettings,
  maximiser: MStepFunction,
  start: Parameters,
): Promise<Approach | undefined> {
  const { space, seed } = task;
  const model = partOf(task.model, Math.max(PART, PART_A_PARAMETER * space.names.length));
  // Sizes stated beforehand are for all clusters, and so is an answer by EM alone.
  if (!model || !settings.polish || settings.size.stated) return undefined;
  const inPart = { ...task, model };
  const ends = new Ends(new MarginalLikelihood(model), inPart);
  const em = new Em(inPart, settings, maximiser, start, ends);
  const ending = await em.run();
  if (ending === 'boundary' || ending === 'unbounded') return undefined;
  const { history, parameters } = em;
  await task.pause();
  const integrand = new Integrand(task.model);
  integrand.setParameters(parameters);
  const { first } = settings.size.start(task.model.clusters.count);
  const draws = drawAll(settings.eStep, integrand, first, `${seed}/approach`, 1, undefined);
  const controls = controlsFor(draws, settings.controlVariates);
  // The second step is short: its information serves the polish from there.
  let at = parameters;
  let hessian: Float64Array | undefined;
  for (let step = 0; step < STEPS; step++) {
    await task.pause();
    integrand.setParameters(at);
    const found = monteCarloScore(integrand, weigh(integrand, draws, controls));
    const move = newtonMove(space, at, found.score, found.hessian);
    if (!move) return undefined;
    at = move.parameters;
    hessian = found.hessian;
  }
  return { integrand, parameters: at, draws, hessian, history };
}

function partOf(model: Model, size: number): Model | undefined {
  const { count } = model.clusters;
  if (count < LARGE) return undefined;
  const k = Math.max(TENTH, Math.floor(count / size));
  const taken = Array.from({ length: Math.ceil(count / k) }, (_, i) => i * k);
  return { ...model, clusters: takeClusters(model.clusters, taken) };
}
