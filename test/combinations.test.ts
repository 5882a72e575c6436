// The table of combinations against the densities themselves, the documentation, and what glmm() refuses.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { combination, combine, effectRows, familyRows, traitsOf } from '../src/model/combinations.js';
import { normal } from '../src/model/effects/normal.js';
import { type Family, familiesByName } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { near } from './helpers.js';

/** Responses (of 3 trials) for which a family shows all it can do. */
const responses: Readonly<Record<string, readonly number[]>> = {
  binomial: [0, 1, 3],
  poisson: [0, 1, 6],
  gaussian: [-2, 0.5, 4],
  gamma: [0.2, 1, 5],
  'negative-binomial': [0, 1, 6],
};

function rowOf(y: number, eta: number) {
  return {
    y: Float64Array.of(y),
    trials: Float64Array.of(3),
    weights: Float64Array.of(1),
    eta: Float64Array.of(eta),
  };
}

function curvature(family: Family, y: number, eta: number): number {
  const one = (): Float64Array => new Float64Array(1);
  const out = { first: one(), second: one(), third: one() };
  family.outcome.derivatives(rowOf(y, eta), 0, 1, 0, 0.6, out);
  return out.second[0];
}

for (const row of familyRows) {
  const { domain, canonical, logConcave, step } = row;
  const family = familiesByName[row.family](row.link);
  const name = `${row.family}-${row.link}`;
  const ys = responses[row.family];
  const etas = Array.from({ length: 121 }, (_, k) => (k - 60) / 10).filter(
    (eta) => eta > domain[0] && eta < domain[1],
  );

  test(`${name}: log-concave and canonical as the table says`, (t) => {
    t.is(family.traits, row);
    t.is(family.outcome.step, step);
    t.is(family.outcome.logConcave, logConcave);
    // Concave: no point below the middle of its neighbours.
    const value = (y: number, eta: number): number => family.outcome.value(rowOf(y, eta), 0, 1, 0, 0.6);
    const concave = ys.every((y) =>
      etas.slice(1, -1).every((eta, k) => {
        const middle = 0.5 * (value(y, etas[k]) + value(y, etas[k + 2]));
        return value(y, eta) >= middle - 1e-12 * Math.abs(middle);
      }),
    );
    t.is(concave, logConcave);
    const curved = ys.every((y) => etas.every((eta) => curvature(family, y, eta) <= 0));
    if (logConcave) t.true(curved);
    // With a canonical link the observed information does not depend on the response.
    const same = etas.every((eta) =>
      ys.every((y) => {
        const first = curvature(family, ys[0], eta);
        return Math.abs(curvature(family, y, eta) - first) <= 1e-12 * Math.abs(first);
      }),
    );
    t.is(same, canonical);
  });

  test(`${name}: the mean is possible where the table says`, (t) => {
    const { outcome, link } = family;
    for (const eta of [-30, -1, 1, 30]) {
      const inside = eta > domain[0] && eta < domain[1];
      for (const y of ys) {
        const value = outcome.value(rowOf(y, eta), 0, 1, 0, 0.6);
        t.is(value > Number.NEGATIVE_INFINITY, inside, `y ${y}, eta ${eta}`);
      }
      if (inside) near(t, link.inverse(eta) / link.inverse(link.apply(link.inverse(eta))), 1, 1e-12, 'link');
    }
    t.is(row.improper === undefined, !domain.some(Number.isFinite));
  });

  if (!row.improper) {
    test(`${name}: the step integrates to the last digits`, (t) => {
      const { outcome } = family;
      for (const shift of [-1.5, 0.2, 1.7]) {
        const rows = {
          y: Float64Array.from(ys),
          trials: Float64Array.of(3, 3, 3),
          weights: Float64Array.of(1, 1, 1),
          eta: Float64Array.of(shift, shift + 0.4, shift - 0.7),
        };
        const integrand = (eps: number): number =>
          Math.exp(outcome.value(rows, 0, 3, eps, 0.6) - eps ** 2 / 8);
        // Half of the posterior's own spread, from the steepest curvature about its highest point.
        let peak = -30;
        for (let eps = -30; eps <= 30; eps += 0.01) if (integrand(eps) > integrand(peak)) peak = eps;
        const d = 1e-3;
        const bend =
          Math.log(integrand(peak + d)) + Math.log(integrand(peak - d)) - 2 * Math.log(integrand(peak));
        const h = Math.min(step, (0.5 * d) / Math.sqrt(-bend));
        const sum = (width: number): number => {
          let total = 0;
          for (let k = -Math.ceil(30 / width); k * width < 30; k++) total += integrand(k * width + 0.013);
          return total * width;
        };
        near(t, sum(h) / sum(h / 4), 1, 1e-12, `${name} at ${shift}`);
      }
    });
  }
}

