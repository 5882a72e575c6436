// The quadrature posterior against reference posteriors, closed forms and a grid; its own errors; its options.
import test, { type ExecutionContext } from 'ava';
import { GlmmcError } from '../samplers/errors.js';
import { fit } from '../src/estimate/fit.js';
import { MarginalPosterior } from '../src/estimate/marginal-posterior.js';
import { ParameterSpace } from '../src/estimate/parameter-space.js';
import {
  halfNormal,
  halfT,
  inverseGammaVariance,
  normalPrior,
  resolvePriors,
  uniformPrior,
} from '../src/estimate/priors.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { latticeGenerator, shiftedLatticePoint } from '../src/estimate/quadrature-posterior/lattice.js';
import { type PosteriorParameter, quadraturePosterior } from '../src/estimate/quadrature-posterior.js';
import { binomial, gaussian } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { exactOf, reference, referenceModel } from './gibbs-helpers.js';
import { near, shipped } from './helpers.js';

const seeds = await referenceModel('seeds');
const boothHobert = await referenceModel('booth_hobert');
const infection = await referenceModel('infection');

for (const name of ['cbpp', 'seeds', 'booth_hobert', 'infection', 'dyestuff']) {
  test(`${name}: within 4 combined errors of the reference, errors below 0.3% of the sds`, async (t) => {
    const priors =
      name === 'dyestuff'
        ? { beta: normalPrior(0, 10), sigma: halfNormal(2.5), dispersion: halfNormal(2.5) }
        : {};
    const posterior = await quadraturePosterior(await referenceModel(name), priors);
    t.true(posterior.converged);
    t.true(posterior.largestErrorRatio < 0.003);
    t.true(posterior.essFraction > 0.8, `ESS fraction ${posterior.essFraction}`);
    t.true(posterior.k < 0.7, `k-hat ${posterior.k}`);
    const file = reference(name);
    exactOf(file).forEach((row, k) => {
      if (row.name === 'sigmaResidual') return;
      const found = posterior.parameters[k];
      const zMean = (found.mean - row.mean) / Math.hypot(found.meanError, row.meanError);
      const zSd = (found.sd - row.sd) / Math.hypot(found.sdError, row.sdError);
      t.true(Math.abs(zMean) < 4, `mean of ${row.name}: ${zMean}`);
      t.true(Math.abs(zSd) < 4, `sd of ${row.name}: ${zSd}`);
      t.true(found.meanError < 0.003 * found.sd && found.sdError < 0.003 * found.sd);
      t.true(found.q5 < found.q50 && found.q50 < found.q95);
    });
    // The reference's own error is near 0.002.
    near(t, posterior.logEvidence, file.posterior.logEvidence, 0.01, 'log evidence');
  });
}

/** Published to 6 decimals. */
function matches(
  t: ExecutionContext,
  rows: readonly PosteriorParameter[],
  means: readonly number[],
  sds: readonly number[],
): void {
  rows.forEach(({ name, mean, sd }, k) => {
    if (k < means.length) near(t, mean, means[k], 0.01 * sd, `mean of ${name}`);
    if (k < sds.length) near(t, sd, sds[k], 0.01 * sd, `sd of ${name}`);
  });
}

test('exact posteriors to 6 decimals', async (t) => {
  const heavy = { sigma: halfT(3, 2.5) };
  const one = await quadraturePosterior(boothHobert, heavy);
  matches(t, one.parameters, [6.379516, 1.61841], [1.367412, 0.742087]);
  const bugs = { beta: normalPrior(0, 1000), sigma: inverseGammaVariance(0.001, 0.001) };
  const two = await quadraturePosterior(seeds, bugs);
  matches(
    t,
    two.parameters,
    [-0.551231, 0.082694, 1.353085, -0.825428, 0.284578],
    [0.192609, 0.31351, 0.273595, 0.434705, 0.14362],
  );
  const three = await quadraturePosterior(seeds, heavy);
  matches(t, three.parameters, [-0.549281, 0.063861, 1.362448, -0.837069, 0.349337], []);
  near(t, three.parameters[4].sd, 0.149257, 0.0015, 'sd of sigma');
});

test('the mode with a dispersion and a fixed sigma, against differences', (t) => {
  const table = {
    y: [1, 2, 1.5, 3, 2.5, 4, 0.5, 1],
    x: [0, 1, 0, 1, 0, 1, 1, 0],
    g: [1, 1, 2, 2, 3, 3, 4, 4],
  };
  const model = glmm('y ~ x + (1 | g)', table, { family: gaussian() });
  const priors = resolvePriors(model, { beta: normalPrior(0.5, 2) });
  const space = new ParameterSpace(model, { sigma: 0.7 });
  const posterior = new MarginalPosterior(space, priors);
  const { point, evaluation, converged } = posterior.mode();
  t.true(converged);
  const h = 1e-4;
  for (let a = 0; a < point.length; a++) {
    const shifted = (by: number): number => posterior.value(point.map((x, k) => (k === a ? x + by : x)));
    near(t, (shifted(h) - shifted(-h)) / (2 * h), 0, 1e-7, 'gradient at the mode');
    const second = (shifted(h) - 2 * posterior.value(point) + shifted(-h)) / (h * h);
    near(t, evaluation.hessian[a * point.length + a], second, 1e-5, 'curvature at the mode');
  }
});

