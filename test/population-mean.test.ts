// E[g^-1(eta + eps)] under every distribution of intercepts: closed forms, dense independent sums, differences.
import test from 'ava';
import { PopulationMeans } from '../src/likelihood/population-mean.js';
import { combination, effectRows, familyRows } from '../src/model/combinations.js';
import { bridge } from '../src/model/effects/bridge.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { logistic } from '../src/model/effects/logistic.js';
import { normal } from '../src/model/effects/normal.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, type Family, gaussian, poisson } from '../src/model/family.js';
import type { RandomEffect } from '../src/model/random-effect.js';
import { effectsOf, familiesOf, masses, rest } from './combination-cases.js';
import { near } from './helpers.js';

const at = (family: Family, randomEffect: RandomEffect, sigma: number): PopulationMeans =>
  new PopulationMeans({ family, randomEffect }, { sigma });
const plogis = (x: number): number => 1 / (1 + Math.exp(-x));

test('near 1 the marginal predictor keeps its digits, and no probability is above 1', (t) => {
  // Bridge intercepts: phi eta, phi from sigma^2 = pi^2 (phi^-2 - 1) / 3; probit with normal ones: eta / sqrt(1 + sigma^2).
  const phi = 1 / Math.sqrt(1 + (3 * 4) / Math.PI ** 2);
  for (const eta of [-60, -5, 3, 30, 60]) {
    const logit = at(binomial(), bridge(), 2).predictorAt(eta);
    near(t, logit.value / (phi * eta), 1, 1e-11, `bridge, eta ${eta}`);
    near(t, logit.slope / phi, 1, 1e-10, `bridge, attenuation at ${eta}`);
  }
  for (const eta of [-20, 4, 20]) {
    const { value, slope, sigmaSlope } = at(binomial('probit'), normal(), 1).predictorAt(eta);
    near(t, value / (eta / Math.SQRT2), 1, 1e-11, `probit, eta ${eta}`);
    near(t, slope, Math.SQRT1_2, 1e-9, `probit, attenuation at ${eta}`);
    near(t, sigmaSlope / (-eta / 2 ** 1.5), 1, 1e-9, `probit, slope in sigma at ${eta}`);
  }
  for (const eta of [50, 300, 800]) {
    const { mean } = at(binomial(), normal(), 4).at(eta);
    t.true(mean <= 1 && mean > 1 - 1e-13, `${mean} at ${eta}`);
  }
});

test('the sharp values of the logistic-normal integral', (t) => {
  const mean = (eta: number, sigma: number): number => at(binomial(), normal(), sigma).at(eta).mean;
  near(t, mean(-1, 1), 0.5 * Math.exp(-0.5), 1e-14, 'eta -1, sigma 1');
  near(t, mean(1, 2), 0.647726438525869, 1e-14, 'eta 1, sigma 2');
  near(t, mean(2, 2), 0.775200245396664, 1e-14, 'eta 2, sigma 2');
  near(t, mean(0, 7), 0.5, 1e-14, 'eta 0, sigma 7');
  for (const sigma of [0.5, 1, 3]) {
    const exact = Math.exp(-1.5 * sigma ** 2) * (1 - 0.5 * Math.exp(-0.5 * sigma ** 2));
    near(t, mean(-2 * sigma ** 2, sigma) / exact, 1, 1e-13, `eta = -2 sigma^2, sigma ${sigma}`);
  }
  near(t, at(binomial('probit'), normal(), 2).at(1).mean, 0.672639576990711, 1e-14, 'probit');
});

test('the logit identity: 1 - phi(mu) = exp(mu + sigma^2 / 2) phi(mu + sigma^2), phi(mu) = E[1 / (1 + e^X)]', (t) => {
  for (const sigma of [0.3, 1, 2.5]) {
    const means = at(binomial(), normal(), sigma);
    for (const mu of [-4, -0.7, 0, 1.2]) {
      // phi(mu) is the mean at -mu, 1 - phi(mu) the mean at mu.
      const right = Math.exp(mu + sigma ** 2 / 2) * means.at(-mu - sigma ** 2).mean;
      near(t, means.at(mu).mean / right, 1, 1e-13, `mu ${mu}, sigma ${sigma}`);
    }
  }
});

