// Every family with every link of the table: densities, derivatives and constants held against truth from outside.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { familyRows } from '../src/model/combinations.js';
import { familiesByName, negativeBinomial, poisson } from '../src/model/family.js';
import type { Outcome } from '../src/model/outcome.js';
import {
  logBinomialCoefficient,
  logFactorial,
  saturatedBinomial,
  saturatedPoisson,
} from '../src/model/outcomes/constants.js';
import { near } from './helpers.js';

interface At {
  readonly y: number;
  readonly trials?: number;
  readonly eta: number;
  readonly dispersion?: number | null;
}

interface Slopes {
  readonly first: number;
  readonly second: number;
  readonly third: number;
  readonly inDispersion: number;
  readonly inDispersion2: number;
  readonly mixed: number;
  readonly mixed2: number;
}

/** log f with its constant, and its derivatives; the row stands second, behind one without weight. */
function evaluate(outcome: Outcome, { y, trials = 1, eta, dispersion }: At): Slopes & { value: number } {
  const rows = {
    y: Float64Array.of(1, y),
    trials: Float64Array.of(1, trials),
    weights: Float64Array.of(0, 1),
    eta: Float64Array.of(0.5, eta),
  };
  const room = (): Float64Array => new Float64Array(1);
  const row = { first: room(), second: room(), third: room() };
  const size = { first: 0, second: 0, eta: room(), etaEta: room() };
  const value = outcome.derivatives(rows, 1, 2, 0, dispersion ?? 1, row);
  outcome.thirdDerivatives(rows, 1, 2, 0, dispersion ?? 1, row);
  outcome.dispersionDerivatives?.(rows, 1, 2, 0, dispersion ?? 1, size);
  return {
    value: value + outcome.constant(y, trials),
    first: row.first[0],
    second: row.second[0],
    third: row.third[0],
    inDispersion: size.first,
    inDispersion2: size.second,
    mixed: size.eta[0],
    mixed2: size.etaEta[0],
  };
}

function logDensity(outcome: Outcome, { y, trials = 1, eta, dispersion }: At): number {
  const one = Float64Array.of(1);
  const rows = {
    y: Float64Array.of(y),
    trials: Float64Array.of(trials),
    weights: one,
    eta: Float64Array.of(eta),
  };
  return outcome.value(rows, 0, 1, 0, dispersion ?? 1) + outcome.constant(y, trials);
}

interface GoldenPoint extends Slopes {
  readonly family: string;
  readonly link: string;
  readonly y: number;
  readonly trials: number;
  readonly eta: number;
  readonly dispersion: number | null;
  readonly value: number;
}

const [columns, ...goldenRows]: readonly (readonly (string | number | null)[])[] = JSON.parse(
  readFileSync(new URL('data/families/golden.json', import.meta.url), 'utf8'),
);
const golden = goldenRows.map(
  (row) => Object.fromEntries(columns.map((name, k) => [name, row[k]])) as unknown as GoldenPoint,
);

const EPS = Number.EPSILON;

