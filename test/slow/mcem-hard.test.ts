// A likelihood without a maximum, by the strategies that take their time to say so.
import test from 'ava';
import { fit } from '../../src/estimate/fit.js';
import type { EStep } from '../../src/estimate/mcem/e-step.js';
import { importance } from '../../src/estimate/mcem/importance.js';
import { mcem } from '../../src/estimate/mcem/mcem.js';
import { metropolis } from '../../src/estimate/mcem/metropolis.js';
import { quadrature } from '../../src/estimate/quadrature.js';
import { randomSet } from '../random-sets.js';

const eSteps: readonly EStep[] = [importance(), metropolis()];

test('a likelihood that rises for ever is said to, by every strategy and soon', async (t) => {
  const model = randomSet(10);
  for (const strategy of [quadrature(), ...eSteps.map((eStep) => mcem({ eStep }))]) {
    const found = await fit(model, strategy, { seed: 10 });
    t.false(found.converged);
    const codes = found.findings.map(({ code }) => code);
    t.true(codes.includes('sigma-unbounded'), `${strategy.name}: ${codes}`);
    t.false(codes.includes('not-converged'));
    t.true(found.history.length < 110);
    if (strategy.name !== 'quadrature')
      t.true(found.history.every(({ detail }) => Number(detail!.draws) < 2000));
  }
});
