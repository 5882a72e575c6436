// gibbs(), nuts(), polyaGamma() and albertChib() leave the joint distribution of parameters and data alone (Geweke 2004, Gandy and
// Scott 2020); steps broken on purpose do not.
import test from 'ava';
import { ScaleAdapter } from '../samplers/adapt.js';
import { mean, sd } from '../samplers/diagnostics/descriptive.js';
import { essMean } from '../samplers/diagnostics/ess.js';
import { nuts as nutsKernel } from '../samplers/nuts.js';
import { rng, type Stream } from '../samplers/rng.js';
import { normal } from '../samplers/variates.js';
import { AlbertChibStep } from '../src/estimate/augmented/albert-chib-step.js';
import { PolyaGammaStep } from '../src/estimate/augmented/polya-gamma-step.js';
import { InterceptStep } from '../src/estimate/gibbs/intercept-step.js';
import { ScaleStep } from '../src/estimate/gibbs/scale-step.js';
import { GibbsState } from '../src/estimate/gibbs/state.js';
import type { GibbsStep } from '../src/estimate/gibbs/step.js';
import { gibbsSteps } from '../src/estimate/gibbs/steps.js';
import { heldTransport, tuneTransport } from '../src/estimate/gibbs/transport.js';
import { MarginalPosterior } from '../src/estimate/marginal-posterior.js';
import { JointPosterior } from '../src/estimate/nuts/joint-posterior.js';
import { whiten } from '../src/estimate/nuts/whitening.js';
import { ParameterSpace } from '../src/estimate/parameter-space.js';
import { resolvePriors } from '../src/estimate/priors.js';
import type { Clusters } from '../src/model/clusters.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { binomial, type Family, gamma, gaussian, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import { gewekeTest, type JointChain, replicateTest, unitPriors } from './joint-test.js';

const table = {
  g: [1, 1, 2, 2, 3, 3, 4, 4],
  x: [-1, 0.5, 0, 1, 0.3, -0.6, 1.2, 0],
  n: [1, 1, 1, 3, 2, 6, 1, 1],
  y: [0, 1, 1, 2, 1, 5, 0, 1],
  pos: [0.4, 1.3, 2.2, 0.9, 3.1, 0.7, 1.6, 1.1],
};
const modelOf = (family: Family, randomEffect?: ReturnType<typeof laplaceEffect>): Model => {
  const response = family.counts ? 'y | trials(n)' : family.dispersion ? 'pos' : 'y';
  return glmm(`${response} ~ x + (1 | g)`, table, { family, ...(randomEffect && { randomEffect }) });
};

type Make = (model: Model, clusters: Clusters) => JointChain;

/** Sweeps of Gibbs steps. @param fresh whether steps read the data when they are made */
function sweeps(makeSteps: (state: GibbsState, model: Model) => readonly GibbsStep[], fresh = false): Make {
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
    };
  };
}

/** The transport that does nothing but what the state's own memory holds. */
function held(state: GibbsState, model: Model) {
  return heldTransport(new GibbsState(new ParameterSpace(model), model.clusters, state.priors));
}

/** The sweep of gibbs(), its transport tuned to the table's data: any other is as right, and worse. */
const gibbsSweep = sweeps((state, model) => {
  const posterior = new MarginalPosterior(new ParameterSpace(model), state.priors);
  const spare = new GibbsState(new ParameterSpace(model), model.clusters, state.priors);
  const steps = gibbsSteps(state, tuneTransport(posterior, spare) ?? heldTransport(spare));
  for (const step of steps) step.freeze?.();
  return steps;
});