for (const { family, link } of familyRows) {
  const name = `${family}-${link}`;
  const { outcome } = familiesByName[family](link);

  test(`${name}: log density and derivatives are those of 120 digits`, (t) => {
    const points = golden.filter((point) => point.family === family && point.link === link);
    t.true(points.length >= 20);
    for (const point of points) {
      const { y, trials, eta } = point;
      const found = evaluate(outcome, point);
      const where = `${name} y ${y} of ${trials}, eta ${eta}, dispersion ${point.dispersion}`;
      const check = (what: keyof Slopes | 'value', relative: number, ...others: number[]): void => {
        // JSON has no larger numbers than Infinity: where the truth is beyond a double, so is what is found.
        const expected = Number(point[what]);
        if (!Number.isFinite(expected)) {
          t.is(found[what], expected, `${where}: ${what}`);
          return;
        }
        const allowed = relative * Math.abs(expected) + others.reduce((sum, part) => sum + Math.abs(part), 0);
        near(t, found[what], expected, allowed + 1e-307, `${where}: ${what}`);
      };
      // What is found may be exact for an eta, or a dispersion, a few last digits away.
      const shift = 4 * EPS * (1 + Math.abs(eta));
      const size = point.dispersion ?? 1;
      const resize = 4 * EPS * size;
      const { first, second, third, inDispersion, inDispersion2, mixed, mixed2 } = point;
      check('value', 1e-13, 1e-13, shift * first, resize * (inDispersion ?? 0));
      check('first', 1e-12, shift * second, resize * (mixed ?? 0));
      check('second', 1e-12, shift * third, resize * (mixed2 ?? 0));
      check('third', 1e-11, shift * third, shift * second);
      near(t, logDensity(outcome, point), found.value, 2 * EPS * Math.abs(found.value), `${where}: two ways`);
      if (point.dispersion === null) continue;
      // In log dispersion, where these are sums of terms of size 1, rounding leaves an absolute error.
      const once = (8 * EPS) / size;
      check('inDispersion', 1e-12, once, shift * mixed, resize * inDispersion2);
      check('inDispersion2', 1e-11, once / size, shift * mixed2);
      check('mixed', 1e-12, shift * mixed2, (resize / size) * mixed);
      check('mixed2', 1e-11, shift * mixed2);
    }
  });

  test(`${name}: rows add up with their weights, and derivatives are those of the sum`, (t) => {
    const positive = family !== 'gaussian';
    const base = link === 'log' && family === 'binomial' ? -1.1 : link === 'log' ? 0.4 : 1.3;
    const rows = {
      y: Float64Array.of(2, positive ? 1 : -1.5, 3),
      trials: Float64Array.of(4, 1, 5),
      weights: Float64Array.of(0.7, 1.9, 1.2),
      eta: Float64Array.of(base, base - 0.3, base + 0.2),
    };
    const row = { first: new Float64Array(3), second: new Float64Array(3), third: new Float64Array(3) };
    const size = { first: 0, second: 0, eta: new Float64Array(3), etaEta: new Float64Array(3) };
    const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
    const value = (eps: number, dispersion: number): number => outcome.value(rows, 0, 3, eps, dispersion);
    const slope = (eps: number, dispersion: number): number => {
      outcome.derivatives(rows, 0, 3, eps, dispersion, row);
      return sum(row.first);
    };
    const curvature = (eps: number, dispersion: number): number => {
      outcome.derivatives(rows, 0, 3, eps, dispersion, row);
      return sum(row.second);
    };
    // Seven points: the error is of order h^6.
    const h = 0.01;
    const difference = (f: (shift: number) => number): number =>
      (45 * (f(h) - f(-h)) - 9 * (f(2 * h) - f(-2 * h)) + f(3 * h) - f(-3 * h)) / (60 * h);
    for (const eps of [0, -0.25, 0.13]) {
      const close = (found: number, expected: number, what: string): void =>
        near(t, found, expected, 1e-8 * Math.max(1, Math.abs(expected)), `${name}: ${what}`);
      outcome.derivatives(rows, 0, 3, eps, 0.8, row);
      outcome.thirdDerivatives(rows, 0, 3, eps, 0.8, row);
      const [first, second, third] = [sum(row.first), sum(row.second), sum(row.third)];
      close(
        first,
        difference((s) => value(eps + s, 0.8)),
        'first',
      );
      close(
        second,
        difference((s) => slope(eps + s, 0.8)),
        'second',
      );
      close(
        third,
        difference((s) => curvature(eps + s, 0.8)),
        'third',
      );
      if (!outcome.dispersionDerivatives) continue;
      const inDispersion = (dispersion: number): number => {
        outcome.dispersionDerivatives!(rows, 0, 3, eps, dispersion, size);
        return size.first;
      };
      const steps = (f: (dispersion: number) => number): number => difference((s) => f(0.8 + s));
      const second2 = steps(inDispersion);
      inDispersion(0.8);
      close(
        size.first,
        steps((d) => value(eps, d)),
        'dispersion',
      );
      close(size.second, second2, 'dispersion twice');
      close(
        sum(size.eta),
        steps((d) => slope(eps, d)),
        'mixed',
      );
      close(
        sum(size.etaEta),
        steps((d) => curvature(eps, d)),
        'mixed twice',
      );
    }
  });

  test(`${name}: the density adds up to 1`, (t) => {
    const etas = link === 'log' && family === 'binomial' ? [-3, -0.7, -0.01] : [0.3, 1.4, 2.1];
    for (const eta of etas) {
      for (const dispersion of [0.4, 3]) {
        const density = (y: number): number =>
          Math.exp(logDensity(outcome, { y, trials: 23, eta, dispersion }));
        let total = 0;
        if (family === 'binomial') for (let y = 0; y <= 23; y++) total += density(y);
        else if (family === 'gaussian') for (let k = -400; k <= 400; k++) total += 0.1 * density(4 + 0.1 * k);
        else if (family === 'gamma') {
          // In log y the trapezoid rule has no end to fear.
          for (let x = -150; x < 8; x += 0.05) total += 0.05 * Math.exp(x) * density(Math.exp(x));
        } else for (let y = 0; y < 1500; y++) total += density(y);
        near(t, total, 1, 3e-13, `${name} at eta ${eta}, dispersion ${dispersion}`);
      }
    }
  });

  test(`${name}: never NaN`, (t) => {
    const etas = [-1000, -746, -709, -700, -300, -38, -1e-9, 0, 1e-9, 38, 300, 700, 709, 710, 746, 1000];
    const counts = [0, 1, 5, 1e9];
    const responses = family === 'gaussian' ? [-1e9, 0, 1e9] : family === 'gamma' ? [1e-9, 1, 1e9] : counts;
    for (const y of responses) {
      for (const trials of family === 'binomial' ? [y, y + 1, 1e9] : [1]) {
        for (const eta of etas) {
          for (const dispersion of outcome.dispersionDerivatives ? [1e-6, 1, 1e10] : [1]) {
            const found = evaluate(outcome, { y, trials, eta, dispersion });
            const where = `${name} y ${y} of ${trials}, eta ${eta}, dispersion ${dispersion}`;
            for (const [what, value] of Object.entries(found)) {
              t.false(Number.isNaN(value), `${where}: ${what}`);
              // A density of 0 has no direction in which it is better.
              if (found.value === Number.NEGATIVE_INFINITY && isOutside(family, link, eta)) {
                if (what !== 'value') t.is(Math.abs(value), 0, `${where}: ${what}`);
              }
            }
            t.true(found.value < Number.POSITIVE_INFINITY, where);
          }
        }
      }
    }
  });
}

