// gibbs() and the quadrature posterior on the larger data sets, and on the edges of the posterior, at length.
import test from 'ava';
import { fit } from '../../src/estimate/fit.js';
import { gibbs } from '../../src/estimate/gibbs.js';
import { quadraturePosterior } from '../../src/estimate/quadrature-posterior.js';
import { agrees, distance, exactFrom, exactOf, reference, referenceModel } from '../gibbs-helpers.js';

for (const name of ['epil', 'toenail', 'ohio', 'lsat', 'cbpp', 'seeds', 'booth_hobert', 'infection']) {
  test(`${name}: 10000 effective draws`, async (t) => {
    const model = await referenceModel(name);
    const exact = exactOf(reference(name));
    const small = model.clusterLabels.length < 30;
    const { draws } = await fit(model, gibbs({ draws: small ? 20000 : 6000 }), { seed: 1 });
    agrees(t, draws, exact, 10000);
  });
}

test('epil and lsat: the quadrature posterior against the reference', async (t) => {
  for (const name of ['epil', 'lsat']) {
    const posterior = await quadraturePosterior(await referenceModel(name));
    t.true(posterior.converged);
    exactOf(reference(name)).forEach((row, k) => {
      const found = posterior.parameters[k];
      const z = (found.mean - row.mean) / Math.hypot(found.meanError, row.meanError);
      t.true(Math.abs(z) < 4, `${name}: mean of ${row.name}: ${z}`);
    });
  }
});

test('twenty seeds of infection against the quadrature posterior: no distance is systematic', async (t) => {
  const model = await referenceModel('infection');
  const exact = exactFrom(await quadraturePosterior(model, {}, { error: 0.0005 }));
  let beyondTwo = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const { draws } = await fit(model, gibbs({ draws: 4000 }), { seed });
    const { z, name } = distance(draws, exact);
    t.true(Math.abs(z) < 4.5, `${name}: ${z}`);
    if (Math.abs(z) > 2) beyondTwo++;
  }
  // The largest of six |z| is above 2 in about a quarter of runs.
  t.true(beyondTwo <= 12, `${beyondTwo} of 20 runs`);
});
