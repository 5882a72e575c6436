// Large data: EM on a part of the clusters leads to the answer of all of them.
import test from 'ava';
import { binomial, fit, glmm, mcem, quadrature, quasiMonteCarlo } from 'glmmc';
import { simulated } from '../bench/simulated.js';

const CLUSTERS = 5000;
const data = simulated(CLUSTERS, 3);
// A level that no cluster of the part has: every tenth cluster is taken.
const rare = data.id.map((id, r) => (id % 10 === 5 && r % 2 === 0 ? 1 : 0));
const model = glmm('y ~ x1 + x3 + rare + (1 | id)', { ...data, rare }, { family: binomial() });

test('quasi-Monte Carlo EM lands on 5000 clusters, a part of which lacks a level', async (t) => {
  const strategy = mcem({ eStep: quasiMonteCarlo() });
  const found = await fit(model, strategy, { seed: 3 });
  t.true(found.converged);
  t.true(found.landing!.landed, JSON.stringify(found.landing));
  const exact = await fit(model, quadrature());
  exact.estimates.forEach(({ name, value, standardError }, k) => {
    const { value: own, monteCarloError, standardError: ownError } = found.estimates[k];
    t.true(Math.abs(own - value) < 5 * monteCarloError, name);
    t.true(Math.abs(ownError / standardError - 1) < 1e-3, `${name}: ${ownError}, ${standardError}`);
  });
  const again = await fit(model, strategy, { seed: 3 });
  t.deepEqual(again.estimates, found.estimates);
});
