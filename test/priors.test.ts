// Priors: normalised, with right derivatives, resolved to the stated defaults, refused with a reason.
import test from 'ava';
import { sd } from '../samplers/diagnostics/descriptive.js';
import { GlmmcError } from '../samplers/errors.js';
import {
  checkPriors,
  exponentialPrior,
  halfCauchy,
  halfNormal,
  halfT,
  inverseGammaVariance,
  normalPrior,
  type Prior,
  pcPrior,
  resolvePriors,
  type ScalePrior,
  uniformPrior,
} from '../src/estimate/priors.js';
import { binomial, gamma, gaussian } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { near, shipped } from './helpers.js';

const dyestuffTable = await shipped('dyestuff');
const cbpp = glmm('cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)', await shipped('cbpp'), {
  family: binomial(),
});
const dyestuff = glmm('Yield ~ 1 + (1 | Batch)', dyestuffTable, { family: gaussian() });

const boothHobert = glmm('y ~ 0 + x1 + (1 | z1)', await shipped('booth_hobert'), { family: binomial() });

const scales: readonly ScalePrior[] = [
  halfNormal(2.5),
  halfT(3, 2.5),
  halfCauchy(0.7),
  exponentialPrior(1.3),
  pcPrior(2, 0.05),
  inverseGammaVariance(2, 0.3),
  uniformPrior(0.5, 4),
];

/** Integral of f over (lowest, highest) = (0, infinity) or the line, by the trapezoid rule in log x or asinh x. */
function integrate(prior: Prior, f: (x: number) => number): number {
  const step = 2e-3;
  let sum = 0;
  for (let u = -60; u <= 60; u += step) {
    const x = prior.lowest >= 0 ? Math.exp(u) : Math.sinh(u);
    const slope = prior.lowest >= 0 ? x : Math.cosh(u);
    const density = Math.exp(prior.logDensity(x));
    if (density > 0) sum += density * slope * f(x);
  }
  return sum * step;
}

for (const prior of [...scales, normalPrior(1, 3)]) {
  test(`${prior.text} integrates to 1 and has the derivatives it says`, (t) => {
    // A jump costs the trapezoid rule a step.
    near(
      t,
      integrate(prior, () => 1),
      1,
      prior.distribution === 'uniform' ? 2e-3 : 1e-8,
      'integral',
    );
    const h = 1e-4;
    for (const x of [0.6, 1.1, 3.7]) {
      const [below, here, above] = [x - h, x, x + h].map((at) => prior.logDensity(at));
      near(t, prior.derivative(x), (above - below) / (2 * h), 1e-6, 'first derivative');
      near(t, prior.secondDerivative(x), (above - 2 * here + below) / (h * h), 1e-4, 'second derivative');
    }
    t.true(prior.text.startsWith(prior.distribution));
  });
}

test('tails, special cases and supports', (t) => {
  near(
    t,
    integrate(pcPrior(2, 0.05), (x) => (x > 2 ? 1 : 0)),
    0.05,
    1e-3,
    'P(sigma > u) of pcPrior',
  );
  near(t, halfT(1, 0.7).logDensity(1.9), halfCauchy(0.7).logDensity(1.9), 1e-14, 'half-t with df 1');
  near(t, halfT(1e7, 2.5).logDensity(3), halfNormal(2.5).logDensity(3), 1e-5, 'half-t with many df');
  // x^2 ~ IG(a, b): the density of v = x^2 times dv / dx.
  const v = 1.7 ** 2;
  const density = Math.log(0.3 ** 2 * v ** -3 * Math.exp(-0.3 / v) * 2 * 1.7);
  near(t, inverseGammaVariance(2, 0.3).logDensity(1.7), density, 1e-13, 'inverse gamma with its Jacobian');
  for (const prior of scales) t.is(prior.logDensity(-0.1), Number.NEGATIVE_INFINITY);
  t.is(inverseGammaVariance(1, 1).logDensity(0), Number.NEGATIVE_INFINITY);
  t.is(uniformPrior(0.5, 4).logDensity(0.4), Number.NEGATIVE_INFINITY);
  t.is(uniformPrior(0.5, 4).logDensity(4.1), Number.NEGATIVE_INFINITY);
  t.is(halfNormal(2.5).logDensity(0), Math.log(2 / 2.5 / Math.sqrt(2 * Math.PI)));
});

