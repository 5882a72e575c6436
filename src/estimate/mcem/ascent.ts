// EM with the ascent rule: E-steps that grow as the gain of Q falls, until it is too small to matter.
import { Integrand } from '../../likelihood/integrand.js';
import { constantDirection } from '../../model/constant-direction.js';
import type { Finding } from '../../model/finding.js';
import type { Parameters } from '../../model/parameters.js';
import type { FitTask } from '../fit.js';
import { type Iteration, unboundedFinding } from '../maximum-likelihood.js';
import { controlsFor } from './control-variates.js';
import { type DrawSet, drawAll } from './e-step.js';
import type { Ends } from './ends.js';
import { mStep } from './m-step.js';
import type { McemSettings } from './mcem.js';
import { weigh } from './weigh.js';

/** Constants of the ascent rule, at the values of Caffo, Jank and Jones (2005), section 3. */
const Z_ALPHA = 0.674;
const Z_BETA = 0.674;
const Z_GAMMA = 0.674;
const GROWTH = 1 / 3;
const CALM_STEPS = 3;
/** No E-step before the polish takes more draws a cluster than this: the polish needs them more. */
const MOST_EM_DRAWS = 20_000;

export interface Ascent {
  readonly integrand: Integrand;
  readonly parameters: Parameters;
  readonly draws: DrawSet;
  readonly history: readonly Iteration[];
  readonly atBoundary: boolean;
  /** Why no end was reached. */
  readonly trouble?: Finding;
}

/** Runs EM from `start`; sigma running to 0 or to infinity ends it early. */
export async function ascend(
  task: FitTask,
  settings: McemSettings,
  start: Parameters,
  ends: Ends,
): Promise<Ascent> {
  const { model, space, seed } = task;
  const integrand = new Integrand(model);
  const direction = constantDirection(
    model,
    space.free.filter((k) => k < model.coefficientNames.length),
  );
  const history: Iteration[] = [];
  const mostDraws = Math.min(settings.maxDraws, Math.max(settings.draws, MOST_EM_DRAWS));
  let parameters = start;
  let perCluster = settings.draws;
  let draws: DrawSet | undefined;
  let calm = 0;
  let falling = 0;
  for (let iteration = 1; iteration <= settings.maxIterations && calm < CALM_STEPS; iteration++) {
    await task.pause();
    integrand.setParameters(parameters);
    draws = drawAll(settings.eStep, integrand, perCluster, seed, iteration, draws);
    const controls = controlsFor(draws, settings.controlVariates);
    const weighed = weigh(integrand, draws, controls);
    const step = mStep(integrand, space, parameters, weighed, controls, direction, settings.expanded);
    const { gain, gainError } = step;
    const clear = gain - Z_ALPHA * gainError > 0;
    const negligible = gain + Z_GAMMA * gainError < settings.gainTolerance;
    const taken = clear || negligible || perCluster >= mostDraws;
    calm = negligible ? calm + 1 : 0;
    falling = step.parameters.sigma < parameters.sigma ? falling + 1 : 0;
    if (taken) parameters = step.parameters;
    history.push({
      iteration,
      objective: step.objective,
      parameters,
      detail: {
        draws: draws.perCluster,
        gain,
        gainError,
        acceptance: draws.acceptance,
        smallestEss: weighed.smallestEss,
        decision: taken ? 'taken' : 'more draws',
      },
    });
    task.onProgress({
      stage: 'em',
      done: iteration,
      total: settings.maxIterations,
      detail: { gain, draws: perCluster, sigma: parameters.sigma },
    });
    if (falling > 3 && ends.isSmall(parameters) && (await ends.zeroAttracts(parameters))) {
      return { integrand, parameters, draws, history, atBoundary: true };
    }
    if (ends.isRunningAway(parameters)) {
      const trouble = unboundedFinding(parameters.sigma);
      return { integrand, parameters, draws, history, atBoundary: false, trouble };
    }
    const wanted = clear
      ? Math.ceil((perCluster * (gainError * (Z_ALPHA + Z_BETA)) ** 2) / gain ** 2)
      : Math.ceil(perCluster * (1 + GROWTH));
    // Growing tenfold at once would spend on one noisy guess of the gain.
    perCluster = Math.min(mostDraws, Math.max(perCluster, Math.min(wanted, 3 * perCluster)));
  }
  const atBoundary = await ends.zeroAttracts(parameters);
  return { integrand, parameters, draws: draws!, history, atBoundary };
}
