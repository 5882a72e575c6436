// Separated responses are found by every strategy, named, and never found where there is a finite maximum.
import test from 'ava';
import { fit } from '../src/estimate/fit.js';
import { mcem } from '../src/estimate/mcem/mcem.js';
import { metropolis } from '../src/estimate/mcem/metropolis.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { binomial, type Family, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import { projectOntoDualCone } from '../src/numeric/dual-cone.js';
import { near } from './helpers.js';

function uniforms(seed: number): () => number {
  let state = seed;
  const next = (): number => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return (state + 0.5) / 2 ** 32;
  };
  for (let i = 0; i < 5; i++) next();
  return next;
}

/** 40 rows of 8 clusters, 1 where x is above 0.1, with the first rows changed. */
function threshold(seed: number, change: (y: number[], x: number[]) => void = () => {}): Model {
  const uniform = uniforms(seed);
  const x = Array.from({ length: 40 }, () => 2 * uniform() - 1);
  const y = x.map((value) => (value > 0.1 ? 1 : 0));
  change(y, x);
  return glmm('y ~ x + (1 | g)', { y, x, g: x.map((_, i) => i % 8) }, { family: binomial() });
}

test('completely separated data sets: never converged, always said', async (t) => {
  // Without the test the search ends at 4 and 12 as if at a maximum, at 1, 13 and 16 short of one.
  for (const seed of [1, 4, 8, 12, 13, 16]) {
    const found = await fit(threshold(seed), quadrature());
    t.false(found.converged, `seed ${seed}`);
    const finding = found.findings.find(({ code }) => code === 'separation');
    t.true(finding?.where?.includes('x'), `seed ${seed}`);
    t.false(
      found.findings.some(({ code }) => code === 'not-converged'),
      `seed ${seed}`,
    );
  }
});

test('every strategy says so, from any start', async (t) => {
  const model = threshold(4);
  const far = { beta: Float64Array.of(0, 0), sigma: 10 };
  for (const [strategy, start] of [
    [laplace(), undefined],
    [quadrature({ rule: 'adaptive', nodes: 7 }), undefined],
    [mcem(), undefined],
    [mcem({ eStep: metropolis() }), undefined],
    [mcem(), far],
    [quadrature(), far],
  ] as const) {
    const found = await fit(model, strategy, start && { start });
    t.false(found.converged, strategy.name);
    const codes = found.findings.map(({ code }) => code);
    t.true(codes.includes('separation'), strategy.name);
    t.false(codes.includes('score-test-failed'), strategy.name);
  }
});

test('responses all 0 or all 1: the intercept runs off, and mcem() says it too', async (t) => {
  const x = [-3, -2, -1, 1, 2, 3, -2.5, -1.5, 1.5, 2.5, -0.5, 0.5];
  const alike = (family: Family, y: number): Model =>
    glmm('y ~ x + (1 | g)', { y: x.map(() => y), x, g: x.map((_, i) => i % 3) }, { family });
  for (const model of [alike(binomial(), 0), alike(binomial(), 1), alike(poisson(), 0)]) {
    for (const strategy of [quadrature(), mcem()]) {
      const found = await fit(model, strategy);
      const finding = found.findings.find(({ code }) => code === 'separation');
      t.deepEqual(finding?.where, ['(Intercept)'], strategy.name);
    }
  }
});

test('counts of 0 in one group: that group alone is named, under any link', async (t) => {
  const rows = Array.from({ length: 48 }, (_, r) => {
    const group = 'abc'[r % 3];
    return { g: r % 8, group, y: group === 'b' ? 0 : (5 * r) % 7 < 3 ? 1 : 0, n: 2 };
  });
  for (const [formula, family] of [
    ['y ~ group + (1 | g)', poisson()],
    ['y ~ group + (1 | g)', binomial()],
    ['y | trials(n) ~ group + (1 | g)', binomial('probit')],
    ['y ~ group + (1 | g)', binomial('cloglog')],
  ] as const) {
    const found = await fit(glmm(formula, rows, { family }), quadrature());
    t.deepEqual(
      found.findings.find(({ code }) => code === 'separation')?.where,
      ['groupb'],
      family.link.name,
    );
  }
});