test('closed forms, from small scales to large ones', (t) => {
  const cases: [string, Family, RandomEffect, number, number, number][] = [];
  for (const s of [0.001, 0.3, 2, 10]) {
    const phi = 1 / Math.sqrt(1 + (3 * s * s) / Math.PI ** 2);
    cases.push([`bridge ${s}`, binomial(), bridge(), 1.3, s, plogis(1.3 * phi)]);
    cases.push([
      `Cauchy ${s}`,
      binomial('cauchit'),
      studentT(1),
      1.3,
      s,
      0.5 + Math.atan(1.3 / (1 + s)) / Math.PI,
    ]);
  }
  for (const s of [0.01, 0.3, 0.9, 0.999]) {
    cases.push([`Laplace ${s}`, poisson(), laplaceEffect(), 0.5, s, Math.exp(0.5) / (1 - s * s)]);
    const reflection = (Math.PI * s) / Math.sin(Math.PI * s);
    cases.push([`logistic ${s}`, poisson(), logistic(), 0.5, s, Math.exp(0.5) * reflection]);
  }
  for (const s of [0.01, 0.3, 2, 8]) {
    cases.push([`log-normal ${s}`, poisson(), normal(), 0.5, s, Math.exp(0.5 + (s * s) / 2)]);
    cases.push([`log-gamma ${s}`, poisson(), logGamma(), 0.5, s, Math.exp(0.5)]);
    // 1 - E exp(-e^eta G), the Laplace transform of a gamma variable.
    const survival = (1 + Math.exp(0.5) * s * s) ** (-1 / (s * s));
    cases.push([`cloglog log-gamma ${s}`, binomial('cloglog'), logGamma(), 0.5, s, 1 - survival]);
  }
  cases.push(['t with 1.2 df, identity', gaussian(), studentT(1.2), 0.5, 2, 0.5]);
  cases.push(['t with 5 df, squares', poisson('sqrt'), studentT(5), 1.5, 1, 2.25 + 5 / 3]);
  for (const [name, family, effect, eta, sigma, exact] of cases) {
    near(t, at(family, effect, sigma).at(eta).mean / exact, 1, 5e-13, name);
  }
});

test('a mean that does not exist is infinite, or no number', (t) => {
  for (const [family, effect, sigma] of [
    [poisson(), laplaceEffect(), 1.2],
    [poisson(), logistic(), 1],
    [poisson(), studentT(30), 0.1],
    [poisson(), bridge(), 0.5],
    [poisson('sqrt'), studentT(2), 1],
  ] as const) {
    t.is(at(family, effect, sigma).at(0.5).mean, Number.POSITIVE_INFINITY, `${effect.name} ${sigma}`);
  }
  t.true(Number.isNaN(at(gaussian(), studentT(1), 1).at(0.5).mean));
});

test('sigma = 0: the mean of the typical cluster', (t) => {
  const one = at(binomial(), bridge(), 0).at(0.7);
  near(t, one.mean, plogis(0.7), 1e-16, 'mean');
  t.is(one.sigmaSlope, 0);
  t.is(at(binomial(), normal(), 0).variance(0.7), 0);
});

/** E of a function of eps, by 40000 panels of two Gauss points: the distribution's density is that of the tests. */
function byPanels(of: (eps: number) => number, density: (eps: number) => number): number {
  const half = 60;
  const step = (2 * half) / 40_000;
  let sum = 0;
  for (let k = 0; k < 40_000; k++) {
    for (const place of [0.5 - Math.sqrt(1 / 12), 0.5 + Math.sqrt(1 / 12)]) {
      const eps = -half + (k + place) * step;
      sum += (step / 2) * Math.exp(density(eps)) * of(eps);
    }
  }
  return sum;
}

test('every link under every distribution: value, slopes and variance', (t) => {
  let checked = 0;
  const sigma = 0.6;
  const eta = 0.4;
  for (const row of familyRows) {
    for (const effectRow of effectRows) {
      if (!combination(row.family, row.link, effectRow.effect).proper) continue;
      const [{ family }] = familiesOf(row);
      for (const { name, effect, density } of effectsOf(effectRow)) {
        const what = `${family.name} ${family.link.name}, ${name}`;
        const shape = rest({ family, randomEffect: effect }, sigma).shape;
        const means = (s: number): PopulationMeans =>
          new PopulationMeans(
            { family, randomEffect: effect },
            { sigma: s, ...(shape && { shape: shape.map((v, j) => (j < 3 ? (v * s) / sigma : v)) }) },
          );
        const here = means(sigma);
        const { mean, slope, sigmaSlope } = here.at(eta);
        if (!Number.isFinite(mean)) {
          t.true(family.link.name !== 'logit' && family.link.name !== 'probit', what);
          continue;
        }
        checked++;
        const inverse = (eps: number): number => family.link.inverse(eta + eps);
        if (!density) {
          const exact = masses(sigma).reduce((sum, [log, place]) => sum + Math.exp(log) * inverse(place), 0);
          near(t, mean, exact, 1e-13 * Math.abs(exact), what);
        } else if (!name.startsWith('t')) {
          // t tails leave more outside any window than the tolerance.
          const exact = byPanels(inverse, (eps) => density(eps, sigma));
          near(t, mean, exact, 1e-8 * Math.abs(exact), what);
          const square = byPanels(
            (eps) => inverse(eps) ** 2,
            (eps) => density(eps, sigma),
          );
          const variance = here.variance(eta);
          if (Number.isFinite(variance)) near(t, variance, square - exact ** 2, 1e-7, `variance: ${what}`);
        }
        const h = 1e-4;
        const inEta = (here.at(eta + h).mean - here.at(eta - h).mean) / (2 * h);
        near(t, slope, inEta, 1e-6 * Math.max(1, Math.abs(inEta)), `slope: ${what}`);
        const inSigma = (means(sigma + h).at(eta).mean - means(sigma - h).at(eta).mean) / (2 * h);
        if (Number.isFinite(sigmaSlope)) {
          near(t, sigmaSlope, inSigma, 1e-5 * Math.max(1, Math.abs(inSigma)), `slope in sigma: ${what}`);
        }
      }
    }
  }
  t.true(checked > 60, `${checked} combinations`);
});
