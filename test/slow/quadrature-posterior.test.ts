// The errors that the quadrature posterior says, against how its answers scatter.
import test from 'ava';
import { quadraturePosterior } from '../../src/estimate/quadrature-posterior.js';
import { referenceModel } from '../gibbs-helpers.js';

test('sharp errors: seven seeds scatter as the errors say', async (t) => {
  const infection = await referenceModel('infection');
  const runs = await Promise.all(
    Array.from({ length: 7 }, (_, seed) => quadraturePosterior(infection, {}, { seed, maxPoints: 4096 })),
  );
  for (const k of [0, 1, 2]) {
    const means = runs.map((run) => run.parameters[k].mean);
    const centre = means.reduce((sum, x) => sum + x, 0) / means.length;
    const scatter = Math.sqrt(means.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (means.length - 1));
    const said = runs.reduce((sum, run) => sum + run.parameters[k].meanError, 0) / runs.length;
    // Chi with 6 degrees of freedom, and lattice errors that are not quite normal.
    t.true(scatter / said > 0.3 && scatter / said < 2.2, `${scatter} against ${said}`);
  }
});