test('defaults: fixed scales, but those of a gaussian response follow its standard deviation', (t) => {
  const plain = resolvePriors(cbpp);
  t.is(plain.text, 'beta ~ normal(0, 10), sigma ~ half-normal(2.5)');
  t.is(plain.beta.length, 4);
  t.is(plain.dispersion, undefined);

  const { y } = dyestuff.design;
  const unit = sd(y);
  const scaled = resolvePriors(dyestuff);
  near(t, scaled.beta[0].mean, 1527.5, 1e-9, 'mean of the intercept');
  near(t, scaled.beta[0].sd, 10 * unit, 1e-9, 'sd of the intercept');
  near(t, scaled.sigma.scaleParameters.scale, 2.5 * unit, 1e-9, 'scale of sigma');
  near(t, scaled.dispersion!.scaleParameters.scale, 2.5 * unit, 1e-9, 'scale of sqrt(dispersion)');
  t.is(
    scaled.text,
    '(Intercept) ~ normal(1527.5, 630.24), sigma ~ half-normal(157.56), sqrt(dispersion) ~ half-normal(157.56)',
  );

  const positive = glmm('Yield ~ 1 + (1 | Batch)', dyestuffTable, { family: gamma() });
  t.is(
    resolvePriors(positive).text,
    '(Intercept) ~ normal(0, 10), sigma ~ half-normal(2.5), sqrt(dispersion) ~ half-normal(2.5)',
  );
});

test('given priors are taken as they are', (t) => {
  const given = resolvePriors(cbpp, { beta: normalPrior(0, 2), sigma: halfT(3, 1) });
  t.is(given.text, 'beta ~ normal(0, 2), sigma ~ half-t(3, 1)');
  const intercept = resolvePriors(cbpp, { intercept: normalPrior(-1, 1) });
  t.is(intercept.text, 'beta ~ normal(0, 10), (Intercept) ~ normal(-1, 1), sigma ~ half-normal(2.5)');
  t.deepEqual(
    intercept.beta.map(({ mean, sd }) => [mean, sd]),
    [
      [-1, 1],
      [0, 10],
      [0, 10],
      [0, 10],
    ],
  );
  // A given beta holds for the intercept of a gaussian model too.
  t.is(resolvePriors(dyestuff, { beta: normalPrior(0, 1e4) }).beta[0].mean, 0);
});

const refusals: readonly [string, () => unknown, string, RegExp][] = [
  ['an sd of 0', () => normalPrior(0, 0), 'bad-prior', /normalPrior\(\): sd must be a number > 0, found 0/],
  ['a mean that is no number', () => normalPrior(Number.NaN, 1), 'bad-prior', /mean must be a finite number/],
  ['a negative scale', () => halfNormal(-1), 'bad-prior', /halfNormal\(\): scale/],
  ['df of 0', () => halfT(0, 1), 'bad-prior', /halfT\(\): df/],
  ['a scale without end', () => halfCauchy(Number.POSITIVE_INFINITY), 'bad-prior', /halfCauchy\(\): scale/],
  ['a rate of 0', () => exponentialPrior(0), 'bad-prior', /rate/],
  ['a probability of 1', () => pcPrior(1, 1), 'bad-prior', /alpha must be a probability/],
  ['b of 0', () => inverseGammaVariance(1, 0), 'bad-prior', /b must be a number > 0/],
  ['an empty interval', () => uniformPrior(2, 2), 'bad-prior', /hi must be a number above lo = 2/],
  ['a negative end', () => uniformPrior(-1, 2), 'bad-prior', /lo must be a number >= 0/],
  ['an unknown name', () => checkPriors({ sigmas: halfNormal(1) }), 'unknown-option', /did you mean 'sigma'/],
  ['a number', () => checkPriors({ sigma: 2.5 }), 'bad-option', /sigma must be a prior of a scale/],
  ['a normal prior on sigma', () => checkPriors({ sigma: normalPrior(0, 1) }), 'bad-option', /sigma/],
  ['a scale prior on beta', () => checkPriors({ beta: halfNormal(1) }), 'bad-option', /normalPrior/],
  ['no object', () => checkPriors(3), 'bad-option', /one object/],
  [
    'a dispersion that is not there',
    () => resolvePriors(cbpp, { dispersion: halfNormal(1) }),
    'bad-option',
    /binomial\(\) has none/,
  ],
];
for (const [what, make, code, message] of refusals) {
  test(`refused: ${what}`, (t) => {
    const error = t.throws(make, { instanceOf: GlmmcError });
    t.is(error?.code, code);
    t.regex(error?.message ?? '', message);
  });
}

test('refused: a prior of an intercept where there is none', (t) => {
  const error = t.throws(() => resolvePriors(boothHobert, { intercept: normalPrior(0, 1) }), {
    instanceOf: GlmmcError,
  });
  t.regex(error?.message ?? '', /no '\(Intercept\)' \(coefficients: x1\)/);
});
