// Intercepts of clusters under every effect: moments and quantiles against sums on a fine grid of eps.
import test from 'ava';
import { ClusterPosteriors } from '../src/likelihood/cluster-posterior.js';
import { Integrand } from '../src/likelihood/integrand.js';
import { bridge } from '../src/model/effects/bridge.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { logistic } from '../src/model/effects/logistic.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, gaussian } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import type { RandomEffect } from '../src/model/random-effect.js';
import { effectDensities, outcomeDensities } from './brute-force.js';
import { near } from './helpers.js';

const effects: Readonly<Record<string, RandomEffect>> = {
  t3: studentT(3),
  logistic: logistic(),
  laplace: laplaceEffect(),
  'log-gamma': logGamma(),
  bridge: bridge(),
};

test('moments and quantiles', (t) => {
  const step = 1e-3;
  for (const [familyName, family, y] of [
    ['binomial-logit', binomial(), [1, 0, 1, 1]],
    // With t effects the second cluster's posterior has two hills.
    ['gaussian-identity', gaussian(), [5.5, 6, 5, 5.2]],
  ] as const) {
    for (const [name, randomEffect] of Object.entries(effects)) {
      const rows = [0, 1].flatMap((g) => y.map((value, j) => ({ y: value, eta: 0.3 * j, g })));
      const model = glmm('y ~ 0 + offset(eta) + (1 | g)', rows, { family, randomEffect });
      const integrand = new Integrand(model);
      for (const sigma of [0.15, 2]) {
        integrand.setParameters({ beta: new Float64Array(0), sigma, dispersion: 0.7 });
        const posterior = new ClusterPosteriors(integrand).of(0);
        // Midpoints, so that no cell contains the corner of the Laplace density at 0.
        const eps = Float64Array.from({ length: 60_000 }, (_, k) => -30 + (k + 0.5) * step);
        const logs = eps.map((e) =>
          y.reduce(
            (sum, v, j) => sum + outcomeDensities[familyName](v, 0.3 * j + e),
            effectDensities[name](e, sigma),
          ),
        );
        const top = logs.reduce((a, b) => Math.max(a, b));
        const weights = logs.map((value) => Math.exp(value - top));
        const total = weights.reduce((sum, w) => sum + w, 0);
        const average = (of: (e: number) => number): number =>
          weights.reduce((sum, w, k) => sum + w * of(eps[k]), 0) / total;
        const mean = average((e) => e);
        const sd = Math.sqrt(average((e) => (e - mean) ** 2));
        const what = `${familyName}, ${name}, sigma ${sigma}`;
        near(t, sigma * posterior.mean, mean, 2e-6, `mean: ${what}`);
        near(t, sigma * posterior.sd, sd, 2e-6, `sd: ${what}`);
        for (const p of [0.05, 0.5, 0.95]) {
          let below = 0;
          const wanted = p * total;
          const k = weights.findIndex((w) => {
            below += w;
            return below > wanted;
          });
          const exact = eps[k] + step * (0.5 - (below - wanted) / weights[k]);
          near(t, sigma * posterior.quantile(p), exact, 1e-5, `${p} point: ${what}`);
        }
      }
    }
  }
});

test('where the posterior has no mean or variance it says so', (t) => {
  const rows = [0, 1].flatMap((g) => [1, 1, 1].map((y) => ({ y, g, o: 0 })));
  const posteriorOf = (df: number) => {
    const model = glmm('y ~ 0 + offset(o) + (1 | g)', rows, {
      family: binomial(),
      randomEffect: studentT(df),
    });
    const integrand = new Integrand(model);
    integrand.setParameters({ beta: new Float64Array(0), sigma: 1 });
    return new ClusterPosteriors(integrand).of(0);
  };
  // All successes: the likelihood is flat to the right, where the t density alone falls.
  t.true(Number.isNaN(posteriorOf(1).mean));
  t.is(posteriorOf(1.5).sd, Number.POSITIVE_INFINITY);
  t.true(Number.isFinite(posteriorOf(1.5).mean));
  t.true(posteriorOf(3).sd < 10);
  t.true(posteriorOf(1).quantile(0.95) > posteriorOf(3).quantile(0.95));
});
