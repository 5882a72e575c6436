// Large data: EM on a part of the clusters, then one Newton step on all of them by the information of that part.
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
import { monteCarloScore, scoreOnly } from './monte-carlo-score.js';
import { newtonMove } from './root.js';
import { weigh } from './weigh.js';

/** Of fewer clusters than this EM takes all. */
const LARGE = 5_000;
/** Of more it takes every tenth, and of many every k-th, so that this many are left. */
const PART = 1_000;
const TENTH = 10;

/** Where the polish of all clusters starts, and the draws of all of them that led there. */
export interface Approach {
  readonly integrand: Integrand;
  readonly parameters: Parameters;
  readonly draws: DrawSet;
  /** EM's, on the part. */
  readonly history: readonly McemIteration[];
}

/**
 * A part of 1/k of the clusters has its maximum within a few times sqrt(k) standard errors of the whole's, and EM costs
 * 1/k there. One step by the score of all clusters and the part's information, k times over, leaves a few hundredths of
 * that distance. Undefined where the data are not large, and where EM on the part ends at no maximum: rare levels of a
 * covariate can be missing there.
 */
export async function approach(
  task: FitTask,
  settings: McemSettings,
  maximiser: MStepFunction,
  start: Parameters,
): Promise<Approach | undefined> {
  const { space, seed } = task;
  const model = partOf(task.model);
  // Sizes stated beforehand are for all clusters, and so is an answer by EM alone.
  if (!model || !settings.polish || settings.size.stated) return undefined;
  const inPart = { ...task, model };
  const ends = new Ends(new MarginalLikelihood(model), inPart);
  const em = new Em(inPart, settings, maximiser, start, ends);
  const ending = await em.run();
  if (ending === 'boundary' || ending === 'unbounded') return undefined;
  const { integrand: partial, draws: partialDraws, history, parameters } = em;
  partial.setParameters(parameters);
  const controls = controlsFor(partialDraws!, settings.controlVariates);
  const { hessian } = monteCarloScore(partial, weigh(partial, partialDraws!, controls));
  const times = total(task.model) / total(model);

  await task.pause();
  const integrand = new Integrand(task.model);
  integrand.setParameters(parameters);
  const { first } = settings.size.start(task.model.clusters.count);
  const draws = drawAll(settings.eStep, integrand, first, `${seed}/approach`, 1, undefined);
  const weighed = weigh(integrand, draws, controlsFor(draws, settings.controlVariates));
  const score = scoreOnly(integrand, weighed);
  const move = newtonMove(
    space,
    parameters,
    score,
    hessian.map((value) => times * value),
  );
  return move && { integrand, parameters: move.parameters, draws, history };
}

function partOf(model: Model): Model | undefined {
  const { count } = model.clusters;
  if (count < LARGE) return undefined;
  const k = Math.max(TENTH, Math.floor(count / PART));
  const taken = Array.from({ length: Math.ceil(count / k) }, (_, i) => i * k);
  return { ...model, clusters: takeClusters(model.clusters, taken) };
}

/** Clusters, each as many times as its weight says. */
function total({ clusters }: Model): number {
  return clusters.clusterWeights.reduce((sum, weight) => sum + weight, 0);
}