test('gradient and Hessian of the marginal posterior against differences', async (t) => {
  const priors = resolvePriors(seeds, { beta: normalPrior(0.1, 2), sigma: halfT(3, 1) });
  const posterior = new MarginalPosterior(new ParameterSpace(seeds), priors);
  const point = Float64Array.of(-0.5, 0.2, 1.1, -0.6, -0.9);
  const { gradient, hessian, value } = posterior.evaluate(point);
  near(t, posterior.value(point), value, 1e-10, 'value');
  const h = 1e-4;
  for (let a = 0; a < 5; a++) {
    const at = (by: number) => posterior.evaluate(point.map((x, k) => (k === a ? x + by : x)));
    const [below, above] = [at(-h), at(h)];
    near(t, gradient[a], (above.value - below.value) / (2 * h), 1e-5, `gradient ${a}`);
    for (let b = 0; b < 5; b++) {
      const difference = (above.gradient[b] - below.gradient[b]) / (2 * h);
      near(t, hessian[a * 5 + b], difference, 1e-4, `Hessian ${a},${b}`);
    }
  }
});

test('a prior that ends in the middle of the likelihood: against a grid', async (t) => {
  const priors = { sigma: uniformPrior(0.2, 1.5) };
  const posterior = await quadraturePosterior(boothHobert, priors);
  const direct = new MarginalPosterior(new ParameterSpace(boothHobert), resolvePriors(boothHobert, priors));
  let total = 0;
  const sums = [0, 0, 0, 0];
  for (let b = 1; b < 14; b += 0.25) {
    for (let k = 0; k < 40; k++) {
      const sigma = 0.2 + (1.3 * (k + 0.5)) / 40;
      const weight = Math.exp(direct.value(Float64Array.of(b, Math.log(sigma))) + 50) / sigma;
      total += weight;
      [b, b * b, sigma, sigma * sigma].forEach((x, j) => {
        sums[j] += weight * x;
      });
    }
  }
  const [b, bb, s, ss] = sums.map((sum) => sum / total);
  matches(t, posterior.parameters, [b, s], [Math.sqrt(bb - b * b), Math.sqrt(ss - s * s)]);
  t.true(posterior.parameters[1].q95 < 1.5);
});

test('fixed parameters stay, without errors; with nothing free the evidence is the likelihood', async (t) => {
  const held = await quadraturePosterior(infection, {}, { fixed: { sigma: 1, beta: { t: 0.5 } } });
  const [intercept, slope, sigma] = held.parameters;
  t.deepEqual([slope.mean, slope.sd, slope.meanError, slope.sdError], [0.5, 0, 0, 0]);
  t.deepEqual([sigma.mean, sigma.sd], [1, 0]);
  t.true(intercept.sd > 0 && intercept.meanError < 0.003 * intercept.sd);

  const without = await quadraturePosterior(infection, {}, { fixed: { sigma: 0 } });
  const pooled = await fit(infection, quadrature(), { fixed: { sigma: 0 } });
  near(t, without.parameters[1].mean, pooled.estimates[1].value, 0.02, 'pooled slope');
  near(t, without.parameters[1].sd, pooled.estimates[1].standardError, 0.01, 'its sd');

  const all = { sigma: 1, beta: { '(Intercept)': -1, t: 0.5 } };
  const nothing = await quadraturePosterior(infection, {}, { fixed: all });
  const exact = await fit(infection, quadrature(), { fixed: all });
  near(t, nothing.logEvidence, exact.logLik, 1e-9, 'evidence');
});

test('the same seed gives the same bits; another seed other ones', async (t) => {
  const run = (seed: number) => quadraturePosterior(infection, {}, { seed, maxPoints: 4096 });
  t.deepEqual(await run(3), await run(3));
  t.notDeepEqual((await run(3)).parameters, (await run(4)).parameters);
});

test('says where it did not reach the error asked for', async (t) => {
  const rough = await quadraturePosterior(infection, {}, { error: 1e-7, maxPoints: 4096 });
  t.false(rough.converged);
  t.is(rough.points, 4096);
});

test('pause is honoured, options are checked', async (t) => {
  const stop = new Error('stop');
  const model = glmm('y ~ 0 + item1 + item2 + (1 | person)', await shipped('lsat_long'), {
    family: binomial(),
  });
  const pause = () => Promise.reject(stop);
  t.is(await t.throwsAsync(() => quadraturePosterior(model, {}, { pause })), stop);
  const bad = await t.throwsAsync(() => quadraturePosterior(infection, {}, { maxPoints: 10 }), {
    instanceOf: GlmmcError,
  });
  t.regex(bad?.message ?? '', /maxPoints/);
});

test('lattices: every point once in each coordinate, inside the cube', (t) => {
  const generator = latticeGenerator(64, 4);
  t.deepEqual(new Set(generator).size, 4);
  const shift = Float64Array.of(0, 0, 0, 0);
  const out = new Float64Array(4);
  const seen = new Set<number>();
  for (let k = 0; k < 64; k++) {
    shiftedLatticePoint(k, 64, generator, shift, out);
    t.true(out.every((x) => x > 0 && x < 1));
    seen.add(out[1]);
  }
  // Folded, the points of a line without shift coincide in pairs but for two.
  t.is(seen.size, 33);
});
