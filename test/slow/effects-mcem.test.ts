// mcem() under the effects whose steps take longest: it lands on quadrature.
import test from 'ava';
import { fit } from '../../src/estimate/fit.js';
import { importance } from '../../src/estimate/mcem/importance.js';
import { mcem } from '../../src/estimate/mcem/mcem.js';
import { metropolis } from '../../src/estimate/mcem/metropolis.js';
import { quadrature } from '../../src/estimate/quadrature.js';
import { bridge } from '../../src/model/effects/bridge.js';
import { laplaceEffect } from '../../src/model/effects/laplace.js';
import { heavyTailed } from '../heavy-tailed.js';
import { landed } from '../helpers.js';

for (const effect of [laplaceEffect(), bridge()]) {
  test(`mcem() lands on quadrature(): ${effect.name}`, async (t) => {
    const exact = await fit(heavyTailed(effect), quadrature());
    for (const eStep of [importance(), metropolis()]) {
      landed(t, await fit(heavyTailed(effect), mcem({ eStep }), { seed: 3 }), exact, 0.02);
    }
  });
}
