// Where every strategy starts: inside the domain of every link, whatever the responses.
import test from 'ava';
import { fit } from '../src/estimate/fit.js';
import { pooledStart } from '../src/estimate/pooled-start.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { Integrand } from '../src/likelihood/integrand.js';
import { familyRows } from '../src/model/combinations.js';
import { normal } from '../src/model/effects/normal.js';
import { familiesByName, gaussian, negativeBinomial, poisson } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import type { RandomEffect } from '../src/model/random-effect.js';
import { near } from './helpers.js';

/** Stands in for intercepts with bounds, to which every link is open. */
const bounded: RandomEffect = { ...normal(), name: 'point-masses' };

const g = Array.from({ length: 30 }, (_, r) => Math.floor(r / 3));
const x = g.map((_, r) => ((r * 7) % 10) - 4.5);

/** Responses that rise steeply with x, from 0 (or below) at its low end. */
const steep: Readonly<Record<string, (x: number, r: number) => number>> = {
  binomial: (value) => Math.max(0, Math.min(9, Math.round(2 * value))),
  poisson: (value) => Math.max(0, Math.round(value ** 3 / 3)),
  'negative-binomial': (value, r) => Math.max(0, Math.round(value ** 3 / 3)) + (r % 3),
  gaussian: (value, r) => 3 * value + (r % 4),
  gamma: (value) => Math.max(1e-3, value ** 3),
};

for (const { family: name, link, domain } of familyRows) {
  test(`${name}-${link}: a possible start`, (t) => {
    const family = familiesByName[name](link);
    for (const offset of [0, 0.3]) {
      const data = { g, x, y: x.map(steep[name]), k: g.map(() => 9), o: g.map(() => offset) };
      const response = family.counts ? 'y | trials(k)' : 'y';
      const model = glmm(`${response} ~ x + (1 | g)`, data, { family, randomEffect: bounded, offset: 'o' });
      const start = pooledStart(model);
      t.is(start.sigma, 0);
      const integrand = new Integrand(model);
      integrand.setParameters(start);
      t.true(integrand.rows.eta.every((eta) => eta > domain[0] && eta < domain[1]));
      for (let i = 0; i < model.clusters.count; i++) {
        integrand.select(i);
        t.true(Number.isFinite(integrand.evaluate(0)), `cluster ${i}`);
      }
      if (family.dispersion) t.true(start.dispersion! > 0 && Number.isFinite(start.dispersion));
    }
  });
}

test('canonical starts are those of one step of weighted least squares, as before', (t) => {
  const data = { g, x, y: x.map((_, r) => (r * r) % 5) };
  const model = glmm('y ~ 1 + (1 | g)', data, { family: poisson() });
  // Weights mu = y + 0.1, working responses log mu.
  const mu = data.y.map((y) => y + 0.1);
  const expected = mu.reduce((sum, m) => sum + m * Math.log(m), 0) / mu.reduce((sum, m) => sum + m, 0);
  near(t, pooledStart(model).beta[0], expected, 1e-14, 'intercept');
});

test('Gaussian responses below 0 with a log link, and counts that are Poisson after all, are fitted', async (t) => {
  const noise = (r: number): number => (((r * 17) % 23) - 11) / 12;
  const y = x.map((value, r) => Math.exp(0.3 + 0.3 * value) + noise(r) + 0.3 * ((g[r] * 3) % 5));
  t.true(Math.min(...y) < 0);
  const log = await fit(glmm('y ~ x + (1 | g)', { g, x, y }, { family: gaussian('log') }), quadrature());
  t.true(log.converged, log.toString());
  // Counts with less spread than Poisson ones.
  const counts = x.map((value, r) => Math.round(Math.exp(1.2 + 0.1 * value + ((g[r] * 3) % 5) / 4)));
  const data = { g, x, y: counts };
  const free = await fit(glmm('y ~ x + (1 | g)', data, { family: negativeBinomial() }), quadrature());
  const limit = await fit(glmm('y ~ x + (1 | g)', data, { family: poisson() }), quadrature());
  t.true(free.findings.some(({ code }) => code === 'theta-unbounded'));
  near(t, free.logLik, limit.logLik, 1e-6, 'logLik');
});
