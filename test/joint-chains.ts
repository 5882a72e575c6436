// Chains of the samplers' own steps for the joint distribution tests, on one small design.
import { nuts as nutsKernel } from '../samplers/nuts.js';
import { GibbsState } from '../src/estimate/gibbs/state.js';
import type { GibbsStep } from '../src/estimate/gibbs/step.js';
import { gibbsSteps } from '../src/estimate/gibbs/steps.js';
import { heldTransport, type Transport, tuneTransport } from '../src/estimate/gibbs/transport.js';
import { MarginalPosterior } from '../src/estimate/marginal-posterior.js';
import type { JointPosterior } from '../src/estimate/nuts/joint-posterior.js';
import { whiten } from '../src/estimate/nuts/whitening.js';
import { ParameterSpace } from '../src/estimate/parameter-space.js';
import { resolvePriors } from '../src/estimate/priors.js';
import type { Clusters } from '../src/model/clusters.js';
import type { Family } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import type { RandomEffect } from '../src/model/random-effect.js';
import { gewekeTest, type JointChain, unitPriors } from './joint-test.js';

const table = {
  g: [1, 1, 2, 2, 3, 3, 4, 4],
  x: [-1, 0.5, 0, 1, 0.3, -0.6, 1.2, 0],
  n: [1, 1, 1, 3, 2, 6, 1, 1],
  y: [0, 1, 1, 2, 1, 5, 0, 1],
  pos: [0.4, 1.3, 2.2, 0.9, 3.1, 0.7, 1.6, 1.1],
};
export const modelOf = (family: Family, randomEffect?: RandomEffect): Model => {
  const response = family.counts ? 'y | trials(n)' : family.dispersion ? 'pos' : 'y';
  return glmm(`${response} ~ x + (1 | g)`, table, { family, ...(randomEffect && { randomEffect }) });
};

export type Make = (model: Model, clusters: Clusters) => JointChain;

/** Sweeps of Gibbs steps. @param fresh whether steps read the data when they are made */
export function sweeps(
  makeSteps: (state: GibbsState, model: Model) => readonly GibbsStep[],
  fresh = false,
): Make {
  return (model, clusters) => {
    const space = new ParameterSpace(model);
    const state = new GibbsState(space, clusters, resolvePriors(model, unitPriors(model)));
    state.sigma = 0.7;
    state.refresh();
    let steps = makeSteps(state, model);
    return {
      start: state,
      step(stream) {
        state.refresh();
        if (fresh) steps = makeSteps(state, model);
        for (const step of steps) step.update(stream);
        return state;
      },
      place({ beta, sigma, dispersion, z }) {
        state.beta.set(beta);
        state.sigma = sigma;
        state.dispersion = dispersion;
        state.z.set(z);
      },
    };
  };
}

/** The transport that does nothing but what the state's own memory holds. */
export function held(state: GibbsState, model: Model): Transport {
  return heldTransport(new GibbsState(new ParameterSpace(model), model.clusters, state.priors));
}

/** The sweep of gibbs(), its transport tuned to the table's data: any other is as right, and worse. */
export const gibbsSweep: Make = sweeps((state, model) => {
  const posterior = new MarginalPosterior(new ParameterSpace(model), state.priors);
  const spare = new GibbsState(new ParameterSpace(model), model.clusters, state.priors);
  const steps = gibbsSteps(state, tuneTransport(posterior, spare) ?? heldTransport(spare));
  for (const step of steps) step.freeze?.();
  return steps;
});

/** Trajectories of nuts(). */
export function trajectories(Posterior: typeof JointPosterior, stepSize: number): Make {
  return (model, clusters) => {
    const space = new ParameterSpace(model);
    const priors = resolvePriors(model, unitPriors(model));
    const state = new GibbsState(space, model.clusters, priors);
    state.refresh();
    const posterior = new Posterior(space, clusters, priors, whiten(state));
    const kernel = nutsKernel(posterior, { maxTreeDepth: 4, stepSize });
    let position = posterior.position({ ...state, sigma: 0.7 });
    return {
      start: { beta: state.beta, sigma: 0.7, dispersion: 1, z: state.z },
      step(stream) {
        position = kernel.step(stream, kernel.init(position))[0].position;
        posterior.logDensity(position);
        const { beta, sigma, dispersion } = posterior;
        return { beta, sigma, dispersion, z: position.subarray(position.length - clusters.count) };
      },
      place(at) {
        position = posterior.position(at);
      },
    };
  };
}

/** The joint distribution test in one long chain. */
export function runChain(
  model: Model,
  make: Make,
  iterations: number,
  seed: string,
): { z: number; name: string; ess: number } {
  const clusters = { ...model.clusters, y: model.clusters.y.slice() };
  return gewekeTest(model, clusters, make(model, clusters), iterations, seed);
}
