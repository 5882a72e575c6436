// Random-effect distributions: densities, derivatives, draws and standard deviations, each held against the others.
import test from 'ava';
import { rng } from '../samplers/rng.js';
import { bridge } from '../src/model/effects/bridge.js';
import { customEffect } from '../src/model/effects/custom.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { logistic } from '../src/model/effects/logistic.js';
import { normal } from '../src/model/effects/normal.js';
import { studentT } from '../src/model/effects/student-t.js';
import { effectDerivatives, type RandomEffect } from '../src/model/random-effect.js';
import { near } from './helpers.js';

/** Integral over the line as two half-lines, z = +-width exp(14 t - exp(-t)) (Takahasi and Mori 1974). */
function integral(f: (z: number) => number, width: number): number {
  const h = 1 / 400;
  let sum = 0;
  for (let k = -1000; k <= 2200; k++) {
    const t = k * h;
    const x = width * Math.exp(14 * t - Math.exp(-t));
    if (!(x > 0 && x < 1e200)) continue;
    const slope = x * (14 + Math.exp(-t)) * h;
    for (const z of [x, -x]) {
      const value = f(z);
      if (value > 0) sum += value * slope;
    }
  }
  return sum;
}

const shifted = customEffect({
  // A standard normal in z whose shape leans with sigma: eps = sigma z, skew-normal of slope sigma.
  name: 'leaning',
  logDensityOfEps: (eps, sigma) => {
    const z = eps / sigma;
    return Math.log(2 / sigma) - 0.5 * z * z - 0.5 * Math.log(2 * Math.PI) - Math.log1p(Math.exp(-sigma * z));
  },
});

const cases: readonly { effect: RandomEffect; sigmas: readonly number[]; width?: (s: number) => number }[] = [
  { effect: normal(), sigmas: [1] },
  { effect: studentT(1), sigmas: [1] },
  { effect: studentT(2.5), sigmas: [1] },
  { effect: studentT(7), sigmas: [1] },
  { effect: studentT(1e4), sigmas: [1] },
  { effect: logistic(), sigmas: [1] },
  { effect: laplaceEffect(), sigmas: [1] },
  { effect: logGamma(), sigmas: [0, 1e-8, 1e-3, 0.28, 0.29, 0.5, 1, 2, 10, 50] },
  { effect: bridge(), sigmas: [1e-4, 0.01, 0.3, 1, 2, 4, 50], width: (s) => Math.min(1, s) },
  {
    effect: customEffect({ logDensity: (z) => -z - 2 * Math.log1p(Math.exp(-z)), logConcave: true }),
    sigmas: [1],
  },
  { effect: shifted, sigmas: [0.3, 1, 2] },
];

const label = (effect: RandomEffect, sigma: number): string => `${effect.name} at sigma ${sigma}`;

test('densities integrate to 1, and standard deviations are those of the densities', (t) => {
  for (const { effect, sigmas, width = () => 1 } of cases) {
    for (const sigma of sigmas) {
      const density = (z: number): number => Math.exp(effect.logDensity(z, sigma));
      near(t, integral(density, width(sigma)), 1, 1e-11, label(effect, sigma));
      const mean = integral((z) => (z > 0 ? 0 : -z * density(z)), width(sigma));
      const meanZ = integral((z) => (z > 0 ? z * density(z) : 0), width(sigma)) - mean;
      if (effect.tailDf <= 2 || sigma === 0) continue;
      const square = integral((z) => (z - meanZ) ** 2 * density(z), width(sigma));
      const sd = effect.standardDeviation({ beta: new Float64Array(0), sigma });
      near(t, sd / (sigma * Math.sqrt(square)), 1, 1e-9, `sd of ${label(effect, sigma)}`);
    }
  }
  t.is(studentT(2).standardDeviation({ beta: new Float64Array(0), sigma: 1 }), Number.POSITIVE_INFINITY);
  t.is(studentT(1).standardDeviation({ beta: new Float64Array(0), sigma: 0 }), 0);
});