test('combinations: what follows from the rows', (t) => {
  t.deepEqual(combination('binomial', 'logit', 'normal'), {
    proper: true,
    logConcave: true,
    integrator: 'trapezoid',
    step: 0.5,
  });
  t.is(combination('binomial', 'logit', 'laplace').integrator, 'split');
  t.is(combination('binomial', 'logit', 'student-t').integrator, 'transformed');
  t.is(combination('binomial', 'cauchit', 'normal').integrator, 'transformed');
  t.is(combination('poisson', 'log', 'point-masses').integrator, 'sum');
  t.true(combination('poisson', 'identity', 'point-masses').proper);
  const refused = combination('gamma', 'inverse', 'logistic');
  t.false(refused.proper);
  t.regex(refused.refusal!.reason, /mass where the mean is negative/);
  t.is(refused.refusal!.instead, "gamma('log')");
  t.throws(() => combination('gama', 'log', 'normal'), { code: 'unknown-family', message: /'gamma'/ });
  t.throws(() => combination('gamma', 'logit', 'normal'), {
    code: 'unknown-link',
    message: /known: log, inverse/,
  });
  t.throws(() => combination('gamma', 'log', 'norml'), { code: 'unknown-effect', message: /'normal'/ });
});

test('a distribution that the table does not name tells about itself', (t) => {
  t.is(traitsOf(normal()), effectRows[0]);
  const own = traitsOf({ name: 'my-effect', logConcave: true, symmetric: true, tailDf: 4 });
  t.like(own, { unbounded: true, logConcave: true, symmetric: true, tails: 'polynomial' });
});

test('improper models are refused with the reason and what to use instead', (t) => {
  const data = { y: [1, 0, 1, 1, 0, 1], g: [1, 1, 2, 2, 3, 3], x: [1, 2, 3, 4, 5, 6] };
  for (const row of familyRows) {
    const family = familiesByName[row.family](row.link);
    const positive = row.family === 'gamma' ? { ...data, y: [1, 2, 1, 3, 2, 1] } : data;
    const make = (): unknown => glmm('y ~ x + (1 | g)', positive, { family });
    if (!row.improper) {
      t.notThrows(make);
      continue;
    }
    const error = t.throws(make, { code: 'improper-model' })!;
    t.true(error.message.includes(row.improper.reason), error.message);
    t.true(error.message.includes(row.improper.instead), error.message);
    t.true(error.message.includes(row.link) && error.message.includes('normal'), error.message);
    const instead = /([a-z]+)\('([a-z]+)'\)/.exec(row.improper.instead)!;
    t.true(combination(instead[1], instead[2], 'normal').proper);
  }
});

test('docs/models.md shows the table', (t) => {
  const page = readFileSync(new URL('../docs/models.md', import.meta.url), 'utf8');
  const yes = (value: boolean): string => (value ? 'yes' : 'no');
  const interval = ([low, high]: readonly [number, number]): string => {
    if (Number.isFinite(low)) return `eta > ${low}`;
    return Number.isFinite(high) ? `eta < ${high}` : 'all';
  };
  const families = familyRows.map(({ family, link, domain, canonical, logConcave, step, improper }) => [
    family,
    link,
    interval(domain),
    yes(canonical),
    yes(logConcave),
    Number.isFinite(step) ? String(step) : 'any',
    improper ? `refused: ${improper.reason}; use ${improper.instead}` : 'proper',
  ]);
  const effects = effectRows.map((row) => [
    row.effect,
    yes(row.unbounded),
    yes(row.logConcave),
    row.tails,
    yes(row.kink),
    yes(row.symmetric),
    [...new Set(familyRows.map((family) => combine(family, row).integrator))].join(' or '),
  ]);
  const written = page
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .map((line) => line.slice(2, -2).split(' | '));
  const isHead = (cells: string[]): boolean => cells[0] === 'family' || cells[0] === 'intercepts';
  t.deepEqual(
    written.filter((cells) => !isHead(cells)),
    [...families, ...effects],
  );
});
