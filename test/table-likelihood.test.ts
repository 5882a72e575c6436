// Every row of the table of combinations: proper ones against integration and differences, improper ones refused.
import test from 'ava';
import { type Marginal, marginal } from '../src/likelihood/marginal.js';
import { combine, effectRows, familyRows } from '../src/model/combinations.js';
import { glmm } from '../src/model/model.js';
import { bruteForces } from './brute-force.js';
import {
  at,
  customFamilies,
  type EffectCase,
  effectsOf,
  type FamilyCase,
  familiesOf,
  masses,
  responses,
  rest,
  twice,
} from './combination-cases.js';
import { near } from './helpers.js';

/** The families of a row, or one made of a log density, with the distributions that go with them. */
interface Row {
  readonly name: string;
  readonly families: readonly FamilyCase[];
  readonly effects: readonly EffectCase[];
}

const proper: readonly Row[] = [
  ...familyRows.map((row) => ({
    name: `${row.family}-${row.link}`,
    families: familiesOf(row),
    effects: effectRows.filter((effect) => combine(row, effect).proper).flatMap(effectsOf),
  })),
  ...customFamilies.map((one) => ({
    name: one.name,
    families: [one],
    effects: effectRows.flatMap(effectsOf),
  })),
];

/** sigma, linear predictors without the intercept, whether responses are alike: for means that are always possible. */
const ANYWHERE = [
  [0.1, [0.3, -0.8, 1.1], false],
  [1, [4, -3, 0.5], false],
  [1, [2, 2, 2, 2, 2, 2, 2, 2, 2, 2], false],
  [3, [-12, -12.5], true],
  [50, [0.3, -0.8, 1.1], true],
] as const;

/** The same where eta must be positive, and where it must be negative: only point masses are proper. */
const POSITIVE = [
  [0.1, [0.3, 1.8, 1.1], false],
  [2, [4, 3, 9.5], false],
  [10, [20, 9, 14.1], true],
] as const;
const NEGATIVE = [
  [0.1, [-0.3, -1.8, -1.1], false],
  [2, [-4, -5, -9.5], false],
  [10, [-20, -19, -24.1], true],
] as const;

/** Where eta is possible, for bounded intercepts. */
function casesFor({ family }: FamilyCase) {
  const [low, high] = family.traits.domain;
  if (Number.isFinite(low)) return POSITIVE;
  return Number.isFinite(high) ? NEGATIVE : ANYWHERE;
}

/** Places near which the likelihood has structure in eps. */
function centres(family: string, y: readonly number[], eta: readonly number[]): number[] {
  const inverse: Record<string, (y: number) => number[]> = {
    'poisson-sqrt': (v) => [Math.sqrt(v), -Math.sqrt(v)],
    'gaussian-identity': (v) => [v],
    'custom-logistic': (v) => [v],
  };
  const of = inverse[family] ?? ((v: number) => [Math.log(Math.max(v, 0.1))]);
  return [...new Set([...eta.map((u) => -u), ...y.flatMap((v, j) => of(v).map((u) => u - eta[j]))])];
}

for (const { name, families, effects } of proper) {
  test(`${name}: every effect against brute force`, (t) => {
    t.true(effects.length > 0);
    const { density } = families[0];
    for (const [sigma, eta, alike] of casesFor(families[0])) {
      const y = responses(name, eta.length, alike);
      const logLik = (eps: number): number => y.reduce((sum, v, j) => sum + density(v, eta[j] + eps), 0);
      const smooth = effects.flatMap((effect) => effect.density ?? []);
      const integrals = bruteForces(
        logLik,
        smooth.map((f) => (eps: number) => f(eps, sigma)),
        1e-6 * sigma * sigma,
        smooth.length > 0 ? centres(name, y, eta) : [],
      );
      const terms = masses(sigma).map(([logMass, place]) => logMass + logLik(place));
      const highest = Math.max(...terms);
      const sum = highest + Math.log(terms.reduce((total, term) => total + Math.exp(term - highest), 0));
      for (const effect of effects) {
        const exact = effect.density ? integrals[smooth.indexOf(effect.density)] : sum;
        t.true(Number.isFinite(exact));
        for (const { name: familyName, family } of families) {
          const { logLik: found, error, gradient, hessian } = at(twice(family, effect.effect, y, eta), sigma);
          const what = `${familyName}, ${effect.name}, sigma ${sigma}, eta ${eta}`;
          near(t, found / 2, exact, 1e-9 * Math.max(1, Math.abs(exact)), what);
          t.true(error < 1.01e-9 * Math.max(1, Math.abs(exact)), `${what}: error ${error}`);
          t.true(gradient.every(Number.isFinite) && hessian.to1DArray().every(Number.isFinite), what);
        }
      }
    }
  });
}

const g = Array.from({ length: 20 }, (_, r) => Math.floor(r / 5));
const x = (() => {
  let state = 7;
  return g.map(() => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return (state + 0.5) / 2 ** 32 - 0.5;
  });
})();

for (const { name, families, effects } of proper) {
  test(`${name}: gradient and Hessian agree with differences under every effect`, (t) => {
    const y = responses(name, g.length, false);
    for (const { name: familyName, family } of families) {
      const [low, high] = family.traits.domain;
      const level = Number.isFinite(low) ? 2.5 : Number.isFinite(high) ? -2.5 : 0.2;
      for (const { name: effectName, effect } of effects) {
        const model = glmm('y ~ x + (1 | g)', { y, x, g }, { family, randomEffect: effect });
        const shifted = (shift: number, a: number): Marginal => {
          const sigma = 0.8 + (a === 2 ? shift : 0);
          return marginal(model, {
            beta: Float64Array.of(level + (a === 0 ? shift : 0), -0.4 + (a === 1 ? shift : 0)),
            sigma,
            ...rest(model, sigma, 0.6 + (a === 3 ? shift : 0)),
          });
        };
        const exact = shifted(0, 0);
        const h = 2e-3;
        for (let a = 0; a < exact.gradient.length; a++) {
          const [p1, m1, p2, m2] = [h, -h, 2 * h, -2 * h].map((d) => shifted(d, a));
          const five = (of: (m: Marginal) => number): number =>
            (8 * (of(p1) - of(m1)) - (of(p2) - of(m2))) / (12 * h);
          const slope = five((m) => m.logLik);
          const what = `${familyName}, ${effectName}: d / d ${a}`;
          near(t, exact.gradient[a], slope, 1e-6 * Math.max(1, Math.abs(slope)), what);
          for (let b = 0; b < exact.gradient.length; b++) {
            const second = five((m) => m.gradient[b]);
            near(t, exact.hessian.get(a, b), second, 1e-6 * Math.max(1, Math.abs(second)), `${what} d ${b}`);
          }
        }
      }
    }
  });
}

test('every improper row is refused, with its reason and what to use instead', (t) => {
  let refused = 0;
  for (const row of familyRows) {
    for (const effectRow of effectRows) {
      const { refusal } = combine(row, effectRow);
      t.is(refusal === undefined, row.improper === undefined || !effectRow.unbounded);
      if (!refusal) continue;
      refused++;
      const y = responses(row.family, g.length, false);
      for (const { family } of familiesOf(row)) {
        for (const { effect } of effectsOf(effectRow)) {
          const error = t.throws(
            () => glmm('y ~ x + (1 | g)', { y, x, g }, { family, randomEffect: effect }),
            {
              code: 'improper-model',
            },
          )!;
          t.true(error.message.includes(refusal.reason) && error.message.includes(refusal.instead));
        }
      }
    }
  }
  t.is(refused, 28);
});