test('derivatives agree with differences of the log density', (t) => {
  const at = effectDerivatives();
  const up = effectDerivatives();
  const five = (f: (h: number) => number, h: number): number =>
    (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
  for (const { effect, sigmas } of cases) {
    for (const sigma of sigmas.filter((s) => s > 1e-6)) {
      // Places in units of where the density has its structure.
      const unit = Math.min(1, 6 * effect.step(sigma));
      for (const place of [-30, -5, -1.2, -0.3, 0.2, 0.9, 4, 25]) {
        const z = place * unit;
        const h = 3e-4 * unit * Math.max(1, Math.abs(place) / 5);
        effect.derivatives(z, sigma, at);
        const derivative = (name: keyof typeof at, z: number, s: number): number => {
          effect.derivatives(z, s, up);
          return up[name];
        };
        const hs = 3e-4 * sigma;
        const checks: [keyof typeof at, number, number][] = [
          ['z', five((d) => effect.logDensity(z + d, sigma), h), unit],
          ['zz', five((d) => derivative('z', z + d, sigma), h), unit ** 2],
          ['zzz', five((d) => derivative('zz', z + d, sigma), h), unit ** 3],
          ['sigma', five((d) => effect.logDensity(z, sigma + d), hs), sigma],
          ['sigmaSigma', five((d) => derivative('sigma', z, sigma + d), hs), sigma ** 2],
          ['zSigma', five((d) => derivative('z', z, sigma + d), hs), unit * sigma],
          ['zzSigma', five((d) => derivative('zz', z, sigma + d), hs), unit ** 2 * sigma],
        ];
        for (const [name, difference, scale] of checks) {
          if (!Number.isFinite(difference)) continue;
          const size = Math.max(1, Math.abs(difference * scale), Math.abs(effect.logDensity(z, sigma)));
          const loose = effect.name === 'custom' || effect.name === 'leaning' ? 1e-5 : 2e-8;
          near(
            t,
            at[name] * scale,
            difference * scale,
            loose * size,
            `${name} of ${label(effect, sigma)}, z ${z}`,
          );
        }
      }
    }
  }
});

test('log-gamma tends to the normal as sigma goes to 0, with its derivatives in sigma', (t) => {
  const effect = logGamma();
  const zero = effectDerivatives();
  const small = effectDerivatives();
  for (const z of [-3, -0.4, 0, 1, 2.5]) {
    near(t, effect.logDensity(z, 0), normal().logDensity(z, 0), 1e-15, `z = ${z}`);
    effect.derivatives(z, 0, zero);
    effect.derivatives(z, 1e-7, small);
    for (const name of Object.keys(zero) as (keyof typeof zero)[])
      near(t, small[name], zero[name], 1e-5, name);
    near(t, zero.sigma, -(z ** 3) / 6, 1e-14, 'the skewness term');
  }
});

test('draws have the distribution of the density', (t) => {
  const n = 4000;
  for (const { effect, sigmas, width = () => 1 } of cases) {
    for (const sigma of sigmas) {
      const stream = rng(11).stream(label(effect, sigma));
      const draws = Float64Array.from({ length: n }, () => effect.draw(stream, sigma)).sort();
      t.true(draws.every(Number.isFinite), label(effect, sigma));
      // Distribution function at a hundred of the draws, by the density alone.
      let distance = 0;
      for (let k = 20; k < n; k += 40) {
        const z = draws[k];
        const unit = Math.min(1, Math.abs(z) + 1e-3) * width(sigma);
        // z - x and z + x, x over the half-line: what lies below and above.
        const below = integral((x) => (x > 0 ? Math.exp(effect.logDensity(z - x, sigma)) : 0), unit);
        const above = integral((x) => (x > 0 ? Math.exp(effect.logDensity(z + x, sigma)) : 0), unit);
        distance = Math.max(distance, Math.abs(below / (below + above) - (k + 0.5) / n));
      }
      // The 0.999 point of Kolmogorov's statistic.
      t.true(distance < 1.95 / Math.sqrt(n), `${label(effect, sigma)}: distance ${distance}`);
    }
  }
});

test('custom effects are checked before they are used', (t) => {
  const code = (make: () => RandomEffect): string | undefined =>
    t.throws(make, { instanceOf: Error })?.message;
  t.regex(code(() => customEffect({ logDensity: (z) => -0.5 * z * z }))!, /integral of 2\.50662/);
  t.regex(code(() => customEffect({}))!, /found neither/);
  t.regex(code(() => customEffect({ logDensity: (z) => -Math.abs(z) - Math.LN2 }))!, /kink: true/);
  t.regex(
    code(() => customEffect({ logDensity: (z) => -Math.abs(z) - Math.LN2, kink: true }))!,
    /needs its derivatives/,
  );
  const cauchy = (z: number): number => -Math.log(Math.PI * (1 + z * z));
  t.regex(code(() => customEffect({ logDensity: cauchy, logConcave: true }))!, /not concave/);
  t.regex(
    code(() =>
      customEffect({
        logDensity: cauchy,
        derivatives: (z, _sigma, out) => {
          out.z = z;
        },
      }),
    )!,
    /first derivative/,
  );
  t.throws(() => studentT(0), { code: 'bad-option' });
  t.throws(() => studentT(Number.NaN), { code: 'bad-option' });
});
