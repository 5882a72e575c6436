// customFamily(): differences against exact derivatives, the checks when a model is made, and fits that agree.
import test from 'ava';
import { fit } from '../src/estimate/fit.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { type CustomFamilyOptions, customFamily } from '../src/model/custom-family.js';
import { binomial, type Family, gaussian, negativeBinomial, poisson } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { logFactorial } from '../src/model/outcomes/constants.js';
import { near } from './helpers.js';

const COUNTS = {
  response: { expected: 'whole numbers >= 0', allows: (y: number) => Number.isInteger(y) && y >= 0 },
  startingMean: (y: number) => y + 0.1,
};

const myPoisson: CustomFamilyOptions = {
  name: 'my-poisson',
  link: 'log',
  logDensity: (y, eta) => y * eta - Math.exp(eta) - logFactorial(y),
  ...COUNTS,
};

const myGaussian: CustomFamilyOptions = {
  name: 'my-gaussian',
  logDensity: (y, eta, phi) => -0.5 * Math.log(2 * Math.PI * phi) - (y - eta) ** 2 / (2 * phi),
  dispersion: { meaning: 'residual variance', start: 0.5 },
};

/** The value and derivatives of three rows. */
function evaluate(family: Family, y: number[], eta: number[], dispersion: number) {
  const rows = {
    y: Float64Array.from(y),
    trials: Float64Array.from(y, () => 9),
    weights: Float64Array.from(y, (_, k) => 0.5 + k),
    eta: Float64Array.from(eta),
  };
  const room = (): Float64Array => new Float64Array(y.length);
  const row = { first: room(), second: room(), third: room() };
  const size = { first: 0, second: 0, eta: room(), etaEta: room() };
  const { outcome } = family;
  let value = outcome.derivatives(rows, 0, y.length, 0.1, dispersion, row);
  for (let r = 0; r < y.length; r++) value += rows.weights[r] * outcome.constant(y[r], 9);
  outcome.thirdDerivatives(rows, 0, y.length, 0.1, dispersion, row);
  outcome.dispersionDerivatives?.(rows, 0, y.length, 0.1, dispersion, size);
  return { value, ...row, size };
}

const log1pExp = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

test('differences of a log density agree with exact derivatives', (t) => {
  const pairs: [Family, Family, number[]][] = [
    [customFamily(myPoisson), poisson(), [0, 3, 20]],
    [customFamily(myGaussian), gaussian(), [-1, 3, 0.2]],
    [
      customFamily({
        name: 'my-binomial',
        link: 'logit',
        counts: true,
        logDensity: (y, eta, _, n) =>
          logFactorial(n) - logFactorial(y) - logFactorial(n - y) + y * eta - n * log1pExp(eta),
      }),
      binomial(),
      [0, 4, 9],
    ],
    [
      customFamily({
        name: 'my-geometric',
        link: 'log',
        logDensity: (y, eta) => y * eta - (y + 1) * log1pExp(eta),
        ...COUNTS,
      }),
      negativeBinomial({ theta: 1 }),
      [0, 3, 20],
    ],
  ];
  for (const [custom, exact, y] of pairs) {
    for (const eta of [
      [-6, 0.3, 2],
      [-0.5, -2, 4],
    ]) {
      const found = evaluate(custom, y, eta, 0.7);
      const expected = evaluate(exact, y, eta, 0.7);
      const close = (a: number, b: number, digits: number, what: string): void =>
        near(t, a, b, digits * Math.max(1, Math.abs(b)), `${custom.name} ${what}`);
      close(found.value, expected.value, 1e-13, 'value');
      for (let r = 0; r < y.length; r++) {
        close(found.first[r], expected.first[r], 1e-10, 'first');
        close(found.second[r], expected.second[r], 1e-9, 'second');
        close(found.third[r], expected.third[r], 1e-6, 'third');
        close(found.size.eta[r], expected.size.eta[r], 1e-8, 'mixed');
        close(found.size.etaEta[r], expected.size.etaEta[r], 1e-6, 'mixed twice');
      }
      close(found.size.first, expected.size.first, 1e-10, 'dispersion');
      close(found.size.second, expected.size.second, 1e-8, 'dispersion twice');
    }
  }
});

test('steps are refined where a density varies on a small scale', (t) => {
  // cos(eta / 1e-3): derivatives of order k are 1e3^k as large.
  const wave = customFamily({ name: 'wave', logDensity: (_y, eta) => Math.cos(1000 * eta) });
  const { first, second } = evaluate(wave, [0], [0.0003 - 0.1], 1);
  near(t, first[0] / (0.5 * -1000 * Math.sin(0.3)), 1, 1e-6, 'first');
  near(t, second[0] / (0.5 * -1e6 * Math.cos(0.3)), 1, 1e-6, 'second');
});

test('an impossible response has density 0 and no direction; one without weight is not asked', (t) => {
  const bounded = customFamily({
    name: 'bounded',
    logDensity: (y, eta) => (eta > 1 ? Number.NaN : Math.log(1 - eta) - y),
    domain: [Number.NEGATIVE_INFINITY, 1],
  });
  const { value, first, second, third } = evaluate(bounded, [1], [1.5], 1);
  t.is(value, Number.NEGATIVE_INFINITY);
  t.deepEqual([first[0], second[0], third[0]], [0, 0, 0]);
  const near1 = evaluate(bounded, [1], [0.899], 1);
  near(t, near1.first[0], 0.5 * -1000, 1e-4, 'close to the bound');
});

