// The joint distribution test (Geweke 2004) in long chains of the Gibbs samplers.
import test from 'ava';
import { AlbertChibStep } from '../../src/estimate/augmented/albert-chib-step.js';
import { PolyaGammaStep } from '../../src/estimate/augmented/polya-gamma-step.js';
import { laplaceEffect } from '../../src/model/effects/laplace.js';
import { binomial, gaussian, poisson } from '../../src/model/family.js';
import type { Model } from '../../src/model/model.js';
import { gibbsSweep, type Make, modelOf, runChain, sweeps } from '../joint-chains.js';

const chains: readonly (readonly [string, Model, Make, number])[] = [
  ['polyaGamma()', modelOf(binomial()), sweeps((state) => [new PolyaGammaStep(state)], true), 12_000],
  ['albertChib()', modelOf(binomial('probit')), sweeps((state) => [new AlbertChibStep(state)], true), 12_000],
  ['gibbs(), binomial', modelOf(binomial()), gibbsSweep, 12_000],
  ['gibbs(), Poisson with Laplace intercepts', modelOf(poisson(), laplaceEffect()), gibbsSweep, 12_000],
  ['gibbs(), Gaussian', modelOf(gaussian()), gibbsSweep, 12_000],
];
for (const [name, model, make, iterations] of chains) {
  test.serial(`exact: ${name}`, (t) => {
    const { z, name: of, ess } = runChain(model, make, iterations, name);
    t.log(`largest |z| ${z.toFixed(2)} (${of}, worth ${ess.toFixed(0)})`);
    t.true(z < 4, `${of} is ${z} errors off`);
    t.true(ess > 150);
  });
}