test('rows without weight neither separate nor save from it', async (t) => {
  const uniform = uniforms(4);
  const x = Array.from({ length: 40 }, () => 2 * uniform() - 1);
  const odd = x.indexOf(Math.max(...x));
  const y = x.map((value, r) => (value > 0.1 !== (r === odd) ? 1 : 0));
  const fitted = async (weight: number): Promise<boolean> => {
    const w = x.map((_, r) => (r === odd ? weight : 1));
    const model = glmm(
      'y ~ x + (1 | g)',
      { y, x, w, g: x.map((_, i) => i % 8) },
      {
        family: binomial(),
        weights: 'w',
      },
    );
    return (await fit(model, quadrature())).converged;
  };
  t.false(await fitted(0));
  t.true(await fitted(1));
});

test('nearly separated data have a finite maximum, whose slope falls as the overlap grows', async (t) => {
  // Two rows of one cluster that overlap by this much about the threshold, among rows that do not.
  let last = Number.POSITIVE_INFINITY;
  for (const overlap of [1e-3, 1e-2, 1e-1]) {
    const model = threshold(7, (y, x) => {
      [x[0], y[0], x[8], y[8]] = [0.1 + overlap, 0, 0.1 - overlap, 1];
    });
    const found = await fit(model, quadrature());
    t.true(found.converged, `overlap ${overlap}: ${found.findings.map(({ code }) => code)}`);
    t.true(found.parameters.beta[1] > 5 && found.parameters.beta[1] < last);
    last = found.parameters.beta[1];
  }
});

test('a covariate far from 0 and in other units separates as the same one about 0', async (t) => {
  for (const [shift, scale] of [
    [0, 1],
    [2000, 1],
    [0, 1e-6],
    [1e4, 1e6],
  ]) {
    const move = (x: number[]): void => {
      for (let r = 0; r < x.length; r++) x[r] = scale * (x[r] + shift);
    };
    const model = threshold(9, (_, x) => move(x));
    const found = await fit(model, quadrature());
    t.true(
      found.findings.some(({ code }) => code === 'separation'),
      `${shift}, ${scale}`,
    );
    const overlapping = threshold(9, (y, x) => {
      for (let r = 0; r < y.length; r += 5) y[r] = 1 - y[r];
      move(x);
    });
    t.false(
      (await fit(overlapping, quadrature())).findings.some(({ code }) => code === 'separation'),
      `overlapping ${shift}, ${scale}`,
    );
  }
});

test('a dual cone in the plane is empty where no edge is feasible', (t) => {
  let empty = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const uniform = uniforms(seed);
    const n = 2 + (seed % 5);
    const angles = Array.from({ length: n }, () => 2 * Math.PI * uniform());
    const units = Float64Array.from(angles.flatMap((a) => [Math.cos(a), Math.sin(a)]));
    // In the plane a cone other than {0} has an edge at a right angle to some row, or a line of them.
    const edges = angles.flatMap((a) => [a + Math.PI / 2, a - Math.PI / 2]);
    const feasible = edges.some(
      (e) => angles.every((a) => Math.cos(a - e) > -1e-12) && angles.some((a) => Math.cos(a - e) > 1e-12),
    );
    const d = projectOntoDualCone(units, 2);
    t.is(d !== undefined, feasible, `seed ${seed}`);
    if (!d) {
      empty++;
      continue;
    }
    let sum = 0;
    for (let r = 0; r < n; r++) {
      const value = units[2 * r] * d[0] + units[2 * r + 1] * d[1];
      t.true(value > -1e-9);
      sum += value;
    }
    near(t, sum / n, d[0] ** 2 + d[1] ** 2, 1e-12, 'mean of the forms');
  }
  t.true(empty > 50 && empty < 250);
});