const counts = { y: [1, 0, 3, 2, 5, 4, 2, 1], g: [1, 1, 2, 2, 3, 3, 4, 4], x: [1, 2, 1, 2, 1, 2, 1, 2] };
const model = (options: CustomFamilyOptions, data = counts) =>
  glmm('y ~ x + (1 | g)', data, { family: customFamily(options) });

test('supplied derivatives are held against differences on the rows of the model', (t) => {
  const right: CustomFamilyOptions = {
    ...myPoisson,
    derivatives: (y, eta) => [y - Math.exp(eta), -Math.exp(eta)],
    thirdDerivative: (_y, eta) => -Math.exp(eta),
  };
  t.notThrows(() => model(right));
  const wrong = { code: 'wrong-derivative' };
  const first = t.throws(() => model({ ...right, derivatives: (y, eta) => [y, -Math.exp(eta)] }), wrong)!;
  t.regex(first.message, /^row 1: at y = 1, eta = .*first derivative of my-poisson should be .*, found 1;/);
  t.throws(() => model({ ...right, derivatives: (y, eta) => [y - Math.exp(eta), 0] }), {
    ...wrong,
    message: /second derivative/,
  });
  t.throws(() => model({ ...right, thirdDerivative: () => 1 }), { ...wrong, message: /third derivative/ });

  const sized: CustomFamilyOptions = {
    ...myGaussian,
    dispersionDerivatives: (y, eta, phi) => ({
      first: ((y - eta) ** 2 / phi - 1) / (2 * phi),
      second: (0.5 - (y - eta) ** 2 / phi) / phi ** 2,
      eta: -(y - eta) / phi ** 2,
      etaEta: 1 / phi ** 2,
    }),
  };
  t.notThrows(() => model(sized));
  const off = (name: string) => (y: number, eta: number, phi: number, n: number) => ({
    ...sized.dispersionDerivatives!(y, eta, phi, n),
    [name]: 17,
  });
  for (const name of ['first', 'second', 'eta', 'etaEta']) {
    t.throws(() => model({ ...sized, dispersionDerivatives: off(name) }), wrong, name);
  }
});

test('densities that cannot be trusted are refused', (t) => {
  const bad = { code: 'bad-density' };
  t.throws(() => model({ ...myPoisson, logDensity: () => Number.NaN }), { ...bad, message: /found NaN/ });
  const kinked: CustomFamilyOptions = { name: 'kinked', logDensity: (y, eta) => -Math.abs(y - eta) };
  t.throws(() => model(kinked), { ...bad, message: /cannot be differentiated.*supply derivatives/ });
  t.notThrows(() => model({ ...kinked, derivatives: (y, eta) => [Math.sign(y - eta), 0] }));
  t.throws(() => model({ ...myPoisson, domain: [0, Number.POSITIVE_INFINITY] }), {
    code: 'improper-model',
    message: /eta is outside \(0, Infinity\)/,
  });
});

test('options are checked', (t) => {
  const bad = (options: object, expected: object): void => {
    t.throws(() => customFamily({ ...myPoisson, ...options } as CustomFamilyOptions), expected);
  };
  bad({ name: 'poisson' }, { code: 'bad-option', message: /my-poisson/ });
  bad({ link: 'lgo' }, { code: 'unknown-link', message: /did you mean 'log'/ });
  bad({ logDensity: 3 }, { code: 'bad-option', message: /logDensity must be a function/ });
  bad({ logdensity: 3 }, { code: 'unknown-option' });
  bad({ step: 0 }, { code: 'bad-option' });
  bad({ domain: [1, 0] }, { code: 'bad-option' });
  bad({ dispersionDerivatives: () => ({}) }, { code: 'bad-option' });
});

test('fits agree with those of the family that knows its derivatives', async (t) => {
  const y = Array.from({ length: 60 }, (_, r) => (r * 7 + ((r * r) % 11)) % 6);
  const data = { y, g: y.map((_, r) => Math.floor(r / 6)), x: y.map((_, r) => ((r * 5) % 7) / 7) };
  const gaussianData = {
    ...data,
    y: y.map((value, r) => value + ((r * 3) % 10) / 7 + (Math.floor(r / 6) % 4)),
  };
  for (const [custom, exact, table] of [
    [myPoisson, poisson(), data],
    [myGaussian, gaussian(), gaussianData],
  ] as const) {
    for (const strategy of [quadrature(), laplace()]) {
      const found = await fit(model(custom, table), strategy);
      const expected = await fit(glmm('y ~ x + (1 | g)', table, { family: exact }), strategy);
      t.true(found.converged);
      near(t, found.logLik, expected.logLik, 1e-8, `${custom.name} ${strategy.name}`);
      expected.estimates.forEach(({ name, value, standardError }, k) => {
        near(t, found.estimates[k].value, value, 1e-5 * standardError, `${custom.name} ${name}`);
        near(t, found.estimates[k].standardError / standardError, 1, 1e-5, `${custom.name} ${name} se`);
      });
    }
  }
});
