// Every strategy under other effects: it lands on quadrature, or refuses before it starts.
import test from 'ava';
import { compare } from '../src/compare/compare.js';
import { fit } from '../src/estimate/fit.js';
import { importance } from '../src/estimate/mcem/importance.js';
import { mcem } from '../src/estimate/mcem/mcem.js';
import { metropolis } from '../src/estimate/mcem/metropolis.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { ranef } from '../src/inspect/ranef.js';
import { bridge } from '../src/model/effects/bridge.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { logistic } from '../src/model/effects/logistic.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial } from '../src/model/family.js';
import { heavyTailed } from './heavy-tailed.js';
import { landed, near } from './helpers.js';

// The others, whose steps take longer: test/slow/effects-mcem.test.ts.
for (const effect of [studentT(3), logistic(), logGamma()]) {
  test(`mcem() lands on quadrature(): ${effect.name}`, async (t) => {
    const exact = await fit(heavyTailed(effect), quadrature());
    for (const eStep of [importance(), metropolis()]) {
      landed(t, await fit(heavyTailed(effect), mcem({ eStep }), { seed: 3 }), exact, 0.02);
    }
  });
}

test('what cannot serve an effect says so before it starts, and names what can', async (t) => {
  for (const [effect, strategy, word] of [
    [
      laplaceEffect(),
      laplace(),
      /laplace\(\) works by the curvature.*use quadrature\(\) without a rule.*gibbs\(\)/,
    ],
    [
      laplaceEffect(),
      quadrature({ rule: 'adaptive', nodes: 7 }),
      /quadrature\(adaptive, 7\).*corner.*use quadrature\(\) without a rule/,
    ],
  ] as const) {
    const error = await t.throwsAsync(fit(heavyTailed(effect), strategy), { code: 'unsupported-effect' });
    t.regex(error!.message, word);
  }
});

test('laplace() and many adaptive nodes come near the exact fit of smooth effects', async (t) => {
  for (const effect of [studentT(3), logistic(), logGamma()]) {
    const exact = await fit(heavyTailed(effect), quadrature());
    const approximate = await fit(heavyTailed(effect), laplace());
    const many = await fit(heavyTailed(effect), quadrature({ rule: 'adaptive', nodes: 41 }));
    exact.estimates.forEach(({ name, value, standardError }, k) => {
      const what = `${effect.name}, ${name}`;
      near(t, approximate.estimates[k].value, value, 0.5 * standardError, what);
      near(t, many.estimates[k].value, value, 0.02 * standardError, `${what}, 41 nodes`);
    });
  }
});

test('ranef() and compare() print under every effect', async (t) => {
  for (const effect of [studentT(1), laplaceEffect(), bridge()]) {
    const binary = heavyTailed(effect, binomial());
    const exact = await fit(binary, quadrature());
    const rows = ranef(exact);
    t.is(rows.length, 16);
    t.true(rows.every((row) => row.q5 < row.q95));
    t.regex(rows.toString(), /cluster/);
    t.regex(exact.toString(), new RegExp(`${effect.name} intercepts`));
  }
  const both = await compare(heavyTailed(studentT(3)), [quadrature(), laplace()]);
  t.deepEqual(
    both.rows.map(({ verdict }) => verdict),
    ['agrees', 'approximate'],
  );
});
