// polyaGamma() and albertChib() are exact (Gandy and Scott 2020), and the test catches kernels broken on purpose.
import test from 'ava';
import { ndtr } from 'cephes';
import { rng, type Stream } from '../../samplers/rng.js';
import { normal } from '../../samplers/variates.js';
import { AlbertChibStep } from '../../src/estimate/augmented/albert-chib-step.js';
import { GaussianBlock } from '../../src/estimate/augmented/gaussian-block.js';
import { PolyaGammaStep } from '../../src/estimate/augmented/polya-gamma-step.js';
import { RescaleStep } from '../../src/estimate/augmented/rescale-step.js';
import { GibbsState } from '../../src/estimate/gibbs/state.js';
import type { GibbsStep } from '../../src/estimate/gibbs/step.js';
import { ParameterSpace } from '../../src/estimate/parameter-space.js';
import { halfNormal, normalPrior, resolvePriors } from '../../src/estimate/priors.js';
import { binomial } from '../../src/model/family.js';
import { glmm, type Model } from '../../src/model/model.js';
import { kolmogorov } from '../helpers.js';

const table = {
  y: [0, 1, 1, 2, 1, 5, 0, 1],
  n: [1, 1, 1, 3, 2, 6, 1, 1],
  x: [-1, 0.5, 0, 1, 0.3, -0.6, 1.2, 0],
  w: [1, 1, 1, 1, 1, 1, 2, 1],
  o: [0.4, 0, -0.3, 0, 0, 0.2, 0, 0],
  g: [1, 1, 2, 2, 3, 3, 4, 4],
};
const modelOf = (link: 'logit' | 'probit', offset = false): Model =>
  glmm('y | trials(n) ~ x + (1 | g)', table, {
    family: binomial(link),
    weights: 'w',
    ...(offset && { offset: 'o' }),
  });
const REPLICATES = 3000;
const SWEEPS = 2;

/**
 * theta and eps from the prior, y given them, then sweeps that leave p(theta, eps | y) invariant: (theta, eps, y) still has
 * its joint distribution, in independent replicates. Returns the largest of the Kolmogorov-Smirnov distances of
 * the coefficients, sigma and z_1 from their priors (sqrt(n) D / 1.95) and of the scores' means from 0 (|z| / 4): above
 * 1 with a probability near 0.1% each.
 */
function worst(model: Model, makeStep: (state: GibbsState) => GibbsStep, name: string): number {
  const given = { beta: normalPrior(model.clusters.offset[0] === 0 ? 0 : 0.5, 1), sigma: halfNormal(1) };
  const priors = resolvePriors(model, given);
  const { mean } = priors.beta[0];
  const clusters = { ...model.clusters, y: model.clusters.y.slice() };
  const space = new ParameterSpace(model);
  const root = rng(11).stream(name);
  const samples = Array.from({ length: 4 }, () => new Float64Array(REPLICATES));
  const scores = Array.from({ length: 3 }, () => new Float64Array(REPLICATES));
  const state = new GibbsState(space, clusters, priors);
  for (let replicate = 0; replicate < REPLICATES; replicate++) {
    state.beta.set([mean + normal(root), mean + normal(root)]);
    state.sigma = Math.abs(normal(root));
    for (let i = 0; i < state.z.length; i++) state.z[i] = normal(root);
    state.refresh();
    simulate(model, state, clusters.y, root);
    const step = makeStep(state);
    for (let k = 0; k < SWEEPS; k++) step.update(root);
    [state.beta[0], state.beta[1], state.sigma, state.z[0]].forEach((value, k) => {
      samples[k][replicate] = value;
    });
    // Scores have mean 0 under the joint distribution, and tie the parameters to y.
    state.first.forEach((score, r) => {
      scores[0][replicate] += score;
      scores[1][replicate] += score * clusters.x[2 * r + 1];
      scores[2][replicate] += score * (state.rows.eta[r] - clusters.offset[r]);
    });
  }
  const cdfs = [
    (x: number) => ndtr(x - mean),
    (x: number) => ndtr(x - mean),
    (x: number) => 2 * ndtr(x) - 1,
    ndtr,
  ];
  const distances = samples.map((sample, k) => kolmogorov(sample, cdfs[k]) / 1.95);
  const zs = scores.map((sample) => {
    const average = sample.reduce((sum, x) => sum + x, 0) / REPLICATES;
    const square = sample.reduce((sum, x) => sum + (x - average) ** 2, 0) / REPLICATES;
    return Math.abs(average) / Math.sqrt(square / REPLICATES) / 4;
  });
  return Math.max(...distances, ...zs);
}

