// gibbs() and nuts() leave the joint distribution of parameters and data alone (Geweke 2004, Gandy and Scott 2020); steps broken on
// purpose do not. The same of polyaGamma() and albertChib() is in augmented-exact.test.ts.
import test from 'ava';
import { ScaleAdapter } from '../samplers/adapt.js';
import { mean, sd } from '../samplers/diagnostics/descriptive.js';
import { essMean } from '../samplers/diagnostics/ess.js';
import { rng, type Stream } from '../samplers/rng.js';
import { normal } from '../samplers/variates.js';
import { InterceptStep } from '../src/estimate/gibbs/intercept-step.js';
import { ScaleStep } from '../src/estimate/gibbs/scale-step.js';
import { gibbsSteps } from '../src/estimate/gibbs/steps.js';
import { JointPosterior } from '../src/estimate/nuts/joint-posterior.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { binomial, type Family, gamma, gaussian, poisson } from '../src/model/family.js';
import type { Model } from '../src/model/model.js';
import { gibbsSweep, held, type Make, modelOf, runChain, sweeps, trajectories } from './joint-chains.js';
import { replicateTest } from './joint-test.js';

const logit = modelOf(binomial());

class JacobianTwice extends JointPosterior {
  protected override logPrior(): number {
    return super.logPrior() + Math.log(this.sigma);
  }
}

/** Independent replicates, where a chain of unit priors would hang in far corners of the dispersion. */
const replicates = (model: Model, make: Make) => {
  const clusters = { ...model.clusters, y: model.clusters.y.slice() };
  return replicateTest(model, clusters, make(model, clusters), 700, 3, model.family.name);
};
const walked: readonly [string, Family][] = [
  ['binomial', binomial()],
  ['Poisson', poisson()],
  ['Gaussian', gaussian()],
];
for (const [name, family] of walked) {
  test(`exact: nuts(), ${name}; caught: the Jacobian of sigma twice`, (t) => {
    const { z, name: of } = replicates(modelOf(family), trajectories(JointPosterior, 0.3));
    t.true(z < 4, `${of} is ${z} errors off`);
    const wrong = replicates(modelOf(family), trajectories(JacobianTwice, 0.3));
    t.log(`${z.toFixed(1)} (${of}); with the Jacobian twice ${wrong.z.toFixed(1)} (${wrong.name})`);
    t.true(wrong.z > 5);
  });
}
for (const [name, model] of [
  ['binomial', logit],
  ['Poisson with Laplace intercepts', modelOf(poisson(), laplaceEffect())],
  ['gamma', modelOf(gamma())],
  ['Gaussian', modelOf(gaussian())],
  ['Gaussian, log', modelOf(gaussian('log'))],
] as const) {
  test(`exact: gibbs(), ${name}`, (t) => {
    const { z, name: of } = replicates(model, gibbsSweep);
    t.true(z < 4, `${of} is ${z} errors off`);
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
    const { z, name: of } = runChain(model, make, iterations, name);
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
