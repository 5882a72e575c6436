// Large data: EM on a part of the clusters, then steps on all of them by the part's information.
import { Integrand } from '../../likelihood/integrand.js';
import { MarginalLikelihood } from '../../likelihood/marginal-likelihood.js';
import { takeClusters } from '../../model/merge.js';
import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import type { FitTask } from '../fit.js';
import { controlsFor } from './control-variates.js';
import { type DrawSet, drawAll, drawOrTrouble } from './e-step.js';
import { Em, type McemIteration } from './em.js';
import { Ends } from './ends.js';
import type { MStepFunction } from './m-step.js';
import type { McemSettings } from './mcem.js';
import { monteCarloScore, scoreByWeights } from './monte-carlo-score.js';
import { newtonMove } from './root.js';
import { startRule } from './size.js';
import { weigh } from './weigh.js';

/** Of fewer clusters than this EM takes all. */
const LARGE = 5_000;
/** Of more it takes every tenth, and of many every k-th, so that this many are left. */
const PART = 500;
const PART_A_PARAMETER = 50;
const TENTH = 10;
/**
 * Steps on all clusters by the part's information (the chord method): each leaves about 1 / sqrt(clusters of the part) of
 * the distance, so that they end where the next would be shorter than this, in standard errors.
 */
const MOST_STEPS = 8;
const SHORT_STEP = 0.1;
/** EM on the part ends where its maximum promises less of Q than this: the whole's is standard errors away from it. */
const PART_GAIN = 0.02;

/** Where the polish of all clusters starts, and the draws of all of them that led there. */
export interface Approach {
  readonly integrand: Integrand;
  readonly parameters: Parameters;
  readonly draws: DrawSet;
  /** Louis's by the part, weighted up. */
  readonly hessian: Float64Array;
  /** EM's, on the part. */
  readonly history: readonly McemIteration[];
}

/**
 * A part of 1/k of the clusters has its maximum within a few times sqrt(k) standard errors of the whole's, and EM costs
 * 1/k there. Steps by the part's information and the score of few draws of all clusters lead to within these draws' own error. Undefined where
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
  const em = new Em(inPart, settings, maximiser, start, ends, task.model.clusters.count);
  const ending = await em.run(PART_GAIN);
  if (ending !== 'rule' && ending !== 'iterations') return undefined;
  const { history, parameters } = em;
  const hessian = informationOfPart(em, settings, task.model.clusters.count / model.clusters.count);
  await task.pause();
  const integrand = new Integrand(task.model);
  integrand.setParameters(parameters);
  const { first } = startRule(settings.size, task.model.clusters.count, settings.maxDraws);
  const tried = drawOrTrouble(() =>
    drawAll(settings.eStep, integrand, first, `${seed}/approach`, 1, undefined),
  );
  if ('trouble' in tried) return undefined;
  const draws = tried.drawn;
  const controls = controlsFor(draws, settings.controlVariates);
  let at = parameters;
  let lastLength = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    await task.pause();
    integrand.setParameters(at);
    const move = newtonMove(space, at, scoreByWeights(integrand, draws, controls), hessian);
    if (!move) return undefined;
    at = move.parameters;
    // Steps shrink geometrically, so that the next one is foreseen once there have been two.
    const next = move.length * Math.min(1, move.length / lastLength);
    lastLength = move.length;
    if (next < SHORT_STEP) return { integrand, parameters: at, draws, hessian, history };
  }
  return undefined;
}

/** Louis's Hessian by the last draws of EM on the part, times `share`. */
function informationOfPart(em: Em, settings: McemSettings, share: number): Float64Array {
  const { integrand, parameters } = em;
  const draws = em.draws!;
  integrand.setParameters(parameters);
  const weighed = weigh(integrand, draws, controlsFor(draws, settings.controlVariates));
  return monteCarloScore(integrand, weighed).hessian.map((value) => share * value);
}

function partOf(model: Model, size: number): Model | undefined {
  const { count } = model.clusters;
  if (count < LARGE) return undefined;
  const k = Math.max(TENTH, Math.floor(count / size));
  const taken = Array.from({ length: Math.ceil(count / k) }, (_, i) => i * k);
  return { ...model, clusters: takeClusters(model.clusters, taken) };
}