/** New responses: as many trials as weight times n, whose successes are shared by the weight. */
function simulate(model: Model, state: GibbsState, y: Float64Array, stream: Stream): void {
  const { starts, trials, weights } = model.clusters;
  const { link } = model.family;
  for (let i = 0; i < state.z.length; i++) {
    for (let r = starts[i]; r < starts[i + 1]; r++) {
      const p = link.inverse(state.rows.eta[r] + state.sigma * state.z[i]);
      let successes = 0;
      for (let k = 0; k < weights[r] * trials[r]; k++) if (stream.uniform() < p) successes++;
      y[r] = successes / weights[r];
    }
  }
  state.refresh();
}

const sound: readonly [string, Model, (state: GibbsState) => GibbsStep][] = [
  ['polyaGamma()', modelOf('logit'), (state) => new PolyaGammaStep(state)],
  ['polyaGamma() with offset and prior means', modelOf('logit', true), (state) => new PolyaGammaStep(state)],
  ['scales of polyaGamma()', modelOf('logit'), (state) => new RescaleStep(state)],
  ['scales with offset and prior means', modelOf('logit', true), (state) => new RescaleStep(state)],
  ['albertChib()', modelOf('probit'), (state) => new AlbertChibStep(state)],
  ['albertChib() with offset and prior means', modelOf('probit', true), (state) => new AlbertChibStep(state)],
];
for (const [name, model, makeStep] of sound) {
  test(`exact: ${name}`, (t) => {
    const distance = worst(model, makeStep, name);
    t.true(distance < 1, `${distance}`);
  });
}

/** log sigma with its Jacobian e^u twice; without it sigma would run to 0. */
class TwoJacobians extends GaussianBlock {
  protected override logDensity(logSigma: number): number {
    return super.logDensity(logSigma) + logSigma;
  }
}

/** kappa = y - n / 2 with a part of the half forgotten. */
class WrongKappa extends PolyaGammaStep {
  constructor(state: GibbsState) {
    super(state);
    for (let r = 0; r < this.kappa.length; r++) this.kappa[r] += 0.1;
  }
}

/** The volume of the coefficients left out. */
class NoVolume extends RescaleStep {
  protected override logDensity(logFactor: number): number {
    return super.logDensity(logFactor) - this.state.freeBeta.length * logFactor;
  }
}

/** A scale that is too large. */
class WrongScale extends AlbertChibStep {
  protected override drawScale(stream: Stream): number {
    return 1.1 * super.drawScale(stream);
  }
}

const broken: readonly [string, Model, (state: GibbsState) => GibbsStep][] = [
  [
    'sigma with its Jacobian twice',
    modelOf('logit'),
    (state) => new PolyaGammaStep(state, new TwoJacobians(state)),
  ],
  ['scales without their volume', modelOf('logit'), (state) => new NoVolume(state)],
  ['a wrong kappa', modelOf('logit'), (state) => new WrongKappa(state)],
  ['a wrong scale of the latent variables', modelOf('probit'), (state) => new WrongScale(state)],
];
for (const [name, model, makeStep] of broken) {
  test(`caught: ${name}`, (t) => {
    const distance = worst(model, makeStep, name);
    t.log(`${distance.toFixed(1)} times the limit`);
    t.true(distance > 1.3);
  });
}