function isOutside(family: string, link: string, eta: number): boolean {
  const { domain } = familiesByName[family](link).traits;
  return eta < domain[0] || eta > domain[1];
}

/** log of a whole number of any size. */
function logOf(value: bigint): number {
  const digits = value.toString();
  const lead = Number(`${digits[0]}.${digits.slice(1, 25)}`);
  return Math.log(lead) + (digits.length - 1) * Math.LN10;
}

const factorial = (n: number): bigint => {
  let product = 1n;
  for (let k = 2n; k <= BigInt(n); k++) product *= k;
  return product;
};

test('factorials and binomial coefficients against whole numbers', (t) => {
  for (const n of [0, 1, 2, 3, 9, 10, 17, 18, 19, 20, 25, 100, 170, 171, 1000, 3000]) {
    const exact = logOf(factorial(n));
    near(t, logFactorial(n), exact, 4e-16 * exact, `${n}!`);
    for (const y of [0, 1, 2, Math.floor(n / 3), Math.floor(n / 2), n - 1, n]) {
      if (y < 0 || y > n) continue;
      const choose = logOf(factorial(n) / factorial(y) / factorial(n - y));
      near(t, logBinomialCoefficient(y, n), choose, 1e-15 * (1 + choose), `${n} over ${y}`);
    }
  }
});

test('saturated densities: the constants of counts to 1e9', (t) => {
  for (const n of [1, 2, 5, 40, 300]) {
    // n^n e^-n / n!
    const poissonExact = n * Math.log(n) - n - logOf(factorial(n));
    near(t, saturatedPoisson(n), poissonExact, 4e-16 * (1 + logOf(factorial(n))), `poisson ${n}`);
    for (const y of [1, Math.floor(n / 2)]) {
      if (y < 1 || y >= n) continue;
      const exact = logOf((factorial(n) / factorial(y) / factorial(n - y)) * BigInt(y) ** BigInt(y));
      const rest = (n - y) * Math.log(n - y) - n * Math.log(n);
      near(t, saturatedBinomial(y, n), exact + rest, 2e-15 * n * Math.log(n), `binomial ${y} of ${n}`);
    }
  }
  // mpmath, 30 digits: log of the densities at their best means.
  near(t, saturatedPoisson(1e9), -11.280571451761212, 1e-14, 'poisson 1e9');
  near(t, saturatedBinomial(3e8, 1e9), -10.500247577859037, 1e-14, 'binomial 3e8 of 1e9');
});

test('the negative binomial tends to the Poisson, and theta may be held', (t) => {
  const free = negativeBinomial();
  const held = negativeBinomial({ theta: 2.5 });
  t.is(held.dispersion, undefined);
  t.is(held.outcome.dispersionDerivatives, undefined);
  for (const y of [0, 3, 600]) {
    const at = { y, eta: 1.2 };
    const limit = logDensity(poisson().outcome, at);
    // The difference is ((y - mu)^2 - y) / (2 theta) + ...
    const gap = ((y - Math.exp(1.2)) ** 2 - y) / 2e10;
    near(
      t,
      logDensity(free.outcome, { ...at, dispersion: 1e10 }),
      limit + gap,
      1e-14 * (1 + Math.abs(limit)),
      `y ${y}`,
    );
    t.is(logDensity(held.outcome, at), logDensity(free.outcome, { ...at, dispersion: 2.5 }));
  }
  t.throws(() => negativeBinomial({ theta: 0 }), { code: 'bad-option' });
  t.throws(() => negativeBinomial({ size: 1 } as never), { code: 'unknown-option' });
});
