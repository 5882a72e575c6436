// gibbs() against the exact posteriors of reference files; other families and priors: slow/gibbs-families.test.ts.
import test from 'ava';
import { pooled } from '../samplers/diagnostics/chains.js';
import { mean, sd } from '../samplers/diagnostics/descriptive.js';
import { essBulk } from '../samplers/diagnostics/ess.js';
import { mcseMean, mcseSd } from '../samplers/diagnostics/mcse.js';
import { allChains } from '../samplers/draws.js';
import { fit } from '../src/estimate/fit.js';
import { type GibbsOptions, gibbs } from '../src/estimate/gibbs.js';
import { quadraturePosterior } from '../src/estimate/quadrature-posterior.js';
import { Integrand } from '../src/likelihood/integrand.js';
import { binomial } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { agrees, exactFrom, exactOf, interceptsAgree, reference, referenceModel } from './gibbs-helpers.js';
import { near, shipped } from './helpers.js';

const infection = glmm('x | trials(n) ~ t + (1 | clinic)', await shipped('infection'), {
  family: binomial(),
});

const references: readonly [string, GibbsOptions][] = [
  ['cbpp', { draws: 3500 }],
  ['infection', { draws: 3000 }],
];
for (const [name, options] of references) {
  test(`${name}: 4000 effective draws, within 4 combined errors of the reference`, async (t) => {
    const file = reference(name);
    const { draws, converged, findings } = await fit(await referenceModel(name), gibbs(options), {
      seed: 42,
    });
    t.true(converged);
    t.deepEqual(
      findings.filter(({ code }) => code === 'rhat-high' || code === 'ess-low'),
      [],
    );
    agrees(t, draws, exactOf(file), 4000);
    interceptsAgree(t, draws, file);
  });
}

test('cluster weights stand for as many clusters', async (t) => {
  const table = {
    y: [3, 1, 4, 2],
    n: [5, 5, 6, 4],
    t: [0, 1, 0, 1],
    g: ['a', 'a', 'b', 'b'],
    w: [4, 4, 3, 3],
  };
  const model = glmm('y | trials(n) ~ t + (1 | g)', table, { family: binomial(), clusterWeights: 'w' });
  const exact = await quadraturePosterior(model);
  const { draws } = await fit(model, gibbs({ draws: 4000 }), { seed: 2 });
  agrees(t, draws, exactFrom(exact), 3000);
  t.is(draws.variables.filter((name) => name.startsWith('eps')).length, 2);
});

test('a cluster of weight 0 changes nothing, and its intercept is drawn from its distribution', async (t) => {
  const table = {
    y: [3, 1, 4, 2, 5, 5],
    n: [5, 5, 6, 4, 5, 5],
    t: [0, 1, 0, 1, 0, 1],
    g: ['a', 'a', 'b', 'b', 'c', 'c'],
    w: [4, 4, 3, 3, 0, 0],
  };
  const formula = 'y | trials(n) ~ t + (1 | g)';
  const model = glmm(formula, table, { family: binomial(), clusterWeights: 'w' });
  const kept = Object.fromEntries(Object.entries(table).map(([name, column]) => [name, column.slice(0, 4)]));
  const without = glmm(formula, kept, { family: binomial(), clusterWeights: 'w' });
  const { draws } = await fit(model, gibbs({ draws: 4000 }), { seed: 2 });
  agrees(t, draws, exactFrom(await quadraturePosterior(without)), 3000);
  const sigma = allChains(draws, 'sigma');
  const z = allChains(draws, 'eps[c]').map((chain, c) => chain.map((eps, k) => eps / sigma[c][k]));
  near(t, mean(pooledDraws(z)), 0, 4 * mcseMean(z), 'mean of eps / sigma');
  near(t, sd(pooledDraws(z)), 1, 4 * mcseSd(z), 'sd of eps / sigma');
});

test('intercepts given the parameters follow their exact distribution (Kolmogorov-Smirnov)', async (t) => {
  const model = infection;
  const beta = Float64Array.of(-1.2, 0.7);
  const fixed = { sigma: 1.4, beta: { '(Intercept)': beta[0], t: beta[1] } };
  const { draws } = await fit(model, gibbs({ warmup: 200, draws: 1000, thin: 5 }), { seed: 3, fixed });
  const integrand = new Integrand(model);
  integrand.setParameters({ beta, sigma: 1.4 });
  model.clusterLabels.forEach((label, i) => {
    const chains = allChains(draws, `eps[${label}]`);
    t.true(essBulk(chains) > 3500, 'draws five sweeps apart are independent');
    const sorted = pooled(chains).sort();
    integrand.select(i);
    const step = 1e-3;
    const density: number[] = [];
    for (let z = -8; z <= 8; z += step) density.push(Math.exp(integrand.value(z)));
    const total = density.reduce((sum, f) => sum + f, 0);
    let cumulative = 0;
    let at = 0;
    let largest = 0;
    density.forEach((f, k) => {
      cumulative += f / total;
      while (at < sorted.length && sorted[at] / 1.4 <= -8 + k * step) at++;
      largest = Math.max(largest, Math.abs(at / sorted.length - cumulative));
    });
    // The 0.1% point of the Kolmogorov distribution, for eight clusters: 2.3 / sqrt(n).
    t.true(largest * Math.sqrt(sorted.length) < 2.3, `eps[${label}]: ${largest}`);
  });
});

function pooledDraws(chains: readonly ArrayLike<number>[]): number[] {
  return chains.flatMap((chain) => Array.from(chain));
}
