// The posterior samplers in two lights: K copies of the data make maximum likelihood of a posterior, and a pseudo-marginal
// chain, which knows of quadrature nothing at all, has the same posterior.

import test from 'ava';
import { pooled } from '../../samplers/diagnostics/chains.js';
import { mean, sd } from '../../samplers/diagnostics/descriptive.js';
import { essBulk } from '../../samplers/diagnostics/ess.js';
import { mcseMean, mcseSd } from '../../samplers/diagnostics/mcse.js';
import { allChains, type Draws } from '../../samplers/draws.js';
import type { Kernel, State } from '../../samplers/kernel.js';
import type { Stream } from '../../samplers/rng.js';
import { run } from '../../samplers/run.js';
import { normal } from '../../samplers/variates.js';
import { collapsed } from '../../src/estimate/collapsed.js';
import { fit, type PosteriorFit, type Strategy } from '../../src/estimate/fit.js';
import { gibbs } from '../../src/estimate/gibbs.js';
import { ParameterSpace } from '../../src/estimate/parameter-space.js';
import { polyaGamma } from '../../src/estimate/polya-gamma.js';
import { resolvePriors } from '../../src/estimate/priors.js';
import { quadrature } from '../../src/estimate/quadrature.js';
import { quadraturePosterior } from '../../src/estimate/quadrature-posterior.js';
import { binomial } from '../../src/model/family.js';
import { glmm } from '../../src/model/model.js';
import { exactFrom, reference, referenceModel } from '../gibbs-helpers.js';
import { near, shipped } from '../helpers.js';

const COPIES = 64;

const samplers: readonly [string, Strategy<PosteriorFit>][] = [
  ['collapsed()', collapsed({ draws: 3000 })],
  ['gibbs()', gibbs({ draws: 800 })],
];
for (const [name, sampler] of samplers) {
  test(`data cloning, seeds 64 times, by ${name}: the mean is the maximum, sd times 8 the standard error`, async (t) => {
    const table = await shipped('seeds');
    const { formula } = reference('seeds');
    const exact = await fit(glmm(formula, table, { family: binomial() }), quadrature());
    const cloned = { ...table, copies: Array.from(table.plate, () => COPIES) };
    const model = glmm(formula, cloned, { family: binomial(), clusterWeights: 'copies' });
    const { draws } = await fit(model, sampler, { seed: 25 });
    exact.estimates.forEach(({ name: parameter, value, standardError }) => {
      const chains = allChains(draws, parameter);
      const all = pooled(chains);
      // What is left at K copies is of order 1 / K: bias in standard errors of all the data, and of the sd.
      near(t, mean(all), value, 4 * mcseMean(chains) + (2 * standardError) / COPIES, `mean of ${parameter}`);
      const scale = Math.sqrt(COPIES);
      const allowed = 4 * scale * mcseSd(chains) + (2 * standardError) / COPIES;
      near(t, scale * sd(all), standardError, allowed, `sd of ${parameter}`);
    });
  });
}

/** A point and the log of an unbiased estimate of its posterior density, kept until the chain moves. */
type Estimated = State;

/**
 * Random-walk Metropolis-Hastings on (beta, log sigma) by estimates of the likelihood from draws of the intercepts' own
 * distribution: exact, however few they are (Andrieu and Roberts 2009).
 */
async function pseudoMarginal(sds: readonly number[], start: readonly number[]): Promise<Draws> {
  const model = await referenceModel('seeds');
  const space = new ParameterSpace(model, {});
  const priors = resolvePriors(model, {}, {});
  const { clusters } = model;
  const p = model.coefficientNames.length;
  const perCluster = 200;
  const estimate = (rng: Stream, x: Float64Array): number => {
    const parameters = space.unpack(x, { beta: new Float64Array(p), sigma: 1 });
    let value = priors.sigma.logDensity(parameters.sigma) + x[p];
    parameters.beta.forEach((beta, j) => {
      value += priors.beta[j].logDensity(beta);
    });
    for (let i = 0; i < clusters.count; i++) {
      let sum = 0;
      for (let k = 0; k < perCluster; k++) {
        const eps = parameters.sigma * normal(rng);
        let logLik = 0;
        for (let r = clusters.starts[i]; r < clusters.starts[i + 1]; r++) {
          let eta = eps;
          for (let j = 0; j < p; j++) eta += clusters.x[r * p + j] * parameters.beta[j];
          logLik += clusters.y[r] * eta - clusters.trials[r] * Math.log1p(Math.exp(eta));
        }
        // Measured from a value near the largest, so that nothing underflows.
        sum += Math.exp(logLik + clusters.trials[clusters.starts[i]] * 0.69);
      }
      value += Math.log(sum / perCluster);
    }
    return value;
  };
  const kernel: Kernel<Estimated> = {
    name: 'pseudo-marginal',
    variables: [...model.coefficientNames, 'logSigma'],
    init: (position) => ({ position, logDensity: Number.NEGATIVE_INFINITY }),
    step(rng, state) {
      const position = state.position.map((value, j) => value + 0.9 * sds[j] * normal(rng));
      const logDensity = estimate(rng, position);
      const acceptance = Math.min(1, Math.exp(logDensity - state.logDensity));
      const accepted = rng.uniform() < acceptance;
      return [accepted ? { position, logDensity } : state, { accepted, acceptance }];
    },
  };
  return run(kernel, { seed: 9, chains: 4, warmup: 300, draws: 5000, init: () => Float64Array.from(start) });
}

test('seeds: pseudo-marginal, Polya-Gamma, collapsed and quadrature agree', async (t) => {
  const model = await referenceModel('seeds');
  const exact = exactFrom(await quadraturePosterior(model));
  const sds = exact.map(({ sd, mean }, k) => (k === exact.length - 1 ? sd / mean : sd));
  const start = exact.map(({ mean }, k) => (k === exact.length - 1 ? Math.log(mean) : mean));
  const found: [string, readonly Float64Array[][]][] = [];
  const pseudo = await pseudoMarginal(sds, start);
  found.push([
    'pseudo-marginal',
    pseudo.variables.map((name) =>
      allChains(pseudo, name).map((chain) => (name === 'logSigma' ? chain.map(Math.exp) : chain)),
    ),
  ]);
  for (const [name, sampler] of [
    ['polyaGamma()', polyaGamma({ draws: 2500 })],
    ['collapsed()', collapsed({ draws: 2500 })],
  ] as const) {
    const { draws, estimates } = await fit(model, sampler, { seed: 11 });
    found.push([name, estimates.map((estimate) => allChains(draws, estimate.name))]);
  }
  for (const [name, parameters] of found) {
    parameters.forEach((chains, k) => {
      const all = pooled(chains);
      const row = exact[k];
      t.true(essBulk(chains) > 200, `${name}: bulk ESS of ${row.name} is ${essBulk(chains)}`);
      near(
        t,
        mean(all),
        row.mean,
        4 * Math.hypot(mcseMean(chains), row.meanError),
        `${name}: mean of ${row.name}`,
      );
      near(t, sd(all), row.sd, 4 * Math.hypot(mcseSd(chains), row.sdError), `${name}: sd of ${row.name}`);
    });
  }
});
