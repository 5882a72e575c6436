// Roads that share nothing lead to the same posterior: pseudo-marginal chains against quadrature, and data cloning against
// maximum likelihood.
import test from 'ava';
import { mean, sd } from '../../samplers/diagnostics/descriptive.js';
import { mcseMean, mcseSd } from '../../samplers/diagnostics/mcse.js';
import { allChains } from '../../samplers/draws.js';
import { rng } from '../../samplers/rng.js';
import { normal } from '../../samplers/variates.js';
import { collapsed } from '../../src/estimate/collapsed.js';
import { fit } from '../../src/estimate/fit.js';
import { polyaGamma } from '../../src/estimate/polya-gamma.js';
import { halfNormal, normalPrior } from '../../src/estimate/priors.js';
import { quadrature } from '../../src/estimate/quadrature.js';
import { quadraturePosterior } from '../../src/estimate/quadrature-posterior.js';
import { binomial } from '../../src/model/family.js';
import { glmm } from '../../src/model/model.js';
import { distance, exactFrom } from '../gibbs-helpers.js';
import { near, shipped } from '../helpers.js';

const infectionTable = await shipped('infection');
const infection = glmm('x | trials(n) ~ t + (1 | clinic)', infectionTable, { family: binomial() });
const priors = { beta: normalPrior(0, 10), sigma: halfNormal(2.5) };

/**
 * Metropolis on (beta0, beta1, log sigma) with the likelihood estimated without bias, by intercepts drawn from their distribution
 * (Andrieu and Roberts 2009): written here from the data alone, exact whatever the number of intercepts.
 */
function pseudoMarginal(
  steps: number,
  intercepts: number,
  spread: readonly number[],
  seed: string,
): Float64Array[] {
  const stream = rng(seed);
  const [x, n, t, clinic] = ['x', 'n', 't', 'clinic'].map(
    (name) => infectionTable[name] as ArrayLike<number>,
  );
  const rows = x.length;
  const groups = [...new Set(Array.from(clinic))].map((c) =>
    Array.from({ length: rows }, (_, r) => r).filter((r) => clinic[r] === c),
  );
  const logLik = (beta0: number, beta1: number, sigma: number): number => {
    let total = 0;
    for (const group of groups) {
      let sum = 0;
      for (let k = 0; k < intercepts; k++) {
        const eps = sigma * normal(stream);
        let log = 0;
        for (const r of group) {
          const eta = beta0 + beta1 * t[r] + eps;
          log += x[r] * eta - n[r] * (eta > 0 ? eta + Math.log1p(Math.exp(-eta)) : Math.log1p(Math.exp(eta)));
        }
        sum += Math.exp(log + 30);
      }
      total += Math.log(sum / intercepts);
    }
    return total;
  };
  const logPrior = ([b0, b1, u]: readonly number[]): number =>
    -0.5 * ((b0 / 10) ** 2 + (b1 / 10) ** 2 + (Math.exp(u) / 2.5) ** 2) + u;
  let at = [-1.3, 0.7, Math.log(1.5)];
  let value = logPrior(at) + logLik(at[0], at[1], Math.exp(at[2]));
  const out = [0, 1, 2].map(() => new Float64Array(steps));
  for (let s = 0; s < steps; s++) {
    const next = at.map((a, j) => a + 1.2 * spread[j] * normal(stream));
    const proposed = logPrior(next) + logLik(next[0], next[1], Math.exp(next[2]));
    if (Math.log1p(-stream.uniform()) < proposed - value) {
      at = next;
      value = proposed;
    }
    out[0][s] = at[0];
    out[1][s] = at[1];
    out[2][s] = Math.exp(at[2]);
  }
  return out;
}

test('pseudo-marginal chains, quadrature and Polya-Gamma agree on the posterior', async (t) => {
  const exact = await quadraturePosterior(infection, priors);
  const [b0, b1, s] = exact.parameters;
  const spread = [b0.sd, b1.sd, s.sd / s.mean];
  const chains = ['a', 'b'].map((seed) => pseudoMarginal(12_000, 40, spread, seed));
  exact.parameters.forEach((row, j) => {
    const own = chains.map((chain) => chain[j]);
    const all = own.flatMap((chain) => Array.from(chain));
    near(t, mean(all), row.mean, 4 * Math.hypot(mcseMean(own), row.meanError), `mean of ${row.name}`);
    near(t, sd(all), row.sd, 4 * Math.hypot(mcseSd(own), row.sdError), `sd of ${row.name}`);
  });
  const { draws } = await fit(infection, polyaGamma({ draws: 1500, priors }), { seed: 5 });
  const { z, name } = distance(draws, exactFrom(exact));
  t.true(Math.abs(z) < 4, `Polya-Gamma: ${name} is ${z} errors off`);
});

test('data cloning: with 64 copies of seeds the posterior is at the maximum, an eighth of the standard errors wide', async (t) => {
  // Lele, Dennis, Lutscher (2007): means tend to the estimate as 1 / K, and sqrt(K) sd to the standard error.
  const copies = 64;
  const table = await shipped('seeds');
  const formula = 'r | trials(n) ~ x1 * x2 + (1 | plate)';
  const ml = await fit(glmm(formula, table, { family: binomial() }), quadrature());
  const weights = Float64Array.from({ length: (table.r as ArrayLike<number>).length }, () => copies);
  const cloned = glmm(formula, { ...table, k: weights }, { family: binomial(), clusterWeights: 'k' });
  const { draws } = await fit(cloned, collapsed({ draws: 1000 }), { seed: 2 });
  for (const { name, value, standardError } of ml.estimates) {
    const chains = allChains(draws, name);
    const all = chains.flatMap((chain) => Array.from(chain));
    const unit = standardError / Math.sqrt(copies);
    // What is left of the prior and of skewness is of order 1 / sqrt(K) = 1/8 of the spread.
    near(t, mean(all), value, 4 * mcseMean(chains) + unit / 8, `mean of ${name}`);
    near(t, sd(all) / unit, 1, 4 * (mcseSd(chains) / unit) + 0.05, `sd of ${name}`);
  }
});
