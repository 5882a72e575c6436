// gibbs() under other effects than the normal: draws against the quadrature posterior.
import test from 'ava';
import { fit } from '../../src/estimate/fit.js';
import { gibbs } from '../../src/estimate/gibbs.js';
import { quadraturePosterior } from '../../src/estimate/quadrature-posterior.js';
import { bridge } from '../../src/model/effects/bridge.js';
import { laplaceEffect } from '../../src/model/effects/laplace.js';
import { logGamma } from '../../src/model/effects/log-gamma.js';
import { logistic } from '../../src/model/effects/logistic.js';
import { studentT } from '../../src/model/effects/student-t.js';
import { agrees, exactFrom } from '../gibbs-helpers.js';
import { heavyTailed } from '../heavy-tailed.js';

for (const effect of [studentT(3), logistic(), laplaceEffect(), logGamma(), bridge()]) {
  test(`gibbs() lands on the quadrature posterior: ${effect.name}`, async (t) => {
    const posterior = await quadraturePosterior(heavyTailed(effect), {}, { error: 0.01 });
    t.true(posterior.converged);
    const draws = await fit(heavyTailed(effect), gibbs({ chains: 4, warmup: 1000, draws: 2500 }), {
      seed: 4,
    });
    agrees(t, draws.draws, exactFrom(posterior), 400);
  });
}