/** Trajectories of nuts(). */
function trajectories(Posterior: typeof JointPosterior, stepSize: number): Make {
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

function run(model: Model, make: Make, iterations: number, seed: string) {
  const clusters = { ...model.clusters, y: model.clusters.y.slice() };
  return gewekeTest(model, clusters, make(model, clusters), iterations, seed);
}

const logit = modelOf(binomial());
const sound: readonly [string, Model, Make, number][] = [
  ['gibbs(), binomial', logit, gibbsSweep, 12_000],
  ['gibbs(), Poisson with Laplace intercepts', modelOf(poisson(), laplaceEffect()), gibbsSweep, 8000],
  ['gibbs(), gamma', modelOf(gamma()), gibbsSweep, 12_000],
  ['gibbs(), Gaussian', modelOf(gaussian()), gibbsSweep, 12_000],
  ['polyaGamma()', logit, sweeps((state) => [new PolyaGammaStep(state)], true), 8000],
  ['albertChib()', modelOf(binomial('probit')), sweeps((state) => [new AlbertChibStep(state)], true), 8000],
];
for (const [name, model, make, iterations] of sound) {
  test(`exact: ${name}`, (t) => {
    const { z, name: of, ess } = run(model, make, iterations, name);
    t.log(`largest |z| ${z.toFixed(2)} (${of}, worth ${ess.toFixed(0)})`);
    t.true(z < 4, `${of} is ${z} errors off`);
    t.true(ess > 150);
  });
}

class JacobianTwice extends JointPosterior {
  protected override logPrior(): number {
    return super.logPrior() + Math.log(this.sigma);
  }
}

const walked: readonly [string, Family][] = [
  ['binomial', binomial()],
  ['Poisson', poisson()],
  ['Gaussian', gaussian()],
];
const replicates = (family: Family, Posterior: typeof JointPosterior) => {
  const model = modelOf(family);
  const clusters = { ...model.clusters, y: model.clusters.y.slice() };
  return replicateTest(model, clusters, trajectories(Posterior, 0.3)(model, clusters), 3000, 3, family.name);
};
for (const [name, family] of walked) {
  test(`exact: nuts(), ${name}; caught: the Jacobian of sigma twice`, (t) => {
    const { z, name: of } = replicates(family, JointPosterior);
    t.true(z < 4, `${of} is ${z} errors off`);
    const wrong = replicates(family, JacobianTwice);
    t.log(`${z.toFixed(1)} (${of}); with the Jacobian twice ${wrong.z.toFixed(1)} (${wrong.name})`);
    t.true(wrong.z > 5);
  });
}

class NoJacobian extends ScaleStep {
  protected override logDensity(logSigma: number): number {
    return super.logDensity(logSigma) - logSigma;
  }
}

/** Draws each intercept of a Gaussian model from its conditional normal with a variance a quarter too large. */
class WrongVariance extends InterceptStep {
  override update(rng: Stream): number {
    const { state } = this;
    const { z, clusters, rows, sigma, dispersion } = state;
    for (let i = 0; i < z.length; i++) {
      let residuals = 0;
      for (let r = clusters.starts[i]; r < clusters.starts[i + 1]; r++) residuals += rows.y[r] - rows.eta[r];
      const precision = 1 + ((clusters.starts[i + 1] - clusters.starts[i]) * sigma ** 2) / dispersion;
      z[i] = (sigma * residuals) / dispersion / precision + normal(rng) * Math.sqrt(1.25 / precision);
    }
    state.refresh();
    return 1;
  }
}

/** What a sweep does not move is held: fewer steps are a whole sampler then. */
const broken: readonly [string, Model, Make, number][] = [
  [
    'sigma without its Jacobian',
    logit,
    sweeps((state, model) => {
      const steps = gibbsSteps(state, held(state, model));
      return [...steps.filter(({ name }) => name === 'intercepts'), new NoJacobian(state)];
    }),
    4000,
  ],
  [
    'intercepts with a wrong variance',
    modelOf(gaussian()),
    sweeps((state) => [new WrongVariance(state), new ScaleStep(state)]),
    4000,
  ],
];
for (const [name, model, make, iterations] of broken) {
  test(`caught: ${name}`, (t) => {
    const { z, name: of } = run(model, make, iterations, name);
    t.log(`${of} is ${z.toFixed(1)} errors off`);
    t.true(z > 5);
  });
}

/** |z| of the mean of a random walk on exp(-x), x > 0, whose scale a new adapter tunes for so many steps. */
function walkOff(tuned: number): number {
  const stream = rng('never frozen');
  const size = 400_000;
  const draws = new Float64Array(size);
  let adapter = new ScaleAdapter({ scale: 2.4 });
  let x = 0.5;
  for (let t = 0; t < size; t++) {
    const next = x + adapter.scale * normal(stream);
    const acceptance = next > 0 ? Math.min(1, Math.exp(x - next)) : 0;
    if (stream.uniform() < acceptance) x = next;
    // A gain that does not fall: every step is an adapter's first.
    if (t < tuned) adapter = new ScaleAdapter({ scale: adapter.scale });
    else adapter.freeze();
    adapter.update(acceptance);
    draws[t] = x;
  }
  return Math.abs(mean(draws) - 1) / (sd(draws) / Math.sqrt(essMean([draws])));
}

test('caught: adaptation never frozen, where the same walk passes with a scale that is', (t) => {
  const [frozen, never] = [walkOff(100), walkOff(Number.POSITIVE_INFINITY)];
  t.log(`frozen ${frozen.toFixed(1)}, never frozen ${never.toFixed(1)}`);
  t.true(frozen < 4);
  t.true(never > 6);
});
